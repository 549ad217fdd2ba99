// SPDX-License-Identifier: Apache-2.0
// The local engine with real processes. Run twice: with cgroups, where there are any, and without.
#include <errno.h>
#include <setjmp.h>
#include <signal.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include <fcntl.h>
#include <linux/filter.h>
#include <linux/seccomp.h>
#include <poll.h>
#include <sched.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mount.h>
#include <sys/prctl.h>
#include <sys/stat.h>
#include <sys/syscall.h>
#include <sys/wait.h>
#include <unistd.h>

#include "bed.h"

static struct bed bed;

static int make(void **state)
{
    (void)state;
    bed_make(&bed);
    return 0;
}

static int clear(void **state)
{
    (void)state;
    bed_clear(&bed);
    return 0;
}

static bool has_cgroup(void)
{
    return !bed.cgroup || strcmp(bed.cgroup, "none") != 0;
}

static const char *in_bed(const char *name)
{
    static char path[128];
    snprintf(path, sizeof path, "%s/%s", bed.data, name);
    return path;
}

static const char *script_with_bed(const char *format)
{
    static char script[1024];
    snprintf(script, sizeof script, "B=%s; %s", bed.data, format);
    return script;
}

static void stop(const char *id, enum wf_run_stop why, uint32_t grace_ms)
{
    struct wf_error err = {0};
    assert_int_equal(wf_engine_local.stop(bed.engine, id, why, grace_ms, &err), WF_OK);
}

static void a_run_ends_with_its_exit_code_and_its_output(void **state)
{
    (void)state;
    const struct wf_run *run = bed_run(&bed, bed_script("a", "echo out; echo err >&2; exit 7"));
    assert_int_equal(run->end, WF_RUN_END_EXIT);
    assert_int_equal(run->exit_code, 7);
    assert_string_equal(run->detail, "");
    assert_true(run->started_ms > 0 && run->ended_ms >= run->started_ms);
    assert_string_equal(bed_log(&bed, "a", 0, NULL), "out\nerr\n");
}

static void without_a_cgroup_the_run_says_so(void **state)
{
    (void)state;
    const struct wf_run *run = bed_run(&bed, bed_script("a", "exit 0"));
    assert_int_equal(strstr(run->warnings, "no cgroup") == NULL, has_cgroup());
}

static void a_signal_is_told_by_its_number(void **state)
{
    (void)state;
    const struct wf_run *run = bed_run(&bed, bed_script("a", "kill -SEGV $$"));
    assert_int_equal(run->end, WF_RUN_END_SIGNAL);
    assert_int_equal(run->signal, SIGSEGV);
    assert_int_equal(run->exit_code, -1);
}

static void starting_again_does_nothing(void **state)
{
    (void)state;
    char script[256];
    snprintf(script, sizeof script, "echo x >>%s/count; sleep 0.1", bed.data);
    bed_start(&bed, bed_script("a", script));
    bed_start(&bed, bed_script("a", script));
    (void)bed_await(&bed, "a", WF_RUN_RUNNING);
    bed_start(&bed, bed_script("a", script));
    (void)bed_await(&bed, "a", WF_RUN_ENDED);
    bed_start(&bed, bed_script("a", script));
    bed_sleep_ms(100);
    struct stat about;
    assert_int_equal(stat(in_bed("count"), &about), 0);
    assert_int_equal(about.st_size, 2);
    struct wf_error err = {0};
    assert_int_equal(wf_engine_local.start(bed.engine, bed_script("a", "exit 1"), &err), WF_EXISTS);
}

static void a_missing_command_is_not_started(void **state)
{
    (void)state;
    const char *arguments[] = {"no-such-command", NULL};
    struct wf_run_spec spec = *bed_script("a", "");
    spec.arguments = arguments;
    const struct wf_run *run = bed_run(&bed, &spec);
    assert_int_equal(run->end, WF_RUN_END_NOT_STARTED);
    assert_non_null(strstr(run->detail, "'no-such-command' cannot be executed: No such file"));
    assert_int_equal(run->started_ms, 0);
}

static void a_missing_folder_is_not_started(void **state)
{
    (void)state;
    struct wf_run_spec spec = *bed_script("a", "exit 0");
    spec.folder = "/no/such/folder";
    const struct wf_run *run = bed_run(&bed, &spec);
    assert_int_equal(run->end, WF_RUN_END_NOT_STARTED);
    assert_non_null(strstr(run->detail, "/no/such/folder cannot be entered"));
}

