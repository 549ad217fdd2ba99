// SPDX-License-Identifier: GPL-3.0-or-later
#include "slurm/allocated.h"

#include <stdlib.h>
#include <string.h>

#include "base/assert.h"
#include "slurm/gres.h"
#include "slurm/hosts.h"
#include "slurm/line.h"

// "cpu=4,mem=200G,node=2": CPUs of the whole job, memory in MiB.
static uint64_t of_all(const char *tres, const char *name)
{
    struct wf_gres gres;

    while (tres != NULL && wf_gres_next(&tres, &gres)) {
        if (strcmp(gres.name, name) != 0) {
            continue;
        }
        // "M" stands for MiB here: the reader made bytes of it.
        const bool has_unit = gres.text[gres.length - 1] > '9';
        return strcmp(name, "mem") == 0 && has_unit ? gres.count >> 20 : gres.count;
    }
    return 0;
}

static uint64_t cpus_on(const slurm_job_info_t *job, size_t index, size_t count, uint64_t all)
{
#ifdef WF_SLURM_HAS_CPUS_ON_NODE
    if (job->job_resrcs != NULL) {
        const int cpus = slurm_job_cpus_allocated_on_node_id(job->job_resrcs, (int)index);
        if (cpus > 0) {
            return (uint64_t)cpus;
        }
    }
#else
    (void)job;
#endif
    // Later versions tell the sum only; the first nodes have what cannot be shared out evenly.
    return all / count + (index < all % count);
}

static uint64_t memory_on(const slurm_job_info_t *job, uint64_t cpus, size_t count)
{
    const uint64_t memory = job->pn_min_memory;

    if (memory != NO_VAL64 && (memory & MEM_PER_CPU) != 0) {
        return (memory & ~MEM_PER_CPU) * cpus;
    }
    if (memory != NO_VAL64 && memory != 0) {
        return memory;
    }
    return of_all(job->tres_alloc_str, "mem") / count;
}

static void add_gres(json_t *entry, const char *text)
{
    struct wf_gres gres;
    int64_t gpus = 0, shards = 0;

    while (text != NULL && wf_gres_next(&text, &gres)) {
        if (strcmp(gres.name, "shard") == 0) {
            shards += (int64_t)gres.count;
        }
        if (strcmp(gres.name, "gpu") != 0 || gres.count == 0) {
            continue;
        }
        gpus += (int64_t)gres.count;
        if (json_object_get(entry, "gpus") == NULL) {
            wf_line_text(entry, "gpus", gres.index);
        }
        if (json_object_get(entry, "gpu_type") == NULL) {
            wf_line_text(entry, "gpu_type", gres.type);
        }
    }
    wf_line_number(entry, "gpu_count", gpus);
    wf_line_number(entry, "shards", shards);
}

json_t *wf_allocated(const slurm_job_info_t *job)
{
    const uint32_t base = job->job_state & JOB_STATE_BASE;
    json_t *entries = json_array();

    WF_ASSERT(entries != NULL);
    if (base != JOB_RUNNING && base != JOB_SUSPENDED && (job->job_state & JOB_COMPLETING) == 0) {
        return entries;
    }
    json_t *names = wf_hosts_names(job->nodes);
    const size_t count = json_array_size(names);
    const uint64_t cpus_all = of_all(job->tres_alloc_str, "cpu");

    for (size_t i = 0; i < count; i++) {
        json_t *const entry = json_object();
        WF_ASSERT(entry != NULL);
        const uint64_t cpus = cpus_on(job, i, count, cpus_all);
        wf_line_value(entry, "node", json_incref(json_array_get(names, i)));
        wf_line_number(entry, "cpus", (int64_t)cpus);
        wf_line_number(entry, "memory_mib", (int64_t)memory_on(job, cpus, count));
        if (i < job->gres_detail_cnt && job->gres_detail_str != NULL) {
            add_gres(entry, job->gres_detail_str[i]);
        }
        WF_ASSERT(json_array_append_new(entries, entry) == 0);
    }
    json_decref(names);
    return entries;
}
