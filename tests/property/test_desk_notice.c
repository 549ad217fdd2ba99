// SPDX-License-Identifier: Apache-2.0
// A thousand times the machine is taken: with notice and without, with the daemon killed in
// between, with notices that are late, told twice or withdrawn. Afterwards no checkpoint that a run
// said it made is given up, every run that was ended with unsaved work stands in the losses with
// exactly that time and its price, what is lost is within the interval that was advised, and every
// job comes to its end under its own id.
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <time.h>

#include "../unit/daemon/desk_bed.h"
#include "base/random.h"

enum { HISTORIES = 25, KILLS = 46, JOBS = 6, STEP_MS = 5000, STOP_MS = 31000 };

static struct bed bed;
static struct wf_random dice;

// What we know of each run: when it last made a checkpoint that it told of, and how it goes.
static struct known {
    int64_t saved_ms;
    int64_t saves_at_ms;  // it was told to, and is done then; 0: it was not
    int64_t killed_at_ms; // at the latest
    uint32_t stops;
    int64_t advised_ms; // the longest that it was advised
    bool is_counted;
} known[BED_RUNS_MAX];

static struct {
    uint32_t kills, silent, noticed, withdrawn, again, late, crashes, checkpoints, losses, nothing;
    int64_t lost_ms, most_ms, over_ms, worst_us;
    wf_int128 nanousd;
} seen;

static uint32_t below(uint32_t end)
{
    return (uint32_t)wf_random_below(&dice, end);
}

static bool one_in(uint32_t chances)
{
    return below(chances) == 0;
}

static bool runs(const struct bed_run *run)
{
    return run->known && run->run.phase == WF_RUN_RUNNING;
}

// It says that its work is saved, now.
static void save(uint32_t index)
{
    char path[200];
    struct timespec at = {bed.now_ms / 1000, bed.now_ms % 1000 * 1000000};
    struct timespec times[2] = {at, at};
    snprintf(path, sizeof path, "%s/checkpoints/%s/done", bed.folder,
             bed.engine->runs[index].run.id);
    assert_int_equal(utimensat(AT_FDCWD, path, times, AT_SYMLINK_NOFOLLOW), 0);
    known[index].saved_ms = bed.now_ms;
    seen.checkpoints++;
}

static int64_t advised_ms(uint32_t index)
{
    char path[200];
    long long seconds = 0, gone = 0;
    snprintf(path, sizeof path, "%s/checkpoints/%s/advice", bed.folder,
             bed.engine->runs[index].run.id);
    FILE *file = fopen(path, "r");
    assert_non_null(file);
    assert_int_equal(fscanf(file, "interval_seconds=%lld going_at=%lld", &seconds, &gone), 2);
    assert_int_equal(fclose(file), 0);
    assert_true(seconds > 0);
    return seconds * 1000;
}

static int64_t since_ms(uint32_t index)
{
    const struct bed_run *run = &bed.engine->runs[index];
    return known[index].saved_ms > 0 ? known[index].saved_ms : run->run.started_ms;
}

// What the losses are to say of a run that was ended from outside.
static void count(uint32_t index)
{
    const struct bed_run *run = &bed.engine->runs[index];
    int64_t lost_ms = run->run.ended_ms - since_ms(index);
    assert_true(lost_ms >= 0 && !known[index].is_counted);
    known[index].is_counted = true;
    seen.losses += lost_ms > 0;
    seen.nothing += lost_ms == 0;
    seen.lost_ms += lost_ms;
    seen.most_ms = lost_ms > seen.most_ms ? lost_ms : seen.most_ms;
    int64_t over_ms = lost_ms - known[index].advised_ms;
    seen.over_ms = over_ms > seen.over_ms ? over_ms : seen.over_ms;
    wf_int128 gpu_milli = 0;
    for (uint32_t gpu = 0; gpu < BED_GPUS; gpu++) {
        gpu_milli += run->gpu_milli[gpu];
    }
    seen.nanousd += gpu_milli * lost_ms * 1000000000 / (INT64_C(1000) * 3600 * 1000);
}

static void end_run(uint32_t index, enum wf_run_end end)
{
    bed_end(&bed, bed.engine->runs[index].run.id, end, -1);
    count(index);
}

