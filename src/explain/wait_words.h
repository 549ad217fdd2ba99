// SPDX-License-Identifier: Apache-2.0
// Why a job waits, who is before it and what would help, in sentences: the same for a job of a
// replay and for one that waits now.
#pragma once

#include <stdio.h>

#include "core/schedule/wait_explain.h"
#include "explain/explain_text.h"
#include "explain/wait_remedy.h"

#define WF_WAIT_JOB_BYTES 64

struct wf_wait_names {
    struct wf_explain_names words;
    // What a job or a queue is called: in text (WF_WAIT_JOB_BYTES), or borrowed.
    const char *(*job)(void *context, wf_job_id job, char *text);
    const char *(*queue)(void *context, wf_queue_id queue);
    // A time, into text (WF_NUMBER_BYTES), which it returns.
    const char *(*time)(void *context, char *text, int64_t ms);
    void *context;
};

// When it starts: one in ten such jobs before low, one in ten after high.
struct wf_wait_start {
    int64_t asked_ms, low_ms, middle_ms, high_ms;
};

// Each reason, with what it is about.
void wf_wait_print_blockers(FILE *out, const struct wf_job_spec *job,
                            const struct wf_wait_explanation *wait,
                            const struct wf_wait_names *names);
void wf_wait_print_ahead(FILE *out, const struct wf_wait_explanation *wait,
                         const struct wf_wait_names *names);
// The start time that is kept for it, if one is.
void wf_wait_print_kept(FILE *out, const struct wf_wait_explanation *wait,
                        const struct wf_wait_names *names);
void wf_wait_print_start(FILE *out, const struct wf_wait_start *start,
                         const struct wf_wait_names *names);
void wf_wait_print_remedy(FILE *out, const struct wf_wait_remedy *remedy,
                          const struct wf_wait_names *names);

// "3 d 4 h", "4 h 5 min", "12 s", into text (WF_NUMBER_BYTES), which it returns.
const char *wf_wait_duration(char *text, int64_t ms);
