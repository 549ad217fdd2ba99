// SPDX-License-Identifier: Apache-2.0
// The desk under everything at once: people submit, cancel and hold, runs begin and end as they
// like, the disk is full for a while, and the daemon is killed at any instant, also between the
// writing of a batch and the hearing of it. In the end every job that was accepted is over exactly
// once, for the reason that its last run gives; no run began twice, no two of a job ran at a time,
// no GPU was given out twice (the engine of the bed sees to these three); what the ledger says is
// what ran; and the journal, stepped anew, gives the same decisions.
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "../unit/daemon/desk_bed.h"
#include "base/random.h"

enum { HISTORIES = 80, STEPS = 250, JOBS_MAX = 400 };

static struct {
    uint32_t jobs, runs, crashes, lost_batches, unheard_batches, full, preempted, requeued, refused,
        late, over[WF_JOB_STATE_COUNT];
} seen;

static struct bed bed;
static struct wf_random dice;
static bool accepted[JOBS_MAX];
static uint64_t seed;

static uint32_t below(uint32_t end)
{
    return (uint32_t)wf_random_below(&dice, end);
}

static bool one_in(uint32_t chances)
{
    return below(chances) == 0;
}

static void note_submitted(void *context, const struct wf_desk_answer *answer)
{
    (void)context;
    for (uint32_t i = 0; i < answer->count && answer->status == WF_OK; i++) {
        assert_true(answer->id + i < JOBS_MAX);
        accepted[answer->id + i] = true;
    }
}

static void submit(void)
{
    static const char *const gpus[] = {"0", "1", "2", "\"H100:4\"", "\"H100:0.5\"", "\"any:0.3\""};
    static const char *const after[] = {"end", "success", "failure", "start"};
    char json[1024];
    int used =
        snprintf(json, sizeof json,
                 "{\"command\":[\"work\"],\"gpus\":%s,\"cpus\":%u,\"queue\":\"%s\","
                 "\"preemptible\":%s,\"priority\":%u,\"hold\":%s,"
                 "\"requeue\":{\"lost\":%s,\"failed\":%s,\"at_most\":%u}",
                 gpus[below(WF_COUNT_OF(gpus))], 1 + below(4), one_in(2) ? "owned" : "default",
                 one_in(2) ? "true" : "false", below(3), one_in(10) ? "true" : "false",
                 one_in(3) ? "false" : "true", one_in(3) ? "true" : "false", below(4));
    if (one_in(3)) {
        used += snprintf(json + used, sizeof json - (size_t)used, ",\"limit\":%u",
                         1000 * (1 + below(60)));
    }
    if (one_in(8)) {
        used += snprintf(json + used, sizeof json - (size_t)used, ",\"tasks\":2");
    }
    if (one_in(8)) {
        used += snprintf(json + used, sizeof json - (size_t)used,
                         ",\"array\":{\"indices\":\"0-%u\",\"at_most\":2}", 1 + below(4));
    }
    if (one_in(5) && seen.jobs > 0) {
        used +=
            snprintf(json + used, sizeof json - (size_t)used,
                     ",\"after\":[{\"job\":%u,\"when\":\"%s\"}]", 1 + below(20), after[below(4)]);
    }
    snprintf(json + used, sizeof json - (size_t)used, "}");
    struct wf_job_document document;
    struct wf_error err = {.text = ""};
    if (wf_job_document_parse(json, strlen(json), &document, &err) != WF_OK) {
        fail_msg("%s: %s", json, err.text);
    }
    struct wf_desk_ask ask = bed_ask(&bed, "ada", false);
    ask.done = note_submitted;
    enum wf_status status = wf_desk_submit(bed.desk, &document, &ask, &err);
    seen.refused += status != WF_OK;
    wf_job_document_finish(&document);
}

