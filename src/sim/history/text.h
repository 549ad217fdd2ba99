// SPDX-License-Identifier: Apache-2.0
// Reads numbers and times out of the fields of a history. Every function returns false for what is
// no such thing or past its bounds; nothing overflows.
#pragma once

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

// Digits only, from 0 to max.
bool wf_text_whole(const char *text, int64_t max, int64_t *number_out);

// The digits at *at, up to max, and moves *at behind them.
bool wf_text_digits(const char **at, int64_t max, int64_t *number_out);

// The decimal number at *at ("12", "1.5", ".5") in thousandths, the rest rounded up, and moves *at
// behind it. At most 10^15 units.
bool wf_text_decimal(const char **at, int64_t *milli_out);

// "2026-05-01T10:00:00" (taken as UTC) with an optional fraction and an optional "Z" or "+02:00", a
// space instead of the T, or seconds since 1970; in milliseconds since 1970, up to the year 9999.
bool wf_text_time(const char *text, int64_t *ms_out);

// The same, or a date alone, which is its midnight: for people; in a history it would be half a
// time.
bool wf_text_time_or_date(const char *text, int64_t *ms_out);

// "[D-]H:M:S", "D-H:M", "D-H", "M:S" or "M", as Slurm prints and takes them, up to 10^10 seconds.
bool wf_text_duration(const char *text, int64_t *ms_out);

// Whether two texts are the same but for capitals.
bool wf_text_same(const char *text, const char *other);

// Whether text begins so, but for capitals.
bool wf_text_begins(const char *text, const char *start);

// Length of a name without the numbers at its end that stand behind '-', '_', '.' or ':'.
size_t wf_text_stem(const char *name);
