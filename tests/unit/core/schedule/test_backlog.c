// SPDX-License-Identifier: Apache-2.0
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include "core/schedule/backlog.h"
#include "unit/core/small_region.h"

enum { JOBS = 16, LANES = 4, QUEUES = 3 };

static struct wf_backlog some(void)
{
    struct wf_limits limits = {.jobs = JOBS, .lanes = LANES, .queues = QUEUES};
    struct wf_backlog backlog;
    assert_int_equal(wf_backlog_init(&backlog, small_region(), &limits, NULL), WF_OK);
    return backlog;
}

// A job that comes now and asks for so much CPU: other CPU, other lane.
static void add(struct wf_backlog *backlog, uint32_t job, uint32_t cpu_milli, uint32_t queue)
{
    backlog->tickets[job] = (struct wf_ticket){
        .spec = {.tasks = 1, .request = {.cpu_milli = cpu_milli}, .wait = {.queue = {queue}}},
        .sequence = backlog->sequence++,
        .reservation = WF_NONE,
        .lane = WF_NONE,
    };
    wf_backlog_add(backlog, job);
}

static const struct wf_lane *lane_of(const struct wf_backlog *backlog, uint32_t job)
{
    return &backlog->lanes[backlog->tickets[job].lane];
}

static void jobs_that_are_alike_share_a_lane(void **unused)
{
    (void)unused;
    struct wf_backlog backlog = some();
    add(&backlog, 0, 100, 0);
    add(&backlog, 1, 100, 0);
    add(&backlog, 2, 200, 0);
    add(&backlog, 3, 100, 1);
    assert_int_equal(backlog.tickets[0].lane, backlog.tickets[1].lane);
    assert_int_not_equal(backlog.tickets[0].lane, backlog.tickets[2].lane);
    assert_int_not_equal(backlog.tickets[0].lane, backlog.tickets[3].lane);
    // The same is asked for in another queue.
    assert_int_equal(lane_of(&backlog, 0)->ask, lane_of(&backlog, 3)->ask);
    assert_int_equal(backlog.used_count, 3);
    assert_int_equal(backlog.used_asks_count, 2);
    assert_int_equal(backlog.waiting, 4);
    for (uint32_t job = 0; job < 4; job++) {
        wf_backlog_remove(&backlog, job);
    }
    assert_int_equal(backlog.used_count + backlog.used_asks_count + backlog.open_count, 0);
}

static void whoever_differs_has_a_lane_of_his_own(void **unused)
{
    (void)unused;
    struct wf_job_spec base = {.tasks = 1, .wait = {.limit_ms = 1000}};
    struct wf_job_spec others[7];
    for (uint32_t i = 0; i < 7; i++) {
        others[i] = base;
    }
    others[0].tasks = 2;
    others[1].wait.priority = 1;
    others[2].wait.within = WF_WITHIN_ZONE;
    others[3].wait.preemptible = true;
    others[4].wait.limit_ms = 2000;
    others[5].wait.array = others[5].wait.array_max = 3;
    others[6].wait.array = 3; // all of it may run at once: no reason
    for (uint32_t i = 0; i < 7; i++) {
        struct wf_backlog backlog = some();
        backlog.tickets[0].spec = base;
        backlog.tickets[1].spec = others[i];
        wf_backlog_add(&backlog, 0);
        wf_backlog_add(&backlog, 1);
        assert_int_equal(backlog.used_count, i < 6 ? 2 : 1);
    }
}

static void a_job_that_waits_again_goes_to_its_old_place(void **unused)
{
    (void)unused;
    struct wf_backlog backlog = some();
    for (uint32_t job = 0; job < 4; job++) {
        add(&backlog, job, 100, 0);
    }
    wf_backlog_remove(&backlog, 1);
    wf_backlog_remove(&backlog, 0);
    assert_int_equal(lane_of(&backlog, 2)->first, 2);
    wf_backlog_block(&backlog, backlog.tickets[2].lane, WF_BLOCK_ROOM, (wf_queue_id){0});
    assert_int_equal(backlog.open_count, 0);
    wf_backlog_add(&backlog, 1);
    assert_int_equal(lane_of(&backlog, 2)->first_unreserved, 1);
    assert_int_equal(backlog.open_count, 1); // another is first now: it is tried
    wf_backlog_add(&backlog, 0);
    for (uint32_t job = 0; job < 4; job++) {
        assert_int_equal(lane_of(&backlog, 3)->first, job);
        wf_backlog_remove(&backlog, job);
        if (job == 3) {
            break;
        }
    }
}

static void who_comes_behind_a_blocked_one_waits_with_it(void **unused)
{
    (void)unused;
    struct wf_backlog backlog = some();
    add(&backlog, 0, 100, 0);
    wf_backlog_block(&backlog, backlog.tickets[0].lane, WF_BLOCK_ROOM, (wf_queue_id){0});
    add(&backlog, 1, 100, 0);
    assert_int_equal(backlog.open_count, 0);
}

