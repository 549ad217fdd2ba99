// SPDX-License-Identifier: Apache-2.0
// What a survival model says, as the integers that the policies of core/spot take.
#pragma once

#include "core/spot/table.h"
#include "forecast/survival.h"

struct wf_spot_outlook;

// For a job over zone_count zones from first_zone on of a model. The caller owns *outlook_out.
// Errors: WF_NOMEM, WF_INVALID.
enum wf_status wf_spot_outlook_create(const struct wf_spot_job *job, uint32_t first_zone,
                                      uint32_t zone_count, struct wf_spot_outlook **outlook_out,
                                      struct wf_error *err) WF_MUST_USE;
void wf_spot_outlook_destroy(struct wf_spot_outlook *outlook);

// Takes over what the model knows by now, and solves the table anew. spot_nanousd_per_hour is by
// zone of the model.
void wf_spot_outlook_learn(struct wf_spot_outlook *outlook, const struct wf_spot_job *job,
                           const struct wf_survival_model *model,
                           const int64_t *spot_nanousd_per_hour);

const struct wf_spot_table *wf_spot_outlook_table(const struct wf_spot_outlook *outlook);

// Whether the zones together had spot for a larger part of the time than the job needs.
bool wf_spot_outlook_plenty(const struct wf_spot_outlook *outlook);

// How long a machine is expected to be left where spot has been for age_s.
uint32_t wf_spot_outlook_life_s(const struct wf_spot_outlook *outlook, uint32_t age_s);
