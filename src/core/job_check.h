// SPDX-License-Identifier: Apache-2.0
// What a job must be to be taken in, with or without queues. Internal to the core.
#pragma once

#include "core/place/placer.h"

// Errors: WF_INVALID, WF_LIMIT, with a sentence that names the job.
enum wf_status wf_job_check_request(wf_job_id id, const struct wf_request *request,
                                    struct wf_error *err) WF_MUST_USE;
enum wf_status wf_job_check(const struct wf_job_spec *job, struct wf_error *err) WF_MUST_USE;

// Whether so many more tasks may be placed. Errors: WF_LIMIT.
enum wf_status wf_job_check_room(const struct wf_placer *placer, wf_job_id id, uint32_t tasks,
                                 struct wf_error *err) WF_MUST_USE;
