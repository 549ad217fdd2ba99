// SPDX-License-Identifier: GPL-3.0-or-later
// Carries out what the daemon asked for, and answers it.
#pragma once

#include "slurm/adapter.h"

// Answers with "done" or "refused", a requeue later.
void wf_carry(struct wf_adapter *adapter, const struct wf_request *request);

// Nothing of a job that was put back into the queue runs any more: makes it ready to be started
// and answers the request. facts NULL: the job is gone.
void wf_carry_requeued(struct wf_adapter *adapter, int64_t request, uint32_t job,
                       struct wf_facts *facts);
