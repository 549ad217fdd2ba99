// SPDX-License-Identifier: Apache-2.0
#include "sim/outcome/measures.h"

#include <math.h>
#include <stdlib.h>
#include <string.h>

#include "sim/history/history.h"

#define MS_PER_HOUR 3600000.0
#define CLASS_BITS 3

_Static_assert(WF_SIZE_CLASSES <= 1 << CLASS_BITS, "a class has its place in a key");

struct user {
    double slowdown, wait_ms; // sums
    uint32_t jobs;
};

// What is needed while the measures of one run are made.
struct workshop {
    uint64_t *waits; // milliseconds, and in the last bits the class
    double *slowdowns;
    struct user *users; // by number
    uint32_t user_count;
    uint32_t wait_count, slowdown_count;
};

int64_t wf_wait_point_ms(uint32_t point)
{
    return llround(1000 * exp2(point / 4.0));
}

int64_t wf_measures_wait_ms(const struct wf_outcome *outcome)
{
    if (outcome->rejected || outcome->start_ms == WF_TIME_UNKNOWN) {
        return -1;
    }
    return outcome->wait_ms > 0 ? outcome->wait_ms : 0;
}

static enum wf_status workshop_init(struct workshop *shop, const struct wf_outcome_job *jobs,
                                    uint32_t job_count, struct wf_error *err)
{
    *shop = (struct workshop){0};
    for (uint32_t i = 0; i < job_count; i++) {
        shop->user_count = jobs[i].user >= shop->user_count ? jobs[i].user + 1 : shop->user_count;
    }
    shop->waits = calloc((size_t)job_count + 1, sizeof *shop->waits);
    shop->slowdowns = calloc((size_t)job_count + 1, sizeof *shop->slowdowns);
    shop->users = calloc((size_t)shop->user_count + 1, sizeof *shop->users);
    return shop->waits && shop->slowdowns && shop->users
               ? WF_OK
               : wf_fail(err, WF_NOMEM, "no memory for the measures of %u jobs", job_count);
}

static void workshop_finish(struct workshop *shop)
{
    free(shop->waits);
    free(shop->slowdowns);
    free(shop->users);
}

static bool has_starved(const struct wf_outcome_job *job, int64_t wait_ms)
{
    int64_t run_ms = job->run_ms > 0 ? job->run_ms : 0;
    return wait_ms > WF_STARVED_FLOOR_MS &&
           (wait_ms - WF_STARVED_FLOOR_MS + WF_STARVED_RUNS - 1) / WF_STARVED_RUNS > run_ms;
}

static bool has_missed(const struct wf_outcome_job *job, const struct wf_outcome *outcome)
{
    return job->deadline_ms != 0 &&
           (outcome->end_ms == WF_TIME_UNKNOWN || outcome->end_ms > job->deadline_ms);
}

static double slowdown_of(const struct wf_outcome_job *job, const struct wf_outcome *outcome)
{
    int64_t run_ms = job->run_ms > WF_SLOWDOWN_FLOOR_MS ? job->run_ms : WF_SLOWDOWN_FLOOR_MS;
    double slowdown =
        (double)(outcome->end_ms - job->eligible_ms - outcome->shift_ms) / (double)run_ms;
    return slowdown > 1 ? slowdown : 1;
}

static void count_never_started(const struct wf_outcome_job *job, const struct wf_outcome *outcome,
                                const struct wf_outcome_cluster *cluster,
                                struct wf_measures *measures)
{
    if (outcome->rejected) {
        measures->rejected++;
        return;
    }
    int64_t until_ms = outcome->end_ms != WF_TIME_UNKNOWN ? outcome->end_ms : cluster->end_ms;
    measures->never_started++;
    measures->starved += has_starved(job, until_ms - job->eligible_ms - outcome->shift_ms);
}

