// SPDX-License-Identifier: Apache-2.0
// How a supervisor stops its run: asked to, at the time limit, or for taking too much memory.
#include <errno.h>
#include <signal.h>
#include <stdio.h>
#include <string.h>
#include <time.h>
#include <unistd.h>

#include "engine/local/supervisor.h"

// How often memory is looked at where the kernel does not keep the limit: with a cgroup that costs
// a few reads, without one a walk over all processes of the machine.
#define LOOK_MS 200
#define LOOK_WIDE_MS 500

#define KILL_AGAIN_MS 100

int64_t wf_clock_ms(void)
{
    struct timespec now;
    (void)clock_gettime(CLOCK_BOOTTIME, &now);
    return (int64_t)now.tv_sec * 1000 + now.tv_nsec / 1000000;
}

int64_t wf_date_ms(void)
{
    struct timespec now;
    (void)clock_gettime(CLOCK_REALTIME, &now);
    return (int64_t)now.tv_sec * 1000 + now.tv_nsec / 1000000;
}

// To the process group of each task: a shell script's children get it as well. A leader that was
// not waited for keeps its number, so the group is the right one.
static void signal_tasks(const struct wf_supervisor *supervisor, int signal)
{
    for (uint32_t i = 0; i < supervisor->launched; i++) {
        if (supervisor->tasks[i].alive) {
            (void)kill(-supervisor->state.leaders[i].pid, signal);
        }
    }
}

static struct wf_process_choice descendants(void)
{
    return (struct wf_process_choice){.ancestor = getpid()};
}

void wf_supervisor_kill_all(struct wf_supervisor *supervisor, bool thorough)
{
    bool done = wf_cgroup_kill(&supervisor->cgroup);
    if (!done || thorough) {
        struct wf_process_choice choice = descendants();
        // Stopped first, so that none makes another one while the rest are killed.
        (void)wf_processes_signal(&choice, SIGSTOP);
        (void)wf_processes_signal(&choice, SIGKILL);
    }
}

static void pause_all(struct wf_supervisor *supervisor, bool paused)
{
    if (paused != supervisor->paused && !wf_cgroup_freeze(&supervisor->cgroup, paused)) {
        struct wf_process_choice choice = descendants();
        (void)wf_processes_signal(&choice, paused ? SIGSTOP : SIGCONT);
    }
    supervisor->paused = paused;
}

static void go_to_step(struct wf_supervisor *supervisor, enum wf_stop_step step)
{
    int64_t now = wf_clock_ms();
    supervisor->step = step;
    switch (step) {
    case WF_STOP_NOT:
        break;
    case WF_STOP_CHECKPOINT:
        signal_tasks(supervisor, (int)supervisor->store.spec.checkpoint_signal);
        supervisor->step_at_ms = now + supervisor->store.spec.checkpoint_ms;
        break;
    case WF_STOP_TERM:
        signal_tasks(supervisor, SIGTERM);
        supervisor->step_at_ms = now + supervisor->grace_ms;
        break;
    case WF_STOP_KILL:
        wf_supervisor_kill_all(supervisor, false);
        supervisor->step_at_ms = now + KILL_AGAIN_MS;
        break;
    }
}

void wf_supervisor_stop(struct wf_supervisor *supervisor, enum wf_run_end end, uint32_t grace_ms,
                        const char *detail)
{
    struct wf_run *run = &supervisor->state.run;
    if (supervisor->step == WF_STOP_NOT) {
        supervisor->stop_end = end;
        supervisor->grace_ms = grace_ms;
        if (!supervisor->failed) {
            snprintf(run->detail, sizeof run->detail, "%s", detail);
        }
        pause_all(supervisor, false);
        // A failed sibling is nothing to make a checkpoint for.
        bool checkpoint = supervisor->store.spec.checkpoint_signal > 0 && end != WF_RUN_END_NONE;
        go_to_step(supervisor, checkpoint ? WF_STOP_CHECKPOINT : WF_STOP_TERM);
        return;
    }
    if (end == WF_RUN_END_CANCELLED && supervisor->stop_end == WF_RUN_END_PREEMPTED) {
        supervisor->stop_end = end;
        snprintf(run->detail, sizeof run->detail, "%s", detail);
    }
    if (grace_ms < supervisor->grace_ms) {
        supervisor->grace_ms = grace_ms;
        int64_t at = wf_clock_ms() + grace_ms;
        if (supervisor->step == WF_STOP_CHECKPOINT) {
            supervisor->step_at_ms =
                wf_clock_ms(); // whoever is in more of a hurry knows it is made
        }
        if (supervisor->step == WF_STOP_TERM && at < supervisor->step_at_ms) {
            supervisor->step_at_ms = at;
        }
    }
}

