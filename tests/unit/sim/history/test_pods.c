// SPDX-License-Identifier: Apache-2.0
#include "read_all.h"

// One pod of a text with ' for ", which C need not escape.
static const char *quoted(const char *text)
{
    static char copy[16384];
    snprintf(copy, sizeof copy, "%s", text);
    for (char *at = copy; *at; at++) {
        *at = *at == '\'' ? '"' : *at;
    }
    return copy;
}

static struct all read_pods(const char *text)
{
    return read_text(quoted(text));
}

#define POD(name, more_meta, spec, status)                                                         \
    "{'kind':'Pod','metadata':{'namespace':'ml','name':'" name "',"                                \
    "'creationTimestamp':'2026-05-01T00:00:00Z'" more_meta "},'spec':{" spec "},'status':{" status \
    "}}\n"

#define RAN                                                                                        \
    "'phase':'Succeeded','conditions':[{'type':'PodScheduled','status':'True',"                    \
    "'lastTransitionTime':'2026-05-01T00:01:00Z'}],'containerStatuses':[{'state':{'terminated':"   \
    "{'startedAt':'2026-05-01T00:02:00Z','finishedAt':'2026-05-01T01:00:00Z'}}}]"

#define GPUS(count) "'containers':[{'resources':{'limits':{'nvidia.com/gpu':'" count "'}}}]"

static void a_pod_becomes_a_job(void **state)
{
    (void)state;
    struct all all = read_pods(
        POD("train-29000001-x7k2p",
            ",'labels':{'kueue.x-k8s.io/queue-name':'research','user':'anna',"
            "'batch.kubernetes.io/job-name':'train-29000001'}",
            "'priority':100,'nodeName':'gpu-7','activeDeadlineSeconds':7200,'nodeSelector':"
            "{'nvidia.com/gpu.product':'NVIDIA-H100-80GB-HBM3','kubernetes.io/os':'linux',"
            "'pool':'a','rack':'7'},'containers':[{'resources':{'requests':{'cpu':'500m','memory':"
            "'1Gi'},'limits':{'cpu':'2','memory':'2Gi','nvidia.com/gpu':'4'}}},"
            "{'resources':{'requests':{'cpu':1.5,'memory':'512Mi'}}}]",
            RAN));
    assert_int_equal(all.count, 1);
    const struct wf_history_job *job = job_of(&all, "ml/train-29000001-x7k2p");
    assert_string_equal(name_of(&all, job->user), "anna");
    assert_string_equal(name_of(&all, job->name), "train");
    assert_string_equal(name_of(&all, job->queue), "research");
    assert_string_equal(name_of(&all, job->models), "NVIDIA-H100-80GB-HBM3");
    assert_string_equal(name_of(&all, job->labels), "pool=a&rack=7");
    assert_string_equal(name_of(&all, job->nodes), "gpu-7");
    assert_int_equal(job->vendors, 1U << WF_VENDOR_NVIDIA);
    assert_int_equal(job->submit_ms, MAY_2026_MS);
    assert_int_equal(job->eligible_ms, MAY_2026_MS);
    assert_int_equal(job->start_ms, MAY_2026_MS + 60000);
    assert_int_equal(job->end_ms, MAY_2026_MS + 3600000);
    assert_int_equal(job->limit_ms, 7200000);
    assert_int_equal(job->priority, 100);
    assert_int_equal(job->end, WF_ENDED_WELL);
    assert_int_equal(job->tasks, 1);
    assert_int_equal(job->request.cpu_milli, 2000);
    assert_int_equal(job->request.memory_mib, 1536);
    assert_int_equal(job->request.gpus, 4);
    assert_int_equal(job->request.gpu_milli, 1000);
    assert_string_equal(wf_history_summary(all.history)->format, "Kubernetes pods");
    wf_history_close(all.history);
}

