// SPDX-License-Identifier: Apache-2.0
// Our own policy: the placement that costs the fleet least. Every term is in milli-GPU, that is in
// thousandths of a GPU-hour for each hour the task runs, and one GPU-hour is worth the fleet's mean
// price: that makes dollars of it. The terms, each times its weight in the strategy:
//
//   stranded  expected free GPU share that expected requests can no longer use: the increase of F
//             (core/place/mix.h); negative where the task fills what was of no use to others
//   leftover  up to 30 milli-GPU for what is left free beside the task: keeps other nodes whole
//   scarcity  what the task takes from those who can run nowhere else (core/place/scarcity.h)
//   rent      what the pool charges by use, against the mean price; nothing where it is paid anyway
//   time      the GPU-hours more that a slower GPU takes
//
// The first two depend on the node and are its score; the others are the pool's.
#include "core/policy/policy.h"

#include "base/assert.h"

enum {
    ONE_Q8 = 256,
    LEFTOVER_Q8 = 15 * ONE_Q8, // each for CPU and GPU, of a node as large as the largest
    NANOUSD_DIVISOR = ONE_Q8 * WF_GPU_MILLI,
    WEIGHT_ONE = 1000,
};

// The dearest and fastest pools there may be make costs that mean nothing any more. What is past
// these bounds counts as the bound, so that sums of terms stay inside of 64 bits.
#define RENT_MILLI_MAX (INT64_C(1) << 52)
#define TERM_NANOUSD_MAX (INT64_C(1) << 58) // 288 million dollars an hour

static const struct wf_weights cost_first = {
    .rent = 1000, .stranded = 1000, .leftover = 1000, .scarcity = 1000, .time = 1000};
static const struct wf_weights speed_first = {
    .rent = 100, .stranded = 500, .leftover = 1000, .scarcity = 500, .time = 10000};
static const struct wf_weights balanced = {
    .rent = 500, .stranded = 1000, .leftover = 1000, .scarcity = 1000, .time = 3000};

typedef void effect_function(const struct wf_mix *, uint32_t, const struct wf_state *,
                             const struct wf_request *, struct wf_effect *);

struct node_cost {
    int64_t stranded_q8; // milli-GPU, weighted
    int64_t leftover_q8;
};

static int64_t within(wf_int128 value, int64_t bound)
{
    if (value > bound) {
        return bound;
    }
    return value < -bound ? -bound : (int64_t)value;
}

static int64_t floor_divide(int64_t value, int64_t divisor)
{
    int64_t quotient = value / divisor;
    return quotient - (value % divisor < 0);
}

static int64_t leftover_q8(const struct wf_cluster *cluster, const struct wf_state *state,
                           const struct wf_request *request)
{
    int64_t cpu_max = cluster->cpu_milli_max > 0 ? cluster->cpu_milli_max : 1;
    int64_t gpu_max = cluster->gpus_max > 0 ? (int64_t)cluster->gpus_max * WF_GPU_MILLI : 1;
    int64_t cpu_left = (int64_t)state->cpu_free_milli - request->cpu_milli;
    int64_t gpu_left =
        (int64_t)wf_state_gpu_total_milli(state) - (int64_t)request->gpus * request->gpu_milli;
    return LEFTOVER_Q8 * cpu_left / cpu_max + LEFTOVER_Q8 * gpu_left / gpu_max;
}

// The way to place the task after which most is usable; of equal ones the GPU with least free.
static uint32_t best_way(const struct wf_effect *effect, const struct wf_state *state)
{
    uint32_t best = 0;
    for (uint32_t way = 1; way < effect->ways; way++) {
        int64_t more = effect->usable_after[way] - effect->usable_after[best];
        if (more > 0 || (more == 0 && state->gpu_free_milli[way] < state->gpu_free_milli[best])) {
            best = way;
        }
    }
    WF_ASSERT(effect->usable_after[best] >= 0);
    return best;
}

static struct node_cost cost_of_node(effect_function *find_effect, const struct wf_outlook *outlook,
                                     const struct wf_pool *pool, const struct wf_state *state,
                                     const struct wf_request *request, uint32_t *gpu_out)
{
    const struct wf_mix *mix = outlook->mix;
    const struct wf_weights *weights = outlook->weights;
    struct node_cost cost = {
        .leftover_q8 =
            leftover_q8(outlook->cluster, state, request) * weights->leftover / WEIGHT_ONE,
    };
    if (mix->total == 0) {
        *gpu_out = wf_state_tightest_gpu(state, request->gpu_milli);
        return cost;
    }
    struct wf_effect effect;
    find_effect(mix, pool->spec.model, state, request, &effect);
    uint32_t way = best_way(&effect, state);
    int64_t taken = (int64_t)request->gpus * request->gpu_milli * mix->total;
    int64_t lost = effect.usable_before - effect.usable_after[way] - taken;
    cost.stranded_q8 = floor_divide(lost * ONE_Q8, mix->total) * weights->stranded / WEIGHT_ONE;
    *gpu_out = way;
    return cost;
}