static void count_started(struct workshop *shop, const struct wf_outcome_job *job,
                          const struct wf_outcome *outcome, struct wf_measures *measures)
{
    int64_t wait_ms = wf_measures_wait_ms(outcome);
    enum wf_size_class size = wf_size_class_of(job->gpu_milli);
    measures->started++;
    measures->starved += has_starved(job, wait_ms);
    shop->waits[shop->wait_count++] = (uint64_t)wait_ms << CLASS_BITS | size;
    if (outcome->end_ms == WF_TIME_UNKNOWN) {
        return;
    }
    measures->ended++;
    double slowdown = slowdown_of(job, outcome);
    struct user *user = &shop->users[job->user];
    user->slowdown += slowdown;
    user->wait_ms += (double)wait_ms;
    user->jobs++;
    shop->slowdowns[shop->slowdown_count++] = slowdown;
}

static void count_jobs(struct workshop *shop, const struct wf_outcome_job *jobs, uint32_t count,
                       const struct wf_outcome_run *run, struct wf_measures *measures)
{
    int64_t first_ms = INT64_MAX;
    int64_t last_ms = INT64_MIN;
    for (uint32_t i = 0; i < count; i++) {
        const struct wf_outcome *outcome = &run->jobs[i];
        measures->deadlines += jobs[i].deadline_ms != 0;
        measures->deadlines_missed += has_missed(&jobs[i], outcome);
        measures->preemptions += outcome->preemptions;
        measures->lost_gpu_hours += (double)outcome->lost_gpu_ms / MS_PER_HOUR;
        if (wf_measures_wait_ms(outcome) < 0) {
            count_never_started(&jobs[i], outcome, &run->cluster, measures);
        } else {
            count_started(shop, &jobs[i], outcome, measures);
            bool later = outcome->end_ms != WF_TIME_UNKNOWN && outcome->end_ms > last_ms;
            last_ms = later ? outcome->end_ms : last_ms;
        }
        first_ms = jobs[i].submit_ms < first_ms ? jobs[i].submit_ms : first_ms;
    }
    if (last_ms > first_ms) {
        measures->makespan_ms = (double)(last_ms - first_ms);
        measures->jobs_per_hour = (double)measures->ended * MS_PER_HOUR / measures->makespan_ms;
    }
}

static int compare_waits(const void *left, const void *right)
{
    const uint64_t *a = left, *b = right;
    return (*a > *b) - (*a < *b);
}

static int compare_slowdowns(const void *left, const void *right)
{
    const double *a = left, *b = right;
    return (*a > *b) - (*a < *b);
}

// The place, from 1, of a percentile among count values.
static uint64_t rank_of(uint64_t percent, uint64_t count)
{
    return (percent * count + 99) / 100;
}

// Takes the next wait in ascending order; jobs_all is how many there will be, sum their sum so far.
static void take_wait(struct wf_waits *waits, uint64_t jobs_all, int64_t wait_ms, double *sum)
{
    waits->jobs++;
    *sum += (double)wait_ms;
    if (waits->jobs == rank_of(50, jobs_all)) {
        waits->p50_ms = wait_ms;
    }
    if (waits->jobs == rank_of(95, jobs_all)) {
        waits->p95_ms = wait_ms;
    }
    if (waits->jobs == jobs_all) {
        waits->max_ms = wait_ms;
        waits->mean_ms = *sum / (double)jobs_all;
    }
}

