// SPDX-License-Identifier: Apache-2.0
// How well run times are told beforehand, on the real jobs of the openb trace with made-up limits
// (sim/rerun/made_up_limit.h). Users and job names are not known there: jobs are told apart by what
// they ask for. Each job is predicted when it is submitted, from those that had ended by then.
//
//   bench_forecast [SEEDS]       of the made-up limits; without: 5
#include <errno.h>
#include <inttypes.h>
#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>

#include "base/compat.h"
#include "base/hash.h"
#include "forecast/run_time.h"
#include "sim/csv.h"
#include "sim/rerun/made_up_limit.h"

enum { POINTS = 5, JOBS_MAX = 20000 };

struct job {
    int64_t submit_ms, end_ms, run_ms, limit_ms;
    struct wf_run_time_key key;
    struct wf_run_time_points points;
    double run_log; // of seconds
};

static struct job jobs[JOBS_MAX];
static uint32_t by_end[JOBS_MAX];
static uint32_t count;

static void need(enum wf_status status, const struct wf_error *err)
{
    if (status != WF_OK) {
        fprintf(stderr, "bench_forecast: %s\n", err->text);
        exit(1);
    }
}

static void read_jobs(const char *path)
{
    enum { SUBMIT, WAIT, RUN, CPU, MEMORY, GPUS, SHARE, QOS, COLUMNS };
    static const struct wf_csv_column columns[COLUMNS] = {
        {"submit_s", false},   {"observed_wait_s", false},
        {"run_s", false},      {"cpu_milli", false},
        {"memory_mib", false}, {"num_gpu", false},
        {"gpu_milli", false},  {"qos", false},
    };
    struct wf_error err;
    struct wf_csv *csv = NULL;
    need(wf_csv_open(path, columns, COLUMNS, &csv, &err), &err);
    bool row = true;
    for (;;) {
        need(wf_csv_next(csv, &row, &err), &err);
        if (!row || count == JOBS_MAX) {
            break;
        }
        int64_t number[QOS];
        uint64_t shape = 0;
        for (uint32_t i = 0; i < QOS; i++) {
            need(wf_csv_number(csv, i, (struct wf_csv_range){INT64_C(1) << 40, NULL}, &number[i],
                               &err),
                 &err);
            shape = i >= CPU ? wf_hash_add(shape, (uint64_t)number[i]) : 0;
        }
        for (const char *letter = wf_csv_text(csv, QOS); *letter; letter++) {
            shape = wf_hash_add(shape, (uint64_t)*letter);
        }
        struct job *job = &jobs[count++];
        job->submit_ms = number[SUBMIT] * 1000;
        job->run_ms = number[RUN] * 1000;
        job->end_ms = job->submit_ms + number[WAIT] * 1000 + job->run_ms;
        job->key.shape = shape;
        job->run_log = log(number[RUN] > 0 ? (double)number[RUN] : 1);
    }
    wf_csv_close(csv);
}

static int compare_ends(const void *left, const void *right)
{
    const struct job *a = &jobs[*(const uint32_t *)left];
    const struct job *b = &jobs[*(const uint32_t *)right];
    return a->end_ms != b->end_ms ? (a->end_ms > b->end_ms) - (a->end_ms < b->end_ms)
                                  : (a > b) - (a < b);
}

static void predict_all(bool limits, uint64_t seed)
{
    for (uint32_t i = 0; i < count; i++) {
        jobs[i].limit_ms = limits ? wf_made_up_limit_ms(seed, i, jobs[i].run_ms) : 0;
    }
    struct wf_error err;
    struct wf_run_time_model *model = NULL;
    need(wf_run_time_create(100000, &model, &err), &err);
    uint32_t ended = 0;
    for (uint32_t i = 0; i < count; i++) {
        struct job *job = &jobs[i];
        for (; ended < count && jobs[by_end[ended]].end_ms <= job->submit_ms; ended++) {
            const struct job *done = &jobs[by_end[ended]];
            wf_run_time_learn(model, &done->key, done->limit_ms, done->run_ms, false);
        }
        wf_run_time_predict(model, &job->key, job->limit_ms, &job->points);
    }
    wf_run_time_destroy(model);
}

