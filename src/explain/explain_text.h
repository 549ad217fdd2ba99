// SPDX-License-Identifier: Apache-2.0
// Explanations and remedies as whole sentences for people. Names come from the caller, since the
// core knows none.
#pragma once

#include <stdio.h>

#include "core/explain/explain.h"
#include "core/explain/remedy.h"

// Returns a name that is borrowed until the next call, or NULL: then the number is shown.
typedef const char *wf_name_function(void *context, uint32_t number);

struct wf_explain_names {
    const char *job; // NULL: its number is shown
    wf_name_function *node;
    wf_name_function *pool;
    wf_name_function *model;
    wf_name_function *label;
    void *context;
};

// Prints whether the job starts; where and what lost; every blocker, most near misses first.
// names may be NULL, and so may each of its members.
void wf_explain_print(FILE *out, const struct wf_job_spec *job,
                      const struct wf_explanation *explanation,
                      const struct wf_explain_names *names);

// Prints the nodes on which a task can start, the one that is chosen first, as a table of what each
// would cost; then why the first was chosen, and what the columns are. A part of the above.
void wf_explain_print_table(FILE *out, const struct wf_explanation *explanation,
                            const struct wf_explain_names *names);

// Prints why nodes do not take a task, a sentence for each reason. Likewise a part.
void wf_explain_print_blockers(FILE *out, const struct wf_job_spec *job,
                               const struct wf_explanation *explanation,
                               const struct wf_explain_names *names);

// Prints one kind of a change as words: "2 tasks instead of 3 tasks".
void wf_remedy_print_part(FILE *out, const struct wf_job_spec *job,
                          const struct wf_change_part *part, const struct wf_explain_names *names);

// Prints the smallest change as one sentence.
void wf_remedy_print(FILE *out, const struct wf_job_spec *job, const struct wf_remedy *remedy,
                     const struct wf_explain_names *names);