static void bad_specs_are_refused_at_once(void **state)
{
    (void)state;
    struct wf_error err = {0};
    struct wf_run_spec *spec = bed_script("../a", "exit 0");
    assert_int_equal(wf_engine_local.start(bed.engine, spec, &err), WF_INVALID);
    spec = bed_script("a", "exit 0");
    spec->tasks = WF_RUN_TASKS_MAX + 1;
    assert_int_equal(wf_engine_local.start(bed.engine, spec, &err), WF_LIMIT);
    assert_int_equal(wf_engine_local.stop(bed.engine, "b", WF_RUN_STOP_CANCELLED, 0, &err),
                     WF_NOTFOUND);
    assert_int_equal(wf_engine_local.forget(bed.engine, "b", &err), WF_OK);
}

static void a_cancelled_run_gets_term_and_its_grace(void **state)
{
    (void)state;
    bed_start(&bed,
              bed_script("a", script_with_bed("trap 'echo saved; exit 4' TERM; echo up; "
                                              "echo 1 >$B/up; while :; do sleep 0.02; done")));
    (void)bed_number(in_bed("up"));
    stop("a", WF_RUN_STOP_CANCELLED, 5000);
    const struct wf_run *run = bed_await(&bed, "a", WF_RUN_ENDED);
    assert_int_equal(run->end, WF_RUN_END_CANCELLED);
    assert_int_equal(run->exit_code, 4);
    assert_non_null(strstr(bed_log(&bed, "a", 0, NULL), "saved\n"));
}

static void a_run_that_ignores_term_is_killed(void **state)
{
    (void)state;
    bed_start(&bed,
              bed_script("a", script_with_bed(
                                  "trap '' TERM; echo 1 >$B/up; while :; do sleep 0.02; done")));
    (void)bed_number(in_bed("up"));
    int64_t begun = bed_clock_us();
    stop("a", WF_RUN_STOP_PREEMPTED, 200);
    const struct wf_run *run = bed_await(&bed, "a", WF_RUN_ENDED);
    assert_int_equal(run->end, WF_RUN_END_PREEMPTED);
    assert_int_equal(run->signal, SIGKILL);
    assert_true(bed_clock_us() - begun >= 200000);
}

static void a_preempted_run_is_told_to_make_a_checkpoint_first(void **state)
{
    (void)state;
    struct wf_run_spec *spec = bed_script(
        "a", script_with_bed("trap 'echo checkpoint; exit 85' USR2; trap 'echo term' TERM; "
                             "echo 1 >$B/up; while :; do sleep 0.02; done"));
    spec->checkpoint_signal = SIGUSR2;
    spec->checkpoint_ms = 10000;
    bed_start(&bed, spec);
    (void)bed_number(in_bed("up"));
    stop("a", WF_RUN_STOP_PREEMPTED, 1000);
    const struct wf_run *run = bed_await(&bed, "a", WF_RUN_ENDED);
    assert_int_equal(run->end, WF_RUN_END_PREEMPTED);
    assert_int_equal(run->exit_code, 85);
    // The shell also says which signal its sleep got.
    assert_non_null(strstr(bed_log(&bed, "a", 0, NULL), "checkpoint\n"));
    assert_null(strstr(bed_log(&bed, "a", 0, NULL), "term\n"));
}

static void a_cancel_wins_over_a_preemption_and_cannot_come_later(void **state)
{
    (void)state;
    bed_start(&bed,
              bed_script("a", script_with_bed(
                                  "trap '' TERM; echo 1 >$B/up; while :; do sleep 0.02; done")));
    (void)bed_number(in_bed("up"));
    stop("a", WF_RUN_STOP_PREEMPTED, 60000);
    bed_sleep_ms(50);
    stop("a", WF_RUN_STOP_CANCELLED, 50);
    stop("a", WF_RUN_STOP_PREEMPTED, 60000);
    const struct wf_run *run = bed_await(&bed, "a", WF_RUN_ENDED);
    assert_int_equal(run->end, WF_RUN_END_CANCELLED);
}

static void the_time_limit_ends_a_run(void **state)
{
    (void)state;
    struct wf_run_spec *spec = bed_script("a", "trap '' TERM; while :; do sleep 0.02; done");
    spec->time_limit_ms = 1000;
    spec->stop_ms = 100;
    int64_t begun = bed_clock_us();
    const struct wf_run *run = bed_run(&bed, spec);
    assert_int_equal(run->end, WF_RUN_END_TIME_LIMIT);
    assert_true(bed_clock_us() - begun >= 1100000);
}