struct scores {
    double coverage[POINTS]; // part of the jobs that stay within each point
    double within_80;        // between the first and the last
    double error;            // mean of |ln(run / median)|
    double limit_error;      // the same of the limit
    double rank, limit_rank; // Spearman's, with the run time
};

static const double *ranked;

static int compare_ranked(const void *left, const void *right)
{
    double a = ranked[*(const uint32_t *)left];
    double b = ranked[*(const uint32_t *)right];
    return (a > b) - (a < b);
}

// Ranks from 0; equal values share the middle of theirs.
static void rank(const double *values, double *ranks_out)
{
    static uint32_t order[JOBS_MAX];
    for (uint32_t i = 0; i < count; i++) {
        order[i] = i;
    }
    ranked = values;
    qsort(order, count, sizeof *order, compare_ranked);
    for (uint32_t i = 0, end; i < count; i = end) {
        for (end = i; end < count && values[order[end]] <= values[order[i]]; end++) {
        }
        for (uint32_t j = i; j < end; j++) {
            ranks_out[order[j]] = (double)(i + end - 1) / 2;
        }
    }
}

static double rank_correlation(const double *left, const double *right)
{
    static double a[JOBS_MAX];
    static double b[JOBS_MAX];
    rank(left, a);
    rank(right, b);
    double middle = (count - 1) / 2.0;
    double both = 0;
    double squares_a = 0;
    double squares_b = 0;
    for (uint32_t i = 0; i < count; i++) {
        both += (a[i] - middle) * (b[i] - middle);
        squares_a += (a[i] - middle) * (a[i] - middle);
        squares_b += (b[i] - middle) * (b[i] - middle);
    }
    return squares_a > 0 && squares_b > 0 ? both / sqrt(squares_a * squares_b) : 0;
}

static struct scores score(void)
{
    static double run[JOBS_MAX];
    static double median[JOBS_MAX];
    static double limit[JOBS_MAX];
    struct scores scores = {.error = 0};
    for (uint32_t i = 0; i < count; i++) {
        const struct job *job = &jobs[i];
        for (unsigned point = 0; point < POINTS; point++) {
            scores.coverage[point] += job->run_ms <= job->points.ms[point];
        }
        scores.within_80 += job->run_ms <= job->points.ms[4] && job->run_ms > job->points.ms[0];
        run[i] = job->run_log;
        median[i] = log((double)(job->points.ms[2] > 1000 ? job->points.ms[2] : 1000) / 1000);
        limit[i] = job->limit_ms > 0 ? log((double)job->limit_ms / 1000) : 0;
        scores.error += fabs(median[i] - run[i]) / count;
        scores.limit_error += fabs(limit[i] - run[i]) / count;
    }
    for (unsigned point = 0; point < POINTS; point++) {
        scores.coverage[point] /= count;
    }
    scores.within_80 /= count;
    scores.rank = rank_correlation(median, run);
    scores.limit_rank = rank_correlation(limit, run);
    return scores;
}

static void print(const char *name, const struct scores *scores)
{
    printf("%-18s", name);
    for (unsigned point = 0; point < POINTS; point++) {
        printf(" %5.1f", scores->coverage[point] * 100);
    }
    printf(" %7.1f %7.2f %7.2f %7.3f %7.3f\n", scores->within_80 * 100, scores->error,
           scores->limit_error, scores->rank, scores->limit_rank);
}

