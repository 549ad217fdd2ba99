// SPDX-License-Identifier: Apache-2.0
#include "queue_history.h"

#include "core/policy/policy.h"

#define USD INT64_C(1000000000)
#define MINUTE_MS INT64_C(60000)
#define HOUR_MS INT64_C(3600000)

static uint32_t below(struct history *history, uint64_t end)
{
    return (uint32_t)wf_random_below(&history->random, end);
}

static bool one_in(struct history *history, uint32_t chances)
{
    return below(history, chances) == 0;
}

static void make_site(struct history *history)
{
    static const uint8_t slices[] = {0, 0, 0, 7};
    static const uint8_t gpus[] = {0, 2, 4, 4, 8, 8};
    history->pool_count = 1 + below(history, HISTORY_POOLS);
    for (uint32_t i = 0; i < history->pool_count; i++) {
        history->pools[i] = (struct wf_pool_spec){
            .place = {0, 0, (uint16_t)below(history, 2)},
            .model = (uint8_t)below(history, 3),
            .slices = slices[below(history, sizeof slices)],
            .price_nanousd_per_gpu_hour = USD / 4 * below(history, 16),
        };
    }
    history->node_count = 2 + below(history, HISTORY_NODES - 1);
    for (uint32_t i = 0; i < history->node_count; i++) {
        history->nodes[i] = (struct wf_node_spec){
            .pool = {below(history, history->pool_count)},
            .cpu_milli = 8000 * (1 + below(history, 8)),
            .memory_mib = 16384 * (1 + below(history, 8)),
            .gpus = gpus[below(history, sizeof gpus)],
            .group = (uint16_t)below(history, 3),
            .labels = below(history, 4),
        };
    }
}

static struct wf_queue_spec make_queue(struct history *history, uint32_t parent)
{
    struct wf_queue_spec spec = {.parent = {parent}, .weight = below(history, 4)};
    if (one_in(history, 2)) {
        spec.guarantee_gpu_milli = INT64_C(1000) * below(history, 12);
    }
    if (one_in(history, 6)) {
        spec.limit_gpu_milli = spec.guarantee_gpu_milli + INT64_C(1000) * (1 + below(history, 8));
    }
    for (uint32_t i = 0; i < WF_WINDOWS && history->has_budgets; i++) {
        if (one_in(history, 3)) {
            spec.budgets[i].limit_nanousd = USD * (1 + below(history, UINT64_C(20) * (i + 1)));
            spec.budgets[i].action = (enum wf_budget_action)below(history, 3);
        }
    }
    return spec;
}

// A tree: 0 and 1 are roots, each other stands below one of them or below 2.
static void make_queues(struct history *history)
{
    history->queue_count = 1 + below(history, HISTORY_QUEUES);
    for (uint32_t i = 0; i < history->queue_count; i++) {
        uint32_t parent = i < 2 ? WF_NONE : below(history, i < 3 ? 2 : 3);
        history->queues[i] = make_queue(history, parent);
        if (parent != WF_NONE) {
            // Of what is guaranteed to a parent there must be enough left.
            history->queues[parent].guarantee_gpu_milli = 0;
        }
    }
}

static bool is_leaf(const struct history *history, uint32_t queue)
{
    bool leaf = true;
    for (uint32_t i = 0; i < history->queue_count; i++) {
        leaf = leaf && history->queues[i].parent.index != queue;
    }
    return leaf;
}

static void make_request(struct history *history, struct wf_request *request)
{
    static const uint8_t gpus[] = {0, 1, 1, 1, 1, 2, 2, 4, 8};
    *request = (struct wf_request){
        .cpu_milli = 500 * below(history, 12),
        .memory_mib = 1024 * below(history, 12),
        .gpus = gpus[below(history, sizeof gpus)],
        .models = one_in(history, 4) ? 1 + below(history, 7) : WF_ANY_MODEL,
        .labels = one_in(history, 12) ? 1 : 0,
        .place = {WF_ANYWHERE, WF_ANYWHERE, WF_ANYWHERE},
    };
    request->gpu_milli = request->gpus > 0 ? WF_GPU_MILLI : 0;
    if (request->gpus == 1 && one_in(history, 3)) {
        request->gpu_milli = (uint16_t)(1 + below(history, 999));
    }
    if (one_in(history, 8)) {
        request->place.zone = (uint16_t)below(history, 2);
    }
}