// However often it was asked for since: one checkpoint does.
static void prompt(struct wf_supervisor *supervisor, uint32_t checkpoints)
{
    bool more = checkpoints > supervisor->checkpoints;
    supervisor->checkpoints = checkpoints;
    if (more && supervisor->step == WF_STOP_NOT && supervisor->store.spec.checkpoint_signal > 0) {
        signal_tasks(supervisor, (int)supervisor->store.spec.checkpoint_signal);
    }
}

void wf_supervisor_obey(struct wf_supervisor *supervisor)
{
    struct wf_run_request request;
    struct wf_error err = {0};
    if (wf_run_request_read(supervisor->folder, &request, &err) != WF_OK) {
        wf_run_warn(&supervisor->state.run, "a request was not understood: %s", err.text);
        return;
    }
    if (request.stop) {
        bool cancelled = request.why == WF_RUN_STOP_CANCELLED;
        wf_supervisor_stop(supervisor, cancelled ? WF_RUN_END_CANCELLED : WF_RUN_END_PREEMPTED,
                           request.grace_ms, "");
    } else {
        prompt(supervisor, request.checkpoints);
        pause_all(supervisor, request.paused);
    }
}

static void look_at_memory(struct wf_supervisor *supervisor)
{
    uint64_t limit = supervisor->store.spec.memory_bytes;
    bool group = supervisor->cgroup.folder >= 0;
    struct wf_process_choice choice = descendants();
    uint64_t bytes = group ? wf_cgroup_memory(&supervisor->cgroup) : wf_processes_memory(&choice);
    if (bytes > supervisor->state.run.memory_peak_bytes) {
        supervisor->state.run.memory_peak_bytes = bytes;
    }
    if (bytes > limit) {
        supervisor->memory_is_over = true;
        pause_all(supervisor, false);
        go_to_step(supervisor, WF_STOP_KILL);
    }
    supervisor->look_at_ms = wf_clock_ms() + (group ? LOOK_MS : LOOK_WIDE_MS);
}

static bool memory_is_watched(const struct wf_supervisor *supervisor)
{
    return supervisor->store.spec.memory_bytes > 0 && !supervisor->memory_is_kept;
}

void wf_supervisor_step(struct wf_supervisor *supervisor)
{
    const struct wf_run_spec *spec = &supervisor->store.spec;
    int64_t now = wf_clock_ms();
    if (supervisor->step == WF_STOP_NOT && spec->time_limit_ms > 0 &&
        now >= supervisor->started_at_ms + (int64_t)spec->time_limit_ms) {
        wf_supervisor_stop(supervisor, WF_RUN_END_TIME_LIMIT, spec->stop_ms, "");
    }
    if (memory_is_watched(supervisor) && now >= supervisor->look_at_ms) {
        look_at_memory(supervisor);
    }
    if (supervisor->step != WF_STOP_NOT && now >= supervisor->step_at_ms) {
        go_to_step(supervisor,
                   supervisor->step == WF_STOP_CHECKPOINT ? WF_STOP_TERM : WF_STOP_KILL);
    }
}

int wf_supervisor_wait_ms(const struct wf_supervisor *supervisor)
{
    const struct wf_run_spec *spec = &supervisor->store.spec;
    int64_t next = INT64_MAX;
    if (supervisor->step != WF_STOP_NOT) {
        next = supervisor->step_at_ms;
    } else if (spec->time_limit_ms > 0) {
        next = supervisor->started_at_ms + (int64_t)spec->time_limit_ms;
    }
    if (memory_is_watched(supervisor) && supervisor->look_at_ms < next) {
        next = supervisor->look_at_ms;
    }
    if (next == INT64_MAX) {
        return -1;
    }
    int64_t wait = next - wf_clock_ms();
    return wait < 0 ? 0 : wait > 60000 ? 60000 : (int)wait;
}
