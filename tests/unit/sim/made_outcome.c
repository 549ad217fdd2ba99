// SPDX-License-Identifier: Apache-2.0
#include "made_outcome.h"

#include <math.h>
#include <stdlib.h>
#include <string.h>

#include "base/assert.h"
#include "base/random.h"
#include "sim/history/history.h"

#define MONTH_MS (INT64_C(30) * 24 * 3600 * 1000)
#define HOUR_MS 3600000
#define NANOUSD_PER_GPU_HOUR INT64_C(2500000000)

static const uint32_t sizes[] = {0, 250, 500, 1000, 1000, 1000, 2000, 4000, 8000, 8000, 16000};

static int compare_times(const void *left, const void *right)
{
    const int64_t *a = left, *b = right;
    return (*a > *b) - (*a < *b);
}

// Between 0 and 1, never 0.
static double draw_part(struct wf_random *random)
{
    return (double)(wf_random_below(random, 1000000) + 1) / 1e6;
}

static void draw_submissions(struct made_history *history, struct wf_random *random)
{
    int64_t *times = calloc((size_t)history->count + 1, sizeof *times);
    WF_ASSERT(times);
    for (uint32_t i = 0; i < history->count; i++) {
        // More by day than by night.
        double day = floor(30 * draw_part(random));
        double hour = 14 + 5 * (draw_part(random) + draw_part(random) - 1) * 2;
        times[i] = history->begin_ms + llround((day * 24 + hour) * HOUR_MS);
    }
    qsort(times, history->count, sizeof *times, compare_times);
    for (uint32_t i = 0; i < history->count; i++) {
        history->jobs[i].submit_ms = times[i];
        history->jobs[i].eligible_ms = times[i];
    }
    free(times);
}

void made_history_init(struct made_history *history, uint64_t seed, uint32_t count, uint32_t gpus,
                       double load)
{
    struct wf_random random;
    double asked = 0;
    wf_random_init(&random, seed);
    *history = (struct made_history){
        .jobs = calloc((size_t)count + 1, sizeof *history->jobs),
        .count = count,
        .users = 24,
        .gpus = gpus,
        .begin_ms = INT64_C(1757894400000),
        .seed = seed,
    };
    WF_ASSERT(history->jobs);
    draw_submissions(history, &random);
    for (uint32_t i = 0; i < count; i++) {
        struct wf_outcome_job *job = &history->jobs[i];
        double skewed = draw_part(&random) * draw_part(&random);
        job->user = 1 + (uint32_t)(skewed * (history->users - 1));
        job->id = history->users + 1 + i;
        job->gpu_milli = sizes[wf_random_below(&random, WF_COUNT_OF(sizes))];
        job->run_ms = llround(60000 * pow(2000, draw_part(&random)));
        asked += (double)job->gpu_milli / 1000 * (double)job->run_ms;
    }
    double scale = asked > 0 ? load * gpus * MONTH_MS / asked : 1;
    for (uint32_t i = 0; i < count; i++) {
        struct wf_outcome_job *job = &history->jobs[i];
        job->run_ms = llround((double)job->run_ms * scale);
        job->run_ms = job->run_ms > 1000 ? job->run_ms : 1000;
        job->deadline_ms = i % 7 == 0 ? job->submit_ms + 4 * job->run_ms + 8 * HOUR_MS : 0;
    }
}

void made_history_finish(struct made_history *history)
{
    free(history->jobs);
}

// A run while it goes on.
struct machine {
    const struct made_history *history;
    struct wf_outcome_run *run;
    struct wf_random random;
    uint32_t *waiting, *running;
    uint32_t waiting_count, running_count, next;
    int64_t now_ms, noise_ms, free_milli;
    enum made_policy policy;
};

static void pass_time(struct machine *machine, int64_t until_ms)
{
    double hours = (double)(until_ms - machine->now_ms) / HOUR_MS;
    double all = machine->history->gpus;
    struct wf_outcome_cluster *cluster = &machine->run->cluster;
    struct wf_outcome_moment moment = {.gpus = all};
    uint32_t smallest = UINT32_MAX;
    for (uint32_t i = 0; i < machine->waiting_count; i++) {
        uint32_t wanted = machine->history->jobs[machine->waiting[i]].gpu_milli;
        smallest = wanted < smallest ? wanted : smallest;
        moment.waiting += wanted / 1000.0;
    }
    double unused = (double)machine->free_milli / 1000;
    moment.used = all - unused;
    moment.blocked = machine->waiting_count > 0 ? unused : 0;
    cluster->gpu_hours += all * hours;
    cluster->used_gpu_hours += moment.used * hours;
    cluster->waiting_gpu_hours += fmin(moment.waiting, unused) * hours;
    cluster->idle_gpu_hours += machine->waiting_count > 0 ? 0 : unused * hours;
    cluster->stranded_gpu_hours += smallest <= machine->free_milli ? moment.blocked * hours : 0;
    wf_outcome_series_add(&cluster->series, machine->now_ms, until_ms, &moment);
    machine->now_ms = until_ms;
}

