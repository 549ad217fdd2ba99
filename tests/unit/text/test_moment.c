// SPDX-License-Identifier: Apache-2.0
#include "text/moment.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>

#include <cmocka.h>

static void moments_are_read_as_price_lists_write_them(void **state)
{
    (void)state;
    static const struct {
        const char *text;
        int64_t ms;
    } cases[] = {
        {"1970-01-01", 0},
        {"2026-05-20", INT64_C(1779235200000)},
        {"2024-02-29", INT64_C(1709164800000)},
        {"2026-05-20T12:30:05Z", INT64_C(1779280205000)},
        {"2026-05-20T12:30:05.250Z", INT64_C(1779280205250)},
        {"2026-05-20 12:30:05", INT64_C(1779280205000)},
        {"2026-05-20T14:30:05+02:00", INT64_C(1779280205000)},
        {"2026-05-20T10:00:05-0230", INT64_C(1779280205000)},
        {"2026-05-20T12:30:05.123456+00:00", INT64_C(1779280205123)},
    };
    for (uint32_t i = 0; i < WF_COUNT_OF(cases); i++) {
        int64_t ms = -1;
        assert_true(wf_moment_read(cases[i].text, &ms));
        assert_true(ms == cases[i].ms);
    }
}

static void what_is_no_moment_is_refused(void **state)
{
    (void)state;
    static const char *const cases[] = {
        "",
        "2026",
        "2026-5-20",
        "2026-13-01",
        "2026-02-29",
        "1969-12-31",
        "2026-05-20T",
        "2026-05-20T12:30",
        "2026-05-20T24:00:00Z",
        "2026-05-20T12:30:05+2",
        "2026-05-20x",
        "2026-05-20T12:30:05Zz",
        "soon",
        "1970-01-01T00:00:00+01:00",
    };
    for (uint32_t i = 0; i < WF_COUNT_OF(cases); i++) {
        int64_t ms;
        if (wf_moment_read(cases[i], &ms)) {
            fail_msg("'%s' was read", cases[i]);
        }
    }
}

static void what_is_written_is_read_again(void **state)
{
    (void)state;
    char text[WF_MOMENT_BYTES];
    int64_t ms;
    assert_string_equal(wf_moment_date(text, INT64_C(1779280205000)), "2026-05-20");
    assert_string_equal(wf_moment_seconds(text, INT64_C(1779280205999)), "2026-05-20T12:30:05Z");
    assert_true(wf_moment_read(text, &ms) && ms == INT64_C(1779280205000));
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(moments_are_read_as_price_lists_write_them),
        cmocka_unit_test(what_is_no_moment_is_refused),
        cmocka_unit_test(what_is_written_is_read_again),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
