// SPDX-License-Identifier: Apache-2.0
#include "engine/local/supervisor.h"

#include <errno.h>
#include <poll.h>
#include <signal.h>
#include <stdio.h>
#include <string.h>
#include <sys/prctl.h>
#include <sys/random.h>
#include <sys/resource.h>
#include <sys/signalfd.h>
#include <sys/wait.h>
#include <unistd.h>

#include "engine/local/device.h"
#include "engine/local/file.h"
#include "engine/local/launch.h"
#include "engine/local/process.h"

#define OUTPUT_BYTES 65536

// With no cgroup to keep the memory limit, a process that allocates faster than we look is stopped
// by the kernel at this many times the limit: private memory it wrote to and memory it may yet.
#define DATA_LIMIT_TIMES 2

// With no cgroup to count processes the kernel counts the threads of the user, in all his runs. He
// may start others later, so there is room for those: this stops a fork bomb, and no more.
#define PROCESS_LIMIT_TIMES 8

void wf_supervisor_tell(struct wf_supervisor *supervisor, char what, const char *sentence)
{
    if (supervisor->ready >= 0) {
        char text[600];
        int length = snprintf(text, sizeof text, "%c%s", what, sentence);
        (void)!wf_write_all(supervisor->ready, text,
                            length < (int)sizeof text ? (size_t)length : sizeof text - 1);
        close(supervisor->ready);
        supervisor->ready = -1;
    }
}

void wf_supervisor_write_end(struct wf_supervisor *supervisor)
{
    struct wf_run_state *state = &supervisor->state;
    struct wf_error err = {0};
    state->run.phase = WF_RUN_ENDED;
    state->run.ended_ms = wf_date_ms();
    // The outcome is nowhere else: a full disk is waited for.
    while (wf_state_write(supervisor->folder, state, WF_KEEP_DURABLY, &err) != WF_OK) {
        (void)poll(NULL, 0, 500);
    }
    wf_cgroup_close(&supervisor->cgroup);
    for (int attempt = 0; !wf_cgroup_remove(state->cgroup) && attempt < 100; attempt++) {
        (void)poll(NULL, 0, 10);
    }
}

static void pump(struct wf_supervised_task *task)
{
    static char buffer[OUTPUT_BYTES];
    // Bounded, so that one that writes without end cannot keep us from the rest.
    for (int piece = 0; task->output >= 0 && piece < 16; piece++) {
        ssize_t got = read(task->output, buffer, sizeof buffer);
        if (got > 0) {
            wf_log_write(&task->log, buffer, (size_t)got);
        } else if (got == 0 || (errno != EAGAIN && errno != EINTR)) {
            close(task->output);
            task->output = -1;
        } else {
            return;
        }
    }
}

static void note_end(struct wf_supervisor *supervisor, uint32_t index, int status)
{
    struct wf_run *run = &supervisor->state.run;
    supervisor->tasks[index].alive = false;
    supervisor->alive--;
    if (supervisor->failed) {
        return;
    }
    run->task = index;
    run->exit_code = WIFEXITED(status) ? WEXITSTATUS(status) : -1;
    run->signal = WIFSIGNALED(status) ? WTERMSIG(status) : 0;
    if (status != 0) {
        supervisor->failed = true;
        if (supervisor->alive > 0 && supervisor->step == WF_STOP_NOT) {
            snprintf(run->detail, sizeof run->detail, "task %u of %u failed, the others were ended",
                     index, supervisor->launched);
            wf_supervisor_stop(supervisor, WF_RUN_END_NONE, supervisor->store.spec.stop_ms, "");
        }
    }
}

