// SPDX-License-Identifier: Apache-2.0
// What a replay came to, as one page of HTML: answer, tables, plots, error, method. It needs no
// network and no scripts, follows the reader's choice of light or dark, and can be printed.
#pragma once

#include <stdio.h>

#include "cli/replay/report.h"

// Prints the page. Write errors stay in out.
void wf_replay_put_html(FILE *out, const struct wf_report *report);

// Writes the page to path, whole or not at all. Errors: WF_NOMEM, WF_IO.
enum wf_status wf_replay_write_html(const struct wf_report *report, const char *path,
                                    struct wf_error *err) WF_MUST_USE;