static void a_run_stopped_at_once_is_cancelled(void **state)
{
    (void)state;
    bed_start(&bed, bed_script("a", script_with_bed("echo 1 >$B/ran; sleep 100")));
    stop("a", WF_RUN_STOP_CANCELLED, 0);
    const struct wf_run *run = bed_await(&bed, "a", WF_RUN_ENDED);
    assert_int_equal(run->end, WF_RUN_END_CANCELLED);
}

static void grandchildren_that_leave_are_ended_with_the_run(void **state)
{
    (void)state;
    const struct wf_run *run = bed_run(
        &bed,
        bed_script("a", script_with_bed("setsid sh -c 'echo $$ >$0/pid; exec sleep 1000' $B & "
                                        "while [ ! -s $B/pid ]; do sleep 0.01; done")));
    assert_int_equal(run->end, WF_RUN_END_EXIT);
    assert_int_equal(run->exit_code, 0);
    assert_false(bed_is_alive(bed_number(in_bed("pid"))));
}

static void too_much_memory_ends_a_run(void **state)
{
    (void)state;
    // Written to and kept, in steps, by a child: it is the sum over the run that counts.
    struct wf_run_spec *spec = bed_script(
        "a", "python3 -c 'import time\nkept=[]\nwhile True:\n kept.append(b\"x\"*4000000)\n"
             " time.sleep(0.005)'");
    spec->memory_bytes = 100 << 20;
    const struct wf_run *run = bed_run(&bed, spec);
    assert_int_equal(run->end, WF_RUN_END_OUT_OF_MEMORY);
    assert_true(run->memory_peak_bytes > 50 << 20);
}

static void memory_taken_at_once_ends_a_run_as_well(void **state)
{
    (void)state;
    struct wf_run_spec *spec =
        bed_script("a", "exec python3 -c 'import time\nb=b\"x\"*150000000\nc=b\"x\"*150000000\n"
                        "time.sleep(60)'");
    spec->memory_bytes = 100 << 20;
    const struct wf_run *run = bed_run(&bed, spec);
    assert_int_equal(run->end, WF_RUN_END_OUT_OF_MEMORY);
    assert_true(run->memory_peak_bytes > 50 << 20);
}

// With a cgroup or without: what one too many costs is a fork that fails, not the machine.
static void too_many_processes_are_refused(void **state)
{
    (void)state;
    struct wf_run_spec *spec =
        bed_script("a", "i=0; while [ $i -lt 200 ]; do sleep 1000 & i=$((i+1)); done; echo all");
    spec->processes = 5;
    bool root = geteuid() == 0;
    spec->switch_user = root;
    spec->user = spec->group = 4294902; // numbers that no system gives out
    const struct wf_run *run = bed_run(&bed, spec);
    assert_int_equal(run->end, WF_RUN_END_EXIT);
    assert_int_equal(run->exit_code, 2); // the shell's, when it cannot fork
    assert_null(strstr(bed_log(&bed, "a", 0, NULL), "all"));
    assert_non_null(strstr(bed_log(&bed, "a", 0, NULL), "fork"));
}

static void processor_time_and_memory_are_counted(void **state)
{
    (void)state;
    const struct wf_run *run = bed_run(
        &bed, bed_script("a", "(i=0; while [ $i -lt 100000 ]; do i=$((i+1)); done) & wait"));
    assert_true(run->cpu_ms >= 10 && run->cpu_ms < 60000);
    assert_true(run->memory_peak_bytes > 100000);
}

static void logs_are_put_aside_when_they_are_full(void **state)
{
    (void)state;
    struct wf_run_spec *spec = bed_script("a", "i=0; while [ $i -lt 1000 ]; do "
                                               "echo line $i; i=$((i+1)); done");
    spec->log_bytes = 1000;
    spec->log_files = 3;
    (void)bed_run(&bed, spec);
    struct wf_log_piece piece = {0};
    struct wf_error err = {0};
    assert_int_equal(wf_engine_local.log_read(bed.engine, "a", &piece, &err), WF_OK);
    assert_int_equal(piece.end, 8890);
    assert_int_equal(piece.first, 6000);
    const char *text = bed_log(&bed, "a", 0, NULL);
    assert_int_equal(strlen(text), 2890);
    assert_string_equal(text + strlen(text) - 9, "line 999\n");
}

// Reads all there is, then asks to be told of more. Returns whether there will be none.
static bool read_on(const char *id, char *text, size_t bytes, uint64_t *offset)
{
    struct wf_error err = {0};
    struct wf_log_piece piece;
    do {
        assert_true(*offset < bytes);
        piece = (struct wf_log_piece){
            .offset = *offset, .bytes = text + *offset, .bytes_max = (uint32_t)(bytes - *offset)};
        assert_int_equal(wf_engine_local.log_read(bed.engine, id, &piece, &err), WF_OK);
        assert_int_equal(piece.offset, *offset);
        *offset += piece.length;
    } while (piece.length > 0);
    if (!piece.complete) {
        assert_int_equal(wf_engine_local.log_await(bed.engine, id, 0, *offset, &err), WF_OK);
    }
    return piece.complete;
}

