// SPDX-License-Identifier: Apache-2.0
// The picture of a simulation: the cluster at the end of the first seed's run, under the first and,
// beside it, the last of the policies named.
#pragma once

#include "cli/simulation.h"

struct wf_simulation_picture;

// Errors: WF_NOMEM.
enum wf_status wf_simulation_picture_create(struct wf_simulation_picture **picture_out,
                                            struct wf_error *err) WF_MUST_USE;
void wf_simulation_picture_destroy(struct wf_simulation_picture *picture);

// Adds how the cluster stands at the end of a run: a panel of the picture. At most two of them.
enum wf_status wf_simulation_picture_add(struct wf_simulation_picture *picture,
                                         const struct wf_simulation *simulation, const char *policy,
                                         const struct wf_replay *replay,
                                         struct wf_error *err) WF_MUST_USE;

// Writes the picture to where the options say.
enum wf_status wf_simulation_picture_write(const struct wf_simulation_picture *picture,
                                           const struct wf_simulation *simulation,
                                           struct wf_error *err) WF_MUST_USE;
