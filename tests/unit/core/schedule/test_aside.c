// SPDX-License-Identifier: Apache-2.0
// Jobs that could not start whatever ends: they take no lane and nobody's turn, and come back when
// the machines or the limits are others. And the room under a limit that is kept for the foremost.
#include "core/schedule/wait_explain.h"
#include "unit/core/small_schedule.h"

enum { BIG = SMALL_LANES + 8 };

static struct wf_job_spec job_of(uint64_t id, uint32_t queue, uint8_t gpus, int64_t limit_ms)
{
    struct wf_job_spec job = small_job(id, 1, gpus, limit_ms);
    job.wait.queue.index = queue;
    return job;
}

// More kinds of jobs than there are lanes, none of which the machines could hold.
static void submit_impossible(struct wf_core *core, uint64_t count)
{
    for (uint64_t id = 1; id <= count; id++) {
        struct wf_job_spec job = small_job(id, 1, 8, HOUR_MS);
        job.request.cpu_milli = (uint32_t)(1000 + id);
        assert_int_equal(small_submit(core, (int64_t)id, job).count, 1);
    }
}

static void what_can_never_run_takes_no_lane(const char *discipline, int64_t turn_ms)
{
    struct wf_core *core = small_site(discipline, 1);
    submit_impossible(core, BIG);
    (void)small_tick(core, 100 + turn_ms);
    assert_int_equal(wf_core_schedule(core)->backlog.waiting, 0);
    small_submit(core, 200 + turn_ms, small_job(99, 1, 4, HOUR_MS));
    (void)small_tick(core, 200 + 2 * turn_ms);
    assert_int_equal(small_view(core, 0).used_gpu_milli, 4000);
    small_submit(core, 300 + 2 * turn_ms, small_job(100, 1, 1, HOUR_MS));
    assert_int_equal(wf_core_schedule(core)->backlog.waiting, 1); // it found a lane
    wf_core_destroy(core);
}

static void what_can_never_run_costs_nobody_a_lane_or_a_turn(void **unused)
{
    (void)unused;
    for (uint32_t i = 0; wf_disciplines[i]; i++) {
        what_can_never_run_takes_no_lane(wf_disciplines[i]->name, wf_disciplines[i]->cycle_ms);
    }
}

static void it_comes_back_in_its_order_with_the_machines(void **unused)
{
    (void)unused;
    struct wf_core *core = small_site("easy", 1);
    submit_impossible(core, 4);
    uint32_t slot = wf_cluster_find_job(wf_core_cluster(core), (wf_job_id){3});
    assert_int_equal(wf_wait_reason_now(core, slot), WF_WAIT_NEVER);
    SAID(small_hold(core, 90, 1, true), "");
    SAID(small_end(core, 90, 2), "");
    SAID(small_hold(core, 91, 1, false), "");
    SAID(small_node(core, 100, 1, 0, 8), "p1@1"); // came first
    SAID(small_end(core, 102, 1), "e1@1 p3@1");
    assert_int_equal(wf_core_schedule(core)->backlog.waiting, 1);
    SAID(small_node_down(core, 103, 1), "l3@1 w3");
    assert_int_equal(wf_core_schedule(core)->backlog.waiting, 0);
    assert_int_equal(wf_core_schedule(core)->reserved_count, 0);
    SAID(small_node(core, 104, 1, 0, 8), "p3@1");
    wf_core_destroy(core);
}

static void a_limit_that_is_too_low_is_no_different(void **unused)
{
    (void)unused;
    struct wf_core *core = small_site("foresight", 1);
    small_queue(core, 0, 1, WF_NONE, (struct wf_queue_spec){.limit_gpu_milli = 3000});
    SAID(small_submit(core, 0, job_of(1, 1, 4, HOUR_MS)), "w1");
    uint32_t slot = wf_cluster_find_job(wf_core_cluster(core), (wf_job_id){1});
    assert_int_equal(wf_wait_reason_now(core, slot), WF_WAIT_QUEUE_LIMIT);
    assert_int_equal(wf_core_schedule(core)->backlog.waiting, 0);
    SAID(small_submit(core, 1, job_of(2, 1, 3, HOUR_MS)), "w2 p2@0"); // it keeps no room
    SAID(small_queue(core, 2, 1, WF_NONE, (struct wf_queue_spec){.limit_gpu_milli = 4000}), "");
    SAID(small_end(core, 3, 2), "e2@0 p1@0");
    wf_core_destroy(core);
}

// Jobs of queue 1, which may use 4 GPUs: 1 has 3 of them for an hour, 2 wants all 4.
static struct wf_core *limited_site(void)
{
    struct wf_core *core = small_site("foresight", 4);
    small_queue(core, 0, 1, WF_NONE, (struct wf_queue_spec){.limit_gpu_milli = 4000});
    SAID(small_submit(core, 0, job_of(1, 1, 3, HOUR_MS)), "w1 p1@0");
    SAID(small_submit(core, 0, job_of(2, 1, 4, HOUR_MS)), "w2");
    return core;
}

