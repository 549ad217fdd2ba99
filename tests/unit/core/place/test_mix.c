// SPDX-License-Identifier: Apache-2.0
#include "core/place/mix.h"

#include "base/random.h"
#include "unit/core/small_cluster.h"
#include "unit/core/small_region.h"

enum { MODELS = 3 };

static uint32_t below(struct wf_random *random, uint32_t end)
{
    return (uint32_t)wf_random_below(random, end);
}

static void make_size(struct wf_random *random, uint8_t *gpus, uint16_t *gpu_milli)
{
    static const uint16_t odd[] = {1, 999, 500, 333};
    *gpus = (uint8_t)(below(random, 2) ? 1 : below(random, WF_NODE_GPUS_MAX + 1));
    *gpu_milli = *gpus > 0 ? WF_GPU_MILLI : 0;
    if (*gpus == 1 && below(random, 3) > 0) {
        *gpu_milli = below(random, 2) ? odd[below(random, 4)] : (uint16_t)(1 + below(random, 999));
    }
}

static uint32_t make_classes(struct wf_random *random, struct wf_mix_class *classes)
{
    uint32_t count = below(random, 10) == 0 ? WF_MIX_CLASSES_MAX : below(random, 40);
    for (uint32_t i = 0; i < count; i++) {
        classes[i] = (struct wf_mix_class){
            .cpu_milli = 1000 * below(random, 40),
            .models = below(random, 1u << MODELS),
            .count = below(random, 4096),
        };
        make_size(random, &classes[i].gpus, &classes[i].gpu_milli);
    }
    return count;
}

static struct wf_state make_state(struct wf_random *random)
{
    struct wf_node_spec spec = {
        .cpu_milli = 1000 * below(random, 41),
        .memory_mib = 1000,
        .gpus = (uint8_t)below(random, WF_NODE_GPUS_MAX + 1),
    };
    struct wf_state state;
    wf_state_init(&state, &spec);
    for (uint32_t gpu = 0; gpu < spec.gpus; gpu++) {
        struct wf_request share = {.gpus = 1, .gpu_milli = (uint16_t)below(random, 1001)};
        if (below(random, 2)) {
            wf_state_take(&state, &share, UINT32_C(1) << gpu);
        }
    }
    return state;
}

static void compare(const struct wf_mix *mix, struct wf_random *random)
{
    struct wf_state state = make_state(random);
    uint32_t model = below(random, MODELS);
    int64_t usable = wf_mix_usable_plain(mix, model, &state);
    assert_int_equal(wf_mix_usable(mix, model, &state), usable);
    int64_t lost = wf_mix_fragment(mix, model, &state);
    assert_int_equal(lost, wf_state_gpu_total_milli(&state) * mix->total - usable);
    assert_true(lost >= 0);
    struct wf_request request = {.cpu_milli = 1000 * below(random, 20)};
    make_size(random, &request.gpus, &request.gpu_milli);
    if (!wf_state_fits(&state, &request)) {
        return;
    }
    struct wf_effect fast, plain;
    wf_mix_effect(mix, model, &state, &request, &fast);
    wf_mix_effect_plain(mix, model, &state, &request, &plain);
    assert_int_equal(fast.usable_before, plain.usable_before);
    assert_int_equal(fast.ways, plain.ways);
    for (uint32_t way = 0; way < plain.ways; way++) {
        assert_int_equal(fast.usable_after[way], plain.usable_after[way]);
    }
}

static void the_tables_say_what_the_definition_says(void **unused)
{
    (void)unused;
    static struct wf_mix mix;
    static struct wf_mix_class classes[WF_MIX_CLASSES_MAX];
    struct wf_random random;
    wf_random_init(&random, 3);
    assert_int_equal(wf_mix_init(&mix, small_region(), MODELS, NULL), WF_OK);
    for (unsigned i = 0; i < 300; i++) {
        uint32_t count = make_classes(&random, classes);
        wf_mix_set(&mix, classes, count);
        for (unsigned k = 0; k < 200; k++) {
            compare(&mix, &random);
        }
    }
}