// Points of the remaining time of the jobs that still ran after so long.
static void score_rest(int64_t ran_ms, const char *name)
{
    struct wf_error err;
    struct wf_run_time_model *model = NULL;
    need(wf_run_time_create(100000, &model, &err), &err);
    double within[POINTS] = {0};
    uint32_t asked = 0;
    uint32_t ended = 0;
    for (uint32_t i = 0; i < count; i++) {
        const struct job *job = &jobs[i];
        for (; ended < count && jobs[by_end[ended]].end_ms <= job->submit_ms; ended++) {
            const struct job *done = &jobs[by_end[ended]];
            wf_run_time_learn(model, &done->key, done->limit_ms, done->run_ms, false);
        }
        if (job->run_ms <= ran_ms) {
            continue;
        }
        struct wf_run_time_points points;
        wf_run_time_predict_rest(model, &job->key, job->limit_ms, ran_ms, &points);
        asked++;
        for (unsigned point = 0; point < POINTS; point++) {
            within[point] += job->run_ms - ran_ms <= points.ms[point];
        }
    }
    wf_run_time_destroy(model);
    printf("%-18s", name);
    for (unsigned point = 0; point < POINTS; point++) {
        printf(" %5.1f", asked ? within[point] / asked * 100 : 0);
    }
    printf("   of %" PRIu32 " jobs\n", asked);
}

static void speed(void)
{
    struct wf_error err;
    struct wf_run_time_model *model = NULL;
    need(wf_run_time_create(100000, &model, &err), &err);
    struct timespec from;
    struct timespec to;
    static const uint32_t times = 200000;
    clock_gettime(CLOCK_MONOTONIC, &from);
    int64_t sum = 0;
    for (uint32_t i = 0; i < times; i++) {
        const struct job *job = &jobs[i % count];
        struct wf_run_time_key key = job->key;
        key.user = i % 97 + 1;
        key.name = i % 31 + 1;
        key.queue = i % 11 + 1;
        struct wf_run_time_points points;
        wf_run_time_predict(model, &key, job->limit_ms, &points);
        wf_run_time_learn(model, &key, job->limit_ms, job->run_ms, false);
        sum += points.mean_ms;
    }
    clock_gettime(CLOCK_MONOTONIC, &to);
    wf_run_time_destroy(model);
    double us = (double)(to.tv_sec - from.tv_sec) * 1e6 + (double)(to.tv_nsec - from.tv_nsec) / 1e3;
    printf("%.2f us to predict and learn one job (mean of all means: %.1f h)\n", us / times,
           (double)sum / times / 3.6e6);
}

int main(int argc, char **argv)
{
    const char *data = getenv("WHALEFLUX_DATA");
    uint64_t seeds = argc > 1 ? strtoull(argv[1], NULL, 10) : 5;
    char path[4096];
    snprintf(path, sizeof path, "%s/jobs/openb_jobs.csv.gz", data ? data : "../shared/data");
    read_jobs(path);
    for (uint32_t i = 0; i < count; i++) {
        by_end[i] = i;
    }
    qsort(by_end, count, sizeof *by_end, compare_ends);
    printf("%" PRIu32 " jobs of openb, told at submission; %% of them within each point\n", count);
    printf("%-18s %5s %5s %5s %5s %5s %7s %7s %7s %7s %7s\n", "limits", "10", "30", "50", "70",
           "90", "10-90", "|ln|", "limit's", "rank", "limit's");
    for (uint64_t seed = 1; seed <= seeds; seed++) {
        char name[32];
        snprintf(name, sizeof name, "made up, seed %" PRIu64, seed);
        predict_all(true, seed);
        struct scores scores = score();
        print(name, &scores);
    }
    predict_all(true, 1);
    printf("\nthe rest of those that still run, limits of seed 1\n");
    score_rest(INT64_C(600) * 1000, "after 10 minutes");
    score_rest(INT64_C(3600) * 1000, "after 1 hour");
    score_rest(INT64_C(21600) * 1000, "after 6 hours");
    speed();
    predict_all(false, 0);
    struct scores scores = score();
    printf("\nwithout limits\n");
    print("none", &scores);
    return 0;
}