static bool await_more(char id_out[WF_RUN_ID_MAX + 1])
{
    int64_t until = bed_clock_us() + 20000000;
    uint32_t task = 0;
    while (bed_clock_us() < until) {
        bed_listen(&bed);
        if (wf_engine_local.next_log(bed.engine, id_out, &task)) {
            assert_int_equal(task, 0);
            return true;
        }
        struct pollfd polled = {.fd = wf_engine_local.descriptor(bed.engine), .events = POLLIN};
        (void)poll(&polled, 1, 20000);
    }
    return false;
}

static void a_log_is_followed_to_its_end_across_parts(void **state)
{
    (void)state;
    struct wf_run_spec *spec = bed_script("a", "i=0; while [ $i -lt 60 ]; do echo line $i; "
                                               "i=$((i+1)); [ $((i % 7)) = 0 ] && sleep 0.05; "
                                               "done; sleep 0.2; printf end");
    spec->log_bytes = 50;
    spec->log_files = 100;
    bed_start(&bed, spec);
    static char text[1000];
    uint64_t offset = 0;
    uint32_t rounds = 0;
    while (!read_on("a", text, sizeof text, &offset)) {
        char id[WF_RUN_ID_MAX + 1];
        assert_true(await_more(id));
        assert_string_equal(id, "a");
        rounds++;
    }
    assert_true(rounds > 3);
    assert_int_equal(offset, 10 * 7 + 50 * 8 + 3);
    assert_memory_equal(text, "line 0\nline 1\n", 14);
    assert_memory_equal(text + offset - 11, "line 59\nend", 11);
}

static void whoever_follows_is_told_once_and_also_of_the_end_of_all(void **state)
{
    (void)state;
    (void)bed_run(&bed, bed_script("b", "exit 0"));
    bed_start(&bed, bed_script("a", "echo begun; sleep 1000"));
    char text[64];
    char id[WF_RUN_ID_MAX + 1];
    uint64_t offset = 0;
    while (offset < 6) {
        (void)read_on("a", text, sizeof text, &offset);
        if (offset < 6) {
            assert_true(await_more(id));
        }
    }
    struct wf_error err = {0};
    uint32_t task = 0;
    assert_int_equal(wf_engine_local.log_await(bed.engine, "a", 0, offset, &err), WF_OK);
    // There is nothing more of "a"; of "b" never will be.
    assert_false(wf_engine_local.next_log(bed.engine, id, &task));
    assert_int_equal(wf_engine_local.log_await(bed.engine, "b", 0, 0, &err), WF_OK);
    assert_true(await_more(id));
    assert_string_equal(id, "b");
    assert_false(wf_engine_local.next_log(bed.engine, id, &task));
    stop("a", WF_RUN_STOP_CANCELLED, 0);
    (void)bed_await(&bed, "a", WF_RUN_ENDED);
    assert_int_equal(wf_engine_local.forget(bed.engine, "a", &err), WF_OK);
    assert_true(wf_engine_local.next_log(bed.engine, id, &task));
    assert_string_equal(id, "a");
    assert_int_equal(wf_engine_local.log_await(bed.engine, "a", 0, 0, &err), WF_NOTFOUND);
}

static void much_output_is_bounded_and_does_not_hold_a_run_up(void **state)
{
    (void)state;
    struct wf_run_spec *spec = bed_script("a", "head -c 50000000 /dev/zero; exit 3");
    spec->log_bytes = 100000;
    const struct wf_run *run = bed_run(&bed, spec);
    assert_int_equal(run->exit_code, 3);
    assert_int_equal(run->log_dropped_bytes, 0);
    size_t length = 0;
    (void)bed_log(&bed, "a", 0, &length);
    assert_true(length > 100000 && length <= 200000);
}

static void binary_output_is_kept_byte_by_byte(void **state)
{
    (void)state;
    (void)bed_run(&bed, bed_script("a", "printf 'a\\000\\377\\n\\033[0m\\r\\\\'"));
    size_t length = 0;
    const char *text = bed_log(&bed, "a", 0, &length);
    assert_int_equal(length, 10);
    assert_memory_equal(text, "a\0\377\n\033[0m\r\\", 10);
}