// What the job says of how long it takes; its real run may be longer than all of it.
static void make_run(struct history *history, struct history_job *job)
{
    struct wf_wait_spec *wait = &job->spec.wait;
    job->run_ms = 1 + (int64_t)wf_random_below(&history->random, 1ULL << (10 + below(history, 14)));
    if (!one_in(history, 4)) {
        wait->limit_ms = job->run_ms / 2 + (int64_t)below(history, (uint64_t)job->run_ms * 2) + 1;
    }
    if (one_in(history, 2)) {
        int64_t ms = 1 + job->run_ms / (1 + below(history, 4));
        for (uint32_t i = 0; i < WF_RUN_TIME_POINTS; i++) {
            wait->run.ms[i] = ms;
            ms += below(history, (uint64_t)job->run_ms);
        }
    }
}

static void make_after(struct history *history, struct history_job *job, uint64_t id)
{
    uint32_t count = one_in(history, 4) ? 1 + below(history, HISTORY_AFTER) : 0;
    for (uint32_t i = 0; i < count; i++) {
        job->after[i] =
            (struct wf_dependency){{1 + below(history, id)}, (enum wf_after)below(history, 4)};
    }
    job->spec.wait.after = job->after;
    job->spec.wait.after_count = count;
}

static void make_job(struct history *history, uint64_t id)
{
    struct history_job *job = &history->jobs[id - 1];
    struct wf_wait_spec *wait = &job->spec.wait;
    job->spec.id.number = id;
    job->spec.tasks = one_in(history, 3) ? 2 + below(history, 4) : 1;
    job->spec.gang = true;
    make_request(history, &job->spec.request);
    job->spec.request.apart = (history->seed + id) % 5 == 0;
    make_run(history, job);
    make_after(history, job, id);
    job->fails = one_in(history, 4);
    do {
        wait->queue.index = below(history, history->queue_count);
    } while (!is_leaf(history, wait->queue.index));
    wait->priority = one_in(history, 4) ? (int32_t)below(history, 3) - 1 : 0;
    wait->held = one_in(history, 12);
    wait->preemptible = one_in(history, 2);
    wait->replaceable = one_in(history, 2);
    wait->within = one_in(history, 4) ? (enum wf_within)below(history, 4) : WF_WITHIN_ANY;
    if (one_in(history, 5)) {
        wait->array = 1 + below(history, 3);
        wait->array_max = wait->array; // alike for all jobs of an array
    }
    if (one_in(history, 4)) {
        wait->deadline_ms = below(history, 1ULL << (10 + below(history, 14)));
    }
    if (one_in(history, 8)) {
        wait->checkpoint_ms = 1 + below(history, 100000);
    }
}

static void make_config(struct history *history)
{
    uint32_t disciplines = 0;
    while (wf_disciplines[disciplines]) {
        disciplines++;
    }
    const struct wf_discipline *discipline = wf_disciplines[below(history, disciplines)];
    if (one_in(history, 3)) {
        discipline = wf_discipline_find("foresight"); // there is most to go wrong
    }
    static const char *const policies[] = {"best-fit", "gpu-packing", "fgd", "cost-first"};
    const char *policy = one_in(history, 2) ? discipline->placement
                                            : policies[below(history, WF_COUNT_OF(policies))];
    history->config = (struct wf_core_config){
        .limits = {.models = 3,
                   .pools = HISTORY_POOLS,
                   .nodes = HISTORY_NODES,
                   .jobs = HISTORY_JOBS,
                   .placements = 256,
                   .classes = 6,
                   .queues = HISTORY_QUEUES,
                   .lanes = one_in(history, 4) ? 1 + below(history, 8) : HISTORY_JOBS,
                   .reservations = 1 + below(history, 12)},
        .policy = wf_policy_find(policy),
        .discipline = discipline,
        .preempt_after_ms = one_in(history, 2) ? 0 : 1000 * below(history, 100),
        .fair_share_half_life_ms = HOUR_MS,
    };
}

void history_init(struct history *history, uint64_t seed)
{
    *history = (struct history){.seed = seed, .wake_ms = INT64_MAX};
    wf_random_init(&history->random, seed);
    make_config(history);
    history->has_budgets = one_in(history, 4);
    make_site(history);
    make_queues(history);
    history->job_count = 10 + below(history, HISTORY_JOBS - 10);
    for (uint64_t id = 1; id <= history->job_count; id++) {
        make_job(history, id);
    }
    history->quiet_ms = INT64_MAX;
}

struct history_job *history_job(struct history *history, wf_job_id id)
{
    return &history->jobs[id.number - 1];
}