static void start(struct machine *machine, uint32_t place)
{
    uint32_t index = machine->waiting[place];
    const struct wf_outcome_job *job = &machine->history->jobs[index];
    struct wf_outcome *outcome = &machine->run->jobs[index];
    outcome->start_ms = machine->now_ms;
    outcome->end_ms = machine->now_ms + job->run_ms;
    if (machine->noise_ms > 0) {
        outcome->end_ms += (int64_t)wf_random_below(&machine->random, (uint64_t)machine->noise_ms);
    }
    outcome->wait_ms = machine->now_ms - job->eligible_ms;
    outcome->cost_nanousd = llround((double)job->gpu_milli / 1000 * (double)job->run_ms / HOUR_MS *
                                    (double)NANOUSD_PER_GPU_HOUR);
    machine->free_milli -= job->gpu_milli;
    machine->running[machine->running_count++] = index;
    machine->waiting_count--;
    memmove(&machine->waiting[place], &machine->waiting[place + 1],
            (machine->waiting_count - place) * sizeof *machine->waiting);
}

// Returns the place of the job that may start, or UINT32_MAX.
static uint32_t choose(const struct machine *machine)
{
    uint32_t best = UINT32_MAX;
    const struct wf_outcome_job *jobs = machine->history->jobs;
    for (uint32_t i = 0; i < machine->waiting_count; i++) {
        bool fits = jobs[machine->waiting[i]].gpu_milli <= machine->free_milli;
        if (machine->policy != MADE_SHORTEST && fits) {
            return i;
        }
        if (machine->policy == MADE_FIFO) {
            return UINT32_MAX;
        }
        bool shorter = best == UINT32_MAX ||
                       jobs[machine->waiting[i]].run_ms < jobs[machine->waiting[best]].run_ms;
        best = fits && shorter ? i : best;
    }
    return best;
}

static int64_t next_end(const struct machine *machine)
{
    int64_t end_ms = INT64_MAX;
    for (uint32_t i = 0; i < machine->running_count; i++) {
        int64_t of = machine->run->jobs[machine->running[i]].end_ms;
        end_ms = of < end_ms ? of : end_ms;
    }
    return end_ms;
}

static void end_jobs(struct machine *machine)
{
    for (uint32_t i = 0; i < machine->running_count;) {
        uint32_t index = machine->running[i];
        if (machine->run->jobs[index].end_ms <= machine->now_ms) {
            machine->free_milli += machine->history->jobs[index].gpu_milli;
            machine->running[i] = machine->running[--machine->running_count];
        } else {
            i++;
        }
    }
}

static void step(struct machine *machine)
{
    const struct made_history *history = machine->history;
    int64_t end_ms = next_end(machine);
    int64_t submit_ms =
        machine->next < history->count ? history->jobs[machine->next].submit_ms : INT64_MAX;
    pass_time(machine, end_ms < submit_ms ? end_ms : submit_ms);
    end_jobs(machine);
    if (submit_ms <= end_ms) {
        uint32_t index = machine->next++;
        if (history->jobs[index].gpu_milli <= history->gpus * 1000) {
            machine->waiting[machine->waiting_count++] = index;
        } else {
            machine->run->jobs[index].rejected = true;
        }
    }
    uint32_t place;
    while ((place = choose(machine)) != UINT32_MAX) {
        start(machine, place);
    }
}

void made_run_init(struct wf_outcome_run *run_out, const struct made_history *history,
                   enum made_policy policy, const char *name, int64_t noise_ms)
{
    *run_out = (struct wf_outcome_run){
        .name = name,
        .jobs = calloc((size_t)history->count + 1, sizeof *run_out->jobs),
        .cluster = {.begin_ms = history->begin_ms, .hash = (uint64_t)policy, .seconds = 0.5},
    };
    struct machine machine = {
        .history = history,
        .run = run_out,
        .waiting = calloc((size_t)history->count + 1, sizeof *machine.waiting),
        .running = calloc((size_t)history->count + 1, sizeof *machine.running),
        .now_ms = history->begin_ms,
        .noise_ms = noise_ms,
        .free_milli = history->gpus * INT64_C(1000),
        .policy = policy,
    };
    WF_ASSERT(run_out->jobs && machine.waiting && machine.running);
    wf_random_init(&machine.random, history->seed + 1);
    wf_outcome_series_init(&run_out->cluster.series, history->begin_ms);
    for (uint32_t i = 0; i < history->count; i++) {
        run_out->jobs[i].start_ms = run_out->jobs[i].end_ms = WF_TIME_UNKNOWN;
    }
    while (machine.next < history->count || machine.running_count > 0) {
        step(&machine);
    }
    struct wf_outcome_cluster *cluster = &run_out->cluster;
    cluster->end_ms = machine.now_ms;
    cluster->usd = cluster->gpu_hours * (double)NANOUSD_PER_GPU_HOUR / 1e9;
    cluster->used_usd = cluster->used_gpu_hours * (double)NANOUSD_PER_GPU_HOUR / 1e9;
    free(machine.waiting);
    free(machine.running);
}

void made_run_finish(struct wf_outcome_run *run)
{
    free(run->jobs);
}
