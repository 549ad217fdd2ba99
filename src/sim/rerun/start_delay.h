// SPDX-License-Identifier: Apache-2.0
// How long a cluster takes from being able to start a job to its run: schedulers look every so
// often, nodes clean up after a job and get ready for the next.
#pragma once

#include "sim/rerun/rerun_jobs.h"

// Learns it from the jobs of a history that tells their nodes: for each, how long after nothing but
// room kept it waiting, and after its nodes had GPUs for it, it started; of the lowest 19 in 20 the
// mean, because the rest waited for something else. *known_out is false where no job tells its
// nodes; then the delay is 0. Errors: WF_LIMIT, WF_NOMEM.
enum wf_status wf_start_delay_learn(const struct wf_history *history, const struct wf_site *site,
                                    const struct wf_rerun_jobs *jobs, int64_t *delay_ms_out,
                                    bool *known_out, struct wf_error *err) WF_MUST_USE;
