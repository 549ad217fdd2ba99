// SPDX-License-Identifier: Apache-2.0
// For one task each node needs one least change of each kind, and the kinds do not depend on one
// another: the smallest change is the smallest over the nodes. Jobs of several tasks go to
// core/explain/remedy_search.h.
#include "core/explain/remedy.h"

#include <stdlib.h>

#include "core/core.h"
#include "core/explain/explain.h"
#include "core/explain/remedy_search.h"

// The largest share below that of the request which a GPU with that much free still serves; 0:
// none. Slices: w of n slices serve shares up to 1000 w / n, cut.
static uint32_t largest_share(uint32_t slices, uint32_t free_milli, uint32_t below)
{
    uint32_t share = free_milli;
    if (slices > 0) {
        uint32_t fitting = ((free_milli + 1) * slices - 1) / WF_GPU_MILLI;
        share = WF_GPU_MILLI * fitting / slices;
    }
    return share < below ? share : below - 1;
}

// The least rungs down after which the node has the GPUs, or WF_NONE.
static uint32_t gpu_rungs(const struct wf_pool *pool, const struct wf_state *state,
                          const struct wf_request *request)
{
    struct wf_request served = wf_pool_request(pool, request);
    served.cpu_milli = 0;
    served.memory_mib = 0;
    if (wf_state_fits(state, &served)) {
        return 0;
    }
    if (request->gpus > 1 && state->gpus_whole > 0) {
        return (uint32_t)(request->gpus - state->gpus_whole);
    }
    uint32_t share = largest_share(pool->spec.slices, state->share_free_milli, request->gpu_milli);
    return share == 0 ? WF_NONE : (uint32_t)request->gpus - 1 + request->gpu_milli - share;
}

static bool set_shortage(uint32_t *steps, uint32_t asked, uint32_t free)
{
    *steps = asked > free ? asked - free : 0;
    return asked <= free || free > 0;
}

// Makes the change that this node needs to start one task. Returns false if no change helps.
static bool change_for_node(const struct wf_pool *pool, const struct wf_node *node,
                            const struct wf_state *state, const struct wf_request *request,
                            struct wf_change *change)
{
    *change = (struct wf_change){0};
    if (node->closed ||
        !set_shortage(&change->steps[WF_CHANGE_CPU], request->cpu_milli, state->cpu_free_milli) ||
        !set_shortage(&change->steps[WF_CHANGE_MEMORY], request->memory_mib,
                      state->memory_free_mib)) {
        return false;
    }
    change->steps[WF_CHANGE_PLACE] = wf_remedy_place_level(pool->spec.place, request->place);
    change->labels_dropped = request->labels & ~node->spec.labels;
    change->steps[WF_CHANGE_LABELS] = (uint32_t)__builtin_popcountll(change->labels_dropped);
    if (request->gpus == 0) {
        return true;
    }
    change->models_added = WF_MODEL_BIT(pool->spec.model) & ~request->models;
    change->steps[WF_CHANGE_MODELS] = change->models_added != 0;
    uint32_t rungs = gpu_rungs(pool, state, request);
    change->steps[WF_CHANGE_GPUS] = rungs;
    return rungs != WF_NONE;
}

static void answer(const struct wf_job_spec *job, const struct wf_change *change,
                   struct wf_remedy *out)
{
    out->found = true;
    out->kinds = wf_change_kinds(change);
    out->size_ppm = wf_change_ppm(job, change);
    out->change = *change;
    out->job = wf_change_apply(job, change);
}

static void find_for_one_task(const struct wf_cluster *cluster, const struct wf_job_spec *job,
                              uint32_t kinds_offered, struct wf_remedy *out)
{
    bool found = false;
    struct wf_change best;
    for (uint32_t i = 0; i < cluster->nodes_end; i++) {
        const struct wf_node *node = &cluster->nodes[i];
        struct wf_change change;
        if (!node->up || !change_for_node(&cluster->pools[node->pool.index], node,
                                          &cluster->states[i], &job->request, &change)) {
            continue;
        }
        if ((wf_change_kinds(&change) & ~kinds_offered) == 0 &&
            (!found || wf_change_is_smaller(job, &change, &best))) {
            found = true;
            best = change;
        }
    }
    if (found) {
        answer(job, &best, out);
    }
}

static enum wf_status begin(const struct wf_core *core, const struct wf_job_spec *job,
                            const struct wf_remedy_scratch *scratch, struct wf_remedy *out,
                            struct wf_error *err)
{
    *out = (struct wf_remedy){.exact = true, .job = *job};
    uint32_t nodes = wf_core_cluster(core)->nodes_end;
    if (nodes > scratch->nodes_max) {
        return wf_fail(err, WF_LIMIT, "the scratch memory is for %u nodes, the cluster has %u",
                       scratch->nodes_max, nodes);
    }
    return wf_explain_check(job, err);
}

enum wf_status wf_remedy_find_by_search(const struct wf_core *core, const struct wf_job_spec *job,
                                        uint32_t kinds_offered, struct wf_remedy_scratch *scratch,
                                        struct wf_remedy *out, struct wf_error *err)
{
    enum wf_status status = begin(core, job, scratch, out, err);
    if (status != WF_OK) {
        return status;
    }
    struct wf_change change;
    if (wf_remedy_search(wf_core_cluster(core), job, kinds_offered, scratch, &change,
                         &out->exact)) {
        answer(job, &change, out);
    }
    return WF_OK;
}

enum wf_status wf_remedy_find(const struct wf_core *core, const struct wf_job_spec *job,
                              uint32_t kinds_offered, struct wf_remedy_scratch *scratch,
                              struct wf_remedy *out, struct wf_error *err)
{
    if (job->tasks > 1) {
        return wf_remedy_find_by_search(core, job, kinds_offered, scratch, out, err);
    }
    enum wf_status status = begin(core, job, scratch, out, err);
    if (status == WF_OK) {
        find_for_one_task(wf_core_cluster(core), job, kinds_offered, out);
    }
    return status;
}

enum wf_status wf_remedy_scratch_create(uint32_t nodes, struct wf_remedy_scratch **scratch_out,
                                        struct wf_error *err)
{
    struct wf_remedy_scratch *scratch = calloc(1, sizeof *scratch);
    if (!scratch) {
        return wf_fail(err, WF_NOMEM, "no memory to look for remedies");
    }
    uint32_t buckets = 1;
    while (buckets < nodes) {
        buckets *= 2;
    }
    scratch->nodes_max = nodes;
    scratch->bucket_mask = buckets - 1;
    scratch->groups = calloc(nodes, sizeof *scratch->groups);
    scratch->buckets = calloc(buckets, sizeof *scratch->buckets);
    if (!scratch->groups || !scratch->buckets) {
        wf_remedy_scratch_destroy(scratch);
        return wf_fail(err, WF_NOMEM, "no memory to look for remedies among %u nodes", nodes);
    }
    *scratch_out = scratch;
    return WF_OK;
}

void wf_remedy_scratch_destroy(struct wf_remedy_scratch *scratch)
{
    if (scratch) {
        free(scratch->groups);
        free(scratch->buckets);
        free(scratch);
    }
}
