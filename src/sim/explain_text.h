// SPDX-License-Identifier: Apache-2.0
// Explanations and remedies as whole sentences for people. Names come from the caller, since the
// core knows none.
#pragma once

#include <stdio.h>

#include "core/explain.h"
#include "core/remedy.h"

// Each returns a name that is borrowed until the next call, or NULL: then the number is shown.
struct wf_explain_names {
    const char *(*node)(void *context, uint32_t node);
    const char *(*pool)(void *context, uint32_t pool);
    const char *(*model)(void *context, uint32_t model);
    const char *(*label)(void *context, uint32_t label);
    void *context;
};

// Prints whether the job starts; where and what lost; every blocker, most near misses first.
// names may be NULL, and so may each of its functions.
void wf_explain_print(FILE *out, const struct wf_job_spec *job,
                      const struct wf_explanation *explanation,
                      const struct wf_explain_names *names);

// Prints the smallest change as one sentence.
void wf_remedy_print(FILE *out, const struct wf_job_spec *job, const struct wf_remedy *remedy,
                     const struct wf_explain_names *names);