// The site and its queues first. Returns whether that was told already.
static bool set_up(struct history *history, struct wf_event *event)
{
    uint32_t at = history->setup++;
    uint32_t node = at - history->pool_count;
    uint32_t queue = node - history->node_count;
    if (at < history->pool_count) {
        event->kind = WF_EVENT_POOL;
        event->pool.id.index = at;
        event->pool.spec = history->pools[at];
    } else if (node < history->node_count) {
        event->kind = WF_EVENT_NODE_UP;
        event->node_up.id.index = node;
        event->node_up.spec = history->nodes[node];
        history->node_up[node] = true;
    } else if (queue < history->queue_count) {
        event->kind = WF_EVENT_QUEUE;
        event->queue.id.index = queue;
        event->queue.spec = history->queues[queue];
    } else {
        return false;
    }
    return true;
}

bool history_is_shut(const struct history *history, uint32_t node)
{
    bool shut = history->node_closed[node] || history->node_gone_ms[node] > 0;
    for (uint32_t i = 0; i < history->node_count; i++) {
        shut = shut || (history->nodes[i].pool.index == history->nodes[node].pool.index &&
                        history->node_shun_ms[i] > history->now_ms);
    }
    return shut;
}

// A node is to go, and goes, or stays after all, or is to go at another time.
static void give_notice(struct history *history, struct wf_event *event, uint32_t node)
{
    bool calm = history->now_ms >= history->quiet_ms, has = history->node_gone_ms[node] > 0;
    if (has && !calm && one_in(history, 2)) {
        history->node_up[node] = false;
        history->node_gone_ms[node] = 0;
        event->kind = WF_EVENT_NODE_DOWN;
        event->node_down.id.index = node;
        return;
    }
    bool withdrawn = has && (calm || one_in(history, 2));
    event->kind = WF_EVENT_NODE_NOTICE;
    event->node_notice.id.index = node;
    if (!withdrawn) {
        event->node_notice.gone_ms = history->now_ms + 1 + below(history, 120000);
        event->node_notice.shun_ms =
            one_in(history, 3) ? 0 : history->now_ms + below(history, 1ULL << below(history, 18));
    }
    history->node_gone_ms[node] = event->node_notice.gone_ms;
    history->node_shun_ms[node] = event->node_notice.shun_ms;
}

// A node goes, returns, closes or opens.
static void change_node(struct history *history, struct wf_event *event, uint32_t node)
{
    if (!history->node_up[node]) {
        event->kind = WF_EVENT_NODE_UP;
        event->node_up.id.index = node;
        event->node_up.spec = history->nodes[node];
        history->node_up[node] = true;
        history->node_closed[node] = false;
    } else if (history->node_gone_ms[node] > 0 || one_in(history, 3)) {
        give_notice(history, event, node);
    } else if (history->node_closed[node] || one_in(history, 2)) {
        history->node_closed[node] = !history->node_closed[node];
        event->kind = WF_EVENT_NODE_DRAIN;
        event->node_drain.id.index = node;
        event->node_drain.closed = history->node_closed[node];
    } else {
        history->node_up[node] = false;
        event->kind = WF_EVENT_NODE_DOWN;
        event->node_down.id.index = node;
    }
}

static void submit(struct history *history, struct wf_event *event)
{
    struct history_job *job = &history->jobs[history->submitted++];
    if (one_in(history, 8)) {
        job->spec.wait.begin_ms = history->now_ms + below(history, 200000);
    }
    job->submitted = true;
    event->kind = WF_EVENT_JOB_SUBMIT;
    event->job_submit = job->spec;
}

static void change_job(struct history *history, struct wf_event *event)
{
    struct history_job *job = &history->jobs[below(history, history->submitted)];
    if (job->over || one_in(history, 3)) { // often one that is over: that is refused
        event->kind = WF_EVENT_JOB_END;
        event->job_end.id = job->spec.id;
        event->job_end.failed = one_in(history, 2);
        event->job_end.again = one_in(history, 2); // often one that does not run: refused, too
    } else if (job->running && one_in(history, 2)) {
        event->kind = WF_EVENT_JOB_SAVED;
        event->job_saved.id = job->spec.id;
    } else {
        event->kind = WF_EVENT_JOB_HOLD;
        event->job_hold.id = job->spec.id;
        event->job_hold.held = one_in(history, 2);
    }
}

