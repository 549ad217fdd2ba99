// SPDX-License-Identifier: Apache-2.0
// What the tree of queues may look like, and how it changes.
#include "core/queue/queue_tree.h"

static enum wf_status check_budget(uint32_t id, const struct wf_budget *budget, const char *window,
                                   struct wf_error *err)
{
    if (budget->limit_nanousd < 0) {
        return wf_fail(err, WF_INVALID, "queue %u: a budget of %lld nano-dollars a %s is negative",
                       id, (long long)budget->limit_nanousd, window);
    }
    if ((unsigned)budget->action > WF_BUDGET_LOWER) {
        return wf_fail(err, WF_INVALID,
                       "queue %u: what its budget for the %s does, %u, is nothing known", id,
                       window, (unsigned)budget->action);
    }
    return WF_OK;
}

// What a queue is told, taken by itself.
static enum wf_status check_numbers(uint32_t id, const struct wf_queue_spec *spec,
                                    struct wf_error *err)
{
    if (spec->weight > WF_QUEUE_WEIGHT_MAX) {
        return wf_fail(err, WF_LIMIT, "queue %u: a weight of %u is past the limit of %d", id,
                       spec->weight, WF_QUEUE_WEIGHT_MAX);
    }
    long long guarantee = spec->guarantee_gpu_milli;
    long long limit = spec->limit_gpu_milli;
    if (guarantee < 0) {
        return wf_fail(err, WF_INVALID, "queue %u: a guarantee of %lld milli-GPU is negative", id,
                       guarantee);
    }
    if (limit < 0) {
        return wf_fail(err, WF_INVALID, "queue %u: a limit of %lld milli-GPU is negative", id,
                       limit);
    }
    if (limit > 0 && guarantee > limit) {
        return wf_fail(err, WF_INVALID,
                       "queue %u: a guarantee of %lld milli-GPU is above its limit of %lld", id,
                       guarantee, limit);
    }
    static const char *const windows[WF_WINDOWS] = {"hour", "day", "month"};
    for (uint32_t i = 0; i < WF_WINDOWS; i++) {
        enum wf_status status = check_budget(id, &spec->budgets[i], windows[i], err);
        if (status != WF_OK) {
            return status;
        }
    }
    return WF_OK;
}

static bool is_at_or_above(const struct wf_queues *queues, const struct wf_queue *upper,
                           const struct wf_queue *lower)
{
    while (lower && lower != upper) {
        lower = wf_queue_above(queues, lower);
    }
    return lower == upper;
}

// Queues from this one to the deepest below it, both counted.
static uint32_t height(const struct wf_queues *queues, const struct wf_queue *queue)
{
    uint32_t deepest = queue->depth;
    for (uint32_t i = 0; i < queues->count && queue->children > 0; i++) {
        const struct wf_queue *other = &queues->list[i];
        if (other->known && other->depth > deepest && is_at_or_above(queues, queue, other)) {
            deepest = other->depth;
        }
    }
    return deepest - queue->depth + 1;
}

// Whether a queue may stand below the parent that it is told.
static enum wf_status check_parent(const struct wf_queues *queues, uint32_t id, uint32_t parent,
                                   struct wf_error *err)
{
    if (parent == WF_NONE) {
        return WF_OK;
    }
    if (parent == id) {
        return wf_fail(err, WF_INVALID, "queue %u cannot be its own parent", id);
    }
    if (parent >= queues->count || !queues->list[parent].known) {
        return wf_fail(err, WF_NOTFOUND, "queue %u: its parent, queue %u, is not known", id,
                       parent);
    }
    const struct wf_queue *queue = &queues->list[id];
    const struct wf_queue *above = &queues->list[parent];
    if (queue->known && is_at_or_above(queues, queue, above)) {
        return wf_fail(err, WF_INVALID, "queue %u: its parent, queue %u, is itself below it", id,
                       parent);
    }
    if (above->jobs > 0) {
        return wf_fail(err, WF_INVALID,
                       "queue %u: its parent, queue %u, has jobs, and only a queue without any can "
                       "have queues below it",
                       id, parent);
    }
    uint32_t depth = above->depth + (queue->known ? height(queues, queue) : 1);
    if (depth > WF_QUEUE_DEPTH_MAX) {
        return wf_fail(err, WF_LIMIT,
                       "queue %u: below queue %u the tree is %u queues deep, past the limit of %d",
                       id, parent, depth, WF_QUEUE_DEPTH_MAX);
    }
    return WF_OK;
}

// Takes off what the queues below a parent, one left out, have as guarantees. Returns what is left
// of the guarantee, or -1 when it does not reach for them.
static int64_t guarantee_left(const struct wf_queues *queues, uint32_t parent, uint32_t left_out,
                              int64_t guarantee_gpu_milli)
{
    for (uint32_t i = 0; i < queues->count; i++) {
        const struct wf_queue *queue = &queues->list[i];
        if (!queue->known || i == left_out || queue->spec.parent.index != parent) {
            continue;
        }
        if (queue->spec.guarantee_gpu_milli > guarantee_gpu_milli) {
            return -1;
        }
        guarantee_gpu_milli -= queue->spec.guarantee_gpu_milli;
    }
    return guarantee_gpu_milli;
}

