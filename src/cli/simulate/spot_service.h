// SPDX-License-Identifier: Apache-2.0
// `simulate spot --service`.
#pragma once

#include "sim/spot/spot_service.h"

// policies: names with commas between them, each with ":E" behind it for E extra replicas; "all".
// Prints a table, or JSON. Errors: WF_NOTFOUND, WF_INVALID, WF_NOMEM.
enum wf_status wf_simulate_spot_service(const struct wf_spot_set *set,
                                        const struct wf_service_wish *wish, const char *policies,
                                        bool json, struct wf_error *err) WF_MUST_USE;