// A node of 4 GPUs with 600, 1000, 400 and 1000 free, 8 CPU. Of the mix
//   3 tasks of half a GPU use 600 + 1000 + 1000 = 2600 each,
//   2 tasks of two GPUs use 2000 each,
//   1 task of one GPU and 9 CPU uses nothing, 4 CPU-only tasks use nothing,
//   5 tasks for another model use nothing:
// usable 3 * 2600 + 2 * 2000 = 11800, F = 3000 * 15 - 11800 = 33200.
static void fragments_by_hand(void **unused)
{
    (void)unused;
    static struct wf_mix mix;
    const struct wf_mix_class classes[] = {
        {4000, 1, 500, 1, 3}, {8000, 2, 1000, 1, 2}, {9000, 1, 1000, 1, 1},
        {1000, 0, 0, 1, 4},   {1000, 1, 100, 2, 5},  {1000, 1, 100, 1, 0},
    };
    assert_int_equal(wf_mix_init(&mix, small_region(), 2, NULL), WF_OK);
    wf_mix_set(&mix, classes, WF_COUNT_OF(classes));
    assert_int_equal(mix.total, 15);
    assert_int_equal(mix.count, 5); // the one without a count is left out
    struct wf_node_spec spec = {.cpu_milli = 8000, .memory_mib = 1, .gpus = 4};
    struct wf_state state;
    wf_state_init(&state, &spec);
    struct wf_request share = {.gpus = 1, .gpu_milli = 400};
    wf_state_take(&state, &share, 1);
    share.gpu_milli = 600;
    wf_state_take(&state, &share, 4);
    assert_int_equal(wf_mix_usable(&mix, 0, &state), 11800);
    assert_int_equal(wf_mix_fragment(&mix, 0, &state), 33200);
    assert_int_equal(wf_mix_usable(&mix, 1, &state), 5 * 3000);
    // Half a GPU with 1 CPU, which leaves too little CPU for two GPUs: from GPU 0, 1000 + 1000 are
    // left to the half GPUs; from GPU 1, 600 + 500 + 1000; GPU 2 has no room.
    struct wf_request half = {.cpu_milli = 1000, .gpus = 1, .gpu_milli = 500};
    struct wf_effect effect;
    wf_mix_effect(&mix, 0, &state, &half, &effect);
    assert_int_equal(effect.usable_before, 11800);
    assert_int_equal(effect.ways, 4);
    assert_int_equal(effect.usable_after[0], 3 * 2000);
    assert_int_equal(effect.usable_after[1], 3 * 2100);
    assert_int_equal(effect.usable_after[2], -1);
    assert_int_equal(effect.usable_after[3], 3 * 2100);
}

static void without_a_forecast_nothing_is_usable_and_nothing_lost(void **unused)
{
    (void)unused;
    static struct wf_mix mix;
    assert_int_equal(wf_mix_init(&mix, small_region(), 1, NULL), WF_OK);
    wf_mix_set(&mix, NULL, 0);
    struct wf_node_spec spec = {.cpu_milli = 8000, .gpus = 4};
    struct wf_state state;
    wf_state_init(&state, &spec);
    assert_int_equal(wf_mix_usable(&mix, 0, &state), 0);
    assert_int_equal(wf_mix_fragment(&mix, 0, &state), 0);
}

// The largest forecast on the largest node: 16 GPUs times a million counts.
static void the_largest_forecast_does_not_overflow(void **unused)
{
    (void)unused;
    static struct wf_mix mix;
    const struct wf_mix_class class = {WF_CPU_MILLI_MAX, 1, 1, WF_ANY_MODEL, WF_MIX_TOTAL_MAX};
    assert_int_equal(wf_mix_init(&mix, small_region(), WF_MODELS_MAX, NULL), WF_OK);
    wf_mix_set(&mix, &class, 1);
    struct wf_node_spec spec = {.cpu_milli = WF_CPU_MILLI_MAX, .gpus = WF_NODE_GPUS_MAX};
    struct wf_state state;
    wf_state_init(&state, &spec);
    assert_int_equal(wf_mix_usable(&mix, WF_MODELS_MAX - 1, &state),
                     INT64_C(16000) * WF_MIX_TOTAL_MAX);
    assert_int_equal(wf_mix_fragment(&mix, WF_MODELS_MAX - 1, &state), 0);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(the_tables_say_what_the_definition_says),
        cmocka_unit_test(fragments_by_hand),
        cmocka_unit_test(without_a_forecast_nothing_is_usable_and_nothing_lost),
        cmocka_unit_test(the_largest_forecast_does_not_overflow),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
