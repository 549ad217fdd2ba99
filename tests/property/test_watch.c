// SPDX-License-Identifier: Apache-2.0
// A core that watches while others start and end work: it never does so itself, takes in whatever
// is told to run, on full, closed and crowded nodes, as gangs in part and in any order, and its
// books hold. Now and then it is made to decide for a while, and to watch again.
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>

#include <cmocka.h>

#include "core/schedule/schedule.h"
#include "queue_history.h"

enum { HISTORIES = 400, STEPS = 300 };

struct play {
    struct history history;
    struct wf_core *core;
    bool watches, over[HISTORY_JOBS];
    uint32_t step;
};

static struct {
    uint32_t found, short_of_room, closed, gangs, late, switches, placed, timeouts, preempted, kept;
} seen;

static uint32_t below(struct play *play, uint64_t end)
{
    return (uint32_t)wf_random_below(&play->history.random, end);
}

static void fail_at(const struct play *play, const char *what)
{
    fail_msg("seed %llu (%s), step %u: %s", (unsigned long long)play->history.seed,
             play->history.config.discipline->name, play->step, what);
}

// What runs on a node and what is free there come to what it has, and nothing is below zero.
static void check_node(const struct play *play, uint32_t node)
{
    const struct wf_cluster *cluster = wf_core_cluster(play->core);
    const struct wf_node_spec *spec = &cluster->nodes[node].spec;
    const struct wf_state *state = &cluster->states[node];
    uint64_t cpu_milli = state->cpu_free_milli, memory_mib = state->memory_free_mib;
    uint32_t gpu_milli[WF_NODE_GPUS_MAX];
    for (uint32_t i = 0; i < WF_NODE_GPUS_MAX; i++) {
        gpu_milli[i] = state->gpu_free_milli[i];
    }
    for (uint32_t at = cluster->nodes[node].first_placement; at != WF_NONE;
         at = cluster->placements[at].next_on_node) {
        const struct wf_placement *placement = &cluster->placements[at];
        cpu_milli += placement->cpu_milli;
        memory_mib += placement->memory_mib;
        for (uint32_t rest = placement->gpu_set; rest; rest &= rest - 1) {
            gpu_milli[__builtin_ctz(rest)] += placement->gpu_milli;
        }
        if ((uint32_t)__builtin_popcount(placement->gpu_set) != placement->gpus) {
            fail_at(play, "a task has other GPUs than it is said to have");
        }
    }
    bool holds = cpu_milli == spec->cpu_milli && memory_mib == spec->memory_mib;
    for (uint32_t i = 0; i < WF_NODE_GPUS_MAX; i++) {
        holds = holds && gpu_milli[i] == (i < spec->gpus ? WF_GPU_MILLI : 0);
    }
    if (!holds) {
        fail_at(play, "the books of a node do not add up");
    }
}

static void check_books(const struct play *play)
{
    const struct wf_schedule *schedule = wf_core_schedule(play->core);
    const struct wf_cluster *cluster = wf_core_cluster(play->core);
    struct wf_error err = {.text = ""};
    if (wf_future_check(schedule->future, &err) != WF_OK) {
        fail_at(play, err.text);
    }
    for (uint32_t node = 0; node < cluster->nodes_end; node++) {
        wf_future_lift(schedule->future, node);
    }
    for (uint32_t node = 0; node < cluster->nodes_end; node++) {
        if (cluster->nodes[node].up) {
            check_node(play, node);
        }
    }
    wf_future_settle(schedule->future);
    seen.kept += schedule->reserved_count;
}

static bool runs(const struct play *play, uint32_t job)
{
    const struct wf_cluster *cluster = wf_core_cluster(play->core);
    uint32_t slot = wf_cluster_find_job(cluster, (wf_job_id){job + 1});
    return slot != WF_NONE &&
           wf_core_schedule(play->core)->backlog.tickets[slot].phase == WF_PHASE_RUNNING;
}

