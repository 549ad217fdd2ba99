// SPDX-License-Identifier: Apache-2.0
// What a core with queues does with one job after the other, by hand: it waits, starts, ends, is
// held, waits for others, loses its node, reaches its limit; and what it does not understand it
// refuses whole.
#include "unit/core/small_schedule.h"

static void a_job_starts_waits_and_ends(void **unused)
{
    (void)unused;
    struct wf_core *core = small_site("fifo", 1);
    SAID(small_submit(core, 0, small_job(1, 1, 4, 0)), "w1 p1@0");
    SAID(small_submit(core, 1, small_job(2, 1, 2, 0)), "w2");
    SAID(small_submit(core, 2, small_job(3, 1, 2, 0)), "w3");
    SAID(small_tick(core, 3), "");
    assert_true(small_tick(core, 3).wake_ms == INT64_MAX);
    SAID(small_end(core, 4, 1), "e1@0 p2@0 p3@0");
    SAID(small_end(core, 5, 3), "e3@0");
    SAID(small_end(core, 5, 2), "e2@0");
    assert_int_equal(small_view(core, 0).jobs, 0);
    assert_int_equal(small_view(core, 0).used_gpu_milli, 0);
    wf_core_destroy(core);
}

static void a_gang_starts_whole_or_not(void **unused)
{
    (void)unused;
    struct wf_core *core = small_site("kubernetes-like", 3);
    SAID(small_submit(core, 0, small_job(1, 1, 3, 0)), "w1 p1@0");
    SAID(small_submit(core, 1, small_job(2, 3, 4, 0)), "w2");
    SAID(small_submit(core, 2, small_job(3, 2, 4, 0)), "w3 p3@1 p3@2");
    SAID(small_end(core, 3, 1), "e1@0");
    SAID(small_end(core, 4, 3), "e3@2 e3@1 p2@0 p2@1 p2@2");
    // Jobs whose tasks could start one by one are started together, too.
    struct wf_job_spec loose = small_job(4, 4, 4, 0);
    loose.gang = false;
    SAID(small_end(core, 5, 2), "e2@2 e2@1 e2@0");
    SAID(small_submit(core, 6, loose), "w4");
    wf_core_destroy(core);
}

static void what_is_told_of_one_time_is_heard_before_anything_starts(void **unused)
{
    (void)unused;
    struct wf_core *core = small_site("kubernetes-like", 1);
    small_submit(core, 0, small_job(1, 1, 2, 0));
    small_submit(core, 0, small_job(2, 1, 2, 0));
    SAID(small_submit(core, 0, small_job(3, 1, 4, 0)), "w3");
    struct wf_event event = small_submission(5, small_job(4, 1, 2, 0));
    event.more = true;
    SAID(small_step(core, &event), "w4");
    event = small_ending(5, 1, false);
    event.more = true;
    SAID(small_step(core, &event), "e1@0"); // job 4 would have found room
    SAID(small_end(core, 5, 2), "e2@0 p3@0");
    event = small_ending(6, 3, false);
    event.more = true;
    SAID(small_step(core, &event), "e3@0");
    SAID(small_tick(core, 6), "p4@0");
    wf_core_destroy(core);
}

// Nodes 0 and 1 in pool 0 and zone 0, 2 and 3 in pool 1 and zone 1; groups are 0, 0, 1, 1.
static struct wf_core *two_zones(const char *discipline)
{
    struct wf_core_config config = small_config(discipline);
    struct wf_core *core = small_core(&config);
    for (uint32_t i = 0; i < 4; i++) {
        small_node(core, 0, i, i / 2, 4);
    }
    return core;
}

static void a_gang_stays_within_a_zone_a_pool_or_a_group(void **unused)
{
    (void)unused;
    static const enum wf_within withins[] = {WF_WITHIN_ZONE, WF_WITHIN_POOL, WF_WITHIN_GROUP};
    for (uint32_t i = 0; i < WF_COUNT_OF(withins); i++) {
        struct wf_core *core = two_zones("fifo");
        SAID(small_submit(core, 0, small_job(1, 1, 1, 0)), "w1 p1@0");
        struct wf_job_spec near = small_job(2, 2, 4, 0);
        near.wait.within = withins[i];
        SAID(small_submit(core, 1, near), "w2 p2@2 p2@3");
        near.id.number = 3;
        SAID(small_submit(core, 2, near), "w3");
        // There are two whole nodes, but not side by side.
        SAID(small_node_down(core, 3, 3), "l2@3 l2@2 w2");
        SAID(small_end(core, 4, 1), "e1@0 p2@0 p2@1");
        SAID(small_node(core, 5, 3, 1, 4), "p3@2 p3@3");
        wf_core_destroy(core);
    }
}

