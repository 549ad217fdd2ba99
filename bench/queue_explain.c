// SPDX-License-Identifier: Apache-2.0
// How good explanations of waiting jobs are, on one history under one policy:
//   bench_queue_explain HISTORY CLUSTER POLICY SEED QUESTIONS REMEDIES
// SEED makes up time limits; 0: the history's own. Questions are put to waiting jobs drawn at times
// drawn; what is printed is one line of numbers for bench/queue-explain.
#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>

#include "base/hash.h"
#include "core/schedule/schedule.h"
#include "forecast/start_watch.h"
#include "sim/rerun/replayer.h"
#include "sim/rerun/rerun.h"
#include "sim/rerun/wait_remedy.h"

enum { MINUTE_MS = 60000 };

struct question {
    uint32_t job;
    int64_t asked_ms;
    struct wf_start_time_points points;
    int64_t estimate_ms;
    bool is_kept;
};

struct bench {
    struct wf_history *file;
    struct wf_site site;
    struct wf_rerun_jobs jobs;
    struct wf_replayer replayer;
    struct wf_start_watch *watch;
    struct question *questions;
    uint32_t count, max;
    uint32_t remedies_max, remedies, found, start, trials;
    uint32_t by_kind[WF_WAIT_CHANGE_COUNT], by_request, as_it_is;
};

static void need(enum wf_status status, const struct wf_error *err)
{
    if (status != WF_OK) {
        fprintf(stderr, "%s\n", err->text);
        exit(1);
    }
}

static void watch(void *context, const struct wf_core *core, const struct wf_event *event,
                  const struct wf_decisions *decisions)
{
    struct bench *bench = context;
    wf_start_watch_note(bench->watch, core, event, decisions);
}

// Returns a waiting job drawn by that number, or WF_NONE.
static uint32_t draw_waiting(const struct wf_backlog *backlog, uint64_t draw)
{
    if (backlog->waiting == 0) {
        return WF_NONE;
    }
    uint64_t number = draw % backlog->waiting;
    for (uint32_t i = 0; i < backlog->used_count; i++) {
        const struct wf_lane *lane = &backlog->lanes[backlog->used[i]];
        uint32_t job = lane->first;
        for (; job != WF_NONE && number > 0; number--) {
            job = backlog->tickets[job].next;
        }
        if (job != WF_NONE) {
            return job;
        }
    }
    return WF_NONE;
}

static void ask(struct bench *bench, const struct wf_core *core, uint32_t job)
{
    const struct wf_schedule *schedule = wf_core_schedule(core);
    struct question *question = &bench->questions[bench->count++];
    *question = (struct question){
        .job = (uint32_t)schedule->backlog.tickets[job].spec.id.number,
        .asked_ms = schedule->now_ms,
        .estimate_ms = wf_start_watch_estimate_ms(core, job),
        .is_kept = schedule->backlog.tickets[job].reservation != WF_NONE,
    };
    wf_start_watch_tell(bench->watch, core, job, &question->points);
}

// Asks for the smallest change, and makes it in another run of the same history that nobody has
// asked anything.
static void ask_remedy(struct bench *bench, struct wf_rerun_stepper *stepper,
                       struct wf_rerun_stepper *other, uint32_t job)
{
    struct wf_error err;
    static struct wf_wait_explanation explanation;
    static struct wf_wait_remedy remedy;
    const struct wf_core *core = wf_rerun_core(stepper);
    wf_job_id id = wf_core_schedule(core)->backlog.tickets[job].spec.id;
    const struct wf_discipline *discipline = bench->replayer.discipline;
    need(wf_wait_explain(core, id, &explanation, &err), &err);
    need(wf_wait_remedy_find(stepper, &explanation, discipline, &remedy, &err), &err);
    bench->remedies++;
    bench->trials += remedy.trials;
    if (!remedy.found) {
        return;
    }
    bool starts = false;
    need(wf_wait_remedy_try(other, &remedy, explanation.now_ms, discipline, &starts, &err), &err);
    bench->found++;
    bench->start += starts;
    bench->as_it_is += !remedy.is_needed;
    bench->by_request += wf_change_kinds(&remedy.change) != 0;
    for (uint32_t kind = 0; kind < WF_WAIT_CHANGE_COUNT; kind++) {
        bench->by_kind[kind] += (remedy.kinds >> kind) & 1;
    }
}

static int compare_ratios(const void *left, const void *right)
{
    double a = *(const double *)left, b = *(const double *)right;
    return (a > b) - (a < b);
}

