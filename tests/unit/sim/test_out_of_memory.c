// SPDX-License-Identifier: Apache-2.0
// Memory runs out at the first allocation, at the second, and so on until all succeed: each time
// there is a status and a sentence, nothing crashes and nothing stays behind. The linker sends
// every allocation of the project through the functions below (--wrap in tests/meson.build).
#include "core/queue/queues.h"
#include "sim/history/history.h"
#include "site/site.h"
#include "trace/trace_file.h"
#include "unit/core/small_cluster.h"
#include "unit/scratch.h"

void *__real_malloc(size_t size);
void *__real_calloc(size_t count, size_t size);
void *__real_realloc(void *memory, size_t size);
void __real_free(void *memory);
void *__wrap_malloc(size_t size);
void *__wrap_calloc(size_t count, size_t size);
void *__wrap_realloc(void *memory, size_t size);
void __wrap_free(void *memory);

enum wf_status __real_wf_region_create(struct wf_region **region_out, struct wf_error *err);
void __real_wf_region_destroy(struct wf_region *region);
void *__real_wf_region_take(struct wf_region *region, size_t count, size_t size);
enum wf_status __wrap_wf_region_create(struct wf_region **region_out, struct wf_error *err);
void __wrap_wf_region_destroy(struct wf_region *region);
void *__wrap_wf_region_take(struct wf_region *region, size_t count, size_t size);

static uint32_t fail_at; // 0: never
static uint32_t asked;
static int64_t alive;

static bool fails(void)
{
    return ++asked == fail_at;
}

void *__wrap_malloc(size_t size)
{
    void *memory = fails() ? NULL : __real_malloc(size);
    alive += memory != NULL;
    return memory;
}

void *__wrap_calloc(size_t count, size_t size)
{
    void *memory = fails() ? NULL : __real_calloc(count, size);
    alive += memory != NULL;
    return memory;
}

void *__wrap_realloc(void *memory, size_t size)
{
    void *grown = fails() ? NULL : __real_realloc(memory, size);
    alive += grown != NULL && memory == NULL;
    return grown;
}

void __wrap_free(void *memory)
{
    alive -= memory != NULL;
    __real_free(memory);
}

enum wf_status __wrap_wf_region_create(struct wf_region **region_out, struct wf_error *err)
{
    if (fails()) {
        return wf_fail(err, WF_NOMEM, "no memory: the test has it so");
    }
    enum wf_status status = __real_wf_region_create(region_out, err);
    alive += status == WF_OK;
    return status;
}

void __wrap_wf_region_destroy(struct wf_region *region)
{
    alive -= region != NULL;
    __real_wf_region_destroy(region);
}

void *__wrap_wf_region_take(struct wf_region *region, size_t count, size_t size)
{
    return __real_wf_region_take(region, fails() ? SIZE_MAX : count, size);
}

typedef enum wf_status attempt(struct wf_error *err);

// Lets allocation 1, 2, ... of the attempt fail. Returns how many there are.
static uint32_t torture(attempt *once)
{
    for (fail_at = 1;; fail_at++) {
        struct wf_error err = {.text = ""};
        int64_t alive_before = alive;
        asked = 0;
        enum wf_status status = once(&err);
        if (asked < fail_at) {
            fail_at = 0;
            assert_int_equal(status, WF_OK);
            assert_int_equal(alive, alive_before);
            return asked;
        }
        uint32_t failed = fail_at;
        fail_at = 0;
        if (status != WF_NOMEM || strstr(err.text, "no memory") == NULL) {
            fail_msg("allocation %u failed: status %d, '%s'", failed, (int)status, err.text);
        }
        if (alive != alive_before) {
            fail_msg("allocation %u failed: %lld pieces stayed behind", failed,
                     (long long)(alive - alive_before));
        }
        fail_at = failed;
    }
}

