// SPDX-License-Identifier: Apache-2.0
#include "sim/placement/replay.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "site/price_table.h"

enum {
    // Nodes times request classes whose scores the core may keep: bounds its memory at scale, at
    // about 4 bytes each.
    SCORES_MAX = 22000000,
    CLASSES_MIN = 32,
    ARRIVAL_MS = 1000, // nobody leaves, so that the pace of arrivals means nothing: one a second
    THOUSAND = 1000,
};

// When a placed task is over.
struct end {
    int64_t at_ms;
    uint32_t position;
};

struct wf_replay {
    struct wf_replay_config config;
    struct wf_core *core;
    uint16_t *pool_of;   // by node of the trace
    uint32_t *pool_node; // by pool: the first node of that kind in the trace
    uint32_t pool_count;
    uint32_t position;
    struct end *ends; // a heap: the earliest first
    uint32_t end_count;
};

static bool same_kind(const struct wf_trace_node *a, const struct wf_trace_node *b)
{
    return a->cpu_milli == b->cpu_milli && a->memory_mib == b->memory_mib && a->gpus == b->gpus &&
           a->model == b->model;
}

// Numbers the kinds of nodes in the order in which they first appear.
static enum wf_status find_pools(struct wf_replay *replay, struct wf_error *err)
{
    const struct wf_trace *trace = replay->config.trace;
    replay->pool_of = calloc(trace->node_count, sizeof *replay->pool_of);
    replay->pool_node = calloc(WF_POOLS_MAX, sizeof *replay->pool_node);
    if (!replay->pool_of || !replay->pool_node) {
        return wf_fail(err, WF_NOMEM, "no memory for %u nodes", trace->node_count);
    }
    for (uint32_t i = 0; i < trace->node_count; i++) {
        uint32_t pool = 0;
        while (pool < replay->pool_count &&
               !same_kind(&trace->nodes[i], &trace->nodes[replay->pool_node[pool]])) {
            pool++;
        }
        if (pool == WF_POOLS_MAX) {
            return wf_fail(err, WF_LIMIT,
                           "node '%s' is of one kind more than %d, the limit "
                           "WF_POOLS_MAX",
                           trace->nodes[i].name, WF_POOLS_MAX);
        }
        if (pool == replay->pool_count) {
            replay->pool_node[replay->pool_count++] = i;
        }
        replay->pool_of[i] = (uint16_t)pool;
    }
    return WF_OK;
}

#define COMPARE(a, b) (((a) > (b)) - ((a) < (b)))

static int compare_requests(const void *left, const void *right)
{
    const struct wf_trace_task *a = *(const struct wf_trace_task *const *)left;
    const struct wf_trace_task *b = *(const struct wf_trace_task *const *)right;
    int order = COMPARE(a->cpu_milli, b->cpu_milli);
    order = order ? order : COMPARE(a->memory_mib, b->memory_mib);
    order = order ? order : COMPARE(a->gpus, b->gpus);
    return order ? order : COMPARE(a->gpu_milli, b->gpu_milli);
}

// Returns how many classes of requests the trace has, as wf_limits counts them, or 0 without
// memory.
static uint32_t count_requests(const struct wf_trace *trace)
{
    const struct wf_trace_task **tasks = calloc(trace->task_count, sizeof *tasks);
    if (!tasks) {
        return 0;
    }
    for (uint32_t i = 0; i < trace->task_count; i++) {
        tasks[i] = &trace->tasks[i];
    }
    qsort(tasks, trace->task_count, sizeof *tasks, compare_requests);
    uint32_t count = 1;
    for (uint32_t i = 1; i < trace->task_count; i++) {
        count += compare_requests(&tasks[i - 1], &tasks[i]) != 0;
    }
    free(tasks);
    return count;
}

static enum wf_status create_core(struct wf_replay *replay, struct wf_error *err)
{
    const struct wf_replay_config *config = &replay->config;
    uint32_t requests = count_requests(config->trace);
    if (requests == 0) {
        return wf_fail(err, WF_NOMEM, "no memory for %u tasks", config->trace->task_count);
    }
    uint32_t affordable = SCORES_MAX / config->workload->node_count;
    affordable = affordable < CLASSES_MIN ? CLASSES_MIN : affordable;
    affordable = affordable > WF_CLASSES_MAX ? WF_CLASSES_MAX : affordable;
    struct wf_core_config core_config = {
        .limits =
            {
                .models = config->trace->model_count ? config->trace->model_count : 1,
                .pools = replay->pool_count,
                .nodes = config->workload->node_count,
                .jobs = config->workload->arrival_count,
                .placements = config->workload->arrival_count,
                .classes = requests < affordable ? requests : affordable,
                .moves = config->moves_per_thousand > 0,
            },
        .policy = config->policy,
        .seed = config->seed,
        .plain = config->plain,
    };
    return wf_core_create(&core_config, &replay->core, err);
}

