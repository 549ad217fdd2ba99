// SPDX-License-Identifier: Apache-2.0
// Memory runs out at the first allocation, at the second, and so on until all succeed: each time
// there is a status and a sentence, nothing crashes and nothing stays behind. The linker sends
// every allocation of the project through the functions below (--wrap in tests/meson.build).
#include "scratch.h"
#include "sim/placement/trace_file.h"
#include "unit/core/small_cluster.h"

void *__real_malloc(size_t size);
void *__real_calloc(size_t count, size_t size);
void *__real_realloc(void *memory, size_t size);
void __real_free(void *memory);
void *__wrap_malloc(size_t size);
void *__wrap_calloc(size_t count, size_t size);
void *__wrap_realloc(void *memory, size_t size);
void __wrap_free(void *memory);

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

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(a_core_comes_whole_or_not_at_all),
        cmocka_unit_test(a_trace_is_read_whole_or_not_at_all),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