// Three nodes side by side there are not, so that nobody waits behind who asks for them.
static void a_gang_that_no_scope_could_hold_keeps_nobody_waiting(void **unused)
{
    (void)unused;
    struct wf_core *core = two_zones("fifo");
    struct wf_job_spec near = small_job(1, 3, 4, 0);
    near.wait.within = WF_WITHIN_GROUP;
    SAID(small_submit(core, 0, near), "w1");
    SAID(small_submit(core, 1, small_job(2, 1, 4, 0)), "w2 p2@0");
    SAID(small_drain(core, 2, 1, true), "");
    SAID(small_submit(core, 3, small_job(3, 4, 4, 0)), "w3"); // three nodes are left
    SAID(small_submit(core, 4, small_job(4, 1, 4, 0)), "w4 p4@2");
    SAID(small_drain(core, 5, 1, false), "");
    SAID(small_submit(core, 6, small_job(5, 1, 4, 0)), "w5"); // now it may come to 3
    wf_core_destroy(core);
}

static struct wf_decisions submit_after(struct wf_core *core, int64_t at_ms, uint64_t id,
                                        uint64_t other, enum wf_after after)
{
    struct wf_job_spec job = small_job(id, 1, 1, 0);
    struct wf_dependency dependency = {{other}, after};
    job.wait.after = &dependency;
    job.wait.after_count = 1;
    return small_submit(core, at_ms, job);
}

static void jobs_wait_for_the_end_of_others(void **unused)
{
    (void)unused;
    struct wf_core *core = small_site("easy", 2);
    small_submit(core, 0, small_job(1, 1, 1, 0));
    SAID(submit_after(core, 1, 2, 1, WF_AFTER_END), "w2");
    SAID(submit_after(core, 1, 3, 1, WF_AFTER_SUCCESS), "w3");
    SAID(submit_after(core, 1, 4, 1, WF_AFTER_FAILURE), "w4");
    SAID(submit_after(core, 1, 5, 1, WF_AFTER_START), "w5 p5@0");
    SAID(submit_after(core, 1, 6, 99, WF_AFTER_FAILURE), "w6 p6@0"); // not known: met
    SAID(small_end(core, 2, 1), "e1@0 r4 p2@0 p3@0");
    assert_int_equal(small_view(core, 0).jobs, 4);

    small_submit(core, 3, small_job(11, 1, 1, 0));
    submit_after(core, 3, 12, 11, WF_AFTER_END);
    submit_after(core, 3, 13, 11, WF_AFTER_SUCCESS);
    submit_after(core, 3, 14, 11, WF_AFTER_FAILURE);
    SAID(small_fail(core, 4, 11), "e11@1 r13 p12@1 p14@1");
    wf_core_destroy(core);
}

static void a_job_may_wait_for_several_and_others_for_it(void **unused)
{
    (void)unused;
    struct wf_core *core = small_site("easy", 1);
    small_submit(core, 0, small_job(1, 1, 2, 0));
    small_submit(core, 0, small_job(2, 1, 2, 0));
    struct wf_dependency both[] = {
        {{1}, WF_AFTER_SUCCESS}, {{2}, WF_AFTER_END}, {{1}, WF_AFTER_END}};
    struct wf_job_spec job = small_job(3, 1, 1, 0);
    job.wait.after = both;
    job.wait.after_count = 3;
    SAID(small_submit(core, 0, job), "w3");
    SAID(submit_after(core, 0, 4, 3, WF_AFTER_START), "w4");
    SAID(submit_after(core, 0, 5, 4, WF_AFTER_SUCCESS), "w5");
    SAID(small_end(core, 1, 1), "e1@0");
    SAID(small_end(core, 2, 2), "e2@0 p3@0 p4@0");
    SAID(small_end(core, 3, 4), "e4@0 p5@0");
    wf_core_destroy(core);
}