static enum wf_status make_core(struct wf_error *err)
{
    struct wf_core_config config = {
        .limits = {.models = 2, .pools = 2, .nodes = 4, .jobs = 4, .placements = 4, .classes = 2},
        .policy = &wf_policy_cost_first,
    };
    struct wf_core *core = NULL;
    enum wf_status status = wf_core_create(&config, &core, err);
    assert_int_equal(status == WF_OK, core != NULL);
    if (core) {
        // What runs takes no memory.
        uint32_t asked_before = asked;
        small_step(core, &(struct wf_event){.kind = WF_EVENT_POOL, .pool = {{0}, {.model = 0}}});
        small_node(core, 0, 0, 8000, 4, 0);
        struct wf_job_spec job = small_job(3, 1000, 1, 500);
        assert_int_equal(small_submit(core, &job), 3);
        assert_int_equal(asked, asked_before);
    }
    wf_core_destroy(core);
    return status;
}

static void a_core_comes_whole_or_not_at_all(void **state)
{
    (void)state;
    uint32_t count = torture(make_core);
    print_message("# a core takes %u pieces of memory\n", count);
    assert_true(count > 20);
}

static enum wf_status make_queues(struct wf_error *err)
{
    struct wf_limits limits = {.queues = 2, .jobs = 2, .placements = 2};
    struct wf_queues *queues = NULL;
    struct wf_region *region = NULL;
    enum wf_status status = wf_region_create(&region, err);
    if (status == WF_OK) {
        status = wf_queues_create(region, &limits, WF_HALF_LIFE_MS_MIN, &queues, err);
    }
    assert_int_equal(status == WF_OK, queues != NULL);
    wf_region_destroy(region);
    return status;
}

static void queues_come_whole_or_not_at_all(void **state)
{
    (void)state;
    assert_true(torture(make_queues) >= 4);
}

static char nodes_path[256];
static char pods_path[256];

static enum wf_status read_trace(struct wf_error *err)
{
    struct wf_trace trace;
    enum wf_status status = wf_trace_read(nodes_path, pods_path, &trace, err);
    assert_int_equal(trace.node_count, status == WF_OK ? 3 : 0);
    wf_trace_finish(&trace);
    return status;
}

static void a_trace_is_read_whole_or_not_at_all(void **state)
{
    (void)state;
    scratch_init();
    snprintf(nodes_path, sizeof nodes_path, "%s",
             scratch_write_text("nodes.csv", "sn,cpu_milli,memory_mib,gpu,model\n"
                                             "n0,64000,262144,2,T4\n"
                                             "n1,8000,32768,0,\n"
                                             "n2,96000,393216,8,A10\n"));
    snprintf(pods_path, sizeof pods_path, "%s",
             scratch_write_gzip("pods.csv.gz",
                                "name,cpu_milli,memory_mib,num_gpu,gpu_milli,gpu_spec\n"
                                "p0,1000,1024,1,500,T4|A10|T4\n"
                                "\"p\"\"1\",2000,2048,0,0,\n"
                                "p2,4000,4096,8,1000,A10\n",
                                1.0));
    uint32_t count = torture(read_trace);
    print_message("# a trace takes %u pieces of memory\n", count);
    assert_true(count > 10);
    scratch_finish();
}

static const char *const site_texts[] = {
    "pools:\n- {gpu: H100, gpus_per_node: 8, nodes: 'a[1-70]', labels: [x, y], group: g}\n"
    "- {gpu: T4, gpus_per_node: 1, nodes: [b], usd_per_gpu_hour: 1, groups: {r: b}}\n"
    "- {gpu: T4, gpus_per_node: 1, nodes: 1, owned: {usd_per_node: 1, years: 1}}\n"
    "queues:\n- name: q\n- name: q/r\nprices:\n- {gpu: H100, usd_per_gpu_hour: 1}\n",
    "NodeName=n CPUTot=4 RealMemory=9 Gres=gpu:a100:1,gpu:t4:1 Partitions=p\n",
    "NodeName=n[1-2] CPUs=4 Gres=gpu:2 Feature=h100\nPartitionName=p Nodes=n1\n",
    "{\"kind\": \"Node\", \"metadata\": {\"name\": \"n\", \"labels\": {\"a\": \"b\"}}}",
    "sn,cpu_milli,memory_mib,gpu,model\nn0,64000,262144,2,T4\n",
};

