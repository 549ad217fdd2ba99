// SPDX-License-Identifier: Apache-2.0
#include "engine/local/sheet.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include <stdlib.h>
#include <string.h>

static struct wf_sheet sheet;

static int begin(void **state)
{
    (void)state;
    wf_sheet_init(&sheet, "kind-1");
    return 0;
}

static int end(void **state)
{
    (void)state;
    wf_sheet_finish(&sheet);
    return 0;
}

static enum wf_status open_copy(struct wf_sheet_reader *reader, char *copy, size_t length)
{
    struct wf_error err = {0};
    enum wf_status status = wf_sheet_open(reader, copy, length, "kind-1", &err);
    assert_true(status == WF_OK || err.text[0] != '\0');
    return status;
}

static void what_is_added_is_read_in_its_order(void **state)
{
    (void)state;
    static const char *const values[] = {"plain",          "",   " two  words ", "line\nline",
                                         "back\\slash\\n", "\\", "\n",           "\x01\xff=\"'",
                                         "end 0000"};
    for (size_t i = 0; i < WF_COUNT_OF(values); i++) {
        wf_sheet_add(&sheet, "name", values[i]);
    }
    wf_sheet_add_number(&sheet, "number", INT64_MIN);
    struct wf_error err = {0};
    assert_int_equal(wf_sheet_seal(&sheet, &err), WF_OK);
    struct wf_sheet_reader reader;
    assert_int_equal(open_copy(&reader, sheet.text, sheet.length), WF_OK);
    const char *value;
    for (size_t i = 0; i < WF_COUNT_OF(values); i++) {
        assert_string_equal(wf_sheet_next(&reader, &value), "name");
        assert_string_equal(value, values[i]);
    }
    int64_t number = 0;
    assert_string_equal(wf_sheet_next(&reader, &value), "number");
    assert_int_equal(wf_sheet_number("number", value, INT64_MIN, 0, &number, &err), WF_OK);
    assert_true(number == INT64_MIN);
    assert_null(wf_sheet_next(&reader, &value));
    assert_null(wf_sheet_next(&reader, &value));
}

static void a_sheet_cut_off_anywhere_is_refused(void **state)
{
    (void)state;
    wf_sheet_add(&sheet, "a", "some\nvalue");
    wf_sheet_add(&sheet, "b", "more");
    struct wf_error err = {0};
    assert_int_equal(wf_sheet_seal(&sheet, &err), WF_OK);
    for (size_t length = 0; length < sheet.length; length++) {
        char *copy = malloc(length + 1);
        memcpy(copy, sheet.text, length);
        struct wf_sheet_reader reader;
        assert_int_equal(open_copy(&reader, copy, length), WF_INVALID);
        free(copy);
    }
}

static void a_changed_byte_is_noticed(void **state)
{
    (void)state;
    wf_sheet_add(&sheet, "a", "some\nvalue");
    struct wf_error err = {0};
    assert_int_equal(wf_sheet_seal(&sheet, &err), WF_OK);
    for (size_t i = 0; i < sheet.length; i++) {
        sheet.text[i] ^= 1;
        struct wf_sheet_reader reader;
        assert_int_equal(open_copy(&reader, sheet.text, sheet.length), WF_INVALID);
        sheet.text[i] ^= 1;
    }
}

static void another_kind_is_refused(void **state)
{
    (void)state;
    struct wf_error err = {0};
    struct wf_sheet_reader reader;
    assert_int_equal(wf_sheet_seal(&sheet, &err), WF_OK);
    assert_int_equal(wf_sheet_open(&reader, sheet.text, sheet.length, "kind-2", &err), WF_INVALID);
    assert_int_equal(wf_sheet_open(&reader, sheet.text, sheet.length, "kind-", &err), WF_INVALID);
}

static void numbers_are_whole_and_within_their_bounds(void **state)
{
    (void)state;
    struct wf_error err = {0};
    int64_t number = 42;
    static const char *const bad[] = {"",    "x",   "1x", " 1", "+1",
                                      "1.0", "101", "-1", "-",  "99999999999999999999"};
    for (size_t i = 0; i < WF_COUNT_OF(bad); i++) {
        assert_int_equal(wf_sheet_number("n", bad[i], 0, 100, &number, &err), WF_INVALID);
    }
    assert_int_equal(number, 42);
    assert_int_equal(wf_sheet_number("n", "100", 0, 100, &number, &err), WF_OK);
    assert_int_equal(number, 100);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test_setup_teardown(what_is_added_is_read_in_its_order, begin, end),
        cmocka_unit_test_setup_teardown(a_sheet_cut_off_anywhere_is_refused, begin, end),
        cmocka_unit_test_setup_teardown(a_changed_byte_is_noticed, begin, end),
        cmocka_unit_test_setup_teardown(another_kind_is_refused, begin, end),
        cmocka_unit_test(numbers_are_whole_and_within_their_bounds),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