// Who waits for a job that never starts is told so at once, and those who wait for that one, too.
static void a_chain_is_rejected_to_its_end(void **unused)
{
    (void)unused;
    struct wf_core *core = small_site("easy", 1);
    small_submit(core, 0, small_job(1, 1, 1, 0));
    submit_after(core, 0, 2, 1, WF_AFTER_SUCCESS);
    submit_after(core, 0, 3, 2, WF_AFTER_START);
    submit_after(core, 0, 4, 3, WF_AFTER_SUCCESS);
    submit_after(core, 0, 5, 4, WF_AFTER_FAILURE);
    SAID(small_fail(core, 1, 1), "e1@0 r2 r3 r4 p5@0");
    assert_int_equal(small_view(core, 0).jobs, 1);
    // Cancelled before it started: it did not end well, and whoever waited for its start is out.
    small_submit(core, 2, small_job(11, 9, 4, 0));
    submit_after(core, 2, 12, 11, WF_AFTER_START);
    submit_after(core, 2, 13, 11, WF_AFTER_FAILURE);
    SAID(small_fail(core, 3, 11), "r12 p13@0");
    wf_core_destroy(core);
}

// The places that a cancelled job had with others go to nobody else.
static void who_is_cancelled_waits_for_nobody_any_more(void **unused)
{
    (void)unused;
    struct wf_core *core = small_site("easy", 1);
    small_submit(core, 0, small_job(1, 1, 1, 0));
    submit_after(core, 0, 2, 1, WF_AFTER_SUCCESS);
    SAID(small_end(core, 1, 2), "");
    SAID(submit_after(core, 2, 3, 77, WF_AFTER_END), "w3 p3@0"); // has the slot of job 2
    SAID(small_fail(core, 3, 1), "e1@0");
    SAID(small_end(core, 4, 3), "e3@0");
    // The same where the other is rejected while it waits for a second.
    small_submit(core, 5, small_job(11, 1, 1, 0));
    small_submit(core, 5, small_job(12, 1, 1, 0));
    struct wf_dependency both[] = {{{11}, WF_AFTER_SUCCESS}, {{12}, WF_AFTER_SUCCESS}};
    struct wf_job_spec job = small_job(13, 1, 1, 0);
    job.wait.after = both;
    job.wait.after_count = 2;
    small_submit(core, 5, job);
    SAID(small_fail(core, 6, 11), "e11@0 r13");
    struct wf_job_spec held = small_job(14, 1, 1, 0);
    held.wait.held = true;
    SAID(small_submit(core, 7, held), "w14");
    SAID(small_fail(core, 8, 12), "e12@0");
    SAID(small_hold(core, 9, 14, false), "p14@0");
    wf_core_destroy(core);
}

static void an_array_keeps_to_its_number(void **unused)
{
    (void)unused;
    struct wf_core *core = small_site("easy", 2);
    small_queue(core, 0, 1, WF_NONE, (struct wf_queue_spec){0});
    for (uint64_t id = 1; id <= 4; id++) {
        struct wf_job_spec job = small_job(id, 1, 1, 0);
        job.wait.array = 7;
        job.wait.array_max = 2;
        job.wait.queue.index = id == 4;
        SAID(small_submit(core, 0, job), id == 1   ? "w1 p1@0"
                                         : id == 2 ? "w2 p2@0"
                                         : id == 3 ? "w3"
                                                   : "w4");
    }
    struct wf_job_spec other = small_job(10, 1, 1, 0);
    other.wait.array = 8;
    other.wait.array_max = 1;
    SAID(small_submit(core, 1, other), "w10 p10@0");
    SAID(small_end(core, 2, 1), "e1@0 p3@0");
    // In another queue, but of the same array.
    SAID(small_end(core, 3, 2), "e2@0 p4@0");
    wf_core_destroy(core);
}

static void nobody_begins_before_his_time(void **unused)
{
    (void)unused;
    struct wf_core *core = small_site("easy", 1);
    struct wf_job_spec job = small_job(1, 1, 1, 0);
    job.wait.begin_ms = 1000;
    struct wf_decisions decisions = small_submit(core, 0, job);
    assert_int_equal(decisions.wake_ms, 1000);
    SAID(decisions, "w1");
    SAID(small_tick(core, 999), "");
    SAID(small_tick(core, 1000), "p1@0");
    assert_true(small_tick(core, 1001).wake_ms == INT64_MAX);
    wf_core_destroy(core);
}

