// SPDX-License-Identifier: Apache-2.0
#include "cli/replay/explain_replay.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

static void spans_of_time_are_read(void **state)
{
    (void)state;
    static const struct {
        const char *text;
        int64_t seconds;
    } good[] = {{"45s", 45},    {"90m", 5400},          {"3d4h", 273600},
                {"1w", 604800}, {"1w2d3h4m5s", 788645}, {"0s", 0}};
    for (unsigned i = 0; i < WF_COUNT_OF(good); i++) {
        int64_t ms = -1;
        assert_true(wf_explain_read_span(good[i].text, &ms));
        assert_int_equal(ms, good[i].seconds * 1000);
    }
}

static void what_is_no_span_is_refused(void **state)
{
    (void)state;
    static const char *const bad[] = {"",
                                      "3",
                                      "h",
                                      "3x",
                                      "4h3d",
                                      "3d3d",
                                      "-1h",
                                      "9999999999999w",
                                      "3d ",
                                      "1.5h",
                                      "99999999999999999999s"};
    for (unsigned i = 0; i < WF_COUNT_OF(bad); i++) {
        int64_t ms;
        assert_false(wf_explain_read_span(bad[i], &ms));
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(spans_of_time_are_read),
        cmocka_unit_test(what_is_no_span_is_refused),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