// Waits for all that ended, also for those whose parent is gone: they are ours then. Returns
// whether any child is left.
static bool reap(struct wf_supervisor *supervisor)
{
    for (;;) {
        int status = 0;
        struct rusage used;
        pid_t pid = wait4(-1, &status, WNOHANG, &used);
        if (pid <= 0) {
            return pid == 0;
        }
        supervisor->reaped_cpu_us +=
            (uint64_t)(used.ru_utime.tv_sec + used.ru_stime.tv_sec) * 1000000 +
            (uint64_t)(used.ru_utime.tv_usec + used.ru_stime.tv_usec);
        uint64_t peak = (uint64_t)used.ru_maxrss * 1024;
        if (peak > supervisor->reaped_peak_bytes) {
            supervisor->reaped_peak_bytes = peak;
        }
        for (uint32_t i = 0; i < supervisor->launched; i++) {
            if (supervisor->tasks[i].alive && supervisor->state.leaders[i].pid == pid) {
                note_end(supervisor, i, status);
            }
        }
    }
}

static void take_signals(struct wf_supervisor *supervisor)
{
    struct signalfd_siginfo info;
    while (read(supervisor->signals, &info, sizeof info) == (ssize_t)sizeof info) {
        if (info.ssi_signo == SIGUSR1) {
            wf_supervisor_obey(supervisor);
        } else if (info.ssi_signo == SIGTERM) {
            wf_supervisor_stop(supervisor, WF_RUN_END_UNKNOWN, supervisor->store.spec.stop_ms,
                               "its supervisor was told to end by SIGTERM");
        }
    }
}

// Waits for anything to happen, for at most wait_ms, and takes signals and output.
static void wait_and_take(struct wf_supervisor *supervisor, int wait_ms)
{
    struct pollfd polled[1 + WF_RUN_TASKS_MAX];
    uint32_t index[1 + WF_RUN_TASKS_MAX] = {0};
    nfds_t count = 0;
    polled[count++] = (struct pollfd){.fd = supervisor->signals, .events = POLLIN};
    for (uint32_t i = 0; i < supervisor->launched; i++) {
        if (supervisor->tasks[i].output >= 0) {
            index[count] = i;
            polled[count++] = (struct pollfd){.fd = supervisor->tasks[i].output, .events = POLLIN};
        }
    }
    if (poll(polled, count, wait_ms) <= 0) {
        return;
    }
    for (nfds_t i = 1; i < count; i++) {
        if (polled[i].revents) {
            pump(&supervisor->tasks[index[i]]);
        }
    }
    take_signals(supervisor);
}

static void note_usage(struct wf_supervisor *supervisor)
{
    struct wf_run *run = &supervisor->state.run;
    run->cpu_ms = supervisor->reaped_cpu_us / 1000;
    if (run->memory_peak_bytes < supervisor->reaped_peak_bytes) {
        run->memory_peak_bytes = supervisor->reaped_peak_bytes;
    }
    wf_cgroup_usage(&supervisor->cgroup, run);
    run->log_dropped_bytes = 0;
    for (uint32_t i = 0; i < supervisor->launched; i++) {
        run->log_dropped_bytes += supervisor->tasks[i].log.dropped_bytes;
    }
}

static void decide_end(struct wf_supervisor *supervisor)
{
    struct wf_run *run = &supervisor->state.run;
    bool good = run->exit_code == 0 && run->signal == 0;
    uint64_t limit = supervisor->store.spec.memory_bytes;
    // Where we look at the memory ourselves, a process can be past the limit and refused more by
    // the kernel between two looks. It fails then, and its peak says why.
    bool was_over =
        limit > 0 && !supervisor->memory_is_kept && !good && supervisor->reaped_peak_bytes > limit;
    if (supervisor->memory_is_over || was_over ||
        (!good && wf_cgroup_ran_out_of_memory(&supervisor->cgroup))) {
        run->end = WF_RUN_END_OUT_OF_MEMORY;
        snprintf(run->detail, sizeof run->detail, "more than %llu bytes were in use",
                 (unsigned long long)limit);
    } else if (supervisor->step != WF_STOP_NOT && supervisor->stop_end != WF_RUN_END_NONE) {
        run->end = supervisor->stop_end;
    } else {
        run->end = run->signal > 0 ? WF_RUN_END_SIGNAL : WF_RUN_END_EXIT;
    }
}

