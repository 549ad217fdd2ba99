// SPDX-License-Identifier: Apache-2.0
// What queues have a say in, by hand: their limits, budgets, and what is guaranteed to them; and
// the limits of the core itself, at each and past it.
#include "core/policy/policy.h"
#include "unit/core/small_schedule.h"

static struct wf_job_spec job_of(uint64_t id, uint32_t queue, uint8_t gpus, int64_t limit_ms)
{
    struct wf_job_spec job = small_job(id, 1, gpus, limit_ms);
    job.wait.queue.index = queue;
    return job;
}

static void a_queue_keeps_to_its_limit(void **unused)
{
    (void)unused;
    struct wf_core *core = small_site("easy", 2);
    small_queue(core, 0, 1, WF_NONE, (struct wf_queue_spec){.limit_gpu_milli = 4000});
    small_queue(core, 0, 2, 1, (struct wf_queue_spec){.limit_gpu_milli = 3000});
    small_queue(core, 0, 3, 1, (struct wf_queue_spec){0});
    SAID(small_submit(core, 0, job_of(1, 2, 3, 0)), "w1 p1@0");
    SAID(small_submit(core, 1, job_of(2, 2, 1, 0)), "w2"); // its own limit
    SAID(small_submit(core, 2, job_of(3, 3, 2, 0)), "w3"); // its parent's
    SAID(small_submit(core, 3, job_of(4, 3, 1, 0)), "w4 p4@0");
    SAID(small_submit(core, 4, job_of(5, 2, 0, 0)), "w5 p5@0"); // needs no GPU
    SAID(small_end(core, 5, 4), "e4@0");
    SAID(small_end(core, 6, 1), "e1@0 p2@0 p3@0");
    SAID(small_queue(core, 7, 1, WF_NONE, (struct wf_queue_spec){.limit_gpu_milli = 5000}), "");
    SAID(small_submit(core, 8, job_of(6, 3, 3, 0)), "w6");
    SAID(small_queue(core, 9, 1, WF_NONE, (struct wf_queue_spec){.limit_gpu_milli = 6000}), "p6@1");
    wf_core_destroy(core);
}

// A queue that may spend so much in an hour, on GPUs of a dollar an hour.
static struct wf_core *budget(int64_t nanousd, enum wf_budget_action action)
{
    struct wf_core *core = small_site("kubernetes-like", 1);
    small_queue(core, 0, 1, WF_NONE,
                (struct wf_queue_spec){.budgets = {[WF_WINDOW_HOUR] = {nanousd, action}}});
    return core;
}

static void a_spent_budget_holds_until_its_window_is_over(void **unused)
{
    (void)unused;
    struct wf_core *core = budget(2 * USD, WF_BUDGET_HOLD);
    const int64_t half = HOUR_MS / 2;
    SAID(small_submit(core, 0, job_of(1, 1, 2, half)), "w1 p1@0"); // a dollar of two
    SAID(small_submit(core, 1, job_of(2, 1, 2, half)), "w2 p2@0"); // the second
    struct wf_decisions decisions = small_submit(core, 2, job_of(3, 1, 1, half));
    SAID(decisions, "w3");
    SAID(small_submit(core, 3, job_of(4, 0, 0, 0)), "w4 p4@0"); // others go on
    SAID(small_tick(core, half), "t1@0");
    decisions = small_tick(core, half + 1);
    SAID(decisions, "t2@0");
    assert_int_equal(decisions.wake_ms, HOUR_MS);
    SAID(small_tick(core, HOUR_MS), "p3@0"); // by itself
    wf_core_destroy(core);
}

static void a_job_that_costs_less_than_was_expected_leaves_the_rest_to_others(void **unused)
{
    (void)unused;
    struct wf_core *core = budget(4 * USD, WF_BUDGET_HOLD);
    SAID(small_submit(core, 0, job_of(1, 1, 4, HOUR_MS)), "w1 p1@0");
    SAID(small_submit(core, 1, job_of(2, 1, 2, HOUR_MS)), "w2");
    SAID(small_end(core, HOUR_MS / 4, 1), "e1@0 p2@0");
    wf_core_destroy(core);
}

static void who_is_dearer_than_the_budget_waits_for_an_empty_window(void **unused)
{
    (void)unused;
    struct wf_core *core = budget(USD, WF_BUDGET_HOLD);
    SAID(small_submit(core, 0, job_of(1, 1, 1, HOUR_MS / 2)), "w1 p1@0");
    SAID(small_submit(core, 1, job_of(2, 1, 4, 9 * HOUR_MS)), "w2");
    SAID(small_tick(core, HOUR_MS / 2), "t1@0");
    struct wf_decisions decisions = small_tick(core, HOUR_MS / 2 + 1);
    SAID(decisions, "");
    assert_int_equal(decisions.wake_ms, HOUR_MS);
    SAID(small_tick(core, HOUR_MS), "p2@0");
    wf_core_destroy(core);
}

