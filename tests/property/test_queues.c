// SPDX-License-Identifier: Apache-2.0
// The tree of queues against a plain model, over random trees and histories: the model keeps every
// stint that ever was and adds up anew whatever it is asked.
#include "core/queue/queues.h"

#include <math.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include "base/random.h"
#include "core/queue/fade.h"

#define HOUR_MS INT64_C(3600000)

enum { QUEUES = 20, RUNNING_MAX = 40, STINTS_MAX = 1000, STEPS = 400 };

struct past {
    struct wf_stint stint;
    int64_t start_ms, end_ms; // INT64_MAX: it runs
    uint32_t number;          // in the tree, and in its twin
};

struct model {
    struct wf_region *region;
    struct wf_random random;
    uint64_t seed;
    struct wf_queues *queues;
    struct wf_queues *twin; // told the same, but never looked at before the end
    struct wf_queue_spec specs[QUEUES];
    bool known[QUEUES];
    struct past past[STINTS_MAX];
    uint32_t past_count;
    int64_t now_ms;
    int64_t slice_ms;
    bool free_of_cost;
};

// What the histories were about: a test that nothing happens in shows nothing.
static struct {
    uint32_t answers[4], levels[4], moves, refused, reclaimed, compared, even, paid, dear;
} seen;

static uint32_t below(struct model *model, uint64_t limit)
{
    return (uint32_t)wf_random_below(&model->random, limit);
}

static bool is_leaf(const struct model *model, uint32_t queue)
{
    bool leaf = model->known[queue];
    for (uint32_t i = 0; i < QUEUES; i++) {
        leaf = leaf && !(model->known[i] && model->specs[i].parent.index == queue);
    }
    return leaf;
}

static bool is_below(const struct model *model, uint32_t lower, uint32_t upper)
{
    while (lower != upper && lower != WF_NONE) {
        lower = model->specs[lower].parent.index;
    }
    return lower == upper;
}

static bool runs(const struct past *past)
{
    return past->end_ms == INT64_MAX;
}

static int64_t held(const struct model *model, uint32_t queue)
{
    int64_t sum = 0;
    for (uint32_t i = 0; i < model->past_count; i++) {
        const struct past *past = &model->past[i];
        sum += runs(past) && is_below(model, past->stint.queue.index, queue) ? past->stint.gpu_milli
                                                                             : 0;
    }
    return sum;
}

// The time that a stint has lasted since from_ms.
static int64_t lasted_ms(const struct model *model, const struct past *past, int64_t from_ms)
{
    int64_t start_ms = past->start_ms > from_ms ? past->start_ms : from_ms;
    int64_t end_ms = past->end_ms < model->now_ms ? past->end_ms : model->now_ms;
    return end_ms > start_ms ? end_ms - start_ms : 0;
}

static wf_int128 money_since(const struct model *model, uint32_t queue, int64_t from_ms)
{
    wf_int128 sum = 0;
    for (uint32_t i = 0; i < model->past_count; i++) {
        const struct past *past = &model->past[i];
        if (is_below(model, past->stint.queue.index, queue)) {
            sum += (wf_int128)past->stint.nanousd_per_hour * lasted_ms(model, past, from_ms);
        }
    }
    return sum;
}

static wf_int128 gpu_time(const struct model *model, uint32_t queue)
{
    wf_int128 sum = 0;
    for (uint32_t i = 0; i < model->past_count; i++) {
        const struct past *past = &model->past[i];
        if (is_below(model, past->stint.queue.index, queue)) {
            sum += (wf_int128)past->stint.gpu_milli * lasted_ms(model, past, INT64_MIN);
        }
    }
    return sum;
}

