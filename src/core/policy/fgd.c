// SPDX-License-Identifier: Apache-2.0
// Fragmentation gradient descent (Weng et al., USENIX ATC 2023): the placement after which the
// least free GPU share is lost to the requests that are expected. The published score is
// trunc(100 / (1 + exp(-D / 1000))), D the decrease of the expected fragment in milli-GPU. Here D
// is an exact quotient and the curve a table of the 99 places where it steps.
#include "core/policy/policy.h"

// D at which the score reaches k, for k = 51 to 99: 1000 ln(k / (100 - k)) in 10^-15 milli-GPU. No
// quotient by a total within WF_MIX_TOTAL_MAX is nearer than 6 * 10^-14 to a step, so that none
// falls between a step and its rounding. Below 50 the curve is its own mirror image.
#define STEP_ONE INT64_C(1000000000000000)
static const int64_t steps_at[49] = {
    40005334613699161,   80042707673536426,   120144311842063247,  160342650075179383,
    200670695462151161,  241162056816888070,  281851152140987728,  322773392263051031,
    363965377201411647,  405465108108164382,  447312218043664821,  489548225318705786,
    532216813747308244,  575364144903561855,  619039208406223431,  663294217410264155,
    708185057924485824,  753771802376380152,  800119300112113136,  847297860387203614,
    895384047054841394,  944461608840851387,  994622575144062055,  1045968555182687708,
    1098612288668109691, 1152679509938385459, 1208311205924534158, 1265666373331275883,
    1324925414743598498, 1386294361119890619, 1450010175505998306, 1516347489368088421,
    1585627263740381843, 1658228076603532378, 1734601055388106389, 1815289966638249118,
    1900958761193046983, 1992430164690206162, 2090741096933769294, 2197224577336219383,
    2313634929180630658, 2442347035369204381, 2586689344097942632, 2751535313041948895,
    2944438979166440460, 3178053830347945620, 3476098689835273131, 3891820298110626610,
    4595119850134589927,
};

// The score of a decrease: D = decrease / total milli-GPU.
static int32_t curve(int64_t decrease, int64_t total)
{
    wf_int128 distance = (wf_int128)(decrease < 0 ? -decrease : decrease) * STEP_ONE;
    int32_t steps = 0;
    for (int32_t width = 32; width > 0; width /= 2) {
        if (steps + width <= 49 && distance >= (wf_int128)steps_at[steps + width - 1] * total) {
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