static void a_budget_may_lower_instead(void **unused)
{
    (void)unused;
    struct wf_core *core = budget(USD, WF_BUDGET_LOWER);
    SAID(small_submit(core, 0, job_of(1, 1, 4, HOUR_MS)), "w1 p1@0"); // more than a dollar
    SAID(small_submit(core, 1, job_of(2, 1, 4, HOUR_MS)), "w2");
    SAID(small_submit(core, 2, job_of(3, 0, 4, HOUR_MS)), "w3");
    SAID(small_end(core, HOUR_MS / 2, 1), "e1@0 p3@0"); // though it came later
    SAID(small_end(core, HOUR_MS / 2 + 1, 3), "e3@0 p2@0");
    wf_core_destroy(core);
}

static void a_budget_that_admits_changes_nothing(void **unused)
{
    (void)unused;
    struct wf_core *core = budget(1, WF_BUDGET_ADMIT);
    SAID(small_submit(core, 0, job_of(1, 1, 2, HOUR_MS)), "w1 p1@0");
    SAID(small_submit(core, 1, job_of(2, 1, 2, HOUR_MS)), "w2 p2@0");
    wf_core_destroy(core);
}

static void money_is_rent_for_as_long_as_it_ran(void **unused)
{
    (void)unused;
    struct wf_core_config config = small_config("easy");
    struct wf_core *core = small_core(&config);
    small_node(core, 0, 0, 0, 4);
    small_node(core, 0, 1, 1, 4);
    struct wf_job_spec job = small_job(1, 2, 4, 0); // a dollar and two
    SAID(small_submit(core, 0, job), "w1 p1@0 p1@1");
    small_tick(core, 7);
    SAID(small_node_down(core, HOUR_MS, 1), "l1@1 l1@0 w1");
    SAID(small_node(core, 2 * HOUR_MS, 1, 1, 4), "p1@0 p1@1");
    small_end(core, 2 * HOUR_MS + 1, 1);
    struct wf_queue_view view = small_view(core, 0);
    assert_true(view.money == (wf_int128)12 * USD * (HOUR_MS + 1));
    assert_true(view.gpu_milli_ms == (wf_int128)8000 * (HOUR_MS + 1));
    assert_true(view.committed == 0);
    wf_core_destroy(core);
}

// Queue 1 is guaranteed 4 of the 8 GPUs, queue 2 has them all; whoever may be stopped loses what he
// did since he last saved.
static struct wf_core *all_borrowed(int64_t preempt_after_ms, const char *policy)
{
    struct wf_core_config config = small_config("foresight");
    config.preempt_after_ms = preempt_after_ms;
    config.policy = wf_policy_find(policy);
    struct wf_core *core = small_core(&config);
    small_node(core, 0, 0, 0, 4);
    small_node(core, 0, 1, 0, 4);
    small_queue(core, 0, 1, WF_NONE, (struct wf_queue_spec){.guarantee_gpu_milli = 4000});
    small_queue(core, 0, 2, WF_NONE, (struct wf_queue_spec){.guarantee_gpu_milli = 2000});
    for (uint64_t id = 1; id <= 4; id++) {
        struct wf_job_spec job = job_of(id, 2, 2, 0);
        job.wait.preemptible = true;
        small_submit(core, (int64_t)id * 1000, job);
    }
    assert_int_equal(small_view(core, 2).used_gpu_milli, 8000);
    return core;
}

static struct wf_decisions saved(struct wf_core *core, int64_t at_ms, uint64_t id)
{
    return small_step(core, &(struct wf_event){
                                .time_ms = at_ms, .kind = WF_EVENT_JOB_SAVED, .job_saved = {{id}}});
}

static void what_is_guaranteed_is_taken_back_from_who_loses_least(void **unused)
{
    (void)unused;
    static const char *const policies[] = {"cost-first", "best-fit"};
    for (uint32_t i = 0; i < WF_COUNT_OF(policies); i++) {
        struct wf_core *core = all_borrowed(0, policies[i]);
        struct wf_decisions decisions = small_submit(core, 9000, job_of(11, 1, 2, 0));
        assert_int_equal(decisions.count, 4);
        assert_int_equal(decisions.list[1].kind, WF_DECISION_PREEMPT);
        assert_int_equal(decisions.list[1].job.number, 4); // the last to start
        saved(core, 20000, 1);
        decisions = small_submit(core, 20001, job_of(12, 1, 2, 0));
        assert_int_equal(decisions.count, 4);
        assert_int_equal(decisions.list[1].job.number, 1); // has just saved its work
        assert_int_equal(small_view(core, 1).used_gpu_milli, 4000);
        // Queue 1 has its guarantee: for more it waits.
        SAID(small_submit(core, 40000, job_of(13, 1, 2, 0)), "w13");
        SAID(small_tick(core, 60000), "");
        wf_core_destroy(core);
    }
}