static void print(const struct bench *bench, const struct wf_outcome *outcomes)
{
    double *widths = calloc(bench->count + 1, sizeof *widths);
    uint32_t before = 0, after = 0, known = 0, kept = 0, kept_inside = 0;
    for (uint32_t i = 0; widths && i < bench->count; i++) {
        const struct question *question = &bench->questions[i];
        int64_t wait_ms = outcomes[question->job].start_ms - question->asked_ms;
        if (outcomes[question->job].start_ms == WF_TIME_UNKNOWN || wait_ms < 0 ||
            outcomes[question->job].preemptions > 0) {
            continue;
        }
        known++;
        before += wait_ms < question->points.low_ms;
        after += wait_ms > question->points.high_ms;
        kept += question->is_kept;
        kept_inside += question->is_kept && wait_ms >= question->points.low_ms &&
                       wait_ms <= question->points.high_ms;
        widths[known - 1] = (double)(question->points.high_ms + MINUTE_MS) /
                            (double)(question->points.low_ms + MINUTE_MS);
    }
    qsort(widths, known, sizeof *widths, compare_ratios);
    printf("asked %u inside %u before %u after %u width %.2f kept %u kept_inside %u\n", known,
           known - before - after, before, after, known > 0 ? widths[known / 2] : 0, kept,
           kept_inside);
    free(widths);
    printf("remedies %u found %u start %u trials %u as_it_is %u request %u", bench->remedies,
           bench->found, bench->start, bench->trials, bench->as_it_is, bench->by_request);
    for (uint32_t kind = 0; kind < WF_WAIT_CHANGE_COUNT; kind++) {
        printf(" %s %u", wf_wait_change_name((enum wf_wait_change_kind)kind), bench->by_kind[kind]);
    }
    printf("\n");
}

static void read_all(struct bench *bench, char **argv)
{
    struct wf_error err;
    const struct wf_history_config history = {.path = argv[1], .processors_are_gpus = true};
    const struct wf_site_config site = {.path = argv[2]};
    struct wf_rerun_jobs_config wanted = {
        .from_ms = WF_TIME_UNKNOWN,
        .to_ms = WF_TIME_UNKNOWN,
        .limit_seed = strtoull(argv[4], NULL, 10),
    };
    wanted.make_up_limits = wanted.limit_seed > 0;
    need(wf_replayer_parse(argv[3], &bench->replayer, &err), &err);
    need(wf_history_open(&history, &bench->file, &err), &err);
    need(wf_site_read(&site, &bench->site, &err), &err);
    need(wf_rerun_jobs_read(bench->file, &bench->site, &wanted, &bench->jobs, &err), &err);
}

static void run(struct bench *bench, uint64_t seed)
{
    struct wf_error err;
    struct wf_rerun_config config = {
        .jobs = &bench->jobs,
        .site = &bench->site,
        .discipline = bench->replayer.discipline,
        .placement = bench->replayer.placement,
        .name = bench->replayer.name,
        .watch = watch,
        .context = bench,
    };
    int64_t begin_ms = bench->jobs.told[0].submit_ms;
    int64_t span_ms = bench->jobs.told[bench->jobs.count - 1].submit_ms - begin_ms;
    struct wf_rerun_stepper *stepper;
    need(wf_start_watch_create(wf_start_watch_interval_ms(span_ms), &bench->watch, &err), &err);
    need(wf_rerun_open(&config, &stepper, &err), &err);
    struct wf_rerun_stepper *other; // that is only asked whether changes help
    config.watch = NULL;
    need(wf_rerun_open(&config, &other, &err), &err);
    uint64_t draws = 0;
    uint32_t every = bench->remedies_max > 0 ? bench->max / bench->remedies_max : 0;
    // The first twentieth is left for learning: nobody asks before anything has happened.
    int64_t at_ms = begin_ms + span_ms / 20;
    int64_t step_ms = (span_ms - span_ms / 20) / bench->max + 1;
    while (bench->count < bench->max && !wf_rerun_is_over(stepper)) {
        need(wf_rerun_to(stepper, at_ms, &err), &err);
        uint64_t draw = wf_hash_add(wf_hash_add(0, seed + 1), draws++);
        const struct wf_core *core = wf_rerun_core(stepper);
        uint32_t job = draw_waiting(&wf_core_schedule(core)->backlog, draw >> 8);
        if (job != WF_NONE) {
            ask(bench, core, job);
            if (every > 0 && bench->count % every == 0 && bench->remedies < bench->remedies_max) {
                need(wf_rerun_to(other, at_ms, &err), &err);
                ask_remedy(bench, stepper, other, job);
            }
        }
        at_ms += step_ms;
    }
    need(wf_rerun_to(stepper, INT64_MAX, &err), &err);
    print(bench, wf_rerun_outcomes(stepper));
    wf_rerun_close(stepper);
    wf_rerun_close(other);
    wf_start_watch_destroy(bench->watch);
}

int main(int argc, char **argv)
{
    if (argc != 7) {
        fprintf(stderr, "usage: %s HISTORY CLUSTER POLICY SEED QUESTIONS REMEDIES\n", argv[0]);
        return 2;
    }
    struct bench bench = {
        .max = (uint32_t)strtoul(argv[5], NULL, 10),
        .remedies_max = (uint32_t)strtoul(argv[6], NULL, 10),
    };
    bench.questions = calloc(bench.max + 1, sizeof *bench.questions);
    if (!bench.questions) {
        return 1;
    }
    read_all(&bench, argv);
    run(&bench, strtoull(argv[4], NULL, 10));
    free(bench.questions);
    wf_rerun_jobs_finish(&bench.jobs);
    wf_site_finish(&bench.site);
    wf_history_close(bench.file);
    return 0;
}
