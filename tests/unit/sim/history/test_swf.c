// SPDX-License-Identifier: Apache-2.0
#include "read_all.h"

static const struct wf_history_config gpus = {.processors_are_gpus = true, .cores_per_gpu = 6};

static void a_line_becomes_a_job_with_a_gpu_for_each_processor(void **state)
{
    (void)state;
    struct all all =
        read_with(gpus, "; Version: 2.2\n"
                        ";   UnixStartTime: 1777593600\n"
                        "; MaxNodes: 128\n"
                        "\n"
                        "  7  100  20  3600  4  0.5 2048  8  7200  -1  1 12 3 45 2 1 -1 -1\n");
    assert_int_equal(all.count, 1);
    const struct wf_history_job *job = job_of(&all, "7");
    assert_int_equal(job->submit_ms, MAY_2026_MS + 100000);
    assert_int_equal(job->eligible_ms, job->submit_ms);
    assert_int_equal(job->start_ms, job->submit_ms + 20000);
    assert_int_equal(job->end_ms, job->start_ms + 3600000);
    assert_int_equal(job->limit_ms, 7200000);
    assert_string_equal(name_of(&all, job->user), "12");
    assert_string_equal(name_of(&all, job->name), "45");
    assert_string_equal(name_of(&all, job->queue), "2");
    assert_int_equal(job->end, WF_ENDED_WELL);
    assert_int_equal(job->tasks, 4); // it was given fewer than it asked for
    assert_int_equal(job->request.gpus, 1);
    assert_int_equal(job->request.gpu_milli, 1000);
    assert_int_equal(job->request.cpu_milli, 6000);
    assert_int_equal(job->request.memory_mib, 2);
    assert_int_equal(job->line, 5);
    assert_string_equal(wf_history_summary(all.history)->format, "Standard Workload Format");
    assert_int_equal(wf_history_summary(all.history)->lines, 1);
    wf_history_close(all.history);
}

static void processors_may_be_cores(void **state)
{
    (void)state;
    struct all all = read_text("7 100 20 3600 4 -1 -1 8 -1 -1 1 -1 -1 -1 -1 -1 -1 -1\n");
    assert_int_equal(all.jobs[0].submit_ms, 100000); // times count from the beginning
    assert_int_equal(all.jobs[0].tasks, 4);
    assert_int_equal(all.jobs[0].request.gpus, 0);
    assert_int_equal(all.jobs[0].request.gpu_milli, 0);
    assert_int_equal(all.jobs[0].request.cpu_milli, 1000);
    assert_int_equal(all.jobs[0].limit_ms, 0);
    assert_int_equal(all.jobs[0].user + all.jobs[0].name + all.jobs[0].queue, 0);
    wf_history_close(all.history);
}

static void many_processors_become_tasks_of_several(void **state)
{
    (void)state;
    const struct {
        long processors;
        uint32_t tasks, each;
    } cases[] = {{4096, 4096, 1}, {4097, 2049, 2}, {65536, 4096, 16}, {4096L * 255, 4096, 255}};
    for (uint32_t i = 0; i < WF_COUNT_OF(cases); i++) {
        char text[128];
        snprintf(text, sizeof text, "1 0 0 1 %ld -1 1024 -1 -1 -1 1 1 1 1 1 1 -1 -1\n",
                 cases[i].processors);
        struct all all = read_with(gpus, text);
        assert_int_equal(all.jobs[0].tasks, cases[i].tasks);
        assert_int_equal(all.jobs[0].request.gpus, cases[i].each);
        assert_int_equal(all.jobs[0].request.cpu_milli, cases[i].each * 6000);
        assert_int_equal(all.jobs[0].request.memory_mib, cases[i].each);
        wf_history_close(all.history);
    }
    refused((struct wf_history_config){.processors_are_gpus = true, .strict = true},
            "1 0 0 1 1044481 -1 1024 -1 -1 -1 1 1 1 1 1 1 -1 -1\n", WF_INVALID,
            "line 1: 1044481 processors are more than 4096 tasks can have");
}

static void the_preceding_job_must_have_ended(void **state)
{
    (void)state;
    struct all all = read_text("1 0 0 10 4 -1 -1 8 -1 -1 1 -1 -1 -1 -1 -1 -1 -1\n"
                               "2 5 0 10 4 -1 -1 8 -1 -1 1 -1 -1 -1 -1 -1 1 20\n");
    assert_string_equal(name_of(&all, all.jobs[0].after), "");
    assert_string_equal(name_of(&all, all.jobs[1].after), "end:1");
    wf_history_close(all.history);
}

