// SPDX-License-Identifier: Apache-2.0
#include "text/records.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include "unit/scratch.h"

static const char *const keys[] = {"PriceList", "Items", NULL};

// Reads all records into one text: "LINE:RECORD;".
static enum wf_status read_all(const char *path, char *seen, size_t size, struct wf_error *err)
{
    struct wf_records *records;
    const char *text;
    size_t length = 0, at = 0;
    assert_int_equal(wf_records_open(path, keys, &records, err), WF_OK);
    enum wf_status status;
    seen[0] = '\0';
    while ((status = wf_records_next(records, &text, &length, err)) == WF_OK && text) {
        assert_int_equal(strlen(text), length);
        at += (size_t)snprintf(seen + at, size - at, "%llu:%.40s;",
                               (unsigned long long)wf_records_line(records), text);
    }
    wf_records_close(records);
    return status;
}

static void the_list_is_found_wherever_it_stands(void **state)
{
    (void)state;
    static const struct {
        const char *text, *seen;
    } cases[] = {
        {"[1, {\"a\": [2]}, \"x]\"]", "1:1;1:{\"a\": [2]};1:\"x]\";"},
        {"{\"V\": {\"Items\": [9]},\n \"PriceList\":\n[\n\"{\\\"a\\\": 1}\"\n,true]}",
         "4:\"{\\\"a\\\": 1}\";5:true;"},
        {"{\"Items\": []}", ""},
        {"{\"Items\": [1], \"NextPageLink\": null}\n{\"Items\": [2]}\n[3]", "1:1;2:2;3:3;"},
        {"{\"Items\": 7}", ""},
        {"{}", ""},
    };
    for (uint32_t i = 0; i < WF_COUNT_OF(cases); i++) {
        char seen[512];
        struct wf_error err = {.text = ""};
        const char *path = scratch_write_text("a", cases[i].text);
        if (read_all(path, seen, sizeof seen, &err) != WF_OK) {
            fail_msg("%s", err.text);
        }
        assert_string_equal(seen, cases[i].seen);
    }
}

static void what_is_broken_is_refused_with_its_line(void **state)
{
    (void)state;
    static const struct {
        const char *text, *words;
    } cases[] = {
        {"hello", "line 1: this is no list and no object in JSON"},
        {"[1,\n{\"a\": ", "line 2: the file ends within a value"},
        {"[1,", "the file ends within a list"},
        {"{\"a\": 1", "the file ends within an object"},
        {"{\"a\" 1}", "a ':' is missing"},
        {"{\"a\":}", "a value is missing"},
        {"{a: 1}", "the name of a value is missing"},
        {"[\"abc", "the file ends within a value"},
    };
    for (uint32_t i = 0; i < WF_COUNT_OF(cases); i++) {
        char seen[512];
        struct wf_error err = {.text = ""};
        const char *path = scratch_write_text("a", cases[i].text);
        assert_int_equal(read_all(path, seen, sizeof seen, &err), WF_INVALID);
        if (!strstr(err.text, cases[i].words)) {
            fail_msg("'%s' does not say '%s'", err.text, cases[i].words);
        }
    }
}

static void depth_and_length_have_limits(void **state)
{
    (void)state;
    char seen[512], text[2 * WF_RECORD_DEPTH_MAX + 16];
    struct wf_error err = {.text = ""};
    for (uint32_t depth = WF_RECORD_DEPTH_MAX; depth <= WF_RECORD_DEPTH_MAX + 1; depth++) {
        memset(text, '[', depth + 1);
        memset(text + depth + 1, ']', depth + 1);
        text[2 * depth + 2] = '\0';
        enum wf_status status = read_all(scratch_write_text("a", text), seen, sizeof seen, &err);
        assert_int_equal(status, depth > WF_RECORD_DEPTH_MAX ? WF_LIMIT : WF_OK);
    }
    size_t size = WF_RECORD_BYTES_MAX * 2 + 64;
    char *large = malloc(size);
    assert_non_null(large);
    memset(large, 'x', size);
    large[0] = '[';
    large[1] = large[size - 2] = '"';
    large[size - 1] = ']';
    const char *path = scratch_write("a", large, size);
    free(large);
    assert_int_equal(read_all(path, seen, sizeof seen, &err), WF_LIMIT);
    assert_non_null(strstr(err.text, "WF_RECORD_BYTES_MAX"));
}

static void gzipped_lists_are_read_and_truncated_ones_refused(void **state)
{
    (void)state;
    char seen[512];
    struct wf_error err = {.text = ""};
    assert_int_equal(
        read_all(scratch_write_gzip("a", "{\"Items\": [1,2]}", 1.0), seen, sizeof seen, &err),
        WF_OK);
    assert_string_equal(seen, "1:1;1:2;");
    assert_int_equal(
        read_all(scratch_write_gzip("a", "{\"Items\": [1,2]}", 0.6), seen, sizeof seen, &err),
        WF_INVALID);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(the_list_is_found_wherever_it_stands),
        cmocka_unit_test(what_is_broken_is_refused_with_its_line),
        cmocka_unit_test(depth_and_length_have_limits),
        cmocka_unit_test(gzipped_lists_are_read_and_truncated_ones_refused),
    };
    return cmocka_run_group_tests(tests, scratch_begin, scratch_end);
}
