// SPDX-License-Identifier: Apache-2.0
#include "sim/placement/workload.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include "sim/placement/facts.h"
#include "unit/scratch.h"

static struct wf_trace trace;

static struct wf_workload make(uint64_t seed, uint32_t load_milli, uint32_t copies)
{
    struct wf_workload workload;
    struct wf_error err = {0};
    struct wf_workload_config config = {seed, load_milli, copies};
    if (wf_workload_make(&trace, &config, &workload, &err) != WF_OK) {
        fail_msg("%s", err.text);
    }
    return workload;
}

static void each_once(const uint32_t *list, uint32_t count)
{
    bool *met = calloc(count, sizeof *met);
    for (uint32_t i = 0; i < count; i++) {
        assert_in_range(list[i], 0, count - 1);
        assert_false(met[list[i]]);
        met[list[i]] = true;
    }
    free(met);
}

static void every_task_arrives_and_more_until_the_load_is_reached(void **state)
{
    (void)state;
    struct wf_workload workload = make(42, 1300, 1);
    uint32_t *times = calloc(trace.task_count, sizeof *times);
    int64_t offered = 0;
    for (uint32_t i = 0; i < workload.arrival_count; i++) {
        const struct wf_trace_task *task = &trace.tasks[workload.arrivals[i]];
        times[workload.arrivals[i]]++;
        offered += (int64_t)task->gpus * task->gpu_milli;
    }
    for (uint32_t i = 0; i < trace.task_count; i++) {
        assert_true(times[i] >= 1);
    }
    free(times);
    assert_true(workload.offered_gpu_milli == offered);
    int64_t target = workload.capacity_gpu_milli / 10 * 13;
    assert_true(offered > target - 1000);
    assert_true(offered <= target + 7000); // a last task of 8 GPUs may pass it, as published
    each_once(workload.nodes, workload.node_count);
    wf_workload_finish(&workload);
}

static void a_seed_gives_one_workload_and_another_seed_another(void **state)
{
    (void)state;
    struct wf_workload first = make(7, 1300, 1);
    struct wf_workload again = make(7, 1300, 1);
    struct wf_workload other = make(8, 1300, 1);
    assert_int_equal(first.arrival_count, again.arrival_count);
    assert_memory_equal(first.arrivals, again.arrivals, first.arrival_count * sizeof(uint32_t));
    assert_memory_equal(first.nodes, again.nodes, first.node_count * sizeof(uint32_t));
    assert_memory_not_equal(first.arrivals, other.arrivals, 1000 * sizeof(uint32_t));
    assert_memory_not_equal(first.nodes, other.nodes, first.node_count * sizeof(uint32_t));
    wf_workload_finish(&first);
    wf_workload_finish(&again);
    wf_workload_finish(&other);
}

static void a_lower_load_takes_tasks_away(void **state)
{
    (void)state;
    struct wf_workload workload = make(1, 500, 1);
    assert_true(workload.offered_gpu_milli <= workload.capacity_gpu_milli / 2);
    assert_true(workload.offered_gpu_milli > workload.capacity_gpu_milli / 2 - 8000);
    assert_true(workload.arrival_count < trace.task_count);
    wf_workload_finish(&workload);
}

static void copies_multiply_nodes_and_tasks(void **state)
{
    (void)state;
    struct wf_workload one = make(1, 1300, 1);
    struct wf_workload three = make(1, 1300, 3);
    assert_int_equal(three.node_count, 3 * one.node_count);
    assert_true(three.capacity_gpu_milli == 3 * one.capacity_gpu_milli);
    each_once(three.nodes, three.node_count);
    wf_workload_finish(&one);
    wf_workload_finish(&three);
}

static void a_trace_that_wants_no_gpu_or_has_none_is_refused(void **state)
{
    (void)state;
    struct wf_trace_node node = {.gpus = 1};
    struct wf_trace_task task = {.name = (char[]){"t"}};
    struct wf_trace small = {.nodes = &node, .node_count = 1, .tasks = &task, .task_count = 1};
    struct wf_workload workload;
    struct wf_error err = {0};
    struct wf_workload_config config = {1, 1300, 1};
    assert_int_equal(wf_workload_make(&small, &config, &workload, &err), WF_INVALID);
    assert_string_equal(err.text, "no task of the trace asks for a GPU");
    node.gpus = 0;
    assert_int_equal(wf_workload_make(&small, &config, &workload, &err), WF_INVALID);
    assert_string_equal(err.text, "no node of the trace has a GPU");
    config.copies = WF_NODES_MAX + 1;
    assert_int_equal(wf_workload_make(&small, &config, &workload, &err), WF_LIMIT);
}

