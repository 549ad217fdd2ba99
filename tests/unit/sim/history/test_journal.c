// SPDX-License-Identifier: Apache-2.0
#include "read_all.h"

#include <unistd.h>

#include "core/discipline/discipline.h"
#include "core/policy/policy.h"
#include "site/site.h"
#include "store/store.h"

enum { BYTES_MAX = 65536 };

// One node of 8 GPUs, and what happens on it.
static struct wf_core *core;
static struct wf_journal *journal;
static uint64_t events, hash;
static char path[512];

static void begin(void)
{
    const struct wf_core_config config = {
        .limits = {2, 4, 4, 64, 256, 32, false, 3, 64, 4},
        .policy = wf_policy_find("best-fit"),
        .discipline = wf_discipline_find("easy"),
    };
    struct wf_journal_maker maker;
    struct wf_journal_reader *reader;
    events = 0;
    hash = 0;
    wf_journal_maker_init(&maker, &config, "0.1.0", "a test");
    snprintf(path, sizeof path, "%s", scratch_write_text("made", ""));
    assert_int_equal(wf_core_create(&config, &core, NULL), WF_OK);
    assert_int_equal(wf_journal_open(path, true, &reader, NULL), WF_OK);
    assert_int_equal(wf_journal_append(reader, &maker, &journal, NULL), WF_OK);
}

static void tell(const char *line)
{
    static struct wf_event_lists lists;
    struct wf_event event;
    struct wf_decisions decisions = {0};
    struct wf_error err = {.text = ""};
    if (wf_event_read(line, strlen(line), &lists, &event, &err) != WF_OK ||
        wf_core_step(core, &event, &decisions, &err) != WF_OK ||
        wf_journal_event(journal, &event, &err) != WF_OK) {
        fail_msg("%s: %s", line, err.text);
    }
    events++;
    hash = decisions.hash;
}

static void tell_site(void)
{
    assert_int_equal(wf_journal_name(journal, WF_JOURNAL_MODEL, 0, "H100", NULL), WF_OK);
    assert_int_equal(wf_journal_name(journal, WF_JOURNAL_LABEL, 1, "nvlink", NULL), WF_OK);
    assert_int_equal(wf_journal_name(journal, WF_JOURNAL_QUEUE, 1, "lab/vision", NULL), WF_OK);
    assert_int_equal(wf_journal_name(journal, WF_JOURNAL_USER, 5, "ann", NULL), WF_OK);
    tell("pool time=0 pool=0 model=0 price_nanousd_per_gpu_hour=2000000000");
    tell("pool time=0 pool=2 model=1 price_nanousd_per_gpu_hour=1000000000");
    tell("node-up time=0 node=1 pool=2 cpu_milli=64000 memory_mib=1024 gpus=8 labels=0+1 group=1");
    tell("queue time=0 queue=0");
    tell("queue time=0 queue=1 parent=0 weight=3 guarantee_gpu_milli=4000");
    tell("queue time=0 queue=2");
}

static void tell_jobs(void)
{
    tell(
        "submit time=1000 job=1 tasks=1 gang=yes gpus=4 gpu_milli=1000 queue=1 user=5 limit_ms=9000 "
        "deadline_ms=7500 priority=-3 models=0+1 labels=1");
    tell("submit time=1500 job=2 tasks=2 gang=yes gpus=4 gpu_milli=1000 queue=2 limit_ms=2000");
    tell("submit time=1500 job=3 tasks=1 gang=yes gpus=8 gpu_milli=1000 queue=2 limit_ms=2000");
    tell("end time=2000 job=3");
    tell("end time=5000 job=1");
    tell("wake time=7000");
    tell("submit time=7500 job=4 tasks=1 gang=yes gpus=1 gpu_milli=500 queue=2 held=yes");
    tell("hold time=7600 job=4 held=no");
    tell("node-down time=8000 node=1");
    tell("node-up time=9000 node=1 pool=2 cpu_milli=64000 memory_mib=1024 gpus=8 labels=0+1 "
         "group=1");
    tell("end time=9500 job=4 failed=yes");
    tell("submit time=9600 job=3000000000 tasks=1 gang=yes cpu_milli=1 queue=2 held=yes");
    tell(
        "change time=9600 job=3000000000 tasks=1 gang=yes cpu_milli=2 queue=2 held=yes limit_ms=100000");
    tell("hold time=9600 job=3000000000 held=no");
}