static void the_environment_is_the_submitters_without_what_chooses_gpus(void **state)
{
    (void)state;
    const char *environment[] = {"PATH=/usr/bin:/bin",
                                 "CUDA_VISIBLE_DEVICES=0",
                                 "HIP_VISIBLE_DEVICES=3",
                                 "ROCR_VISIBLE_DEVICES=1",
                                 "MINE=a b",
                                 NULL};
    const struct wf_run_variable variables[] = {{WF_EVERY_TASK, "CUDA_VISIBLE_DEVICES=GPU-1"}};
    struct wf_run_spec *spec =
        bed_script("a", "echo \"$CUDA_VISIBLE_DEVICES,$HIP_VISIBLE_DEVICES,"
                        "$ROCR_VISIBLE_DEVICES,$MINE,$WHALEFLUX_RUN,$WHALEFLUX_TASK,$HOME\"");
    spec->environment = environment;
    spec->variables = variables;
    spec->variable_count = 1;
    (void)bed_run(&bed, spec);
    assert_string_equal(bed_log(&bed, "a", 0, NULL), "GPU-1,,,a b,a,0,\n");
}

static void each_task_has_its_own_variables_and_log(void **state)
{
    (void)state;
    const struct wf_run_variable variables[] = {{0, "GPU=first"}, {1, "GPU=second"}};
    struct wf_run_spec *spec = bed_script("a", "echo $WHALEFLUX_TASK of $WHALEFLUX_TASKS: $GPU");
    spec->tasks = 2;
    spec->variables = variables;
    spec->variable_count = 2;
    const struct wf_run *run = bed_run(&bed, spec);
    assert_int_equal(run->end, WF_RUN_END_EXIT);
    assert_string_equal(bed_log(&bed, "a", 0, NULL), "0 of 2: first\n");
    assert_string_equal(bed_log(&bed, "a", 1, NULL), "1 of 2: second\n");
}

static void one_failing_task_ends_the_others(void **state)
{
    (void)state;
    struct wf_run_spec *spec = bed_script("a", "[ $WHALEFLUX_TASK = 1 ] && exit 9; sleep 1000");
    spec->tasks = 3;
    const struct wf_run *run = bed_run(&bed, spec);
    assert_int_equal(run->end, WF_RUN_END_EXIT);
    assert_int_equal(run->task, 1);
    assert_int_equal(run->exit_code, 9);
    assert_string_equal(run->detail, "task 1 of 3 failed, the others were ended");
}

// Waits until the log of "a" grows, or does not for a while.
static void await_log(bool grows)
{
    size_t before = 0;
    size_t after = 0;
    for (int round = 0; round < 100; round++) {
        (void)bed_log(&bed, "a", 0, &before);
        bed_sleep_ms(200);
        (void)bed_log(&bed, "a", 0, &after);
        if ((after > before) == grows) {
            return;
        }
    }
    fail_msg("the log went from %zu to %zu bytes", before, after);
}

static void a_paused_run_does_nothing_until_it_goes_on(void **state)
{
    (void)state;
    bed_start(&bed, bed_script("a", "i=0; while :; do i=$((i+1)); echo $i; sleep 0.01; done"));
    (void)bed_await(&bed, "a", WF_RUN_RUNNING);
    await_log(true);
    struct wf_error err = {0};
    assert_int_equal(wf_engine_local.pause(bed.engine, "a", true, &err), WF_OK);
    await_log(false);
    assert_int_equal(wf_engine_local.pause(bed.engine, "a", false, &err), WF_OK);
    await_log(true);
    assert_int_equal(wf_engine_local.pause(bed.engine, "a", true, &err), WF_OK);
    bed_sleep_ms(50);
    stop("a", WF_RUN_STOP_CANCELLED, 100);
    assert_int_equal(bed_await(&bed, "a", WF_RUN_ENDED)->end, WF_RUN_END_CANCELLED);
}

static void another_user_runs_it_where_root_says_so(void **state)
{
    (void)state;
    const uint32_t groups[] = {4242, 4343};
    struct wf_run_spec *spec = bed_script("a", "id -u; id -g; id -G; umask; nice; "
                                               "echo path >/dev/stderr");
    spec->switch_user = true;
    spec->user = 65534;
    spec->group = 65534;
    spec->groups = groups;
    spec->group_count = 2;
    spec->file_mask = 027;
    spec->nice = 5;
    struct wf_error err = {0};
    if (geteuid() != 0) {
        assert_int_equal(wf_engine_local.start(bed.engine, spec, &err), WF_INVALID);
        print_message("# only root can become another user: the rest is not tested\n");
        return;
    }
    assert_int_equal(bed_run(&bed, spec)->end, WF_RUN_END_EXIT);
    assert_string_equal(bed_log(&bed, "a", 0, NULL),
                        "65534\n65534\n65534 4242 4343\n0027\n5\npath\n");
}

