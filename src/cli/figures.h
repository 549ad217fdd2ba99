// SPDX-License-Identifier: Apache-2.0
// Measured figures as people say them, rounded to what matters. Each function prints into text
// (WF_NUMBER_BYTES) and returns it. No locale can turn a point into a comma.
#pragma once

#include "base/number.h"

// "0 s", "0.4 s", "59 s", "1.0 min", "12 min", "3.4 h", "47 h", "2.1 d", "365 d"; with "-" before
// it when below 0.
const char *wf_figure_duration(char *text, double ms);

// Three digits that count: "0.0123", "1.23", "12.3", "123", "1,230", "1,230,000"; "0"
const char *wf_figure_number(char *text, double number);

// The same in dollars: "$12,300", "-$1.23", "$0.0123"
const char *wf_figure_usd(char *text, double usd);

// "+0.4 %", "-38 %", "+1,230 %" of a change by that fraction; "0 %"
const char *wf_figure_change(char *text, double fraction);

// "12.3 %", "8.3 %", "0.04 %", "100 %", "0 %"
const char *wf_figure_percent(char *text, double percent);
