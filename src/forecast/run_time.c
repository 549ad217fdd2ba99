// SPDX-License-Identifier: Apache-2.0
#include "forecast/run_time.h"

#include <stdlib.h>

#include "base/assert.h"
#include "base/compat.h"
#include "base/hash.h"
#include "forecast/log_grid.h"
#include "forecast/run_samples.h"

#define BUCKETS WF_LOG_GRID_BUCKETS
#define MINUTE_MS (INT64_C(60) * 1000)
#define TRUST_FLOOR 0.005    // a kind is never trusted less, nor the broader ones
#define PRIOR_LIMIT_SHARE 20 // a job with a limit runs at least for a twentieth of it
#define PRIOR_FROM_MS MINUTE_MS
#define PRIOR_TO_MS (INT64_C(7) * 24 * 60 * MINUTE_MS)

// What must be equal for two jobs to be of the same kind.
enum {
    PART_USER = 1,
    PART_NAME = 2,
    PART_QUEUE = 4,
    PART_SHAPE = 8,
    PART_LIMIT = 16,
    PART_SHARE = 32, // nothing, but runs are kept as shares of their limit
};

// A level: kinds of jobs that are alike in some parts. From broad to narrow.
static const struct level {
    unsigned parts;
    double keep;   // what a run weighs, as a part of what the next newer one weighs
    double pseudo; // as many runs count for what the broader levels say
} levels[] = {
    {PART_SHARE, 0.97, 2},
    {PART_LIMIT, 0.97, 4},
    {PART_QUEUE | PART_LIMIT, 0.97, 4},
    {PART_SHAPE | PART_LIMIT, 0.95, 3},
    {PART_USER | PART_LIMIT, 0.95, 2},
    {PART_USER | PART_NAME, 0.9, 1},
};

enum { LEVELS = WF_COUNT_OF(levels) };

struct wf_run_time_model {
    struct wf_run_sample_table *table;
    double trust[LEVELS]; // of a kind's first run
};

// How likely a run ends in each bucket, up to that of the limit.
struct spread {
    double part[BUCKETS];
    uint32_t top; // the last bucket that can be: that of the limit, or the last of all
};

enum wf_status wf_run_time_create(uint32_t kinds_max, struct wf_run_time_model **model_out,
                                  struct wf_error *err)
{
    if (kinds_max == 0 || kinds_max > WF_RUN_TIME_KINDS_MAX) {
        return wf_fail(err, WF_INVALID, "run times of %u kinds of jobs: 1 to %d can be kept",
                       kinds_max, WF_RUN_TIME_KINDS_MAX);
    }
    struct wf_run_time_model *model = calloc(1, sizeof *model);
    if (!model) {
        return wf_fail(err, WF_NOMEM, "no memory to learn run times");
    }
    enum wf_status status = wf_run_sample_table_create(kinds_max, &model->table, err);
    if (status != WF_OK) {
        free(model);
        return status;
    }
    for (unsigned i = 0; i < LEVELS; i++) {
        model->trust[i] = 0.5;
    }
    *model_out = model;
    return WF_OK;
}

void wf_run_time_destroy(struct wf_run_time_model *model)
{
    if (model) {
        wf_run_sample_table_destroy(model->table);
        free(model);
    }
}

// Tells the kind of a job at a level; false where a part is not known.
static bool kind_of(const struct level *level, const struct wf_run_time_key *key, int64_t limit_ms,
                    uint64_t *kind_out)
{
    // By part, in the order of their bits.
    const uint64_t values[] = {
        key->user,    key->name, key->queue, key->shape, wf_log_grid_bucket(limit_ms) + 1,
        limit_ms > 0,
    };
    uint64_t kind = wf_hash_add(0, level->parts);
    for (unsigned i = 0; i < WF_COUNT_OF(values); i++) {
        if (level->parts >> i & 1) {
            if (values[i] == 0) {
                return false;
            }
            kind = wf_hash_add(kind, values[i]);
        }
    }
    *kind_out = kind;
    return true;
}

// Every factor equally likely between two times: as much in each bucket between.
static void spread_evenly(struct spread *spread, int64_t from_ms, int64_t to_ms)
{
    uint32_t first = wf_log_grid_bucket(from_ms);
    uint32_t last = wf_log_grid_bucket(to_ms);
    for (uint32_t i = 0; i < BUCKETS; i++) {
        spread->part[i] = i >= first && i <= last ? 1.0 / (last - first + 1) : 0;
    }
}

