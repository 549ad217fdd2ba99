// SPDX-License-Identifier: Apache-2.0
// How many tasks of one request a node takes. All tasks of a job are alike, and whichever GPU a
// policy puts one on, it lowers the number by exactly one (floor((f - s) / s) = floor(f / s) - 1):
// so a gang starts if and only if the sum over the nodes is at least its number of tasks.
// Internal to the core.
#pragma once

#include "core/cluster.h"

// Returns the number of tasks of the request, as the node's pool serves it, that fit in the state;
// at most WF_JOB_TASKS_MAX.
uint32_t wf_state_capacity(const struct wf_state *state, const struct wf_request *served);
