// SPDX-License-Identifier: Apache-2.0
#include "sim/rerun/wait_story.h"

#include <string.h>

#include "core/schedule/schedule.h"
#include "forecast/start_watch.h"

// What is noted while the run goes on.
struct notes {
    struct wf_story *story;
    struct wf_start_watch *watch;
    bool is_waiting, is_running;
};

static bool is_same_wait(const struct wf_story_step *a, const struct wf_story_step *b)
{
    return a->event == WF_STORY_BEGAN_TO_WAIT && b->event == WF_STORY_BEGAN_TO_WAIT &&
           a->reason == b->reason &&
           (a->kept_start_ms != WF_NEVER) == (b->kept_start_ms != WF_NEVER);
}

// What it waited for while several things happened at the same time is nobody's concern.
static void forget_moment(struct wf_story *story, const struct wf_story_step *next)
{
    const struct wf_story_step *last =
        story->steps_shown > 1 ? &story->steps[story->steps_shown - 1] : NULL;
    if (last && last->at_ms == next->at_ms && last->event == WF_STORY_BEGAN_TO_WAIT &&
        next->event == WF_STORY_BEGAN_TO_WAIT) {
        story->steps_shown--;
        story->steps_all--;
    }
}

static void add_step(struct wf_story *story, const struct wf_story_step *step)
{
    forget_moment(story, step);
    if (story->steps_shown > 0 && is_same_wait(&story->steps[story->steps_shown - 1], step)) {
        return;
    }
    story->steps_all++;
    if (story->steps_shown == WF_STORY_STEPS) {
        memmove(&story->steps[1], &story->steps[2], (WF_STORY_STEPS - 2) * sizeof story->steps[0]);
        story->steps_shown--;
    }
    story->steps[story->steps_shown++] = *step;
}

// Notes why it waits, when that is something new.
static void note_reason(struct notes *notes, const struct wf_core *core, int64_t now_ms)
{
    struct wf_story *story = notes->story;
    const struct wf_schedule *schedule = wf_core_schedule(core);
    uint32_t slot = wf_cluster_find_job(wf_core_cluster(core), (wf_job_id){story->job});
    if (slot == WF_NONE || schedule->backlog.tickets[slot].phase == WF_PHASE_RUNNING) {
        return;
    }
    const struct wf_ticket *ticket = &schedule->backlog.tickets[slot];
    bool is_kept = ticket->reservation != WF_NONE;
    struct wf_story_step step = {
        .at_ms = now_ms,
        .event = WF_STORY_BEGAN_TO_WAIT,
        .reason = wf_wait_reason_now(core, slot),
        .kept_start_ms =
            is_kept ? wf_future_start_ms(schedule->future, ticket->reservation) : WF_NEVER,
    };
    const struct wf_story_step *last =
        story->steps_shown > 0 ? &story->steps[story->steps_shown - 1] : NULL;
    if (last && is_same_wait(last, &step)) {
        return;
    }
    struct wf_wait_ahead ahead;
    wf_wait_ahead(core, slot, &ahead);
    step.ahead = ahead.jobs_all;
    add_step(story, &step);
}

static void note(void *context, const struct wf_core *core, const struct wf_event *event,
                 const struct wf_decisions *decisions)
{
    struct notes *notes = context;
    struct wf_story *story = notes->story;
    wf_start_watch_note(notes->watch, core, event, decisions);
    for (uint32_t i = 0; i < decisions->count; i++) {
        const struct wf_decision *decision = &decisions->list[i];
        if (decision->job.number != story->job || decision->task != 0) {
            continue;
        }
        struct wf_story_step step = {.at_ms = event->time_ms, .kept_start_ms = WF_NEVER};
        if (decision->kind == WF_DECISION_PLACE) {
            story->starts_at_once = story->steps_all == 0;
            step.event = WF_STORY_STARTED;
            notes->is_waiting = false;
            notes->is_running = true;
        } else if (decision->kind == WF_DECISION_WAIT) {
            notes->is_waiting = true;
            step.event = WF_STORY_STOPPED;
        } else {
            step.event = WF_STORY_ENDED;
        }
        if (decision->kind == WF_DECISION_PLACE || decision->kind == WF_DECISION_END ||
            decision->kind == WF_DECISION_TIMEOUT ||
            (decision->kind == WF_DECISION_WAIT && notes->is_running)) {
            add_step(story, &step);
        }
    }
    // As long as more is to be heard of this moment, nobody has been tried yet.
    if (notes->is_waiting && !event->more) {
        note_reason(notes, core, event->time_ms);
    }
}

// Says where it runs.
static void look_at_placements(const struct wf_core *core, uint32_t slot, struct wf_story_run *run)
{
    const struct wf_cluster *cluster = wf_core_cluster(core);
    for (uint32_t at = cluster->jobs[slot].first_placement; at != WF_NONE;
         at = cluster->placements[at].next_of_job) {
        const struct wf_placement *placement = &cluster->placements[at];
        if (placement->task == 0) {
            run->first_gpus = placement->gpu_set;
        }
        uint32_t i = 0;
        while (i < run->nodes_shown && run->nodes[i].index != placement->node) {
            i++;
        }
        if (i == run->nodes_shown && i < WF_STORY_NODES_SHOWN) {
            run->nodes[run->nodes_shown++].index = placement->node;
        }
        run->nodes_all++;
    }
}

