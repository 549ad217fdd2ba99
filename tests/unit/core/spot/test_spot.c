// SPDX-License-Identifier: Apache-2.0
#include "core/spot/spot.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>

#include <cmocka.h>

#include "base/random.h"
#include "core/spot/table.h"

#define USD INT64_C(1000000000)

enum { ZONES = 3 };

// Zones that come and go at random, and one job on them.
struct world {
    struct wf_random random;
    struct wf_spot_job job;
    struct wf_spot_zone zones[ZONES];
    struct wf_spot_view view;
};

static void init(struct world *world, uint64_t seed, uint32_t slack_ticks)
{
    memset(world, 0, sizeof *world);
    wf_random_init(&world->random, seed);
    world->job = (struct wf_spot_job){
        .tick_s = 300,
        .work_s = 60 * 300,
        .changeover_s = 60 * (uint32_t)wf_random_below(&world->random, 12),
        .on_demand_nanousd_per_hour = 3 * USD,
    };
    world->job.ticks = 60 + world->job.changeover_s / 300 + 1 + slack_ticks;
    world->job.deadline_s = world->job.ticks * 300;
    for (uint32_t i = 0; i < ZONES; i++) {
        world->zones[i].spot_nanousd_per_hour = USD;
    }
    world->view = (struct wf_spot_view){.job = &world->job, .zones = world->zones};
    world->view.zone_count = 1 + (uint32_t)wf_random_below(&world->random, ZONES);
}

static void come_and_go(struct world *world)
{
    for (uint32_t i = 0; i < ZONES; i++) {
        struct wf_spot_zone *zone = &world->zones[i];
        bool change = wf_random_below(&world->random, 6) == 0;
        zone->age_s = change ? 0 : zone->age_s + world->job.tick_s;
        zone->available = zone->available != change;
    }
    if (world->view.mode == WF_SPOT_HELD && !world->zones[world->view.zone].available) {
        world->view.mode = WF_SPOT_IDLE;
        world->view.residual_s = 0;
    }
}

static void carry_out(struct world *world, struct wf_spot_action action)
{
    uint32_t residual_s = 0;
    world->view.done_s += wf_spot_tick_work(&world->view, action, &residual_s);
    world->view.residual_s = residual_s;
    world->view.mode = action.mode;
    world->view.zone = action.mode == WF_SPOT_HELD ? action.zone : world->view.zone;
    world->view.placed = world->view.placed || action.mode == WF_SPOT_HELD;
    world->view.tick++;
}

static bool runs_in_time(struct world *world, const struct wf_spot_policy *policy)
{
    while (world->view.tick < world->job.ticks && world->view.done_s < world->job.work_s) {
        come_and_go(world);
        carry_out(world, wf_spot_decide(policy, &world->view));
    }
    return world->view.done_s >= world->job.work_s;
}

static void fill(struct wf_spot_chain *chain)
{
    *chain = (struct wf_spot_chain){.up_count = 2, .count = 4, .spot_nanousd_per_hour = USD};
    for (uint32_t i = 0; i < 4; i++) {
        chain->flip_q24[i] = i % 2 ? 1 << 20 : 1 << 22;
        chain->older_q24[i] = i % 2 ? 0 : 1 << 23;
        chain->age_s_end[i] = i % 2 ? UINT32_MAX : 1200;
    }
}

static void no_policy_misses_a_deadline_while_on_demand_can_be_had(void **state)
{
    (void)state;
    struct wf_spot_chain chain;
    fill(&chain);
    for (uint32_t i = 0; wf_spot_policies[i]; i++) {
        for (uint64_t seed = 1; seed <= 200; seed++) {
            struct world world;
            struct wf_spot_grid grid;
            struct wf_spot_table *table = NULL;
            init(&world, seed, (uint32_t)(seed % 40));
            wf_spot_grid_choose(&world.job, &grid);
            assert_int_equal(wf_spot_table_create(&grid, &table, NULL), WF_OK);
            wf_spot_table_solve(table, &world.job, &chain);
            world.view.table = seed % 3 ? table : NULL;
            world.view.plenty = seed % 2;
            assert_true(runs_in_time(&world, wf_spot_policies[i]));
            wf_spot_table_destroy(table);
        }
    }
}