static void finish(void)
{
    assert_int_equal(wf_journal_hash(journal, hash, events, NULL), WF_OK);
    assert_int_equal(wf_journal_close(journal, NULL), WF_OK);
    wf_core_destroy(core);
}

static size_t slurp(char content[BYTES_MAX])
{
    FILE *file = fopen(path, "rb");
    if (!file) {
        fail_msg("%s cannot be opened", path);
        return 0;
    }
    size_t length = fread(content, 1, BYTES_MAX - 1, file);
    content[length] = '\0';
    fclose(file);
    return length;
}

static void make(void)
{
    begin();
    tell_site();
    tell_jobs();
    finish();
}

static void what_jobs_wait_for_and_how_close_they_run_is_kept(void **state)
{
    (void)state;
    begin();
    tell_site();
    tell("submit time=1000 job=1 tasks=1 gang=yes gpus=4 gpu_milli=1000 queue=2 array=7 "
         "array_max=3");
    tell("submit time=1100 job=2 tasks=2 gang=yes gpus=1 gpu_milli=1000 queue=2 within=group "
         "zone=0 deadline_ms=99000 after=1:success");
    tell("submit time=1200 job=3 tasks=1 gang=yes gpus=1 gpu_milli=1000 queue=2 held=yes");
    tell("change time=1300 job=2 tasks=2 gang=yes gpus=1 gpu_milli=1000 queue=2 within=group "
         "zone=0");
    tell("hold time=4000 job=3 held=no");
    tell("end time=5000 job=1");
    tell("end time=6000 job=2");
    tell("end time=6000 job=3");
    finish();
    struct all all;
    struct wf_error err = {.text = ""};
    struct wf_history_config config = {.path = path};
    if (read_path(&config, &all, &err) != WF_OK) {
        fail_msg("%s", err.text);
    }
    assert_int_equal(job_of(&all, "1")->array_max, 3);
    assert_string_equal(name_of(&all, job_of(&all, "1")->array), "7");
    const struct wf_history_job *job = job_of(&all, "2");
    assert_string_equal(name_of(&all, job->after), "ok:1");
    assert_int_equal(job->within, WF_WITHIN_GROUP);
    assert_int_equal(job->request.place.zone, 0);
    assert_int_equal(job->request.place.site, WF_ANYWHERE);
    assert_int_equal(job->submit_ms, 1100);
    assert_int_equal(job->eligible_ms, 5000); // that is when what it waited for came about
    assert_int_equal(job->start_ms, 5000);
    assert_int_equal(job_of(&all, "3")->eligible_ms, 4000); // and here it was released
    wf_history_close(all.history);
}