static void a_held_job_waits_until_it_is_released(void **unused)
{
    (void)unused;
    struct wf_core *core = small_site("easy", 1);
    struct wf_job_spec job = small_job(1, 1, 1, 0);
    job.wait.held = true;
    job.wait.begin_ms = 50;
    SAID(small_submit(core, 0, job), "w1");
    SAID(small_tick(core, 60), "");
    SAID(small_hold(core, 61, 1, true), "");
    SAID(small_hold(core, 62, 1, false), "p1@0");
    // One that waits for room is held; the room goes to others, and its place is kept.
    SAID(small_submit(core, 70, small_job(2, 1, 4, 0)), "w2");
    SAID(small_submit(core, 71, small_job(3, 1, 4, 0)), "w3");
    SAID(small_hold(core, 72, 2, true), "");
    SAID(small_end(core, 73, 1), "e1@0 p3@0");
    SAID(small_submit(core, 74, small_job(4, 1, 4, 0)), "w4");
    SAID(small_hold(core, 75, 2, false), "");
    SAID(small_end(core, 76, 3), "e3@0 p2@0");
    struct wf_event running = {.time_ms = 77, .kind = WF_EVENT_JOB_HOLD, .job_hold = {{2}, true}};
    small_refused(core, &running, WF_INVALID);
    running.job_hold.id.number = 99;
    small_refused(core, &running, WF_NOTFOUND);
    wf_core_destroy(core);
}

static void a_job_is_stopped_at_its_limit(void **unused)
{
    (void)unused;
    struct wf_core *core = small_site("easy", 2);
    struct wf_decisions decisions = small_submit(core, 0, small_job(1, 2, 4, 1000));
    assert_int_equal(decisions.wake_ms, 1000);
    SAID(decisions, "w1 p1@0 p1@1");
    submit_after(core, 1, 2, 1, WF_AFTER_SUCCESS);
    submit_after(core, 1, 3, 1, WF_AFTER_FAILURE);
    SAID(small_tick(core, 999), "");
    SAID(small_tick(core, 1000), "t1@1 t1@0 r2 p3@0");
    // Without a limit a run that goes on past what was believed is believed in anew.
    struct wf_job_spec job = small_job(4, 1, 1, 0);
    job.wait.run = (struct wf_run_time){{10, 20, 30, 40, 50}};
    struct wf_core_config config = small_config("foresight");
    struct wf_core *other = small_core(&config);
    small_node(other, 0, 0, 0, 4);
    int64_t wake_ms = small_submit(other, 2000, job).wake_ms;
    assert_int_equal(wake_ms, 2050);
    while (wake_ms < 2900) {
        decisions = small_tick(other, wake_ms);
        assert_true(decisions.wake_ms > wake_ms);
        SAID(decisions, "");
        wake_ms = decisions.wake_ms;
    }
    SAID(small_end(other, 2900, 4), "e4@0");
    wf_core_destroy(other);
    wf_core_destroy(core);
}

static void what_is_lost_waits_again_at_its_old_place(void **unused)
{
    (void)unused;
    struct wf_core *core = small_site("fifo", 2);
    SAID(small_submit(core, 0, small_job(1, 1, 4, 0)), "w1 p1@0");
    SAID(small_submit(core, 1, small_job(2, 1, 4, 0)), "w2 p2@1");
    SAID(small_submit(core, 2, small_job(3, 1, 4, 0)), "w3");
    SAID(small_node_down(core, 3, 0), "l1@0 w1");
    SAID(small_end(core, 4, 2), "e2@1 p1@1"); // before job 3, which came later
    SAID(small_node(core, 5, 0, 0, 4), "p3@0");
    wf_core_destroy(core);
}

