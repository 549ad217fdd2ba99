// SPDX-License-Identifier: Apache-2.0
#include "core/explain/explain.h"

#include <string.h>

#include "base/assert.h"
#include "core/core.h"
#include "core/explain/sight.h"
#include "core/place/capacity.h"
#include "core/place/place.h"

// What the pass over the nodes knows about one of them.
struct look {
    wf_node_id id;
    const struct wf_pool *pool;
    const struct wf_node *node;
    const struct wf_state *state;
    struct wf_request served;
};

enum wf_status wf_explain_check(const struct wf_job_spec *job, struct wf_error *err)
{
    unsigned long long number = job->id.number;
    if (job->tasks == 0 || job->tasks > WF_JOB_TASKS_MAX) {
        return wf_fail(err, WF_INVALID, "job %llu has %u tasks, it may have 1 to %d", number,
                       job->tasks, WF_JOB_TASKS_MAX);
    }
    if (!wf_request_is_valid(&job->request)) {
        return wf_fail(err, WF_INVALID,
                       "job %llu asks for %u GPUs of %u milli each: it must be "
                       "none of 0, one of 1 to 999 or some of 1000",
                       number, job->request.gpus, job->request.gpu_milli);
    }
    return WF_OK;
}

static uint32_t add_up_to(uint32_t sum, uint32_t more, uint32_t ceiling)
{
    return more < ceiling - sum ? sum + more : ceiling;
}

// The tasks that the node would take if it were empty and open.
static uint32_t capacity_when_empty(const struct look *look, const struct wf_request *request)
{
    if (!wf_pool_admits(look->pool, request) ||
        (look->node->spec.labels & request->labels) != request->labels) {
        return 0;
    }
    struct wf_state empty;
    wf_state_init(&empty, &look->node->spec);
    return wf_state_capacity(&empty, &look->served);
}

static void count_blockers(struct wf_explanation *out, const struct look *look,
                           const struct wf_request *request, uint32_t reasons)
{
    for (uint32_t rest = reasons; rest; rest &= rest - 1) {
        out->blockers[__builtin_ctz(rest)].nodes++;
    }
    if ((reasons & (reasons - 1)) != 0) {
        return;
    }
    enum wf_reason reason = (enum wf_reason)__builtin_ctz(reasons);
    struct wf_blocker *blocker = &out->blockers[reason];
    uint32_t missing = wf_reason_shortage(reason, look->pool, look->node, look->state, request);
    if (blocker->nodes_alone == 0 || missing < blocker->short_min) {
        blocker->short_min = missing;
    }
    if (missing > blocker->short_max) {
        blocker->short_max = missing;
    }
    blocker->nodes_alone++;
    blocker->gpus_free_alone += look->state->gpus_whole;
    blocker->gpu_free_milli_alone += wf_state_gpu_total_milli(look->state);
    if (reason == WF_REASON_MODEL) {
        blocker->set_alone |= WF_MODEL_BIT(look->pool->spec.model);
    } else if (reason == WF_REASON_LABELS) {
        blocker->set_alone |= request->labels & ~look->node->spec.labels;
    }
}

// Nodes come in the order of their ids, so the first of a state is its lowest, and a state that
// was pushed off the list cannot come back: the list only gets better.
static void offer_candidate(struct wf_explanation *out, const struct wf_cluster *cluster,
                            const struct look *look, int64_t score)
{
    uint32_t at = 0;
    for (; at < out->candidate_count && out->candidates[at].score >= score; at++) {
        struct wf_candidate *known = &out->candidates[at];
        if (known->score == score && known->pool.index == look->node->pool.index &&
            memcmp(&cluster->states[known->node.index], look->state, sizeof *look->state) == 0) {
            known->alike++;
            return;
        }
    }
    if (at == WF_CANDIDATES_MAX) {
        return;
    }
    uint32_t kept =
        out->candidate_count < WF_CANDIDATES_MAX ? out->candidate_count : WF_CANDIDATES_MAX - 1;
    memmove(&out->candidates[at + 1], &out->candidates[at],
            (kept - at) * sizeof out->candidates[0]);
    out->candidates[at] = (struct wf_candidate){
        .node = look->id,
        .pool = look->node->pool,
        .alike = 1,
        .score = score,
    };
    out->candidate_count = kept + 1;
}

// The best node of each of the two best pools.
struct bests {
    struct wf_candidate best[2];
    uint32_t count;
};

static void offer_best(struct bests *bests, const struct wf_cluster *cluster,
                       const struct look *look, int64_t score)
{
    const struct wf_candidate offered = {
        .node = look->id, .pool = look->node->pool, .alike = 1, .score = score};
    uint32_t same = 0;
    while (same < bests->count && bests->best[same].pool.index != offered.pool.index) {
        same++;
    }
    if (same < bests->count && bests->best[same].score >= score) {
        struct wf_candidate *known = &bests->best[same];
        known->alike += known->score == score && memcmp(&cluster->states[known->node.index],
                                                        look->state, sizeof *look->state) == 0;
        return;
    }
    // Better than the best of its own pool, which it pushes out, or of a pool that is not there.
    if (bests->count == 0 || score > bests->best[0].score) {
        if (same > 0) {
            bests->best[1] = bests->best[0];
            bests->count = 2;
        }
        bests->best[0] = offered;
        bests->count += bests->count == 0;
    } else if (bests->count < 2 || score > bests->best[1].score) {
        bests->best[1] = offered;
        bests->count = 2;
    }
}

