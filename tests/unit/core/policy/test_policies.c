// SPDX-License-Identifier: Apache-2.0
// The published scores, worked out by hand on nodes small and large, and the list of policies.
#include "core/policy/policy.h"

#include "unit/core/small_cluster.h"
#include "unit/core/small_region.h"

static struct wf_cluster cluster;
static struct wf_outlook outlook;
static const struct wf_pool any_pool;

// A cluster whose largest node is that large.
static void largest_is(uint32_t cpu_milli, uint32_t gpus)
{
    cluster = (struct wf_cluster){.cpu_milli_max = cpu_milli, .gpus_max = gpus};
    outlook = (struct wf_outlook){.cluster = &cluster};
}

static struct wf_state node(uint32_t cpu_milli, uint8_t gpus)
{
    struct wf_node_spec spec = {.cpu_milli = cpu_milli, .memory_mib = 1000, .gpus = gpus};
    struct wf_state state;
    wf_state_init(&state, &spec);
    return state;
}

// 4 GPUs with 600, 1000, 500 and 1000 free, which runs shares only.
static struct wf_state used_node(void)
{
    struct wf_state state = node(64000, 4);
    struct wf_request share = {.gpus = 1, .gpu_milli = 400};
    wf_state_take(&state, &share, 1);
    share.gpu_milli = 500;
    wf_state_take(&state, &share, 4);
    state.task_kinds = 1;
    return state;
}

static void scores(const char *policy, struct wf_state state, struct wf_request request,
                   int32_t wanted, uint32_t wanted_gpu)
{
    uint32_t gpu = 0;
    assert_int_equal(wf_policy_find(policy)->score(&outlook, &any_pool, &state, &request, &gpu),
                     wanted);
    if (wf_request_is_share(&request)) {
        assert_int_equal(gpu, wanted_gpu);
    }
}

static const struct wf_request cpu_only = {.cpu_milli = 16000};
static const struct wf_request half = {.cpu_milli = 4000, .gpus = 1, .gpu_milli = 500};
static const struct wf_request one = {.cpu_milli = 32000, .gpus = 1, .gpu_milli = 1000};
static const struct wf_request two = {.cpu_milli = 8000, .gpus = 2, .gpu_milli = 1000};

static void dot_product_by_hand(void **state)
{
    (void)state;
    largest_is(128000, 8);
    scores("dot-product", node(64000, 8), one, 87, 0); // 100 (1 - (1/2 1/4 + 1 1/8) / 2) = 87.5
    scores("dot-product", node(64000, 0), cpu_only, 96, 0); // 100 (1 - 1/2 1/8 / 2) = 96.875
    scores("dot-product", used_node(), half, 98, 2); // 100 (1 - (1/64 + 3.1/8 / 16) / 2) = 98.01
    largest_is(WF_CPU_MILLI_MAX, WF_NODE_GPUS_MAX);
    struct wf_request all = {.cpu_milli = WF_CPU_MILLI_MAX, .gpus = 16, .gpu_milli = 1000};
    scores("dot-product", node(WF_CPU_MILLI_MAX, 16), all, 0, 0);
    largest_is(0, 0); // nothing but nodes of nothing
    scores("dot-product", node(0, 0), (struct wf_request){0}, 100, 0);
}

static void best_fit_by_hand(void **state)
{
    (void)state;
    largest_is(128000, 8);
    scores("best-fit", node(64000, 8), one, 43, 0); // 100 (1 - 1/4 / 2 - 7/8 / 2) = 43.75
    scores("best-fit", used_node(), half, 60, 2);   // 100 (1 - 60/128 / 2 - 2.6/8 / 2) = 60.3
    largest_is(WF_CPU_MILLI_MAX, WF_NODE_GPUS_MAX);
    struct wf_request all = {.cpu_milli = WF_CPU_MILLI_MAX, .gpus = 16, .gpu_milli = 1000};
    scores("best-fit", node(WF_CPU_MILLI_MAX, 16), all, 100, 0);
    scores("best-fit", node(WF_CPU_MILLI_MAX, 16), (struct wf_request){0}, 0, 0);
    largest_is(0, 0);
    scores("best-fit", node(0, 0), (struct wf_request){0}, 100, 0);
}

static void gpu_packing_by_hand(void **state)
{
    (void)state;
    largest_is(128000, 8);
    scores("gpu-packing", node(64000, 8), one, 25, 0);  // opens a node of 8
    scores("gpu-packing", node(64000, 16), one, 17, 0); // of 16
    scores("gpu-packing", used_node(), two, 48, 0);     // opens 2 GPUs
    scores("gpu-packing", used_node(), half, 95, 2);    // 50 % free on the fullest
    struct wf_request most = half;
    most.gpu_milli = 601;
    scores("gpu-packing", used_node(), most, 49, 1); // opens a GPU
    scores("gpu-packing", used_node(), cpu_only, 0, 0);
}

static void gpu_clustering_by_hand(void **state)
{
    (void)state;
    largest_is(128000, 8);
    scores("gpu-clustering", node(64000, 8), half, 25, 0);
    scores("gpu-clustering", used_node(), half, 75 + 15, 2); // 25 4.9/8 = 15.3
    scores("gpu-clustering", used_node(), one, 15, 0);
    struct wf_state mixed = used_node();
    mixed.task_kinds = 3;
    scores("gpu-clustering", mixed, one, 50 + 15, 0);
    scores("gpu-clustering", mixed, cpu_only, 0, 0);
    largest_is(128000, 16);
    mixed = node(64000, 16);
    struct wf_request all = {.gpus = 16, .gpu_milli = 1000};
    scores("gpu-clustering", mixed, all, 25, 0);
}

static void fgd_by_hand(void **state)
{
    (void)state;
    largest_is(128000, 8);
    static struct wf_mix mix;
    assert_int_equal(wf_mix_init(&mix, small_region(), 1, NULL), WF_OK);
    outlook.mix = &mix;
    scores("fgd", used_node(), half, 50, 2); // nothing is known: the tightest GPU
    const struct wf_mix_class halves = {4000, 1, 500, WF_ANY_MODEL, 7};
    wf_mix_set(&mix, &halves, 1);
    // GPU 0 would become a sliver of 100: 1 / (1 + e^0.1) = 0.475. GPU 1 stays of use, as does what
    // is left when GPU 2 is gone: 0.5 each, and the first one wins.
    scores("fgd", used_node(), half, 50, 1);
    // One that takes the CPU of all others: 3100 free are lost, less the 500 taken.
    struct wf_request greedy = half;
    greedy.cpu_milli = 64000;
    scores("fgd", used_node(), greedy, 6, 0); // D = 500 - 3100 = -2600: 6.9
}

static void every_policy_is_found_by_its_name(void **state)
{
    (void)state;
    for (uint32_t i = 0; wf_policies[i]; i++) {
        assert_ptr_equal(wf_policy_find(wf_policies[i]->name), wf_policies[i]);
        assert_int_equal(wf_policies[i]->score == NULL, wf_policies[i]->at_random);
        assert_true(wf_policies[i]->summary[0] != '\0');
    }
    assert_null(wf_policy_find("first-fit"));
    assert_null(wf_policy_find(""));
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(dot_product_by_hand), cmocka_unit_test(best_fit_by_hand),
        cmocka_unit_test(gpu_packing_by_hand), cmocka_unit_test(gpu_clustering_by_hand),
        cmocka_unit_test(fgd_by_hand),         cmocka_unit_test(every_policy_is_found_by_its_name),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