// The tasks have ended; what they left running is killed, and only then has the run ended.
static void finish(struct wf_supervisor *supervisor)
{
    decide_end(supervisor);
    bool left = reap(supervisor) || wf_cgroup_is_populated(&supervisor->cgroup);
    if (left) {
        // Should we be killed too while they take their time, the outcome must not be lost.
        struct wf_error err = {0};
        supervisor->state.run.phase = WF_RUN_FINISHING;
        note_usage(supervisor);
        (void)!wf_state_write(supervisor->folder, &supervisor->state, WF_KEEP_LATER, &err);
    }
    for (int round = 0; left; round++) {
        wf_supervisor_kill_all(supervisor, round > 10);
        wait_and_take(supervisor, round < 10 ? 1 + round : 100);
        left = reap(supervisor) || wf_cgroup_is_populated(&supervisor->cgroup);
    }
    for (uint32_t i = 0; i < supervisor->launched; i++) {
        // What is still in the pipe; an end of it that somebody else holds is not waited for.
        for (int round = 0; supervisor->tasks[i].output >= 0 && round < 2; round++) {
            pump(&supervisor->tasks[i]);
        }
        wf_log_close(&supervisor->tasks[i].log);
    }
    note_usage(supervisor);
    wf_supervisor_write_end(supervisor);
}

static void make_token(char token[WF_TOKEN_BYTES])
{
    unsigned char bytes[(WF_TOKEN_BYTES - 1) / 2] = {0};
    (void)!getrandom(bytes, sizeof bytes, 0);
    for (size_t i = 0; i < sizeof bytes; i++) {
        snprintf(token + 2 * i, 3, "%02x", bytes[i]);
    }
}

// Has the disk know that the run began before anything of it can have an effect. The spec may be
// lost with the machine: it is not needed to say that the run was.
static enum wf_status write_start(struct wf_supervisor *supervisor, struct wf_error *err)
{
    enum wf_status status =
        wf_state_write(supervisor->folder, &supervisor->state, WF_KEEP_FIRST, err);
    return status == WF_OK ? wf_small_file_sync(supervisor->folder, "..", err) : status;
}

static enum wf_status read_spec(struct wf_supervisor *supervisor, struct wf_error *err)
{
    char *text = NULL;
    size_t length = 0;
    enum wf_status status =
        wf_small_file_read(supervisor->folder, WF_SPEC_FILE, WF_RUN_SPEC_MAX, &text, &length, err);
    return status == WF_OK ? wf_spec_read(&supervisor->store, text, length, err) : status;
}

static void prepare(struct wf_supervisor *supervisor)
{
    struct wf_run_state *state = &supervisor->state;
    const struct wf_run_spec *spec = &supervisor->store.spec;
    snprintf(state->run.id, sizeof state->run.id, "%s", spec->id);
    state->run.phase = WF_RUN_STARTING;
    state->run.exit_code = -1;
    state->run.started_ms = wf_date_ms();
    wf_boot_read(state->boot);
    make_token(state->token);
    (void)wf_process_find(getpid(), &state->supervisor);
    supervisor->cgroup.folder = -1;
    if (supervisor->cgroup_parent[0] != '\0') {
        wf_cgroup_make(supervisor->cgroup_parent, spec->id, &supervisor->cgroup, &state->run);
    } else {
        wf_run_warn(&state->run, "no cgroup: %s", supervisor->cgroup_reason);
    }
    snprintf(state->cgroup, sizeof state->cgroup, "%s", supervisor->cgroup.path);
    struct wf_cgroup_kept kept = wf_cgroup_limit(&supervisor->cgroup, spec, &state->run);
    supervisor->memory_is_kept = kept.memory;
    supervisor->processes_are_kept = kept.processes;
    wf_device_limit(&supervisor->cgroup, spec, &state->run);
}