static struct wf_trace_node small_nodes[2] = {{.gpus = 1}, {.gpus = 2}};
static struct wf_trace_task small_tasks[3] = {
    {.gpus = 1, .gpu_milli = 500}, {.gpus = 2, .gpu_milli = 1000}, {0}};
static const struct wf_trace small = {
    .nodes = small_nodes, .node_count = 2, .tasks = small_tasks, .task_count = 3};

static enum wf_status read_orders(const char *text, const char *pods, uint64_t seed,
                                  struct wf_workload *workload, struct wf_error *err)
{
    return wf_workload_read(&small, scratch_write_text("orders.csv", text), pods, seed, workload,
                            err);
}

#define HEAD "variant,seed,kind,position,index\n"

static void exact_orders_are_read_for_their_variant_and_seed(void **state)
{
    (void)state;
    struct wf_workload workload;
    struct wf_error err = {0};
    const char *text = HEAD "default,1,pod,1,0\ndefault,1,node,1,0\nother,1,pod,0,2\n"
                            "default,2,pod,0,2\ndefault,1,pod,0,1\ndefault,1,node,0,1\n";
    assert_int_equal(read_orders(text, "x/openb_pod_list_default.csv.gz", 1, &workload, &err),
                     WF_OK);
    assert_int_equal(workload.arrival_count, 2);
    assert_int_equal(workload.arrivals[0], 1);
    assert_int_equal(workload.arrivals[1], 0);
    assert_int_equal(workload.nodes[0], 1);
    assert_true(workload.capacity_gpu_milli == 3000);
    assert_true(workload.offered_gpu_milli == 2500);
    wf_workload_finish(&workload);
}

static void orders_refused(const char *rows, const char *pods, enum wf_status status,
                           const char *words)
{
    struct wf_workload workload;
    struct wf_error err = {0};
    char text[512];
    snprintf(text, sizeof text, HEAD "%s", rows);
    assert_int_equal(read_orders(text, pods, 1, &workload, &err), status);
    if (!strstr(err.text, words)) {
        fail_msg("'%s' lacks '%s'", err.text, words);
    }
    assert_null(workload.arrivals);
}

static void orders_with_gaps_repeats_or_strangers_are_refused(void **state)
{
    (void)state;
    const char *nodes = "v,1,node,0,0\nv,1,node,1,1\n";
    char rows[256];
    snprintf(rows, sizeof rows, "%sv,1,pod,1,0\n", nodes);
    orders_refused(rows, "v.csv", WF_INVALID, "seed 1 has 1 of 2 pods and 2 of 2 nodes");
    orders_refused("v,1,pod,0,0\nv,1,node,0,0\n", "v.csv", WF_INVALID, "1 of 2 nodes");
    orders_refused("v,1,pod,0,0\nv,1,node,0,1\nv,1,node,1,1\n", "v.csv", WF_EXISTS,
                   "has node 1 twice");
    orders_refused("v,1,pod,0,0\nv,1,pod,0,1\n", "v.csv", WF_EXISTS,
                   "line 3, column 'position': position 0 of a pod is there already");
    orders_refused("v,1,pod,0,3\n", "v.csv", WF_LIMIT, "line 2, column 'index': 3 is more than 2");
    orders_refused("v,1,rack,0,0\n", "v.csv", WF_INVALID, "line 2, column 'kind': 'rack' is no");
    orders_refused("v,2,pod,0,0\n", "v.csv", WF_NOTFOUND, "there is no order for seed 1");
    orders_refused("v,1,pod,0,0\n", "gpuv.csv", WF_NOTFOUND, "no variant of the file is that of");
}

static int start(void **state)
{
    (void)state;
    scratch_init();
    return wf_facts_generate("default", &trace, NULL);
}

static int end(void **state)
{
    (void)state;
    wf_trace_finish(&trace);
    scratch_finish();
    return 0;
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(every_task_arrives_and_more_until_the_load_is_reached),
        cmocka_unit_test(a_seed_gives_one_workload_and_another_seed_another),
        cmocka_unit_test(a_lower_load_takes_tasks_away),
        cmocka_unit_test(copies_multiply_nodes_and_tasks),
        cmocka_unit_test(a_trace_that_wants_no_gpu_or_has_none_is_refused),
        cmocka_unit_test(exact_orders_are_read_for_their_variant_and_seed),
        cmocka_unit_test(orders_with_gaps_repeats_or_strangers_are_refused),
    };
    return cmocka_run_group_tests(tests, start, end);
}