static wf_int128 committed(const struct model *model, uint32_t queue)
{
    wf_int128 sum = 0;
    for (uint32_t i = 0; i < model->past_count; i++) {
        const struct past *past = &model->past[i];
        if (runs(past) && is_below(model, past->stint.queue.index, queue)) {
            wf_int128 left =
                wf_money_of(past->stint.cost_nanousd) -
                (wf_int128)past->stint.nanousd_per_hour * (model->now_ms - past->start_ms);
            sum += left > 0 ? left : 0;
            seen.paid += left < 0 && past->stint.cost_nanousd > 0;
        }
    }
    return sum;
}

// By the C library's calendar.
static int64_t window_start_ms(int64_t now_ms, uint32_t window)
{
    time_t seconds = (time_t)floor((double)now_ms / 1000.0);
    struct tm civil;
    assert_non_null(gmtime_r(&seconds, &civil));
    civil.tm_sec = civil.tm_min = 0;
    civil.tm_hour = window == WF_WINDOW_HOUR ? civil.tm_hour : 0;
    civil.tm_mday = window == WF_WINDOW_MONTH ? 1 : civil.tm_mday;
    return (int64_t)timegm(&civil) * 1000;
}

static int64_t window_length_ms(int64_t now_ms, uint32_t window)
{
    int64_t start_ms = window_start_ms(now_ms, window);
    int64_t past_end_ms = start_ms + (window == WF_WINDOW_MONTH ? 32 : 1) * 86400000LL;
    return window == WF_WINDOW_HOUR ? 3600000 : window_start_ms(past_end_ms, window) - start_ms;
}

// What is spent in the window, and what running jobs may still cost in as long a time as it lasts.
static wf_int128 taken(const struct model *model, uint32_t queue, uint32_t window)
{
    wf_int128 rates = 0;
    for (uint32_t i = 0; i < model->past_count; i++) {
        const struct past *past = &model->past[i];
        wf_int128 cost = (wf_int128)past->stint.nanousd_per_hour * (model->now_ms - past->start_ms);
        if (runs(past) && is_below(model, past->stint.queue.index, queue) &&
            cost < wf_money_of(past->stint.cost_nanousd)) {
            rates += past->stint.nanousd_per_hour;
        }
    }
    wf_int128 most = rates * window_length_ms(model->now_ms, window);
    wf_int128 all = committed(model, queue);
    return money_since(model, queue, window_start_ms(model->now_ms, window)) +
           (all < most ? all : most);
}

// What is left of one for each millisecond from start_ms to end_ms: all in a slice have faded as
// often as slices have ended since.
static double faded(const struct model *model, int64_t start_ms, int64_t end_ms)
{
    double slice_ms = (double)model->slice_ms;
    double first = floor((double)start_ms / slice_ms);
    double last = floor((double)end_ms / slice_ms);
    double now = floor((double)model->now_ms / slice_ms);
    if (first == last) {
        return (double)(end_ms - start_ms) * exp2((first - now) / WF_FADE_SLICES);
    }
    double sum = ((first + 1) * slice_ms - (double)start_ms) * exp2((first - now) / WF_FADE_SLICES);
    sum += ((double)end_ms - last * slice_ms) * exp2((last - now) / WF_FADE_SLICES);
    // The whole slices between are a geometric series.
    double factor = exp2(-1.0 / WF_FADE_SLICES);
    return sum + slice_ms * exp2((last - 1 - now) / WF_FADE_SLICES) *
                     (1 - pow(factor, last - first - 1)) / (1 - factor);
}

struct share {
    double money, gpu_time;
    double held;
};

static struct share share_of(const struct model *model, uint32_t queue)
{
    struct share share = {0};
    for (uint32_t i = 0; i < model->past_count; i++) {
        const struct past *past = &model->past[i];
        if (is_below(model, past->stint.queue.index, queue)) {
            int64_t end_ms = runs(past) ? model->now_ms : past->end_ms;
            double ms = faded(model, past->start_ms, end_ms);
            share.money += ms * (double)past->stint.nanousd_per_hour;
            share.gpu_time += ms * (double)past->stint.gpu_milli;
        }
    }
    share.held = (double)held(model, queue);
    return share;
}

