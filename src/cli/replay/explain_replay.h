// SPDX-License-Identifier: Apache-2.0
// The part of the verb explain that is about a job of the last replay.
#pragma once

#include "cli/simulate/last_run.h"

struct wf_explain_question {
    const char *task;   // or job, as the run spells it
    const char *policy; // NULL: the last that the run named
    const char *seed;   // NULL: the run's first
    const char *time;   // NULL: when the job was submitted
    bool json;
};

// Errors: those of the replay; WF_NOTFOUND, WF_INVALID for a question that makes no sense.
enum wf_status wf_explain_replay(const struct wf_explain_question *question,
                                 struct wf_last_run *last, struct wf_error *err) WF_MUST_USE;

struct wf_story;
struct wf_story_names;
// Prints the same as JSON. Errors: WF_NOMEM.
enum wf_status wf_explain_replay_print_json(const struct wf_story *story,
                                            const struct wf_story_names *names,
                                            struct wf_error *err) WF_MUST_USE;

// Reads "3d4h", "90m", "1w", "2h30m", "45s". Returns false for what is no such thing.
bool wf_explain_read_span(const char *text, int64_t *ms_out);

// Reads the value of --at: a time of the calendar, or a span from begin_ms, the first submission.
enum wf_status wf_explain_read_at(const char *text, int64_t begin_ms, int64_t *ms_out,
                                  struct wf_error *err) WF_MUST_USE;
