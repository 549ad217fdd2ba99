// SPDX-License-Identifier: Apache-2.0
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>

#include <cmocka.h>

#include "hags/verdict.h"

// A machine that started at 100, with one GPU.
static struct wf_hags_report machine(enum wf_hags_value configured, bool enabled)
{
    struct wf_hags_report report = {
        .build = 22631,
        .boot_ms = 100,
        .written_ms = 50,
        .configured = configured,
        .adapters_known = true,
        .adapter_count = 1,
    };
    report.adapters[0] = (struct wf_hags_adapter){.supported = WF_HAGS_YES,
                                                  .enabled = enabled ? WF_HAGS_YES : WF_HAGS_NO,
                                                  .driver = WF_HAGS_DRIVER_STABLE};
    return report;
}

static const struct wf_hags_past nothing = {.prior = WF_HAGS_UNREAD};
// Turned off from here at 200.
static const struct wf_hags_past turned_off = {
    .prior = WF_HAGS_ON, .wish = WF_HAGS_OFF, .effect = WF_HAGS_EFFECT_ON, .written_ms = 200};

static enum wf_hags_state judge(struct wf_hags_report report, struct wf_hags_past past,
                                enum wf_hags_goal goal)
{
    return wf_hags_judge(&report, &past, goal).state;
}

static void absent_is_not_off(void **state)
{
    (void)state;
    struct wf_hags_report report = machine(WF_HAGS_ABSENT, false);
    struct wf_hags_verdict verdict = wf_hags_judge(&report, &nothing, WF_HAGS_TURN_OFF);
    assert_int_equal(verdict.state, WF_HAGS_CHANGE);
    assert_int_equal(verdict.wish, WF_HAGS_OFF);
    assert_int_equal(judge(report, nothing, WF_HAGS_LOOK), WF_HAGS_ALREADY_OFF);
}

static void one_is_off_and_two_is_on(void **state)
{
    (void)state;
    assert_int_equal(judge(machine(WF_HAGS_OFF, false), nothing, WF_HAGS_TURN_OFF),
                     WF_HAGS_ALREADY_OFF);
    assert_int_equal(judge(machine(WF_HAGS_ON, true), nothing, WF_HAGS_TURN_ON),
                     WF_HAGS_ALREADY_ON);
    assert_int_equal(judge(machine(WF_HAGS_ON, true), nothing, WF_HAGS_TURN_OFF), WF_HAGS_CHANGE);
}

static void a_restart_lies_between(void **state)
{
    (void)state;
    assert_int_equal(judge(machine(WF_HAGS_OFF, true), turned_off, WF_HAGS_TURN_OFF),
                     WF_HAGS_PENDING_REBOOT);
    struct wf_hags_report restarted = machine(WF_HAGS_OFF, false);
    restarted.boot_ms = 300;
    assert_int_equal(judge(restarted, turned_off, WF_HAGS_TURN_OFF), WF_HAGS_OFF_VERIFIED);
    restarted = machine(WF_HAGS_OFF, true);
    restarted.boot_ms = 300;
    assert_int_equal(judge(restarted, turned_off, WF_HAGS_TURN_OFF), WF_HAGS_FAILED);
    struct wf_hags_past verified = turned_off;
    verified.verified = true;
    assert_int_equal(judge(restarted, verified, WF_HAGS_LOOK), WF_HAGS_DRIFTED);
}

static void drift_is_seen_and_mended(void **state)
{
    (void)state;
    assert_int_equal(judge(machine(WF_HAGS_ON, false), turned_off, WF_HAGS_LOOK), WF_HAGS_DRIFTED);
    assert_int_equal(judge(machine(WF_HAGS_ON, false), turned_off, WF_HAGS_TURN_OFF),
                     WF_HAGS_CHANGE);
    // Meant and never known to be written: nobody drifted.
    struct wf_hags_past meant = turned_off;
    meant.written_ms = 0;
    assert_int_equal(judge(machine(WF_HAGS_ON, true), meant, WF_HAGS_LOOK), WF_HAGS_ALREADY_ON);
}

