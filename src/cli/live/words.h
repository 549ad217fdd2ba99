// SPDX-License-Identifier: Apache-2.0
// How the verbs that ask a daemon say times, spans, money and sizes. Each prints into text
// (WF_WORD_BYTES) and returns it.
#pragma once

#include <stdbool.h>
#include <stdint.h>

#define WF_WORD_BYTES 64

int64_t wf_word_now_ms(void);

// "12 s", "3 min", "2 h 5 min", "4 d 3 h"; "0 s" for less than a second and below 0.
const char *wf_word_span(char *text, int64_t ms);

// "3 min ago", "in 3 min", "now"; "-" for 0.
const char *wf_word_age(char *text, int64_t ms, int64_t now_ms);

// "2026-11-22 22:31:28 UTC"; "-" for 0.
const char *wf_word_utc(char *text, int64_t ms);

// "$0.0042", "$12.30", "$1,234"; "$0". Small sums keep two digits that count; "<$0.00001".
const char *wf_word_usd(char *text, int64_t nanousd);

// "512 MiB", "1.5 GiB", "64 GiB"
const char *wf_word_mib(char *text, int64_t mib);

// Reads a time: RFC 3339, a date, "2h" or "7d" (so long ago), or digits (ms since 1970). Returns
// false when it is none.
bool wf_word_read_time(const char *word, int64_t now_ms, int64_t *ms_out);