// Gives what runs that were cut would have done to the buckets above, in the proportions that the
// broader levels see there.
static void place_cut_runs(const struct spread *broad, const double *cut, double *own)
{
    double above = 0;
    for (uint32_t i = 0; i <= broad->top; i++) {
        above += broad->part[i];
    }
    double rate = 0; // of broad's parts
    for (uint32_t i = 0; i <= broad->top; i++) {
        own[i] += rate * broad->part[i];
        above -= broad->part[i];
        if (i < broad->top && cut[i] > 0 && above > 1e-9) {
            rate += cut[i] / above;
        } else {
            own[i] += cut[i];
        }
    }
}

// Half of each bucket goes to its neighbours: one run tells of about 30 % around it. What would
// leave the range stays at its end.
static double smoothed(const double *own, uint32_t top, uint32_t i)
{
    double before = own[i > 0 ? i - 1 : 0];
    double after = own[i < top ? i + 1 : top];
    return before / 4 + own[i] / 2 + after / 4;
}

// Corrects a spread by the runs of a narrower kind.
static void narrow(struct spread *spread, const struct level *level,
                   const struct wf_run_samples *runs, double trust)
{
    double own[BUCKETS] = {0};
    double cut[BUCKETS] = {0};
    double weight = 1;
    double total = 0;
    for (uint32_t age = 0; age < runs->count; age++, weight *= level->keep) {
        uint32_t at = (runs->newest + WF_RUN_SAMPLES - age) % WF_RUN_SAMPLES;
        uint32_t bucket = runs->bucket[at];
        if (level->parts & PART_SHARE) {
            bucket = bucket < spread->top ? spread->top - bucket : 0;
        }
        if (bucket > spread->top) {
            continue; // of a run past this job's limit nothing can be learned for it
        }
        *(runs->cut >> at & 1 ? &cut[bucket] : &own[bucket]) += weight;
        total += weight;
    }
    if (runs->cut) {
        place_cut_runs(spread, cut, own);
    }
    double own_part = trust / (total + level->pseudo);
    double broad_part = 1 - trust + level->pseudo * own_part;
    for (uint32_t i = 0; i <= spread->top; i++) {
        spread->part[i] = spread->part[i] * broad_part + smoothed(own, spread->top, i) * own_part;
    }
}

static void begin_spread(struct spread *spread, int64_t limit_ms)
{
    if (limit_ms > 0) {
        spread_evenly(spread, limit_ms / PRIOR_LIMIT_SHARE, limit_ms);
    } else {
        spread_evenly(spread, PRIOR_FROM_MS, PRIOR_TO_MS);
    }
    spread->top = limit_ms > 0 ? wf_log_grid_bucket(limit_ms) : BUCKETS - 1;
}

static void make_spread(const struct wf_run_time_model *model, const struct wf_run_time_key *key,
                        int64_t limit_ms, struct spread *spread)
{
    begin_spread(spread, limit_ms);
    for (unsigned i = 0; i < LEVELS; i++) {
        uint64_t kind;
        if (kind_of(&levels[i], key, limit_ms, &kind)) {
            const struct wf_run_samples *runs = wf_run_samples_find(model->table, kind);
            if (runs) {
                narrow(spread, &levels[i], runs, runs->trust);
            }
        }
    }
}

// How likely a spread took what happened: a run of about this time, or at least this time if cut.
static double likelihood(const struct spread *spread, uint32_t bucket, bool cut)
{
    uint32_t first = bucket > 2 ? bucket - 2 : 0;
    uint32_t last = cut || bucket + 2 > spread->top ? spread->top : bucket + 2;
    double sum = 1e-6;
    for (uint32_t i = first; i <= last; i++) {
        sum += spread->part[i];
    }
    return sum;
}

// Bayes' rule between "this kind tells more" and "it tells nothing that the broader ones do not",
// with a little forgetting (Herbster and Warmuth's fixed share).
static double updated_trust(double trust, double own, double broad)
{
    double after = trust * own / (trust * own + (1 - trust) * broad);
    return TRUST_FLOOR + (1 - 2 * TRUST_FLOOR) * after;
}

void wf_run_time_learn(struct wf_run_time_model *model, const struct wf_run_time_key *key,
                       int64_t limit_ms, int64_t run_ms, bool cut)
{
    struct spread spread;
    begin_spread(&spread, limit_ms);
    uint32_t bucket = wf_log_grid_bucket(run_ms);
    bucket = bucket < spread.top ? bucket : spread.top;
    for (unsigned i = 0; i < LEVELS; i++) {
        uint64_t kind;
        if (!kind_of(&levels[i], key, limit_ms, &kind)) {
            continue;
        }
        double trust = model->trust[i];
        const struct wf_run_samples *runs = wf_run_samples_find(model->table, kind);
        if (runs) {
            struct spread own = spread;
            narrow(&own, &levels[i], runs, 1);
            double told = likelihood(&own, bucket, cut);
            double told_broadly = likelihood(&spread, bucket, cut);
            trust = updated_trust(runs->trust, told, told_broadly);
            model->trust[i] = updated_trust(model->trust[i], told, told_broadly);
            for (uint32_t b = 0; b <= spread.top; b++) {
                spread.part[b] += trust * (own.part[b] - spread.part[b]);
            }
        }
        bool share = levels[i].parts & PART_SHARE;
        wf_run_samples_add(model->table, kind, share ? spread.top - bucket : bucket, cut)->trust =
            trust;
    }
}