// Rounding takes less than one off at the end of each slice, of which 1 / (1 - 2^(-1/64)) = 93 are
// remembered, for the queue and for those that ever were below it. The factor itself is rounded,
// too, by 1e-11.
static const double rounding_max = 5000;
static const double rounding_part = 1e-6;

static bool nearly(double a, double b)
{
    return fabs(a - b) <= rounding_max + rounding_part * fmax(a, b);
}

static void fail_at(const struct model *model, uint32_t queue, const char *what)
{
    fail_msg("seed %llu, now %lld, queue %u: %s", (unsigned long long)model->seed,
             (long long)model->now_ms, queue, what);
}

static void check_sum_of_children(const struct model *model, uint32_t id,
                                  const struct wf_queue_view *view)
{
    int64_t used = 0;
    wf_int128 money = 0, time = 0;
    for (uint32_t i = 0; i < model->past_count; i++) { // of its own, before it had children
        const struct past *past = &model->past[i];
        if (past->stint.queue.index == id) {
            int64_t ms = lasted_ms(model, past, INT64_MIN);
            used += runs(past) ? past->stint.gpu_milli : 0;
            money += (wf_int128)past->stint.nanousd_per_hour * ms;
            time += (wf_int128)past->stint.gpu_milli * ms;
        }
    }
    for (uint32_t child = 0; child < QUEUES; child++) {
        struct wf_queue_view of_child;
        if (model->known[child] && model->specs[child].parent.index == id) {
            assert_true(wf_queues_view(model->queues, (wf_queue_id){child}, &of_child));
            used += of_child.used_gpu_milli;
            money += of_child.money;
            time += of_child.gpu_milli_ms;
        }
    }
    if (used != view->used_gpu_milli || money != view->money || time != view->gpu_milli_ms) {
        fail_at(model, id, "is not the sum of its children");
    }
}

static void check_queue(const struct model *model, uint32_t id)
{
    struct wf_queue_view view;
    assert_true(wf_queues_view(model->queues, (wf_queue_id){id}, &view));
    if (view.used_gpu_milli != held(model, id) || view.gpu_milli_ms != gpu_time(model, id)) {
        fail_at(model, id, "use is wrong");
    }
    if (view.money != money_since(model, id, INT64_MIN)) {
        fail_at(model, id, "money is wrong");
    }
    if (view.committed != committed(model, id)) {
        fail_at(model, id, "commitment is wrong");
    }
    for (uint32_t i = 0; i < WF_WINDOWS; i++) {
        wf_int128 limit = wf_money_of(model->specs[id].budgets[i].limit_nanousd);
        if (view.over[i] != (limit > 0 && taken(model, id, i) > limit)) {
            fail_at(model, id, "a budget is told to be passed and is not, or the reverse");
        }
    }
    for (uint32_t window = 0; window < WF_WINDOWS; window++) {
        int64_t start_ms = window_start_ms(model->now_ms, window);
        if (view.spent[window] != money_since(model, id, start_ms)) {
            fail_at(model, id, "what is spent in a window is wrong");
        }
    }
    struct share share = share_of(model, id);
    if (!nearly((double)view.share_money, share.money) ||
        !nearly((double)view.share_gpu_milli_ms, share.gpu_time)) {
        fail_at(model, id, "what fades is wrong");
    }
    check_sum_of_children(model, id, &view);
}

// How much a refusal weighs: the smallest of all is the verdict.
static uint32_t rank(enum wf_queue_answer answer, uint32_t distance, uint32_t window)
{
    uint32_t soft = answer == WF_QUEUE_OVER_BUDGET_LOWER;
    return soft << 16 | distance << 8 | (uint32_t)answer << 4 | (WF_WINDOWS - window);
}

