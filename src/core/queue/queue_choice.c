// SPDX-License-Identifier: Apache-2.0
// What the tree of queues answers: may this job start, does it borrow, whose turn is it, who gives
// back.
#include "core/queue/queue_tree.h"

// Returns what the job would cost in so long a time as the window lasts.
static wf_int128 cost_in(const struct wf_queue_clock *clock, uint32_t window,
                         const struct wf_queue_bid *bid)
{
    int64_t length_ms = clock->window_end_ms[window] - clock->window_start_ms[window];
    return (wf_int128)bid->nanousd_per_hour * (bid->run_ms < length_ms ? bid->run_ms : length_ms);
}

// How one budget of the queue stands. One that is dearer than the whole budget has a window to
// itself: nobody waits forever.
static struct wf_queue_budget_view view_budget(const struct wf_queues *queues,
                                               const struct wf_queue *queue, uint32_t window,
                                               const struct wf_queue_bid *bid)
{
    wf_int128 limit = wf_money_of(queue->spec.budgets[window].limit_nanousd);
    struct wf_queue_budget_view view = {
        .taken =
            queue->usage.spent[window] + wf_queue_usage_committed_in(&queue->usage, &queues->clock,
                                                                     (enum wf_budget_window)window),
        .cost = cost_in(&queues->clock, window, bid),
    };
    view.is_passed =
        limit > 0 && (view.cost > limit ? view.taken > 0 : view.taken + view.cost > limit);
    return view;
}

struct wf_queue_budget_view wf_queues_budget(const struct wf_queues *queues, wf_queue_id id,
                                             enum wf_budget_window window, struct wf_queue_bid bid)
{
    struct wf_queue *queue = wf_queue_at(queues, id.index);
    wf_queue_usage_advance(&queue->usage, &queues->clock);
    return view_budget(queues, queue, window, &bid);
}

// What the queue itself says, whatever others above it do.
static struct wf_queue_verdict ask(const struct wf_queues *queues, struct wf_queue *queue,
                                   const struct wf_queue_bid *bid)
{
    int64_t gpu_milli = bid->gpu_milli;
    struct wf_queue_verdict verdict = {.at = wf_queue_id_of(queues, queue)};
    int64_t limit = queue->spec.limit_gpu_milli;
    if (limit > 0 && gpu_milli > 0 && gpu_milli > limit - wf_queue_held_gpu_milli(queue)) {
        verdict.answer = WF_QUEUE_OVER_LIMIT;
        return verdict;
    }
    if (!queue->has_budgets) {
        return verdict;
    }
    wf_queue_usage_advance(&queue->usage, &queues->clock);
    for (uint32_t window = WF_WINDOWS; window-- > 0;) {
        const struct wf_budget *budget = &queue->spec.budgets[window];
        bool lowered = verdict.answer == WF_QUEUE_OVER_BUDGET_LOWER;
        if (budget->limit_nanousd == 0 || budget->action == WF_BUDGET_ADMIT ||
            (budget->action == WF_BUDGET_LOWER && lowered) ||
            !view_budget(queues, queue, window, bid).is_passed) {
            continue;
        }
        verdict.window = (enum wf_budget_window)window;
        verdict.answer = WF_QUEUE_OVER_BUDGET_LOWER;
        if (budget->action == WF_BUDGET_HOLD) {
            verdict.answer = WF_QUEUE_OVER_BUDGET_HOLD;
            break;
        }
    }
    return verdict;
}

bool wf_queues_is_known(const struct wf_queues *queues, wf_queue_id id)
{
    return id.index < queues->count && queues->list[id.index].known;
}

int64_t wf_queues_limit_gpu_milli(const struct wf_queues *queues, wf_queue_id id)
{
    return wf_queue_at(queues, id.index)->spec.limit_gpu_milli;
}

int64_t wf_queues_left_gpu_milli(const struct wf_queues *queues, wf_queue_id id)
{
    const struct wf_queue *queue = wf_queue_at(queues, id.index);
    int64_t limit = queue->spec.limit_gpu_milli;
    return limit > 0 ? limit - wf_queue_held_gpu_milli(queue) : INT64_MAX;
}

wf_queue_id wf_queues_parent(const struct wf_queues *queues, wf_queue_id id)
{
    return wf_queue_at(queues, id.index)->spec.parent;
}