static void check_decision(struct play *play, const struct wf_decision *decision)
{
    bool acts = decision->kind == WF_DECISION_PLACE || decision->kind == WF_DECISION_PREEMPT ||
                decision->kind == WF_DECISION_TIMEOUT;
    if (acts && play->watches) {
        fail_at(play, "a core that watches does something");
    }
    seen.placed += decision->kind == WF_DECISION_PLACE;
    seen.preempted += decision->kind == WF_DECISION_PREEMPT;
    seen.timeouts += decision->kind == WF_DECISION_TIMEOUT;
    play->over[decision->job.number - 1] |=
        decision->kind == WF_DECISION_TIMEOUT || decision->kind == WF_DECISION_REJECT;
}

static enum wf_status step(struct play *play, struct wf_event *event)
{
    struct wf_decisions decisions;
    struct wf_error err;
    event->time_ms = play->history.now_ms;
    enum wf_status status = wf_core_step(play->core, event, &decisions, &err);
    for (uint32_t i = 0; i < decisions.count; i++) {
        check_decision(play, &decisions.list[i]);
    }
    if (status == WF_OK && !event->more) {
        if (decisions.wake_ms <= event->time_ms) {
            fail_at(play, "it wants to be asked again at a time that is over");
        }
        play->history.wake_ms = decisions.wake_ms;
        check_books(play);
    }
    play->step++;
    return status;
}

static void must(struct play *play, struct wf_event *event)
{
    if (step(play, event) != WF_OK) {
        fail_at(play, "what may be told is refused");
    }
}

// Tasks of a job, some or all of them, wherever they fit or not.
static void find(struct play *play, uint32_t job)
{
    struct history *history = &play->history;
    const struct wf_job_spec *spec = &history->jobs[job].spec;
    uint32_t count = 1 + below(play, spec->tasks);
    bool late = below(play, 3) == 0;
    for (uint32_t task = 0; task < count; task++) {
        uint32_t node = below(play, history->node_count);
        struct wf_event event = {.kind = WF_EVENT_TASK_FOUND,
                                 .more = true, // else it may be over at once
                                 .task_found = {.job = spec->id,
                                                .task = task,
                                                .node = {node},
                                                .gpus = below(play, 256),
                                                .request = spec->request,
                                                .anyway = true}};
        event.task_found.started_ms = late ? below(play, (uint64_t)history->now_ms + 1) : 0;
        enum wf_status status = step(play, &event);
        if (status == WF_NOTFOUND && !history->node_up[node]) {
            continue;
        }
        if (status != WF_OK || !runs(play, job)) {
            fail_at(play, "a task that runs is not taken in");
        }
        const struct wf_cluster *cluster = wf_core_cluster(play->core);
        const struct wf_placement *placement =
            &cluster->placements[cluster->nodes[node].first_placement];
        seen.found++;
        seen.short_of_room += placement->gpus < spec->request.gpus;
        seen.closed += cluster->nodes[node].closed;
        seen.gangs += spec->tasks > 1;
        seen.late += late;
    }
    struct wf_event end = {.kind = WF_EVENT_TIME};
    must(play, &end);
}

static void end(struct play *play, uint32_t job, bool again)
{
    struct wf_event event = {.kind = WF_EVENT_JOB_END,
                             .job_end = {.id = {job + 1}, .again = again}};
    play->over[job] = play->over[job] || !again;
    must(play, &event);
}

static void change_node(struct play *play, uint32_t node)
{
    struct history *history = &play->history;
    struct wf_event event = {.kind = WF_EVENT_NODE_DOWN, .node_down = {{node}}};
    if (!history->node_up[node]) {
        event =
            (struct wf_event){.kind = WF_EVENT_NODE_UP, .node_up = {{node}, history->nodes[node]}};
    } else if (below(play, 3) > 0) {
        event = (struct wf_event){.kind = WF_EVENT_NODE_DRAIN,
                                  .node_drain = {{node}, below(play, 2) == 0}};
    } else if (below(play, 2) == 0) {
        int64_t gone_ms = below(play, 2) == 0 ? history->now_ms + 1000 : 0;
        event = (struct wf_event){.kind = WF_EVENT_NODE_NOTICE,
                                  .node_notice = {.id = {node}, .gone_ms = gone_ms}};
    }
    history->node_up[node] = event.kind != WF_EVENT_NODE_DOWN;
    must(play, &event);
}