// A parent without a guarantee promises its children nothing, so theirs may be what they like.
static enum wf_status check_guarantees(const struct wf_queues *queues, uint32_t id,
                                       const struct wf_queue_spec *spec, struct wf_error *err)
{
    int64_t guarantee = spec->guarantee_gpu_milli;
    uint32_t parent = spec->parent.index;
    int64_t above = parent == WF_NONE ? 0 : queues->list[parent].spec.guarantee_gpu_milli;
    int64_t left = above > 0 ? guarantee_left(queues, parent, id, above) : INT64_MAX;
    if (guarantee > left) {
        return wf_fail(err, WF_INVALID,
                       "queue %u: a guarantee of %lld milli-GPU is more than the %lld that are "
                       "left of the guarantee of its parent, queue %u",
                       id, (long long)guarantee, (long long)left, parent);
    }
    if (guarantee > 0 && queues->list[id].known &&
        guarantee_left(queues, id, WF_NONE, guarantee) < 0) {
        return wf_fail(err, WF_INVALID,
                       "queue %u: a guarantee of %lld milli-GPU is less than those of the queues "
                       "below it together",
                       id, (long long)guarantee);
    }
    return WF_OK;
}

static void add_above(struct wf_queues *queues, const struct wf_queue *queue)
{
    for (struct wf_queue *at = wf_queue_above(queues, queue); at; at = wf_queue_above(queues, at)) {
        wf_queue_usage_advance(&at->usage, &queues->clock);
        wf_queue_usage_add(&at->usage, &queue->usage);
    }
}

static void subtract_above(struct wf_queues *queues, const struct wf_queue *queue)
{
    for (struct wf_queue *at = wf_queue_above(queues, queue); at; at = wf_queue_above(queues, at)) {
        wf_queue_usage_advance(&at->usage, &queues->clock);
        wf_queue_usage_subtract(&at->usage, &queue->usage);
    }
}

// Parents come before their children in no order of the list, so each walks up by itself.
static void measure_depths(struct wf_queues *queues)
{
    for (uint32_t i = 0; i < queues->count; i++) {
        struct wf_queue *queue = &queues->list[i];
        queue->depth = 0;
        for (const struct wf_queue *at = queue; queue->known && at;
             at = wf_queue_above(queues, at)) {
            queue->depth++;
        }
    }
}

// Puts a known queue below its new parent, with all that is below it and all that it used.
static void move_queue(struct wf_queues *queues, struct wf_queue *queue, wf_queue_id parent)
{
    WF_ASSERT(queue->supposed_gpu_milli == 0);
    wf_queue_usage_advance(&queue->usage, &queues->clock);
    struct wf_queue *above = wf_queue_above(queues, queue);
    subtract_above(queues, queue);
    if (above) {
        above->children--;
    }
    queue->spec.parent = parent;
    add_above(queues, queue);
    above = wf_queue_above(queues, queue);
    if (above) {
        above->children++;
    }
    measure_depths(queues);
}

static void make_queue(struct wf_queues *queues, struct wf_queue *queue, wf_queue_id parent)
{
    *queue = (struct wf_queue){.known = true, .depth = 1, .spec.parent = parent};
    queue->usage.at_ms = queues->clock.now_ms;
    struct wf_queue *above = wf_queue_above(queues, queue);
    if (above) {
        above->children++;
        queue->depth = above->depth + 1;
    }
}

static bool has_budgets(const struct wf_queue_spec *spec)
{
    for (uint32_t i = 0; i < WF_WINDOWS; i++) {
        if (spec->budgets[i].limit_nanousd > 0 && spec->budgets[i].action != WF_BUDGET_ADMIT) {
            return true;
        }
    }
    return false;
}

enum wf_status wf_queues_check(const struct wf_queues *queues, wf_queue_id id,
                               const struct wf_queue_spec *spec, struct wf_error *err)
{
    if (id.index >= queues->count) {
        return wf_fail(err, WF_LIMIT, "queue %u is past the limit of %u queues", id.index,
                       queues->count);
    }
    enum wf_status status = check_numbers(id.index, spec, err);
    if (status == WF_OK) {
        status = check_parent(queues, id.index, spec->parent.index, err);
    }
    if (status == WF_OK) {
        status = check_guarantees(queues, id.index, spec, err);
    }
    return status;
}

enum wf_status wf_queues_set(struct wf_queues *queues, wf_queue_id id,
                             const struct wf_queue_spec *spec, struct wf_error *err)
{
    enum wf_status status = wf_queues_check(queues, id, spec, err);
    if (status != WF_OK) {
        return status;
    }
    struct wf_queue *queue = &queues->list[id.index];
    if (!queue->known) {
        make_queue(queues, queue, spec->parent);
    } else if (queue->spec.parent.index != spec->parent.index) {
        move_queue(queues, queue, spec->parent);
    }
    queue->spec = *spec;
    queue->spec.weight = spec->weight > 0 ? spec->weight : 1;
    queue->has_budgets = has_budgets(spec);
    return WF_OK;
}
