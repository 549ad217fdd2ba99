// SPDX-License-Identifier: Apache-2.0
// What explain says of a task, as JSON.
#pragma once

#include "base/error.h"
#include "sim/placement/explanation.h"

// Prints all facts of the explanation and the remedy. Errors: WF_NOMEM.
enum wf_status wf_explain_print_json(const struct wf_explained *explained, const char *policy,
                                     uint64_t seed, struct wf_error *err) WF_MUST_USE;
