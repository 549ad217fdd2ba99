// SPDX-License-Identifier: Apache-2.0
#include "read_all.h"

#define HEAD                                                                                       \
    "JobID|User|Account|Partition|Submit|Eligible|Start|End|Timelimit|State|ReqTRES|AllocTRES|"    \
    "NNodes|NodeList|Constraints|Priority|Restarts|JobName\n"

static const struct wf_history_config plain = {.format = WF_HISTORY_GUESS};

static void a_line_becomes_a_job(void **state)
{
    (void)state;
    struct all all = read_text(
        HEAD "17|anna|ml/vision|gpu|2026-05-01T10:00:00|2026-05-01T10:00:05|2026-05-01T10:01:00|"
             "2026-05-02T10:01:00|1-02:03:04|COMPLETED|billing=8,cpu=16,gres/gpu=8,mem=128G,node=2|"
             "billing=8,cpu=16,gres/gpu:h100=8,gres/gpu=8,mem=128G,node=2|2|gpu[01-02]|"
             "nvlink&rack1|4294901757|2|train-resnet50_2026-05-01_17\n");
    assert_int_equal(all.count, 1);
    const struct wf_history_job *job = job_of(&all, "17");
    assert_string_equal(name_of(&all, job->user), "anna");
    assert_string_equal(name_of(&all, job->queue), "ml/vision");
    assert_string_equal(name_of(&all, job->name), "train-resnet50");
    assert_string_equal(name_of(&all, job->labels), "nvlink&rack1");
    assert_string_equal(name_of(&all, job->nodes), "gpu[01-02]");
    assert_int_equal(job->models, 0); // it asked for any GPU and got an H100
    assert_int_equal(job->array, 0);
    assert_int_equal(job->submit_ms, MAY_2026_MS + 36000000);
    assert_int_equal(job->eligible_ms, job->submit_ms + 5000);
    assert_int_equal(job->start_ms, job->submit_ms + 60000);
    assert_int_equal(job->end_ms, job->start_ms + DAY_MS);
    assert_int_equal(job->limit_ms, DAY_MS + 7384000);
    assert_int_equal(job->priority, INT32_MAX);
    assert_int_equal(job->restarts, 2);
    assert_int_equal(job->end, WF_ENDED_WELL);
    assert_int_equal(job->tasks, 2);
    assert_int_equal(job->request.cpu_milli, 8000);
    assert_int_equal(job->request.memory_mib, 65536);
    assert_int_equal(job->request.gpus, 4);
    assert_int_equal(job->request.gpu_milli, 1000);
    assert_int_equal(job->line, 2);
    const struct wf_history_summary *summary = wf_history_summary(all.history);
    assert_string_equal(summary->format, "Slurm accounting");
    assert_int_equal(summary->lines, 1);
    assert_int_equal(summary->damaged + summary->repeated + summary->never_started +
                         summary->never_ended + summary->clock_jumps + summary->assumed,
                     0);
    assert_int_equal(summary->first_ms, job->submit_ms);
    assert_int_equal(summary->last_ms, job->end_ms);
    wf_history_close(all.history);
}

