// SPDX-License-Identifier: Apache-2.0
// Server-sent events come apart, however their bytes come in pieces.
#include <setjmp.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include "client/sse.h"

struct seen {
    char text[4096]; // "number kind data;" of each
    size_t length;
    int stop_after; // events; 0: never
    int count;
};

static bool note(void *context, const struct whaleflux_event *event)
{
    struct seen *seen = context;
    seen->length +=
        (size_t)snprintf(seen->text + seen->length, sizeof seen->text - seen->length, "%llu %s %s;",
                         (unsigned long long)event->number, event->kind, event->json);
    return ++seen->count != seen->stop_after;
}

// The same in one piece, byte by byte, and in two pieces cut at every place.
static void assert_seen(const char *stream, const char *expected)
{
    size_t length = strlen(stream);
    for (size_t cut = 0; cut <= length + 1; cut++) {
        struct seen seen = {.length = 0};
        struct wf_sse sse;
        wf_sse_init(&sse, note, &seen);
        if (cut <= length) {
            assert_true(wf_sse_take(&sse, stream, cut));
            assert_true(wf_sse_take(&sse, stream + cut, length - cut));
        } else {
            for (size_t i = 0; i < length; i++) {
                assert_true(wf_sse_take(&sse, stream + i, 1));
            }
        }
        assert_string_equal(seen.text, expected);
        wf_sse_finish(&sse);
    }
}

static void events_have_number_kind_and_data(void **state)
{
    (void)state;
    assert_seen("id: 7\nevent: started\ndata: {\"job\":1}\n\n", "7 started {\"job\":1};");
    assert_seen("data:no space\n\n", "0 message no space;");
    assert_seen("id: 1\ndata: a\n\nid: 2\nevent: x\ndata: b\n\n", "1 message a;2 x b;");
}

static void data_may_have_several_lines(void **state)
{
    (void)state;
    assert_seen("data: one\ndata: two\ndata\n\n", "0 message one\ntwo\n;");
}

static void every_end_of_a_line_will_do(void **state)
{
    (void)state;
    assert_seen("id: 3\r\ndata: a\r\n\r\n", "3 message a;");
    assert_seen("id: 3\rdata: a\r\rdata: b\n\n", "3 message a;3 message b;");
}

static void signs_of_life_and_strange_fields_are_passed_over(void **state)
{
    (void)state;
    assert_seen(": alive\n\nretry: 5\nwhatever\ndata: a\n\n", "0 message a;");
}

static void an_id_alone_is_no_event_but_counts(void **state)
{
    struct seen seen = {.length = 0};
    struct wf_sse sse;
    (void)state;
    wf_sse_init(&sse, note, &seen);
    assert_true(wf_sse_take(&sse, "id: 41\n\n", 8));
    assert_int_equal(seen.count, 0);
    assert_int_equal(sse.number, 41);
    assert_true(wf_sse_take(&sse, "id: none\n\n", 10));
    assert_int_equal(sse.number, 41);
    wf_sse_finish(&sse);
}

static void what_was_not_complete_is_forgotten(void **state)
{
    struct seen seen = {.length = 0};
    struct wf_sse sse;
    (void)state;
    wf_sse_init(&sse, note, &seen);
    assert_true(wf_sse_take(&sse, "id: 4\nevent: x\ndata: ha", 23));
    wf_sse_restart(&sse);
    assert_true(wf_sse_take(&sse, "data: b\n\n", 9));
    assert_string_equal(seen.text, "4 message b;");
    wf_sse_finish(&sse);
}

static void who_has_seen_enough_stops(void **state)
{
    struct seen seen = {.stop_after = 1};
    struct wf_sse sse;
    (void)state;
    wf_sse_init(&sse, note, &seen);
    assert_false(wf_sse_take(&sse, "data: a\n\ndata: b\n\n", 18));
    assert_string_equal(seen.text, "0 message a;");
    wf_sse_finish(&sse);
}

static void an_event_without_end_stops(void **state)
{
    struct seen seen = {.length = 0};
    struct wf_sse sse;
    char *much = malloc(WF_SSE_EVENT_BYTES_MAX);
    (void)state;
    assert_non_null(much);
    memset(much, 'x', WF_SSE_EVENT_BYTES_MAX);
    wf_sse_init(&sse, note, &seen);
    assert_true(wf_sse_take(&sse, "data: ", 6));
    assert_true(wf_sse_take(&sse, much, WF_SSE_EVENT_BYTES_MAX - 6));
    assert_false(wf_sse_take(&sse, much, 1));
    assert_true(sse.too_long);
    assert_false(wf_sse_take(&sse, "\n\n", 2));
    assert_int_equal(seen.count, 0);
    wf_sse_finish(&sse);
    free(much);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(events_have_number_kind_and_data),
        cmocka_unit_test(data_may_have_several_lines),
        cmocka_unit_test(every_end_of_a_line_will_do),
        cmocka_unit_test(signs_of_life_and_strange_fields_are_passed_over),
        cmocka_unit_test(an_id_alone_is_no_event_but_counts),
        cmocka_unit_test(what_was_not_complete_is_forgotten),
        cmocka_unit_test(who_has_seen_enough_stops),
        cmocka_unit_test(an_event_without_end_stops),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