static const struct {
    const char *meta, *spec;
    uint32_t cpu_milli, memory_mib, gpus, gpu_milli, vendors;
} requests[] = {
    {"", "'containers':[]", 0, 0, 0, 0, 0},
    {"", "'containers':[{'resources':{'limits':{'amd.com/gpu':2}}}]", 0, 0, 2, 1000, 2},
    {"", "'containers':[{'resources':{'limits':{'nvidia.com/mig-1g.10gb':'1'}}}]", 0, 0, 1, 143, 1},
    {"", "'containers':[{'resources':{'limits':{'nvidia.com/mig-1c.2g.20gb':'1'}}}]", 0, 0, 1, 286,
     1},
    {"", "'containers':[{'resources':{'limits':{'nvidia.com/mig-3g.40gb':'3'}}}]", 0, 0, 2, 1000,
     1},
    {",'annotations':{'gpu-fraction':'0.25'}", "'containers':[]", 0, 0, 1, 250, 0},
    {",'annotations':{'gpu-memory':'2000'}", "'containers':[]", 0, 0, 1, 1000, 0},
    // What runs before the containers counts where it is more; a sidecar adds up.
    {"",
     "'initContainers':[{'resources':{'requests':{'cpu':'4','memory':'1Gi'}}}],"
     "'containers':[{'resources':{'requests':{'cpu':'1','memory':'2Gi','nvidia.com/gpu':1}}}]",
     4000, 2048, 1, 1000, 1},
    {"",
     "'initContainers':[{'restartPolicy':'Always','resources':{'requests':{'cpu':'1'}}},"
     "{'resources':{'requests':{'cpu':'2'}}}],"
     "'containers':[{'resources':{'requests':{'cpu':'1'}}}]",
     3000, 0, 0, 0, 0},
    // The pod's own budget, and what its runtime takes.
    {"",
     "'resources':{'requests':{'cpu':'3'}},'overhead':{'cpu':'250m','memory':'120Mi'},"
     "'containers':[{'resources':{'requests':{'cpu':'1'}}}]",
     3250, 120, 0, 0, 0},
    {"", "'containers':[{'resources':{'requests':{'cpu':'100u','memory':'1'}}}]", 1, 1, 0, 0, 0},
    {"", "'containers':[{'resources':{'requests':{'cpu':'0.1','memory':'128974848'}}}]", 100, 123,
     0, 0, 0},
    {"", "'containers':[{'resources':{'requests':{'cpu':'1e1','memory':'129e6'}}}]", 10000, 124, 0,
     0, 0},
    {"", "'containers':[{'resources':{'requests':{'cpu':'1k','memory':'1.5Gi'}}}]", 1000000, 1536,
     0, 0, 0},
    {"", "'containers':[{'resources':{'requests':{'memory':'1G'}}}]", 0, 954, 0, 0, 0},
};

static void what_pods_ask_for_is_spelled_in_many_ways(void **state)
{
    (void)state;
    for (uint32_t i = 0; i < WF_COUNT_OF(requests); i++) {
        char text[2000];
        snprintf(text, sizeof text, POD("a", "%s", "%s", RAN), requests[i].meta, requests[i].spec);
        struct all all = read_pods(text);
        if (all.count != 1) {
            fail_msg("case %u: %s", i, wf_history_summary(all.history)->complaints[0]);
        }
        const struct wf_request *request = &all.jobs[0].request;
        if (request->cpu_milli != requests[i].cpu_milli ||
            request->memory_mib != requests[i].memory_mib || request->gpus != requests[i].gpus ||
            request->gpu_milli != requests[i].gpu_milli ||
            all.jobs[0].vendors != requests[i].vendors) {
            fail_msg("case %u: %u milli-CPU, %u MiB, %u GPUs, %u milli-GPU, makers %u", i,
                     request->cpu_milli, request->memory_mib, request->gpus, request->gpu_milli,
                     all.jobs[0].vendors);
        }
        wf_history_close(all.history);
    }
}

