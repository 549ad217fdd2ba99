// SPDX-License-Identifier: Apache-2.0
#include "core/place/immediate.h"

#include "base/assert.h"
#include "core/job_check.h"

enum wf_status wf_immediate_init(struct wf_immediate *immediate, struct wf_region *region,
                                 struct wf_placer *placer, struct wf_record *record,
                                 struct wf_error *err)
{
    *immediate = (struct wf_immediate){.placer = placer, .record = record};
    if (!placer->config.limits.moves || placer->config.policy->at_random) {
        return WF_OK;
    }
    immediate->mover = wf_mover_create(region, &placer->cluster, &placer->outlook,
                                       placer->config.policy, placer->ranking);
    return immediate->mover ? WF_OK : wf_fail(err, WF_NOMEM, "no memory to search for moves");
}

void wf_immediate_adopt(struct wf_immediate *immediate, const struct wf_policy *policy)
{
    if (immediate->mover) {
        wf_mover_adopt(immediate->mover, policy);
    }
}

static struct wf_decision decision_of(const struct wf_immediate *immediate, uint32_t slot,
                                      enum wf_decision_kind kind)
{
    const struct wf_placement *placement = &immediate->placer->cluster.placements[slot];
    return (struct wf_decision){
        .kind = kind,
        .job = immediate->placer->cluster.jobs[placement->job].id,
        .task = placement->task,
        .node = {placement->node},
        .gpus = placement->gpu_set,
        .gpu_milli = placement->gpu_milli,
        .from = {WF_NONE},
    };
}

void wf_immediate_end_placement(struct wf_immediate *immediate, uint32_t slot,
                                enum wf_decision_kind kind)
{
    uint32_t job = immediate->placer->cluster.placements[slot].job;
    wf_record_add(immediate->record, decision_of(immediate, slot, kind));
    wf_placer_unplace(immediate->placer, slot);
    if (immediate->placer->cluster.jobs[job].first_placement == WF_NONE) {
        wf_cluster_remove_job(&immediate->placer->cluster, job);
    }
}

// The tasks of a gang cannot be stopped one by one, nor be given room one by one.
static bool is_bound(const struct wf_job_spec *spec)
{
    return spec->gang && spec->tasks > 1;
}

// Makes the move, then gives the task the place that is free now; returns its placement.
static uint32_t place_by_move(struct wf_immediate *immediate, uint32_t job, uint32_t task,
                              const struct wf_job_spec *spec, const struct wf_move *move)
{
    struct wf_placement mover = immediate->placer->cluster.placements[move->placement];
    wf_placer_unplace(immediate->placer, move->placement);
    uint32_t slot = wf_placer_place_on(immediate->placer, job, task, &spec->request, mover.node);
    uint32_t moved =
        wf_placer_place_on(immediate->placer, mover.job, mover.task,
                           &immediate->placer->cluster.mobility[mover.job].request, move->target);
    wf_cluster_allow_move(&immediate->placer->cluster, moved);
    immediate->moves_left -= immediate->moves_left < UINT32_MAX;
    struct wf_decision decision = decision_of(immediate, moved, WF_DECISION_MOVE);
    decision.from.index = mover.node;
    decision.from_gpus = mover.gpu_set;
    wf_record_add(immediate->record, decision);
    return slot;
}

// Makes room for a task that fits nowhere, if that is allowed, possible and worth it; returns its
// placement or WF_NONE.
static uint32_t make_room(struct wf_immediate *immediate, uint32_t job, uint32_t task,
                          const struct wf_job_spec *spec)
{
    if (!immediate->mover || immediate->moves_left == 0 || is_bound(spec)) {
        return WF_NONE;
    }
    int64_t value = immediate->refused_value_nanousd > 0
                        ? immediate->refused_value_nanousd
                        : immediate->placer->outlook.fleet_price_nanousd;
    int64_t cost_max = wf_move_win_nanousd(&spec->request, spec->run_minutes, value) - 1;
    if (immediate->move_cost_max_nanousd > 0 && immediate->move_cost_max_nanousd < cost_max) {
        cost_max = immediate->move_cost_max_nanousd;
    }
    struct wf_move_wish wish = {
        .request = &spec->request, .job = job, .cost_max_nanousd = cost_max};
    struct wf_move move;
    if (cost_max < 0 || !wf_mover_find(immediate->mover, &wish, &move)) {
        return WF_NONE;
    }
    return place_by_move(immediate, job, task, spec, &move);
}

