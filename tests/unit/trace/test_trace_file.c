// SPDX-License-Identifier: Apache-2.0
#include "trace/trace_file.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>

#include <cmocka.h>

#include "unit/scratch.h"

static const char good_nodes[] = "sn,cpu_milli,memory_mib,gpu,model\n"
                                 "n0,64000,262144,2,T4\n"
                                 "n1,8000,32768,0,\n"
                                 "n2,96000,393216,8,A10\n";
static const char good_pods[] = "name,cpu_milli,memory_mib,num_gpu,gpu_milli,gpu_spec\n"
                                "p0,1000,1024,1,500,T4|A10|T4\n"
                                "p1,2000,2048,0,0,\n"
                                "p2,4000,4096,8,1000,A10\n";

static enum wf_status read_texts(const char *nodes, const char *pods, struct wf_trace *trace,
                                 struct wf_error *err)
{
    char nodes_path[128];
    char pods_path[128];
    snprintf(nodes_path, sizeof nodes_path, "%s", scratch_write_text("nodes.csv", nodes));
    snprintf(pods_path, sizeof pods_path, "%s", scratch_write_text("pods.csv", pods));
    return wf_trace_read(nodes_path, pods_path, trace, err);
}

static void refused(const char *nodes, const char *pods, enum wf_status status, const char *words)
{
    struct wf_trace trace;
    struct wf_error err = {0};
    assert_int_equal(read_texts(nodes, pods, &trace, &err), status);
    if (!strstr(err.text, words)) {
        fail_msg("'%s' lacks '%s'", err.text, words);
    }
    assert_null(trace.nodes);
    assert_int_equal(trace.task_count, 0);
}

static void nodes_and_tasks_are_read_and_models_sorted(void **state)
{
    (void)state;
    struct wf_trace trace;
    struct wf_error err = {0};
    assert_int_equal(read_texts(good_nodes, good_pods, &trace, &err), WF_OK);
    assert_int_equal(trace.node_count, 3);
    assert_int_equal(trace.model_count, 2);
    assert_string_equal(trace.models[0], "A10");
    assert_string_equal(trace.models[1], "T4");
    assert_int_equal(trace.nodes[0].model, 1);
    assert_int_equal(trace.nodes[2].model, 0);
    assert_int_equal(trace.nodes[2].gpus, 8);
    assert_string_equal(trace.nodes[2].name, "n2");
    assert_int_equal(trace.task_count, 3);
    assert_true(trace.tasks[0].models == 3);
    assert_string_equal(trace.model_lists[trace.tasks[0].model_list], "T4|A10|T4");
    assert_true(trace.tasks[1].models == WF_ANY_MODEL);
    assert_int_equal(trace.tasks[1].model_list, 0);
    assert_true(trace.tasks[2].models == 1);
    assert_int_equal(trace.tasks[2].submit_s, -1);
    wf_trace_finish(&trace);
}

static void times_are_read_where_there_are_any(void **state)
{
    (void)state;
    struct wf_trace trace;
    struct wf_error err = {0};
    const char *pods = "creation_time,name,cpu_milli,memory_mib,num_gpu,gpu_milli,deletion_time,"
                       "scheduled_time\n5,p,1,1,1,1000,9,\n";
    assert_int_equal(read_texts(good_nodes, pods, &trace, &err), WF_OK);
    assert_int_equal(trace.tasks[0].submit_s, 5);
    assert_int_equal(trace.tasks[0].start_s, -1);
    assert_int_equal(trace.tasks[0].end_s, 9);
    wf_trace_finish(&trace);
}

static void bad_nodes_are_refused_by_line_and_column(void **state)
{
    (void)state;
    refused("sn,cpu_milli,gpu,model\n", good_pods, WF_INVALID,
            "nodes.csv, line 1, column 'memory_mib': the column is missing");
    refused("sn,cpu_milli,memory_mib,gpu,model\n", good_pods, WF_INVALID,
            "nodes.csv, line 1, column 'sn': there is no node");
    refused("sn,cpu_milli,memory_mib,gpu,model\na,-1,1,1,T4\n", good_pods, WF_INVALID,
            "nodes.csv, line 2, column 'cpu_milli': -1 is negative");
    refused("sn,cpu_milli,memory_mib,gpu,model\na,1,1,17,T4\n", good_pods, WF_LIMIT,
            "nodes.csv, line 2, column 'gpu': 17 is more than 16, the limit WF_NODE_GPUS_MAX");
    refused("sn,cpu_milli,memory_mib,gpu,model\na,4000001,1,1,T4\n", good_pods, WF_LIMIT,
            "column 'cpu_milli': 4000001 is more than 4000000, the limit WF_CPU_MILLI_MAX");
    refused("sn,cpu_milli,memory_mib,gpu,model\na,1,1,1,\n", good_pods, WF_INVALID,
            "nodes.csv, line 2, column 'model': the name is missing");
    refused("sn,cpu_milli,memory_mib,gpu,model\n,1,1,1,T4\n", good_pods, WF_INVALID,
            "nodes.csv, line 2, column 'sn': the name is missing");
    refused("sn,cpu_milli,memory_mib,gpu,model\nb,1,1,1,T4\na,1,1,1,T4\n\na,1,1,1,T4\n"
            "b,1,1,1,T4\n",
            good_pods, WF_EXISTS,
            "nodes.csv, line 5, column 'sn': the name 'a' is there already, in line 3");
}

