// SPDX-License-Identifier: Apache-2.0
#include "unit/core/small_cluster.h"

static struct wf_remedy remedy_of(struct wf_core *core, const struct wf_job_spec *job,
                                  uint32_t kinds)
{
    struct wf_remedy_scratch *scratch;
    struct wf_remedy remedy;
    assert_int_equal(wf_remedy_scratch_create(16, &scratch, NULL), WF_OK);
    assert_int_equal(wf_remedy_find(core, job, kinds, scratch, &remedy, NULL), WF_OK);
    wf_remedy_scratch_destroy(scratch);
    assert_true(remedy.exact);
    return remedy;
}

// The one kind that changes, by so many steps; and that it starts the job.
static void assert_one(struct wf_core *core, const struct wf_job_spec *job, uint32_t kinds,
                       enum wf_change_kind kind, uint32_t steps)
{
    struct wf_remedy remedy = remedy_of(core, job, kinds);
    assert_true(remedy.found);
    assert_int_equal(remedy.kinds, UINT32_C(1) << kind);
    assert_int_equal(remedy.change.steps[kind], steps);
    assert_int_equal(remedy.size_ppm, wf_change_step_ppm(job, kind, steps));
    assert_int_equal(small_submit(core, &remedy.job), remedy.job.tasks);
    small_step(core, &(struct wf_event){.kind = WF_EVENT_JOB_END, .job_end.id = job->id});
}

static void each_kind_helps_where_only_it_can(void **state)
{
    (void)state;
    struct wf_core *core = small_cluster();
    small_node(core, 0, 0, 8000, 4, 1);
    struct wf_job_spec job = small_job(1, 9000, 2, 1000);
    assert_one(core, &job, WF_CHANGE_ALL, WF_CHANGE_CPU, 1000);
    job = small_job(1, 1000, 2, 1000);
    job.request.memory_mib = 1300;
    assert_one(core, &job, WF_CHANGE_ALL, WF_CHANGE_MEMORY, 300);
    job = small_job(1, 1000, 2, 1000);
    job.request.models = WF_MODEL_BIT(2);
    assert_one(core, &job, WF_CHANGE_ALL, WF_CHANGE_MODELS, 1);
    job = small_job(1, 1000, 2, 1000);
    job.request.labels = 7;
    assert_one(core, &job, WF_CHANGE_ALL, WF_CHANGE_LABELS, 2);
    job = small_job(1, 1000, 6, 1000);
    assert_one(core, &job, WF_CHANGE_ALL, WF_CHANGE_GPUS, 2);
    job = small_job(6, 1000, 1, 1000);
    assert_one(core, &job, WF_CHANGE_BIT(TASKS), WF_CHANGE_TASKS, 2);
    wf_core_destroy(core);
}

static void a_place_widens_as_far_as_needed(void **state)
{
    (void)state;
    struct wf_core *core = small_cluster();
    small_node(core, 0, 0, 8000, 4, 0); // site 0, region 0, zone 0
    struct wf_job_spec job = small_job(1, 1000, 1, 1000);
    job.request.place = (struct wf_place){0, 0, 1};
    assert_one(core, &job, WF_CHANGE_ALL, WF_CHANGE_PLACE, 1);
    job.request.place = (struct wf_place){0, 1, 0};
    assert_one(core, &job, WF_CHANGE_ALL, WF_CHANGE_PLACE, 2);
    job.request.place = (struct wf_place){1, WF_ANYWHERE, WF_ANYWHERE};
    assert_one(core, &job, WF_CHANGE_ALL, WF_CHANGE_PLACE, 3);
    wf_core_destroy(core);
}

static void gpus_go_down_to_one_and_then_to_a_share(void **state)
{
    (void)state;
    struct wf_core *core = small_cluster();
    small_node(core, 0, 0, 8000, 1, 0);
    struct wf_job_spec job = small_job(1, 0, 4, 1000);
    assert_one(core, &job, WF_CHANGE_ALL, WF_CHANGE_GPUS, 3);
    small_take(core, 1, 0, 0, 700);
    assert_int_equal(remedy_of(core, &job, WF_CHANGE_ALL).job.request.gpu_milli, 300);
    assert_one(core, &job, WF_CHANGE_ALL, WF_CHANGE_GPUS, 3 + 700);
    job = small_job(1, 0, 1, 500);
    assert_one(core, &job, WF_CHANGE_ALL, WF_CHANGE_GPUS, 200);
    wf_core_destroy(core);
}