// Whether a budget that does something is passed with the job.
static bool is_passed(const struct model *model, uint32_t queue, uint32_t window,
                      const struct wf_queue_bid *bid)
{
    const struct wf_budget *budget = &model->specs[queue].budgets[window];
    wf_int128 limit = wf_money_of(budget->limit_nanousd);
    int64_t length_ms = window_length_ms(model->now_ms, window);
    wf_int128 cost =
        (wf_int128)bid->nanousd_per_hour * (bid->run_ms < length_ms ? bid->run_ms : length_ms);
    if (limit == 0 || budget->action == WF_BUDGET_ADMIT) {
        return false;
    }
    seen.dear += cost > limit;
    return cost > limit ? taken(model, queue, window) > 0
                        : taken(model, queue, window) + cost > limit;
}

static bool is_over_limit(const struct model *model, uint32_t queue, int64_t gpu_milli)
{
    int64_t limit = model->specs[queue].limit_gpu_milli;
    return limit > 0 && gpu_milli > 0 && held(model, queue) + gpu_milli > limit;
}

struct refusal {
    struct wf_queue_verdict verdict;
    uint32_t rank;
};

static void refuse(struct refusal *worst, uint32_t distance, struct wf_queue_verdict verdict)
{
    uint32_t window = verdict.answer == WF_QUEUE_OVER_LIMIT ? 0 : (uint32_t)verdict.window;
    if (rank(verdict.answer, distance, window) < worst->rank) {
        *worst = (struct refusal){verdict, rank(verdict.answer, distance, window)};
    }
}

static void check_verdict(struct model *model, uint32_t leaf)
{
    int64_t gpu_milli = below(model, 4) * 1000;
    struct wf_queue_bid bid = {
        .gpu_milli = gpu_milli,
        .nanousd_per_hour = (int64_t)wf_random_below(&model->random, 1ull << below(model, 32)),
        .run_ms = (int64_t)wf_random_below(&model->random, 1ull << below(model, 34)),
    };
    struct refusal worst = {{WF_QUEUE_MAY, {WF_NONE}, WF_WINDOW_HOUR}, UINT32_MAX};
    uint32_t distance = 0;
    for (uint32_t at = leaf; at != WF_NONE; at = model->specs[at].parent.index, distance++) {
        if (is_over_limit(model, at, gpu_milli)) {
            refuse(&worst, distance,
                   (struct wf_queue_verdict){WF_QUEUE_OVER_LIMIT, {at}, WF_WINDOW_HOUR});
        }
        for (uint32_t i = 0; i < WF_WINDOWS; i++) {
            if (is_passed(model, at, i, &bid)) {
                bool hold = model->specs[at].budgets[i].action == WF_BUDGET_HOLD;
                refuse(&worst, distance,
                       (struct wf_queue_verdict){hold ? WF_QUEUE_OVER_BUDGET_HOLD
                                                      : WF_QUEUE_OVER_BUDGET_LOWER,
                                                 {at},
                                                 (enum wf_budget_window)i});
            }
        }
    }
    struct wf_queue_verdict verdict = wf_queues_may_start(model->queues, (wf_queue_id){leaf}, bid);
    if (verdict.answer != worst.verdict.answer || verdict.at.index != worst.verdict.at.index ||
        (verdict.answer >= WF_QUEUE_OVER_BUDGET_HOLD && verdict.window != worst.verdict.window)) {
        fail_at(model, leaf, "the verdict is wrong");
    }
    seen.answers[verdict.answer]++;
}

static void check_borrowing(struct model *model, uint32_t leaf)
{
    int64_t gpu_milli = 1 + below(model, 3000);
    uint32_t level = 0;
    uint32_t at = leaf;
    while (at != WF_NONE && held(model, at) + gpu_milli > model->specs[at].guarantee_gpu_milli) {
        at = model->specs[at].parent.index;
        level++;
    }
    if (wf_queues_borrow_level(model->queues, (wf_queue_id){leaf}, gpu_milli) != level) {
        fail_at(model, leaf, "how far it borrows is wrong");
    }
    seen.levels[level < 3 ? level : 3]++;
}

