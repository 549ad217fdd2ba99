// SPDX-License-Identifier: Apache-2.0
// What a replay came to, in sentences: the same words on the terminal, on the page and in JSON.
// Each prints one paragraph without a line end, or nothing where there is nothing to say; context
// is the struct wf_report, or for one policy the struct wf_report_told.
#pragma once

#include "cli/paragraph.h"
#include "cli/replay/report.h"

// A change by less is told as none.
#define WF_REPORT_NOTABLE 0.005

struct wf_report_told {
    const struct wf_report *report;
    uint32_t run;
};

// The answer: what the best of the policies would have changed, if that can be told at all.
void wf_report_tell_headline(FILE *out, const void *context);

// What belongs to such an answer: the error, and what speaks against that policy.
void wf_report_tell_caveats(FILE *out, const void *context);

// What the machines cost, and what a policy can and cannot change about it.
void wf_report_tell_money(FILE *out, const void *context);

// How far the simulator is from what really happened.
void wf_report_tell_error(FILE *out, const void *context);

// One policy against the baseline: waits, jobs that gain and lose, and who is worse off.
void wf_report_tell_policy(FILE *out, const void *context);

// How the history was read: jobs, and what was left out of it.
void wf_report_tell_history(FILE *out, const void *context);

// What the words of the table mean.
void wf_report_tell_terms(FILE *out, const void *context);

// The run's name, clean and not too long. text takes WF_REPORT_NAME_BYTES.
#define WF_REPORT_NAME_BYTES 128
const char *wf_report_name(const struct wf_report *report, uint32_t run, char *text);

// The same as it stands in tables: the history's own policy with "(own)" behind it.
const char *wf_report_row_name(const struct wf_report *report, uint32_t run, char *text);
