// SPDX-License-Identifier: Apache-2.0
// One policy told against another in a sentence.
#pragma once

#include <stdbool.h>
#include <stdint.h>

#define WF_DIFFERENCE_BYTES 320

struct wf_difference {
    const char *policy;
    const char *against;
    int64_t more_gpu_milli;        // that policy has at work; below 0: fewer
    int64_t more_nanousd_per_hour; // list price of those
    bool unpriced;                 // not all prices are known
};

// "cost-first has 425 more GPUs at work than fgd, worth $1,184 an hour at list prices", into text
// (WF_DIFFERENCE_BYTES), which it returns.
const char *wf_difference_text(char *text, const struct wf_difference *difference);
