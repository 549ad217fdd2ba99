// SPDX-License-Identifier: Apache-2.0
// Asks a daemon why a job waits, or runs where it does.
#pragma once

#include "cli/live/live.h"

// Whether the daemon was meant although nobody said so: it can be reached, and it knows the job.
bool wf_explain_live_knows(struct wf_live *live, const char *job);

enum wf_status wf_explain_live(struct wf_live *live, const char *job,
                               struct wf_error *err) WF_MUST_USE;