static void the_net_is_tight(void **state)
{
    (void)state;
    struct world world;
    init(&world, 1, 0);
    world.job.changeover_s = 600;
    world.job.ticks = 63; // 60 of work, 2 of a changeover, and one to lose
    struct wf_spot_action idle = {.mode = WF_SPOT_IDLE};
    assert_true(wf_spot_is_safe(&world.view, idle));
    world.view.tick = 1;
    assert_false(wf_spot_is_safe(&world.view, idle));
    world.job.reserve_s = 1;
    world.view.tick = 0;
    assert_false(wf_spot_is_safe(&world.view, idle));
}

static void greedy_stays_on_spot_that_it_has_and_else_waits(void **state)
{
    (void)state;
    struct world world;
    init(&world, 1, 100);
    world.view.zone_count = 1;
    assert_int_equal(wf_spot_decide(&wf_spot_policy_greedy, &world.view).mode, WF_SPOT_IDLE);
    world.zones[0].available = true;
    assert_int_equal(wf_spot_decide(&wf_spot_policy_greedy, &world.view).mode, WF_SPOT_HELD);
}

static void a_machine_moves_only_where_that_pays(void **state)
{
    (void)state;
    struct world world;
    init(&world, 1, 100);
    world.job.changeover_s = 3600;
    world.view.zone_count = 2;
    world.view.mode = WF_SPOT_HELD;
    for (uint32_t i = 0; i < 2; i++) {
        world.zones[i].available = true;
        world.zones[i].life_s = 4 * 3600;
    }
    world.zones[1].spot_nanousd_per_hour = USD * 9 / 10;
    assert_int_equal(wf_spot_best_zone(&world.view), 0);
    world.zones[1].spot_nanousd_per_hour = USD / 2;
    assert_int_equal(wf_spot_best_zone(&world.view), 1);
    world.view.placed = true;
    world.job.move_nanousd = 4 * USD;
    assert_int_equal(wf_spot_best_zone(&world.view), 0);
}

static void where_on_demand_is_sold_out_any_spot_is_taken_and_none_given_back(void **state)
{
    (void)state;
    struct world world;
    init(&world, 1, 0);
    world.view.zone_count = 1;
    world.view.tick = 5; // too late for anything but on-demand
    world.view.sold_out = true;
    assert_int_equal(wf_spot_decide(&wf_spot_policy_greedy, &world.view).mode, WF_SPOT_IDLE);
    world.zones[0].available = true;
    assert_int_equal(wf_spot_decide(&wf_spot_policy_greedy, &world.view).mode, WF_SPOT_HELD);
    world.view.tick = 0;
    world.job.ticks = 500;
    world.view.mode = WF_SPOT_ON_DEMAND;
    assert_int_equal(wf_spot_decide(&wf_spot_policy_uniform_progress, &world.view).mode,
                     WF_SPOT_ON_DEMAND);
}

// With hazards as they are, spot of a minute is not worth a long changeover that old spot is.
static void the_table_tells_young_spot_from_old(void **state)
{
    (void)state;
    struct world world;
    struct wf_spot_chain chain;
    struct wf_spot_grid grid;
    struct wf_spot_table *table = NULL;
    init(&world, 1, 0);
    fill(&chain);
    chain.flip_q24[0] = 15 << 20; // young spot is gone at once
    chain.older_q24[0] = 1 << 19;
    chain.flip_q24[1] = 1 << 14; // old spot stays
    world.job.changeover_s = 1200;
    world.job.ticks = 80;
    wf_spot_grid_choose(&world.job, &grid);
    assert_int_equal(wf_spot_table_create(&grid, &table, NULL), WF_OK);
    wf_spot_table_solve(table, &world.job, &chain);
    assert_int_not_equal(wf_spot_table_look(table, &world.view, true, 0), WF_SPOT_HELD);
    assert_int_equal(wf_spot_table_look(table, &world.view, true, 7200), WF_SPOT_HELD);
    wf_spot_table_destroy(table);
}

static void policies_are_found_by_name(void **state)
{
    (void)state;
    for (uint32_t i = 0; wf_spot_policies[i]; i++) {
        assert_ptr_equal(wf_spot_policy_find(wf_spot_policies[i]->name), wf_spot_policies[i]);
    }
    assert_null(wf_spot_policy_find("hope"));
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(no_policy_misses_a_deadline_while_on_demand_can_be_had),
        cmocka_unit_test(the_net_is_tight),
        cmocka_unit_test(greedy_stays_on_spot_that_it_has_and_else_waits),
        cmocka_unit_test(a_machine_moves_only_where_that_pays),
        cmocka_unit_test(where_on_demand_is_sold_out_any_spot_is_taken_and_none_given_back),
        cmocka_unit_test(the_table_tells_young_spot_from_old),
        cmocka_unit_test(policies_are_found_by_name),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
