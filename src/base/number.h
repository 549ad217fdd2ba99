// SPDX-License-Identifier: Apache-2.0
// Numbers as people read them. Each function prints into text (WF_NUMBER_BYTES) and returns it.
// Integers only: no locale can turn a point into a comma.
#pragma once

#include <stdint.h>

#define WF_NUMBER_BYTES 64

// "1,234"
const char *wf_number_count(char *text, int64_t number);

// "12.3 %" of parts in whole; "0.0 %" of nothing
const char *wf_number_percent(char *text, int64_t parts, int64_t whole);

// "$1,234", "$1.23" below ten dollars, "$0.045" below ten cents; "-$1.23"
const char *wf_number_dollars(char *text, int64_t nanousd);

// "1.234" of 1,234,000,000: a number in a column of dollars
const char *wf_number_dollars_column(char *text, int64_t nanousd);

// "2.5" of 2500, "0.045" of 45, "8" of 8000
const char *wf_number_thousandths(char *text, uint64_t thousandths);