// Whole milli-GPU: finer differences are noise, and equal scores keep nodes whole by filling the
// lowest first.
static int32_t score_of(struct node_cost cost)
{
    return -(int32_t)floor_divide(cost.stranded_q8 + cost.leftover_q8 + ONE_Q8 / 2, ONE_Q8);
}

static int32_t score(const struct wf_outlook *outlook, const struct wf_pool *pool,
                     const struct wf_state *state, const struct wf_request *request,
                     uint32_t *gpu_out)
{
    return score_of(cost_of_node(wf_mix_effect, outlook, pool, state, request, gpu_out));
}

static int32_t score_plain(const struct wf_outlook *outlook, const struct wf_pool *pool,
                           const struct wf_state *state, const struct wf_request *request,
                           uint32_t *gpu_out)
{
    return score_of(cost_of_node(wf_mix_effect_plain, outlook, pool, state, request, gpu_out));
}

static int64_t request_base(const struct wf_outlook *outlook, const struct wf_request *request)
{
    return wf_scarcity_cheapest_q10(outlook->scarcity, outlook->cluster, request);
}

struct pool_cost {
    int64_t scarcity_milli, rent_milli, time_milli; // weighted
};

static struct pool_cost cost_of_pool(const struct wf_outlook *outlook, const struct wf_pool *pool,
                                     const struct wf_request *request, int64_t base)
{
    const struct wf_weights *weights = outlook->weights;
    uint32_t index = (uint32_t)(pool - outlook->cluster->pools);
    int64_t gpu_milli = (int64_t)request->gpus * request->gpu_milli;
    int64_t speed = wf_pool_speed_permille(pool);
    int64_t slowest_milli = gpu_milli * outlook->speed_permille_max / speed;
    struct pool_cost cost = {
        .scarcity_milli = wf_scarcity_milli(outlook->scarcity, index, request, base) *
                          weights->scarcity / WEIGHT_ONE,
        .time_milli = (slowest_milli - gpu_milli) * weights->time / WEIGHT_ONE,
    };
    if (pool->spec.rent_by_use) {
        wf_int128 rent = (wf_int128)slowest_milli * pool->spec.price_nanousd_per_gpu_hour;
        rent = rent / outlook->fleet_price_nanousd * weights->rent / WEIGHT_ONE;
        cost.rent_milli = within(rent, RENT_MILLI_MAX);
    }
    return cost;
}

static int64_t pool_score(const struct wf_outlook *outlook, const struct wf_pool *pool,
                          const struct wf_request *request, int64_t base)
{
    struct pool_cost cost = cost_of_pool(outlook, pool, request, base);
    return -(cost.scarcity_milli + cost.rent_milli + cost.time_milli);
}

static void add_term(const struct wf_outlook *outlook, enum wf_term term, int64_t cost_q8,
                     struct wf_terms *terms)
{
    wf_int128 nanousd = (wf_int128)cost_q8 * outlook->fleet_price_nanousd / NANOUSD_DIVISOR;
    terms->list[terms->count++] = (struct wf_term_value){term, -within(nanousd, TERM_NANOUSD_MAX)};
}

static void terms(const struct wf_outlook *outlook, const struct wf_pool *pool,
                  const struct wf_state *state, const struct wf_request *request, int64_t base,
                  struct wf_terms *terms_out)
{
    uint32_t gpu;
    struct node_cost node = cost_of_node(wf_mix_effect, outlook, pool, state, request, &gpu);
    struct pool_cost in = cost_of_pool(outlook, pool, request, base);
    terms_out->count = 0;
    add_term(outlook, WF_TERM_RENT, in.rent_milli * ONE_Q8, terms_out);
    add_term(outlook, WF_TERM_STRANDED, node.stranded_q8, terms_out);
    add_term(outlook, WF_TERM_SCARCITY, in.scarcity_milli * ONE_Q8, terms_out);
    add_term(outlook, WF_TERM_TIME, in.time_milli * ONE_Q8, terms_out);
    add_term(outlook, WF_TERM_LEFTOVER, node.leftover_q8, terms_out);
}

#define STRATEGY(symbol, its_weights, its_name, its_summary)                                       \
    const struct wf_policy symbol = {                                                              \
        .name = (its_name),                                                                        \
        .summary = (its_summary),                                                                  \
        .score = score,                                                                            \
        .score_plain = score_plain,                                                                \
        .pool_score = pool_score,                                                                  \
        .request_base = request_base,                                                              \
        .terms = terms,                                                                            \
        .weights = &(its_weights),                                                                 \
        .uses_mix = true,                                                                          \
    }

STRATEGY(wf_policy_cost_first, cost_first, "cost-first", "the least cost to the fleet");
STRATEGY(wf_policy_speed_first, speed_first, "speed-first",
         "the fastest GPUs, then the least cost");
STRATEGY(wf_policy_balanced, balanced, "balanced", "between cost-first and speed-first");