static void a_run_that_is_to_be_repeated_waits_again_and_tells_nobody(void **unused)
{
    (void)unused;
    struct wf_core *core = small_site("fifo", 2);
    SAID(small_submit(core, 0, small_job(1, 1, 4, 0)), "w1 p1@0");
    SAID(small_submit(core, 1, small_job(2, 2, 4, 0)), "w2");
    struct wf_dependency after = {{1}, WF_AFTER_END};
    struct wf_job_spec dependent = small_job(3, 1, 4, 0);
    dependent.wait.after = &after;
    dependent.wait.after_count = 1;
    SAID(small_submit(core, 2, dependent), "w3");
    struct wf_event again = small_ending(3, 1, true);
    again.job_end.again = true;
    SAID(small_step(core, &again), "e1@0 w1 p1@0"); // before job 2, which came later
    again.time_ms = 4;
    again.job_end.id.number = 2;
    small_refused(core, &again, WF_INVALID); // it waits
    again.job_end.id.number = 9;
    small_refused(core, &again, WF_NOTFOUND);
    SAID(small_end(core, 5, 1), "e1@0 p2@0 p2@1");
    SAID(small_end(core, 6, 2), "e2@1 e2@0 p3@0");
    wf_core_destroy(core);
}

static void what_is_lost_starts_elsewhere_at_once(void **unused)
{
    (void)unused;
    struct wf_core *core = small_site("easy", 3);
    SAID(small_submit(core, 0, small_job(1, 2, 4, 0)), "w1 p1@0 p1@1");
    SAID(small_node_down(core, 1, 1), "l1@1 l1@0 w1 p1@0 p1@2");
    wf_core_destroy(core);
}

static void nothing_comes_to_a_closed_node(void **unused)
{
    (void)unused;
    struct wf_core *core = small_site("easy", 1);
    SAID(small_submit(core, 0, small_job(1, 1, 2, 0)), "w1 p1@0");
    SAID(small_drain(core, 1, 0, true), "");
    SAID(small_submit(core, 2, small_job(2, 1, 2, 0)), "w2");
    SAID(small_end(core, 3, 1), "e1@0");
    SAID(small_drain(core, 4, 0, false), "p2@0");
    wf_core_destroy(core);
}

static void relabel(struct wf_core *core, int64_t at_ms, uint32_t id, uint64_t labels,
                    const char *said)
{
    struct wf_event event = {.time_ms = at_ms, .kind = WF_EVENT_NODE_UP, .node_up.id = {id}};
    event.node_up.spec = wf_core_cluster(core)->nodes[id].spec;
    event.node_up.spec.labels = labels;
    SAID(small_step(core, &event), said);
}

// What runs there stays; who waits for the label starts; a start that was kept there is kept
// elsewhere when the label goes.
static void a_node_that_gets_other_labels_keeps_what_runs(void **unused)
{
    (void)unused;
    struct wf_core *core = small_site("easy", 2);
    struct wf_job_spec job = small_job(1, 1, 4, HOUR_MS);
    job.request.labels = 1;
    SAID(small_submit(core, 0, job), "w1");
    relabel(core, 1, 1, 1, "p1@1");
    SAID(small_submit(core, 2, small_job(2, 1, 4, 2 * HOUR_MS)), "w2 p2@0");
    job.id.number = 3;
    SAID(small_submit(core, 3, job), "w3"); // its start is kept on node 1
    relabel(core, 4, 1, 0, "");
    SAID(small_submit(core, 5, small_job(4, 1, 4, 9 * HOUR_MS)), "w4");
    SAID(small_end(core, 6, 1), "e1@1 p4@1");
    relabel(core, 7, 0, 3, "");
    SAID(small_end(core, 8, 2), "e2@0 p3@0");
    struct wf_event same = {.time_ms = 9, .kind = WF_EVENT_NODE_UP, .node_up.id = {0}};
    same.node_up.spec = wf_core_cluster(core)->nodes[0].spec;
    small_refused(core, &same, WF_EXISTS);
    wf_core_destroy(core);
}

static void what_a_pool_turns_into_may_serve_those_who_wait(void **unused)
{
    (void)unused;
    struct wf_core *core = small_site("easy", 1);
    struct wf_job_spec job = small_job(1, 1, 2, 0);
    job.request.place.zone = 5;
    SAID(small_submit(core, 0, job), "w1");
    struct wf_event move = {.time_ms = 1, .kind = WF_EVENT_POOL};
    move.pool.spec.place.zone = 5;
    SAID(small_step(core, &move), "p1@0");
    wf_core_destroy(core);
}

