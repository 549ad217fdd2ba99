// SPDX-License-Identifier: Apache-2.0
// Moments as price lists and people write them.
#pragma once

#include <stdbool.h>
#include <stdint.h>

#include "base/compat.h"

#define WF_MOMENT_BYTES 24

// Reads "2026-05-20", which is its midnight in UTC, and "2026-05-20T12:30:00" (or with a space)
// with an optional fraction and an optional "Z" or "+02:00", in milliseconds since 1970, up to the
// year 9999.
bool wf_moment_read(const char *text, int64_t *ms_out) WF_MUST_USE;

// Prints "2026-05-20", and with seconds "2026-05-20T12:30:00Z", into text (WF_MOMENT_BYTES);
// returns it. ms is not below 0.
const char *wf_moment_date(char *text, int64_t ms);
const char *wf_moment_seconds(char *text, int64_t ms);
