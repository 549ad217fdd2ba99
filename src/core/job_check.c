// SPDX-License-Identifier: Apache-2.0
#include "core/job_check.h"

#include "core/explain/reason.h"

enum wf_status wf_job_check_request(wf_job_id id, const struct wf_request *request,
                                    struct wf_error *err)
{
    if (!wf_request_is_valid(request)) {
        return wf_fail(err, WF_INVALID,
                       "job %llu asks for %u GPUs of %u milli each: it must be none of 0, one of 1 "
                       "to 999 or some of 1000",
                       (unsigned long long)id.number, request->gpus, request->gpu_milli);
    }
    if (request->gpus > WF_NODE_GPUS_MAX) {
        return wf_fail(err, WF_LIMIT,
                       "job %llu asks for %u GPUs in each task, past the limit of %d in one node",
                       (unsigned long long)id.number, request->gpus, WF_NODE_GPUS_MAX);
    }
    return WF_OK;
}

enum wf_status wf_job_check_room(const struct wf_placer *placer, wf_job_id id, uint32_t tasks,
                                 struct wf_error *err)
{
    if (tasks > placer->placements_free) {
        return wf_fail(err, WF_LIMIT,
                       "job %llu has %u tasks, the limit of %u placed tasks leaves room for %u",
                       (unsigned long long)id.number, tasks, placer->config.limits.placements,
                       placer->placements_free);
    }
    return WF_OK;
}

enum wf_status wf_job_check(const struct wf_job_spec *job, struct wf_error *err)
{
    if (job->tasks == 0 || job->tasks > WF_JOB_TASKS_MAX) {
        return wf_fail(err, WF_LIMIT, "job %llu has %u tasks, it may have 1 to %d",
                       (unsigned long long)job->id.number, job->tasks, WF_JOB_TASKS_MAX);
    }
    if (job->move_cost_nanousd < 0) {
        return wf_fail(err, WF_INVALID, "job %llu: moving a task costs %lld nano-dollars",
                       (unsigned long long)job->id.number, (long long)job->move_cost_nanousd);
    }
    return wf_job_check_request(job->id, &job->request, err);
}