// A run that was told to stop: saves, unless it is one that does not, and is ended.
static void wind_up(uint32_t index)
{
    struct bed_run *run = &bed.engine->runs[index];
    struct known *of = &known[index];
    if (of->saves_at_ms == 0) {
        of->saves_at_ms = one_in(5) ? INT64_MAX : bed.now_ms + below(20000);
        of->killed_at_ms = bed.now_ms + STOP_MS;
        of->stops = run->stops;
    } else if (run->stops > of->stops || bed.now_ms >= of->killed_at_ms) {
        // It was told that it need not wait any longer, or its time is over.
        end_run(index, WF_RUN_END_PREEMPTED);
    } else if (bed.now_ms >= of->saves_at_ms && of->saved_ms < of->saves_at_ms) {
        save(index);
    }
}

// Runs begin, save when it is time to, and wind up when they are told to.
static void work(void)
{
    for (uint32_t i = 0; i < bed.engine->count; i++) {
        struct bed_run *run = &bed.engine->runs[i];
        int64_t interval_ms = runs(run) ? advised_ms(i) : 0;
        known[i].advised_ms = interval_ms > known[i].advised_ms ? interval_ms : known[i].advised_ms;
        if (run->known && run->run.phase == WF_RUN_STARTING) {
            bed_begin(&bed, run->run.id);
        } else if (runs(run) && run->stopped) {
            wind_up(i);
        } else if (runs(run) && bed.now_ms - since_ms(i) >= interval_ms) {
            save(i);
        }
    }
}

static void later(int64_t ms)
{
    for (int64_t left_ms = ms; left_ms > 0; left_ms -= STEP_MS) {
        bed_later(&bed, left_ms < STEP_MS ? left_ms : STEP_MS);
        work();
        bed_settle(&bed);
    }
}

static void restart_daemon(void)
{
    bed_close(&bed);
    bed_open(&bed);
    seen.crashes++;
}

static int64_t cpu_us(void)
{
    struct timespec now;
    (void)clock_gettime(CLOCK_THREAD_CPUTIME_ID, &now);
    return (int64_t)now.tv_sec * 1000000 + now.tv_nsec / 1000;
}

static void tell(int64_t gone_ms)
{
    int64_t from_us = cpu_us();
    wf_desk_notice(bed.desk, &(struct wf_desk_notice){
                                 .gone_ms = gone_ms, .source = "aws", .what = "terminate"});
    from_us = cpu_us() - from_us;
    seen.worst_us = from_us > seen.worst_us ? from_us : seen.worst_us;
    bed_settle(&bed);
}

// Another machine, or the same one started anew.
static void boot(void)
{
    bed.booted_ms = bed.now_ms - 30000;
    snprintf(bed.boot, sizeof bed.boot, "boot-%u", seen.kills);
}

// All that runs is gone, and the daemon with it.
static void take_machine(void)
{
    if (one_in(2)) {
        (void)bed_write(&bed);
    }
    bed_close(&bed);
    for (uint32_t i = 0; i < bed.engine->count; i++) {
        struct bed_run *run = &bed.engine->runs[i];
        if (run->known && run->run.phase == WF_RUN_STARTING) {
            bed_begin(&bed, run->run.id);
        }
        if (runs(run)) {
            end_run(i, one_in(2) ? WF_RUN_END_RESTARTED : WF_RUN_END_UNKNOWN);
        }
    }
    bed.now_ms += 60000;
    boot();
    bed_open(&bed);
    seen.kills++;
}

static void take_with_notice(void)
{
    int64_t lead_ms = 20000 + below(100000);
    if (one_in(6)) {
        lead_ms = -5000; // it comes too late
        seen.late++;
    }
    int64_t gone_ms = bed.now_ms + lead_ms;
    tell(gone_ms);
    seen.noticed++;
    if (one_in(3)) {
        tell(gone_ms);
        seen.again++;
    }
    if (one_in(5)) {
        restart_daemon();
        tell(gone_ms);
    }
    if (one_in(6)) {
        later(below(20000));
        tell(0);
        seen.withdrawn++;
        later(120000);
    } else {
        later(lead_ms > 0 ? lead_ms : 0);
        take_machine();
        tell(0); // the new one
    }
}

