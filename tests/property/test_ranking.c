// SPDX-License-Identifier: Apache-2.0
// Kept scores change nothing: for every policy and any history, the core that keeps scores and the
// core that looks at every node each time decide the same.
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include <stdio.h>

#include "core/cluster.h"
#include "core/policy/policy.h"
#include "scenario.h"

static struct wf_core *create(const struct wf_policy *policy, bool plain)
{
    struct wf_core_config config = {.limits = scenario_limits(), .policy = policy, .plain = plain};
    struct wf_core *core = NULL;
    struct wf_error err;
    assert_int_equal(wf_core_create(&config, &core, &err), WF_OK);
    return core;
}

static void compare(const struct wf_policy *policy, uint64_t seed, uint32_t events)
{
    struct wf_core *kept = create(policy, false);
    struct wf_core *plain = create(policy, true);
    struct scenario scenario;
    scenario_init(&scenario, seed);
    uint32_t placed = 0, refused = 0, lost = 0;
    for (uint32_t i = 0; i < events; i++) {
        struct wf_event event;
        struct wf_decisions a, b;
        scenario_next(&scenario, &event);
        enum wf_status status = wf_core_step(kept, &event, &a, NULL);
        if (status != wf_core_step(plain, &event, &b, NULL) || a.count != b.count ||
            a.hash != b.hash) {
            fail_msg("policy %s, seed %llu: the cores part at event %u", policy->name,
                     (unsigned long long)seed, i);
        }
        for (uint32_t k = 0; k < a.count; k++) {
            placed += a.list[k].kind == WF_DECISION_PLACE;
            refused += a.list[k].kind == WF_DECISION_REFUSE;
            lost += a.list[k].kind == WF_DECISION_LOST;
        }
    }
    // The history must have been one that tells something.
    assert_true(placed > events / 10 && refused > 10 && lost > 10);
    wf_core_destroy(kept);
    wf_core_destroy(plain);
}

static void kept_scores_choose_what_the_plain_loop_chooses(void **state)
{
    (void)state;
    for (uint32_t i = 0; wf_policies[i]; i++) {
        for (uint64_t seed = 1; seed <= 12; seed++) {
            compare(wf_policies[i], seed, 4000);
        }
    }
}

// What is free on a node is what its tasks left: checked by adding up after every event.
static void check_sums(const struct wf_cluster *cluster, uint64_t seed, uint32_t event)
{
    int64_t free_milli[SCENARIO_POOLS] = {0};
    for (uint32_t node = 0; node < cluster->nodes_end; node++) {
        const struct wf_node *at = &cluster->nodes[node];
        const struct wf_state *state = &cluster->states[node];
        if (!at->up) {
            continue;
        }
        uint64_t cpu_milli = state->cpu_free_milli;
        uint64_t memory_mib = state->memory_free_mib;
        uint32_t gpu_milli[WF_NODE_GPUS_MAX] = {0};
        for (uint32_t slot = at->first_placement; slot != WF_NONE;
             slot = cluster->placements[slot].next_on_node) {
            const struct wf_placement *placement = &cluster->placements[slot];
            cpu_milli += placement->cpu_milli;
            memory_mib += placement->memory_mib;
            for (uint32_t gpu = 0; gpu < at->spec.gpus; gpu++) {
                gpu_milli[gpu] += placement->gpu_set >> gpu & 1 ? placement->gpu_milli : 0;
            }
        }
        bool right = cpu_milli == at->spec.cpu_milli && memory_mib == at->spec.memory_mib;
        for (uint32_t gpu = 0; gpu < at->spec.gpus; gpu++) {
            right = right && gpu_milli[gpu] + state->gpu_free_milli[gpu] == WF_GPU_MILLI;
        }
        if (!right) {
            fail_msg("seed %llu, event %u: node %u does not add up", (unsigned long long)seed,
                     event, node);
        }
        free_milli[at->pool.index] += wf_state_gpu_total_milli(state);
    }
    for (uint32_t pool = 0; pool < SCENARIO_POOLS; pool++) {
        assert_int_equal(cluster->pools[pool].gpu_free_milli, free_milli[pool]);
    }
}

static void what_is_free_and_what_runs_add_up(void **state)
{
    (void)state;
    for (uint64_t seed = 100; seed < 106; seed++) {
        struct wf_core *core = create(&wf_policy_fgd, false);
        struct scenario scenario;
        scenario_init(&scenario, seed);
        for (uint32_t i = 0; i < 2000; i++) {
            struct wf_event event;
            struct wf_decisions decisions;
            scenario_next(&scenario, &event);
            enum wf_status status = wf_core_step(core, &event, &decisions, NULL);
            assert_true(status == WF_OK || decisions.count == 0);
            check_sums(wf_core_cluster(core), seed, i);
        }
        wf_core_destroy(core);
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(kept_scores_choose_what_the_plain_loop_chooses),
        cmocka_unit_test(what_is_free_and_what_runs_add_up),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