static void change(void)
{
    struct wf_desk_ask ask = bed_ask(&bed, "ada", false);
    struct wf_error err;
    uint64_t job = 1 + below(60);
    ask.done = NULL;
    if (one_in(3)) {
        (void)!wf_desk_cancel(bed.desk, job, &ask, &err);
    } else if (one_in(8)) {
        ask = bed_ask(&bed, "root", true);
        ask.done = NULL;
        (void)!wf_desk_drain(bed.desk, "here", one_in(2), &ask, &err);
    } else {
        (void)!wf_desk_hold(bed.desk, job, one_in(2), &ask, &err);
    }
}

// A run goes on: it begins, or ends by itself, by its limit, by whoever stopped it, or by bad luck.
static void move(struct bed_run *run, bool to_the_end)
{
    enum wf_run_end end = WF_RUN_END_EXIT;
    int32_t code = one_in(3) ? 1 : 0;
    if (run->run.phase == WF_RUN_STARTING && !one_in(10)) {
        bed_begin(&bed, run->run.id);
        return;
    }
    enum wf_run_end stopped =
        run->why == WF_RUN_STOP_CANCELLED ? WF_RUN_END_CANCELLED : WF_RUN_END_PREEMPTED;
    if (run->run.phase == WF_RUN_STARTING) {
        bed_end(&bed, run->run.id, run->stopped ? stopped : WF_RUN_END_NOT_STARTED, -1);
        return;
    }
    if (run->stopped && !one_in(6)) {
        end = stopped;
        code = -1;
    } else if (!to_the_end && one_in(4)) {
        end = one_in(2) ? WF_RUN_END_UNKNOWN : WF_RUN_END_RESTARTED;
        code = -1;
    } else if (one_in(8)) {
        end = one_in(2) ? WF_RUN_END_SIGNAL : WF_RUN_END_OUT_OF_MEMORY;
        code = -1;
    }
    bed_end(&bed, run->run.id, end, code);
}

static void move_runs(bool to_the_end)
{
    for (uint32_t i = 0; i < bed.engine->count; i++) {
        struct bed_run *run = &bed.engine->runs[i];
        if (run->known && run->run.phase != WF_RUN_ENDED && (to_the_end || one_in(4))) {
            move(run, to_the_end);
        }
    }
}

// Limits are kept by the engine, mostly.
static void keep_limits(void)
{
    for (uint32_t i = 0; i < bed.engine->count; i++) {
        struct bed_run *run = &bed.engine->runs[i];
        if (run->known && run->run.phase == WF_RUN_RUNNING && run->time_limit_ms > 0 &&
            bed.now_ms - run->run.started_ms >= (int64_t)run->time_limit_ms) {
            if (one_in(4)) {
                seen.late++;
            } else {
                bed_end(&bed, run->run.id, WF_RUN_END_TIME_LIMIT, -1);
            }
        }
    }
}

static void hear(void)
{
    struct wf_run run;
    while (!one_in(20) && bed_engine_kind.next(bed.engine, &run)) {
        wf_desk_run(bed.desk, &run);
    }
}

static void crash(void)
{
    // The batch on its way may have got to the disk, unheard of, or not.
    const struct wf_batch *batch = wf_desk_batch(bed.desk);
    if (batch && one_in(2) && !bed.disk_full && !wf_desk_probes(bed.desk)) {
        assert_int_equal(wf_database_write(bed.db, batch, NULL), WF_OK);
        seen.unheard_batches++;
    } else {
        seen.lost_batches += batch != NULL;
    }
    bed_close(&bed);
    bed_open(&bed);
    seen.crashes++;
}

static void one_step(void)
{
    uint32_t what = below(100);
    if (what < 30) {
        submit();
    } else if (what < 40) {
        change();
    } else if (what < 60) {
        move_runs(false);
    } else if (what < 62) {
        crash();
    } else if (what < 64) {
        bed.disk_full = true;
        seen.full++;
    } else if (what < 66) {
        bed.engine->starts_fail = below(3);
        bed.engine->fail = WF_IO;
    } else {
        bed.now_ms += below(one_in(10) ? 60000 : 500);
        keep_limits();
    }
    if (one_in(8)) {
        bed.disk_full = false;
    }
    if (one_in(2)) {
        hear();
    }
    if (one_in(2) && wf_desk_wake_ms(bed.desk) <= bed.now_ms) {
        wf_desk_tick(bed.desk);
    }
    if (one_in(2)) {
        (void)bed_write(&bed);
    }
}