static const struct {
    const char *asked_tres, *given_tres, *asked_gres, *given_gres, *cpus, *memory, *nodes;
    uint32_t tasks, cpu_milli, memory_mib, gpus, gpu_milli;
    const char *models;
} requests[] = {
    // Totals of TRES, typed, untyped and both.
    {"", "cpu=8,gres/gpu:h100=4,gres/gpu=4,mem=64G,node=1", "", "", "", "", "", 1, 8000, 65536, 4,
     1000, "h100"},
    {"", "cpu=8,gres/gpu:h100=4,mem=1.5G,node=2", "", "", "", "", "", 2, 4000, 768, 2, 1000,
     "h100"},
    {"CPU=8,GRES/GPU=2,MEM=4000M,NODE=1", "", "", "", "", "", "", 1, 8000, 4000, 2, 1000, ""},
    {"gres/gpu:a100=1,gres/gpu:v100=1,node=1", "gres/gpu=2,node=1", "", "", "", "", "", 1, 0, 0, 2,
     1000, "a100|v100"},
    // What was given goes before what was asked for, models excepted.
    {"cpu=2,gres/gpu:h100=1,node=1", "cpu=4,gres/gpu:h100=2,gres/gpu=2,node=1", "", "", "", "", "",
     1, 4000, 0, 2, 1000, "h100"},
    // Only what is a GPU counts as one.
    {"", "cpu=1,energy=5,fs/disk=3,gres/gpumem=40G,gres/gpuutil=3,license/x=2", "", "", "", "", "",
     1, 1000, 0, 0, 0, ""},
    // GRES is for each node.
    {"", "", "gpu:h100:4", "", "16", "64G", "2", 2, 8000, 32768, 4, 1000, "h100"},
    {"", "", "gpu:4", "", "16", "0", "2", 2, 8000, 0, 4, 1000, ""},
    {"", "", "gpu", "", "1", "0", "1", 1, 1000, 0, 1, 1000, ""},
    {"", "", "gpu:h100", "", "1", "0", "1", 1, 1000, 0, 1, 1000, "h100"},
    {"", "", "gres:gpu:2", "gres:gpu:a100:8(S:0-1)", "1", "", "1", 1, 1000, 0, 8, 1000, ""},
    {"", "", "", "gres:gpu:a100:8(S:0-1)", "1", "", "1", 1, 1000, 0, 8, 1000, "a100"},
    {"", "", "", "gpu:a100:2(IDX:0,3),gpu:v100:1(IDX:1)", "1", "", "1", 1, 1000, 0, 3, 1000,
     "a100|v100"},
    {"", "", "PER_NODE:gpu:2", "(null)", "4", "", "2", 2, 2000, 0, 2, 1000, ""},
    {"", "", "PER_JOB:gpu:2", "", "4", "", "2", 2, 2000, 0, 1, 1000, ""},
    // Memory by CPU, by node and in all.
    {"", "", "", "", "4", "4Gc", "2", 2, 2000, 8192, 0, 0, ""},
    {"", "", "", "", "4", "16Gn", "2", 2, 2000, 16384, 0, 0, ""},
    {"", "", "", "", "4", "4000M", "2", 2, 2000, 2000, 0, 0, ""},
    {"", "", "", "", "4", "4000", "2", 2, 2000, 2000, 0, 0, ""},
    {"", "", "", "", "4", "1T", "1", 1, 4000, 1048576, 0, 0, ""},
    {"", "", "", "", "4", "1024K", "1", 1, 4000, 1, 0, 0, ""},
    {"", "", "", "", "4", "0n", "1", 1, 4000, 0, 0, 0, ""},
    // Shards are 10 to a GPU here; MPS counts hundredths.
    {"cpu=1,gres/shard=3,node=1", "", "", "", "", "", "", 1, 1000, 0, 1, 300, ""},
    {"", "", "shard:3", "", "1", "", "2", 2, 1000, 0, 1, 300, ""},
    {"gres/shard=25,node=1", "", "", "", "1", "", "", 1, 1000, 0, 3, 1000, ""},
    {"gres/mps=45,node=1", "", "", "", "1", "", "", 1, 1000, 0, 1, 450, ""},
    // Uneven: what cannot be divided by the nodes is rounded up, but for GPUs.
    {"", "cpu=9,gres/gpu=10,mem=10M,node=4", "", "", "", "", "", 5, 2000, 2, 2, 1000, ""},
    {"", "cpu=9,gres/gpu=9,node=4", "", "", "", "", "", 9, 1000, 0, 1, 1000, ""},
    {"", "cpu=8,gres/gpu=1,node=4", "", "", "", "", "", 1, 8000, 0, 1, 1000, ""},
    {"", "", "", "", "3", "", "2-4", 2, 2000, 0, 0, 0, ""},
};

static void what_jobs_ask_for_is_spelled_in_many_ways(void **state)
{
    (void)state;
    for (uint32_t i = 0; i < WF_COUNT_OF(requests); i++) {
        char text[600];
        snprintf(text, sizeof text,
                 "JobID|Submit|ReqTRES|AllocTRES|ReqGRES|AllocGRES|NCPUS|ReqMem|NNodes\n"
                 "1|2026-05-01T00:00:00|%s|%s|%s|%s|%s|%s|%s\n",
                 requests[i].asked_tres, requests[i].given_tres, requests[i].asked_gres,
                 requests[i].given_gres, requests[i].cpus, requests[i].memory, requests[i].nodes);
        struct all all = read_with((struct wf_history_config){.shards_per_gpu = 10}, text);
        if (all.count != 1) {
            fail_msg("case %u: %s", i, wf_history_summary(all.history)->complaints[0]);
        }
        const struct wf_history_job *job = &all.jobs[0];
        const struct wf_request *request = &job->request;
        if (job->tasks != requests[i].tasks || request->cpu_milli != requests[i].cpu_milli ||
            request->memory_mib != requests[i].memory_mib || request->gpus != requests[i].gpus ||
            request->gpu_milli != requests[i].gpu_milli ||
            strcmp(name_of(&all, job->models), requests[i].models) != 0) {
            fail_msg("case %u: %u tasks, %u milli-CPU, %u MiB, %u GPUs, %u milli-GPU, '%s'", i,
                     job->tasks, request->cpu_milli, request->memory_mib, request->gpus,
                     request->gpu_milli, name_of(&all, job->models));
        }
        wf_history_close(all.history);
    }
}

