// SPDX-License-Identifier: Apache-2.0
// Which waiting jobs have their licences, by priority and then by the time of their submission: the
// others wait, with a sentence. Who is on its way already keeps its own.
#include <stdlib.h>
#include <string.h>

#include "daemon/slurm/dependency.h"
#include "daemon/slurm/follow_parts.h"

struct waiting {
    const struct wf_slurm_job *job;
    bool is_pinned;
    uint32_t priority;
};

struct gathering {
    struct wf_follow *follow;
    struct wf_slurm_view view;
    struct waiting *list; // NULL: they are only counted
    uint32_t count;
};

// Whether a job may be ours to start now, but for its licences.
static bool is_due(const struct gathering *gathering, const struct wf_slurm_job *job)
{
    const struct wf_slurm_view *view = &gathering->view;
    bool ours =
        gathering->follow->config.slurm->mode == WF_SLURM_DECIDE ? job->ours && !job->edited : true;
    return job->state == WF_SLURM_PENDING && job->licenses[0] && ours &&
           (job->held == WF_SLURM_NOT_HELD || job->ours) && job->begin_ms <= view->now_ms &&
           wf_slurm_is_ours(view, job->partition) &&
           wf_slurm_depends(view->picture, job->dependency) == WF_SLURM_DEPENDS_MET;
}

static void gather(void *context, const struct wf_slurm_job *job)
{
    struct gathering *gathering = context;
    if (!is_due(gathering, job)) {
        return;
    }
    if (gathering->list) {
        gathering->list[gathering->count] =
            (struct waiting){job, job->decision[0] && job->held == WF_SLURM_NOT_HELD,
                             wf_slurm_picture_qos_priority(gathering->view.picture, job->qos)};
    }
    gathering->count++;
}

static int compare(const void *left, const void *right)
{
    const struct waiting *a = left, *b = right;
    if (a->is_pinned != b->is_pinned) {
        return a->is_pinned ? -1 : 1;
    }
    if (a->priority != b->priority) {
        return a->priority > b->priority ? -1 : 1;
    }
    if (a->job->submit_ms != b->job->submit_ms) {
        return a->job->submit_ms < b->job->submit_ms ? -1 : 1;
    }
    return (a->job->id > b->job->id) - (a->job->id < b->job->id);
}

static bool count_task(void *context, uint32_t task)
{
    (void)task;
    return ++*(uint32_t *)context > 0;
}

// Who waited so long is not passed by those that need fewer.
static void grant(struct wf_follow *follow, const struct wf_slurm_job *job, int64_t now_ms)
{
    uint32_t tasks = 0;
    struct wf_follow_record *record = wf_follow_record_of(follow, job->id, true);
    if (job->array_tasks[0]) {
        (void)wf_slurm_read_tasks(job->array_tasks, count_task, &tasks);
    }
    uint32_t granted = wf_licenses_take(&follow->licenses, job, tasks > 0 ? tasks : 1);
    if (granted == 0 && now_ms - job->submit_ms > WF_FOLLOW_PASSING_MS) {
        wf_licenses_keep(&follow->licenses, job);
    }
    if (record) {
        record->regranted = record->regranted || record->granted != granted;
        record->granted = granted;
    }
}

void wf_follow_grant(struct wf_follow *follow)
{
    struct gathering gathering = {.follow = follow, .view = wf_follow_view(follow)};
    wf_slurm_picture_jobs(gathering.view.picture, gather, &gathering);
    if (gathering.count == 0) {
        return;
    }
    wf_licenses_count(&follow->licenses, gathering.view.picture);
    gathering.list = calloc(gathering.count, sizeof *gathering.list);
    if (!gathering.list) {
        return; // those that have theirs keep them
    }
    gathering.count = 0;
    wf_slurm_picture_jobs(gathering.view.picture, gather, &gathering);
    qsort(gathering.list, gathering.count, sizeof *gathering.list, compare);
    for (uint32_t i = 0; i < gathering.count; i++) {
        grant(follow, gathering.list[i].job, gathering.view.now_ms);
    }
    for (uint32_t i = 0; i < gathering.count; i++) {
        struct wf_follow_record *record =
            wf_follow_record_of(follow, gathering.list[i].job->id, false);
        if (record && record->regranted) {
            record->regranted = false;
            wf_slurm_picture_touch(wf_slurm_picture_of(follow->config.engine),
                                   gathering.list[i].job);
        }
    }
    free(gathering.list);
}
