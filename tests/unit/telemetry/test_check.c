// SPDX-License-Identifier: Apache-2.0
#include "telemetry/telemetry.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include "tree.h"

static struct wf_findings findings;

static void check(const char *stub)
{
    struct wf_telemetry *telemetry = tree_open(stub, false, 0);
    wf_machine_check(wf_telemetry_machine(telemetry), &findings);
    wf_telemetry_close(telemetry);
}

// The first finding of the code that is not fine, or else the first of the code.
static const struct wf_finding *find(const char *code)
{
    const struct wf_finding *found = NULL;
    for (uint32_t i = 0; i < findings.count; i++) {
        const struct wf_finding *finding = &findings.list[i];
        if (strcmp(finding->code, code) == 0 &&
            (!found ||
             (found->severity == WF_SEVERITY_FINE && finding->severity != found->severity))) {
            found = finding;
        }
    }
    return found;
}

static void says(const char *code, enum wf_severity severity, const char *text)
{
    const struct wf_finding *finding = find(code);
    assert_non_null(finding);
    assert_int_equal(finding->severity, severity);
    assert_non_null(strstr(finding->text, text));
    // What is wrong comes with what to do.
    assert_true(severity < WF_SEVERITY_WARNING || finding->mend[0] ||
                strcmp(code, "gpu-count") == 0 || strcmp(code, "gpu-unusable") == 0 ||
                strcmp(code, "cgroup") == 0);
}

static uint32_t count(enum wf_severity severity)
{
    uint32_t number = 0;
    for (uint32_t i = 0; i < findings.count; i++) {
        number += findings.list[i].severity == severity;
    }
    return number;
}

static void no_gpu_is_fine(void **state)
{
    (void)state;
    tree_make("plain");
    check(NULL);
    says("gpu-none", WF_SEVERITY_FINE, "jobs that need none");
    says("machine", WF_SEVERITY_FINE, "192 cores, 1,007 GiB");
    assert_int_equal(count(WF_SEVERITY_STOPS), 0);
    // Nobody may not load device filters; all else of this machine is well.
    assert_int_equal(count(WF_SEVERITY_WARNING), 1);
    says("device-filter", WF_SEVERITY_WARNING, "may not load device filters");
}

static void what_the_machine_lacks_is_said(void **state)
{
    (void)state;
    tree_make("plain");
    tree_mode("data", 0755);
    tree_delete("run");
    tree_write("sys/fs/cgroup/system.slice/whaleflux.service/cgroup.controllers", "pids\n");
    tree_mode("sys/fs/cgroup/system.slice/whaleflux.service", 0755);
    tree_write("proc/sys/kernel/pid_max", "1024\n");
    tree_write("proc/sys/vm/max_map_count", "65529\n");
    check(NULL);
    says("disk", WF_SEVERITY_STOPS, "may not write /data");
    says("systemd", WF_SEVERITY_NOTE, "does not run");
    says("clock", WF_SEVERITY_NOTE, "cannot be told");
    says("cgroup-controllers", WF_SEVERITY_WARNING, "memory (");
    says("cgroup-delegation", WF_SEVERITY_WARNING, "may not make cgroups");
    says("limit-processes", WF_SEVERITY_NOTE, "1,024");
    says("limit-maps", WF_SEVERITY_NOTE, "65,529");
    tree_delete("sys/fs/cgroup");
    check(NULL);
    says("cgroup", WF_SEVERITY_WARNING, "no cgroups");
}

static void some_gpus_gone_are_a_warning_and_all_gone_stop(void **state)
{
    (void)state;
    tree_make("nvidia");
    check("gpus=8,handle=2:15");
    says("gpu-unusable", WF_SEVERITY_WARNING, "lost");
    assert_int_equal(count(WF_SEVERITY_STOPS), 0);
    check("gpus=1,handle=0:15");
    says("gpu-unusable", WF_SEVERITY_STOPS, "lost");
    check("init=18");
    says("gpu-source", WF_SEVERITY_STOPS, "without a reboot");
    tree_make("no-driver");
    check(NULL);
    says("gpu-driver", WF_SEVERITY_STOPS, "no driver");
}