static void what_is_not_known_is_minus_one(void **state)
{
    (void)state;
    struct all all = read_with(gpus, "1 0 -1 10 2 -1 -1 -1 -1 -1 0 1 1 1 1 1 -1 -1\n"
                                     "2 1 5 -1 2 -1 -1 -1 -1 -1 1 1 1 1 1 1 -1 -1\n"
                                     "3 2 7 -1 -1 -1 -1 2 -1 -1 5 1 1 1 1 1 -1 -1\n"
                                     "4 3 7 9 2 -1 -1 2 -1 -1 5 1 1 1 1 1 -1 -1\n"
                                     "5 4 1 2 2 -1 -1 2 -1 -1 -1 1 1 1 1 1 -1 -1\n");
    assert_int_equal(all.count, 5);
    assert_int_equal(all.jobs[0].start_ms, 0);
    assert_int_equal(all.jobs[0].end_ms, 10000);
    assert_int_equal(all.jobs[0].end, WF_ENDED_FAILED);
    assert_int_equal(all.jobs[1].start_ms, 6000);
    assert_true(all.jobs[1].end_ms == WF_TIME_UNKNOWN);
    assert_int_equal(all.jobs[1].end, WF_ENDED_NOT_YET);
    assert_true(all.jobs[2].start_ms == WF_TIME_UNKNOWN);
    assert_int_equal(all.jobs[2].end_ms, 9000);
    assert_int_equal(all.jobs[2].end, WF_ENDED_CANCELLED);
    assert_int_equal(all.jobs[3].end_ms, 19000);
    assert_int_equal(all.jobs[3].end, WF_ENDED_CANCELLED);
    assert_int_equal(all.jobs[4].end, WF_ENDED_WELL);
    const struct wf_history_summary *summary = wf_history_summary(all.history);
    assert_int_equal(summary->assumed, 1);
    assert_int_equal(summary->never_started, 1);
    assert_int_equal(summary->never_ended, 1);
    wf_history_close(all.history);
}

static void parts_of_a_job_are_skipped_and_repetitions_counted(void **state)
{
    (void)state;
    struct all all = read_with(gpus, "9 0 0 10 2 -1 -1 -1 -1 -1 1 1 1 1 1 1 -1 -1\n"
                                     "9 0 0 5 2 -1 -1 -1 -1 -1 2 1 1 1 1 1 -1 -1\n"
                                     "9 0 0 5 2 -1 -1 -1 -1 -1 3 1 1 1 1 1 -1 -1\n"
                                     "9 8 0 5 2 -1 -1 -1 -1 -1 1 1 1 1 1 1 -1 -1\n"
                                     "2147483647 8 0 5 2 -1 -1 -1 -1 -1 1 1 1 1 1 1 -1 -1\n");
    assert_int_equal(all.count, 3);
    job_of(&all, "2147483647");
    assert_int_equal(wf_history_summary(all.history)->skipped, 2);
    assert_int_equal(wf_history_summary(all.history)->repeated, 1);
    complains(&all, "line 4: job 9 was there before");
    wf_history_close(all.history);
}

// Writes count jobs in order but for those in every disorder lines, which come that much too late.
static const char *write_log(uint32_t count, uint32_t disorder)
{
    static char text[4000000];
    size_t length = 0;
    for (uint32_t i = 0; i < count; i++) {
        uint32_t submit = i % disorder == disorder - 1 ? i - (disorder - 1) : i + 1;
        length += (size_t)snprintf(text + length, sizeof text - length,
                                   "%u %u 5 10 2 -1 -1 -1 -1 -1 1 1 1 1 1 1 -1 -1\n", i, submit);
    }
    return scratch_write_text("log", text);
}

static void a_little_disorder_is_put_right(void **state)
{
    (void)state;
    struct all all;
    struct wf_error err = {0};
    struct wf_history_config config = gpus;
    config.path = write_log(20000, 8000);
    assert_int_equal(read_path(&config, &all, &err), WF_OK); // checks the order, too
    assert_int_equal(all.count, 20000);
    assert_int_equal(wf_history_summary(all.history)->damaged, 0);
    assert_int_equal(wf_names_count(wf_history_names(all.history)), 2); // ids take no memory
    wf_history_close(all.history);
}

