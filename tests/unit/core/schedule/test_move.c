// SPDX-License-Identifier: Apache-2.0
#include "../small_schedule.h"

static struct wf_decisions allow(struct wf_core *core, int64_t at_ms, uint32_t moves,
                                 int64_t cost_max_nanousd)
{
    struct wf_event event = {.time_ms = at_ms,
                             .kind = WF_EVENT_MOVES,
                             .moves = {.allowed = moves, .cost_max_nanousd = cost_max_nanousd}};
    return small_step(core, &event);
}

static struct wf_job_spec movable(uint64_t id, uint8_t gpus)
{
    struct wf_job_spec job = small_job(id, 1, gpus, 10 * HOUR_MS);
    job.wait.preemptible = true;
    return job;
}

// Two nodes of 4 GPUs, on each of which work has half of them since minute 0.
static struct wf_core *scattered(void)
{
    struct wf_core *core = small_site("foresight", 2);
    SAID(small_submit(core, 0, movable(1, 2)), "w1 p1@0");
    SAID(small_submit(core, 0, movable(2, 2)), "w2 p2@0");
    SAID(small_submit(core, 0, movable(3, 2)), "w3 p3@1");
    SAID(small_end(core, 1000, 2), "e2@0");
    return core;
}

static void small_work_moves_together_for_large(void **unused)
{
    (void)unused;
    struct wf_core *core = scattered();
    SAID(allow(core, 2000, 5, 0), "");
    // Half an hour's work of two GPUs is lost, not ten hours of four idle ones.
    SAID(small_submit(core, 30 * MINUTE_MS, small_job(4, 1, 4, HOUR_MS)), "w4 x1@0 w1 p1@1 p4@0");
    SAID(small_end(core, 40 * MINUTE_MS, 1), "e1@1");
    wf_core_destroy(core);
}

static void without_an_allowance_nothing_moves(void **unused)
{
    (void)unused;
    struct wf_core *core = scattered();
    SAID(small_submit(core, 30 * MINUTE_MS, small_job(4, 1, 4, HOUR_MS)), "w4");
    SAID(allow(core, 31 * MINUTE_MS, 1, 0), "x1@0 w1 p1@1 p4@0");
    wf_core_destroy(core);
}

static void an_allowance_is_used_up(void **unused)
{
    (void)unused;
    struct wf_core *core = scattered();
    SAID(allow(core, 2000, 1, 0), "");
    SAID(small_submit(core, 3000, small_job(4, 1, 4, HOUR_MS)), "w4 x1@0 w1 p1@1 p4@0");
    SAID(small_end(core, HOUR_MS, 4), "e4@0");
    SAID(small_submit(core, HOUR_MS, movable(5, 2)), "w5 p5@0");
    SAID(small_end(core, HOUR_MS, 3), "e3@1");
    SAID(small_submit(core, HOUR_MS, small_job(6, 1, 4, HOUR_MS)), "w6");
    SAID(allow(core, HOUR_MS + 20000, UINT32_MAX, 0), "x5@0 w5 p5@1 p6@0");
    wf_core_destroy(core);
}

static void what_costs_more_than_it_brings_stays(void **unused)
{
    (void)unused;
    struct wf_core *core = scattered();
    SAID(allow(core, 2000, 5, 0), "");
    // Four GPUs for an hour bring 4 dollars; two that have run for 3 hours lose 6.
    SAID(small_submit(core, 3 * HOUR_MS, small_job(4, 1, 4, HOUR_MS)), "w4");
    wf_core_destroy(core);
}

static void no_move_costs_more_than_allowed(void **unused)
{
    (void)unused;
    struct wf_core *core = scattered();
    SAID(allow(core, 2000, 5, USD), "");
    // Two GPUs for half an hour and the minute of a restart: 1.03 dollars.
    SAID(small_submit(core, 30 * MINUTE_MS, small_job(4, 1, 4, HOUR_MS)), "w4");
    SAID(allow(core, 31 * MINUTE_MS, 5, 2 * USD), "x1@0 w1 p1@1 p4@0");
    wf_core_destroy(core);
}

