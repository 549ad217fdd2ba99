// SPDX-License-Identifier: GPL-3.0-or-later
// The changes of a waiting job: each is ONE update, so that no moment lies between pin, release and
// mark. All return 0 or Slurm's error number.
#pragma once

#include "slurm/adapter.h"

// nodes is Slurm's list of count nodes. task WF_NO_TASK: the whole record.
int wf_pin_start(struct wf_adapter *adapter, struct wf_facts *facts, uint32_t task,
                 const char *nodes, uint32_t count, const char *decision);
// Off with pin, hold and mark. What somebody else has set by hand since stays.
int wf_pin_leave(struct wf_adapter *adapter, struct wf_facts *facts, uint32_t task);
// Held, marked, no pin.
int wf_pin_hold(struct wf_adapter *adapter, struct wf_facts *facts, uint32_t task);
// After a requeue: as wf_pin_hold for a job that is held already, and it may start at once.
int wf_pin_requeued(struct wf_adapter *adapter, struct wf_facts *facts);
// Marks a running job as one of ours that waits next, before it is requeued.
int wf_pin_mark_held(struct wf_adapter *adapter, struct wf_facts *facts);
int wf_pin_comment(struct wf_adapter *adapter, struct wf_facts *facts, const char *comment);

// "4711", "4700_3": the job as Slurm's calls by name take it; never more tasks of an array than
// those of this record.
#define WF_JOB_NAME_BYTES 64
char *wf_pin_name(const struct wf_facts *facts, uint32_t task);