static void a_large_disorder_is_said(void **state)
{
    (void)state;
    struct all all;
    struct wf_error err = {0};
    struct wf_history_config config = gpus;
    config.path = write_log(20000, 10000);
    assert_int_equal(read_path(&config, &all, &err), WF_OK);
    assert_int_equal(all.count, 19998);
    assert_int_equal(wf_history_summary(all.history)->damaged, 2);
    complains(&all, "and more than 8192 jobs out of order: sort the file by submission");
    complains(&all, "line 10000: submitted ");
    wf_history_close(all.history);
    config.strict = true;
    assert_int_equal(read_path(&config, &all, &err), WF_INVALID);
    assert_non_null(strstr(err.text, "line 10000: submitted "));
    wf_history_close(all.history);
}

static void a_damaged_line_is_named_with_its_number_and_reason(void **state)
{
    (void)state;
    const struct {
        const char *line, *words;
    } cases[] = {
        {"1 2 3", "line 2: the line has 3 numbers instead of 18"},
        {"1 0 0 1 1 -1 -1 -1 -1 -1 1 1 1 1 1 1 -1 -1 -1", "the line has 19 numbers"},
        {"1 0 0 1 1 -1 -1 -1 -1 -1 x 1 1 1 1 1 -1 -1", "something that is no number"},
        {"1 0 0 1 1 -1 -1 -1 -1 -1 1 1 1 1 1 1 -1 1e9", "something that is no number"},
        {"-1 0 0 1 1 -1 -1 -1 -1 -1 1 1 1 1 1 1 -1 -1", "the job's number is not one from 0"},
        {"2147483648 0 0 1 1 -1 -1 -1 -1 -1 1 1 1 1 1 1 -1 -1", "the job's number is not one"},
        {"1 -1 0 1 1 -1 -1 -1 -1 -1 1 1 1 1 1 1 -1 -1", "not known when the job was submitted"},
        {"1 0 0 1 0 -1 -1 -1 -1 -1 1 1 1 1 1 1 -1 -1", "the job asks for no processors"},
        {"1 99999999999 0 1 1 -1 -1 -1 -1 -1 1 1 1 1 1 1 -1 -1", "number 2 of the line is absurd"},
        {"1 0 0 999999999999 1 -1 -1 -1 -1 -1 1 1 1 1 1 1 -1 -1", "number 4 of the line is absurd"},
        {"1 0 0 1 1 -1 9999999999999 -1 -1 -1 1 1 1 1 1 1 -1 -1", "number 7 of the line is absurd"},
        {"1 0 0 1 1 -1 -1 -1 -1 99999999999999999999 1 1 1 1 1 1 -1 -1", "that is no number"},
    };
    for (uint32_t i = 0; i < WF_COUNT_OF(cases); i++) {
        char text[300];
        snprintf(text, sizeof text, "; \n%s\n5 0 0 1 1 -1 -1 -1 -1 -1 1 1 1 1 1 1 -1 -1\n",
                 cases[i].line);
        struct all all = read_with(gpus, text);
        assert_int_equal(all.count, 1);
        job_of(&all, "5");
        complains(&all, cases[i].words);
        assert_int_equal(wf_history_summary(all.history)->damaged, 1);
        wf_history_close(all.history);
        refused((struct wf_history_config){.strict = true}, text, WF_INVALID, cases[i].words);
    }
    struct all all = read_with(gpus, "; UnixStartTime: 253402300799\n"
                                     "5 0 0 1 1 -1 -1 -1 -1 -1 1 1 1 1 1 1 -1 -1\n");
    complains(&all, "submitted after the year");
    wf_history_close(all.history);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(a_line_becomes_a_job_with_a_gpu_for_each_processor),
        cmocka_unit_test(processors_may_be_cores),
        cmocka_unit_test(many_processors_become_tasks_of_several),
        cmocka_unit_test(the_preceding_job_must_have_ended),
        cmocka_unit_test(what_is_not_known_is_minus_one),
        cmocka_unit_test(parts_of_a_job_are_skipped_and_repetitions_counted),
        cmocka_unit_test(a_little_disorder_is_put_right),
        cmocka_unit_test(a_large_disorder_is_said),
        cmocka_unit_test(a_damaged_line_is_named_with_its_number_and_reason),
    };
    return cmocka_run_group_tests(tests, scratch_begin, scratch_end);
}
