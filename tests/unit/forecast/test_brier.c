// SPDX-License-Identifier: Apache-2.0
#include "forecast/brier.h"

#include <math.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

static bool near(double a, double b)
{
    return fabs(a - b) < 1e-12;
}

static void before_any_forecast_there_is_no_score(void **state)
{
    (void)state;
    const struct wf_brier none = {0};
    assert_true(wf_brier_score(&none) == 0 && wf_brier_skill(&none, 0.5) == 0 &&
                wf_brier_calibration(&none) == 0);
}

static void it_is_what_can_be_reckoned_by_hand(void **state)
{
    (void)state;
    struct wf_brier brier = {0};
    wf_brier_note(&brier, 0.8, true);
    wf_brier_note(&brier, 0.8, false);
    wf_brier_note(&brier, 0.1, false);
    wf_brier_note(&brier, 1, true);
    // (0.04 + 0.64 + 0.01 + 0) / 4
    assert_true(near(wf_brier_score(&brier), 0.1725));
    // Whoever always says 0.5 has 0.25.
    assert_true(near(wf_brier_skill(&brier, 0.5), 1 - 0.1725 / 0.25));
    // Bins: 0.8 twice against one, 0.1 against none, 1 against one.
    assert_true(near(wf_brier_calibration(&brier), (0.6 + 0.1) / 4));
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(before_any_forecast_there_is_no_score),
        cmocka_unit_test(it_is_what_can_be_reckoned_by_hand),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