static void device_files_are_closed_to_a_run_that_was_not_given_them(void **state)
{
    (void)state;
    const struct wf_device_rule rules[] = {
        {1, 3, 'c', true}, {1, 5, 'c', false}, {1, 7, 'c', false}};
    struct wf_run_spec *spec = bed_script("a", "echo x >/dev/null && echo null; "
                                               "head -c 1 /dev/zero >/dev/null && echo zero; "
                                               "head -c 1 /dev/urandom >/dev/null && echo random; "
                                               "exit 0");
    spec->devices = rules;
    spec->device_count = 3;
    const struct wf_run *run = bed_run(&bed, spec);
    bool limited = strstr(run->warnings, "device files are not limited") == NULL;
    const char *log = bed_log(&bed, "a", 0, NULL);
    assert_non_null(strstr(log, "null\n"));
    assert_non_null(strstr(log, "random\n"));
    assert_int_equal(strstr(log, "\nzero\n") == NULL, limited);
    if (!has_cgroup()) {
        assert_false(limited);
    }
}

static void runs_go_on_without_an_engine_and_are_found_again(void **state)
{
    (void)state;
    bed_start(&bed, bed_script("a", "sleep 0.5; exit 3"));
    bed_start(&bed, bed_script("b", "exit 5"));
    (void)bed_await(&bed, "a", WF_RUN_RUNNING);
    (void)bed_await(&bed, "b", WF_RUN_ENDED);
    bed_close(&bed);
    bed_open(&bed);
    assert_int_equal(bed_await(&bed, "a", WF_RUN_RUNNING)->phase, WF_RUN_RUNNING);
    const struct wf_run *run = bed_await(&bed, "b", WF_RUN_ENDED);
    assert_int_equal(run->exit_code, 5);
    run = bed_await(&bed, "a", WF_RUN_ENDED);
    assert_int_equal(run->end, WF_RUN_END_EXIT);
    assert_int_equal(run->exit_code, 3);
}

static void one_that_was_found_again_can_be_stopped(void **state)
{
    (void)state;
    bed_start(&bed, bed_script("a", "sleep 1000"));
    (void)bed_await(&bed, "a", WF_RUN_RUNNING);
    bed_close(&bed);
    bed_open(&bed);
    (void)bed_await(&bed, "a", WF_RUN_RUNNING);
    stop("a", WF_RUN_STOP_CANCELLED, 1000);
    assert_int_equal(bed_await(&bed, "a", WF_RUN_ENDED)->end, WF_RUN_END_CANCELLED);
}

static void a_killed_supervisor_takes_its_run_with_it(void **state)
{
    (void)state;
    bed_start(&bed,
              bed_script("a", script_with_bed("setsid sh -c 'echo $$ >$0/pid; exec sleep 1000' "
                                              "$B & echo $$ >$B/leader; sleep 1000")));
    (void)bed_await(&bed, "a", WF_RUN_RUNNING);
    long grandchild = bed_number(in_bed("pid"));
    long leader = bed_number(in_bed("leader"));
    assert_true(bed_is_alive(grandchild) && bed_is_alive(leader));
    assert_int_equal(kill((pid_t)bed_supervisor(&bed, "a"), SIGKILL), 0);
    const struct wf_run *run = bed_await(&bed, "a", WF_RUN_ENDED);
    assert_int_equal(run->end, WF_RUN_END_UNKNOWN);
    assert_non_null(strstr(run->detail, "supervisor was killed"));
    assert_false(bed_is_alive(grandchild) || bed_is_alive(leader));
}

static void a_supervisor_killed_while_no_engine_ran_is_noticed(void **state)
{
    (void)state;
    bed_start(&bed, bed_script("a", script_with_bed("echo $$ >$B/pid; exec sleep 1000")));
    (void)bed_await(&bed, "a", WF_RUN_RUNNING);
    long leader = bed_number(in_bed("pid"));
    bed_close(&bed);
    assert_int_equal(kill((pid_t)bed_supervisor(&bed, "a"), SIGKILL), 0);
    bed_sleep_ms(50);
    assert_true(bed_is_alive(leader));
    bed_open(&bed);
    assert_int_equal(bed_await(&bed, "a", WF_RUN_ENDED)->end, WF_RUN_END_UNKNOWN);
    assert_false(bed_is_alive(leader));
}

