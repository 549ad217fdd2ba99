// SPDX-License-Identifier: Apache-2.0
#include "../small_schedule.h"
#include "core/schedule/wait_explain.h"

static struct wf_decisions watch(struct wf_core *core, int64_t at_ms, bool watches)
{
    struct wf_event event = {.time_ms = at_ms, .kind = WF_EVENT_WATCH, .watch = {watches}};
    return small_step(core, &event);
}

static struct wf_event found(int64_t at_ms, uint64_t job, uint32_t task, uint32_t node,
                             uint32_t gpus, struct wf_request request)
{
    return (struct wf_event){
        .time_ms = at_ms,
        .kind = WF_EVENT_TASK_FOUND,
        .task_found = {
            .job = {job}, .task = task, .node = {node}, .gpus = gpus, .request = request}};
}

static struct wf_wait_explanation explain(const struct wf_core *core, uint64_t job)
{
    struct wf_wait_explanation explanation;
    assert_int_equal(wf_wait_explain(core, (wf_job_id){job}, &explanation, NULL), WF_OK);
    return explanation;
}

static enum wf_wait_reason reason_of(const struct wf_core *core, uint64_t job)
{
    return wf_wait_reason_now(core, wf_cluster_find_job(wf_core_cluster(core), (wf_job_id){job}));
}

static void nothing_starts_and_all_is_known(void **unused)
{
    (void)unused;
    struct wf_core *core = small_site("conservative", 1);
    SAID(watch(core, 0, true), "");
    SAID(small_submit(core, 0, small_job(1, 1, 4, HOUR_MS)), "w1");
    SAID(small_submit(core, 0, small_job(2, 1, 4, HOUR_MS)), "w2");
    assert_int_equal(reason_of(core, 1), WF_WAIT_WATCHED);
    assert_int_equal(reason_of(core, 2), WF_WAIT_ROOM);
    assert_int_equal(explain(core, 1).blockers, WF_WAIT_BIT(WATCHED));
    assert_true(explain(core, 1).kept_start_ms == 0 && explain(core, 2).kept_start_ms == HOUR_MS);
    // Others start the second first.
    struct wf_event event = found(1000, 2, 0, 0, 15, small_job(2, 1, 4, 0).request);
    SAID(small_step(core, &event), "");
    assert_true(explain(core, 1).kept_start_ms == 1000 + HOUR_MS);
    SAID(small_end(core, 2000, 2), "e2@0");
    assert_int_equal(reason_of(core, 1), WF_WAIT_WATCHED);
    SAID(watch(core, 3000, false), "p1@0");
    wf_core_destroy(core);
}

static void nothing_is_stopped(void **unused)
{
    (void)unused;
    struct wf_core *core = small_site("easy", 1);
    struct wf_job_spec job = small_job(1, 1, 4, HOUR_MS);
    SAID(small_submit(core, 0, job), "w1 p1@0");
    job.id.number = 2;
    job.wait.overruns = true;
    watch(core, 1, true);
    SAID(small_tick(core, 2 * HOUR_MS), "");
    SAID(watch(core, 3 * HOUR_MS, false), "t1@0"); // its limit is kept again
    SAID(small_submit(core, 3 * HOUR_MS, job), "w2 p2@0");
    SAID(small_tick(core, 5 * HOUR_MS), ""); // of this one it is somebody else's
    SAID(small_end(core, 6 * HOUR_MS, 2), "e2@0");
    wf_core_destroy(core);
}

static void what_runs_is_there_on_a_full_node(void **unused)
{
    (void)unused;
    struct wf_core *core = small_site("easy", 2);
    struct wf_request request = small_job(1, 1, 3, 0).request;
    SAID(small_submit(core, 0, small_job(1, 1, 3, 0)), "w1 p1@0");
    watch(core, 0, true);
    small_drain(core, 0, 0, true);
    small_submit(core, 0, small_job(2, 2, 3, 0));
    struct wf_event event = found(1, 2, 0, 0, 14, request);
    small_refused(core, &event, WF_INVALID);
    event.task_found.anyway = true;
    SAID(small_step(core, &event), "");
    const struct wf_cluster *cluster = wf_core_cluster(core);
    const struct wf_placement *placement = &cluster->placements[cluster->nodes[0].first_placement];
    assert_true(placement->gpus == 1 && placement->gpu_set == 8);
    // The second task's GPUs are known in part: another is taken for it.
    event = found(2, 2, 1, 1, 8, request);
    event.task_found.anyway = true;
    SAID(small_step(core, &event), "");
    placement = &cluster->placements[cluster->nodes[1].first_placement];
    assert_true(placement->gpus == 3 && placement->gpu_set == 11);
    SAID(small_end(core, 3, 2), "e2@1 e2@0");
    wf_core_destroy(core);
}

static void who_ran_before_is_believed_to_end_sooner(void **unused)
{
    (void)unused;
    struct wf_core *core = small_site("conservative", 1);
    watch(core, 0, true);
    small_submit(core, HOUR_MS, small_job(1, 1, 4, HOUR_MS));
    small_submit(core, HOUR_MS, small_job(2, 1, 4, HOUR_MS));
    struct wf_event event = found(HOUR_MS, 1, 0, 0, 15, small_job(1, 1, 4, 0).request);
    event.task_found.started_ms = HOUR_MS + 1;
    small_refused(core, &event, WF_INVALID);
    event.task_found.started_ms = HOUR_MS / 2;
    SAID(small_step(core, &event), "");
    assert_true(explain(core, 2).kept_start_ms == HOUR_MS + HOUR_MS / 2);
    wf_core_destroy(core);
}

static void tasks_that_must_be_apart_are(void **unused)
{
    (void)unused;
    struct wf_core *core = small_site("conservative", 2);
    struct wf_job_spec job = small_job(1, 2, 1, HOUR_MS);
    job.request.apart = true;
    SAID(small_submit(core, 0, job), "w1 p1@0 p1@1");
    job.id.number = 2;
    job.tasks = 3; // more than there are nodes
    SAID(small_submit(core, 0, job), "w2");
    assert_int_equal(reason_of(core, 2), WF_WAIT_NEVER);
    SAID(small_submit(core, 0, small_job(3, 1, 3, HOUR_MS)), "w3 p3@0");
    job.id.number = 4;
    job.tasks = 2; // node 1 has three GPUs left
    SAID(small_submit(core, 0, job), "w4");
    assert_true(explain(core, 4).kept_start_ms == HOUR_MS);
    SAID(small_end(core, 1000, 1), "e1@1 e1@0 p4@0 p4@1");
    wf_core_destroy(core);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(nothing_starts_and_all_is_known),
        cmocka_unit_test(nothing_is_stopped),
        cmocka_unit_test(what_runs_is_there_on_a_full_node),
        cmocka_unit_test(who_ran_before_is_believed_to_end_sooner),
        cmocka_unit_test(tasks_that_must_be_apart_are),
    };
    return cmocka_run_group_tests_name("watch", tests, NULL, NULL);
}
