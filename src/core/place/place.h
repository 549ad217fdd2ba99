// SPDX-License-Identifier: Apache-2.0
// The choice of a node for one task by looking at every node: the definition of every policy's
// choice, the measure of core/place/ranking.h, and all there is for a policy that places at random.
// Internal to the core.
#pragma once

#include "base/random.h"
#include "core/place/ranking.h"

struct wf_choice wf_place_plain(const struct wf_outlook *outlook, const struct wf_policy *policy,
                                const struct wf_request *request);

// Any node that fits, each as likely.
struct wf_choice wf_place_at_random(const struct wf_cluster *cluster, struct wf_random *random,
                                    const struct wf_request *request);

// Returns the GPUs that the policy takes for a task on the node it chose.
uint32_t wf_place_gpu_set(const struct wf_outlook *outlook, const struct wf_policy *policy,
                          struct wf_random *random, uint32_t node, const struct wf_request *served);