static struct wf_event found(int64_t at_ms, uint64_t id, uint32_t task, uint32_t node,
                             uint32_t gpus)
{
    struct wf_job_spec job = small_job(id, 1, (uint8_t)__builtin_popcount(gpus), 0);
    return (struct wf_event){
        .time_ms = at_ms,
        .kind = WF_EVENT_TASK_FOUND,
        .task_found = {
            .job = {id}, .task = task, .node = {node}, .gpus = gpus, .request = job.request}};
}

static void a_submitted_job_that_is_found_running_runs(void **unused)
{
    (void)unused;
    struct wf_core *core = small_site("easy", 2);
    struct wf_job_spec job = small_job(1, 2, 4, 1000);
    job.wait.held = true;
    small_submit(core, 0, job);
    submit_after(core, 0, 2, 1, WF_AFTER_START);
    struct wf_event event = found(10, 1, 0, 0, 0xf);
    SAID(small_step(core, &event), "p2@1"); // it started, somehow
    assert_int_equal(small_view(core, 0).used_gpu_milli, 9000);
    small_end(core, 11, 2);
    event = found(12, 1, 1, 1, 0xf);
    struct wf_decisions decisions = small_step(core, &event);
    assert_int_equal(decisions.wake_ms, 1010);
    assert_true(small_view(core, 0).nanousd_per_hour == 8 * USD); // both tasks
    small_refused(core, &event, WF_EXISTS);
    event = found(12, 1, 2, 1, 0x1); // it has two tasks
    small_refused(core, &event, WF_INVALID);
    event = found(12, 99, 0, 1, 0x1);
    small_refused(core, &event, WF_NOTFOUND);
    SAID(small_tick(core, 1010), "t1@1 t1@0");
    assert_true(small_view(core, 0).nanousd_per_hour == 0);
    wf_core_destroy(core);
}

// Whatever it waited for does not matter any more.
static void a_job_that_is_found_running_waits_for_nobody(void **unused)
{
    (void)unused;
    struct wf_core *core = small_site("easy", 2);
    small_submit(core, 0, small_job(1, 1, 1, 0));
    submit_after(core, 0, 2, 1, WF_AFTER_SUCCESS);
    submit_after(core, 0, 3, 1, WF_AFTER_END);
    struct wf_event event = found(1, 2, 0, 1, 0x1);
    SAID(small_step(core, &event), "");
    event = found(1, 3, 0, 1, 0x2);
    SAID(small_step(core, &event), "");
    SAID(small_fail(core, 2, 1), "e1@0");
    SAID(small_end(core, 3, 2), "e2@1");
    SAID(small_end(core, 3, 3), "e3@1");
    assert_int_equal(small_view(core, 0).jobs, 0);
    wf_core_destroy(core);
}

static void what_makes_no_sense_is_refused_without_a_trace(void **unused)
{
    (void)unused;
    struct wf_core *core = small_site("easy", 1);
    small_submit(core, 10, small_job(1, 1, 4, 0));
    small_submit(core, 10, small_job(2, 1, 4, 0));
    struct wf_event event = small_submission(11, small_job(1, 1, 1, 0));
    small_refused(core, &event, WF_EXISTS);
    event = small_submission(9, small_job(3, 1, 1, 0));
    small_refused(core, &event, WF_INVALID); // before the last
    event = small_submission(WF_TIME_MS_MAX + 1, small_job(3, 1, 1, 0));
    small_refused(core, &event, WF_INVALID);
    event = small_submission(11, small_job(3, 1, 1, 0));
    event.job_submit.wait.queue.index = 3;
    small_refused(core, &event, WF_NOTFOUND);
    event.job_submit = small_job(3, 1, 1, -1);
    small_refused(core, &event, WF_INVALID);
    event.job_submit = small_job(3, 1, 1, INT64_MAX);
    small_refused(core, &event, WF_INVALID);
    event.job_submit = small_job(3, 1, 1, 0);
    event.job_submit.wait.run.ms[WF_RUN_TIME_POINTS - 1] = INT64_MAX;
    small_refused(core, &event, WF_INVALID);
    event.job_submit.wait.run = (struct wf_run_time){{5, 4, 6, 7, 8}};
    small_refused(core, &event, WF_INVALID);
    event.job_submit = small_job(3, 1, 1, 0);
    event.job_submit.wait.array_max = 3;
    small_refused(core, &event, WF_INVALID);
    event = small_ending(11, 99, false);
    small_refused(core, &event, WF_NOTFOUND);
    event = (struct wf_event){.time_ms = 11, .kind = WF_EVENT_JOB_SAVED, .job_saved = {{2}}};
    small_refused(core, &event, WF_INVALID);
    event =
        (struct wf_event){.time_ms = 11, .kind = WF_EVENT_MOVES, .moves = {.cost_max_nanousd = -1}};
    small_refused(core, &event, WF_INVALID);
    event = (struct wf_event){.time_ms = 11, .kind = WF_EVENT_NODE_UP, .node_up = {.id = {16}}};
    small_refused(core, &event, WF_LIMIT);
    event =
        (struct wf_event){.time_ms = 11, .kind = WF_EVENT_NODE_DOWN, .node_down = {{UINT32_MAX}}};
    small_refused(core, &event, WF_NOTFOUND);
    event = (struct wf_event){.time_ms = 11, .kind = (enum wf_event_kind)99};
    small_refused(core, &event, WF_INVALID);
    SAID(small_end(core, 11, 1), "e1@0 p2@0"); // the clock did not go on, either
    wf_core_destroy(core);
}