static void shards_without_a_measure_are_whole_gpus_and_it_is_said(void **state)
{
    (void)state;
    struct all all = read_text("JobID|Submit|ReqTRES\n1|2026-05-01T00:00:00|gres/shard=3,node=2\n");
    assert_int_equal(all.jobs[0].tasks, 2);
    assert_int_equal(all.jobs[0].request.gpus, 1);
    assert_int_equal(all.jobs[0].request.gpu_milli, 1000);
    assert_int_equal(wf_history_summary(all.history)->assumed, 1);
    complains(&all, "line 2: the job asks for shards");
    wf_history_close(all.history);
}

static void columns_come_in_any_order_case_and_with_any_separator(void **state)
{
    (void)state;
    const char *const texts[] = {
        "STATE|jobidraw|reqcpus|Submit|WorkDir\nCOMPLETED|7|3|1777593600|/home\n",
        "submit,state,JOBID,x,NCPUS,\n2026-05-01 00:00:00,CD,7,,3,\n",
        "AllocCPUS\tSubmit\tJobID\n3\t2026-05-01T02:00:00+02:00\t7\n",
        "JobID\x1f"
        "Submit\x1f"
        "NCPUS\x1fJobName\r\n7\x1f"
        "2026-05-01T00:00:00.000Z\x1f"
        "3\x1fx|y\r\n",
    };
    for (uint32_t i = 0; i < WF_COUNT_OF(texts); i++) {
        struct all all = read_text(texts[i]);
        assert_int_equal(all.count, 1);
        const struct wf_history_job *job = job_of(&all, "7");
        assert_int_equal(job->submit_ms, MAY_2026_MS);
        assert_int_equal(job->request.cpu_milli, 3000);
        wf_history_close(all.history);
    }
}

static void a_name_with_bars_is_whole_when_it_is_the_last_column(void **state)
{
    (void)state;
    struct all all = read_text("JobID|Submit|JobName\n1|1777593600|a|b|c\n");
    assert_string_equal(name_of(&all, all.jobs[0].name), "a|b|c");
    wf_history_close(all.history);
    all = read_text("JobID|JobName|Submit\n1|a|b|1777593600\n2|ab|1777593600\n");
    assert_int_equal(all.count, 1);
    complains(&all, "line 2: the line has 4 fields, the header has 3");
    wf_history_close(all.history);
}

static void states_tell_how_a_job_ended(void **state)
{
    (void)state;
    const struct {
        const char *state;
        enum wf_history_end end;
    } cases[] = {
        {"COMPLETED", WF_ENDED_WELL},
        {"FAILED", WF_ENDED_FAILED},
        {"CANCELLED by 1000", WF_ENDED_CANCELLED},
        {"CANCELLED+", WF_ENDED_CANCELLED},
        {"OUT_OF_ME+", WF_ENDED_OUT_OF_MEMORY},
        {"OUT_OF_MEMORY", WF_ENDED_OUT_OF_MEMORY},
        {"TIMEOUT", WF_ENDED_TIMEOUT},
        {"DEADLINE", WF_ENDED_TIMEOUT},
        {"NODE_FAIL", WF_ENDED_NODE_FAIL},
        {"PREEMPTED", WF_ENDED_PREEMPTED},
        {"REQUEUED", WF_ENDED_PREEMPTED},
        {"RUNNING", WF_ENDED_NOT_YET},
        {"SUSPENDED", WF_ENDED_NOT_YET},
        {"PENDING", WF_ENDED_NOT_YET},
        {"CA", WF_ENDED_CANCELLED},
        {"F", WF_ENDED_FAILED},
    };
    for (uint32_t i = 0; i < WF_COUNT_OF(cases); i++) {
        char text[200];
        snprintf(text, sizeof text,
                 "JobID|Submit|Start|ElapsedRaw|State\n1|1777593600|1777593601|5|%s\n",
                 cases[i].state);
        struct all all = read_text(text);
        assert_int_equal(all.count, 1);
        assert_int_equal(all.jobs[0].end, cases[i].end);
        assert_true(all.jobs[0].end_ms ==
                    (cases[i].end == WF_ENDED_NOT_YET ? WF_TIME_UNKNOWN : MAY_2026_MS + 6000));
        wf_history_close(all.history);
    }
    // Without a state the exit code tells, and without both the end.
    struct all all =
        read_text("JobID|Submit|Start|End|ExitCode\n1|1777593600|1777593601|Unknown|0:0"
                  "\n2|1777593600|1777593601|1777593602|0:0\n"
                  "3|1777593600|1777593601|1777593602|1:0\n");
    assert_int_equal(job_of(&all, "1")->end, WF_ENDED_NOT_YET);
    assert_int_equal(job_of(&all, "2")->end, WF_ENDED_WELL);
    assert_int_equal(job_of(&all, "3")->end, WF_ENDED_FAILED);
    wf_history_close(all.history);
}

