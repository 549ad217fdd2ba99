// SPDX-License-Identifier: Apache-2.0
#include "jobfile/variables.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <string.h>

#include <cmocka.h>

static void add(void *context, const char *name, const char *value)
{
    char *text = context;
    size_t length = strlen(text);
    snprintf(text + length, 2048 - length, "%s=%s;", name, value);
}

static void expect(const char *json, struct wf_job_facts facts, const char *expected)
{
    struct wf_job_document document;
    struct wf_error err = {.text = ""};
    char text[2048] = "";
    assert_int_equal(wf_job_document_parse(json, strlen(json), &document, &err), WF_OK);
    wf_job_variables(&document, &facts, add, text);
    assert_string_equal(text, expected);
    wf_job_document_finish(&document);
}

static const char *const nodes[] = {"n1", "n2"};
static const char *const addresses[] = {"10.0.0.1", "10.0.0.2"};

static void every_task_knows_what_it_is(void **state)
{
    (void)state;
    struct wf_job_facts facts = {.id = 17, .attempt = 2, .task = 1, .queue = "q", .nodes = nodes};
    expect("{\"command\":[\"a\"],\"tasks\":2,\"gpus\":\"H100:4\"}", facts,
           "WHALEFLUX_JOB_ID=17;WHALEFLUX_JOB_NAME=a;WHALEFLUX_ATTEMPT=2;WHALEFLUX_TASK=1;"
           "WHALEFLUX_TASKS=2;WHALEFLUX_QUEUE=q;WHALEFLUX_NODE=n2;WHALEFLUX_GPUS=4;");
}

#define OWN                                                                                        \
    "WHALEFLUX_JOB_ID=19;WHALEFLUX_JOB_NAME=a;WHALEFLUX_ATTEMPT=1;WHALEFLUX_TASK=0;"               \
    "WHALEFLUX_TASKS=1;WHALEFLUX_QUEUE=;WHALEFLUX_NODE=n1;WHALEFLUX_GPUS=0;WHALEFLUX_ARRAY_ID=17;" \
    "WHALEFLUX_ARRAY_INDEX=20;WHALEFLUX_ARRAY_COUNT=3;"

static void an_array_is_told_in_the_words_of_its_file(void **state)
{
    (void)state;
    struct wf_job_facts facts = {
        .id = 19, .attempt = 1, .user = "ada", .nodes = nodes, .array_id = 17, .array_place = 2};
    expect("{\"command\":[\"a\"],\"array\":\"0-20:10\",\"dialect\":\"slurm\"}", facts,
           OWN "SLURM_JOB_ID=19;SLURM_JOBID=19;SLURM_JOB_NAME=a;SLURM_JOB_USER=ada;"
               "SLURM_JOB_NODELIST=n1;SLURM_NODELIST=n1;SLURMD_NODENAME=n1;SLURM_SUBMIT_HOST=n1;"
               "SLURM_CLUSTER_NAME=whaleflux;SLURM_NODEID=0;SLURM_PROCID=0;SLURM_LOCALID=0;"
               "SLURM_RESTART_COUNT=0;SLURM_ARRAY_JOB_ID=17;SLURM_ARRAY_TASK_ID=20;"
               "SLURM_ARRAY_TASK_COUNT=3;SLURM_ARRAY_TASK_MIN=0;SLURM_ARRAY_TASK_MAX=20;"
               "SLURM_ARRAY_TASK_STEP=10;");
    expect("{\"command\":[\"a\"],\"array\":\"0-20:10\",\"dialect\":\"kubernetes\"}", facts,
           OWN "JOB_COMPLETION_INDEX=20;");
}

static void nodes_of_a_skypilot_task_know_each_other(void **state)
{
    (void)state;
    struct wf_job_facts facts = {.id = 5,
                                 .attempt = 1,
                                 .task = 1,
                                 .user = "ada",
                                 .queue = "q",
                                 .nodes = nodes,
                                 .addresses = addresses};
    expect("{\"command\":[\"a\"],\"tasks\":2,\"gpus\":8,\"dialect\":\"skypilot\"}", facts,
           "WHALEFLUX_JOB_ID=5;WHALEFLUX_JOB_NAME=a;WHALEFLUX_ATTEMPT=1;WHALEFLUX_TASK=1;"
           "WHALEFLUX_TASKS=2;WHALEFLUX_QUEUE=q;WHALEFLUX_NODE=n2;WHALEFLUX_GPUS=8;"
           "SKYPILOT_NODE_IPS=10.0.0.1\n10.0.0.2;SKYPILOT_TASK_ID=whaleflux-5;"
           "SKYPILOT_NODE_RANK=1;SKYPILOT_NUM_NODES=2;SKYPILOT_NUM_GPUS_PER_NODE=8;"
           "SKYPILOT_USER=ada;");
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(every_task_knows_what_it_is),
        cmocka_unit_test(an_array_is_told_in_the_words_of_its_file),
        cmocka_unit_test(nodes_of_a_skypilot_task_know_each_other),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
