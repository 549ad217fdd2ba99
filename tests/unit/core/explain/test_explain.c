// SPDX-License-Identifier: Apache-2.0
#include "unit/core/small_cluster.h"

static struct wf_explanation explain(const struct wf_core *core, const struct wf_job_spec *job)
{
    struct wf_explanation explanation;
    assert_int_equal(wf_explain(core, job, &explanation, NULL), WF_OK);
    return explanation;
}

// One node that only this reason blocks.
static void assert_alone(const struct wf_core *core, const struct wf_job_spec *job,
                         enum wf_reason reason, uint32_t missing)
{
    struct wf_explanation explanation = explain(core, job);
    assert_int_equal(explanation.ranked_count, 1);
    assert_int_equal(explanation.ranked[0], reason);
    assert_int_equal(explanation.blockers[reason].nodes, 1);
    assert_int_equal(explanation.blockers[reason].nodes_alone, 1);
    assert_int_equal(explanation.blockers[reason].short_min, missing);
    assert_int_equal(explanation.blockers[reason].short_max, missing);
    assert_int_equal(explanation.nodes_fitting, 0);
}

static void each_reason_is_told(void **state)
{
    (void)state;
    struct wf_core *core = small_cluster();
    small_node(core, 0, 0, 8000, 4, 1);
    struct wf_job_spec job = small_job(1, 1000, 2, 1000);
    job.request.models = WF_MODEL_BIT(1) | WF_MODEL_BIT(2);
    assert_alone(core, &job, WF_REASON_MODEL, 0);
    assert_int_equal(explain(core, &job).blockers[WF_REASON_MODEL].set_alone, WF_MODEL_BIT(0));
    assert_int_equal(explain(core, &job).blockers[WF_REASON_MODEL].gpus_free_alone, 4);
    job = small_job(1, 1000, 2, 1000);
    job.request.place.site = 1;
    assert_alone(core, &job, WF_REASON_PLACE, 0);
    job = small_job(1, 1000, 2, 1000);
    job.request.labels = 7;
    assert_alone(core, &job, WF_REASON_LABELS, 0);
    assert_int_equal(explain(core, &job).blockers[WF_REASON_LABELS].set_alone, 6);
    job = small_job(1, 9000, 2, 1000);
    assert_alone(core, &job, WF_REASON_CPU_SIZE, 1000);
    job = small_job(1, 1000, 2, 1000);
    job.request.memory_mib = 1010;
    assert_alone(core, &job, WF_REASON_MEMORY_SIZE, 10);
    job = small_job(1, 1000, 7, 1000);
    assert_alone(core, &job, WF_REASON_GPUS_SIZE, 3);
    wf_core_destroy(core);
}

static void what_is_taken_is_another_reason_than_what_was_never_there(void **state)
{
    (void)state;
    struct wf_core *core = small_cluster();
    small_node(core, 0, 0, 8000, 1, 0);
    small_take(core, 1, 0, 3000, 600);
    struct wf_job_spec job = small_job(1, 6000, 0, 0);
    assert_alone(core, &job, WF_REASON_CPU_FREE, 1000);
    assert_int_equal(explain(core, &job).verdict, WF_VERDICT_WAITS);
    job = small_job(1, 8001, 0, 0);
    assert_alone(core, &job, WF_REASON_CPU_SIZE, 1);
    assert_int_equal(explain(core, &job).verdict, WF_VERDICT_NEVER);
    job = small_job(1, 0, 1, 1000);
    assert_alone(core, &job, WF_REASON_GPUS_FREE, 1);
    assert_int_equal(explain(core, &job).blockers[WF_REASON_GPUS_FREE].gpu_free_milli_alone, 400);
    job = small_job(1, 0, 1, 450);
    assert_alone(core, &job, WF_REASON_SHARE_FREE, 50);
    job = small_job(1, 0, 1, 400);
    small_drain(core, 0);
    assert_alone(core, &job, WF_REASON_CLOSED, 0);
    assert_int_equal(explain(core, &job).verdict, WF_VERDICT_WAITS);
    struct wf_job_spec memory = small_job(1, 0, 0, 0);
    memory.request.memory_mib = 900;
    small_node(core, 1, 1, 8000, 1, 0);
    assert_int_equal(small_submit(core, &memory), 1);
    memory.request.memory_mib = 101;
    assert_int_equal(explain(core, &memory).blockers[WF_REASON_MEMORY_FREE].short_min, 1);
    wf_core_destroy(core);
}

static void a_share_is_measured_in_whole_slices(void **state)
{
    (void)state;
    struct wf_core *core = small_cluster();
    small_node(core, 0, 3, 8000, 1, 0);
    small_take(core, 1, 3, 0, 700); // 5 of 7 slices: 714; 286 stay
    struct wf_job_spec job = small_job(1, 0, 1, 285);
    assert_int_equal(explain(core, &job).verdict, WF_VERDICT_STARTS);
    job.request.gpu_milli = 286; // 3 slices: 428
    assert_alone(core, &job, WF_REASON_SHARE_FREE, 428 - 286);
    wf_core_destroy(core);
}