// All tasks or none. What was launched when one cannot be is killed by finish.
static bool launch(struct wf_supervisor *supervisor)
{
    const struct wf_run_spec *spec = &supervisor->store.spec;
    struct wf_run_state *state = &supervisor->state;
    struct wf_launch how = {.spec = spec, .cgroup = &supervisor->cgroup, .token = state->token};
    if (spec->memory_bytes > 0 && !supervisor->memory_is_kept &&
        spec->memory_bytes < UINT64_MAX / DATA_LIMIT_TIMES) {
        how.data_limit_bytes = spec->memory_bytes * DATA_LIMIT_TIMES;
    }
    if (spec->processes > 0 && !supervisor->processes_are_kept) {
        uint32_t user = spec->switch_user ? spec->user : getuid();
        how.process_limit = wf_processes_of(user) + (uint64_t)spec->processes * PROCESS_LIMIT_TIMES;
    }
    supervisor->started_at_ms = wf_clock_ms();
    for (uint32_t i = 0; i < spec->tasks; i++) {
        struct wf_supervised_task *task = &supervisor->tasks[i];
        struct wf_error err = {0};
        if (wf_launch_task(&how, i, &state->leaders[i], &task->output, &err) != WF_OK) {
            state->run.end = WF_RUN_END_NOT_STARTED;
            snprintf(state->run.detail, sizeof state->run.detail, "%.250s", err.text);
            return false;
        }
        wf_log_open(&task->log, supervisor->folder, i, spec->log_bytes, spec->log_files);
        task->alive = true;
        supervisor->alive++;
        supervisor->launched++;
        state->tasks++;
    }
    return true;
}

// One of several tasks could not be launched, or the run was to be stopped before it began.
static int end_unlaunched(struct wf_supervisor *supervisor)
{
    supervisor->failed = true; // how those end that were launched says nothing
    for (int round = 0; reap(supervisor); round++) {
        wf_supervisor_kill_all(supervisor, round > 10);
        wait_and_take(supervisor, 1 + round);
    }
    supervisor->state.run.started_ms = 0;
    supervisor->state.run.exit_code = -1;
    supervisor->state.run.signal = 0;
    wf_supervisor_write_end(supervisor);
    wf_supervisor_tell(supervisor, 'R', "");
    return 0;
}

static bool is_stopped_already(struct wf_supervisor *supervisor)
{
    struct wf_run_request request;
    struct wf_error err = {0};
    if (wf_run_request_read(supervisor->folder, &request, &err) != WF_OK || !request.stop) {
        return false;
    }
    struct wf_run *run = &supervisor->state.run;
    run->end = request.why == WF_RUN_STOP_CANCELLED ? WF_RUN_END_CANCELLED : WF_RUN_END_PREEMPTED;
    snprintf(run->detail, sizeof run->detail, "stopped before it began");
    return true;
}

int wf_supervisor_run(struct wf_supervisor *supervisor)
{
    struct wf_error err = {0};
    enum wf_status status = read_spec(supervisor, &err);
    if (status == WF_OK) {
        prepare(supervisor);
        status = write_start(supervisor, &err);
    }
    if (status != WF_OK) {
        wf_cgroup_close(&supervisor->cgroup);
        (void)!wf_cgroup_remove(supervisor->state.cgroup);
        wf_supervisor_tell(supervisor, 'E', err.text);
        return 1;
    }
    if (is_stopped_already(supervisor) || !launch(supervisor)) {
        return end_unlaunched(supervisor);
    }
    supervisor->state.run.phase = WF_RUN_RUNNING;
    if (wf_state_write(supervisor->folder, &supervisor->state, WF_KEEP_LATER, &err) != WF_OK) {
        wf_run_warn(&supervisor->state.run, "its state could not be written: %s", err.text);
    }
    wf_supervisor_tell(supervisor, 'R', "");
    // So that a crash of the machine leaves this state or the one before, never an empty file.
    (void)!wf_small_file_sync(supervisor->folder, WF_STATE_FILE, NULL);
    // A request that came before our number stood in the state reached nobody.
    wf_supervisor_obey(supervisor);
    while (supervisor->alive > 0) {
        wait_and_take(supervisor, wf_supervisor_wait_ms(supervisor));
        (void)reap(supervisor);
        if (supervisor->alive > 0) {
            wf_supervisor_step(supervisor);
        }
    }
    finish(supervisor);
    wf_spec_finish(&supervisor->store);
    return 0;
}
