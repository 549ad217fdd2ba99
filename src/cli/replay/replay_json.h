// SPDX-License-Identifier: Apache-2.0
// What a replay came to, as JSON for programs. The names of members do not change; see the man
// page.
#pragma once

#include <jansson.h>

#include "cli/replay/report.h"

// Returns all of it, which the caller owns. Errors: WF_NOMEM.
enum wf_status wf_replay_make_json(const struct wf_report *report, json_t **root_out,
                                   struct wf_error *err) WF_MUST_USE;

// Prints it to stdout. Errors: WF_NOMEM.
enum wf_status wf_replay_print_json(const struct wf_report *report,
                                    struct wf_error *err) WF_MUST_USE;