static void blockers_are_ranked_by_near_misses(void **state)
{
    (void)state;
    struct wf_core *core = small_cluster();
    small_node(core, 0, 0, 1000, 8, 0);
    small_node(core, 1, 1, 8000, 8, 0);
    small_node(core, 2, 1, 8000, 8, 0);
    small_node(core, 3, 0, 1000, 1, 0);
    small_node(core, 4, 0, 1000, 1, 0);
    struct wf_job_spec job = small_job(1, 4000, 8, 1000);
    job.request.models = WF_MODEL_BIT(0);
    struct wf_explanation explanation = explain(core, &job);
    assert_int_equal(explanation.ranked_count, 3);
    assert_int_equal(explanation.ranked[0], WF_REASON_MODEL);
    assert_int_equal(explanation.ranked[1], WF_REASON_CPU_SIZE);
    assert_int_equal(explanation.ranked[2], WF_REASON_GPUS_SIZE);
    assert_int_equal(explanation.blockers[WF_REASON_MODEL].nodes_alone, 2);
    assert_int_equal(explanation.blockers[WF_REASON_MODEL].gpus_free_alone, 16);
    assert_int_equal(explanation.blockers[WF_REASON_CPU_SIZE].nodes, 3);
    assert_int_equal(explanation.blockers[WF_REASON_CPU_SIZE].nodes_alone, 1);
    assert_int_equal(explanation.blockers[WF_REASON_GPUS_SIZE].nodes_alone, 0);
    wf_core_destroy(core);
}

static void the_winner_comes_first_and_losers_are_of_other_states(void **state)
{
    (void)state;
    struct wf_core *core = small_cluster();
    for (uint32_t node = 0; node < 4; node++) {
        small_node(core, node, 0, 8000, 2, 0);
    }
    small_node(core, 4, 1, 8000, 2, 0);
    small_node(core, 5, 2, 4000, 1, 0);
    struct wf_job_spec job = small_job(1, 1000, 1, 1000);
    struct wf_explanation explanation = explain(core, &job);
    assert_int_equal(explanation.verdict, WF_VERDICT_STARTS);
    assert_int_equal(explanation.candidate_count, 3);
    assert_int_equal(explanation.candidates[0].node.index, 5);
    assert_int_equal(explanation.candidates[1].node.index, 0);
    assert_int_equal(explanation.candidates[1].alike, 4);
    assert_int_equal(explanation.candidates[2].node.index, 4);
    assert_int_equal(explanation.candidates[0].terms.count, 1);
    assert_int_equal(explanation.candidates[0].terms.list[0].term, WF_TERM_SCORE);
    assert_int_equal(explanation.candidates[0].terms.list[0].value,
                     explanation.candidates[0].score);
    wf_core_destroy(core);
}

static void the_best_node_of_another_pool_is_told_however_many_come_before(void **state)
{
    (void)state;
    struct wf_core *core = small_cluster();
    small_node(core, 0, 0, 1000, 8, 0);
    small_node(core, 1, 2, 64000, 8, 0);
    small_node(core, 2, 2, 64000, 8, 0);
    for (uint32_t node = 3; node < 15; node++) {
        small_node(core, node, 1, 1000 + node, 1, 0);
    }
    struct wf_job_spec job = small_job(1, 1000, 1, 1000);
    struct wf_explanation explanation = explain(core, &job);
    assert_int_equal(explanation.candidate_count, WF_CANDIDATES_MAX);
    for (uint32_t i = 0; i < WF_CANDIDATES_MAX; i++) {
        assert_int_equal(explanation.candidates[i].pool.index, 1);
    }
    assert_true(explanation.has_rival);
    assert_int_equal(explanation.rival.node.index, 0);
    job.request.place.zone = 2;
    explanation = explain(core, &job);
    assert_int_equal(explanation.candidates[0].alike, 2);
    assert_false(explanation.has_rival);
    wf_core_destroy(core);
}

static void a_gang_is_told_how_many_of_its_tasks_fit(void **state)
{
    (void)state;
    struct wf_core *core = small_cluster();
    small_node(core, 0, 0, 8000, 4, 0);
    small_node(core, 1, 1, 1000, 4, 0);
    struct wf_job_spec job = small_job(6, 1000, 1, 1000);
    struct wf_explanation explanation = explain(core, &job);
    assert_int_equal(explanation.tasks_now, 5);
    assert_int_equal(explanation.verdict, WF_VERDICT_NEVER);
    job.gang = false;
    assert_int_equal(explain(core, &job).verdict, WF_VERDICT_PART);
    wf_core_destroy(core);
}

static void a_job_that_no_core_takes_is_refused(void **state)
{
    (void)state;
    struct wf_core *core = small_cluster();
    struct wf_explanation explanation;
    struct wf_error err;
    struct wf_job_spec job = small_job(1, 0, 2, 500);
    assert_int_equal(wf_explain(core, &job, &explanation, &err), WF_INVALID);
    job = small_job(0, 0, 1, 500);
    assert_int_equal(wf_explain(core, &job, &explanation, &err), WF_INVALID);
    wf_core_destroy(core);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(each_reason_is_told),
        cmocka_unit_test(what_is_taken_is_another_reason_than_what_was_never_there),
        cmocka_unit_test(a_share_is_measured_in_whole_slices),
        cmocka_unit_test(blockers_are_ranked_by_near_misses),
        cmocka_unit_test(the_winner_comes_first_and_losers_are_of_other_states),
        cmocka_unit_test(the_best_node_of_another_pool_is_told_however_many_come_before),
        cmocka_unit_test(a_gang_is_told_how_many_of_its_tasks_fit),
        cmocka_unit_test(a_job_that_no_core_takes_is_refused),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