static void a_run_of_an_earlier_start_of_the_machine_is_told_so(void **state)
{
    (void)state;
    bed_start(&bed, bed_script("a", script_with_bed("echo $$ >$B/pid; exec sleep 1000")));
    (void)bed_await(&bed, "a", WF_RUN_RUNNING);
    long leader = bed_number(in_bed("pid"));
    bed_close(&bed);
    // As after a power cut: the last state is of another boot, and nothing runs.
    assert_int_equal(kill((pid_t)bed_supervisor(&bed, "a"), SIGKILL), 0);
    assert_int_equal(kill((pid_t)leader, SIGKILL), 0);
    bed_sleep_ms(50);
    bed_pretend_other_boot(&bed, "a");
    bed_open(&bed);
    const struct wf_run *run = bed_await(&bed, "a", WF_RUN_ENDED);
    assert_int_equal(run->end, WF_RUN_END_RESTARTED);
    assert_int_equal(run->exit_code, -1);
}

static void two_engines_do_not_share_a_folder(void **state)
{
    (void)state;
    struct wf_engine *second = NULL;
    struct wf_error err = {0};
    struct wf_engine_config config = {.data = bed.data};
    assert_int_equal(wf_engine_local.open(&config, &second, &err), WF_EXISTS);
}

// A container's filter may refuse them; runs could then be started, but not stopped.
static void a_kernel_without_pidfds_is_refused(void **state)
{
    (void)state;
    fflush(stdout);
    pid_t pid = fork();
    if (pid == 0) {
        struct sock_filter refuse[] = {
            BPF_STMT(BPF_LD | BPF_W | BPF_ABS, offsetof(struct seccomp_data, nr)),
            BPF_JUMP(BPF_JMP | BPF_JEQ | BPF_K, SYS_pidfd_open, 0, 1),
            BPF_STMT(BPF_RET | BPF_K, SECCOMP_RET_ERRNO | EPERM),
            BPF_STMT(BPF_RET | BPF_K, SECCOMP_RET_ALLOW),
        };
        struct sock_fprog program = {WF_COUNT_OF(refuse), refuse};
        if (prctl(PR_SET_NO_NEW_PRIVS, 1, 0, 0, 0) != 0 ||
            prctl(PR_SET_SECCOMP, SECCOMP_MODE_FILTER, &program) != 0) {
            _exit(0); // not to be shown here
        }
        struct wf_engine *engine = NULL;
        struct wf_error err = {0};
        struct wf_engine_config config = {.data = bed.data};
        bool refused = wf_engine_local.open(&config, &engine, &err) == WF_IO &&
                       strstr(err.text, "pidfds") != NULL;
        _exit(refused ? 0 : 1);
    }
    int status = -1;
    assert_int_equal(waitpid(pid, &status, 0), pid);
    assert_int_equal(status, 0);
}

// Takes all the room that is left, to the last byte.
static void fill(const char *path)
{
    static const char block[4096];
    int file = open(path, O_WRONLY | O_CREAT | O_APPEND | O_CLOEXEC, 0600);
    assert_true(file >= 0);
    for (size_t size = sizeof block; size > 0; size /= 2) {
        while (write(file, block, size) == (ssize_t)size) {
        }
    }
    close(file);
}

// On a small disk of our own, which only this process and its children see.
static void a_full_disk_refuses_runs_loses_no_end_and_recovers(void **state)
{
    (void)state;
    bed_close(&bed);
    if (unshare(CLONE_NEWNS) != 0 || mount("none", "/", NULL, MS_REC | MS_PRIVATE, NULL) != 0 ||
        mount("none", bed.data, "tmpfs", 0, "size=512k") != 0) {
        print_message("# no small disk can be mounted here: a full one is not tested\n");
        bed_open(&bed);
        return;
    }
    bed_open(&bed);
    bed_start(&bed,
              bed_script("a", script_with_bed("echo $$ >$B/a; echo 1 >$B/hold; while [ -e $B/hold "
                                              "]; do sleep 0.02; done; head -c 10000 /dev/zero; "
                                              "exit 6")));
    long leader = bed_number(in_bed("a"));
    (void)bed_number(in_bed("hold"));
    fill(in_bed("filler"));
    struct wf_error err = {0};
    assert_int_equal(wf_engine_local.start(bed.engine, bed_script("b", "exit 0"), &err), WF_IO);
    assert_non_null(strstr(err.text, "No space left on device"));
    assert_int_equal(unlink(in_bed("hold")), 0);
    fill(in_bed("filler")); // what that gave back
    while (bed_is_alive(leader)) {
        bed_sleep_ms(5);
    }
    bed_sleep_ms(300); // it cannot write how it ended
    assert_int_equal(unlink(in_bed("filler")), 0);
    const struct wf_run *run = bed_await(&bed, "a", WF_RUN_ENDED);
    assert_int_equal(run->end, WF_RUN_END_EXIT);
    assert_int_equal(run->exit_code, 6);
    assert_true(run->log_dropped_bytes > 0);
    assert_int_equal(bed_run(&bed, bed_script("b", "exit 0"))->end, WF_RUN_END_EXIT);
    assert_int_equal(wf_engine_local.forget(bed.engine, "a", &err), WF_OK);
    assert_int_equal(wf_engine_local.forget(bed.engine, "b", &err), WF_OK);
    bed_close(&bed);
    assert_int_equal(umount(bed.data), 0);
    bed_open(&bed);
}

