// SPDX-License-Identifier: Apache-2.0
#include "engine/local/state.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include <fcntl.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

static char path[] = "/tmp/whaleflux-state-XXXXXX";
static int folder = -1;

static int make(void **state)
{
    (void)state;
    if (!mkdtemp(path)) {
        return -1;
    }
    folder = open(path, O_RDONLY | O_DIRECTORY | O_CLOEXEC);
    return folder < 0;
}

static int clear(void **state)
{
    (void)state;
    (void)unlinkat(folder, WF_STATE_FILE, 0);
    (void)unlinkat(folder, WF_REQUEST_FILE, 0);
    close(folder);
    return rmdir(path); // fails when a temporary file was left
}

static struct wf_run_state full(void)
{
    struct wf_run_state state = {.run = {.id = "a",
                                         .phase = WF_RUN_FINISHING,
                                         .end = WF_RUN_END_SIGNAL,
                                         .task = 1,
                                         .exit_code = -1,
                                         .signal = 9,
                                         .started_ms = INT64_MAX,
                                         .ended_ms = 2,
                                         .cpu_ms = 3,
                                         .memory_peak_bytes = 4,
                                         .log_dropped_bytes = 5,
                                         .detail = "a \\ sentence\nof two lines",
                                         .warnings = "one; two"},
                                 .boot = "b",
                                 .token = "0123",
                                 .cgroup = "/sys/fs/cgroup/x y",
                                 .supervisor = {12, 34},
                                 .tasks = WF_RUN_TASKS_MAX};
    for (uint32_t i = 0; i < WF_RUN_TASKS_MAX; i++) {
        state.leaders[i] = (struct wf_process){(pid_t)(100 + i), 1000 + i};
    }
    return state;
}

static void a_state_is_read_as_it_was_written(void **state)
{
    (void)state;
    static const enum wf_keep keeps[] = {WF_KEEP_FIRST, WF_KEEP_DURABLY, WF_KEEP_LATER};
    for (size_t i = 0; i < WF_COUNT_OF(keeps); i++) {
        struct wf_run_state before = full();
        struct wf_run_state after;
        struct wf_error err = {0};
        before.run.task = (uint32_t)i;
        assert_int_equal(wf_state_write(folder, &before, keeps[i], &err), WF_OK);
        assert_int_equal(wf_state_read(folder, &after, &err), WF_OK);
        assert_int_equal(after.run.phase, WF_RUN_FINISHING);
        assert_int_equal(after.run.end, WF_RUN_END_SIGNAL);
        assert_int_equal(after.run.task, i);
        assert_int_equal(after.run.exit_code, -1);
        assert_int_equal(after.run.signal, 9);
        assert_true(after.run.started_ms == INT64_MAX);
        assert_int_equal(after.run.log_dropped_bytes, 5);
        assert_string_equal(after.run.detail, before.run.detail);
        assert_string_equal(after.run.warnings, "one; two");
        assert_string_equal(after.cgroup, before.cgroup);
        assert_string_equal(after.token, "0123");
        assert_int_equal(after.supervisor.start, 34);
        assert_int_equal(after.tasks, WF_RUN_TASKS_MAX);
        assert_int_equal(after.leaders[63].pid, 163);
        assert_int_equal(after.leaders[63].start, 1063);
    }
}

static void no_state_and_an_empty_one_mean_not_begun(void **state)
{
    (void)state;
    struct wf_run_state after;
    struct wf_error err = {0};
    (void)unlinkat(folder, WF_STATE_FILE, 0);
    assert_int_equal(wf_state_read(folder, &after, &err), WF_NOTFOUND);
    int file = openat(folder, WF_STATE_FILE, O_WRONLY | O_CREAT | O_CLOEXEC, 0600);
    close(file);
    assert_int_equal(wf_state_read(folder, &after, &err), WF_NOTFOUND);
}

static void a_damaged_state_is_not_taken_for_none(void **state)
{
    (void)state;
    struct wf_run_state some = full();
    struct wf_run_state after;
    struct wf_error err = {0};
    assert_int_equal(wf_state_write(folder, &some, WF_KEEP_LATER, &err), WF_OK);
    int file = openat(folder, WF_STATE_FILE, O_WRONLY | O_CLOEXEC);
    assert_int_equal(ftruncate(file, 40), 0);
    close(file);
    assert_int_equal(wf_state_read(folder, &after, &err), WF_INVALID);
    assert_non_null(strstr(err.text, "state: "));
}

static void a_warning_is_kept_once_and_cut_when_there_are_too_many(void **state)
{
    (void)state;
    struct wf_run run = {0};
    wf_run_warn(&run, "no %s", "cgroup");
    wf_run_warn(&run, "no cgroup");
    wf_run_warn(&run, "no disk");
    assert_string_equal(run.warnings, "no cgroup; no disk");
    for (int i = 0; i < 200; i++) {
        wf_run_warn(&run, "warning number %d", i);
    }
    assert_int_equal(strlen(run.warnings), sizeof run.warnings - 1);
}

static void a_request_is_read_as_it_was_written(void **state)
{
    (void)state;
    struct wf_run_request request;
    struct wf_error err = {0};
    (void)unlinkat(folder, WF_REQUEST_FILE, 0);
    assert_int_equal(wf_run_request_read(folder, &request, &err), WF_OK);
    assert_false(request.stop || request.paused);
    const struct wf_run_request wanted = {true, WF_RUN_STOP_CANCELLED, UINT32_MAX, true, 7};
    assert_int_equal(wf_run_request_write(folder, &wanted, &err), WF_OK);
    assert_int_equal(wf_run_request_read(folder, &request, &err), WF_OK);
    assert_true(request.stop && request.paused);
    assert_int_equal(request.why, WF_RUN_STOP_CANCELLED);
    assert_int_equal(request.grace_ms, UINT32_MAX);
    assert_int_equal(request.checkpoints, 7);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(a_state_is_read_as_it_was_written),
        cmocka_unit_test(no_state_and_an_empty_one_mean_not_begun),
        cmocka_unit_test(a_damaged_state_is_not_taken_for_none),
        cmocka_unit_test(a_warning_is_kept_once_and_cut_when_there_are_too_many),
        cmocka_unit_test(a_request_is_read_as_it_was_written),
    };
    return cmocka_run_group_tests(tests, make, clear);
}