static void lanes_are_unblocked_by_queue(void **unused)
{
    (void)unused;
    struct wf_backlog backlog = some();
    for (uint32_t job = 0; job < 4; job++) {
        add(&backlog, job, 100 + job, 0);
    }
    const enum wf_block blocks[] = {WF_BLOCK_SHARE, WF_BLOCK_BUDGET, WF_BLOCK_ARRAY, WF_BLOCK_ROOM};
    for (uint32_t job = 0; job < 4; job++) {
        wf_backlog_block(&backlog, backlog.tickets[job].lane, blocks[job],
                         (wf_queue_id){job == 1 ? 2 : 1});
    }
    assert_int_equal(backlog.open_count, 0);
    wf_backlog_unblock(&backlog, (wf_queue_id){0});
    assert_int_equal(backlog.open_count, 0);
    wf_backlog_unblock(&backlog, (wf_queue_id){1});
    assert_int_equal(backlog.open_count, 2);
    assert_int_equal(lane_of(&backlog, 0)->block, WF_BLOCK_NONE);
    assert_int_equal(lane_of(&backlog, 1)->block, WF_BLOCK_BUDGET);
    assert_int_equal(lane_of(&backlog, 3)->block, WF_BLOCK_ROOM);
    wf_backlog_remove(&backlog, 1); // a blocked lane goes
    wf_backlog_unblock(&backlog, (wf_queue_id){2});
    assert_int_equal(backlog.open_count, 2);
}

static void those_with_a_start_time_are_passed_over(void **unused)
{
    (void)unused;
    struct wf_backlog backlog = some();
    for (uint32_t job = 0; job < 3; job++) {
        add(&backlog, job, 100, 0);
    }
    wf_backlog_reserved(&backlog, 0, 7);
    assert_int_equal(lane_of(&backlog, 0)->first_unreserved, 1);
    wf_backlog_reserved(&backlog, 1, 8);
    wf_backlog_reserved(&backlog, 2, 9);
    assert_int_equal(lane_of(&backlog, 0)->first_unreserved, WF_NONE);
    wf_backlog_unreserved(&backlog, 1);
    assert_int_equal(lane_of(&backlog, 0)->first_unreserved, 1);
    wf_backlog_unreserved(&backlog, 2);
    assert_int_equal(lane_of(&backlog, 0)->first_unreserved, 1);
    wf_backlog_unreserved(&backlog, 0);
    assert_int_equal(lane_of(&backlog, 0)->first_unreserved, 0);
}

static void who_finds_no_lane_waits_outside_for_one(void **unused)
{
    (void)unused;
    struct wf_backlog backlog = some();
    for (uint32_t job = 0; job < LANES + 3; job++) {
        add(&backlog, job, 100 + job, 0);
        assert_int_equal(backlog.tickets[job].is_outside, job >= LANES);
    }
    add(&backlog, LANES + 3, 100, 0); // there is a lane for such
    assert_false(backlog.tickets[LANES + 3].is_outside);
    assert_false(wf_backlog_take_in(&backlog));
    wf_backlog_leave_outside(&backlog, LANES + 1);
    wf_backlog_leave_outside(&backlog, 0); // is not
    wf_backlog_remove(&backlog, 1);
    wf_backlog_remove(&backlog, 2);
    assert_true(wf_backlog_take_in(&backlog));
    assert_false(wf_backlog_take_in(&backlog));
    assert_int_equal(backlog.first_outside, WF_NONE);
    assert_int_equal(backlog.last_outside, WF_NONE);
    assert_int_equal(backlog.waiting, 5);
    assert_int_equal(lane_of(&backlog, LANES)->first, LANES);
    assert_int_equal(lane_of(&backlog, LANES + 2)->first, LANES + 2);
}

static void what_is_known_of_a_run_is_believed_first(void **unused)
{
    (void)unused;
    struct wf_ticket ticket = {0};
    assert_int_equal(wf_ticket_run_ms(&ticket), 1800000);
    ticket.spec.wait.limit_ms = 5000;
    assert_int_equal(wf_ticket_run_ms(&ticket), 5000);
    ticket.spec.wait.run = (struct wf_run_time){{1, 2, 3, 4, 5}};
    assert_int_equal(wf_ticket_run_ms(&ticket), 3);
    ticket.spec.tasks = 3;
    ticket.spec.request.gpus = 2;
    ticket.spec.request.gpu_milli = 1000;
    assert_int_equal(wf_job_gpu_milli(&ticket.spec), 6000);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(jobs_that_are_alike_share_a_lane),
        cmocka_unit_test(whoever_differs_has_a_lane_of_his_own),
        cmocka_unit_test(a_job_that_waits_again_goes_to_its_old_place),
        cmocka_unit_test(who_comes_behind_a_blocked_one_waits_with_it),
        cmocka_unit_test(lanes_are_unblocked_by_queue),
        cmocka_unit_test(those_with_a_start_time_are_passed_over),
        cmocka_unit_test(who_finds_no_lane_waits_outside_for_one),
        cmocka_unit_test(what_is_known_of_a_run_is_believed_first),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