static const struct {
    const char *meta, *status;
    int64_t start_s, end_s; // -1: unknown
    enum wf_history_end end;
} ends[] = {
    {"", RAN, 60, 3600, WF_ENDED_WELL},
    {"", "'phase':'Pending'", -1, -1, WF_ENDED_NOT_YET},
    {",'deletionTimestamp':'2026-05-01T00:00:30Z'", "'phase':'Pending'", -1, 30,
     WF_ENDED_CANCELLED},
    {"", "'phase':'Running','startTime':'2026-05-01T00:00:05Z'", 5, -1, WF_ENDED_NOT_YET},
    {"",
     "'phase':'Running','containerStatuses':[{'state':{'running':{'startedAt':"
     "'2026-05-01T00:00:09Z'}}},{'state':{'running':{'startedAt':'2026-05-01T00:00:07Z'}}}]",
     7, -1, WF_ENDED_NOT_YET},
    {",'deletionTimestamp':'2026-05-01T00:01:00Z'",
     "'phase':'Running','startTime':'2026-05-01T00:00:05Z'", 5, 60, WF_ENDED_CANCELLED},
    {"",
     "'phase':'Failed','startTime':'2026-05-01T00:00:05Z','containerStatuses':[{'state':"
     "{'terminated':{'reason':'OOMKilled','finishedAt':'2026-05-01T00:00:20Z'}}}]",
     5, 20, WF_ENDED_OUT_OF_MEMORY},
    {"", "'phase':'Failed','reason':'DeadlineExceeded'", -1, -1, WF_ENDED_TIMEOUT},
    {"", "'phase':'Failed','reason':'Evicted'", -1, -1, WF_ENDED_PREEMPTED},
    {"",
     "'phase':'Failed','conditions':[{'type':'DisruptionTarget','status':'True','reason':"
     "'PreemptionByScheduler'}]",
     -1, -1, WF_ENDED_PREEMPTED},
    {"", "'phase':'Failed','reason':'NodeLost'", -1, -1, WF_ENDED_NODE_FAIL},
    {"", "'phase':'Failed'", -1, -1, WF_ENDED_FAILED},
};

static void a_pods_status_tells_how_and_when_it_ended(void **state)
{
    (void)state;
    for (uint32_t i = 0; i < WF_COUNT_OF(ends); i++) {
        char text[2000];
        snprintf(text, sizeof text, POD("a", "%s", GPUS("1"), "%s"), ends[i].meta, ends[i].status);
        struct all all = read_pods(text);
        assert_int_equal(all.count, 1);
        const struct wf_history_job *job = &all.jobs[0];
        assert_int_equal(job->end, ends[i].end);
        assert_true(job->start_ms ==
                    (ends[i].start_s < 0 ? WF_TIME_UNKNOWN : MAY_2026_MS + ends[i].start_s * 1000));
        assert_true(job->end_ms ==
                    (ends[i].end_s < 0 ? WF_TIME_UNKNOWN : MAY_2026_MS + ends[i].end_s * 1000));
        wf_history_close(all.history);
    }
}

static void users_queues_and_names_are_found_where_people_put_them(void **state)
{
    (void)state;
    struct all all = read_pods(
        POD("a",
            ",'labels':{'kai.scheduler/queue':'q1'},'ownerReferences':[{'kind':'Job','name':"
            "'eval-7'}]",
            "'serviceAccountName':'bot'," GPUS("1"), RAN)
            POD("b", ",'annotations':{'volcano.sh/queue-name':'q2'},'generateName':'serve-'",
                "'serviceAccountName':'default'," GPUS("1"), RAN)
                POD("c", "",
                    GPUS("1") ",'affinity':{'nodeAffinity':{'requiredDuringSchedulingIgnored"
                              "DuringExecution':{'nodeSelectorTerms':[{'matchExpressions':[{'key':"
                              "'nvidia.com/gpu.product','operator':'In','values':['A','B']}]}]}}}",
                    RAN));
    const struct wf_history_job *job = job_of(&all, "ml/a");
    assert_string_equal(name_of(&all, job->queue), "q1");
    assert_string_equal(name_of(&all, job->user), "bot");
    assert_string_equal(name_of(&all, job->name), "eval");
    job = job_of(&all, "ml/b");
    assert_string_equal(name_of(&all, job->queue), "q2");
    assert_string_equal(name_of(&all, job->user), "ml");
    assert_string_equal(name_of(&all, job->name), "serve-");
    job = job_of(&all, "ml/c");
    assert_string_equal(name_of(&all, job->queue), "ml");
    assert_string_equal(name_of(&all, job->name), "c");
    assert_string_equal(name_of(&all, job->models), "A|B");
    wf_history_close(all.history);
}

#define GANG ",'annotations':{'scheduling.k8s.io/group-name':'g'}"