static void who_is_gone_in_time_may_use_the_room_under_a_limit(void **unused)
{
    (void)unused;
    struct wf_core *core = limited_site();
    struct wf_wait_explanation told;
    SAID(small_submit(core, 1000, job_of(3, 1, 1, HOUR_MS)), "w3"); // a second too long
    assert_int_equal(wf_wait_explain(core, (wf_job_id){3}, &told, NULL), WF_OK);
    assert_int_equal(told.blockers, WF_WAIT_BIT(LIMIT_KEPT));
    assert_int_equal(told.limit_kept.job.number, 2);
    assert_int_equal(told.limit_kept_at.index, 1);
    uint32_t slot = wf_cluster_find_job(wf_core_cluster(core), (wf_job_id){3});
    assert_int_equal(wf_wait_reason_now(core, slot), WF_WAIT_LIMIT_KEPT);
    SAID(small_submit(core, 1000, job_of(4, 1, 1, HOUR_MS / 2)), "w4 p4@0");
    SAID(small_submit(core, 1001, job_of(5, 0, 1, 9 * HOUR_MS)), "w5 p5@1"); // another queue
    SAID(small_end(core, 2000, 4), "e4@0");
    SAID(small_tick(core, HOUR_MS), "t1@0 p2@0");
    SAID(small_end(core, HOUR_MS + 1, 2), "e2@0 p3@1");
    wf_core_destroy(core);
}

static void the_room_is_others_when_nobody_waits_for_it(void **unused)
{
    (void)unused;
    struct wf_core *core = limited_site();
    SAID(small_submit(core, 1000, job_of(3, 1, 1, 2 * HOUR_MS)), "w3");
    SAID(small_hold(core, 1001, 2, true), "p3@0");
    wf_core_destroy(core);
    core = limited_site();
    SAID(small_submit(core, 1000, job_of(3, 1, 1, 2 * HOUR_MS)), "w3");
    SAID(small_end(core, 1001, 2), "p3@0");
    wf_core_destroy(core);
}

// A job may be stopped after an hour: the queue that is owed its guarantee wants to be asked then.
static void who_is_owed_is_woken_when_somebody_may_be_stopped(void **unused)
{
    (void)unused;
    struct wf_core_config config = small_config("foresight");
    config.preempt_after_ms = HOUR_MS;
    struct wf_core *core = small_core(&config);
    small_node(core, 0, 0, 0, 4);
    small_queue(core, 0, 1, WF_NONE, (struct wf_queue_spec){.guarantee_gpu_milli = 4000});
    struct wf_job_spec job = job_of(1, 0, 4, 0);
    job.wait.preemptible = true;
    SAID(small_submit(core, 0, job), "w1 p1@0");
    struct wf_decisions decisions = small_submit(core, HOUR_MS / 2, job_of(2, 1, 4, HOUR_MS));
    SAID(decisions, "w2");
    assert_int_equal(decisions.wake_ms, HOUR_MS);
    SAID(small_tick(core, HOUR_MS), "x1@0 w1 p2@0");
    wf_core_destroy(core);
}

// What happens soon after a try waits until the next may be made, and is not forgotten.
static void a_try_that_came_too_soon_is_made_later(void **unused)
{
    (void)unused;
    struct wf_core_config config = small_config("foresight");
    struct wf_core *core = small_core(&config);
    small_node(core, 0, 0, 0, 4);
    small_queue(core, 0, 1, WF_NONE, (struct wf_queue_spec){.guarantee_gpu_milli = 3000});
    SAID(small_submit(core, 0, job_of(1, 0, 2, 0)), "w1 p1@0"); // may not be stopped
    struct wf_job_spec job = job_of(2, 0, 2, 0);
    job.wait.preemptible = true;
    SAID(small_submit(core, 0, job), "w2 p2@0");
    struct wf_decisions decisions = small_submit(core, 1000, job_of(3, 1, 3, HOUR_MS));
    SAID(decisions, "w3");
    assert_true(decisions.wake_ms == INT64_MAX); // there is nobody to stop
    decisions = small_end(core, 2000, 2);
    SAID(decisions, "e2@0");
    SAID(small_submit(core, 3000, job_of(4, 0, 1, 0)), "w4 p4@0");
    decisions = small_tick(core, 4000);
    assert_int_equal(decisions.wake_ms, 11000);
    wf_core_destroy(core);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(what_can_never_run_costs_nobody_a_lane_or_a_turn),
        cmocka_unit_test(it_comes_back_in_its_order_with_the_machines),
        cmocka_unit_test(a_limit_that_is_too_low_is_no_different),
        cmocka_unit_test(who_is_gone_in_time_may_use_the_room_under_a_limit),
        cmocka_unit_test(the_room_is_others_when_nobody_waits_for_it),
        cmocka_unit_test(who_is_owed_is_woken_when_somebody_may_be_stopped),
        cmocka_unit_test(a_try_that_came_too_soon_is_made_later),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
