// SPDX-License-Identifier: Apache-2.0
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>
#include <unistd.h>

#include <cmocka.h>

#include "core/discipline/discipline.h"
#include "core/policy/policy.h"
#include "sim/rerun/journal_check.h"
#include "sim/rerun/rerun_journal.h"
#include "store/store.h"
#include "unit/scratch.h"

enum { JOBS = 700, BYTES_MAX = 1 << 20 }; // two events each: more than one hash

static char path[512];

static struct wf_site_pool pools[] = {{.name = (char *)"hall", .price_source = (char *)"us"}};
static struct wf_site_node nodes[] = {{.name = (char *)"a", .spec = {.gpus = 8}},
                                      {.name = (char *)"b", .spec = {.gpus = 8}}};
static const struct wf_site site = {.pools = pools,
                                    .nodes = nodes,
                                    .pool_count = 1,
                                    .node_count = 2,
                                    .models = {(char *)"H100"},
                                    .model_count = 1};

struct run {
    struct wf_core *core;
    struct wf_rerun_journal *journal;
    uint64_t hash;
    enum wf_status status;
    struct wf_error err;
};

static void tell(struct run *run, struct wf_event event)
{
    struct wf_decisions decisions;
    if (run->status == WF_OK) {
        assert_int_equal(wf_core_step(run->core, &event, &decisions, &run->err), WF_OK);
        run->hash = decisions.hash;
        run->status = wf_rerun_journal_take(run->journal, &event, decisions.hash, &run->err);
    }
}

static struct run begin(const char *driver, const char *discipline)
{
    const struct wf_rerun_journal_config config = {path, "0.1.0", driver};
    const struct wf_core_config core = {
        .limits = {1, 1, 2, JOBS, JOBS, 32, false, 1, JOBS, 4},
        .policy = wf_policy_find("best-fit"),
        .discipline = wf_discipline_find(discipline),
    };
    struct run run = {.status = WF_OK};
    assert_int_equal(wf_core_create(&core, &run.core, &run.err), WF_OK);
    run.status = wf_rerun_journal_open(&config, &run.journal, &run.err);
    if (run.status == WF_OK) {
        run.status = wf_rerun_journal_begin(run.journal, &core, &site, &run.err);
    }
    tell(&run, (struct wf_event){.kind = WF_EVENT_POOL});
    for (uint32_t i = 0; i < 2; i++) {
        tell(&run, (struct wf_event){.kind = WF_EVENT_NODE_UP,
                                     .node_up = {.id = {i}, .spec = nodes[i].spec}});
    }
    tell(&run, (struct wf_event){.kind = WF_EVENT_QUEUE, .queue = {.spec = {.parent = {WF_NONE}}}});
    return run;
}

// Jobs come and go; each is submitted before the one before it ends.
static void tell_jobs(struct run *run, uint32_t jobs)
{
    for (uint32_t i = 0; i < jobs; i++) {
        struct wf_event event = {.time_ms = i, .kind = WF_EVENT_JOB_SUBMIT};
        event.job_submit = (struct wf_job_spec){
            .id = {i + 1}, .tasks = 1, .gang = true, .request = {.gpus = 4, .gpu_milli = 1000}};
        event.job_submit.request.models = WF_ANY_MODEL;
        event.job_submit.request.place = (struct wf_place){WF_ANYWHERE, WF_ANYWHERE, WF_ANYWHERE};
        tell(run, event);
        if (i > 0) {
            tell(run,
                 (struct wf_event){.time_ms = i, .kind = WF_EVENT_JOB_END, .job_end = {.id = {i}}});
        }
    }
}

static struct wf_rerun_journal_told end(struct run *run, bool whole)
{
    struct wf_rerun_journal_told told = {0};
    if (run->status == WF_OK && whole) {
        run->status = wf_rerun_journal_end(run->journal, run->hash, &run->err);
    }
    if (run->status == WF_OK) {
        told = wf_rerun_journal_told(run->journal);
    }
    wf_rerun_journal_close(run->journal);
    wf_core_destroy(run->core);
    return told;
}

static struct wf_rerun_journal_told run_all(const char *driver, const char *discipline,
                                            uint32_t jobs, const char *sentence)
{
    struct run run = begin(driver, discipline);
    tell_jobs(&run, jobs);
    struct wf_rerun_journal_told told = end(&run, true);
    if (sentence) {
        assert_int_equal(run.status, WF_INVALID);
        if (!strstr(run.err.text, sentence)) {
            fail_msg("'%s' does not say '%s'", run.err.text, sentence);
        }
    } else if (run.status != WF_OK) {
        fail_msg("%s", run.err.text);
    }
    return told;
}

static size_t slurp(char content[BYTES_MAX])
{
    FILE *file = fopen(path, "rb");
    if (!file) {
        fail_msg("%s cannot be opened", path);
        return 0;
    }
    size_t length = fread(content, 1, BYTES_MAX - 1, file);
    fclose(file);
    return length;
}