static char prices_path[256];

static enum wf_status read_site(struct wf_error *err)
{
    struct wf_site site;
    struct wf_site_config config = {nodes_path, prices_path};
    enum wf_status status = wf_site_read(&config, &site, err);
    assert_int_equal(site.node_count > 0, status == WF_OK);
    wf_site_finish(&site);
    return status;
}

static void a_site_is_read_whole_or_not_at_all(void **state)
{
    (void)state;
    scratch_init();
    for (size_t i = 0; i < WF_COUNT_OF(site_texts); i++) {
        snprintf(nodes_path, sizeof nodes_path, "%s",
                 scratch_write_text("cluster.txt", site_texts[i]));
        snprintf(prices_path, sizeof prices_path, "%s",
                 scratch_write_text("prices.csv", "cloud,gpu_model,gpu_count,ondemand_usd_h\n"
                                                  "a,T4,1,1\n"));
        uint32_t count = torture(read_site);
        print_message("# a site takes %u pieces of memory\n", count);
        assert_true(count > 30);
    }
    scratch_finish();
}

static char history_path[256];
static uint32_t history_jobs;

static enum wf_status read_history(struct wf_error *err)
{
    struct wf_history_config config = {.path = history_path, .processors_are_gpus = true};
    struct wf_history *history = NULL;
    struct wf_history_job job;
    enum wf_status status = wf_history_open(&config, &history, err);
    uint32_t count = 0;
    for (bool more = true; status == WF_OK && more; count += more) {
        status = wf_history_next(history, &job, &more, err);
    }
    assert_true(status != WF_OK || count == history_jobs);
    wf_history_close(history);
    return status;
}

static void a_history_is_read_whole_or_not_at_all(void **state)
{
    (void)state;
    static const struct {
        const char *text;
        uint32_t jobs;
    } histories[] = {
        {"JobID|User|Submit|AllocTRES\n"
         "1_[1-300]|anna|1777593600|cpu=4,gres/gpu:h100=4,node=1\n"
         "2+0|ben|1777593600|cpu=4,node=1\n2+1|ben|1777593600|cpu=4,node=1\n",
         301},
        {"7 100 20 3600 4 0.5 2048 8 7200 -1 1 12 3 45 2 1 -1 -1\n"
         "90000 100 20 3600 4 0.5 2048 8 7200 -1 1 12 3 45 2 1 -1 -1\n",
         2},
        {"{\"metadata\":{\"name\":\"a\",\"creationTimestamp\":\"2026-05-01T00:00:00Z\","
         "\"labels\":{\"scheduling.x-k8s.io/pod-group\":\"g\"}}}\n",
         1},
        {"{\n\"metadata\":{\"name\":\"a\",\"creationTimestamp\":\"2026-05-01T00:00:00Z\"}}\n", 1},
        {"submit_s,job,run_s,cpu_milli,memory_mib,num_gpu,gpu_milli\n1,a,1,1,1,1,1000\n", 1},
    };
    scratch_init();
    for (uint32_t i = 0; i < WF_COUNT_OF(histories); i++) {
        snprintf(history_path, sizeof history_path, "%s",
                 scratch_write_text("history", histories[i].text));
        history_jobs = histories[i].jobs;
        uint32_t count = torture(read_history);
        print_message("# a history takes %u pieces of memory\n", count);
        assert_true(count > 8);
    }
    scratch_finish();
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(a_core_comes_whole_or_not_at_all),
        cmocka_unit_test(queues_come_whole_or_not_at_all),
        cmocka_unit_test(a_trace_is_read_whole_or_not_at_all),
        cmocka_unit_test(a_history_is_read_whole_or_not_at_all),
        cmocka_unit_test(a_site_is_read_whole_or_not_at_all),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