// One that saves every so often loses what it did since then, without anybody telling.
static void who_saves_by_itself_loses_only_what_came_after(void **unused)
{
    (void)unused;
    struct wf_core_config config = small_config("foresight");
    struct wf_core *core = small_core(&config);
    small_node(core, 0, 0, 0, 4);
    small_queue(core, 0, 1, WF_NONE, (struct wf_queue_spec){.guarantee_gpu_milli = 4000});
    for (uint64_t id = 1; id <= 2; id++) {
        struct wf_job_spec job = job_of(id, 0, 2, 0);
        job.wait.preemptible = true;
        job.wait.checkpoint_ms = id == 1 ? 10000 : 0;
        small_submit(core, (int64_t)id * 1000, job);
    }
    // Job 1 lost 9 of 30 s, job 2 29.
    SAID(small_submit(core, 30000, job_of(11, 1, 2, 0)), "w11 x1@0 w1 p11@0");
    wf_core_destroy(core);
}

static void nobody_goes_below_what_is_guaranteed_to_him(void **unused)
{
    (void)unused;
    struct wf_core *core = all_borrowed(0, "cost-first");
    small_queue(core, 5000, 2, WF_NONE, (struct wf_queue_spec){.guarantee_gpu_milli = 7000});
    SAID(small_submit(core, 9000, job_of(11, 1, 2, 0)), "w11");
    SAID(small_tick(core, 30000), "");
    small_queue(core, 40000, 2, WF_NONE, (struct wf_queue_spec){.guarantee_gpu_milli = 6000});
    assert_int_equal(small_view(core, 2).used_gpu_milli, 6000);
    wf_core_destroy(core);
}

static void nobody_is_stopped_before_he_ran_so_long(void **unused)
{
    (void)unused;
    struct wf_core *core = all_borrowed(60000, "cost-first");
    SAID(small_submit(core, 9000, job_of(11, 1, 2, 0)), "w11");
    SAID(small_tick(core, 60999), "");
    struct wf_decisions decisions = small_tick(core, 71000);
    assert_int_equal(decisions.count, 3);
    assert_int_equal(decisions.list[0].kind, WF_DECISION_PREEMPT);
    wf_core_destroy(core);
}

// It waits for its start time, but what is guaranteed to it is there before.
static void who_has_a_start_time_kept_is_given_back_too(void **unused)
{
    (void)unused;
    struct wf_core_config config = small_config("foresight");
    struct wf_core *core = small_core(&config);
    small_node(core, 0, 0, 0, 4);
    small_queue(core, 0, 1, WF_NONE, (struct wf_queue_spec){.guarantee_gpu_milli = 4000});
    struct wf_job_spec job = job_of(1, 0, 4, 8 * HOUR_MS);
    job.wait.preemptible = true;
    SAID(small_submit(core, 0, job), "w1 p1@0");
    SAID(small_submit(core, 1000, job_of(11, 1, 4, HOUR_MS)), "w11 x1@0 w1 p11@0");
    wf_core_destroy(core);
}

static void who_takes_back_keeps_to_arrays_and_budgets(void **unused)
{
    (void)unused;
    struct wf_core *core = all_borrowed(0, "cost-first");
    struct wf_queue_spec spec = {.guarantee_gpu_milli = 4000,
                                 .budgets = {[WF_WINDOW_DAY] = {3 * USD, WF_BUDGET_HOLD}}};
    small_queue(core, 5000, 1, WF_NONE, spec);
    struct wf_job_spec job = job_of(11, 1, 1, HOUR_MS);
    job.wait.array = 5;
    job.wait.array_max = 1;
    SAID(small_submit(core, 9000, job), "w11 x4@1 w4 p11@1");
    job.id.number = 12;
    assert_int_equal(small_submit(core, 9001, job).count, 1);
    assert_int_equal(small_tick(core, 40000).count, 0);
    SAID(small_submit(core, 50000, job_of(13, 1, 2, 2 * HOUR_MS)), "w13"); // 4 dollars
    SAID(small_tick(core, 90000), "");
    wf_core_destroy(core);
}