static void decisions_tell_when_jobs_started(void **state)
{
    (void)state;
    struct wf_error err = {.text = ""};
    struct all all;
    make();
    const struct wf_history_config config = {.path = path, .strict = true};
    if (read_path(&config, &all, &err) != WF_OK) {
        fail_msg("%s", err.text);
    }
    assert_int_equal(all.count, 5);
    const struct wf_history_job *job = job_of(&all, "1");
    assert_int_equal(job->submit_ms, 1000);
    assert_int_equal(job->start_ms, 1000);
    assert_int_equal(job->end_ms, 5000);
    assert_int_equal(job->end, WF_ENDED_WELL);
    assert_int_equal(job->limit_ms, 9000);
    assert_int_equal(job->deadline_ms, 7500);
    assert_int_equal(job->priority, -3);
    assert_int_equal(job->request.gpus, 4);
    assert_string_equal(name_of(&all, job->queue), "lab/vision");
    assert_string_equal(name_of(&all, job->user), "ann");
    assert_string_equal(name_of(&all, job->models), "H100|model-1");
    assert_string_equal(name_of(&all, job->labels), "nvlink");
    job = job_of(&all, "2"); // waits for the first, and is stopped at its limit
    assert_int_equal(job->start_ms, 5000);
    assert_int_equal(job->end_ms, 7000);
    assert_int_equal(job->end, WF_ENDED_TIMEOUT);
    assert_int_equal(job->tasks, 2);
    assert_int_equal(job->models + job->labels + job->user + job->queue, 0);
    job = job_of(&all, "3"); // cancelled
    assert_true(job->start_ms == WF_TIME_UNKNOWN);
    assert_int_equal(job->end_ms, 2000);
    assert_int_equal(job->end, WF_ENDED_CANCELLED);
    job = job_of(&all, "4"); // held, then lost with its node and started again
    assert_int_equal(job->submit_ms, 7500);
    assert_int_equal(job->eligible_ms, 7600);
    assert_int_equal(job->start_ms, 9000);
    assert_int_equal(job->restarts, 1);
    assert_int_equal(job->end, WF_ENDED_FAILED);
    job = job_of(&all, "3000000000");
    assert_int_equal(job->start_ms, 9600);
    assert_int_equal(job->request.cpu_milli, 2);
    assert_int_equal(job->limit_ms, 100000);
    assert_int_equal(job->end, WF_ENDED_NOT_YET);
    const struct wf_history_summary *summary = wf_history_summary(all.history);
    assert_string_equal(summary->format, "journal");
    assert_string_equal(summary->policy, "easy/best-fit");
    assert_int_equal(summary->damaged, 0);
    assert_int_equal(summary->never_started, 1);
    assert_int_equal(summary->never_ended, 1);
    wf_history_close(all.history);
}

static void a_journal_that_was_cut_short_is_a_shorter_history(void **state)
{
    (void)state;
    static char text[BYTES_MAX];
    struct wf_error err = {.text = ""};
    struct all all;
    make();
    size_t length = slurp(text);
    const char *last = strstr(text, "submit time=9600");
    size_t cut = (size_t)(last - text) + 20;
    assert_true(cut < length);
    const struct wf_history_config config = {.path = scratch_write("cut", text, cut)};
    assert_int_equal(read_path(&config, &all, &err), WF_OK);
    assert_int_equal(all.count, 4);
    complains(&all, "the last line was cut short");
    assert_int_equal(wf_history_summary(all.history)->damaged, 1);
    wf_history_close(all.history);
}

// Returns the sentence of a history that ends early.
static void stops(const char *content, size_t length, const char *sentence)
{
    struct wf_error err = {.text = ""};
    struct all all;
    const struct wf_history_config config = {.path = scratch_write("wrong", content, length)};
    assert_int_not_equal(read_path(&config, &all, &err), WF_OK);
    if (!strstr(err.text, sentence)) {
        fail_msg("'%s' does not say '%s'", err.text, sentence);
    }
    wf_history_close(all.history);
}

static void damage_before_the_last_line_is_final(void **state)
{
    (void)state;
    static char text[BYTES_MAX];
    make();
    size_t length = slurp(text);
    char *at = strstr(text, "end time=5000");
    *at = 'E';
    stops(text, length, "line 20: the line before this one is damaged");
    *at = 'e';
    at = strstr(text, "hash ") + 5;
    size_t line = length - (size_t)(at - 5 - text) - 11; // the last line without its checksum
    memset(at, *at == '1' ? '2' : '1', 16);
    wf_journal_seal(at - 5, line, 29);
    stops(text, length,
          "line 29: this program decides otherwise than the one that made the journal");
}