// The part of the grid that a run of more than ran_ms and at most limit_ms can end in.
struct window {
    int64_t from_ms, to_ms;
};

static struct window part_of_bucket(uint32_t bucket, struct window all)
{
    int64_t from = wf_log_grid_edge(bucket);
    int64_t to = wf_log_grid_edge(bucket + 1);
    return (struct window){from > all.from_ms ? from : all.from_ms,
                           to < all.to_ms ? to : all.to_ms};
}

// Cuts off what lies before a time, within a bucket by its width. Returns what is left.
static double cut_before(struct spread *spread, int64_t from_ms)
{
    uint32_t first = wf_log_grid_bucket(from_ms);
    double begin = (double)wf_log_grid_edge(first);
    double end = (double)wf_log_grid_edge(first + 1);
    double left = 0;
    for (uint32_t i = 0; i < first && i <= spread->top; i++) {
        spread->part[i] = 0;
    }
    for (uint32_t i = first; i <= spread->top; i++) {
        if (i == first) {
            double kept = (end - (double)from_ms) / (end - begin);
            spread->part[i] *= kept > 0 ? kept : 0;
        }
        left += spread->part[i];
    }
    return left;
}

// A job that outlasted all that were ever seen: it is as likely to run q / (1 - q) times as long
// again as to end before, the law of Lindy.
static void points_beyond(struct window all, struct wf_run_time_points *points)
{
    static const int times[5][2] = {{1, 9}, {3, 7}, {1, 1}, {7, 3}, {9, 1}};
    int64_t most = all.to_ms - all.from_ms;
    for (unsigned i = 0; i < 5; i++) {
        wf_int128 rest = (wf_int128)all.from_ms * times[i][0] / times[i][1];
        points->ms[i] = rest < most ? (int64_t)rest : most;
        points->ms[i] = points->ms[i] > 0 ? points->ms[i] : 1;
    }
    points->mean_ms = points->ms[3];
}

// Reads the points off a spread, counted from the window's begin.
static void read_points(const struct spread *spread, double whole, struct window all,
                        struct wf_run_time_points *points)
{
    static const double shares[5] = {0.1, 0.3, 0.5, 0.7, 0.9};
    double sum = 0;
    double mean = 0;
    unsigned next = 0;
    for (uint32_t i = 0; i <= spread->top; i++) {
        double part = spread->part[i] / whole;
        if (part <= 0) {
            continue;
        }
        struct window bucket = part_of_bucket(i, all);
        double width = (double)(bucket.to_ms - bucket.from_ms);
        mean += part * ((double)(bucket.from_ms - all.from_ms) + width / 2);
        while (next < 5 && sum + part >= shares[next]) {
            double into = (shares[next] - sum) / part * width;
            points->ms[next++] = bucket.from_ms - all.from_ms + (int64_t)into;
        }
        sum += part;
    }
    while (next < 5) { // where rounding kept the sum below the last share
        points->ms[next++] = all.to_ms - all.from_ms;
    }
    for (unsigned i = 0; i < 5; i++) {
        points->ms[i] = points->ms[i] > 0 ? points->ms[i] : 1;
    }
    points->mean_ms = mean >= 1 ? (int64_t)mean : 1;
}

void wf_run_time_predict_rest(const struct wf_run_time_model *model,
                              const struct wf_run_time_key *key, int64_t limit_ms, int64_t ran_ms,
                              struct wf_run_time_points *points_out)
{
    struct window all = {
        .from_ms = ran_ms > 0 ? ran_ms : 0,
        .to_ms = limit_ms > 0 ? limit_ms : INT64_MAX,
    };
    if (all.to_ms <= all.from_ms) {
        *points_out = (struct wf_run_time_points){{1, 1, 1, 1, 1}, 1};
        return;
    }
    struct spread spread;
    make_spread(model, key, limit_ms, &spread);
    double left = cut_before(&spread, all.from_ms);
    if (left > 1e-9) {
        read_points(&spread, left, all, points_out);
    } else {
        points_beyond(all, points_out);
    }
}

void wf_run_time_predict(const struct wf_run_time_model *model, const struct wf_run_time_key *key,
                         int64_t limit_ms, struct wf_run_time_points *points_out)
{
    wf_run_time_predict_rest(model, key, limit_ms, 0, points_out);
}