// The queue at or above a leaf whose parent is at or above the other leaf, too, by trying all.
static uint32_t side_of(const struct model *model, uint32_t leaf, uint32_t other)
{
    while (model->specs[leaf].parent.index != WF_NONE &&
           !is_below(model, other, model->specs[leaf].parent.index)) {
        leaf = model->specs[leaf].parent.index;
    }
    return leaf;
}

static int wanted_order(const struct model *model, uint32_t side_a, uint32_t side_b)
{
    struct share a = share_of(model, side_a);
    struct share b = share_of(model, side_b);
    double weight_a = model->specs[side_a].weight;
    double weight_b = model->specs[side_b].weight;
    bool costs = model->free_of_cost ? false : a.money + b.money > 0;
    double left = (costs ? a.money : a.gpu_time) * weight_b;
    double right = (costs ? b.money : b.gpu_time) * weight_a;
    double unsure = rounding_max * fmax(weight_a, weight_b) + rounding_part * fmax(left, right);
    return fabs(left - right) <= unsure ? 0 : left < right ? -1 : 1;
}

static void check_order(struct model *model, uint32_t a, uint32_t b, uint32_t c)
{
    wf_queue_id id_a = {a}, id_b = {b}, id_c = {c};
    int order = wf_queues_compare(model->queues, id_a, id_b);
    if (order != -wf_queues_compare(model->queues, id_b, id_a) || (order == 0) != (a == b)) {
        fail_at(model, a, "the order is not one");
    }
    if (order < 0 && wf_queues_compare(model->queues, id_b, id_c) < 0 &&
        wf_queues_compare(model->queues, id_a, id_c) >= 0) {
        fail_at(model, a, "the order goes round in circles");
    }
    if (a == b) {
        return;
    }
    int wanted = wanted_order(model, side_of(model, a, b), side_of(model, b, a));
    if (wanted != 0 && wanted != order) {
        fail_at(model, a, "fair share is wrong");
    }
    seen.compared += wanted != 0;
    seen.even += wanted == 0;
}

static void check_reclaim(struct model *model, uint32_t claimant, uint32_t victim)
{
    int64_t claimed = below(model, 5) * 1000;
    int64_t given = below(model, 3) * 1000;
    uint32_t side = side_of(model, claimant, victim);
    bool may =
        claimant != victim && held(model, side) + claimed <= model->specs[side].guarantee_gpu_milli;
    for (uint32_t at = victim; may && at != WF_NONE && !is_below(model, claimant, at);
         at = model->specs[at].parent.index) {
        may = held(model, at) - given >= model->specs[at].guarantee_gpu_milli;
    }
    if (wf_queues_may_reclaim(model->queues, (wf_queue_id){claimant}, claimed,
                              (wf_queue_id){victim}, given) != may) {
        fail_at(model, claimant, "what it takes back is wrong");
    }
    seen.reclaimed += may;
}

static uint32_t random_leaf(struct model *model)
{
    uint32_t queue = below(model, QUEUES);
    while (!is_leaf(model, queue)) {
        queue = below(model, QUEUES);
    }
    return queue;
}

static void look(struct model *model)
{
    for (uint32_t id = 0; id < QUEUES; id++) {
        if (model->known[id]) {
            check_queue(model, id);
        }
    }
    for (uint32_t i = 0; i < 4; i++) {
        uint32_t a = random_leaf(model), b = random_leaf(model), c = random_leaf(model);
        check_verdict(model, a);
        check_borrowing(model, a);
        check_order(model, a, b, c);
        check_reclaim(model, a, b);
    }
}