static void bad_pods_are_refused_by_line_and_column(void **state)
{
    (void)state;
#define HEAD "name,cpu_milli,memory_mib,num_gpu,gpu_milli,gpu_spec\n"
    refused(good_nodes, HEAD "p,1,1,0,500,\n", WF_INVALID,
            "pods.csv, line 2, column 'gpu_milli': 500 is a share of no GPU, it must be 0");
    refused(good_nodes, HEAD "p,1,1,1,0,\n", WF_INVALID,
            "column 'gpu_milli': 0 is no share, of one GPU it must be 1 to 1000");
    refused(good_nodes, HEAD "p,1,1,2,500,\n", WF_INVALID,
            "column 'gpu_milli': 500 is a share of several GPUs, it must be 1000");
    refused(good_nodes, HEAD "p,1,1,1,1001,\n", WF_LIMIT,
            "column 'gpu_milli': 1001 is more than 1000, the limit WF_GPU_MILLI");
    refused(good_nodes, HEAD "p,1,1,1,1000,A10\nq,1,1,1,1000,A1O\n", WF_NOTFOUND,
            "pods.csv, line 3, column 'gpu_spec': no node has a GPU of the model 'A1O' (did you "
            "mean 'A10'?)");
    refused(good_nodes, HEAD "p,1,1,1,1000,MI300X|A10\n", WF_NOTFOUND,
            "no node has a GPU of the model 'MI300X' (known: A10, T4)");
    refused(good_nodes, HEAD "p,1,1,1,1000,A10||T4\n", WF_INVALID,
            "column 'gpu_spec': the list of models has a name of 0 bytes");
    refused(good_nodes, HEAD "p,1,1,1,1000,\np,1,1,1,1000,\n", WF_EXISTS,
            "pods.csv, line 3, column 'name': the name 'p' is there already, in line 2");
    refused(good_nodes, HEAD, WF_INVALID, "pods.csv, line 1, column 'name': there is no task");
#undef HEAD
}

static void the_limit_of_models_is_the_last_that_is_taken(void **state)
{
    (void)state;
    char nodes[8192] = "sn,cpu_milli,memory_mib,gpu,model\n";
    size_t length = strlen(nodes);
    for (int i = 0; i < WF_MODELS_MAX; i++) {
        length += (size_t)snprintf(nodes + length, sizeof nodes - length, "n%d,1,1,1,M%d\n", i, i);
    }
    const char *pods = "name,cpu_milli,memory_mib,num_gpu,gpu_milli\np,1,1,1,1000\n";
    struct wf_trace trace;
    struct wf_error err = {0};
    assert_int_equal(read_texts(nodes, pods, &trace, &err), WF_OK);
    assert_int_equal(trace.model_count, WF_MODELS_MAX);
    wf_trace_finish(&trace);
    snprintf(nodes + length, sizeof nodes - length, "more,1,1,1,MORE\n");
    refused(nodes, pods, WF_LIMIT,
            "line 66, column 'model': 'MORE' is one model more than 64, the limit WF_MODELS_MAX");
}

static void a_node_may_have_as_many_gpus_as_the_limit(void **state)
{
    (void)state;
    struct wf_trace trace;
    struct wf_error err = {0};
    assert_int_equal(read_texts("sn,cpu_milli,memory_mib,gpu,model\na,1,1,16,T4\n",
                                "name,cpu_milli,memory_mib,num_gpu,gpu_milli\np,1,1,16,1000\n",
                                &trace, &err),
                     WF_OK);
    wf_trace_finish(&trace);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(nodes_and_tasks_are_read_and_models_sorted),
        cmocka_unit_test(times_are_read_where_there_are_any),
        cmocka_unit_test(bad_nodes_are_refused_by_line_and_column),
        cmocka_unit_test(bad_pods_are_refused_by_line_and_column),
        cmocka_unit_test(the_limit_of_models_is_the_last_that_is_taken),
        cmocka_unit_test(a_node_may_have_as_many_gpus_as_the_limit),
    };
    return cmocka_run_group_tests(tests, scratch_begin, scratch_end);
}