static void a_smaller_share_ends_where_a_slice_ends(void **state)
{
    (void)state;
    struct wf_core *core = small_cluster();
    small_node(core, 0, 3, 8000, 1, 0);
    small_take(core, 1, 3, 0, 700); // two of seven slices stay
    struct wf_job_spec job = small_job(1, 0, 1, 500);
    assert_int_equal(remedy_of(core, &job, WF_CHANGE_ALL).job.request.gpu_milli, 285);
    job.tasks = 2;
    assert_int_equal(remedy_of(core, &job, WF_CHANGE_BIT(GPUS)).job.request.gpu_milli, 142);
    wf_core_destroy(core);
}

static void fewer_kinds_come_before_a_smaller_size(void **state)
{
    (void)state;
    struct wf_core *core = small_cluster();
    small_node(core, 0, 0, 990, 1, 0); // 1 % less CPU and 1 % less memory
    small_node(core, 1, 1, 400, 1, 0); // 60 % less CPU, and memory as on every node
    struct wf_job_spec job = small_job(1, 1000, 1, 1000);
    job.request.memory_mib = 1010;
    struct wf_remedy remedy = remedy_of(core, &job, WF_CHANGE_ALL);
    assert_int_equal(remedy.kinds, WF_CHANGE_BIT(CPU) | WF_CHANGE_BIT(MEMORY));
    assert_int_equal(remedy.change.steps[WF_CHANGE_CPU], 10);
    job.request.memory_mib = 1000;
    small_node(core, 2, 2, 300, 1, 0);
    remedy = remedy_of(core, &job, WF_CHANGE_ALL);
    assert_int_equal(remedy.kinds, WF_CHANGE_BIT(CPU));
    assert_int_equal(remedy.size_ppm, 10000);
    wf_core_destroy(core);
}

static void a_gang_takes_the_models_that_bring_the_most(void **state)
{
    (void)state;
    struct wf_core *core = small_cluster();
    small_node(core, 0, 0, 8000, 1, 0);
    small_node(core, 1, 1, 8000, 2, 0);
    small_node(core, 2, 2, 8000, 4, 0);
    small_node(core, 3, 3, 8000, 8, 0);
    struct wf_job_spec job = small_job(13, 0, 1, 1000);
    job.request.models = WF_MODEL_BIT(0);
    struct wf_remedy remedy = remedy_of(core, &job, WF_CHANGE_BIT(MODELS));
    assert_int_equal(remedy.change.models_added, WF_MODEL_BIT(2) | WF_MODEL_BIT(3));
    assert_int_equal(remedy.size_ppm, 2 * WF_CHANGE_MODEL_PPM);
    wf_core_destroy(core);
}

static void a_gang_gives_up_just_enough_of_each(void **state)
{
    (void)state;
    struct wf_core *core = small_cluster();
    small_node(core, 0, 0, 8000, 4, 0);
    small_node(core, 1, 1, 3000, 4, 0);
    // 8 tasks: 4 on node 0 at 2000, 4 on node 1 at 750; or 8 on node 0 with half a GPU each.
    struct wf_job_spec job = small_job(8, 1000, 1, 1000);
    assert_one(core, &job, WF_CHANGE_BIT(CPU), WF_CHANGE_CPU, 250);
    // One task fewer is an eighth: less than a quarter of the CPU.
    assert_one(core, &job, WF_CHANGE_ALL, WF_CHANGE_TASKS, 1);
    assert_one(core, &job, WF_CHANGE_BIT(GPUS), WF_CHANGE_GPUS, 500);
    wf_core_destroy(core);
}

static void sizes_are_rounded_up_to_parts_per_million(void **state)
{
    (void)state;
    struct wf_job_spec job = small_job(7, 3, 3, 1000);
    assert_int_equal(wf_change_step_ppm(&job, WF_CHANGE_CPU, 1), 333334);
    assert_int_equal(wf_change_step_ppm(&job, WF_CHANGE_GPUS, 1), 333334);
    assert_int_equal(wf_change_step_ppm(&job, WF_CHANGE_GPUS, 2 + 500), 833334);
    assert_int_equal(wf_change_step_ppm(&job, WF_CHANGE_TASKS, 6), 857143);
    assert_int_equal(wf_change_steps_within(&job, WF_CHANGE_CPU, 333334), 1);
    assert_int_equal(wf_change_steps_within(&job, WF_CHANGE_CPU, 333333), 0);
    assert_int_equal(wf_change_steps_within(&job, WF_CHANGE_GPUS, 833334), 2 + 500);
    assert_int_equal(wf_change_steps_within(&job, WF_CHANGE_GPUS, 833333), 2 + 499);
    assert_int_equal(wf_change_steps_within(&job, WF_CHANGE_TASKS, UINT64_MAX), 6);
}