static enum wf_status tell(struct wf_replay *replay, const struct wf_event *event,
                           struct wf_error *err)
{
    struct wf_decisions decisions;
    return wf_core_step(replay->core, event, &decisions, err);
}

static enum wf_status tell_pools(struct wf_replay *replay, struct wf_error *err)
{
    const struct wf_trace *trace = replay->config.trace;
    enum wf_status status = WF_OK;
    for (uint32_t i = 0; i < replay->pool_count && status == WF_OK; i++) {
        const struct wf_trace_node *node = &trace->nodes[replay->pool_node[i]];
        const char *model = node->gpus > 0 ? trace->models[node->model] : "";
        const struct wf_price_fact *price = wf_price_fact_find(model);
        struct wf_event event = {
            .kind = WF_EVENT_POOL,
            .pool = {.id = {i},
                     .spec = {.model = node->model,
                              .vendor =
                                  strncmp(model, "MI", 2) == 0 ? WF_VENDOR_AMD : WF_VENDOR_NVIDIA,
                              .price_nanousd_per_gpu_hour =
                                  price ? price->price_nanousd_per_gpu_hour : 0}},
        };
        status = tell(replay, &event, err);
    }
    return status;
}

static enum wf_status tell_nodes(struct wf_replay *replay, struct wf_error *err)
{
    const struct wf_replay_config *config = &replay->config;
    enum wf_status status = WF_OK;
    for (uint32_t rank = 0; rank < config->workload->node_count && status == WF_OK; rank++) {
        const struct wf_trace_node *node = wf_replay_node(replay, (wf_node_id){rank});
        uint32_t pool = replay->pool_of[node - config->trace->nodes];
        struct wf_event event = {
            .kind = WF_EVENT_NODE_UP,
            .node_up = {.id = {rank},
                        .spec = {.pool = {pool},
                                 .cpu_milli = node->cpu_milli,
                                 .memory_mib = node->memory_mib,
                                 .gpus = node->gpus}},
        };
        status = tell(replay, &event, err);
    }
    return status;
}

static enum wf_status tell_mix(struct wf_replay *replay, struct wf_error *err)
{
    if (!replay->config.mix) {
        return WF_OK;
    }
    struct wf_event event = {
        .kind = WF_EVENT_MIX,
        .mix = {.classes = replay->config.mix, .count = replay->config.mix_count},
    };
    return tell(replay, &event, err);
}

static enum wf_status init_ends(struct wf_replay *replay, struct wf_error *err)
{
    uint32_t count = replay->config.workload->arrival_count;
    if (!replay->config.workload->run_ms) {
        return WF_OK;
    }
    replay->ends = calloc(count + 1, sizeof *replay->ends);
    return replay->ends ? WF_OK : wf_fail(err, WF_NOMEM, "no memory for %u departures", count);
}

enum wf_status wf_replay_create(const struct wf_replay_config *config,
                                struct wf_replay **replay_out, struct wf_error *err)
{
    struct wf_replay *replay = calloc(1, sizeof *replay);
    if (!replay) {
        return wf_fail(err, WF_NOMEM, "no memory for the replay");
    }
    replay->config = *config;
    enum wf_status status = find_pools(replay, err);
    status = status == WF_OK ? init_ends(replay, err) : status;
    status = status == WF_OK ? create_core(replay, err) : status;
    status = status == WF_OK ? tell_pools(replay, err) : status;
    status = status == WF_OK ? tell_nodes(replay, err) : status;
    status = status == WF_OK ? tell_mix(replay, err) : status;
    if (status != WF_OK) {
        wf_replay_destroy(replay);
        return status;
    }
    *replay_out = replay;
    return WF_OK;
}

void wf_replay_destroy(struct wf_replay *replay)
{
    if (replay) {
        wf_core_destroy(replay->core);
        free(replay->pool_of);
        free(replay->pool_node);
        free(replay->ends);
        free(replay);
    }
}

struct wf_job_spec wf_replay_job(const struct wf_replay *replay, uint32_t position)
{
    const struct wf_replay_config *config = &replay->config;
    const struct wf_trace_task *task = &config->trace->tasks[config->workload->arrivals[position]];
    return (struct wf_job_spec){
        .id = {position},
        .tasks = 1,
        .movable = config->moves_per_thousand > 0,
        .move_cost_nanousd = config->move_cost_nanousd,
        .request = {.cpu_milli = task->cpu_milli,
                    .memory_mib = task->memory_mib,
                    .gpus = task->gpus,
                    .gpu_milli = task->gpu_milli,
                    .models = task->models,
                    .place = {WF_ANYWHERE, WF_ANYWHERE, WF_ANYWHERE}},
    };
}

static bool is_earlier(const struct end *a, const struct end *b)
{
    return a->at_ms != b->at_ms ? a->at_ms < b->at_ms : a->position < b->position;
}

static void push_end(struct wf_replay *replay, struct end end)
{
    uint32_t at = replay->end_count++;
    for (; at > 0 && is_earlier(&end, &replay->ends[(at - 1) / 2]); at = (at - 1) / 2) {
        replay->ends[at] = replay->ends[(at - 1) / 2];
    }
    replay->ends[at] = end;
}

