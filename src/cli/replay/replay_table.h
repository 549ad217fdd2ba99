// SPDX-License-Identifier: Apache-2.0
// What a replay came to, as a table for people, no wider than 120 columns.
#pragma once

#include <stdio.h>

#include "cli/replay/report.h"

void wf_replay_print_table(FILE *out, const struct wf_report *report);
