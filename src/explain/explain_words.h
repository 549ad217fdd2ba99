// SPDX-License-Identifier: Apache-2.0
// The words that the parts of an explanation share. Internal to it.
#pragma once

#include "explain/explain_text.h"

// "" for one, "s" for more.
const char *wf_words_plural(uint64_t count);

// "1,213 nodes"
void wf_words_nodes(FILE *out, uint64_t count);

// "1 GPU", "2 GPUs", "0.25 of a GPU", "12.5 GPUs"
void wf_words_gpus(FILE *out, uint64_t milli);

// "2.5 cores"
void wf_words_cores(FILE *out, uint64_t milli);

// "512 MiB", "1.5 GiB", rounded up to a thousandth
void wf_words_memory(FILE *out, uint64_t mib);

// What the caller's function calls that number, else noun and number: "node 3".
void wf_words_name(FILE *out, wf_name_function *function, void *context, const char *noun,
                   uint32_t number);

// The members of a set by name, with commas between.
void wf_words_set(FILE *out, wf_name_function *function, void *context, const char *noun,
                  uint64_t set);

// The job by its own name, else "job 7", or "Job 7" where a sentence begins.
void wf_words_job(FILE *out, const struct wf_job_spec *job, const struct wf_explain_names *names,
                  bool begins);