static void pods_of_a_gang_are_one_job(void **state)
{
    (void)state;
    struct all all = read_pods(
        POD("w-0", GANG, GPUS("8"), RAN) POD("other", "", GPUS("8"), RAN) POD(
            "w-1", GANG, GPUS("8"),
            "'phase':'Failed','startTime':'2026-05-01T00:05:00Z','containerStatuses':[{'state':"
            "{'terminated':{'finishedAt':'2026-05-01T02:00:00Z'}}}]")
            POD("launcher", GANG, "'containers':[{'resources':{'requests':{'cpu':'1'}}}]", RAN));
    assert_int_equal(all.count, 3);
    const struct wf_history_job *gang = job_of(&all, "ml/g");
    assert_int_equal(gang->tasks, 2);
    assert_int_equal(gang->request.gpus, 8);
    assert_int_equal(gang->start_ms, MAY_2026_MS + 300000); // when the last one started
    assert_int_equal(gang->end_ms, MAY_2026_MS + 7200000);
    assert_int_equal(gang->end, WF_ENDED_FAILED);
    assert_int_equal(job_of(&all, "ml/g+1")->request.gpus, 0);
    assert_int_equal(job_of(&all, "ml/other")->tasks, 1);
    assert_int_equal(wf_history_summary(all.history)->heterogeneous, 2);
    wf_history_close(all.history);
}

static void later_news_of_a_pod_replace_earlier(void **state)
{
    (void)state;
    // As a watch tells them, in a gang and alone.
    struct all all = read_pods(
        POD("a", "", GPUS("1"), "'phase':'Pending'") POD("w", GANG, GPUS("1"), "'phase':'Pending'")
            POD("v", GANG, GPUS("1"),
                RAN) "{'type':'MODIFIED','object':"
                     "{'metadata':{'namespace':'ml','name':'w','creationTimestamp':'2026-05-01T00:00:00Z',"
                     "'labels':{'scheduling.x-k8s.io/pod-group':'g'}},'spec':{" GPUS(
                         "1") "},'status':{" RAN "}}}\n" POD("a", "", GPUS("1"), RAN)
                         POD("a", "", GPUS("1"), "'phase':'Pending'"));
    assert_int_equal(all.count, 2);
    assert_int_equal(job_of(&all, "ml/a")->end, WF_ENDED_WELL);
    assert_int_equal(job_of(&all, "ml/g")->tasks, 2);
    assert_int_equal(job_of(&all, "ml/g")->end, WF_ENDED_WELL);
    assert_int_equal(wf_history_summary(all.history)->skipped, 3);
    assert_int_equal(wf_history_summary(all.history)->repeated, 0);
    wf_history_close(all.history);
}

#define LATER(name, meta)                                                                          \
    "{'metadata':{'namespace':'ml','name':'" name                                                  \
    "','creationTimestamp':'2026-05-01T00:30:00Z'" meta                                            \
    "},'spec':{" GPUS("1") "},'status':{'phase':'Running','startTime':"                            \
                           "'2026-05-01T00:31:00Z'}}\n"

static void a_name_that_comes_again_is_a_restart_in_a_gang_and_a_job_elsewhere(void **state)
{
    (void)state;
    struct all all = read_pods(LATER("w-0", GANG) POD("w-0", GANG, GPUS("1"), RAN) POD(
        "w-1", GANG, GPUS("1"), RAN) POD("a", "", GPUS("1"), RAN) LATER("a", ""));
    assert_int_equal(all.count, 3);
    const struct wf_history_job *gang = job_of(&all, "ml/g");
    assert_int_equal(gang->tasks, 2);
    assert_int_equal(gang->restarts, 1);
    assert_int_equal(gang->submit_ms, MAY_2026_MS);
    assert_int_equal(gang->start_ms, MAY_2026_MS + 31 * 60000);
    assert_int_equal(gang->end, WF_ENDED_NOT_YET);
    assert_int_equal(wf_history_summary(all.history)->repeated, 1);
    wf_history_close(all.history);
}

static void pods_that_nobody_schedules_are_skipped(void **state)
{
    (void)state;
    struct all all = read_pods(
        POD("exporter", ",'ownerReferences':[{'kind':'DaemonSet','name':'e'}]", "", RAN) POD(
            "etcd", ",'ownerReferences':[{'kind':'Node','name':'n'}]", "",
            RAN) "{'metadata':{'namespace':'kai-resource-reservation','name':'r'}}\n" POD("a", "",
                                                                                          GPUS("1"),
                                                                                          RAN));
    assert_int_equal(all.count, 1);
    assert_int_equal(wf_history_summary(all.history)->skipped, 3);
    wf_history_close(all.history);
}

