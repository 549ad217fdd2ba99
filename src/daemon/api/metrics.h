// SPDX-License-Identifier: Apache-2.0
// Prometheus' text format: what the files that print metrics share.
#pragma once

#include "daemon/api/parts.h"

// What stands before the lines of a metric. Names have no "whaleflux_" before them here.
void wf_api_metric_head(FILE *out, const char *name, const char *kind, const char *help);
// The value of a label: names come from outside.
void wf_api_metric_label(FILE *out, const char *text);

// hags_metrics.c. Watched Windows hosts; nothing where none are.
void wf_api_metrics_hags(FILE *out, const struct wf_api *api);