static bool release(void *context, const struct wf_job_row *row)
{
    uint64_t *held = context;
    if (row->state == WF_JOB_STATE_HELD && held[0] < JOBS_MAX) {
        held[++held[0]] = row->id;
    }
    return true;
}

// Everything comes to its end: the disk has room, nothing is held, runs end.
static void calm_down(void)
{
    static uint64_t held[JOBS_MAX + 1];
    struct wf_job_query query = {.states = WF_JOB_STATES_LIVE, .limit = JOBS_MAX};
    struct wf_desk_ask ask = bed_ask(&bed, "root", true);
    ask.done = NULL;
    bed.disk_full = false;
    bed.engine->starts_fail = 0;
    bed_later(&bed, 5000);
    assert_int_equal(wf_desk_drain(bed.desk, "here", false, &ask, NULL), WF_OK);
    bed_settle(&bed);
    held[0] = 0;
    assert_int_equal(wf_database_jobs(bed.db, &query, release, held, NULL), WF_OK);
    for (uint64_t i = 1; i <= held[0]; i++) {
        ask = bed_ask(&bed, "root", true);
        ask.done = NULL;
        assert_int_equal(wf_desk_hold(bed.desk, held[i], false, &ask, NULL), WF_OK);
    }
    for (uint32_t i = 0; i < 3000; i++) {
        bed_later(&bed, 1000);
        move_runs(true);
        bed_settle(&bed);
        struct wf_desk_counts counts = wf_desk_count(bed.desk);
        uint64_t live = 0;
        for (uint32_t state = 0; state < WF_JOB_STATE_DONE; state++) {
            live += counts.live[state];
        }
        if (live == 0) {
            return;
        }
    }
    for (uint64_t job = 1; job < JOBS_MAX; job++) {
        struct wf_job_live live;
        if (wf_desk_live(bed.desk, job, &live)) {
            print_message("# job %llu is %s: %s, run '%s'\n", (unsigned long long)job,
                          wf_job_state_word(live.state), live.reason, live.run);
        }
    }
    fail_msg("seed %llu: jobs do not end", (unsigned long long)seed);
}

struct account {
    uint64_t jobs, gpu_ms;
    uint64_t ended[JOBS_MAX]; // rows of the feed that say so
};

static bool check_job(void *context, const struct wf_job_row *row)
{
    struct account *account = context;
    account->jobs++;
    account->gpu_ms += row->gpu_ms;
    seen.over[row->state]++;
    seen.requeued += row->requeues;
    if (row->state < WF_JOB_STATE_DONE || account->ended[row->id] != 1) {
        fail_msg("seed %llu: job %llu is %s, and %llu times over", (unsigned long long)seed,
                 (unsigned long long)row->id, wf_job_state_word(row->state),
                 (unsigned long long)account->ended[row->id]);
    }
    bool done = row->state == WF_JOB_STATE_DONE;
    bool well = strcmp(row->run.end, "exit") == 0 && row->run.exit_code == 0;
    if (row->attempts > 0 && done && !well) {
        // The last attempt may have been placed and taken back while the one before it ended well.
        assert_string_equal(row->run.end, "cancelled");
        assert_int_equal(row->run.started_ms, 0);
    }
    if (row->state == WF_JOB_STATE_FAILED && well) {
        assert_string_equal(row->reason_code, "time-limit");
    }
    assert_true(row->state != WF_JOB_STATE_LOST || strcmp(row->run.end, "unknown") == 0 ||
                strcmp(row->run.end, "machine restarted") == 0);
    accepted[row->id] = false;
    return true;
}