static void what_cannot_be_is_said(void **state)
{
    (void)state;
    struct wf_hags_report report = machine(WF_HAGS_ON, true);
    report.adapters[0].driver = WF_HAGS_DRIVER_ALWAYS_ON;
    assert_int_equal(judge(report, nothing, WF_HAGS_TURN_OFF), WF_HAGS_REFUSED);
    assert_int_equal(judge(report, nothing, WF_HAGS_TURN_ON), WF_HAGS_ALREADY_ON);
    report = machine(WF_HAGS_ABSENT, false);
    report.adapters[0].supported = WF_HAGS_NO;
    assert_int_equal(judge(report, nothing, WF_HAGS_TURN_OFF), WF_HAGS_UNSUPPORTED);
    report.adapter_count = 0;
    report.gpu_count = 1;
    report.gpus[0].model = WF_HAGS_TCC;
    assert_int_equal(judge(report, nothing, WF_HAGS_TURN_OFF), WF_HAGS_NOT_APPLICABLE);
    report = machine(WF_HAGS_OTHER, true);
    assert_int_equal(judge(report, nothing, WF_HAGS_TURN_OFF), WF_HAGS_FAILED);
    report = machine(WF_HAGS_ON, true);
    report.adapters_known = false;
    report.adapter_count = 0;
    assert_int_equal(judge(report, nothing, WF_HAGS_TURN_OFF), WF_HAGS_FAILED);
    report.build = 17763;
    assert_int_equal(judge(report, nothing, WF_HAGS_TURN_OFF), WF_HAGS_UNSUPPORTED);
}

static void a_software_adapter_decides_nothing(void **state)
{
    (void)state;
    struct wf_hags_report report = machine(WF_HAGS_OFF, false);
    report.adapter_count = 2;
    report.adapters[1] = (struct wf_hags_adapter){
        .software = true, .enabled = WF_HAGS_YES, .driver = WF_HAGS_DRIVER_ALWAYS_ON};
    assert_int_equal(judge(report, nothing, WF_HAGS_TURN_OFF), WF_HAGS_ALREADY_OFF);
}

static void restore_goes_back_to_what_was(void **state)
{
    (void)state;
    struct wf_hags_report report = machine(WF_HAGS_OFF, false);
    report.boot_ms = 300;
    struct wf_hags_past absent = turned_off;
    absent.prior = WF_HAGS_ABSENT;
    struct wf_hags_verdict verdict = wf_hags_judge(&report, &absent, WF_HAGS_RESTORE);
    assert_int_equal(verdict.state, WF_HAGS_CHANGE);
    assert_int_equal(verdict.wish, WF_HAGS_ABSENT);
    assert_int_equal(judge(report, nothing, WF_HAGS_RESTORE), WF_HAGS_UNTOUCHED);
    absent.wish = WF_HAGS_ABSENT;
    absent.written_ms = 400;
    report.configured = WF_HAGS_ABSENT;
    assert_int_equal(judge(report, absent, WF_HAGS_RESTORE), WF_HAGS_PENDING_REBOOT);
    report.boot_ms = 500;
    assert_int_equal(judge(report, absent, WF_HAGS_RESTORE), WF_HAGS_RESTORED);
}

static void only_what_is_as_wanted_is_good(void **state)
{
    (void)state;
    assert_true(wf_hags_state_good(WF_HAGS_OFF_VERIFIED, WF_HAGS_TURN_OFF));
    assert_false(wf_hags_state_good(WF_HAGS_OFF_VERIFIED, WF_HAGS_TURN_ON));
    assert_false(wf_hags_state_good(WF_HAGS_PENDING_REBOOT, WF_HAGS_TURN_OFF));
    assert_false(wf_hags_state_good(WF_HAGS_NO_SUCH_SETTING, WF_HAGS_TURN_OFF));
    assert_true(wf_hags_state_good(WF_HAGS_UNTOUCHED, WF_HAGS_RESTORE));
    for (int goal = WF_HAGS_LOOK; goal <= WF_HAGS_RESTORE; goal++) {
        assert_false(wf_hags_state_good(WF_HAGS_UNREACHABLE, (enum wf_hags_goal)goal));
        assert_false(wf_hags_state_good(WF_HAGS_FAILED, (enum wf_hags_goal)goal));
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(absent_is_not_off),
        cmocka_unit_test(one_is_off_and_two_is_on),
        cmocka_unit_test(a_restart_lies_between),
        cmocka_unit_test(drift_is_seen_and_mended),
        cmocka_unit_test(what_cannot_be_is_said),
        cmocka_unit_test(a_software_adapter_decides_nothing),
        cmocka_unit_test(restore_goes_back_to_what_was),
        cmocka_unit_test(only_what_is_as_wanted_is_good),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