static void look_at(const struct wf_sight *sight, const struct wf_job_spec *job,
                    const struct look *look, struct bests *bests, struct wf_explanation *out)
{
    out->nodes++;
    out->tasks_empty =
        add_up_to(out->tasks_empty, capacity_when_empty(look, &job->request), job->tasks);
    uint32_t reasons = wf_reasons_of(look->pool, look->node, look->state, &job->request);
    if (reasons) {
        count_blockers(out, look, &job->request, reasons);
        return;
    }
    out->nodes_fitting++;
    uint32_t capacity = wf_state_capacity(look->state, &look->served);
    WF_ASSERT(capacity > 0);
    out->tasks_now = add_up_to(out->tasks_now, capacity, job->tasks);
    int64_t score = wf_sight_score(sight, look->pool, look->state, &look->served);
    offer_candidate(out, sight->outlook.cluster, look, score);
    offer_best(bests, sight->outlook.cluster, look, score);
}

static void fill_terms(const struct wf_sight *sight, const struct wf_request *request,
                       struct wf_candidate *candidate)
{
    const struct wf_cluster *cluster = sight->outlook.cluster;
    const struct wf_pool *pool = &cluster->pools[candidate->pool.index];
    struct wf_request served = wf_pool_request(pool, request);
    wf_sight_terms(sight, pool, &cluster->states[candidate->node.index], &served, candidate->score,
                   &candidate->terms);
}

static void rank_blockers(struct wf_explanation *out)
{
    for (uint32_t reason = 0; reason < WF_REASON_COUNT; reason++) {
        const struct wf_blocker *blocker = &out->blockers[reason];
        if (blocker->nodes == 0) {
            continue;
        }
        uint32_t at = out->ranked_count++;
        for (; at > 0; at--) {
            const struct wf_blocker *before = &out->blockers[out->ranked[at - 1]];
            if (before->nodes_alone > blocker->nodes_alone ||
                (before->nodes_alone == blocker->nodes_alone && before->nodes >= blocker->nodes)) {
                break;
            }
            out->ranked[at] = out->ranked[at - 1];
        }
        out->ranked[at] = (enum wf_reason)reason;
    }
}

static enum wf_verdict verdict_of(const struct wf_explanation *out, const struct wf_job_spec *job)
{
    if (out->tasks_now == job->tasks) {
        return WF_VERDICT_STARTS;
    }
    if (!job->gang && out->tasks_now > 0) {
        return WF_VERDICT_PART;
    }
    uint32_t least = job->gang ? job->tasks : 1;
    return out->tasks_empty >= least ? WF_VERDICT_WAITS : WF_VERDICT_NEVER;
}

enum wf_status wf_explain(const struct wf_core *core, const struct wf_job_spec *job,
                          struct wf_explanation *out, struct wf_error *err)
{
    *out = (struct wf_explanation){.at_random = wf_core_policy(core)->at_random};
    enum wf_status status = wf_explain_check(job, err);
    if (status != WF_OK) {
        return status;
    }
    struct wf_sight sight = wf_sight_make(core, &job->request);
    const struct wf_cluster *cluster = sight.outlook.cluster;
    struct bests bests = {.count = 0};
    for (uint32_t node = 0; node < cluster->nodes_end; node++) {
        if (!cluster->nodes[node].up) {
            continue;
        }
        struct look look = {
            .id = {node},
            .pool = &cluster->pools[cluster->nodes[node].pool.index],
            .node = &cluster->nodes[node],
            .state = &cluster->states[node],
        };
        look.served = wf_pool_request(look.pool, &job->request);
        look_at(&sight, job, &look, &bests, out);
    }
    for (uint32_t i = 0; i < out->candidate_count; i++) {
        fill_terms(&sight, &job->request, &out->candidates[i]);
    }
    out->has_rival = bests.count == 2 && !out->at_random;
    if (out->has_rival) {
        out->rival = bests.best[1];
        fill_terms(&sight, &job->request, &out->rival);
    }
    // The list is made beside the plain loop, which is the definition of the choice.
    if (!out->at_random && out->candidate_count > 0) {
        struct wf_choice choice = wf_place_plain(&sight.outlook, sight.policy, &job->request);
        WF_ASSERT(choice.node == out->candidates[0].node.index);
        WF_ASSERT(choice.score == out->candidates[0].score);
    }
    rank_blockers(out);
    out->verdict = verdict_of(out, job);
    return WF_OK;
}