static void who_may_not_be_stopped_stays(void **unused)
{
    (void)unused;
    struct wf_core *core = small_site("foresight", 2);
    for (uint64_t id = 1; id <= 3; id++) {
        struct wf_job_spec job = movable(id, 2);
        job.wait.preemptible = id == 2;
        (void)small_submit(core, 0, job);
    }
    SAID(small_end(core, 1000, 2), "e2@0");
    SAID(allow(core, 2000, 5, 0), "");
    SAID(small_submit(core, 3000, small_job(4, 1, 4, HOUR_MS)), "w4");
    wf_core_destroy(core);
}

static void nobody_moves_where_it_would_have_to_wait(void **unused)
{
    (void)unused;
    struct wf_core *core = scattered();
    SAID(small_submit(core, 1500, small_job(5, 1, 1, 10 * HOUR_MS)), "w5 p5@0");
    SAID(allow(core, 2000, 5, 0), "");
    // On node 0 one GPU is left, on node 1 two: the first's work fits on the second, but not
    // together with what does not move.
    SAID(small_submit(core, 3000, small_job(4, 1, 4, HOUR_MS)), "w4");
    SAID(small_end(core, 20000, 5), "e5@0 x1@0 w1 p1@1 p4@0");
    wf_core_destroy(core);
}

static void nobody_is_moved_twice(void **unused)
{
    (void)unused;
    struct wf_core *core = scattered();
    SAID(allow(core, 2000, UINT32_MAX, 0), "");
    SAID(small_submit(core, 3000, small_job(4, 1, 4, HOUR_MS)), "w4 x1@0 w1 p1@1 p4@0");
    SAID(small_end(core, 30000, 4), "e4@0");
    SAID(small_submit(core, 30000, small_job(5, 1, 2, 20 * HOUR_MS)), "w5 p5@0");
    SAID(small_end(core, 40000, 3), "e3@1");
    SAID(small_submit(core, 50000, small_job(6, 1, 4, HOUR_MS)), "w6");
    wf_core_destroy(core);
}

static void a_gang_gets_its_nodes_by_several_moves(void **unused)
{
    (void)unused;
    struct wf_core *core = small_site("foresight", 4);
    for (uint64_t id = 1; id <= 8; id++) {
        (void)small_submit(core, 0, movable(id, 2));
    }
    for (uint64_t id = 2; id <= 8; id += 2) {
        (void)small_end(core, 1000, id);
    }
    SAID(allow(core, 2000, UINT32_MAX, 0), "");
    SAID(small_submit(core, 30000, small_job(9, 2, 4, HOUR_MS)),
         "w9 x3@1 x1@0 w3 p3@2 w1 p1@3 p9@0 p9@1");
    wf_core_destroy(core);
}

static void a_discipline_that_stops_nobody_moves_nobody(void **unused)
{
    (void)unused;
    struct wf_core *core = small_site("easy", 2);
    struct wf_event event = {.kind = WF_EVENT_MOVES, .moves = {.allowed = 1}};
    small_refused(core, &event, WF_INVALID);
    event.moves.allowed = 0;
    SAID(small_step(core, &event), "");
    event.moves.cost_max_nanousd = -1;
    small_refused(core, &event, WF_INVALID);
    wf_core_destroy(core);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(small_work_moves_together_for_large),
        cmocka_unit_test(without_an_allowance_nothing_moves),
        cmocka_unit_test(an_allowance_is_used_up),
        cmocka_unit_test(what_costs_more_than_it_brings_stays),
        cmocka_unit_test(no_move_costs_more_than_allowed),
        cmocka_unit_test(who_may_not_be_stopped_stays),
        cmocka_unit_test(nobody_moves_where_it_would_have_to_wait),
        cmocka_unit_test(nobody_is_moved_twice),
        cmocka_unit_test(a_gang_gets_its_nodes_by_several_moves),
        cmocka_unit_test(a_discipline_that_stops_nobody_moves_nobody),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
