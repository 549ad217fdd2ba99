// SPDX-License-Identifier: Apache-2.0
#include "read_all.h"

#define HEAD "submit_s,job,observed_wait_s,run_s,cpu_milli,memory_mib,num_gpu,gpu_milli,qos,phase\n"

static void a_line_becomes_a_job(void **state)
{
    (void)state;
    struct all all = read_text(HEAD "427061,openb-pod-0001,5,100,6000,12288,1,460,LS,Failed\n"
                                    "427060,openb-pod-0002,0,1,6000,12288,0,0,BE,Running\n"
                                    "427062,openb-pod-0003,0,,6000,12288,8,1000,BE,Running\n"
                                    "427063,openb-pod-0004,,,6000,12288,8,1000,BE,Pending\n");
    assert_int_equal(all.count, 4);
    const struct wf_history_job *job = &all.jobs[1];
    assert_ptr_equal(job, job_of(&all, "openb-pod-0001"));
    assert_string_equal(name_of(&all, job->queue), "LS");
    assert_int_equal(job->user + job->name + job->models + job->labels + job->array, 0);
    assert_int_equal(job->submit_ms, 427061000);
    assert_int_equal(job->start_ms, 427066000);
    assert_int_equal(job->end_ms, 427166000);
    assert_int_equal(job->end, WF_ENDED_FAILED);
    assert_int_equal(job->tasks, 1);
    assert_int_equal(job->request.cpu_milli, 6000);
    assert_int_equal(job->request.memory_mib, 12288);
    assert_int_equal(job->request.gpus, 1);
    assert_int_equal(job->request.gpu_milli, 460);
    assert_int_equal(all.jobs[0].end, WF_ENDED_WELL); // it ran until it was deleted
    assert_int_equal(all.jobs[2].end, WF_ENDED_NOT_YET);
    assert_true(all.jobs[2].end_ms == WF_TIME_UNKNOWN);
    assert_true(all.jobs[3].start_ms == WF_TIME_UNKNOWN);
    assert_int_equal(wf_history_summary(all.history)->never_started, 1);
    assert_int_equal(wf_history_summary(all.history)->never_ended, 1);
    assert_int_equal(wf_history_summary(all.history)->repeated, 0);
    wf_history_close(all.history);
}

static void a_damaged_line_is_named_with_its_number_and_reason(void **state)
{
    (void)state;
    const struct {
        const char *line, *words;
    } cases[] = {
        {"1,a,0,1,1,1,1,1000,LS", "line 2: the line has 9 fields, the header has 10"},
        {",a,0,1,1,1,1,1000,LS,x", "line 2: submit_s is empty"},
        {"-1,a,0,1,1,1,1,1000,LS,x", "submit_s '-1' is no whole number from 0 to 10000000000"},
        {"1,a,0,99999999999999999999,1,1,1,1000,LS,x", "run_s '99999999999999999999' is no whole"},
        {"1,a,0,1,4000001,1,1,1000,LS,x", "cpu_milli '4000001' is no whole number"},
        {"1,a,0,1,1,1,256,1000,LS,x", "num_gpu '256' is no whole number from 0 to 255"},
        {"1,a,0,1,1,1,1,1001,LS,x", "gpu_milli '1001' is no whole number from 0 to 1000"},
        {"1,a,0,1,1,1,1,0,LS,x", "the job asks for 1 GPUs with a share of 0"},
        {"1,a,0,1,1,1,2,500,LS,x", "the job asks for a share of each of 2 GPUs"},
        {"1,,0,1,1,1,2,1000,LS,x", "the job has no name"},
    };
    for (uint32_t i = 0; i < WF_COUNT_OF(cases); i++) {
        char text[300];
        snprintf(text, sizeof text, HEAD "%s\n1,b,0,1,1,1,1,1000,LS,x\n", cases[i].line);
        struct all all = read_text(text);
        assert_int_equal(all.count, 1);
        job_of(&all, "b");
        complains(&all, cases[i].words);
        wf_history_close(all.history);
        refused((struct wf_history_config){.strict = true}, text, WF_INVALID, cases[i].words);
    }
    refused((struct wf_history_config){.strict = false}, "submit_s,num_gpu,job\n", WF_NOTFOUND,
            "line 1: the header lacks run_s");
    struct all all = read_text(HEAD "1,b,0,1,1,1,1,1000,LS,x\n1,b,0,1,1,1,1,1000,LS,x\n");
    assert_int_equal(all.count, 2);
    assert_int_equal(wf_history_summary(all.history)->repeated, 1);
    complains(&all, "line 3: a job of this name was there before");
    wf_history_close(all.history);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(a_line_becomes_a_job),
        cmocka_unit_test(a_damaged_line_is_named_with_its_number_and_reason),
    };
    return cmocka_run_group_tests(tests, scratch_begin, scratch_end);
}