static void refuse(struct wf_immediate *immediate, wf_job_id id, uint32_t task)
{
    wf_record_add(immediate->record, (struct wf_decision){
                                         .kind = WF_DECISION_REFUSE,
                                         .job = id,
                                         .task = task,
                                         .node = {WF_NONE},
                                         .from = {WF_NONE},
                                     });
}

static void refuse_gang(struct wf_immediate *immediate, uint32_t job,
                        const struct wf_job_spec *spec)
{
    while (immediate->placer->cluster.jobs[job].first_placement != WF_NONE) {
        wf_placer_unplace(immediate->placer, immediate->placer->cluster.jobs[job].first_placement);
    }
    refuse(immediate, spec->id, 0);
}

enum wf_status wf_immediate_submit(struct wf_immediate *immediate, const struct wf_job_spec *spec,
                                   struct wf_error *err)
{
    enum wf_status status = wf_job_check(spec, err);
    if (status == WF_OK) {
        status = wf_job_check_room(immediate->placer, spec->id, spec->tasks, err);
    }
    if (status != WF_OK) {
        return status;
    }
    uint32_t job;
    status = wf_cluster_add_job(&immediate->placer->cluster, spec->id, &job, err);
    if (status != WF_OK) {
        return status;
    }
    bool movable = immediate->mover && spec->movable && !is_bound(spec);
    if (movable) {
        immediate->placer->cluster.mobility[job] =
            (struct wf_mobility){spec->request, spec->move_cost_nanousd};
    }
    wf_placer_before_decisions(immediate->placer);
    uint64_t hash_before = immediate->record->hash;
    for (uint32_t task = 0; task < spec->tasks; task++) {
        uint32_t slot = wf_placer_place(immediate->placer, job, task, &spec->request);
        slot = slot != WF_NONE ? slot : make_room(immediate, job, task, spec);
        wf_placer_after_decision(immediate->placer);
        if (slot != WF_NONE) {
            wf_record_add(immediate->record, decision_of(immediate, slot, WF_DECISION_PLACE));
            if (movable) {
                wf_cluster_allow_move(&immediate->placer->cluster, slot);
            }
        } else if (spec->gang) {
            wf_record_undo(immediate->record, 0, hash_before);
            refuse_gang(immediate, job, spec);
            break;
        } else {
            refuse(immediate, spec->id, task);
        }
    }
    if (immediate->placer->cluster.jobs[job].first_placement == WF_NONE) {
        wf_cluster_remove_job(&immediate->placer->cluster, job);
    }
    wf_placer_learn(immediate->placer, &spec->request, spec->tasks);
    return WF_OK;
}

enum wf_status wf_immediate_end(struct wf_immediate *immediate, wf_job_id id, struct wf_error *err)
{
    uint32_t job = wf_cluster_find_job(&immediate->placer->cluster, id);
    if (job == WF_NONE) {
        return wf_fail(err, WF_NOTFOUND, "there is no job %llu", (unsigned long long)id.number);
    }
    uint32_t slot = immediate->placer->cluster.jobs[job].first_placement;
    while (slot != WF_NONE) {
        uint32_t next = immediate->placer->cluster.placements[slot].next_of_job;
        wf_immediate_end_placement(immediate, slot, WF_DECISION_END);
        slot = next;
    }
    return WF_OK;
}

enum wf_status wf_immediate_allow_moves(struct wf_immediate *immediate,
                                        const struct wf_event *event, struct wf_error *err)
{
    if (!immediate->placer->config.limits.moves) {
        return wf_fail(err, WF_LIMIT, "this core was made without the limit 'moves'");
    }
    immediate->moves_left = event->moves.allowed;
    immediate->move_cost_max_nanousd = event->moves.cost_max_nanousd;
    immediate->refused_value_nanousd = event->moves.value_nanousd_per_gpu_hour;
    return WF_OK;
}
