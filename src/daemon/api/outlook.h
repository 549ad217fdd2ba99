// SPDX-License-Identifier: Apache-2.0
// That this machine is taken away: how likely, and how good such forecasts were. Inside the API.
#pragma once

#include <stdio.h>

#include "daemon/api/parts.h"

// The time about which a risk is told where nobody knows how long something runs: an hour.
#define WF_API_RISK_MS INT64_C(3600000)

// Of a machine with nodes of that pool, within so long. NULL, or nothing printed, where nobody
// takes it.
json_t *wf_api_spot_risk(const struct wf_api *api, uint32_t pool, int64_t within_ms);
void wf_api_print_spot_risk(const struct wf_api *api, uint32_t pool, int64_t within_ms, FILE *out);
