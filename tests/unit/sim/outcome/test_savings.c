// SPDX-License-Identifier: Apache-2.0
#include "sim/outcome/savings.h"

#include <math.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

static struct wf_measures with_wait(double mean_ms)
{
    return (struct wf_measures){.waits = {.mean_ms = mean_ms}, .used_pct = mean_ms / 10};
}

static void a_saving_larger_than_the_error_can_be_told(void **state)
{
    (void)state;
    struct wf_measures happened = with_wait(100);
    struct wf_measures baseline = with_wait(110);
    struct wf_measures policy = with_wait(88);
    struct wf_saving saving = wf_saving_make(WF_SAVING_WAIT_MEAN, &happened, &baseline, &policy);
    assert_true(fabs(saving.change + 0.2) < 1e-12);
    assert_true(fabs(saving.error - 0.1) < 1e-12);
    assert_true(saving.better && !saving.worse && saving.distinguishable);
}

static void a_saving_within_the_error_cannot(void **state)
{
    (void)state;
    struct wf_measures happened = with_wait(100);
    struct wf_measures baseline = with_wait(80);
    struct wf_measures policy = with_wait(72);
    struct wf_saving saving = wf_saving_make(WF_SAVING_WAIT_MEAN, &happened, &baseline, &policy);
    assert_true(saving.better && !saving.distinguishable);
}

static void without_what_happened_nothing_can_be_told(void **state)
{
    (void)state;
    struct wf_measures baseline = with_wait(80);
    struct wf_measures policy = with_wait(8);
    struct wf_saving saving = wf_saving_make(WF_SAVING_WAIT_MEAN, NULL, &baseline, &policy);
    assert_true(saving.change_known && !saving.error_known && !saving.distinguishable);
}

static void more_use_is_better_and_more_waiting_is_worse(void **state)
{
    (void)state;
    struct wf_measures baseline = with_wait(80);
    struct wf_measures policy = with_wait(90);
    assert_true(wf_saving_make(WF_SAVING_USED_PCT, NULL, &baseline, &policy).better);
    assert_true(wf_saving_make(WF_SAVING_WAIT_MEAN, NULL, &baseline, &policy).worse);
    struct wf_saving same = wf_saving_make(WF_SAVING_WAIT_MEAN, NULL, &baseline, &baseline);
    assert_true(!same.better && !same.worse && same.change == 0);
}

static void from_nothing_there_is_no_relative_change(void **state)
{
    (void)state;
    struct wf_measures none = with_wait(0);
    struct wf_measures some = with_wait(5);
    struct wf_saving saving = wf_saving_make(WF_SAVING_WAIT_MEAN, &none, &none, &some);
    assert_true(!saving.change_known && saving.error_known && saving.error == 0);
    assert_true(saving.worse && !saving.distinguishable);
    saving = wf_saving_make(WF_SAVING_WAIT_MEAN, &none, &none, &none);
    assert_true(saving.change_known && saving.change == 0);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(a_saving_larger_than_the_error_can_be_told),
        cmocka_unit_test(a_saving_within_the_error_cannot),
        cmocka_unit_test(without_what_happened_nothing_can_be_told),
        cmocka_unit_test(more_use_is_better_and_more_waiting_is_worse),
        cmocka_unit_test(from_nothing_there_is_no_relative_change),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