static void allow_moves(struct history *history, struct wf_event *event)
{
    event->kind = WF_EVENT_MOVES;
    event->moves.allowed = one_in(history, 4) ? UINT32_MAX : below(history, 4);
    event->moves.cost_max_nanousd = one_in(history, 2) ? 0 : below(history, 1000000000);
    event->moves.value_nanousd_per_gpu_hour =
        one_in(history, 2) ? 0 : WF_PRICE_NANOUSD_MAX / (1 + below(history, 1000));
}

// Puts everything in order, one thing at a time. Returns false when all is.
static bool calm_down(struct history *history, struct wf_event *event)
{
    for (uint32_t i = 0; i < history->node_count; i++) {
        if (!history->node_up[i] || history->node_closed[i] || history->node_gone_ms[i] > 0) {
            change_node(history, event, i);
            return true;
        }
    }
    for (uint32_t i = 0; i < history->submitted; i++) {
        struct history_job *job = &history->jobs[i];
        if (!job->over && !job->running && job->spec.wait.held) {
            event->kind = WF_EVENT_JOB_HOLD;
            event->job_hold.id = job->spec.id;
            return true;
        }
    }
    return false;
}

// Something by chance, at the time it is due.
static bool by_chance(struct history *history, struct wf_event *event)
{
    uint32_t dice = below(history, 100);
    if (history->submitted == history->job_count && one_in(history, 20)) {
        history->quiet_ms = history->now_ms;
    }
    if (history->now_ms >= history->quiet_ms) {
        if (calm_down(history, event)) {
            return true;
        }
        history->next_ms = INT64_MAX;
        return false;
    }
    // Often several at once.
    history->next_ms = history->now_ms;
    if (!one_in(history, 3)) {
        history->next_ms += below(history, 1ULL << below(history, 18));
    }
    if (dice < 5) {
        change_node(history, event, below(history, history->node_count));
    } else if (dice < 15 && history->submitted > 0) {
        change_job(history, event);
    } else if (dice < 18 && history->config.discipline->preempts) {
        allow_moves(history, event);
    } else if (history->submitted < history->job_count) {
        submit(history, event);
    } else {
        event->kind = WF_EVENT_TIME;
    }
    event->more = one_in(history, 6); // at the latest the core's wake is of this time
    return true;
}

bool history_next(struct history *history, struct wf_event *event)
{
    *event = (struct wf_event){.time_ms = history->now_ms};
    if (set_up(history, event)) {
        return true;
    }
    struct history_job *first = NULL;
    for (uint32_t i = 0; i < history->submitted; i++) {
        struct history_job *job = &history->jobs[i];
        if (job->running && (!first || job->end_ms < first->end_ms)) {
            first = job;
        }
    }
    int64_t end_ms = first ? first->end_ms : INT64_MAX;
    if (history->next_ms <= end_ms && history->next_ms <= history->wake_ms &&
        history->next_ms < INT64_MAX) {
        history->now_ms = history->next_ms;
        event->time_ms = history->now_ms;
        if (by_chance(history, event)) {
            return true;
        }
    }
    if (end_ms == INT64_MAX && history->wake_ms == INT64_MAX) {
        return false;
    }
    if (end_ms <= history->wake_ms) {
        event->kind = WF_EVENT_JOB_END;
        event->job_end.id = first->spec.id;
        event->job_end.failed = first->fails;
        history->now_ms = end_ms;
    } else {
        event->kind = WF_EVENT_TIME;
        history->now_ms = history->wake_ms;
    }
    event->time_ms = history->now_ms;
    return true;
}

void history_take(struct history *history, const struct wf_event *event,
                  const struct wf_decisions *decisions)
{
    if (event->kind == WF_EVENT_JOB_END && !event->job_end.again) {
        history_job(history, event->job_end.id)->over = true; // one that waited ends in silence
    } else if (event->kind == WF_EVENT_MOVES) {
        history->moves_left = event->moves.allowed;
    } else if (event->kind == WF_EVENT_JOB_HOLD) {
        history_job(history, event->job_hold.id)->spec.wait.held = event->job_hold.held;
    }
    for (uint32_t i = 0; i < decisions->count; i++) {
        const struct wf_decision *decision = &decisions->list[i];
        struct history_job *job = history_job(history, decision->job);
        job->running = decision->kind == WF_DECISION_PLACE;
        job->over = decision->kind == WF_DECISION_END || decision->kind == WF_DECISION_REJECT ||
                    decision->kind == WF_DECISION_TIMEOUT;
        job->end_ms = history->now_ms + job->run_ms;
    }
}
