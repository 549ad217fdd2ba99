// SPDX-License-Identifier: Apache-2.0
// All that explain tells about one job of a replay at one time: the run is made again up to then,
// looked at, and asked what a change would do.
#pragma once

#include "explain/wait_remedy.h"
#include "forecast/start_time.h"
#include "sim/rerun/rerun.h"

#define WF_STORY_STEPS 16 // of how it came about; the first, and the last of the others
#define WF_STORY_NODES_SHOWN 8

enum wf_story_state {
    WF_STORY_TO_COME, // it is not submitted yet
    WF_STORY_WAITS,
    WF_STORY_RUNS,
    WF_STORY_OVER,
    WF_STORY_IMPOSSIBLE, // it is refused: the machines can never run it
};

enum wf_story_event {
    WF_STORY_BEGAN_TO_WAIT, // or waits for another reason
    WF_STORY_STARTED,
    WF_STORY_STOPPED, // for others, or with its node; it waits again
    WF_STORY_ENDED,
};

struct wf_story_step {
    int64_t at_ms;
    enum wf_story_event event;
    enum wf_wait_reason reason; // of one that waits
    int64_t kept_start_ms;      // likewise; WF_NEVER: no start time is kept for it
    uint32_t ahead;             // likewise: jobs before it
};

// Where a running job runs, and why there.
struct wf_story_run {
    wf_node_id nodes[WF_STORY_NODES_SHOWN];
    uint32_t nodes_shown, nodes_all;
    uint32_t first_gpus;             // set, of the first task
    int64_t believed_end_ms;         // WF_NEVER: nobody knows
    int64_t limit_end_ms;            // at the latest; WF_NEVER: it has no limit
    int64_t low_end_ms, high_end_ms; // 80 % of jobs like it end in between; 0: nothing is learned
    // Over the nodes as they were when it had just started, with its own tasks taken off.
    struct wf_explanation nodes_then;
};

struct wf_story {
    enum wf_story_state state;
    uint32_t job; // of the list of jobs
    int64_t asked_ms;
    int64_t looked_ms;                     // of the last event until then
    int64_t eligible_ms, start_ms, end_ms; // WF_TIME_UNKNOWN: not by then
    bool starts_at_once;                   // it never had to wait
    struct wf_job_spec spec;
    struct wf_wait_explanation wait; // of one that waits; its ticket is not to be used
    struct wf_start_time_points start;
    int64_t plain_estimate_ms;
    struct wf_wait_remedy remedy;
    struct wf_story_run run; // of one that runs
    struct wf_story_step steps[WF_STORY_STEPS];
    uint32_t steps_shown, steps_all;
};

// Makes the run of the configuration (whose watch and context are not used) up to asked_ms.
// Errors: those of wf_rerun and of wf_wait_remedy_find.
enum wf_status wf_story_make(const struct wf_rerun_config *config, uint32_t job, int64_t asked_ms,
                             struct wf_story *story_out, struct wf_error *err) WF_MUST_USE;

// Prints it in sentences for people. history names the jobs; is_relative: its times count from its
// beginning, and not from 1970.
struct wf_story_names {
    const struct wf_history *history;
    const struct wf_rerun_jobs *jobs;
    const struct wf_site *site;
    const char *run;
    bool is_relative;
};
void wf_story_print(const struct wf_story *story, const struct wf_story_names *names, FILE *out);

// A time as such a history tells it, into text (WF_NUMBER_BYTES), which it returns.
const char *wf_story_time(char *text, int64_t ms, bool is_relative);
// The queue's path, or "(no queue)" for the one that jobs of no queue share. Borrowed.
const char *wf_story_queue(const struct wf_site *site, wf_queue_id queue);
// The job's id as the history spells it, in text (WF_HISTORY_ID_BYTES) or borrowed.
const char *wf_story_job(const struct wf_story_names *names, wf_job_id job, char *text);