struct wf_queue_verdict wf_queues_may_start(const struct wf_queues *queues, wf_queue_id leaf,
                                            struct wf_queue_bid bid)
{
    struct wf_queue_verdict worst = {.answer = WF_QUEUE_MAY, .at = {WF_NONE}};
    struct wf_queue *at = wf_queue_at(queues, leaf.index);
    for (; at; at = wf_queue_above(queues, at)) {
        struct wf_queue_verdict verdict = ask(queues, at, &bid);
        if (verdict.answer == WF_QUEUE_OVER_LIMIT || verdict.answer == WF_QUEUE_OVER_BUDGET_HOLD) {
            return verdict;
        }
        if (worst.answer == WF_QUEUE_MAY && verdict.answer == WF_QUEUE_OVER_BUDGET_LOWER) {
            worst = verdict;
        }
    }
    return worst;
}

uint32_t wf_queues_borrow_level(const struct wf_queues *queues, wf_queue_id leaf, int64_t gpu_milli)
{
    uint32_t level = 0;
    const struct wf_queue *at = wf_queue_at(queues, leaf.index);
    for (; at && gpu_milli > 0; at = wf_queue_above(queues, at)) {
        if (wf_queue_held_gpu_milli(at) + gpu_milli <= at->spec.guarantee_gpu_milli) {
            break;
        }
        level++;
    }
    return level;
}

void wf_queues_suppose(struct wf_queues *queues, wf_queue_id leaf, int64_t gpu_milli)
{
    struct wf_queue *at = wf_queue_at(queues, leaf.index);
    for (; at; at = wf_queue_above(queues, at)) {
        at->supposed_gpu_milli += gpu_milli;
    }
}

struct sides {
    struct wf_queue *a, *b;
};

// The queues that hold two different leaves below the lowest queue above both.
static struct sides find_sides(const struct wf_queues *queues, wf_queue_id leaf_a,
                               wf_queue_id leaf_b)
{
    struct wf_queue *a = wf_queue_at(queues, leaf_a.index);
    struct wf_queue *b = wf_queue_at(queues, leaf_b.index);
    while (a->depth > b->depth) {
        a = wf_queue_at(queues, a->spec.parent.index);
    }
    while (b->depth > a->depth) {
        b = wf_queue_at(queues, b->spec.parent.index);
    }
    WF_ASSERT(a != b); // one would be above the other, and so no leaf
    while (a->spec.parent.index != b->spec.parent.index) {
        a = wf_queue_at(queues, a->spec.parent.index);
        b = wf_queue_at(queues, b->spec.parent.index);
    }
    return (struct sides){a, b};
}

// Compares a / weight of a with b / weight of b without dividing. What fades is at most 1.5 half
// lives of all GPUs at the highest price, below 2^105, so times a weight it stays inside 127 bits.
static int compare_for_weight(const struct sides *sides, wf_int128 a, wf_int128 b)
{
    wf_int128 left = a * sides->b->spec.weight;
    wf_int128 right = b * sides->a->spec.weight;
    return (left > right) - (left < right);
}

int wf_queues_compare(const struct wf_queues *queues, wf_queue_id a, wf_queue_id b)
{
    if (a.index == b.index) {
        return 0;
    }
    struct sides sides = find_sides(queues, a, b);
    struct wf_queue_usage *of_a = &sides.a->usage;
    struct wf_queue_usage *of_b = &sides.b->usage;
    wf_queue_usage_advance(of_a, &queues->clock);
    wf_queue_usage_advance(of_b, &queues->clock);
    int order = compare_for_weight(&sides, of_a->share_money, of_b->share_money);
    if (order == 0) {
        order = compare_for_weight(&sides, of_a->share_gpu_milli_ms, of_b->share_gpu_milli_ms);
    }
    if (order == 0) {
        order = compare_for_weight(&sides, wf_queue_held_gpu_milli(sides.a),
                                   wf_queue_held_gpu_milli(sides.b));
    }
    // By the sides and not by the leaves: otherwise leaves of one side could stand both before and
    // after a leaf of the other, and the order would be none.
    return order != 0 ? order : (sides.a > sides.b) - (sides.a < sides.b);
}

bool wf_queues_may_reclaim(const struct wf_queues *queues, wf_queue_id claimant,
                           int64_t claimant_gpu_milli, wf_queue_id victim, int64_t victim_gpu_milli)
{
    if (claimant.index == victim.index) {
        return false;
    }
    struct sides sides = find_sides(queues, claimant, victim);
    if (wf_queue_held_gpu_milli(sides.a) + claimant_gpu_milli > sides.a->spec.guarantee_gpu_milli) {
        return false;
    }
    const struct wf_queue *end = wf_queue_above(queues, sides.b);
    const struct wf_queue *at = wf_queue_at(queues, victim.index);
    for (; at && at != end; at = wf_queue_above(queues, at)) {
        if (wf_queue_held_gpu_milli(at) - victim_gpu_milli < at->spec.guarantee_gpu_milli) {
            return false;
        }
    }
    return true;
}