static void whole_lists_are_read_too(void **state)
{
    (void)state;
    static const char *const frames[][2] = {
        {"{'kind':'List','items':[", "]}\n"},
        {"{\n 'kind': 'List',\n 'items': [\n", "\n]\n}\n"},
        {"{\n'kind':'List','items':[]}\n{'kind':'List','items':[", "]}\n"},
    };
    for (uint32_t i = 0; i < WF_COUNT_OF(frames); i++) {
        char text[4000];
        snprintf(text, sizeof text,
                 "%s{'kind':'Node','metadata':{'name':'n'}},"
                 "{'metadata':{'name':'a','creationTimestamp':'2026-05-01T00:00:00Z'}}%s",
                 frames[i][0], frames[i][1]);
        struct all all = read_pods(text);
        assert_int_equal(all.count, 1);
        job_of(&all, "default/a");
        complains(&all, "line 1: item 0: the object is a Node, not a Pod");
        wf_history_close(all.history);
        refused((struct wf_history_config){.strict = true}, quoted(text), WF_INVALID,
                "line 1: item 0: the object is a Node");
    }
}

static void a_damaged_line_is_named_with_its_number_and_reason(void **state)
{
    (void)state;
    const struct {
        const char *line, *words;
    } cases[] = {
        {"{'metadata'", "line 2: this is not JSON: "},
        {"5", "line 2: this is not JSON: "},
        {"{} {}", "line 2: this is not JSON: "},
        {"[]", "line 2: the object has no metadata.name"},
        {"{'metadata':5}", "line 2: the object has no metadata.name"},
        {"{'metadata':{'name':'x'}}", "line 2: the pod has no creationTimestamp"},
        {"{'metadata':{'name':'x','creationTimestamp':'soon'}}", "has no creationTimestamp"},
        {"{'metadata':{'name':'x','creationTimestamp':'2026-05-01T00:00:00Z'},'status':{"
         "'startTime':'soon'}}",
         "line 2: a time of the pod is none"},
        {POD("x", "", "'containers':[{'resources':{'requests':{'cpu':'-1'}}}]", RAN),
         "line 2: the quantity of cpu is none"},
        {POD("x", "", "'containers':[{'resources':{'requests':{'cpu':[]}}}]", RAN),
         "the quantity of cpu is none"},
        {POD("x", "", "'containers':[{'resources':{'requests':{'memory':'1Zi'}}}]", RAN),
         "the quantity of memory is none"},
        {POD("x", "", "'containers':[{'resources':{'requests':{'memory':'999999999Ei'}}}]", RAN),
         "the quantity of memory is none"},
        {POD("x", "", "'containers':[{'resources':{'requests':{'cpu':'1e18'}}}]", RAN),
         "the quantity of cpu is none"},
        {POD("x", "", GPUS("256"), RAN), "and 256 GPUs are past what a task can have"},
        {POD("x", "", GPUS("1000000000000000"), RAN), "are past what a task can have"},
    };
    for (uint32_t i = 0; i < WF_COUNT_OF(cases); i++) {
        char text[3000];
        snprintf(text, sizeof text, POD("a", "", GPUS("1"), RAN) "%s\n", cases[i].line);
        struct all all = read_pods(text);
        assert_int_equal(all.count, 1);
        complains(&all, cases[i].words);
        assert_int_equal(wf_history_summary(all.history)->damaged, 1);
        wf_history_close(all.history);
        refused((struct wf_history_config){.strict = true}, quoted(text), WF_INVALID,
                cases[i].words);
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(a_pod_becomes_a_job),
        cmocka_unit_test(what_pods_ask_for_is_spelled_in_many_ways),
        cmocka_unit_test(a_pods_status_tells_how_and_when_it_ended),
        cmocka_unit_test(users_queues_and_names_are_found_where_people_put_them),
        cmocka_unit_test(pods_of_a_gang_are_one_job),
        cmocka_unit_test(later_news_of_a_pod_replace_earlier),
        cmocka_unit_test(a_name_that_comes_again_is_a_restart_in_a_gang_and_a_job_elsewhere),
        cmocka_unit_test(pods_that_nobody_schedules_are_skipped),
        cmocka_unit_test(whole_lists_are_read_too),
        cmocka_unit_test(a_damaged_line_is_named_with_its_number_and_reason),
    };
    return cmocka_run_group_tests(tests, scratch_begin, scratch_end);
}
