// SPDX-License-Identifier: Apache-2.0
// When a deadline moves a job forward under foresight, and when it does not, by hand.
#include "unit/core/small_schedule.h"

enum { LONG_H = 100 };

static struct wf_job_spec with_deadline(struct wf_job_spec job, int64_t deadline_ms)
{
    job.wait.deadline_ms = deadline_ms;
    return job;
}

// One node of 4 GPUs, all of them taken by job 1; start times are kept for as many as may be.
static struct wf_core *taken_site(uint32_t reservations)
{
    struct wf_core_config config = small_config("foresight");
    config.limits.reservations = reservations;
    struct wf_core *core = small_core(&config);
    small_node(core, 0, 0, 0, 4);
    SAID(small_submit(core, 0, small_job(1, 1, 4, LONG_H * HOUR_MS)), "w1 p1@0");
    return core;
}

static int64_t kept_ms(const struct wf_core *core, uint64_t id)
{
    const struct wf_schedule *schedule = wf_core_schedule(core);
    uint32_t job = wf_cluster_find_job(wf_core_cluster(core), (wf_job_id){id});
    uint32_t reservation = schedule->backlog.tickets[job].reservation;
    return reservation == WF_NONE ? -1 : wf_future_start_ms(schedule->future, reservation);
}

// Job 4 runs an hour and is to be done 31 hours after it came: it can wait for 30, and goes forward
// for the last 5 of them.
static void a_start_is_kept_when_the_latest_start_is_near(void **unused)
{
    (void)unused;
    struct wf_core *core = taken_site(SMALL_RESERVATIONS);
    small_submit(core, 0, small_job(2, 1, 4, HOUR_MS));
    small_submit(core, 0, small_job(3, 1, 4, HOUR_MS));
    struct wf_job_spec job = with_deadline(small_job(4, 1, 4, HOUR_MS), 31 * HOUR_MS);
    assert_int_equal(small_submit(core, 0, job).wake_ms, 25 * HOUR_MS);
    assert_int_equal(small_tick(core, 25 * HOUR_MS - 1).wake_ms, 25 * HOUR_MS);
    assert_int_equal(wf_core_schedule(core)->reserved_count, 2);
    assert_int_equal(kept_ms(core, 4), -1);
    small_tick(core, 25 * HOUR_MS);
    assert_int_equal(wf_core_schedule(core)->reserved_count, 3);
    assert_int_equal(kept_ms(core, 2), LONG_H * HOUR_MS); // as before
    assert_int_equal(kept_ms(core, 3), (LONG_H + 1) * HOUR_MS);
    assert_int_equal(kept_ms(core, 4), (LONG_H + 2) * HOUR_MS);
    small_tick(core, 40 * HOUR_MS); // too late for it: what is kept stays
    assert_int_equal(kept_ms(core, 4), (LONG_H + 2) * HOUR_MS);
    wf_core_destroy(core);
}

// Job 2 starts when job 1 ends; the start time after it is kept for the foremost of the others.
static void check_next(struct wf_core *core, int64_t end_ms, uint64_t foremost)
{
    SAID(small_end(core, end_ms, 1), "e1@0 p2@0");
    assert_int_equal(kept_ms(core, foremost), end_ms + HOUR_MS);
    wf_core_destroy(core);
}

// Who is next at that time: job 3, with a deadline after 31 hours, or job 4, which is sooner done?
static void check_order(int64_t at_ms, uint64_t foremost)
{
    struct wf_core *core = taken_site(1);
    small_submit(core, 0, small_job(2, 1, 4, HOUR_MS)); // the only start time is kept for it
    small_submit(core, 0, with_deadline(small_job(3, 1, 4, HOUR_MS), 31 * HOUR_MS));
    small_submit(core, 1, small_job(4, 1, 4, HOUR_MS / 2));
    check_next(core, at_ms, foremost);
}

static void it_goes_forward_from_then_on_and_until_it_is_too_late(void **unused)
{
    (void)unused;
    check_order(25 * HOUR_MS - 1, 4);
    check_order(25 * HOUR_MS, 3);
    check_order(30 * HOUR_MS, 3);
    check_order(30 * HOUR_MS + 1, 4);
}

static void a_deadline_that_cannot_be_met_wins_nothing(void **unused)
{
    (void)unused;
    struct wf_core *core = taken_site(1);
    small_submit(core, 0, small_job(2, 1, 4, HOUR_MS));
    int64_t wake_ms = small_tick(core, 1).wake_ms;
    struct wf_decisions decisions =
        small_submit(core, 2, with_deadline(small_job(3, 1, 4, HOUR_MS), HOUR_MS + 1));
    assert_int_equal(decisions.wake_ms, wake_ms); // it is waited for nothing
    small_submit(core, 3, small_job(4, 1, 4, HOUR_MS / 2));
    check_next(core, 2 * HOUR_MS, 4);
}

// It passes nobody who came before by more than the shortest work does.
static void who_has_waited_longer_is_not_passed(void **unused)
{
    (void)unused;
    for (uint32_t late = 0; late < 2; late++) {
        struct wf_core *core = taken_site(1);
        small_submit(core, 0, small_job(2, 1, 4, HOUR_MS));
        small_submit(core, 0, small_job(3, 1, 4, HOUR_MS)); // ranks 2 hours later
        int64_t ready_ms = 2 * HOUR_MS - 1 + 2 * late;
        struct wf_job_spec job = small_job(4, 1, 4, HOUR_MS);
        small_submit(core, ready_ms, with_deadline(job, ready_ms + HOUR_MS + 600));
        check_next(core, ready_ms + 550, late ? 3 : 4);
    }
}

static void other_disciplines_know_no_deadlines(void **unused)
{
    (void)unused;
    struct wf_core *core = small_site("easy", 1);
    small_submit(core, 0, small_job(1, 1, 4, LONG_H * HOUR_MS));
    small_submit(core, 0, small_job(2, 1, 4, HOUR_MS));
    small_submit(core, 0, small_job(3, 1, 4, HOUR_MS));
    struct wf_job_spec job = with_deadline(small_job(4, 1, 4, HOUR_MS), 31 * HOUR_MS);
    assert_int_equal(small_submit(core, 0, job).wake_ms, LONG_H * HOUR_MS);
    SAID(small_end(core, 26 * HOUR_MS, 1), "e1@0 p2@0");
    SAID(small_end(core, 27 * HOUR_MS, 2), "e2@0 p3@0");
    wf_core_destroy(core);
}

static void a_changed_job_says_no_impossible_time(void **unused)
{
    (void)unused;
    struct wf_core *core = taken_site(1);
    struct wf_job_spec job = small_job(2, 1, 4, HOUR_MS);
    small_submit(core, 0, job);
    struct wf_event event = {.kind = WF_EVENT_JOB_CHANGE, .time_ms = 1};
    event.job_change = with_deadline(job, WF_TIME_MS_MAX + 1);
    small_refused(core, &event, WF_INVALID);
    event.job_change.wait.deadline_ms = -1;
    small_refused(core, &event, WF_INVALID);
    event.job_change.wait.deadline_ms = WF_TIME_MS_MAX;
    small_step(core, &event);
    wf_core_destroy(core);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(a_start_is_kept_when_the_latest_start_is_near),
        cmocka_unit_test(it_goes_forward_from_then_on_and_until_it_is_too_late),
        cmocka_unit_test(a_deadline_that_cannot_be_met_wins_nothing),
        cmocka_unit_test(who_has_waited_longer_is_not_passed),
        cmocka_unit_test(other_disciplines_know_no_deadlines),
        cmocka_unit_test(a_changed_job_says_no_impossible_time),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
