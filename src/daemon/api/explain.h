// SPDX-License-Identifier: Apache-2.0
// What the parts of an explanation share: of one that waits (explain.c), and of one that runs
// (explain_run.c). Inside the API.
#pragma once

#include "daemon/api/parts.h"
#include "explain/wait_words.h"

struct wf_api_teller {
    struct wf_api *api;
    struct wf_core *core; // of the copy, which may be changed
    uint64_t job;
    int64_t now_ms;
    const char *state;
    struct wf_job_live live;
    bool started; // the job, in a trial
    json_t *told;
};

// explain.c. What everything is called; job (WF_WAIT_JOB_BYTES) gets "Job 7".
struct wf_wait_names wf_api_names(struct wf_api_teller *teller, char *job);
// A time in UTC, in text (WF_NUMBER_BYTES), which it returns.
const char *wf_api_time_text(char *text, int64_t ms);
// The answer with nothing but the sentences and how it came about.
json_t *wf_api_tell_story(struct wf_api_teller *teller, const char *state, const char *text);

// explain_steps.c. How it came about: printed, and as a list.
void wf_api_print_steps(struct wf_api_teller *teller, FILE *out);
json_t *wf_api_list_steps(struct wf_api_teller *teller);

// explain_run.c. In a copy, as wf_api_in_copy wants it: where a job runs, and why there.
char *wf_api_explain_run(void *teller);
