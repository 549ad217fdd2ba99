// SPDX-License-Identifier: Apache-2.0
#include "sim/rerun/start_delay.h"

#include <stdlib.h>
#include <string.h>

#include "base/assert.h"
#include "site/hostlist.h"

enum { KEPT = 9, OF = 10 }; // such a part of the delays, the lowest, is believed

// A job comes to a node, or leaves it.
struct move {
    uint32_t node; // a name
    int64_t at_ms;
    int64_t gpu_milli; // that it takes; below 0: that it gives back; then: that all have
};

struct learner {
    const struct wf_history *history;
    const struct wf_site *site;
    const struct wf_rerun_jobs *jobs;
    struct wf_site_builder builder; // only that sentences of the list's reader have a place
    struct wf_source source;
    struct wf_names *nodes; // of the site, and what the history names besides
    int64_t *gpu_milli;     // of the site's
    uint32_t site_nodes;
    struct move *moves; // by node, then by time
    uint32_t count, capacity;
    const struct wf_rerun_job *job; // whose list is being read
    uint32_t job_nodes;             // how many it names
    int64_t since_ms;               // when the job's nodes had room for it, and from then on
    int64_t *delays;
    uint32_t delay_count;
};

static int64_t share_of(const struct learner *learner)
{
    const struct wf_rerun_job *job = learner->job;
    int64_t all = (int64_t)job->request.gpus * job->request.gpu_milli * job->tasks;
    return all / (learner->job_nodes > 0 ? learner->job_nodes : 1);
}

static enum wf_status count_node(void *context, const char *name, struct wf_error *err)
{
    struct learner *learner = context;
    (void)name;
    (void)err;
    learner->job_nodes++;
    return WF_OK;
}

static enum wf_status add_moves(void *context, const char *name, struct wf_error *err)
{
    struct learner *learner = context;
    if (learner->count + 2 > learner->capacity) {
        uint32_t capacity = learner->capacity * 2 + 1024;
        struct move *grown = realloc(learner->moves, capacity * sizeof *grown);
        if (!grown) {
            return wf_fail(err, WF_NOMEM, "no memory for the nodes of %u jobs",
                           learner->jobs->count);
        }
        learner->moves = grown;
        learner->capacity = capacity;
    }
    uint32_t node;
    enum wf_status status = wf_names_add(learner->nodes, name, strlen(name), &node, err);
    if (status == WF_OK) {
        int64_t share = share_of(learner);
        learner->moves[learner->count++] = (struct move){node, learner->job->start_ms, share};
        learner->moves[learner->count++] = (struct move){node, learner->job->end_ms, -share};
    }
    return status;
}

static int compare_moves(const void *left, const void *right)
{
    const struct move *a = left, *b = right;
    if (a->node != b->node) {
        return a->node < b->node ? -1 : 1;
    }
    return (a->at_ms > b->at_ms) - (a->at_ms < b->at_ms);
}

// Sorts the moves, and makes each tell what all have after it.
static void sort_moves(struct learner *learner)
{
    if (learner->count == 0) {
        return;
    }
    qsort(learner->moves, learner->count, sizeof *learner->moves, compare_moves);
    for (uint32_t i = 1; i < learner->count; i++) {
        bool same = learner->moves[i].node == learner->moves[i - 1].node;
        learner->moves[i].gpu_milli += same ? learner->moves[i - 1].gpu_milli : 0;
    }
}

// Finds since when the node had room for the job: goes back from its start, from one time at which
// something changed to the one before.
static enum wf_status find_room(void *context, const char *name, struct wf_error *err)
{
    struct learner *learner = context;
    (void)err;
    struct move start = {wf_names_find(learner->nodes, name), learner->job->start_ms, 0};
    uint32_t low = 0, high = learner->count; // those before low came before the start
    while (low < high) {
        uint32_t middle = low + (high - low) / 2;
        if (compare_moves(&learner->moves[middle], &start) < 0) {
            low = middle + 1;
        } else {
            high = middle;
        }
    }
    if (start.node >= learner->site_nodes) {
        return WF_OK;
    }
    int64_t most_milli = learner->gpu_milli[start.node] - share_of(learner);
    int64_t until_ms = start.at_ms;
    for (uint32_t i = low; i > 0 && until_ms > learner->since_ms; i--) {
        const struct move *move = &learner->moves[i - 1];
        if (move->node != start.node) {
            break;
        }
        // Of what happened at the same time only the last tells how it was from then on.
        bool last = move->at_ms < until_ms;
        if (last && move->gpu_milli > most_milli) {
            learner->since_ms = until_ms;
            break;
        }
        until_ms = move->at_ms;
    }
    return WF_OK;
}

