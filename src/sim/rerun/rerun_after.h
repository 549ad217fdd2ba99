// SPDX-License-Identifier: Apache-2.0
// What the jobs of a history waited for, found among them, so that a rerun under another policy
// honours it: nobody starts before what it really waited for, however early that ends there.
#pragma once

#include "sim/rerun/rerun_jobs.h"

// Fills the jobs' lists of what they wait for, and when each is to be submitted. What really
// happened goes before what was written: a job that ran though the other failed is taken to wait
// for its end alone, and of a job that ran before the other ended it is not believed at all.
// Errors: WF_NOMEM.
enum wf_status wf_rerun_after_find(const struct wf_history *history, struct wf_rerun_jobs *jobs,
                                   struct wf_error *err) WF_MUST_USE;