static void spans_of_time_are_spelled_in_many_ways(void **state)
{
    (void)state;
    const struct {
        const char *text, *raw;
        int64_t seconds;
    } cases[] = {
        {"1-02:03:04", "", 93784},
        {"02:03:04", "", 7384},
        {"03:04", "", 184},
        {"5", "", 300},
        {"2-0", "", 172800},
        {"2-01:30", "", 178200},
        {"UNLIMITED", "", 0},
        {"Partition_Limit", "", 0},
        {"", "", 0},
        {"", "90", 5400},
        {"1-00:00:00", "90", 5400},
        {"", "UNLIMITED", 0},
        {"365-00:00:00", "", 31536000},
    };
    for (uint32_t i = 0; i < WF_COUNT_OF(cases); i++) {
        char text[200];
        snprintf(text, sizeof text, "JobID|Submit|Timelimit|TimelimitRaw\n1|1777593600|%s|%s\n",
                 cases[i].text, cases[i].raw);
        struct all all = read_text(text);
        assert_int_equal(all.count, 1);
        assert_int_equal(all.jobs[0].limit_ms, cases[i].seconds * 1000);
        wf_history_close(all.history);
    }
}

static void a_deadline_is_a_time_or_nothing(void **state)
{
    (void)state;
    struct all all = read_text("JobID|Submit|Deadline\n1|1777593600|2026-05-01T06:00:00\n"
                               "2|1777593600|Unknown\n3|1777593600|N/A\n4|1777593600|\n"
                               "5|1777593600|soon\n");
    assert_int_equal(all.count, 4);
    assert_int_equal(job_of(&all, "1")->deadline_ms, MAY_2026_MS + 6 * 3600000);
    assert_int_equal(job_of(&all, "2")->deadline_ms, 0);
    assert_int_equal(job_of(&all, "3")->deadline_ms, 0);
    assert_int_equal(job_of(&all, "4")->deadline_ms, 0);
    assert_int_equal(wf_history_summary(all.history)->damaged, 1);
    wf_history_close(all.history);
}

static void arrays_and_steps_are_told_by_the_number(void **state)
{
    (void)state;
    struct all all =
        read_text("JobID|Submit|State|NodeList|NCPUS|AllocTRES\n"
                  "5_7|1777593600|COMPLETED|a|4|\n"
                  "5_7.batch|1777593600|COMPLETED|a|4|\n"
                  "5_7.0|1777593600|COMPLETED|a|4|\n"
                  "5_[8-10,20-30:5%2]|1777593600|PENDING|None assigned|4|\n"
                  "6_[1,...|1777593600|PENDING|None assigned|4|\n"
                  "8||COMPLETED|a|0|\n"
                  "9|1777593600|COMPLETED|a|0|\n"
                  "9.batch|1777593600|COMPLETED|a|2|cpu=2,mem=1G,node=1\n"
                  "10|1777593600|COMPLETED|a|0|\n"
                  "10.extern|1777593600|COMPLETED|a|0|cpu=6,gres/gpu:a100=2,mem=4G,node=2\n"
                  "11.0|1777593600|COMPLETED|a|0|cpu=6,gres/gpu:a100=2,mem=4G,node=2\n");
    assert_int_equal(all.count, 10);
    const char *const ids[] = {"5_7", "5_8", "5_9", "5_10", "5_20", "5_25", "5_30"};
    for (uint32_t i = 0; i < WF_COUNT_OF(ids); i++) {
        const struct wf_history_job *job = job_of(&all, ids[i]);
        assert_string_equal(name_of(&all, job->array), "5");
        assert_true((job->end == WF_ENDED_NOT_YET) == (i > 0));
        assert_int_equal(job->request.cpu_milli, 4000);
    }
    assert_int_equal(job_of(&all, "6_1")->array, wf_names_find(wf_history_names(all.history), "6"));
    assert_int_equal(job_of(&all, "9")->request.cpu_milli, 2000);
    const struct wf_history_job *filled = job_of(&all, "10");
    assert_int_equal(filled->tasks, 2);
    assert_int_equal(filled->request.gpus, 1);
    assert_string_equal(name_of(&all, filled->models), "a100");
    const struct wf_history_summary *summary = wf_history_summary(all.history);
    assert_int_equal(summary->skipped, 5);
    assert_int_equal(summary->damaged, 1);        // "8" has no submission
    assert_int_equal(summary->assumed, 1);        // the list that was cut
    assert_int_equal(summary->never_started, 10); // there is no column Start
    assert_int_equal(summary->lines, 11);
    wf_history_close(all.history);
}

