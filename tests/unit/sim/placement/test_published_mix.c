// SPDX-License-Identifier: Apache-2.0
#include "sim/placement/published_mix.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>

#include <cmocka.h>

static struct wf_published_mix mix_of(struct wf_trace_task *tasks, uint32_t count)
{
    static char a10[] = "A10";
    static char t4[] = "T4";
    static char empty[] = "";
    static char both[] = "A10|T4";
    static char twice[] = "A10|A10|T4";
    static char *lists[] = {empty, both, twice};
    struct wf_trace trace = {.tasks = tasks,
                             .task_count = count,
                             .models = {a10, t4},
                             .model_count = 2,
                             .model_lists = lists,
                             .model_list_count = 3};
    struct wf_published_mix mix;
    struct wf_error err = {0};
    assert_int_equal(wf_published_mix_make(&trace, &mix, &err), WF_OK);
    return mix;
}

static struct wf_trace_task task(uint32_t cpu_milli, uint8_t gpus, uint16_t gpu_milli,
                                 uint64_t models)
{
    return (struct wf_trace_task){
        .cpu_milli = cpu_milli, .gpus = gpus, .gpu_milli = gpu_milli, .models = models};
}

static void memory_makes_no_class(void **state)
{
    (void)state;
    struct wf_trace_task tasks[] = {task(1, 1, 500, WF_ANY_MODEL), task(1, 1, 500, WF_ANY_MODEL)};
    tasks[1].memory_mib = 5;
    struct wf_published_mix mix = mix_of(tasks, 2);
    assert_int_equal(mix.distinct, 1);
    assert_int_equal(mix.classes[0].count, 2);
}

static void ties_go_to_cpu_then_share_then_gpus_then_the_list(void **state)
{
    (void)state;
    struct wf_trace_task tasks[] = {
        task(1, 1, 1000, WF_ANY_MODEL), task(1, 1, 1000, 3),           task(1, 1, 1000, 2),
        task(1, 2, 1000, WF_ANY_MODEL), task(1, 1, 900, WF_ANY_MODEL), task(2, 0, 0, WF_ANY_MODEL),
    };
    struct wf_published_mix mix = mix_of(tasks, 6);
    assert_int_equal(mix.count, 6);
    assert_int_equal(mix.classes[0].cpu_milli, 2);
    assert_int_equal(mix.classes[1].gpus, 2);
    assert_true(mix.classes[2].models == 2); // "T4" is greater than "A10|T4"
    assert_true(mix.classes[3].models == 3);
    assert_true(mix.classes[4].models == WF_ANY_MODEL);
    assert_int_equal(mix.classes[5].gpu_milli, 900);
}

static void a_list_that_repeats_a_model_is_a_class_of_its_own(void **state)
{
    (void)state;
    struct wf_trace_task tasks[] = {task(1, 1, 1000, 3), task(1, 1, 1000, 3), task(1, 1, 1000, 3)};
    tasks[0].model_list = 1;
    tasks[1].model_list = 2;
    tasks[2].model_list = 2;
    struct wf_published_mix mix = mix_of(tasks, 3);
    assert_int_equal(mix.distinct, 2);
    assert_int_equal(mix.classes[0].count, 2);
}

static void the_shortest_prefix_that_reaches_95_percent_is_kept(void **state)
{
    (void)state;
    struct wf_trace_task tasks[100];
    for (uint32_t i = 0; i < 100; i++) {
        tasks[i] = task(i < 95 ? 7 : i, 1, 1000, WF_ANY_MODEL);
    }
    struct wf_published_mix mix = mix_of(tasks, 100);
    assert_int_equal(mix.distinct, 6);
    assert_int_equal(mix.count, 1);
    tasks[0].cpu_milli = 8;
    mix = mix_of(tasks, 100);
    assert_int_equal(mix.count, 2);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(memory_makes_no_class),
        cmocka_unit_test(ties_go_to_cpu_then_share_then_gpus_then_the_list),
        cmocka_unit_test(a_list_that_repeats_a_model_is_a_class_of_its_own),
        cmocka_unit_test(the_shortest_prefix_that_reaches_95_percent_is_kept),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