static int compare(const void *a, const void *b)
{
    int64_t left = *(const int64_t *)a;
    int64_t right = *(const int64_t *)b;
    return (left > right) - (left < right);
}

static void a_start_takes_milliseconds(void **state)
{
    (void)state;
    int64_t told[41];
    int64_t blocked[41];
    for (size_t i = 0; i < WF_COUNT_OF(told); i++) {
        char id[16];
        snprintf(id, sizeof id, "r%zu", i);
        int64_t begun = bed_clock_us();
        bed_start(&bed, bed_script(id, "exit 0"));
        blocked[i] = bed_clock_us() - begun;
        (void)bed_await(&bed, id, WF_RUN_RUNNING);
        told[i] = bed_clock_us() - begun;
        (void)bed_await(&bed, id, WF_RUN_ENDED);
    }
    qsort(told, WF_COUNT_OF(told), sizeof *told, compare);
    qsort(blocked, WF_COUNT_OF(blocked), sizeof *blocked, compare);
    print_message("# from start() until the run is told to run: median %lld us, worst %lld us; "
                  "start() itself: median %lld us\n",
                  (long long)told[20], (long long)told[40], (long long)blocked[20]);
    assert_true(told[20] < 1000000); // a bound for the slowest of machines; the aim is 20 ms
}

#define TEST(name) cmocka_unit_test_setup_teardown(name, make, clear)

int main(void)
{
    bed_require();
    const struct CMUnitTest tests[] = {
        TEST(a_run_ends_with_its_exit_code_and_its_output),
        TEST(without_a_cgroup_the_run_says_so),
        TEST(a_signal_is_told_by_its_number),
        TEST(starting_again_does_nothing),
        TEST(a_missing_command_is_not_started),
        TEST(a_missing_folder_is_not_started),
        TEST(bad_specs_are_refused_at_once),
        TEST(a_cancelled_run_gets_term_and_its_grace),
        TEST(a_run_that_ignores_term_is_killed),
        TEST(a_preempted_run_is_told_to_make_a_checkpoint_first),
        TEST(a_cancel_wins_over_a_preemption_and_cannot_come_later),
        TEST(the_time_limit_ends_a_run),
        TEST(a_run_stopped_at_once_is_cancelled),
        TEST(grandchildren_that_leave_are_ended_with_the_run),
        TEST(too_much_memory_ends_a_run),
        TEST(memory_taken_at_once_ends_a_run_as_well),
        TEST(too_many_processes_are_refused),
        TEST(processor_time_and_memory_are_counted),
        TEST(logs_are_put_aside_when_they_are_full),
        TEST(a_log_is_followed_to_its_end_across_parts),
        TEST(whoever_follows_is_told_once_and_also_of_the_end_of_all),
        TEST(much_output_is_bounded_and_does_not_hold_a_run_up),
        TEST(binary_output_is_kept_byte_by_byte),
        TEST(the_environment_is_the_submitters_without_what_chooses_gpus),
        TEST(each_task_has_its_own_variables_and_log),
        TEST(one_failing_task_ends_the_others),
        TEST(a_paused_run_does_nothing_until_it_goes_on),
        TEST(another_user_runs_it_where_root_says_so),
        TEST(device_files_are_closed_to_a_run_that_was_not_given_them),
        TEST(runs_go_on_without_an_engine_and_are_found_again),
        TEST(one_that_was_found_again_can_be_stopped),
        TEST(a_killed_supervisor_takes_its_run_with_it),
        TEST(a_supervisor_killed_while_no_engine_ran_is_noticed),
        TEST(a_run_of_an_earlier_start_of_the_machine_is_told_so),
        TEST(two_engines_do_not_share_a_folder),
        TEST(a_kernel_without_pidfds_is_refused),
        TEST(a_start_takes_milliseconds),
        TEST(a_full_disk_refuses_runs_loses_no_end_and_recovers),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