static void switch_mode(struct play *play)
{
    // When the event is taken, the core has done what it says.
    bool watches = !play->watches;
    struct wf_event event = {.kind = WF_EVENT_WATCH, .watch = {watches}};
    play->watches = watches;
    seen.switches++;
    must(play, &event);
}

static void submit(struct play *play)
{
    struct history *history = &play->history;
    struct wf_event event = {.kind = WF_EVENT_JOB_SUBMIT,
                             .job_submit = history->jobs[history->submitted].spec};
    event.job_submit.wait.overruns = below(play, 4) == 0;
    history->submitted++;
    must(play, &event);
}

static void pass_time(struct play *play)
{
    struct history *history = &play->history;
    history->now_ms += below(play, 1ULL << below(play, 16));
    struct wf_event time = {.kind = WF_EVENT_TIME};
    if (history->wake_ms <= history->now_ms) {
        must(play, &time);
    }
}

static void go_on(struct play *play)
{
    struct history *history = &play->history;
    pass_time(play);
    uint32_t what = below(play, 16);
    uint32_t job = history->submitted > 0 ? below(play, history->submitted) : 0;
    bool live = history->submitted > 0 && !play->over[job];
    if (what < 5 && history->submitted < history->job_count) {
        submit(play);
    } else if (what < 9 && live && !runs(play, job)) {
        find(play, job);
    } else if (what < 12 && live && runs(play, job)) {
        end(play, job, below(play, 3) == 0);
    } else if (what == 12) {
        change_node(play, below(play, history->node_count));
    } else if (what == 13 && below(play, 4) == 0) {
        switch_mode(play);
    } else {
        pass_time(play);
    }
}

static void set_up(struct play *play, uint64_t seed)
{
    memset(play, 0, sizeof *play);
    history_init(&play->history, seed);
    play->history.now_ms = 1000000;
    assert_int_equal(wf_core_create(&play->history.config, &play->core, NULL), WF_OK);
    const struct history *history = &play->history;
    uint32_t count = history->pool_count + history->node_count + history->queue_count;
    for (uint32_t i = 0; i < count; i++) {
        struct wf_event event;
        assert_true(history_next(&play->history, &event));
        must(play, &event);
    }
    switch_mode(play);
}

static void end_all(struct play *play)
{
    if (!play->watches) {
        switch_mode(play);
    }
    for (uint32_t job = 0; job < play->history.submitted; job++) {
        if (!play->over[job]) {
            end(play, job, false);
        }
    }
    const struct wf_cluster *cluster = wf_core_cluster(play->core);
    for (uint32_t node = 0; node < cluster->nodes_end; node++) {
        assert_true(cluster->nodes[node].first_placement == WF_NONE || !cluster->nodes[node].up);
    }
}

static void a_core_that_watches_does_nothing_and_takes_in_all(void **unused)
{
    (void)unused;
    static struct play play;
    for (uint64_t seed = 1; seed <= HISTORIES; seed++) {
        set_up(&play, seed);
        for (uint32_t i = 0; i < STEPS; i++) {
            go_on(&play);
        }
        end_all(&play);
        wf_core_destroy(play.core);
    }
    print_message("# %u found (%u short, %u on closed nodes, %u of gangs, %u late), %u switches, "
                  "%u placed, %u timed out, %u preempted, %u starts kept\n",
                  seen.found, seen.short_of_room, seen.closed, seen.gangs, seen.late, seen.switches,
                  seen.placed, seen.timeouts, seen.preempted, seen.kept);
    assert_true(seen.short_of_room > 100 && seen.closed > 100 && seen.gangs > 100 &&
                seen.late > 100 && seen.switches > 500 && seen.placed > 100 && seen.kept > 100 &&
                seen.timeouts > 0 && seen.preempted > 0);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(a_core_that_watches_does_nothing_and_takes_in_all),
    };
    return cmocka_run_group_tests_name("watch", tests, NULL, NULL);
}
