// SPDX-License-Identifier: Apache-2.0
// A report of made runs, for tests of how reports are told.
#pragma once

#include "cli/replay/report.h"
#include "unit/sim/made_outcome.h"

enum { MADE_RUNS = 4 };

struct made_report {
    struct made_history history;
    struct wf_outcome_run runs[MADE_RUNS];
    struct wf_names *names;
    struct wf_history_summary summary;
    struct wf_site site;
    struct wf_site_pool pools[2];
    struct wf_site_node nodes[8];
    struct wf_report report;
};

enum made_kind {
    MADE_WHOLE,            // what happened, its policy replayed, and two others
    MADE_WITHOUT_HAPPENED, // the history does not tell when jobs started
    MADE_WITHOUT_OTHERS,   // no policy was asked for
    MADE_WITHOUT_BASELINE, // one run, and nothing to hold it against
};

// A month of count jobs, whose names an attacker chose.
void made_report_init(struct made_report *made, enum made_kind kind, uint32_t count, double load);
void made_report_finish(struct made_report *made);
