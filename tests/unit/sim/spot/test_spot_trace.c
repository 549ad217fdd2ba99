// SPDX-License-Identifier: Apache-2.0
#include "sim/spot/spot_trace.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>

#include <cmocka.h>

static enum wf_status parse(const char *text, struct wf_spot_trace *trace, struct wf_error *err)
{
    return wf_spot_trace_parse("folder/a.json", text, strlen(text), trace, err);
}

static void refuses(const char *text, const char *sentence)
{
    struct wf_spot_trace trace;
    struct wf_error err = {0};
    assert_int_equal(parse(text, &trace, &err), WF_INVALID);
    assert_string_equal(err.text, sentence);
    assert_null(trace.counts);
}

static void counts_are_read(void **state)
{
    (void)state;
    struct wf_spot_trace trace;
    const char *text = "{\"metadata\": {\"gap_seconds\": 600}, \"data\": [1, 0, 16]}";
    assert_int_equal(parse(text, &trace, NULL), WF_OK);
    assert_string_equal(trace.name, "a");
    assert_int_equal(trace.tick_s, 600);
    assert_int_equal(trace.ticks, 3);
    assert_int_equal(trace.counts[2], 16);
    assert_int_equal(trace.count_max, 16);
    wf_spot_trace_finish(&trace);
}

static void what_is_wrong_with_a_count_is_said(void **state)
{
    (void)state;
    refuses("{\"metadata\": {\"gap_seconds\": 600},\n\"data\": [1,\n -1]}",
            "folder/a.json: line 3: data[1] is -1; it must be a number of machines, 0 to 1000000");
    refuses("{\"metadata\": {\"gap_seconds\": 600}, \"data\": [1, null]}",
            "folder/a.json: line 1: data[1] is null: a gap, of which nothing is known; it must be "
            "a number of machines, 0 to 1000000");
    refuses("{\"metadata\": {\"gap_seconds\": 600}, \"data\": [\"a,b\", 1]}",
            "folder/a.json: line 1: data[0] is text ('a,b'); it must be a number of machines, 0 to "
            "1000000");
    refuses("{\"metadata\": {\"gap_seconds\": 600}, \"data\": [1.5]}",
            "folder/a.json: line 1: data[0] is 1.5, no whole number; it must be a number of "
            "machines, 0 to 1000000");
    refuses("{\"metadata\": {}, \"data\": [1]}",
            "folder/a.json: line 1: metadata.gap_seconds is missing, it must be whole seconds from "
            "1 to 86400");
}

static void additions_and_removals_become_ticks(void **state)
{
    (void)state;
    struct wf_spot_trace trace;
    assert_int_equal(parse("0,add,a\n0,add,b\n130000,remove,a\n", &trace, NULL), WF_OK);
    assert_int_equal(trace.tick_s, 60);
    assert_int_equal(trace.ticks, 4);
    assert_int_equal(trace.counts[1], 2);
    assert_int_equal(trace.counts[3], 1);
    wf_spot_trace_finish(&trace);
    refuses("0,add,a\n5,drop,a\n", "folder/a.json: line 2: field 2 must be add or remove");
    refuses("0,remove,a\n", "folder/a.json: line 1: field 2 removes a node, there is none");
    refuses("9,add,a\n8,add,b\n",
            "folder/a.json: line 2: field 1, milliseconds, is '8'; it must be a number that does "
            "not go back");
}

static void counts_by_time_are_sorted_and_gaps_refused(void **state)
{
    (void)state;
    struct wf_spot_trace trace;
    assert_int_equal(parse("2021-12-31, 23:59:00, 4\n2022-01-01, 00:01:00, 2\n"
                           "2022-01-01, 00:00:00, 3\n",
                           &trace, NULL),
                     WF_OK);
    assert_int_equal(trace.ticks, 3);
    assert_int_equal(trace.counts[0], 4);
    assert_int_equal(trace.counts[1], 3);
    assert_int_equal(trace.counts[2], 2);
    wf_spot_trace_finish(&trace);
    refuses("2021-12-10, 13:00:00, 4\n2021-12-10, 14:00:00, 4\n",
            "folder/a.json: line 2: field 2 comes 3600 s after the time before: a gap of more than "
            "1800 s, of which nothing is known");
    refuses("2021-12-10, 13:00:00, -4\n",
            "folder/a.json: line 1: field 3 is ' -4'; it must be a number of machines, 0 to "
            "1000000");
    refuses("", "folder/a.json: line 1: there is no line");
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(counts_are_read),
        cmocka_unit_test(what_is_wrong_with_a_count_is_said),
        cmocka_unit_test(additions_and_removals_become_ticks),
        cmocka_unit_test(counts_by_time_are_sorted_and_gaps_refused),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
