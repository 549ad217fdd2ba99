// SPDX-License-Identifier: Apache-2.0
// The tables of a replay's page. Each prints nothing where there is nothing to show.
#pragma once

#include <stdio.h>

#include "cli/replay/report.h"

void wf_page_put_runs(FILE *out, const struct wf_report *report);

// Every policy against the baseline, and under them the simulator's error.
void wf_page_put_savings(FILE *out, const struct wf_report *report);

// The figures of the plot by size.
void wf_page_put_sizes(FILE *out, const struct wf_report *report);

// The jobs and users that gain and lose most; open: to be seen without asking.
void wf_page_put_changes(FILE *out, const struct wf_report *report, uint32_t run, bool open);

// What really happened beside the baseline.
void wf_page_put_error(FILE *out, const struct wf_report *report);

void wf_page_put_complaints(FILE *out, const struct wf_report *report);
void wf_page_put_prices(FILE *out, const struct wf_report *report);
void wf_page_put_hashes(FILE *out, const struct wf_report *report);
