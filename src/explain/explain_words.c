// SPDX-License-Identifier: Apache-2.0
#include "explain/explain_words.h"

#include <inttypes.h>

#include "base/number.h"

const char *wf_words_plural(uint64_t count)
{
    return count == 1 ? "" : "s";
}

void wf_words_nodes(FILE *out, uint64_t count)
{
    char text[WF_NUMBER_BYTES];
    fprintf(out, "%s node%s", wf_number_count(text, (int64_t)count), wf_words_plural(count));
}

void wf_words_gpus(FILE *out, uint64_t milli)
{
    char text[WF_NUMBER_BYTES];
    wf_number_thousandths(text, milli);
    if (milli > 0 && milli < WF_GPU_MILLI) {
        fprintf(out, "%s of a GPU", text);
    } else {
        fprintf(out, "%s GPU%s", text, milli == WF_GPU_MILLI ? "" : "s");
    }
}

void wf_words_cores(FILE *out, uint64_t milli)
{
    char text[WF_NUMBER_BYTES];
    fprintf(out, "%s core%s", wf_number_thousandths(text, milli), milli == 1000 ? "" : "s");
}

void wf_words_memory(FILE *out, uint64_t mib)
{
    char text[WF_NUMBER_BYTES];
    if (mib < 1024) {
        fprintf(out, "%s MiB", wf_number_count(text, (int64_t)mib));
    } else {
        fprintf(out, "%s GiB", wf_number_thousandths(text, (mib * 1000 + 1023) / 1024));
    }
}

void wf_words_name(FILE *out, wf_name_function *function, void *context, const char *noun,
                   uint32_t number)
{
    const char *name = function ? function(context, number) : NULL;
    if (name) {
        fputs(name, out);
    } else {
        fprintf(out, "%s %" PRIu32, noun, number);
    }
}

void wf_words_set(FILE *out, wf_name_function *function, void *context, const char *noun,
                  uint64_t set)
{
    const char *between = "";
    for (uint32_t number = 0; number < 64; number++) {
        if (set >> number & 1) {
            fputs(between, out);
            wf_words_name(out, function, context, noun, number);
            between = ", ";
        }
    }
}

void wf_words_job(FILE *out, const struct wf_job_spec *job, const struct wf_explain_names *names,
                  bool begins)
{
    if (names->job) {
        fputs(names->job, out);
    } else {
        fprintf(out, "%s %" PRIu64, begins ? "Job" : "job", job->id.number);
    }
}
