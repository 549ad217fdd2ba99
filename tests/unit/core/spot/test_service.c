// SPDX-License-Identifier: Apache-2.0
#include "core/spot/service.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#define USD INT64_C(1000000000)
#define ONE (1u << 24)

static struct wf_service_view two_zones(struct wf_service_zone *zones,
                                        struct wf_service_memory *memory)
{
    for (uint32_t i = 0; i < 2; i++) {
        zones[i] = (struct wf_service_zone){
            .loss_q24 = ONE / 4, .whole_permille = 1000, .spot_nanousd_per_hour = USD};
    }
    return (struct wf_service_view){
        .replicas = 4,
        .target_permille = 990,
        .zones = zones,
        .zone_count = 2,
        .on_demand_nanousd_per_hour = 3 * USD,
        .memory = memory,
    };
}

static void a_zone_loses_all_together_and_zones_by_themselves(void **state)
{
    (void)state;
    struct wf_service_zone zones[2];
    struct wf_service_memory memory = {0};
    struct wf_service_view view = two_zones(zones, &memory);
    struct wf_service_plan plan = {.spot = {4, 0}};
    assert_int_equal(wf_service_short_q24(&view, &plan), ONE / 4);
    plan.spot[1] = 4;
    assert_int_equal(wf_service_short_q24(&view, &plan), ONE / 16);
    plan.spot[0] = 8; // more in one zone hedges nothing
    assert_int_equal(wf_service_short_q24(&view, &plan), ONE / 16);
    plan.on_demand = 4;
    assert_int_equal(wf_service_short_q24(&view, &plan), 0);
}

static void a_zone_that_refused_is_not_counted_on_but_asked_again(void **state)
{
    (void)state;
    struct wf_service_zone zones[2];
    struct wf_service_memory memory = {0};
    struct wf_service_view view = two_zones(zones, &memory);
    struct wf_service_plan plan = {.spot = {4, 4}};
    zones[1].refused = true;
    assert_int_equal(wf_service_short_q24(&view, &plan), ONE / 4);
    wf_service_policy_hedge.plan(&view, &plan);
    assert_true(plan.spot[1] > 0);
}

static void risky_spot_is_hedged_and_safe_spot_is_not(void **state)
{
    (void)state;
    struct wf_service_zone zones[2];
    struct wf_service_memory memory = {0};
    struct wf_service_view view = two_zones(zones, &memory);
    struct wf_service_plan plan;
    wf_service_policy_hedge.plan(&view, &plan);
    assert_true(wf_service_short_q24(&view, &plan) < ONE / 4);
    zones[0].loss_q24 = zones[1].loss_q24 = 0;
    wf_service_policy_hedge.plan(&view, &plan);
    assert_int_equal(plan.spot[0] + plan.spot[1] + plan.on_demand, 4);
    assert_int_equal(plan.on_demand, 0);
}

static void a_shortfall_makes_it_dearer_and_calm_cheaper(void **state)
{
    (void)state;
    struct wf_service_zone zones[2];
    struct wf_service_memory memory = {0};
    struct wf_service_view view = two_zones(zones, &memory);
    struct wf_service_plan plan;
    wf_service_policy_hedge.plan(&view, &plan);
    int64_t first = memory.short_nanousd;
    view.short_now = true;
    wf_service_policy_hedge.plan(&view, &plan);
    assert_true(memory.short_nanousd > first);
    int64_t second = memory.short_nanousd;
    view.short_now = false;
    wf_service_policy_hedge.plan(&view, &plan);
    assert_true(memory.short_nanousd < second);
}

static void spothedge_leaves_the_zone_that_failed(void **state)
{
    (void)state;
    struct wf_service_zone zones[3];
    struct wf_service_memory memory = {0};
    struct wf_service_view view = two_zones(zones, &memory);
    struct wf_service_plan plan;
    zones[2] = zones[1];
    view.zone_count = 3;
    zones[0].lost = true;
    wf_service_policy_spot_hedge.plan(&view, &plan);
    assert_int_equal(plan.spot[0], 0);
    assert_int_equal(plan.spot[1] + plan.spot[2], 4);
    assert_int_equal(plan.on_demand, 4);
    zones[1].lost = true; // fewer than two are left: all are tried again
    wf_service_policy_spot_hedge.plan(&view, &plan);
    assert_true(plan.spot[0] > 0);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(a_zone_loses_all_together_and_zones_by_themselves),
        cmocka_unit_test(a_zone_that_refused_is_not_counted_on_but_asked_again),
        cmocka_unit_test(risky_spot_is_hedged_and_safe_spot_is_not),
        cmocka_unit_test(a_shortfall_makes_it_dearer_and_calm_cheaper),
        cmocka_unit_test(spothedge_leaves_the_zone_that_failed),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
