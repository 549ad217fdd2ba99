// SPDX-License-Identifier: Apache-2.0
#include "sim/rerun/meter.h"

#include "core/limits.h"

#define HOUR_MS 3600000.0

void wf_meter_init(struct wf_meter *meter, struct wf_outcome_cluster *cluster, int64_t begin_ms,
                   int64_t capacity_milli, double usd_per_hour)
{
    *meter = (struct wf_meter){
        .cluster = cluster,
        .now_ms = begin_ms,
        .capacity_milli = capacity_milli,
        .usd_per_hour = usd_per_hour,
    };
    *cluster = (struct wf_outcome_cluster){.begin_ms = begin_ms, .end_ms = begin_ms};
    wf_outcome_series_init(&cluster->series, begin_ms);
}

// Sizes from 2^n milli-GPU to below 2^(n + 1) are of the same kind; CPU-only work is of the first.
static uint32_t kind_of(int64_t gpu_milli)
{
    return gpu_milli > 0 ? 64U - (uint32_t)__builtin_clzll((uint64_t)gpu_milli) : 0;
}

// Whether a job waits that asks for GPUs, and for no more than is free.
static bool is_stranded(const struct wf_meter *meter, int64_t free_milli)
{
    for (uint32_t kind = 1; kind < WF_METER_SIZES && INT64_C(1) << (kind - 1) <= free_milli;
         kind++) {
        if (meter->waiting[kind] > 0) {
            return true;
        }
    }
    return false;
}

void wf_meter_pass(struct wf_meter *meter, int64_t now_ms)
{
    struct wf_outcome_cluster *cluster = meter->cluster;
    double hours = (double)(now_ms - meter->now_ms) / HOUR_MS;
    if (hours <= 0) {
        return;
    }
    int64_t free_milli =
        meter->used_milli < meter->capacity_milli ? meter->capacity_milli - meter->used_milli : 0;
    double unused = (double)free_milli / WF_GPU_MILLI;
    double waiting = (double)meter->waiting_milli / WF_GPU_MILLI;
    cluster->gpu_hours += (double)meter->capacity_milli / WF_GPU_MILLI * hours;
    cluster->used_gpu_hours += (double)meter->used_milli / WF_GPU_MILLI * hours;
    cluster->waiting_gpu_hours += (waiting < unused ? waiting : unused) * hours;
    if (meter->waiting_milli == 0) {
        cluster->idle_gpu_hours += unused * hours;
    } else if (is_stranded(meter, free_milli)) {
        cluster->stranded_gpu_hours += unused * hours;
    }
    cluster->usd += meter->usd_per_hour * hours;
    wf_outcome_series_add(&cluster->series, meter->now_ms, now_ms,
                          &(struct wf_outcome_moment){
                              .gpus = (double)meter->capacity_milli / WF_GPU_MILLI,
                              .used = (double)meter->used_milli / WF_GPU_MILLI,
                              .blocked = meter->waiting_milli > 0 ? unused : 0,
                              .waiting = waiting,
                          });
    meter->now_ms = now_ms;
    cluster->end_ms = now_ms;
}

void wf_meter_wait(struct wf_meter *meter, int64_t gpu_milli, int sign)
{
    meter->waiting_milli += sign * gpu_milli;
    meter->waiting[kind_of(gpu_milli)] += (uint32_t)sign;
}

void wf_meter_run(struct wf_meter *meter, int64_t gpu_milli, int sign)
{
    struct wf_outcome_cluster *cluster = meter->cluster;
    meter->used_milli += sign * gpu_milli;
    cluster->peak_gpu_milli =
        meter->used_milli > cluster->peak_gpu_milli ? meter->used_milli : cluster->peak_gpu_milli;
}
