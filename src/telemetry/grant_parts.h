// SPDX-License-Identifier: Apache-2.0
// The parts of a grant.
#pragma once

#include <stdarg.h>

#include "telemetry/grant.h"

// Adds a sentence, unless it is there.
void wf_grant_warn(struct wf_grant *grant, const char *format, ...) WF_PRINTF(2, 3);

// Bytes of a share of a GPU's memory.
uint64_t wf_grant_share_bytes(const struct wf_gpu *gpu, uint16_t milli);

// Whether MPS limits a share of this GPU: its daemon runs, and the GPU is new enough.
bool wf_grant_uses_mps(const struct wf_machine *machine, const struct wf_gpu *gpu);

// Both after the devices have been chosen. Errors as wf_telemetry_grant.
enum wf_status wf_grant_variables(const struct wf_machine *machine,
                                  const struct wf_grant_want *want, struct wf_grant *grant,
                                  struct wf_error *err) WF_MUST_USE;
enum wf_status wf_grant_rules(const struct wf_machine *machine, const struct wf_grant_want *want,
                              struct wf_grant *grant, struct wf_error *err) WF_MUST_USE;

// Whether any task has the GPU, or, unless slice is WF_WHOLE_GPU, this slice of it.
bool wf_grant_has(const struct wf_grant *grant, uint32_t gpu, uint8_t slice);