static void how_many_of_an_array_may_run_holds_for_all_of_it(void **state)
{
    (void)state;
    struct all all = read_text("JobID|Submit|Start|End|State\n"
                               "30_1|2026-05-01T00:00:00|2026-05-01T00:00:01|"
                               "2026-05-01T01:00:00|COMPLETED\n"
                               "30_[2-9%2]|2026-05-01T00:00:00|None|Unknown|PENDING\n"
                               "31_[1-2]|2026-05-01T00:00:00|None|Unknown|PENDING\n"
                               "32_[1-2%0]|2026-05-01T00:00:00|None|Unknown|PENDING\n"
                               "33|2026-05-01T00:00:00|None|Unknown|PENDING\n");
    assert_int_equal(job_of(&all, "30_1")->array_max, 2);
    assert_int_equal(job_of(&all, "30_9")->array_max, 2);
    assert_int_equal(job_of(&all, "31_2")->array_max, 0);
    assert_int_equal(job_of(&all, "32_1")->array_max, 0);
    assert_int_equal(job_of(&all, "33")->array_max, 0);
    wf_history_close(all.history);
}

static void what_a_job_waits_for_is_read_where_a_column_tells(void **state)
{
    (void)state;
    static const struct {
        const char *id, *dependency, *after;
        bool whole;
    } cases[] = {
        {"9", "", "", true},
        {"9", "(null)", "", true},
        {"9", "None", "", true},
        {"9", "afterok:5", "ok:5", true},
        {"9", "afterok:5:6,afterany:7_3(unfulfilled)", "ok:5 ok:6 end:7_3", true},
        {"9", "AfterNotOk:5_*(failed),after:6+30(unfulfilled)", "fail:5 start:6", true},
        {"9_4", "aftercorr:5", "ok:5_4", true},
        {"9_4", "afterok:5", "ok:5", true},
        {"9", "afterok:5?afterok:6", "", false},
        {"9", "singleton", "", false},
        {"9", "afterok:5,singleton", "ok:5", false},
        {"9", "afterok:,afterany:x", "", false},
        {"9", "afterok:5_x", "", false},
    };
    for (uint32_t i = 0; i < WF_COUNT_OF(cases); i++) {
        char text[256];
        snprintf(text, sizeof text,
                 "JobID|Submit|Start|End|State|Dependency\n%s|2026-05-01T00:00:00|"
                 "2026-05-01T00:00:01|2026-05-01T01:00:00|COMPLETED|%s\n",
                 cases[i].id, cases[i].dependency);
        struct all all = read_text(text);
        assert_int_equal(all.count, 1);
        assert_string_equal(name_of(&all, all.jobs[0].after), cases[i].after);
        assert_int_equal(wf_history_summary(all.history)->assumed, !cases[i].whole);
        wf_history_close(all.history);
    }
}

static void runs_of_a_requeued_job_are_one_job(void **state)
{
    (void)state;
    static const char *const lines[] = {
        "3|anna|1777593600|1777593610|1777593700|NODE_FAIL|a\n",
        "3|anna|1777593700|1777593800|1777593900|PREEMPTED|b\n",
        "3|anna|1777593900|1777594000|1777594100|COMPLETED|c\n",
    };
    static const uint8_t orders[][3] = {{0, 1, 2}, {2, 1, 0}, {1, 0, 2}, {1, 2, 0}};
    for (uint32_t i = 0; i < WF_COUNT_OF(orders); i++) {
        char text[400] = "JobID|User|Submit|Start|End|State|NodeList\n";
        for (uint32_t k = 0; k < 3; k++) {
            size_t length = strlen(text);
            snprintf(text + length, sizeof text - length, "%s", lines[orders[i][k]]);
        }
        struct all all = read_text(text);
        assert_int_equal(all.count, 1);
        const struct wf_history_job *job = job_of(&all, "3");
        assert_int_equal(job->submit_ms, MAY_2026_MS);
        assert_int_equal(job->eligible_ms, MAY_2026_MS);
        assert_int_equal(job->start_ms, MAY_2026_MS + 400000);
        assert_int_equal(job->end_ms, MAY_2026_MS + 500000);
        assert_int_equal(job->end, WF_ENDED_WELL);
        assert_int_equal(job->restarts, 2);
        assert_string_equal(name_of(&all, job->nodes), "c");
        assert_int_equal(wf_history_summary(all.history)->repeated, 0);
        assert_int_equal(wf_history_summary(all.history)->clock_jumps, 0);
        wf_history_close(all.history);
    }
}

