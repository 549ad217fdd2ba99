// SPDX-License-Identifier: Apache-2.0
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>

#include <cmocka.h>

#include "hags/report.h"
#include "hags/verdict.h"

static const char whole[] =
    "noise\r\n{\"whaleflux_hags\":1,\"now_ms\":500,\"configured\":2,\"key_written_ms\":7,\"windows\":"
    "{\"build\":22631,\"product\":\"Windows 11 Pro\",\"installation\":\"Client\",\"boot_ms\":100},"
    "\"adapters\":[{\"name\":\"RTX\",\"software\":false,\"model\":\"wddm\",\"supported\":true,"
    "\"enabled\":true,\"enabled_by_default\":false,\"driver\":\"stable\"},{\"name\":\"Basic\","
    "\"software\":true,\"model\":\"wddm\",\"supported\":null,\"enabled\":null,\"driver\":null}],"
    "\"nvidia\":null,\"driver_timeouts\":{\"display_4101_in_30_days\":3,"
    "\"nvlddmkm_153_in_30_days\":4,\"display_4101_since_boot\":null,"
    "\"nvlddmkm_153_since_boot\":null}}\r\nmore\n";

static struct wf_hags_report read(const char *text)
{
    struct wf_hags_report report;
    struct wf_error err = {.text = ""};
    if (wf_hags_report_read(text, &report, &err) != WF_OK) {
        fail_msg("%s", err.text);
    }
    return report;
}

static void a_report_is_found_among_other_lines(void **state)
{
    (void)state;
    struct wf_hags_report report = read(whole);
    assert_int_equal(report.configured, WF_HAGS_ON);
    assert_int_equal(report.build, 22631);
    assert_int_equal(report.boot_ms, 100);
    assert_int_equal(report.adapter_count, 2);
    assert_int_equal(report.adapters[0].driver, WF_HAGS_DRIVER_STABLE);
    assert_int_equal(report.adapters[1].driver, WF_HAGS_DRIVER_UNTOLD);
    assert_int_equal(report.timeouts_in_30_days, 7);
    assert_int_equal(report.timeouts_since_boot, -1);
    assert_int_equal(wf_hags_effect(&report), WF_HAGS_EFFECT_ON);
    assert_false(report.wrote);
}

static void the_last_of_two_counts(void **state)
{
    (void)state;
    struct wf_hags_report report =
        read("{\"whaleflux_hags\":1,\"configured\":2,\"write_status\":0}\n"
             "{\"whaleflux_hags\":1,\"configured\":\"absent\"}\n");
    assert_int_equal(report.configured, WF_HAGS_ABSENT);
    assert_false(report.wrote);
}

static void what_is_no_report_is_refused(void **state)
{
    (void)state;
    struct wf_hags_report report;
    struct wf_error err;
    assert_int_equal(wf_hags_report_read("", &report, &err), WF_NOTFOUND);
    assert_int_equal(wf_hags_report_read("rc 0, and nothing", &report, &err), WF_NOTFOUND);
    assert_int_equal(wf_hags_report_read("{\"whaleflux_hags\":1,\"conf", &report, &err),
                     WF_INVALID);
    assert_int_equal(wf_hags_report_read("{\"whaleflux_hags\":2}", &report, &err), WF_INVALID);
}

static void a_value_that_windows_does_not_know_is_other(void **state)
{
    (void)state;
    assert_int_equal(read("{\"whaleflux_hags\":1,\"configured\":3}").configured, WF_HAGS_OTHER);
    assert_int_equal(read("{\"whaleflux_hags\":1,\"configured\":0}").configured, WF_HAGS_OTHER);
    assert_int_equal(read("{\"whaleflux_hags\":1,\"configured\":null}").configured, WF_HAGS_UNREAD);
}

static void the_build_says_which_windows_it_is(void **state)
{
    (void)state;
    struct wf_hags_report report = {.build = 21999};
    struct wf_error err;
    assert_true(wf_hags_os_is(&report, "windows10"));
    assert_false(wf_hags_os_is(&report, "windows11"));
    report.build = 22000;
    assert_true(wf_hags_os_is(&report, "windows11"));
    assert_true(wf_hags_os_is(&report, "windows"));
    assert_true(wf_hags_os_is(&report, "build>=22000"));
    assert_false(wf_hags_os_is(&report, "build>=22001"));
    report.server = true;
    assert_false(wf_hags_os_is(&report, "windows11"));
    assert_true(wf_hags_os_is(&report, "windows-server"));
    assert_int_equal(wf_hags_os_check("windows12", &err), WF_INVALID);
    assert_int_equal(wf_hags_os_check("linux", &err), WF_INVALID);
    assert_int_equal(wf_hags_os_check("build>=19041", &err), WF_OK);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(a_report_is_found_among_other_lines),
        cmocka_unit_test(the_last_of_two_counts),
        cmocka_unit_test(what_is_no_report_is_refused),
        cmocka_unit_test(a_value_that_windows_does_not_know_is_other),
        cmocka_unit_test(the_build_says_which_windows_it_is),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