static struct wf_queue_spec random_spec(struct model *model)
{
    // One after the other, so that every compiler draws in the same order.
    struct wf_queue_spec spec = {.parent = {WF_NONE}};
    if (below(model, 4) > 0) {
        spec.parent.index = below(model, QUEUES);
    }
    uint32_t weight_max = below(model, 5) == 0 ? WF_QUEUE_WEIGHT_MAX : 4;
    spec.weight = 1 + below(model, weight_max);
    spec.guarantee_gpu_milli = below(model, 2) == 0 ? 0 : below(model, 12) * 1000;
    spec.limit_gpu_milli = below(model, 3) == 0 ? (4 + below(model, 20)) * 1000 : 0;
    for (uint32_t i = 0; i < WF_WINDOWS && below(model, 2) == 0; i++) {
        uint64_t limit_max = 1ull << below(model, 45);
        spec.budgets[i].limit_nanousd = (int64_t)wf_random_below(&model->random, limit_max);
        spec.budgets[i].action = (enum wf_budget_action)below(model, 3);
    }
    return spec;
}

// Tells one queue something new, which may be refused: what the rules are the unit tests show.
static void tell(struct model *model)
{
    uint32_t id = below(model, QUEUES);
    struct wf_queue_spec spec = random_spec(model);
    if (model->known[id] && below(model, 3) > 0) {
        spec.parent = model->specs[id].parent;
    }
    struct wf_error err;
    enum wf_status status = wf_queues_set(model->queues, (wf_queue_id){id}, &spec, &err);
    assert_int_equal(status, wf_queues_set(model->twin, (wf_queue_id){id}, &spec, &err));
    seen.refused += status != WF_OK;
    if (status == WF_OK) {
        bool moved = model->known[id] && model->specs[id].parent.index != spec.parent.index;
        seen.moves += moved && money_since(model, id, INT64_MIN) > 0;
        model->known[id] = true;
        model->specs[id] = spec;
    }
}

static void start(struct model *model)
{
    if (model->past_count == STINTS_MAX) {
        return;
    }
    uint64_t price_max = model->free_of_cost ? 1 : 1ull << below(model, 42);
    struct past past = {.start_ms = model->now_ms, .end_ms = INT64_MAX};
    past.stint.queue.index = random_leaf(model);
    past.stint.gpu_milli = below(model, 9) * 500;
    past.stint.nanousd_per_hour = (int64_t)wf_random_below(&model->random, price_max);
    past.stint.cost_nanousd = past.stint.nanousd_per_hour / 16 * below(model, 200);
    assert_int_equal(wf_queues_enter(model->queues, past.stint.queue, NULL), WF_OK);
    assert_int_equal(wf_queues_enter(model->twin, past.stint.queue, NULL), WF_OK);
    past.number = wf_queues_start(model->queues, &past.stint);
    assert_int_equal(past.number, wf_queues_start(model->twin, &past.stint));
    if (past.number == WF_NONE) {
        wf_queues_leave(model->queues, past.stint.queue);
        wf_queues_leave(model->twin, past.stint.queue);
        return;
    }
    model->past[model->past_count++] = past;
}

static void stop(struct model *model, struct past *past)
{
    wf_int128 money = (wf_int128)past->stint.nanousd_per_hour * lasted_ms(model, past, INT64_MIN);
    assert_true(wf_queues_stint_money(model->queues, past->number) == money);
    assert_true(wf_queues_stop(model->queues, past->number) == money);
    assert_true(wf_queues_stop(model->twin, past->number) == money);
    wf_queues_leave(model->queues, past->stint.queue);
    wf_queues_leave(model->twin, past->stint.queue);
    past->end_ms = model->now_ms;
}

// Ends one of those that run, if the draw falls on one.
static void stop_some(struct model *model)
{
    for (uint32_t i = 0; i < model->past_count; i++) {
        if (runs(&model->past[i]) && below(model, 12) == 0) {
            stop(model, &model->past[i]);
            return;
        }
    }
}

static void advance(struct model *model)
{
    model->now_ms += (int64_t)wf_random_below(&model->random, 1ull << below(model, 33));
    wf_queues_advance(model->queues, model->now_ms);
    wf_queues_advance(model->twin, model->now_ms);
}

