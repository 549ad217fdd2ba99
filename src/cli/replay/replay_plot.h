// SPDX-License-Identifier: Apache-2.0
// The plots of a replay's page, as inline SVG without scripts. Each is drawn twice: wide, and
// narrow for telephones; the page's style shows the one that fits. Colours are classes of the
// page's style and the same for a run in all plots.
#pragma once

#include <stdio.h>

#include "cli/replay/report.h"

// Different colours for so many policies; after these they repeat, with dashes.
#define WF_PLOT_COLOURS 8

// The class of the run's colour: "sh" what happened, "sb" the baseline, "s0" and on the policies.
const char *wf_plot_class(const struct wf_report *report, uint32_t run);

// What part of the jobs waited no longer than each time.
void wf_plot_waits(FILE *out, const struct wf_report *report);

// The wait of 95 % of the jobs, by how many GPUs they ask for.
void wf_plot_sizes(FILE *out, const struct wf_report *report);

// GPUs used and free, and what waiting jobs ask for, over time.
void wf_plot_use(FILE *out, const struct wf_report *report);

// By size, what part of the jobs ends sooner and later under one policy than under the baseline.
void wf_plot_changes(FILE *out, const struct wf_report *report, uint32_t run);