static enum wf_status read_nodes(struct learner *learner, wf_hostlist_take *take,
                                 struct wf_error *err)
{
    const char *text = wf_names_text(wf_history_names(learner->history), learner->job->nodes);
    learner->job_nodes = 0;
    enum wf_status status = wf_hostlist_read(&learner->builder, text, count_node, learner, err);
    status =
        status == WF_OK ? wf_hostlist_read(&learner->builder, text, take, learner, err) : status;
    if (status == WF_INVALID) { // cut short by what printed it: not known
        learner->job_nodes = 0;
        return WF_OK;
    }
    return status;
}

static enum wf_status read_site(struct learner *learner, struct wf_error *err)
{
    enum wf_status status = WF_OK;
    WF_ASSERT(learner->gpu_milli);
    for (uint32_t i = 0; i < learner->site->node_count && status == WF_OK; i++) {
        const struct wf_site_node *node = &learner->site->nodes[i];
        uint32_t number;
        status = wf_names_add(learner->nodes, node->name, strlen(node->name), &number, err);
        if (status == WF_OK) {
            learner->gpu_milli[number] += (int64_t)node->spec.gpus * WF_GPU_MILLI;
        }
    }
    learner->site_nodes = status == WF_OK ? wf_names_count(learner->nodes) : 0;
    return status;
}

static enum wf_status learn(struct learner *learner, struct wf_error *err)
{
    const struct wf_rerun_jobs *jobs = learner->jobs;
    enum wf_status status = read_site(learner, err);
    for (uint32_t i = 0; i < jobs->count && status == WF_OK; i++) {
        learner->job = &jobs->list[i];
        status = learner->job->nodes > 0 ? read_nodes(learner, add_moves, err) : WF_OK;
    }
    sort_moves(learner);
    for (uint32_t i = 0; i < jobs->count && status == WF_OK; i++) {
        learner->job = &jobs->list[i];
        // Of one that ran and was put back, it is not kept when it began.
        if (learner->job->nodes > 0 && learner->job->lost_ms == 0) {
            learner->since_ms = learner->job->eligible_ms;
            status = read_nodes(learner, find_room, err);
            if (learner->job_nodes > 0) {
                learner->delays[learner->delay_count++] =
                    learner->job->start_ms - learner->since_ms;
            }
        }
    }
    return status;
}

static int compare_delays(const void *left, const void *right)
{
    int64_t a = *(const int64_t *)left, b = *(const int64_t *)right;
    return (a > b) - (a < b);
}

static int64_t mean_of_lowest(struct learner *learner)
{
    qsort(learner->delays, learner->delay_count, sizeof *learner->delays, compare_delays);
    uint32_t kept = (uint32_t)((uint64_t)learner->delay_count * KEPT / OF);
    kept = kept > 0 ? kept : 1;
    wf_int128 sum = 0;
    for (uint32_t i = 0; i < kept; i++) {
        sum += learner->delays[i];
    }
    return (int64_t)(sum / kept);
}

enum wf_status wf_start_delay_learn(const struct wf_history *history, const struct wf_site *site,
                                    const struct wf_rerun_jobs *jobs, int64_t *delay_ms_out,
                                    bool *known_out, struct wf_error *err)
{
    struct learner learner = {
        .history = history, .site = site, .jobs = jobs, .source = {.path = "the history"}};
    learner.builder.source = &learner.source;
    *delay_ms_out = 0;
    *known_out = false;
    learner.delays = calloc((size_t)jobs->count + 1, sizeof *learner.delays);
    learner.gpu_milli = calloc((size_t)site->node_count + 1, sizeof *learner.gpu_milli);
    enum wf_status status = learner.delays && learner.gpu_milli
                                ? wf_names_create(&learner.nodes, err)
                                : wf_fail(err, WF_NOMEM, "no memory for %u jobs", jobs->count);
    status = status == WF_OK ? learn(&learner, err) : status;
    if (status == WF_OK && learner.delay_count > 0) {
        *known_out = true;
        *delay_ms_out = mean_of_lowest(&learner);
    }
    wf_names_destroy(learner.nodes);
    free(learner.gpu_milli);
    free(learner.moves);
    free(learner.delays);
    return status;
}
