// SPDX-License-Identifier: Apache-2.0
// Lines of a file that may be a journal: of a daemon's database they are the lines of its journal.
#pragma once

#include "text/lines.h"

// As wf_lines_open. Errors: also WF_INVALID (a database, but not ours, damaged or of a newer
// version).
enum wf_status wf_journal_lines_open(const char *path, uint32_t bytes_max,
                                     struct wf_lines **lines_out, struct wf_error *err) WF_MUST_USE;