static void who_is_stopped_starts_where_there_is_room(void **unused)
{
    (void)unused;
    struct wf_core_config config = small_config("foresight");
    struct wf_core *core = small_core(&config);
    small_node(core, 0, 0, 0, 4);
    small_node(core, 0, 1, 1, 4);
    small_queue(core, 0, 1, WF_NONE, (struct wf_queue_spec){.guarantee_gpu_milli = 4000});
    struct wf_job_spec job = job_of(1, 0, 4, 0);
    job.wait.preemptible = true;
    job.request.place.zone = 1;
    small_submit(core, 0, job);
    job.id.number = 2;
    job.request.place.zone = WF_ANYWHERE;
    job.request.gpus = 2;
    SAID(small_submit(core, 1, job), "w2 p2@0");
    struct wf_job_spec claim = job_of(11, 1, 4, 0);
    claim.request.place.zone = 0;
    struct wf_decisions decisions = small_submit(core, 2, claim);
    SAID(decisions, "w11 x2@0 w2 p11@0");
    SAID(small_end(core, 3, 1), "e1@1 p2@1");
    wf_core_destroy(core);
}

static void as_many_jobs_as_there_is_memory_for(void **unused)
{
    (void)unused;
    struct wf_core *core = small_site("easy", 1);
    for (uint64_t id = 1; id <= SMALL_JOBS; id++) {
        small_submit(core, 0, small_job(id, 1, 4, 0));
    }
    struct wf_event event = small_submission(1, small_job(99, 1, 4, 0));
    small_refused(core, &event, WF_LIMIT);
    SAID(small_end(core, 1, SMALL_JOBS), "");
    SAID(small_submit(core, 1, small_job(99, 1, 4, 0)), "w99");
    wf_core_destroy(core);
}

// Jobs that find no lane come into one as soon as one is left, without a clock that runs for them.
static void more_kinds_of_jobs_than_lanes_wait_for_one(void **unused)
{
    (void)unused;
    struct wf_core *core = small_site("easy", 1);
    SAID(small_submit(core, 0, small_job(1, 1, 4, 0)), "w1 p1@0");
    for (uint64_t id = 2; id <= SMALL_LANES + 4; id++) {
        struct wf_job_spec job = small_job(id, 1, 4, 0);
        job.request.cpu_milli = (uint32_t)(1000 + id); // each a lane of its own
        assert_true(small_submit(core, (int64_t)id, job).wake_ms == INT64_MAX);
    }
    assert_int_equal(wf_core_schedule(core)->backlog.waiting, SMALL_LANES);
    // Two of those without a lane: one is cancelled, one held and released again.
    SAID(small_end(core, 100, SMALL_LANES + 2), "");
    SAID(small_hold(core, 100, SMALL_LANES + 3, true), "");
    SAID(small_hold(core, 100, SMALL_LANES + 3, false), "");
    for (uint64_t id = 1; id <= SMALL_LANES + 4; id++) {
        int64_t at_ms = 100 + (int64_t)id;
        if (id == SMALL_LANES + 2) {
            continue;
        }
        struct wf_decisions decisions = small_end(core, at_ms, id);
        while (decisions.wake_ms <= at_ms + 1) {
            decisions = small_tick(core, at_ms + 1);
        }
    }
    assert_int_equal(small_view(core, 0).jobs, 0);
    wf_core_destroy(core);
}

static void as_many_start_times_are_kept_as_there_is_memory_for(void **unused)
{
    (void)unused;
    struct wf_core *core = small_site("conservative", 1);
    small_submit(core, 0, small_job(1, 1, 4, 1000));
    for (uint64_t id = 2; id <= SMALL_RESERVATIONS + 3; id++) {
        small_submit(core, 0, small_job(id, 1, 4, 1000));
        uint32_t kept = (uint32_t)id - 1;
        assert_int_equal(wf_core_schedule(core)->reserved_count,
                         kept < SMALL_RESERVATIONS ? kept : SMALL_RESERVATIONS);
    }
    small_tick(core, 1000);
    assert_int_equal(wf_core_schedule(core)->reserved_count, SMALL_RESERVATIONS);
    wf_core_destroy(core);
}