static bool note_feed(void *context, const struct wf_feed_row *row)
{
    struct account *account = context;
    account->ended[row->job] += strcmp(row->kind, "ended") == 0;
    seen.preempted += strcmp(row->kind, "preempted") == 0;
    return true;
}

static bool note_ledger(void *context, const struct wf_ledger_sum *sum)
{
    uint64_t *gpu_ms = context;
    *gpu_ms = sum->gpu_ms;
    return true;
}

static uint64_t ran_gpu_ms(void)
{
    uint64_t gpu_ms = 0;
    for (uint32_t i = 0; i < bed.engine->count; i++) {
        const struct bed_run *run = &bed.engine->runs[i];
        uint64_t milli = 0;
        for (uint32_t gpu = 0; gpu < BED_GPUS; gpu++) {
            milli += run->gpu_milli[gpu];
        }
        if (run->run.started_ms > 0) {
            gpu_ms += milli * (uint64_t)(run->run.ended_ms - run->run.started_ms) / 1000;
        }
    }
    return gpu_ms;
}

static void check_end(void)
{
    static struct account account;
    account = (struct account){0};
    struct wf_job_query query = {.limit = JOBS_MAX};
    struct wf_feed_query all = {0};
    assert_int_equal(wf_database_feed(bed.db, &all, note_feed, &account, NULL), WF_OK);
    assert_int_equal(wf_database_jobs(bed.db, &query, check_job, &account, NULL), WF_OK);
    for (uint32_t i = 0; i < JOBS_MAX; i++) {
        if (accepted[i]) {
            fail_msg("seed %llu: job %u was accepted and is not there", (unsigned long long)seed,
                     i);
        }
    }
    struct wf_ledger_query by = {.by = WF_LEDGER_TOTAL};
    uint64_t gpu_ms = 0;
    assert_int_equal(wf_database_ledger(bed.db, &by, note_ledger, &gpu_ms, NULL), WF_OK);
    assert_int_equal(gpu_ms, ran_gpu_ms());
    assert_int_equal(gpu_ms, account.gpu_ms);
    bed_check_journal(&bed);
    seen.jobs += (uint32_t)account.jobs;
    seen.runs += bed.engine->count;
}

static void every_job_ends_exactly_once(void **unused)
{
    (void)unused;
    const char *only = getenv("WHALEFLUX_TEST_SEED");
    for (seed = 1; seed <= HISTORIES; seed++) {
        if (only && strtoull(only, NULL, 10) != seed) {
            continue;
        }
        wf_random_init(&dice, seed);
        memset(accepted, 0, sizeof accepted);
        bed_make(&bed, BED_GPUS);
        bed.save_every = seed % 3 == 0 ? 0 : 7;
        bed_settle(&bed); // a journal that cannot be begun ends the daemon
        for (uint32_t step = 0; step < STEPS; step++) {
            one_step();
        }
        calm_down();
        check_end();
        bed_clear(&bed);
    }
    print_message("# %u jobs, %u runs, %u crashes, %u batches lost, %u unheard of, %u times full, "
                  "%u preempted, %u requeued, %u refused, %u late; %u done, %u failed, %u "
                  "cancelled, %u lost\n",
                  seen.jobs, seen.runs, seen.crashes, seen.lost_batches, seen.unheard_batches,
                  seen.full, seen.preempted, seen.requeued, seen.refused, seen.late,
                  seen.over[WF_JOB_STATE_DONE], seen.over[WF_JOB_STATE_FAILED],
                  seen.over[WF_JOB_STATE_CANCELLED], seen.over[WF_JOB_STATE_LOST]);
    assert_true(only || (seen.jobs > 1000 && seen.crashes > 100 && seen.unheard_batches > 20));
    assert_true(only || (seen.preempted > 50 && seen.requeued > 100 && seen.full > 50));
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(every_job_ends_exactly_once),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
