// SPDX-License-Identifier: Apache-2.0
#include "cli/simulate/difference.h"

#include <stdio.h>
#include <stdlib.h>

#include "base/number.h"

const char *wf_difference_text(char *text, const struct wf_difference *difference)
{
    char gpus[WF_NUMBER_BYTES];
    char dollars[WF_NUMBER_BYTES];
    int64_t count = (llabs(difference->more_gpu_milli) + 500) / 1000;
    int64_t nanousd = difference->more_nanousd_per_hour;
    bool more = difference->more_gpu_milli > 0;
    if (count == 0) {
        snprintf(text, WF_DIFFERENCE_BYTES, "%.64s has as many GPUs at work as %.64s",
                 difference->policy, difference->against);
        return text;
    }
    int length = snprintf(text, WF_DIFFERENCE_BYTES, "%.64s has %s %s GPU%s at work than %.64s, ",
                          difference->policy, wf_number_count(gpus, count), more ? "more" : "fewer",
                          count == 1 ? "" : "s", difference->against);
    // Fewer GPUs may be worth more, when they are dearer ones.
    const char *words = (nanousd >= 0) == more ? "worth %s an hour at list prices%s"
                        : more                 ? "yet worth %s an hour less at list prices%s"
                                               : "yet worth %s an hour more at list prices%s";
    snprintf(text + length, WF_DIFFERENCE_BYTES - (size_t)length, words,
             wf_number_dollars(dollars, llabs(nanousd)),
             difference->unpriced ? " (not all prices are known)" : "");
    return text;
}