static void as_many_dependencies_as_there_is_memory_for(void **unused)
{
    (void)unused;
    struct wf_core_config config = small_config("easy");
    config.limits.jobs = WF_JOB_AFTER_MAX + 3;
    struct wf_core *core = small_core(&config);
    small_submit(core, 0, small_job(1, 1, 4, 0));
    struct wf_dependency after[WF_JOB_AFTER_MAX + 1];
    for (uint32_t i = 0; i <= WF_JOB_AFTER_MAX; i++) {
        after[i] = (struct wf_dependency){{1}, WF_AFTER_END};
    }
    struct wf_job_spec job = small_job(2, 1, 4, 0);
    job.wait.after = after;
    job.wait.after_count = WF_JOB_AFTER_MAX + 1;
    struct wf_event event = small_submission(0, job);
    small_refused(core, &event, WF_LIMIT);
    job.wait.after_count = WF_JOB_AFTER_MAX;
    SAID(small_submit(core, 0, job), "w2");
    job.id.number = 3; // 3 are left
    job.wait.after_count = 4;
    event = small_submission(0, job);
    small_refused(core, &event, WF_LIMIT);
    job.wait.after_count = 3;
    SAID(small_submit(core, 0, job), "w3");
    small_end(core, 1, 2); // gives back its own
    job.id.number = 4;
    job.wait.after_count = WF_JOB_AFTER_MAX;
    SAID(small_submit(core, 2, job), "w4");
    wf_core_destroy(core);
}

static void as_many_queues_as_there_is_memory_for(void **unused)
{
    (void)unused;
    struct wf_core *core = small_site("easy", 1);
    SAID(small_queue(core, 0, SMALL_QUEUES - 1, WF_NONE, (struct wf_queue_spec){0}), "");
    struct wf_event event = {.kind = WF_EVENT_QUEUE, .queue = {.id = {SMALL_QUEUES}}};
    event.queue.spec.parent.index = WF_NONE;
    small_refused(core, &event, WF_LIMIT);
    SAID(small_submit(core, 0, job_of(1, SMALL_QUEUES - 1, 1, 0)), "w1 p1@0");
    wf_core_destroy(core);
}

// One step that ends all that runs, tells all that wait for it, and starts as much anew.
static void a_step_may_decide_on_everything_at_once(void **unused)
{
    (void)unused;
    enum { MANY = 4200 };
    struct wf_core_config config = small_config("easy");
    config.limits.jobs = 4 * MANY;
    config.limits.placements = MANY;
    config.limits.nodes = MANY / 16 + 1;
    struct wf_core *core = small_core(&config);
    for (uint32_t i = 0; i < config.limits.nodes; i++) {
        small_node(core, 0, i, 0, 16);
    }
    struct wf_job_spec job = small_job(1, 1, 1, 1000);
    uint64_t id = 0;
    for (uint32_t i = 0; i < MANY; i++) {
        job.id.number = ++id;
        small_submit(core, 0, job);
        struct wf_dependency well = {{id}, WF_AFTER_SUCCESS};
        struct wf_job_spec next = job;
        next.id.number = ++id;
        next.wait.after = &well;
        next.wait.after_count = 1;
        small_submit(core, 0, next);
    }
    for (uint32_t i = 0; i < MANY; i++) {
        job.id.number = ++id;
        small_submit(core, 1, job);
    }
    assert_int_equal(small_tick(core, 1000).count, 3 * MANY);
    wf_core_destroy(core);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(a_queue_keeps_to_its_limit),
        cmocka_unit_test(a_spent_budget_holds_until_its_window_is_over),
        cmocka_unit_test(a_job_that_costs_less_than_was_expected_leaves_the_rest_to_others),
        cmocka_unit_test(who_is_dearer_than_the_budget_waits_for_an_empty_window),
        cmocka_unit_test(a_budget_may_lower_instead),
        cmocka_unit_test(a_budget_that_admits_changes_nothing),
        cmocka_unit_test(money_is_rent_for_as_long_as_it_ran),
        cmocka_unit_test(what_is_guaranteed_is_taken_back_from_who_loses_least),
        cmocka_unit_test(who_saves_by_itself_loses_only_what_came_after),
        cmocka_unit_test(nobody_goes_below_what_is_guaranteed_to_him),
        cmocka_unit_test(nobody_is_stopped_before_he_ran_so_long),
        cmocka_unit_test(who_has_a_start_time_kept_is_given_back_too),
        cmocka_unit_test(who_takes_back_keeps_to_arrays_and_budgets),
        cmocka_unit_test(who_is_stopped_starts_where_there_is_room),
        cmocka_unit_test(as_many_jobs_as_there_is_memory_for),
        cmocka_unit_test(more_kinds_of_jobs_than_lanes_wait_for_one),
        cmocka_unit_test(as_many_start_times_are_kept_as_there_is_memory_for),
        cmocka_unit_test(as_many_dependencies_as_there_is_memory_for),
        cmocka_unit_test(as_many_queues_as_there_is_memory_for),
        cmocka_unit_test(a_step_may_decide_on_everything_at_once),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
