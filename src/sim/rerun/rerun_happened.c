// SPDX-License-Identifier: Apache-2.0
#include <stdlib.h>

#include "sim/rerun/meter.h"
#include "sim/rerun/rerun.h"

#define HOUR_MS INT64_C(3600000)

// What happens to a job; in this order where several happen at once.
enum change {
    CHANGE_END,
    CHANGE_WAIT,
    CHANGE_START,
};

struct moment {
    int64_t at_ms;
    uint32_t job;
    uint32_t change;
};

static int compare_moments(const void *left, const void *right)
{
    const struct moment *a = left, *b = right;
    if (a->at_ms != b->at_ms) {
        return a->at_ms < b->at_ms ? -1 : 1;
    }
    if (a->change != b->change) {
        return a->change < b->change ? -1 : 1;
    }
    return (a->job > b->job) - (a->job < b->job);
}

// By the set of models, since few sets are asked for: the last one is kept.
struct price {
    uint64_t models;
    double nanousd;
    double by_use_nanousd; // the part of it that is paid only for the time of use
    bool known;
};

// What a GPU-hour of the request costs: the mean over the site's GPUs that it accepts.
static struct price price_of(const struct wf_site *site, const struct wf_request *request)
{
    double sum = 0, by_use = 0, gpus = 0;
    for (uint32_t i = 0; i < site->node_count; i++) {
        const struct wf_node_spec *node = &site->nodes[i].spec;
        const struct wf_pool_spec *pool = &site->pools[node->pool.index].spec;
        if ((request->models & WF_MODEL_BIT(pool->model)) != 0) {
            double nanousd = (double)pool->price_nanousd_per_gpu_hour * node->gpus;
            sum += nanousd;
            by_use += pool->rent_by_use ? nanousd : 0;
            gpus += node->gpus;
        }
    }
    gpus = gpus > 0 ? gpus : 1;
    return (struct price){request->models, sum / gpus, by_use / gpus, true};
}

// Fills the outcome, and adds its dollars to the cluster's.
static void tell(const struct wf_rerun_jobs *jobs, const struct wf_site *site, uint32_t i,
                 struct price *price, struct wf_outcome_run *run)
{
    const struct wf_rerun_job *job = &jobs->list[i];
    if (!price->known || price->models != job->request.models) {
        *price = price_of(site, &job->request);
    }
    double gpu_hours = (double)(job->end_ms - job->start_ms) / (double)HOUR_MS *
                       jobs->told[i].gpu_milli / WF_GPU_MILLI;
    run->cluster.used_usd += price->nanousd * gpu_hours * 1e-9;
    run->cluster.usd += price->by_use_nanousd * gpu_hours * 1e-9;
    run->jobs[i] = (struct wf_outcome){
        .start_ms = job->start_ms,
        .end_ms = job->end_ms,
        .wait_ms = job->start_ms - jobs->told[i].eligible_ms,
        .cost_nanousd = (int64_t)(price->nanousd * gpu_hours),
    };
}

static void sweep(const struct wf_rerun_jobs *jobs, const struct moment *moments, uint32_t count,
                  struct wf_meter *meter)
{
    for (uint32_t i = 0; i < count; i++) {
        int64_t gpu_milli = jobs->told[moments[i].job].gpu_milli;
        wf_meter_pass(meter, moments[i].at_ms);
        if (moments[i].change == CHANGE_WAIT) {
            wf_meter_wait(meter, gpu_milli, 1);
        } else if (moments[i].change == CHANGE_START) {
            wf_meter_wait(meter, gpu_milli, -1);
            wf_meter_run(meter, gpu_milli, 1);
        } else {
            wf_meter_run(meter, gpu_milli, -1);
        }
    }
}

static uint32_t list_moments(const struct wf_rerun_jobs *jobs, struct moment *moments)
{
    uint32_t count = 0;
    for (uint32_t i = 0; i < jobs->count; i++) {
        const struct wf_rerun_job *job = &jobs->list[i];
        // A job that ran for no time at all held nothing.
        if (job->end_ms > job->start_ms) {
            moments[count++] = (struct moment){jobs->told[i].eligible_ms, i, CHANGE_WAIT};
            moments[count++] = (struct moment){job->start_ms, i, CHANGE_START};
            moments[count++] = (struct moment){job->end_ms, i, CHANGE_END};
        }
    }
    qsort(moments, count, sizeof *moments, compare_moments);
    return count;
}

enum wf_status wf_rerun_happened(const struct wf_rerun_jobs *jobs, const struct wf_site *site,
                                 struct wf_outcome_run *run_out, struct wf_error *err)
{
    *run_out = (struct wf_outcome_run){.name = "what happened"};
    run_out->jobs = calloc(jobs->count + 1, sizeof *run_out->jobs);
    struct moment *moments = calloc((size_t)3 * jobs->count + 1, sizeof *moments);
    if (!run_out->jobs || !moments) {
        free(run_out->jobs);
        free(moments);
        run_out->jobs = NULL;
        return wf_fail(err, WF_NOMEM, "no memory for %u jobs", jobs->count);
    }
    uint32_t count = list_moments(jobs, moments);
    int64_t capacity_milli = 0;
    double usd = wf_rerun_usd_per_hour(site, &capacity_milli);
    struct wf_meter meter;
    wf_meter_init(&meter, &run_out->cluster, count > 0 ? moments[0].at_ms : 0, capacity_milli, usd);
    sweep(jobs, moments, count, &meter);
    struct price price = {.known = false};
    for (uint32_t i = 0; i < jobs->count; i++) {
        tell(jobs, site, i, &price, run_out);
    }
    free(moments);
    return WF_OK;
}
