// SPDX-License-Identifier: GPL-3.0-or-later
// Gives jobs of ours back to plain Slurm: for the watchdog, and for `whaleflux-slurm release`.
#pragma once

#include "slurm/adapter.h"

// Whether the job is waiting under our mark.
bool wf_free_is_due(const struct wf_facts *facts);
// All that wait, as of the last look. Returns how many.
uint32_t wf_free_all(struct wf_adapter *adapter);

// `whaleflux-slurm release`: looks, then frees. Returns the exit status.
int wf_free_once(bool dry_run);