static void repetitions_are_counted_and_the_later_word_counts(void **state)
{
    (void)state;
    // Two exports that overlap, and a number that came around again.
    struct all all = read_text("JobID|User|Submit|Start|End|State\n"
                               "1|anna|1777593600|1777593601|Unknown|RUNNING\n"
                               "2|anna|1777593600|1777593601|1777593602|COMPLETED\n"
                               "JobID|User|Submit|Start|End|State\n"
                               "1|anna|1777593600|1777593601|1777593609|COMPLETED\n"
                               "2|anna|1777593600|1777593601|Unknown|RUNNING\n"
                               "2|ben|1777600000|1777600001|1777600002|FAILED\n");
    assert_int_equal(all.count, 3);
    assert_int_equal(job_of(&all, "1")->end_ms, MAY_2026_MS + 9000);
    assert_int_equal(job_of(&all, "1")->restarts, 0);
    assert_int_equal(job_of(&all, "2")->end, WF_ENDED_WELL);
    assert_int_equal(all.jobs[2].end, WF_ENDED_FAILED);
    assert_int_equal(wf_history_summary(all.history)->repeated, 3);
    assert_int_equal(wf_history_summary(all.history)->lines, 5);
    complains(&all, "line 7: another user's job of the same number stands in line 3");
    wf_history_close(all.history);
}

static void heterogeneous_jobs_are_one_job_if_alike(void **state)
{
    (void)state;
    struct all all =
        read_text("JobID|Submit|Start|End|State|AllocTRES\n"
                  "1+0|1777593600|1777593601|1777593700|COMPLETED|cpu=4,gres/gpu=4,node=1\n"
                  "1+0.batch|1777593600|1777593601|1777593700|COMPLETED|cpu=4,node=1\n"
                  "1+1|1777593600|1777593601|1777593800|COMPLETED|cpu=4,gres/gpu=4,node=1\n"
                  "2+0|1777593600|1777593601|1777593700|COMPLETED|cpu=8,node=1\n"
                  "2+1|1777593600|1777593601|1777593700|COMPLETED|cpu=4,gres/gpu=4,node=1\n");
    assert_int_equal(all.count, 3);
    const struct wf_history_job *job = job_of(&all, "1");
    assert_int_equal(job->tasks, 2);
    assert_int_equal(job->request.gpus, 4);
    assert_int_equal(job->end_ms, MAY_2026_MS + 200000);
    assert_int_equal(job_of(&all, "2+0")->request.gpus, 0);
    assert_int_equal(job_of(&all, "2+1")->request.gpus, 4);
    assert_int_equal(wf_history_summary(all.history)->heterogeneous, 2);
    wf_history_close(all.history);
}

static void what_never_started_has_no_start(void **state)
{
    (void)state;
    struct all all = read_text("JobID|Submit|Start|End|State|AllocTRES|NodeList\n"
                               "1|1777593600|None|1777593700|CANCELLED by 5||None assigned\n"
                               "2|1777593600|1777593700|1777593700|CANCELLED by 5||None assigned\n"
                               "3|1777593600|1777593700|1777593700|CANCELLED by 5||\n"
                               "4|1777593600|1777593700|1777593700|CANCELLED by 5|cpu=1,node=1|a\n"
                               "5|1777593600|Unknown|Unknown|PENDING||None assigned\n");
    for (uint32_t i = 0; i < 5; i++) {
        assert_true((all.jobs[i].start_ms == WF_TIME_UNKNOWN) == (i != 3));
        assert_true(all.jobs[i].end_ms == (i == 4 ? WF_TIME_UNKNOWN : MAY_2026_MS + 100000));
    }
    assert_int_equal(wf_history_summary(all.history)->never_started, 4);
    wf_history_close(all.history);
}

static void clocks_that_jump_are_counted_and_put_right(void **state)
{
    (void)state;
    struct all all = read_text("JobID|Submit|Eligible|Start|End|State|AllocTRES\n"
                               "1|1777593700|Unknown|1777593600|1777593800|COMPLETED|cpu=1\n"
                               "2|1777593600|1777593500|1777593900|1777593800|COMPLETED|cpu=1\n"
                               "3|1777593600|1777593900|1777593800|Unknown|COMPLETED|cpu=1\n"
                               "4|1777593600|1777593600|None|1777593500|CANCELLED|cpu=1\n");
    const struct wf_history_job *early = job_of(&all, "1");
    assert_int_equal(early->submit_ms, MAY_2026_MS);
    assert_int_equal(early->eligible_ms, MAY_2026_MS);
    assert_int_equal(early->start_ms, MAY_2026_MS);
    assert_int_equal(early->end_ms, MAY_2026_MS + 200000);
    const struct wf_history_job *backwards = job_of(&all, "2");
    assert_int_equal(backwards->eligible_ms, MAY_2026_MS);
    assert_int_equal(backwards->start_ms, MAY_2026_MS + 300000);
    assert_int_equal(backwards->end_ms, MAY_2026_MS + 300000);
    assert_int_equal(job_of(&all, "3")->eligible_ms, MAY_2026_MS + 200000);
    assert_int_equal(job_of(&all, "4")->end_ms, MAY_2026_MS);
    const struct wf_history_summary *summary = wf_history_summary(all.history);
    assert_int_equal(summary->clock_jumps, 3);
    assert_int_equal(summary->never_ended, 1);
    assert_int_equal(summary->never_started, 1);
    complains(&all, "line 2: the job started 100 s before it was submitted");
    complains(&all, "line 3: the job ended 100 s before it started");
    wf_history_close(all.history);
}

