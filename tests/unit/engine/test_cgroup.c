// SPDX-License-Identifier: Apache-2.0
// A folder of plain files in place of a cgroup: what is written where, and what is made of what is
// read. Whether a kernel then keeps it is for the integration test.
#include "engine/local/cgroup.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "engine/local/file.h"

static char path[] = "/tmp/whaleflux-cgroup-XXXXXX";
static struct wf_cgroup cgroup;
static const char *const files[] = {
    "memory.max", "memory.swap.max", "memory.oom.group", "cpu.max",       "cpu.weight", "pids.max",
    "cpu.stat",   "memory.events",   "memory.peak",      "cgroup.events", "dmem.max"};

static void put(const char *name, const char *text)
{
    int file = openat(cgroup.folder, name, O_WRONLY | O_CREAT | O_TRUNC | O_CLOEXEC, 0600);
    assert_true(file >= 0 && wf_write_all(file, text, strlen(text)));
    close(file);
}

static void holds(const char *name, const char *text)
{
    char found[64];
    assert_true(wf_line_read(cgroup.folder, name, found, sizeof found) >= 0);
    assert_string_equal(found, text);
}

static int make(void **state)
{
    (void)state;
    return mkdtemp(path) && wf_cgroup_open(path, &cgroup) ? 0 : -1;
}

static int clear(void **state)
{
    (void)state;
    for (size_t i = 0; i < WF_COUNT_OF(files); i++) {
        (void)unlinkat(cgroup.folder, files[i], 0);
    }
    wf_cgroup_close(&cgroup);
    return rmdir(path);
}

static const struct wf_run_spec limits = {
    .memory_bytes = 5000000000, .cpu_milli = 2500, .cpu_weight = 70, .processes = 9};

static void limits_are_written_as_the_kernel_reads_them(void **state)
{
    (void)state;
    for (size_t i = 0; i < 6; i++) {
        put(files[i], "");
    }
    struct wf_run run = {0};
    struct wf_cgroup_kept kept = wf_cgroup_limit(&cgroup, &limits, &run);
    assert_true(kept.memory && kept.processes);
    assert_string_equal(run.warnings, "");
    holds("memory.max", "5000000000");
    holds("memory.swap.max", "0");
    holds("memory.oom.group", "1");
    holds("cpu.max", "250000 100000");
    holds("cpu.weight", "70");
    holds("pids.max", "9");
}

// A plain file keeps the last line alone; the kernel takes each for itself.
static void gpu_memory_is_limited_by_its_region(void **state)
{
    (void)state;
    const struct wf_gpu_memory memory[] = {{"drm/0000:03:00.0/vram0", 103079215104}};
    const struct wf_run_spec spec = {.gpu_memory = memory, .gpu_memory_count = 1};
    struct wf_run run = {0};
    put("dmem.max", "");
    (void)wf_cgroup_limit(&cgroup, &spec, &run);
    holds("dmem.max", "drm/0000:03:00.0/vram0 103079215104");
    assert_string_equal(run.warnings, "");
    (void)unlinkat(cgroup.folder, "dmem.max", 0);
    (void)wf_cgroup_limit(&cgroup, &spec, &run);
    assert_non_null(strstr(run.warnings, "limit of GPU memory not enforced by a cgroup: this"));
}

static void no_limit_writes_nothing(void **state)
{
    (void)state;
    put("memory.max", "max");
    struct wf_run run = {0};
    const struct wf_run_spec none = {0};
    struct wf_cgroup_kept kept = wf_cgroup_limit(&cgroup, &none, &run);
    assert_false(kept.memory || kept.processes);
    assert_string_equal(run.warnings, "");
    holds("memory.max", "max");
}

static void each_missing_controller_is_a_warning(void **state)
{
    (void)state;
    for (size_t i = 0; i < 6; i++) {
        (void)unlinkat(cgroup.folder, files[i], 0);
    }
    struct wf_run run = {0};
    struct wf_cgroup_kept kept = wf_cgroup_limit(&cgroup, &limits, &run);
    assert_false(kept.memory || kept.processes);
    assert_non_null(strstr(run.warnings, "memory limit not enforced by a cgroup: this machine's"));
    assert_non_null(strstr(run.warnings, "CPU limit not"));
    assert_non_null(strstr(run.warnings, "CPU weight not"));
    assert_non_null(strstr(run.warnings, "limit of processes not"));
    const struct wf_cgroup none = {.folder = -1};
    run.warnings[0] = '\0';
    kept = wf_cgroup_limit(&none, &limits, &run);
    assert_false(kept.memory || kept.processes);
    assert_non_null(strstr(run.warnings, "memory limit not enforced by a cgroup: there is none"));
}

static void the_right_line_is_read(void **state)
{
    (void)state;
    put("memory.events", "low 0\nhigh 3\nmax 7\noom 2\noom_kill 0\noom_group_kill 4\n");
    assert_false(wf_cgroup_ran_out_of_memory(&cgroup));
    put("memory.events", "low 0\noom_kill 1\n");
    assert_true(wf_cgroup_ran_out_of_memory(&cgroup));
    put("cgroup.events", "populated 1\nfrozen 0\n");
    assert_true(wf_cgroup_is_populated(&cgroup));
    put("cgroup.events", "populated 0\nfrozen 1\n");
    assert_false(wf_cgroup_is_populated(&cgroup));
    put("cpu.stat", "usage_usec 1234567\nuser_usec 1\n");
    put("memory.peak", "4096\n");
    struct wf_run run = {.cpu_ms = 5, .memory_peak_bytes = 7};
    wf_cgroup_usage(&cgroup, &run);
    assert_int_equal(run.cpu_ms, 1234);
    assert_int_equal(run.memory_peak_bytes, 4096);
}

static void a_folder_that_is_no_cgroup_is_not_taken_for_one(void **state)
{
    (void)state;
    char parent[WF_CGROUP_BYTES];
    char reason[256];
    assert_false(wf_cgroup_find_parent(path, "runs", parent, reason));
    assert_non_null(strstr(reason, "is no cgroup"));
    assert_string_equal(parent, "");
    struct stat about;
    char made[128];
    snprintf(made, sizeof made, "%s/runs", path);
    assert_int_equal(stat(made, &about), -1);
    assert_false(wf_cgroup_find_parent("none", "runs", parent, reason));
    assert_string_equal(reason, "switched off");
    assert_false(wf_cgroup_find_parent("/no/such/folder", "runs", parent, reason));
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(limits_are_written_as_the_kernel_reads_them),
        cmocka_unit_test(gpu_memory_is_limited_by_its_region),
        cmocka_unit_test(no_limit_writes_nothing),
        cmocka_unit_test(each_missing_controller_is_a_warning),
        cmocka_unit_test(the_right_line_is_read),
        cmocka_unit_test(a_folder_that_is_no_cgroup_is_not_taken_for_one),
    };
    return cmocka_run_group_tests(tests, make, clear);
}
