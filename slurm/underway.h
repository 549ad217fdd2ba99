// SPDX-License-Identifier: GPL-3.0-or-later
// Jobs that are on their way: watched more closely than the others, and a requeue is brought to its
// end.
#pragma once

#include "slurm/adapter.h"

// request 0: a start. When too many are on their way, the oldest start is no longer watched.
// One that runs and was told a signal: watched for a while, as it may end by it.
void wf_underway_signalled(struct wf_adapter *adapter, uint32_t job);
void wf_underway_add(struct wf_adapter *adapter, uint32_t job, int64_t request);
// Whether a requeue of the job is not over.
bool wf_underway_requeues(const struct wf_adapter *adapter, uint32_t job);
// Ends what is over. singly: some of them are asked for by their id first, else a look at all jobs
// has just been.
void wf_underway_look(struct wf_adapter *adapter, bool singly);
void wf_underway_clear(struct wf_adapter *adapter);
