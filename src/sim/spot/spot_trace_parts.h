// SPDX-License-Identifier: Apache-2.0
// The readers of the formats. Internal to the traces.
#pragma once

#include "sim/spot/spot_trace.h"

// Each fills tick_s and the counts of a trace that has its name. text ends with a 0 byte.
enum wf_status wf_spot_trace_json(const char *name, const char *text, struct wf_spot_trace *trace,
                                  struct wf_error *err) WF_MUST_USE;
enum wf_status wf_spot_trace_events(const char *name, const char *text, struct wf_spot_trace *trace,
                                    struct wf_error *err) WF_MUST_USE;
enum wf_status wf_spot_trace_counts(const char *name, const char *text, struct wf_spot_trace *trace,
                                    struct wf_error *err) WF_MUST_USE;

// Puts one more tick behind the others. Errors: WF_LIMIT, WF_NOMEM.
enum wf_status wf_spot_trace_add(const char *name, struct wf_spot_trace *trace, uint32_t count,
                                 struct wf_error *err) WF_MUST_USE;
