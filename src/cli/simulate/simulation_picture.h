// SPDX-License-Identifier: Apache-2.0
// The picture of a simulation: the cluster under one or two policies, as it stands in the run of
// the first seed just before what has arrived passes a load.
#pragma once

#include "cli/simulate/simulation.h"

struct wf_simulation_picture;

// Runs the policies of the picture up to its load. Errors: WF_LIMIT (too much for a picture),
// WF_NOMEM, those of a run.
enum wf_status wf_simulation_picture_create(const struct wf_simulation *simulation,
                                            struct wf_simulation_picture **picture_out,
                                            struct wf_error *err) WF_MUST_USE;
void wf_simulation_picture_destroy(struct wf_simulation_picture *picture);

// Writes the picture to where the options say.
enum wf_status wf_simulation_picture_write(const struct wf_simulation_picture *picture,
                                           const struct wf_simulation *simulation,
                                           struct wf_error *err) WF_MUST_USE;