static struct wf_queues *create(struct wf_region *region, int64_t half_life_ms)
{
    struct wf_limits limits = {.queues = QUEUES, .jobs = RUNNING_MAX, .placements = STINTS_MAX};
    struct wf_queues *queues = NULL;
    assert_int_equal(wf_queues_create(region, &limits, half_life_ms, &queues, NULL), WF_OK);
    return queues;
}

static void begin(struct model *model, uint64_t seed)
{
    *model = (struct model){.seed = seed, .free_of_cost = seed % 4 == 0};
    wf_random_init(&model->random, seed);
    assert_int_equal(wf_region_create(&model->region, NULL), WF_OK);
    int64_t half_life_ms =
        WF_HALF_LIFE_MS_MIN + (int64_t)wf_random_below(&model->random, 1ull << below(model, 34));
    model->slice_ms = wf_fade_slice_ms(half_life_ms);
    model->queues = create(model->region, half_life_ms);
    model->twin = create(model->region, half_life_ms);
    model->now_ms = -315 * 1000 * HOUR_MS / 4; // in 1961
    model->now_ms += (int64_t)wf_random_below(&model->random, 2 * -(uint64_t)model->now_ms);
    wf_queues_advance(model->queues, model->now_ms);
    wf_queues_advance(model->twin, model->now_ms);
    for (uint32_t i = 0; i < 3 * QUEUES; i++) {
        tell(model);
    }
}

// What the tree has used does not depend on who looked when: the twin, at which nobody ever looked,
// has the same.
static void compare_with_twin(const struct model *model)
{
    for (uint32_t id = 0; id < QUEUES; id++) {
        struct wf_queue_view a, b;
        memset(&a, 0, sizeof a);
        memset(&b, 0, sizeof b);
        if (!model->known[id]) {
            continue;
        }
        assert_true(wf_queues_view(model->queues, (wf_queue_id){id}, &a));
        assert_true(wf_queues_view(model->twin, (wf_queue_id){id}, &b));
        if (a.money != b.money || a.share_money != b.share_money ||
            a.share_gpu_milli_ms != b.share_gpu_milli_ms || a.committed != b.committed ||
            memcmp(a.spent, b.spent, sizeof a.spent) != 0) {
            fail_at(model, id, "differs from where nobody looked");
        }
    }
}

static void go_through(uint64_t seed)
{
    static struct model model;
    begin(&model, seed);
    for (uint32_t step = 0; step < STEPS; step++) {
        switch (below(&model, 8)) {
        case 0:
        case 1:
            advance(&model);
            break;
        case 2:
            stop_some(&model);
            break;
        case 3:
            tell(&model);
            break;
        case 4:
            look(&model);
            break;
        default:
            start(&model);
        }
    }
    look(&model);
    compare_with_twin(&model);
    for (uint32_t i = 0; i < model.past_count; i++) {
        if (runs(&model.past[i])) {
            stop(&model, &model.past[i]);
        }
    }
    look(&model);
    wf_region_destroy(model.region);
}

static void the_tree_says_what_adding_up_says(void **state)
{
    (void)state;
    for (uint64_t seed = 1; seed <= 400; seed++) {
        go_through(seed);
    }
    print_message("# verdicts %u %u %u %u, levels %u %u %u %u, moves %u, refused %u, reclaims %u, "
                  "compared %u, even %u, paid %u\n",
                  seen.answers[0], seen.answers[1], seen.answers[2], seen.answers[3],
                  seen.levels[0], seen.levels[1], seen.levels[2], seen.levels[3], seen.moves,
                  seen.refused, seen.reclaimed, seen.compared, seen.even, seen.paid);
    for (uint32_t i = 0; i < 4; i++) {
        assert_true(seen.answers[i] > 1000 && seen.levels[i] > 1000);
    }
    assert_true(seen.moves > 1000 && seen.refused > 1000 && seen.reclaimed > 1000);
    assert_true(seen.compared > 10000 && seen.paid > 1000 && seen.dear > 1000);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(the_tree_says_what_adding_up_says),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