static void closed_files_are_said_with_their_remedy(void **state)
{
    (void)state;
    tree_make("mi300x");
    tree_mode("dev/kfd", 0660);
    check(NULL);
    says("gpu-files", WF_SEVERITY_STOPS, "may not open /dev/kfd");
    assert_non_null(strstr(find("gpu-files")->mend, "usermod -aG render,video"));
    tree_delete("dev/kfd");
    check(NULL);
    says("gpu-files", WF_SEVERITY_STOPS, "/dev/kfd is not there");
    tree_make("nvidia");
    tree_mode("dev/nvidia0", 0600);
    tree_delete("dev/nvidia-uvm"); // appears when first asked for
    check("gpus=2");
    says("gpu-files", WF_SEVERITY_WARNING, "may not open /dev/nvidia0");
}

static void how_well_shares_are_kept_is_said(void **state)
{
    (void)state;
    tree_make("rx7900");
    check(NULL);
    says("gpu-shares", WF_SEVERITY_NOTE, "nothing here keeps");
    says("gpu-name", WF_SEVERITY_NOTE, "no unique id");
    tree_make("mi300x-cpx");
    check(NULL);
    says("gpu-shares", WF_SEVERITY_FINE, "partitions");
    says("gpu", WF_SEVERITY_FINE, "cut into 8 slices");
    tree_make("nvidia");
    check("gpus=1");
    says("gpu-shares", WF_SEVERITY_NOTE, "nothing here keeps");
    assert_non_null(strstr(find("gpu-shares")->mend, "nvidia-cuda-mps-control -d"));
    tree_write("tmp/nvidia-mps/nvidia-cuda-mps-control.pid", "77");
    tree_write("proc/77/comm", "nvidia-cuda-mps");
    check("gpus=1");
    says("gpu-shares", WF_SEVERITY_NOTE, "by a library (MPS)");
}

static void the_largest_machine_has_room_for_its_findings(void **state)
{
    (void)state;
    tree_make("nvidia");
    check("gpus=40");
    says("gpu-count", WF_SEVERITY_WARNING, "left out");
    assert_true(findings.count < WF_FINDINGS_MAX);
}

// The page and the program know the same codes.
static void every_code_stands_in_the_documents(void **state)
{
    (void)state;
    char path[512];
    static char page[65536];
    snprintf(path, sizeof path, "%s/docs/doctor.md", getenv("WHALEFLUX_SOURCE"));
    FILE *file = fopen(path, "r");
    if (!file) {
        fail_msg("%s cannot be opened", path);
        return;
    }
    size_t length = fread(page, 1, sizeof page - 1, file);
    fclose(file);
    page[length] = '\0';
    uint32_t codes = 0;
    for (; wf_finding_codes()[codes]; codes++) {
        char row[64];
        snprintf(row, sizeof row, "\n| `%s` |", wf_finding_codes()[codes]);
        if (!strstr(page, row)) {
            fail_msg("docs/doctor.md has no row for %s", wf_finding_codes()[codes]);
        }
    }
    uint32_t rows = 0;
    for (const char *at = strstr(page, "\n| `"); at; at = strstr(at + 1, "\n| `")) {
        rows++;
    }
    assert_int_equal(rows, codes);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(no_gpu_is_fine),
        cmocka_unit_test(what_the_machine_lacks_is_said),
        cmocka_unit_test(some_gpus_gone_are_a_warning_and_all_gone_stop),
        cmocka_unit_test(closed_files_are_said_with_their_remedy),
        cmocka_unit_test(how_well_shares_are_kept_is_said),
        cmocka_unit_test(the_largest_machine_has_room_for_its_findings),
        cmocka_unit_test(every_code_stands_in_the_documents),
    };
    int failed = cmocka_run_group_tests(tests, NULL, NULL);
    tree_remove();
    return failed;
}