static void what_the_core_refuses_is_final(void **state)
{
    (void)state;
    static char text[BYTES_MAX];
    make();
    size_t length = slurp(text);
    snprintf(text + length, 200, "end time=9999 job=77");
    stops(text, length + wf_journal_seal(text + length, strlen(text + length), 30),
          "line 30: the core refuses the event: ");
    snprintf(text + length, 200, "wake time=9223372036854775807");
    stops(text, length + wf_journal_seal(text + length, strlen(text + length), 30),
          "line 30: 9223372036854775807 ms is no time of a history");
}

static void a_journal_tells_its_machines(void **state)
{
    (void)state;
    struct wf_error err = {.text = ""};
    struct wf_site site;
    make();
    const struct wf_site_config config = {.path = path};
    if (wf_site_read(&config, &site, &err) != WF_OK) {
        fail_msg("%s", err.text);
    }
    assert_int_equal(site.model_count, 2);
    assert_string_equal(site.models[0], "H100");
    assert_string_equal(site.models[1], "model-1");
    assert_int_equal(site.pool_count, 2);
    assert_string_equal(site.pools[1].name, "pool-2"); // there is no pool 1
    assert_int_equal(site.pools[1].spec.price_nanousd_per_gpu_hour, 1000000000);
    assert_int_equal(site.node_count, 1);
    assert_string_equal(site.nodes[0].name, "node-1");
    assert_int_equal(site.nodes[0].spec.pool.index, 1);
    assert_int_equal(site.queue_count, 2); // the third is for jobs of no queue
    assert_string_equal(site.queues[0].name, "queue-0");
    assert_string_equal(site.queues[1].name, "lab/vision");
    assert_int_equal(site.queues[1].spec.parent.index, 0);
    assert_int_equal(site.queues[1].spec.guarantee_gpu_milli, 4000);
    uint64_t labels;
    assert_int_equal(wf_site_labels(&site, "nvlink&label-0", &labels, &err), WF_OK);
    assert_int_equal(labels, 3);
    assert_non_null(strstr(site.origin, "(journal): 1 node with 8 GPUs in 2 pools; nodes went away "
                                        "1 times, all are kept"));
    wf_site_finish(&site);
}

static void machines_that_cannot_be_are_refused(void **state)
{
    (void)state;
    static char text[BYTES_MAX];
    const struct {
        const char *line, *sentence;
    } cases[] = {
        {"node-up time=9999 node=2 pool=3", "line 30: node 2 is of pool 3, which was not told of"},
        {"queue time=9999 queue=7 parent=8",
         "line 30: queue 7 is below queue 8, which was not told of"},
        {"queue time=9999 queue=7 parent=7", "line 30: queue 7 is below queue 7"},
        {"pool time=9999 pool=4096 model=0", "line 30: pool 4096 is past the limit of 4096"},
        {"node-up time=9999 node=4294967295 pool=0", "is past the limit of 262144"},
    };
    make();
    size_t length = slurp(text);
    for (uint32_t i = 0; i < WF_COUNT_OF(cases); i++) {
        struct wf_error err = {.text = ""};
        struct wf_site site;
        snprintf(text + length, 200, "%s", cases[i].line);
        size_t added = wf_journal_seal(text + length, strlen(cases[i].line), 30);
        const struct wf_site_config config = {.path = scratch_write("site", text, length + added)};
        assert_int_not_equal(wf_site_read(&config, &site, &err), WF_OK);
        if (!strstr(err.text, cases[i].sentence)) {
            fail_msg("'%s' does not say '%s'", err.text, cases[i].sentence);
        }
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(decisions_tell_when_jobs_started),
        cmocka_unit_test(what_jobs_wait_for_and_how_close_they_run_is_kept),
        cmocka_unit_test(a_journal_that_was_cut_short_is_a_shorter_history),
        cmocka_unit_test(damage_before_the_last_line_is_final),
        cmocka_unit_test(what_the_core_refuses_is_final),
        cmocka_unit_test(a_journal_tells_its_machines),
        cmocka_unit_test(machines_that_cannot_be_are_refused),
    };
    scratch_init();
    int failed = cmocka_run_group_tests(tests, NULL, NULL);
    scratch_finish();
    return failed;
}