static void closed_nodes_are_no_help(void **state)
{
    (void)state;
    struct wf_core *core = small_cluster();
    small_node(core, 0, 0, 8000, 4, 0);
    small_drain(core, 0);
    struct wf_job_spec job = small_job(1, 1000, 1, 1000);
    assert_false(remedy_of(core, &job, WF_CHANGE_ALL).found);
    job.tasks = 3;
    assert_false(remedy_of(core, &job, WF_CHANGE_ALL).found);
    small_node(core, 1, 1, 500, 1, 0);
    job.tasks = 1;
    assert_one(core, &job, WF_CHANGE_ALL, WF_CHANGE_CPU, 500);
    wf_core_destroy(core);
}

static void where_nothing_is_left_nothing_helps(void **state)
{
    (void)state;
    struct wf_core *core = small_cluster();
    struct wf_job_spec job = small_job(1, 1000, 1, 1000);
    assert_false(remedy_of(core, &job, WF_CHANGE_ALL).found); // no nodes at all
    small_node(core, 0, 0, 8000, 0, 0);
    assert_false(remedy_of(core, &job, WF_CHANGE_ALL).found); // no GPUs
    small_node(core, 1, 1, 8000, 1, 0);
    small_take(core, 1, 1, 8000, 0);
    assert_false(remedy_of(core, &job, WF_CHANGE_ALL).found); // no CPU
    small_node(core, 2, 2, 500, 1, 0);
    assert_false(remedy_of(core, &job, WF_CHANGE_ALL & ~WF_CHANGE_BIT(CPU)).found);
    assert_true(remedy_of(core, &job, WF_CHANGE_ALL).found);
    wf_core_destroy(core);
}

static void a_job_that_starts_needs_no_change(void **state)
{
    (void)state;
    struct wf_core *core = small_cluster();
    small_node(core, 0, 0, 8000, 4, 0);
    for (uint32_t tasks = 1; tasks <= 4; tasks++) {
        struct wf_job_spec job = small_job(tasks, 1000, 1, 1000);
        struct wf_remedy remedy = remedy_of(core, &job, WF_CHANGE_ALL);
        assert_true(remedy.found && remedy.kinds == 0 && remedy.size_ppm == 0);
    }
    wf_core_destroy(core);
}

static void too_small_a_scratch_is_a_limit(void **state)
{
    (void)state;
    struct wf_core *core = small_cluster();
    small_node(core, 0, 0, 8000, 4, 0);
    small_node(core, 1, 0, 8000, 4, 0);
    struct wf_remedy_scratch *scratch;
    struct wf_remedy remedy;
    struct wf_error err;
    struct wf_job_spec job = small_job(2, 1000, 1, 1000);
    assert_int_equal(wf_remedy_scratch_create(1, &scratch, NULL), WF_OK);
    assert_int_equal(wf_remedy_find(core, &job, WF_CHANGE_ALL, scratch, &remedy, &err), WF_LIMIT);
    wf_remedy_scratch_destroy(scratch);
    wf_remedy_scratch_destroy(NULL);
    wf_core_destroy(core);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(each_kind_helps_where_only_it_can),
        cmocka_unit_test(a_place_widens_as_far_as_needed),
        cmocka_unit_test(gpus_go_down_to_one_and_then_to_a_share),
        cmocka_unit_test(a_smaller_share_ends_where_a_slice_ends),
        cmocka_unit_test(fewer_kinds_come_before_a_smaller_size),
        cmocka_unit_test(a_gang_takes_the_models_that_bring_the_most),
        cmocka_unit_test(a_gang_gives_up_just_enough_of_each),
        cmocka_unit_test(sizes_are_rounded_up_to_parts_per_million),
        cmocka_unit_test(closed_nodes_are_no_help),
        cmocka_unit_test(where_nothing_is_left_nothing_helps),
        cmocka_unit_test(a_job_that_starts_needs_no_change),
        cmocka_unit_test(too_small_a_scratch_is_a_limit),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