static struct end pop_end(struct wf_replay *replay)
{
    struct end first = replay->ends[0];
    struct end last = replay->ends[--replay->end_count];
    uint32_t at = 0;
    for (uint32_t child = 1; child < replay->end_count; child = 2 * at + 1) {
        if (child + 1 < replay->end_count &&
            is_earlier(&replay->ends[child + 1], &replay->ends[child])) {
            child++;
        }
        if (!is_earlier(&replay->ends[child], &last)) {
            break;
        }
        replay->ends[at] = replay->ends[child];
        at = child;
    }
    replay->ends[at] = last;
    return first;
}

// Allows the moves of the next thousand arrivals when the last thousand is over.
static enum wf_status allow_moves(struct wf_replay *replay, int64_t time_ms, struct wf_error *err)
{
    uint32_t moves = replay->config.moves_per_thousand;
    if (moves == 0 || replay->position % THOUSAND != 0) {
        return WF_OK;
    }
    struct wf_event event = {
        .time_ms = time_ms,
        .kind = WF_EVENT_MOVES,
        .moves = {.allowed = moves},
    };
    return tell(replay, &event, err);
}

static int64_t arrival_ms(const struct wf_replay *replay)
{
    const struct wf_workload *workload = replay->config.workload;
    if (replay->position == workload->arrival_count) {
        return INT64_MAX;
    }
    return workload->arrive_ms ? workload->arrive_ms[replay->position]
                               : (int64_t)replay->position * ARRIVAL_MS;
}

bool wf_replay_offers_next(const struct wf_replay *replay)
{
    return replay->end_count == 0 || replay->ends[0].at_ms > arrival_ms(replay);
}

static enum wf_status end_task(struct wf_replay *replay, struct wf_decisions *decisions_out,
                               struct wf_error *err)
{
    struct end end = pop_end(replay);
    struct wf_event event = {
        .time_ms = end.at_ms,
        .kind = WF_EVENT_JOB_END,
        .job_end = {.id = {end.position}},
    };
    return wf_core_step(replay->core, &event, decisions_out, err);
}

enum wf_status wf_replay_step(struct wf_replay *replay, struct wf_decisions *decisions_out,
                              struct wf_error *err)
{
    int64_t time_ms = arrival_ms(replay);
    if (!wf_replay_offers_next(replay)) {
        return end_task(replay, decisions_out, err);
    }
    enum wf_status status = allow_moves(replay, time_ms, err);
    if (status != WF_OK) {
        return status;
    }
    struct wf_event event = {
        .time_ms = time_ms,
        .kind = WF_EVENT_JOB_SUBMIT,
        .job_submit = wf_replay_job(replay, replay->position),
    };
    status = wf_core_step(replay->core, &event, decisions_out, err);
    if (status == WF_OK) {
        const struct wf_decisions *decisions = decisions_out;
        enum wf_decision_kind last = decisions->list[decisions->count - 1].kind;
        if (replay->ends && last == WF_DECISION_PLACE) {
            int64_t run_ms = replay->config.workload->run_ms[replay->position];
            push_end(replay, (struct end){time_ms + run_ms, replay->position});
        }
        replay->position++;
    }
    return status;
}

int64_t wf_replay_next_ms(const struct wf_replay *replay)
{
    return wf_replay_offers_next(replay) ? arrival_ms(replay) : replay->ends[0].at_ms;
}

uint32_t wf_replay_position(const struct wf_replay *replay)
{
    return replay->position;
}

const struct wf_core *wf_replay_core(const struct wf_replay *replay)
{
    return replay->core;
}

const struct wf_trace_node *wf_replay_node(const struct wf_replay *replay, wf_node_id id)
{
    const struct wf_replay_config *config = &replay->config;
    return &config->trace->nodes[config->workload->nodes[id.index] % config->trace->node_count];
}

const char *wf_replay_node_name(const struct wf_replay *replay, wf_node_id id, char *text,
                                uint32_t size)
{
    const struct wf_replay_config *config = &replay->config;
    const char *name = wf_replay_node(replay, id)->name;
    if (config->workload->node_count == config->trace->node_count) {
        snprintf(text, size, "%s", name);
    } else {
        snprintf(text, size, "%s/%u", name,
                 config->workload->nodes[id.index] / config->trace->node_count + 1);
    }
    return text;
}

uint32_t wf_replay_pool_count(const struct wf_replay *replay)
{
    return replay->pool_count;
}

const struct wf_trace_node *wf_replay_pool_node(const struct wf_replay *replay, uint32_t pool)
{
    return &replay->config.trace->nodes[replay->pool_node[pool]];
}

const struct wf_trace *wf_replay_trace(const struct wf_replay *replay)
{
    return replay->config.trace;
}

const struct wf_workload *wf_replay_workload(const struct wf_replay *replay)
{
    return replay->config.workload;
}
