// SPDX-License-Identifier: Apache-2.0
#include "sim/placement/facts.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>

#include <cmocka.h>

#include "sim/placement/facts_openb.h"

static struct wf_trace generate(const char *variant)
{
    struct wf_trace trace;
    struct wf_error err;
    assert_int_equal(wf_facts_generate(variant, &trace, &err), WF_OK);
    return trace;
}

static uint64_t model_bit(const struct wf_trace *trace, const char *name)
{
    for (uint32_t i = 0; i < trace->model_count; i++) {
        if (strcmp(trace->models[i], name) == 0) {
            return WF_MODEL_BIT(i);
        }
    }
    return 0;
}

static uint32_t count_tasks(const struct wf_trace *trace, uint32_t gpus, uint32_t gpu_milli,
                            uint64_t models)
{
    uint32_t count = 0;
    for (uint32_t i = 0; i < trace->task_count; i++) {
        const struct wf_trace_task *task = &trace->tasks[i];
        count += task->gpus == gpus && task->gpu_milli == gpu_milli && task->models == models;
    }
    return count;
}

static void the_cluster_is_the_published_one(void **state)
{
    (void)state;
    struct wf_trace trace = generate("default");
    uint64_t gpus = 0, cpu_milli = 0;
    for (uint32_t i = 0; i < trace.node_count; i++) {
        assert_true(trace.nodes[i].model < trace.model_count);
        gpus += trace.nodes[i].gpus;
        cpu_milli += trace.nodes[i].cpu_milli;
    }
    assert_int_equal(trace.node_count, 1213);
    assert_int_equal(gpus, 6212);
    assert_int_equal(cpu_milli, 107018000);
    assert_int_equal(trace.model_count, 7);
    for (uint32_t i = 1; i < trace.model_count; i++) {
        assert_true(strcmp(trace.models[i - 1], trace.models[i]) < 0);
    }
    wf_trace_finish(&trace);
}

static void requests_have_the_published_shares(void **state)
{
    (void)state;
    struct wf_trace trace = generate("default");
    uint64_t gpu_milli = 0;
    uint32_t cpu_only = 0;
    for (uint32_t i = 0; i < trace.task_count; i++) {
        gpu_milli += (uint64_t)trace.tasks[i].gpus * trace.tasks[i].gpu_milli;
        cpu_only += trace.tasks[i].gpus == 0;
        assert_true(trace.tasks[i].models == WF_ANY_MODEL);
        assert_int_equal(trace.tasks[i].submit_s, -1);
    }
    assert_int_equal(trace.task_count, 8152);
    assert_int_equal(cpu_only, 1088);
    assert_int_equal(gpu_milli, 6086800);
    assert_int_equal(count_tasks(&trace, 1, 810, WF_ANY_MODEL), 1078);
    assert_int_equal(count_tasks(&trace, 8, 1000, WF_ANY_MODEL), 44);
    wf_trace_finish(&trace);
}

static void a_third_of_gpuspec33_names_its_models(void **state)
{
    (void)state;
    struct wf_trace trace = generate("gpuspec33");
    uint32_t named = 0;
    for (uint32_t i = 0; i < trace.task_count; i++) {
        const struct wf_trace_task *task = &trace.tasks[i];
        named += task->models != WF_ANY_MODEL;
        assert_true(task->models != 0);
        assert_true(task->gpus > 0 || task->models == WF_ANY_MODEL);
    }
    assert_int_equal(named, 2388);
    uint64_t v100 = model_bit(&trace, "V100M16") | model_bit(&trace, "V100M32");
    assert_int_equal(count_tasks(&trace, 1, 1000, model_bit(&trace, "T4")), 698);
    assert_int_equal(count_tasks(&trace, 1, 1000, v100), 156);
    assert_int_equal(count_tasks(&trace, 4, 1000, v100), 5);
    assert_int_equal(count_tasks(&trace, 8, 1000, model_bit(&trace, "G3")), 6);
    wf_trace_finish(&trace);
}

// 593 of the 3,078 tasks for a share name the T4: so do 19 or 20 % of each class.
static void models_are_spread_over_the_classes(void **state)
{
    (void)state;
    struct wf_trace trace = generate("gpuspec33");
    uint64_t t4 = model_bit(&trace, "T4");
    for (unsigned i = 0; i < wf_facts_class_count; i++) {
        const struct wf_facts_class *class = &wf_facts_classes[i];
        if (class->gpu_milli == 0 || class->gpu_milli == WF_GPU_MILLI || class->tasks < 50) {
            continue;
        }
        uint32_t count = 0;
        for (uint32_t k = 0; k < trace.task_count; k++) {
            const struct wf_trace_task *task = &trace.tasks[k];
            count += task->cpu_milli == class->cpu_milli && task->gpu_milli == class->gpu_milli &&
                     task->gpus == 1 && task->models == t4;
        }
        uint32_t expected = class->tasks * 593u / 3078u;
        assert_in_range(count, expected - 2, expected + 2);
    }
    wf_trace_finish(&trace);
}

static void the_same_name_gives_the_same_trace(void **state)
{
    (void)state;
    struct wf_trace one = generate("gpuspec33"), other = generate("gpuspec33");
    assert_int_equal(one.task_count, other.task_count);
    for (uint32_t i = 0; i < one.task_count; i++) {
        assert_string_equal(one.tasks[i].name, other.tasks[i].name);
        assert_true(one.tasks[i].models == other.tasks[i].models);
    }
    assert_string_equal(one.nodes[0].name, "facts-node-0000");
    assert_string_equal(one.nodes[1212].name, "facts-node-1212");
    assert_string_equal(one.tasks[8151].name, "facts-task-8151");
    assert_non_null(strstr(one.origin, "cluster-trace-gpu-v2023"));
    wf_trace_finish(&one);
    wf_trace_finish(&other);
}

static void an_unknown_name_is_refused_with_the_known_ones(void **state)
{
    (void)state;
    struct wf_trace trace;
    struct wf_error err;
    assert_int_equal(wf_facts_generate("gpuspec34", &trace, &err), WF_NOTFOUND);
    for (unsigned i = 0; wf_facts_variants[i]; i++) {
        assert_non_null(strstr(err.text, wf_facts_variants[i]));
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(the_cluster_is_the_published_one),
        cmocka_unit_test(requests_have_the_published_shares),
        cmocka_unit_test(a_third_of_gpuspec33_names_its_models),
        cmocka_unit_test(models_are_spread_over_the_classes),
        cmocka_unit_test(the_same_name_gives_the_same_trace),
        cmocka_unit_test(an_unknown_name_is_refused_with_the_known_ones),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
