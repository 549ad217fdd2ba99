// SPDX-License-Identifier: Apache-2.0
// Fragmentation gradient descent (Weng et al., USENIX ATC 2023): the placement after which the
// least free GPU share is lost to the requests that are expected. The published score is
// trunc(100 / (1 + exp(-D / 1000))), D the decrease of the expected fragment in milli-GPU. Here D
// is an exact quotient and the curve a table of the 99 places where it steps.
#include "core/policy/policy.h"

// D at which the score reaches k, for k = 51 to 99: 1000 ln(k / (100 - k)) in millionths of a
// milli-GPU. Below 50 the curve is its own mirror image.
static const int64_t step_micro[49] = {
    40005335,   80042708,   120144312,  160342651,  200670696,  241162057,  281851153,
    322773393,  363965378,  405465109,  447312219,  489548226,  532216814,  575364145,
    619039209,  663294218,  708185058,  753771803,  800119301,  847297861,  895384048,
    944461609,  994622576,  1045968556, 1098612289, 1152679510, 1208311206, 1265666374,
    1324925415, 1386294362, 1450010176, 1516347490, 1585627264, 1658228077, 1734601056,
    1815289967, 1900958762, 1992430165, 2090741097, 2197224578, 2313634930, 2442347036,
    2586689345, 2751535314, 2944438980, 3178053831, 3476098690, 3891820299, 4595119851,
};

// The score of a decrease: D = decrease / total milli-GPU.
static int32_t curve(int64_t decrease, int64_t total)
{
    int64_t micro = (decrease < 0 ? -decrease : decrease) * 1000000;
    int32_t steps = 0;
    for (int32_t width = 32; width > 0; width /= 2) {
        if (steps + width <= 49 && micro >= step_micro[steps + width - 1] * total) {
            steps += width;
        }
    }
    // The mirror image is cut downwards too; no quotient lies on a step, as those are irrational.
    return decrease >= 0 ? 50 + steps : 49 - steps;
}

typedef void effect_function(const struct wf_mix *, uint32_t, const struct wf_state *,
                             const struct wf_request *, struct wf_effect *);

static int32_t score_with(effect_function *find_effect, const struct wf_outlook *outlook,
                          const struct wf_pool *pool, const struct wf_state *state,
                          const struct wf_request *request, uint32_t *gpu_out)
{
    const struct wf_mix *mix = outlook->mix;
    if (mix->total == 0) {
        *gpu_out = wf_state_tightest_gpu(state, request->gpu_milli);
        return 50;
    }
    struct wf_effect effect;
    find_effect(mix, pool->spec.model, state, request, &effect);
    // F = free * total - usable: what the task takes was free before.
    int64_t taken = (int64_t)request->gpus * request->gpu_milli * mix->total;
    int32_t best = -1;
    for (uint32_t way = 0; way < effect.ways; way++) {
        if (effect.usable_after[way] >= 0) {
            int32_t score =
                curve(taken - effect.usable_before + effect.usable_after[way], mix->total);
            if (score > best) {
                best = score;
                *gpu_out = way;
            }
        }
    }
    return best;
}

static int32_t score(const struct wf_outlook *outlook, const struct wf_pool *pool,
                     const struct wf_state *state, const struct wf_request *request,
                     uint32_t *gpu_out)
{
    return score_with(wf_mix_effect, outlook, pool, state, request, gpu_out);
}

static int32_t score_plain(const struct wf_outlook *outlook, const struct wf_pool *pool,
                           const struct wf_state *state, const struct wf_request *request,
                           uint32_t *gpu_out)
{
    return score_with(wf_mix_effect_plain, outlook, pool, state, request, gpu_out);
}

const struct wf_policy wf_policy_fgd = {
    .name = "fgd",
    .summary = "the least free GPU share lost to expected requests",
    .score = score,
    .score_plain = score_plain,
    .uses_mix = true,
};
