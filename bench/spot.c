// SPDX-License-Identifier: Apache-2.0
// How long a table of spot takes to be solved, and a decision to be made: prints seconds and
// microseconds. bench/spot runs it.
#include <stdio.h>
#include <stdlib.h>
#include <time.h>

#include "sim/spot/spot_outlook.h"

enum { DECISIONS = 1000000, HOUR = 3600 };

static double now_s(void)
{
    struct timespec now;
    clock_gettime(CLOCK_PROCESS_CPUTIME_ID, &now);
    return (double)now.tv_sec + (double)now.tv_nsec / 1e9;
}

static void need(enum wf_status status, const struct wf_error *err)
{
    if (status != WF_OK) {
        fprintf(stderr, "bench_spot: %s\n", err->text);
        exit(1);
    }
}

int main(void)
{
    struct wf_error err;
    struct wf_survival_model *model = NULL;
    struct wf_spot_outlook *outlook = NULL;
    const int64_t price = 973100000;
    const struct wf_spot_job job = {
        .tick_s = 195,
        .ticks = 1300,
        .work_s = 48 * HOUR,
        .deadline_s = 1300 * 195,
        .changeover_s = 720,
        .on_demand_nanousd_per_hour = 3060000000,
    };
    need(wf_survival_create(1, &model, &err), &err);
    need(wf_spot_outlook_create(&job, 0, 1, &outlook, &err), &err);
    double begun = now_s();
    wf_spot_outlook_learn(outlook, &job, model, &price);
    double solved = now_s();
    struct wf_spot_zone zone = {.spot_nanousd_per_hour = price};
    struct wf_spot_view view = {
        .job = &job, .zones = &zone, .zone_count = 1, .table = wf_spot_outlook_table(outlook)};
    uint64_t sum = 0;
    for (uint32_t i = 0; i < DECISIONS; i++) {
        // Over the whole table, so that caches help no more than they would.
        view.tick = (uint32_t)(i * UINT64_C(2654435761) % 1200);
        view.done_s = (uint32_t)(i * UINT64_C(40503) % (view.tick * 195 + 1));
        view.done_s = view.done_s < job.work_s ? view.done_s : job.work_s - 1;
        zone.available = i % 3 != 0;
        zone.age_s = i % 100 * 600;
        sum += (uint64_t)wf_spot_decide(&wf_spot_policy_foresight, &view).mode;
    }
    double done = now_s();
    printf("%.3f %.3f\n", solved - begun,
           (done - solved) / (double)DECISIONS * 1e6 + (sum ? 0.0 : 1.0));
    wf_spot_outlook_destroy(outlook);
    wf_survival_destroy(model);
    return 0;
}