static void tell_end(const struct wf_ticket *ticket, struct wf_story_run *run)
{
    const struct wf_wait_spec *wait = &ticket->spec.wait;
    run->believed_end_ms = ticket->end_ms;
    run->limit_end_ms = wait->limit_ms > 0 ? ticket->start_ms + wait->limit_ms : WF_NEVER;
    if (wait->run.ms[WF_RUN_TIME_POINTS - 1] > 0) {
        run->low_end_ms = ticket->start_ms + wait->run.ms[0];
        run->high_end_ms = ticket->start_ms + wait->run.ms[WF_RUN_TIME_POINTS - 1];
    }
}

// Makes the run once more, up to where the job started, takes its tasks off again and looks at what
// else there was. Nobody needs that run afterwards.
static enum wf_status explain_place(const struct wf_rerun_config *config, int64_t start_ms,
                                    const struct wf_job_spec *spec, struct wf_story_run *run,
                                    struct wf_error *err)
{
    struct wf_rerun_stepper *stepper;
    enum wf_status status = wf_rerun_open(config, &stepper, err);
    if (status != WF_OK) {
        return status;
    }
    status = wf_rerun_to(stepper, start_ms, err);
    const struct wf_core *core = wf_rerun_core(stepper);
    const struct wf_schedule *schedule = wf_core_schedule(core);
    const struct wf_cluster *cluster = wf_core_cluster(core);
    uint32_t slot = wf_cluster_find_job(cluster, spec->id);
    while (status == WF_OK && slot != WF_NONE && cluster->jobs[slot].first_placement != WF_NONE) {
        uint32_t placement = cluster->jobs[slot].first_placement;
        wf_future_remove(schedule->future, placement);
        wf_placer_unplace(schedule->placer, placement);
    }
    if (status == WF_OK) {
        wf_future_settle(schedule->future);
        status = wf_explain(core, spec, &run->nodes_then, err);
    }
    wf_rerun_close(stepper);
    return status;
}

static enum wf_status look(struct wf_rerun_stepper *stepper, const struct wf_rerun_config *config,
                           const struct wf_start_watch *watch, struct wf_story *story,
                           struct wf_error *err)
{
    const struct wf_core *core = wf_rerun_core(stepper);
    const struct wf_schedule *schedule = wf_core_schedule(core);
    uint32_t slot = wf_cluster_find_job(wf_core_cluster(core), (wf_job_id){story->job});
    const struct wf_outcome *outcome = &wf_rerun_outcomes(stepper)[story->job];
    story->start_ms = outcome->start_ms;
    story->end_ms = outcome->end_ms;
    story->looked_ms = schedule->now_ms;
    if (slot == WF_NONE) {
        story->state = outcome->rejected                      ? WF_STORY_IMPOSSIBLE
                       : story->asked_ms < story->eligible_ms ? WF_STORY_TO_COME
                                                              : WF_STORY_OVER;
        return WF_OK;
    }
    const struct wf_ticket *ticket = &schedule->backlog.tickets[slot];
    story->spec = ticket->spec;
    if (ticket->phase == WF_PHASE_RUNNING) {
        story->state = WF_STORY_RUNS;
        look_at_placements(core, slot, &story->run);
        tell_end(ticket, &story->run);
        return explain_place(config, story->start_ms, &story->spec, &story->run, err);
    }
    story->state = WF_STORY_WAITS;
    enum wf_status status = wf_wait_explain(core, ticket->spec.id, &story->wait, err);
    if (status == WF_OK) {
        wf_start_watch_tell(watch, core, slot, &story->start);
        story->plain_estimate_ms = wf_start_watch_estimate_ms(core, slot);
        // The run may stand at an event before the time asked for: changes are made at that time.
        story->wait.now_ms = story->asked_ms;
        struct wf_wait_driver driver = wf_rerun_driver(stepper);
        status =
            wf_wait_remedy_find(&driver, &story->wait, config->discipline, &story->remedy, err);
    }
    story->wait.ticket = NULL;
    return status;
}

enum wf_status wf_story_make(const struct wf_rerun_config *config, uint32_t job, int64_t asked_ms,
                             struct wf_story *story_out, struct wf_error *err)
{
    const struct wf_rerun_jobs *jobs = config->jobs;
    *story_out = (struct wf_story){
        .job = job,
        .asked_ms = asked_ms,
        .eligible_ms = jobs->list[job].arrival_ms,
    };
    struct notes notes = {.story = story_out};
    int64_t span_ms = jobs->told[jobs->count - 1].submit_ms - jobs->told[0].submit_ms;
    struct wf_rerun_config watched = *config;
    watched.watch = note;
    watched.context = &notes;
    watched.progress = NULL;
    struct wf_rerun_config plain = watched;
    plain.watch = NULL;
    struct wf_rerun_stepper *stepper = NULL;
    enum wf_status status =
        wf_start_watch_create(wf_start_watch_interval_ms(span_ms), &notes.watch, err);
    status = status == WF_OK ? wf_rerun_open(&watched, &stepper, err) : status;
    status = status == WF_OK ? wf_rerun_to(stepper, asked_ms, err) : status;
    status = status == WF_OK ? look(stepper, &plain, notes.watch, story_out, err) : status;
    wf_rerun_close(stepper);
    wf_start_watch_destroy(notes.watch);
    return status;
}