static bool sum_loss(void *context, const struct wf_loss_row *row)
{
    wf_int128 *sums = context;
    sums[0]++;
    sums[1] += row->to_ms - row->from_ms;
    sums[2] += row->cost_nanousd;
    // Never from before a checkpoint that was told of.
    for (uint32_t i = 0; i < bed.engine->count; i++) {
        char id[WF_RUN_ID_MAX + 1];
        wf_desk_run_id(row->job, row->attempt, id);
        if (strcmp(bed.engine->runs[i].run.id, id) == 0 &&
            (row->from_ms < since_ms(i) || row->to_ms != bed.engine->runs[i].run.ended_ms)) {
            fail_msg("run %s: %lld ms are said to be lost that were saved", id,
                     (long long)(since_ms(i) - row->from_ms));
        }
    }
    return true;
}

static void end_all(void)
{
    for (uint32_t i = 0; i < bed.engine->count; i++) {
        if (runs(&bed.engine->runs[i]) && !bed.engine->runs[i].stopped) {
            bed_end(&bed, bed.engine->runs[i].run.id, WF_RUN_END_EXIT, 0);
        } else if (runs(&bed.engine->runs[i])) {
            end_run(i, WF_RUN_END_PREEMPTED);
        }
    }
}

static void finish(void)
{
    tell(0);
    for (uint32_t round = 0; round < 200; round++) {
        later(STEP_MS);
        end_all();
        bed_settle(&bed);
    }
    for (uint64_t job = 1; job <= JOBS; job++) {
        assert_string_equal(bed_state(&bed, job), "done");
    }
}

static void one_history(void)
{
    memset(known, 0, sizeof known);
    bed_make(&bed, BED_GPUS);
    bed_close(&bed);
    bed.spot = true;
    boot();
    bed_open(&bed);
    bed_settle(&bed);
    seen.losses = 0;
    seen.lost_ms = 0;
    seen.nanousd = 0;
    for (uint32_t i = 0; i < JOBS; i++) {
        char json[200];
        snprintf(json, sizeof json,
                 "{\"command\":[\"train\"],\"gpus\":%u,\"checkpoint\":{%s\"time\":\"1s\"},"
                 "\"requeue\":{\"at_most\":1000}}",
                 1 + below(2), one_in(2) ? "\"signal\":\"USR1\"," : "\"every\":\"10m\",");
        (void)bed_submit(&bed, "ada", json);
    }
    for (uint32_t i = 0; i < KILLS; i++) {
        later(below(200000));
        if (one_in(2)) {
            take_with_notice();
        } else {
            take_machine();
            seen.silent++;
        }
        if (one_in(8)) {
            restart_daemon();
        }
    }
    finish();
    wf_int128 sums[3] = {0};
    assert_int_equal(wf_database_losses(bed.db, 0, 0, sum_loss, sums, NULL), WF_OK);
    assert_int_equal((int64_t)sums[0], seen.losses);
    assert_true(sums[1] == seen.lost_ms && sums[2] == seen.nanousd);
    bed_check_journal(&bed);
    bed_clear(&bed);
}

static void nothing_that_was_saved_is_lost(void **unused)
{
    (void)unused;
    uint64_t losses = 0;
    for (uint64_t seed = 1; seed <= HISTORIES; seed++) {
        wf_random_init(&dice, seed);
        one_history();
        losses += seen.losses;
    }
    print_message(
        "# %u kills, %u of them silent; %u notices, %u late, %u told twice, %u withdrawn; "
        "%u daemons killed; %u checkpoints; %llu losses, the longest of %.1f s, %.1f s beyond the "
        "interval advised at most, %u times nothing lost; a notice took %lld us at most\n",
        seen.kills, seen.silent, seen.noticed, seen.late, seen.again, seen.withdrawn, seen.crashes,
        seen.checkpoints, (unsigned long long)losses, (double)seen.most_ms / 1000,
        (double)seen.over_ms / 1000, seen.nothing, (long long)seen.worst_us);
    assert_true(seen.kills + seen.withdrawn == HISTORIES * KILLS && seen.silent > 300);
    assert_true(seen.noticed > 300 && seen.withdrawn > 30 && seen.late > 30 && seen.again > 30);
    assert_true(losses > 1000);
    // The interval that was advised is kept to a step; who is told to stop saves no more by itself,
    // and is ended.
    assert_true(seen.over_ms <= STEP_MS + STOP_MS + 2 * STEP_MS);
    // A checkpoint takes a second, and machines here are taken every few minutes.
    assert_true(seen.most_ms <= 90000 + STEP_MS + STOP_MS + 2 * STEP_MS);
    assert_true(seen.worst_us < 100000);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(nothing_that_was_saved_is_lost),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