static int set_up(void **state)
{
    (void)state;
    snprintf(path, sizeof path, "%s", scratch_write_text("kept", ""));
    return unlink(path);
}

static void a_run_is_kept_and_can_be_checked(void **state)
{
    (void)state;
    struct wf_journal_check check;
    struct wf_error err = {.text = ""};
    struct wf_rerun_journal_told told = run_all("a run", "easy", JOBS, NULL);
    assert_int_equal(told.events, 4 + 2 * JOBS - 1);
    assert_int_equal(told.found, 0);
    if (wf_journal_check(path, &check, &err) != WF_OK) {
        fail_msg("%s", err.text);
    }
    assert_int_equal(check.events, told.events);
    assert_int_equal(check.hashes, 2);
    assert_int_equal(check.unhashed, 0);
    assert_int_equal(check.first_ms, 0);
    assert_int_equal(check.last_ms, JOBS - 1);
    assert_true(check.decisions >= UINT64_C(2) * JOBS);
    assert_string_equal(check.driver, "a run");
    assert_string_equal(check.discipline, "easy");
}

static void a_run_goes_on_where_its_journal_stops(void **state)
{
    (void)state;
    static char whole[BYTES_MAX], again[BYTES_MAX];
    run_all("a run", "easy", JOBS, NULL);
    size_t length = slurp(whole);
    for (size_t cut = 0; cut <= length; cut += cut < 700 ? 7 : 1013) {
        scratch_write("kept", whole, cut);
        struct wf_rerun_journal_told told = run_all("a run", "easy", JOBS, NULL);
        assert_true(told.found < told.events);
        assert_int_equal(slurp(again), length);
        assert_memory_equal(again, whole, length);
    }
    struct wf_rerun_journal_told told = run_all("a run", "easy", JOBS, NULL);
    assert_int_equal(told.found, told.events);
    assert_int_equal(slurp(again), length);
}

static void a_run_that_was_not_ended_goes_on(void **state)
{
    (void)state;
    static char whole[BYTES_MAX], again[BYTES_MAX];
    run_all("a run", "easy", JOBS, NULL);
    size_t length = slurp(whole);
    set_up(state);
    struct run run = begin("a run", "easy");
    tell_jobs(&run, 600);
    end(&run, false);
    assert_int_equal(run.status, WF_OK);
    struct wf_rerun_journal_told told = run_all("a run", "easy", JOBS, NULL);
    assert_int_equal(told.found, 4 + 2 * 600 - 1);
    assert_int_equal(slurp(again), length);
    assert_memory_equal(again, whole, length);
}

static void another_run_does_not_go_on_with_it(void **state)
{
    (void)state;
    run_all("a run", "easy", JOBS, NULL);
    run_all("a ruin", "easy", JOBS, "it has run where this one has ruin");
    run_all("a run", "fifo", JOBS, "it has discipline=easy where this one has discipline=fifo");
    nodes[1].name = (char *)"c";
    run_all("a run", "easy", JOBS,
            "the run now gives 'name node 1 c' where the journal has 'name "
            "node 1 b'");
    nodes[1].name = (char *)"b";
    nodes[1].spec.gpus = 7;
    run_all("a run", "easy", JOBS,
            "line 11: the run now gives 'node-up time=0 node=1 pool=0 gpus=7");
    nodes[1].spec.gpus = 8;
    run_all("a run", "easy", JOBS - 1, "where the journal has 'submit time=699 job=700 ");
}

static void a_hash_that_is_wrong_is_noticed(void **state)
{
    (void)state;
    static char whole[BYTES_MAX];
    struct wf_journal_check check;
    struct wf_error err;
    run_all("a run", "easy", JOBS, NULL);
    size_t length = slurp(whole);
    whole[length] = '\0';
    char *at = strstr(whole, "\nhash ") + 1, *stop = strstr(at, " #");
    uint64_t line = 1;
    for (const char *from = whole; from < at; from++) {
        line += *from == '\n';
    }
    at[5] = at[5] == '1' ? '2' : '1';
    char sealed[200];
    size_t text = (size_t)(stop - at);
    memcpy(sealed, at, text);
    // The seal is made anew, as someone would who writes another program.
    memcpy(at, sealed, wf_journal_seal(sealed, text, line));
    scratch_write("kept", whole, length);
    assert_int_equal(wf_journal_check(path, &check, &err), WF_INVALID);
    assert_non_null(strstr(err.text, ": this program decides otherwise than the one that made"));
    run_all("a run", "easy", JOBS, "the run now gives 'hash ");
}

#define TEST(name) cmocka_unit_test_setup(name, set_up)

int main(void)
{
    const struct CMUnitTest tests[] = {
        TEST(a_run_is_kept_and_can_be_checked), TEST(a_run_goes_on_where_its_journal_stops),
        TEST(a_run_that_was_not_ended_goes_on), TEST(another_run_does_not_go_on_with_it),
        TEST(a_hash_that_is_wrong_is_noticed),
    };
    scratch_init();
    int failed = cmocka_run_group_tests(tests, NULL, NULL);
    scratch_finish();
    return failed;
}
