// SPDX-License-Identifier: Apache-2.0
// The columns of the tables of runs, the same on a terminal and on a page.
#pragma once

#include "cli/replay/report.h"

struct wf_report_column {
    const char *above, *head; // on a terminal, one above the other
    int width;                // there
    bool rare;                // left out where no run has any
    const char *title;        // on a page
    // Prints into text (WF_NUMBER_BYTES), or returns what needs no printing.
    const char *(*cell)(char *text, const struct wf_measures *measures);
};

#define WF_REPORT_USE_COLUMNS 10
#define WF_REPORT_JOB_COLUMNS 11

// Waits, use and dollars; and how the jobs fared.
extern const struct wf_report_column wf_report_use_columns[WF_REPORT_USE_COLUMNS];
extern const struct wf_report_column wf_report_job_columns[WF_REPORT_JOB_COLUMNS];

bool wf_report_column_shown(const struct wf_report *report, const struct wf_report_column *column);