static void measure_waits(struct workshop *shop, struct wf_measures *measures)
{
    uint64_t in_class[WF_SIZE_CLASSES] = {0};
    double sums[WF_SIZE_CLASSES] = {0};
    double sum = 0;
    uint32_t point = 0;
    qsort(shop->waits, shop->wait_count, sizeof *shop->waits, compare_waits);
    for (uint32_t i = 0; i < shop->wait_count; i++) {
        in_class[shop->waits[i] % (1 << CLASS_BITS)]++;
    }
    for (uint32_t i = 0; i < shop->wait_count; i++) {
        int64_t wait_ms = (int64_t)(shop->waits[i] >> CLASS_BITS);
        uint32_t size = shop->waits[i] % (1 << CLASS_BITS);
        take_wait(&measures->waits, shop->wait_count, wait_ms, &sum);
        take_wait(&measures->sizes[size], in_class[size], wait_ms, &sums[size]);
        while (point < WF_WAIT_POINTS && wait_ms > wf_wait_point_ms(point)) {
            measures->wait_curve[point++] = i;
        }
    }
    while (point < WF_WAIT_POINTS) {
        measures->wait_curve[point++] = shop->wait_count;
    }
}

static void measure_slowdowns(struct workshop *shop, struct wf_measures *measures)
{
    double sum = 0;
    if (shop->slowdown_count == 0) {
        return;
    }
    qsort(shop->slowdowns, shop->slowdown_count, sizeof *shop->slowdowns, compare_slowdowns);
    for (uint32_t i = 0; i < shop->slowdown_count; i++) {
        sum += shop->slowdowns[i];
    }
    measures->slowdown_mean = sum / shop->slowdown_count;
    measures->slowdown_p95 = shop->slowdowns[rank_of(95, shop->slowdown_count) - 1];
}

static void measure_users(const struct workshop *shop, struct wf_measures *measures)
{
    double sum = 0;
    double squares = 0;
    for (uint32_t i = 0; i < shop->user_count; i++) {
        const struct user *user = &shop->users[i];
        if (user->jobs == 0) {
            continue;
        }
        double slowdown = user->slowdown / user->jobs;
        measures->users++;
        sum += slowdown;
        squares += slowdown * slowdown;
        if (slowdown > measures->worst_user_slowdown) {
            measures->worst_user = i;
            measures->worst_user_slowdown = slowdown;
            measures->worst_user_wait_ms = user->wait_ms / user->jobs;
        }
    }
    measures->fairness = measures->users > 0 ? sum * sum / (measures->users * squares) : 0;
}

static void measure_cluster(const struct wf_outcome_cluster *cluster, struct wf_measures *measures)
{
    double useful = cluster->used_gpu_hours - measures->lost_gpu_hours;
    double refused = cluster->gpu_hours - cluster->used_gpu_hours - cluster->idle_gpu_hours -
                     cluster->stranded_gpu_hours;
    measures->used_pct =
        cluster->gpu_hours > 0 ? 100 * cluster->used_gpu_hours / cluster->gpu_hours : 0;
    measures->useful_gpu_hours = useful > 0 ? useful : 0;
    measures->idle_gpu_hours = cluster->idle_gpu_hours;
    measures->stranded_gpu_hours = cluster->stranded_gpu_hours;
    // What rounding leaves of nothing is nothing.
    measures->refused_gpu_hours = refused > 1e-9 * cluster->gpu_hours ? refused : 0;
    measures->usd = cluster->usd;
    measures->used_usd = cluster->used_usd;
    measures->unused_usd = cluster->usd > cluster->used_usd ? cluster->usd - cluster->used_usd : 0;
    measures->usd_per_useful_gpu_hour = useful > 0 ? cluster->usd / useful : 0;
}

enum wf_status wf_measures_make(const struct wf_outcome_job *jobs, uint32_t job_count,
                                const struct wf_outcome_run *run, struct wf_measures *measures_out,
                                struct wf_error *err)
{
    struct workshop shop;
    memset(measures_out, 0, sizeof *measures_out);
    enum wf_status status = workshop_init(&shop, jobs, job_count, err);
    if (status == WF_OK) {
        measures_out->jobs = job_count;
        count_jobs(&shop, jobs, job_count, run, measures_out);
        measure_waits(&shop, measures_out);
        measure_slowdowns(&shop, measures_out);
        measure_users(&shop, measures_out);
        measure_cluster(&run->cluster, measures_out);
    }
    workshop_finish(&shop);
    return status;
}
