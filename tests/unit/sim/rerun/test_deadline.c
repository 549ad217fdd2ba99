// SPDX-License-Identifier: Apache-2.0
// What deadlines are worth on seeded workloads in which a third of the jobs have one: fewer of them
// are missed, and the others hardly wait for it.
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdlib.h>

#include <cmocka.h>

#include "base/random.h"
#include "core/discipline/discipline.h"
#include "core/policy/policy.h"
#include "sim/rerun/rerun.h"

#define MINUTE_MS INT64_C(60000)
#define HOUR_MS INT64_C(3600000)
enum { NODES = 4, GPUS = 8, JOBS = 1500, KINDS = 24, SEEDS = 10 };

static struct wf_site_pool pool = {
    .name = (char[]){"pool"},
    .spec = {.price_nanousd_per_gpu_hour = 1000000000},
};
static struct wf_site_node nodes[NODES];
static struct wf_site site = {
    .pools = &pool,
    .nodes = nodes,
    .pool_count = 1,
    .node_count = NODES,
    .model_count = 1,
};
static struct wf_rerun_job list[JOBS];
static struct wf_outcome_job told[JOBS];
static struct wf_rerun_jobs jobs = {.list = list, .told = told, .count = JOBS};

struct figures {
    uint32_t missed, deadlines;
    double mean_h, p95_h; // waits of jobs without a deadline
};

static uint64_t below(struct wf_random *random, uint64_t end)
{
    return wf_random_below(random, end);
}

// Jobs of a kind run about as long, between half and twice what is usual for it: 5 minutes to a
// day.
static int64_t run_of(struct wf_random *random, uint32_t kind)
{
    int64_t usual_ms = 10 * MINUTE_MS << kind % 7;
    return usual_ms / 2 + (int64_t)below(random, (uint64_t)usual_ms * 3 / 2);
}

// At 95 % of what the machines can do.
static void make(uint64_t seed)
{
    static const uint8_t sizes[] = {1, 1, 1, 1, 2, 2, 4, 4};
    struct wf_random random;
    wf_random_init(&random, seed);
    int64_t work_ms = 0;
    for (uint32_t i = 0; i < JOBS; i++) {
        uint32_t kind = (uint32_t)below(&random, KINDS);
        uint8_t gpus = sizes[below(&random, sizeof sizes)];
        told[i] = (struct wf_outcome_job){
            .id = i, .run_ms = run_of(&random, kind), .gpu_milli = gpus * 1000U};
        list[i] = (struct wf_rerun_job){
            .request = {.cpu_milli = 1000,
                        .memory_mib = 1,
                        .gpus = gpus,
                        .gpu_milli = 1000,
                        .models = WF_ANY_MODEL,
                        .place = {WF_ANYWHERE, WF_ANYWHERE, WF_ANYWHERE}},
            .id = i,
            .name = kind,
            .tasks = 1,
            .limit_ms = told[i].run_ms * (1 + (int64_t)below(&random, 5)),
        };
        work_ms += told[i].run_ms * gpus;
    }
    int64_t span_ms = work_ms * 20 / 19 / (NODES * GPUS);
    for (uint32_t i = 0; i < JOBS; i++) {
        int64_t spare_ms = told[i].run_ms + 2 * HOUR_MS;
        told[i].submit_ms = (int64_t)below(&random, (uint64_t)span_ms);
        told[i].eligible_ms = told[i].submit_ms;
        list[i].arrival_ms = told[i].submit_ms;
        spare_ms = spare_ms / 2 + (int64_t)below(&random, (uint64_t)spare_ms * 7 / 2);
        told[i].deadline_ms =
            below(&random, 3) == 0 ? told[i].submit_ms + told[i].run_ms + spare_ms : 0;
    }
}

static int compare(const void *left, const void *right)
{
    int64_t a = *(const int64_t *)left, b = *(const int64_t *)right;
    return (a > b) - (a < b);
}

// Adds the run's part of the mean over all seeds.
static void run(const char *discipline, bool tell, struct figures *figures)
{
    static int64_t waits[JOBS];
    const struct wf_rerun_config config = {
        .jobs = &jobs,
        .site = &site,
        .discipline = wf_discipline_find(discipline),
        .placement = wf_policy_find("best-fit"),
        .name = discipline,
    };
    for (uint32_t i = 0; i < JOBS; i++) {
        list[i].deadline_ms = tell ? told[i].deadline_ms : 0;
    }
    struct wf_outcome_run out;
    struct wf_error err = {.status = WF_OK};
    assert_int_equal(wf_rerun(&config, &out, &err), WF_OK);
    uint32_t others = 0;
    double sum = 0;
    for (uint32_t i = 0; i < JOBS; i++) {
        if (told[i].deadline_ms > 0) {
            figures->deadlines++;
            figures->missed += out.jobs[i].end_ms > told[i].deadline_ms;
        } else {
            waits[others++] = out.jobs[i].wait_ms;
            sum += (double)out.jobs[i].wait_ms;
        }
    }
    qsort(waits, others, sizeof *waits, compare);
    figures->mean_h += sum / others / (double)(HOUR_MS * SEEDS);
    uint32_t place = others * 95 / 100;
    figures->p95_h += (double)waits[place] / (double)(HOUR_MS * SEEDS);
    free(out.jobs);
}

static void print(const char *name, const struct figures *figures)
{
    print_message("# %-28s misses %4u of %u deadlines; others wait %.2f h, p95 %.2f h\n", name,
                  figures->missed, figures->deadlines, figures->mean_h, figures->p95_h);
}

static void fewer_deadlines_are_missed_and_others_hardly_wait_for_it(void **unused)
{
    (void)unused;
    struct figures easy = {0}, untold = {0}, ours = {0};
    for (uint32_t i = 0; i < NODES; i++) {
        nodes[i] = (struct wf_site_node){
            .name = (char[]){"node"},
            .spec = {.cpu_milli = 64000, .memory_mib = 65536, .gpus = GPUS},
        };
    }
    for (uint64_t seed = 1; seed <= SEEDS; seed++) {
        make(seed);
        run("easy", true, &easy);
        run("foresight", false, &untold);
        run("foresight", true, &ours);
    }
    print("easy", &easy);
    print("foresight, told of none", &untold);
    print("foresight", &ours);
    assert_int_equal(ours.deadlines, easy.deadlines);
    assert_true(ours.missed * 5 <= untold.missed * 4 && ours.missed * 5 <= easy.missed);
    assert_true(ours.mean_h <= untold.mean_h * 1.05 && ours.p95_h <= untold.p95_h * 1.05);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(fewer_deadlines_are_missed_and_others_hardly_wait_for_it),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