static void jobs_come_by_submission_and_then_by_line(void **state)
{
    (void)state;
    struct all all =
        read_text("JobID|Submit\n3|1777593609\n9|1777593600\n1|1777593609\n2|1777593601\n");
    assert_int_equal(all.jobs[0].line, 3);
    assert_int_equal(all.jobs[1].line, 5);
    assert_int_equal(all.jobs[2].line, 2);
    assert_int_equal(all.jobs[3].line, 4);
    wf_history_close(all.history);
}

static void a_damaged_line_is_named_with_its_number_and_reason(void **state)
{
    (void)state;
    const struct {
        const char *line, *words;
    } cases[] = {
        {"x|1777593600|||||", "line 2: JobID 'x' is no job's number"},
        {"1_|1777593600|||||", "line 2: JobID '1_' is no job's number"},
        {"1x|1777593600|||||", "line 2: JobID '1x' is no job's number"},
        {"1_[2-1]|1777593600|||||", "line 2: the list of the array's elements cannot be read"},
        {"1_[0-999999999]|1777593600|||||", "line 2: the array has more than 100000 elements"},
        {"1|yesterday|||||", "line 2: Submit 'yesterday' is no time"},
        {"1|Unknown|||||", "line 2: Submit 'Unknown' is no time"},
        {"1|2026-02-29T00:00:00|||||", "line 2: Submit '2026-02-29T00:00:00' is no time"},
        {"1|2026-13-01T00:00:00|||||", "is no time"},
        {"1|2026-05-01T25:00:00|||||", "is no time"},
        {"1|2026-05-01|||||", "is no time"},
        {"1|99999999999999999999|||||", "is no time"},
        {"1|1777593600|DANCING||||", "line 2: State 'DANCING' is no state of a job"},
        {"1|1777593600||1:2:3:4|||", "line 2: Timelimit '1:2:3:4' is no span of time"},
        {"1|1777593600||99999999999-00:00:00|||", "is no span of time"},
        {"1|1777593600||9999999999:9999999999:9999999999|||", "is no span of time"},
        {"1|1777593600|||cpu|||", "has 8 fields, the header has 7"},
        {"1|1777593600|||cpu||", "line 2: AllocTRES 'cpu' is no list of TRES"},
        {"1|1777593600|||cpu=x||", "line 2: AllocTRES 'cpu=x' is no list of TRES"},
        {"1|1777593600|||cpu=99999999999999999999||", "is no list of TRES"},
        {"1|1777593600||||gpu:1,:2|", "line 2: ReqGRES 'gpu:1,:2' is no list of GRES"},
        {"1|1777593600|||||4Q", "line 2: ReqMem '4Q' is no amount of memory"},
        {"1|1777593600|||cpu=1,node=5000||", "1 CPUs and 0 MiB on 5000 nodes are past what"},
        {"1|1777593600|||gres/gpu=1000000000000,node=3||", "are past what a job can have"},
        {"1|1777593600|||gres/gpu=256,node=1||", "are past what a job can have"},
        {"1|1777593600|||cpu=100000,node=1||", "are past what a job can have"},
        {"1|1777593600|||mem=9E,node=1||", "are past what a job can have"},
        {"1|1777593600||||gpu:1000000000000|", "are past what a job can have"},
    };
    for (uint32_t i = 0; i < WF_COUNT_OF(cases); i++) {
        char text[300];
        snprintf(text, sizeof text,
                 "JobID|Submit|State|Timelimit|AllocTRES|ReqGRES|ReqMem\n%s\n"
                 "77|1777593600|||cpu=1||\n",
                 cases[i].line);
        struct all all = read_text(text);
        assert_int_equal(all.count, 1);
        job_of(&all, "77");
        complains(&all, cases[i].words);
        assert_int_equal(wf_history_summary(all.history)->damaged, 1);
        wf_history_close(all.history);
        refused((struct wf_history_config){.strict = true}, text, WF_INVALID, cases[i].words);
    }
}

