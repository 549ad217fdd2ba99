// SPDX-License-Identifier: Apache-2.0
// What deadlines are worth to those who have one, and what they cost the others:
//   bench_queue_deadline HISTORY CLUSTER
// Runs the history under easy, under foresight that is told of no deadline, and under foresight;
// prints one line of numbers for each. bench/queue-workloads --only deadline writes such histories.
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "sim/rerun/replayer.h"
#include "sim/rerun/rerun.h"

static void need(enum wf_status status, const struct wf_error *err)
{
    if (status != WF_OK) {
        fprintf(stderr, "%s\n", err->text);
        exit(1);
    }
}

static int compare(const void *left, const void *right)
{
    int64_t a = *(const int64_t *)left, b = *(const int64_t *)right;
    return (a > b) - (a < b);
}

static void print(const char *name, const struct wf_rerun_jobs *jobs,
                  const struct wf_outcome *outcomes)
{
    int64_t *waits = calloc(jobs->count + 1, sizeof *waits);
    uint32_t others = 0, with = 0, missed = 0;
    double sum = 0, sum_with = 0;
    for (uint32_t i = 0; waits && i < jobs->count; i++) {
        if (outcomes[i].start_ms == WF_TIME_UNKNOWN) {
            continue;
        }
        if (jobs->told[i].deadline_ms == 0) {
            waits[others++] = outcomes[i].wait_ms;
            sum += (double)outcomes[i].wait_ms;
        } else {
            with++;
            missed += outcomes[i].end_ms > jobs->told[i].deadline_ms;
            sum_with += (double)outcomes[i].wait_ms;
        }
    }
    qsort(waits, others, sizeof *waits, compare);
    printf("%s deadlines %u missed %u mean_ms %.0f p95_ms %.0f mean_with_ms %.0f\n", name, with,
           missed, others > 0 ? sum / others : 0,
           others > 0 ? (double)waits[(95 * (uint64_t)others + 99) / 100 - 1] : 0,
           with > 0 ? sum_with / with : 0);
    free(waits);
}

static void run(struct wf_rerun_jobs *jobs, const struct wf_site *site, const char *policy,
                bool told)
{
    struct wf_error err;
    struct wf_replayer replayer;
    struct wf_outcome_run out;
    need(wf_replayer_parse(policy, &replayer, &err), &err);
    for (uint32_t i = 0; i < jobs->count; i++) {
        jobs->list[i].deadline_ms = told ? jobs->told[i].deadline_ms : 0;
    }
    const struct wf_rerun_config config = {
        .jobs = jobs,
        .site = site,
        .discipline = replayer.discipline,
        .placement = replayer.placement,
        .name = policy,
    };
    need(wf_rerun(&config, &out, &err), &err);
    print(told ? policy : "untold", jobs, out.jobs);
    free(out.jobs);
}

int main(int argc, char **argv)
{
    if (argc != 3) {
        fprintf(stderr, "usage: %s HISTORY CLUSTER\n", argv[0]);
        return 2;
    }
    struct wf_error err;
    struct wf_history *history;
    struct wf_site site;
    struct wf_rerun_jobs jobs;
    const struct wf_history_config file = {.path = argv[1], .processors_are_gpus = true};
    const struct wf_site_config machines = {.path = argv[2]};
    const struct wf_rerun_jobs_config all = {.from_ms = WF_TIME_UNKNOWN, .to_ms = WF_TIME_UNKNOWN};
    need(wf_history_open(&file, &history, &err), &err);
    need(wf_site_read(&machines, &site, &err), &err);
    need(wf_rerun_jobs_read(history, &site, &all, &jobs, &err), &err);
    run(&jobs, &site, "easy", true);
    run(&jobs, &site, "foresight", false);
    run(&jobs, &site, "foresight", true);
    wf_rerun_jobs_finish(&jobs);
    wf_site_finish(&site);
    wf_history_close(history);
    return 0;
}