static void money_goes_to_the_queue_that_had_the_job_then(void **unused)
{
    (void)unused;
    struct wf_core *core = small_site("easy", 1);
    small_queue(core, 0, 1, WF_NONE, (struct wf_queue_spec){0});
    small_queue(core, 0, 2, WF_NONE, (struct wf_queue_spec){0});
    small_queue(core, 0, 3, 1, (struct wf_queue_spec){0});
    struct wf_job_spec job = small_job(1, 1, 2, 0);
    job.wait.queue.index = 3;
    small_submit(core, 0, job);
    small_queue(core, HOUR_MS, 3, 2, (struct wf_queue_spec){0});
    small_end(core, 3 * HOUR_MS, 1);
    assert_true(small_view(core, 1).money == 0); // it takes along what it used
    assert_true(small_view(core, 2).money == wf_money_of(6 * USD));
    assert_true(small_view(core, 2).gpu_milli_ms == 6000 * HOUR_MS);
    wf_core_destroy(core);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(a_job_starts_waits_and_ends),
        cmocka_unit_test(a_gang_starts_whole_or_not),
        cmocka_unit_test(what_is_told_of_one_time_is_heard_before_anything_starts),
        cmocka_unit_test(a_gang_stays_within_a_zone_a_pool_or_a_group),
        cmocka_unit_test(a_gang_that_no_scope_could_hold_keeps_nobody_waiting),
        cmocka_unit_test(jobs_wait_for_the_end_of_others),
        cmocka_unit_test(a_job_may_wait_for_several_and_others_for_it),
        cmocka_unit_test(a_chain_is_rejected_to_its_end),
        cmocka_unit_test(who_is_cancelled_waits_for_nobody_any_more),
        cmocka_unit_test(an_array_keeps_to_its_number),
        cmocka_unit_test(nobody_begins_before_his_time),
        cmocka_unit_test(a_held_job_waits_until_it_is_released),
        cmocka_unit_test(a_job_is_stopped_at_its_limit),
        cmocka_unit_test(what_is_lost_waits_again_at_its_old_place),
        cmocka_unit_test(a_run_that_is_to_be_repeated_waits_again_and_tells_nobody),
        cmocka_unit_test(what_is_lost_starts_elsewhere_at_once),
        cmocka_unit_test(nothing_comes_to_a_closed_node),
        cmocka_unit_test(a_node_that_gets_other_labels_keeps_what_runs),
        cmocka_unit_test(what_a_pool_turns_into_may_serve_those_who_wait),
        cmocka_unit_test(a_submitted_job_that_is_found_running_runs),
        cmocka_unit_test(a_job_that_is_found_running_waits_for_nobody),
        cmocka_unit_test(what_makes_no_sense_is_refused_without_a_trace),
        cmocka_unit_test(money_goes_to_the_queue_that_had_the_job_then),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