static void what_is_no_history_is_refused(void **state)
{
    (void)state;
    refused(plain, "", WF_INVALID, "is empty");
    refused(plain, "hello\n", WF_INVALID, "its first line, 'hello', is neither");
    refused(plain, "JobID|State\n", WF_NOTFOUND, "line 1: the header lacks Submit");
    refused((struct wf_history_config){.format = WF_HISTORY_SACCT}, "Submit|State\n", WF_NOTFOUND,
            "the header lacks JobID");
    refused(plain, "JobID|Submit|submit\n", WF_NOTFOUND, "the header has Submit twice");
    refused((struct wf_history_config){.jobs_max = 2},
            "JobID|Submit\n1|1777593600\n2|1777593600\n3|1777593600\n", WF_LIMIT,
            "line 4: there are more jobs than can be kept, which is 2");
    struct wf_history *history;
    struct wf_error err = {0};
    struct wf_history_config missing = {.path = "/nonexistent/history"};
    assert_int_equal(wf_history_open(&missing, &history, &err), WF_IO);
    wf_history_close(NULL);
}

static void a_file_that_stops_early_or_has_an_endless_line_is_refused(void **state)
{
    (void)state;
    static char text[400000];
    size_t length = (size_t)snprintf(text, sizeof text, "JobID|Submit\n");
    for (unsigned i = 0; length < sizeof text - 64; i++) {
        length += (size_t)snprintf(text + length, sizeof text - length, "%u|%u\n", i,
                                   1777593600U + i * 2654435761U % 100000);
    }
    struct all all;
    struct wf_error err = {0};
    struct wf_history_config config = {.path = scratch_write_gzip("a.gz", text, 1.0)};
    assert_int_equal(read_path(&config, &all, &err), WF_OK);
    assert_true(all.count > 10000);
    wf_history_close(all.history);
    config.path = scratch_write_gzip("a.gz", text, 0.7);
    assert_int_equal(read_path(&config, &all, &err), WF_INVALID);
    assert_non_null(strstr(err.text, "the gzip data stops before its end"));
    wf_history_close(all.history);
    config.path = scratch_write_repeated("b", "JobID|Submit\n", "xxxxxxxxxxxxxxxx", 300000);
    assert_int_equal(read_path(&config, &all, &err), WF_LIMIT);
    assert_non_null(strstr(err.text, "line 2: the line is longer than 4194304 bytes"));
    wf_history_close(all.history);
    const char zero[] = "JobID|Submit\n1|17775\0003600\n2|1777593600\n";
    config.path = scratch_write("c", zero, sizeof zero - 1);
    assert_int_equal(read_path(&config, &all, &err), WF_OK);
    assert_int_equal(all.count, 1);
    complains(&all, "line 2: the line holds a zero byte");
    wf_history_close(all.history);
}

static void no_more_than_the_first_complaints_are_kept(void **state)
{
    (void)state;
    struct wf_history_config config = {
        .path = scratch_write_repeated("a", "JobID|Submit\n", "x|\n", 1000)};
    struct all all;
    assert_int_equal(read_path(&config, &all, NULL), WF_OK);
    const struct wf_history_summary *summary = wf_history_summary(all.history);
    assert_int_equal(summary->damaged, 1000);
    assert_int_equal(summary->complaint_count, WF_HISTORY_COMPLAINTS);
    assert_int_equal(summary->jobs, 0);
    assert_true(summary->first_ms == WF_TIME_UNKNOWN && summary->last_ms == WF_TIME_UNKNOWN);
    wf_history_close(all.history);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(a_line_becomes_a_job),
        cmocka_unit_test(what_jobs_ask_for_is_spelled_in_many_ways),
        cmocka_unit_test(shards_without_a_measure_are_whole_gpus_and_it_is_said),
        cmocka_unit_test(columns_come_in_any_order_case_and_with_any_separator),
        cmocka_unit_test(a_name_with_bars_is_whole_when_it_is_the_last_column),
        cmocka_unit_test(states_tell_how_a_job_ended),
        cmocka_unit_test(spans_of_time_are_spelled_in_many_ways),
        cmocka_unit_test(a_deadline_is_a_time_or_nothing),
        cmocka_unit_test(arrays_and_steps_are_told_by_the_number),
        cmocka_unit_test(how_many_of_an_array_may_run_holds_for_all_of_it),
        cmocka_unit_test(what_a_job_waits_for_is_read_where_a_column_tells),
        cmocka_unit_test(runs_of_a_requeued_job_are_one_job),
        cmocka_unit_test(repetitions_are_counted_and_the_later_word_counts),
        cmocka_unit_test(heterogeneous_jobs_are_one_job_if_alike),
        cmocka_unit_test(what_never_started_has_no_start),
        cmocka_unit_test(clocks_that_jump_are_counted_and_put_right),
        cmocka_unit_test(jobs_come_by_submission_and_then_by_line),
        cmocka_unit_test(a_damaged_line_is_named_with_its_number_and_reason),
        cmocka_unit_test(what_is_no_history_is_refused),
        cmocka_unit_test(a_file_that_stops_early_or_has_an_endless_line_is_refused),
        cmocka_unit_test(no_more_than_the_first_complaints_are_kept),
    };
    return cmocka_run_group_tests(tests, scratch_begin, scratch_end);
}
