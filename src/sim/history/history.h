// SPDX-License-Identifier: Apache-2.0
// What really happened: the jobs of a past month as another scheduler recorded them, whatever the
// format, in the order in which they were submitted.
//
// Jobs come one by one. A format whose lines come in order but for little (SWF) is read in bounded
// memory; of the others the jobs are kept, not the text. What is wrong with a line is counted and
// said (the first WF_HISTORY_COMPLAINTS), and the line left out; a strict reader stops at the
// first.
#pragma once

#include "base/error.h"
#include "base/names.h"
#include "core/types.h"

#define WF_HISTORY_COMPLAINTS 100
#define WF_HISTORY_COMPLAINT_BYTES 160
#define WF_HISTORY_JOBS_MAX 33554432 // kept in memory at the same time
#define WF_HISTORY_ID_BYTES 16       // of an id that is a mere number
#define WF_TIME_UNKNOWN INT64_MIN

enum wf_history_format {
    WF_HISTORY_GUESS,   // from the file's first line
    WF_HISTORY_SACCT,   // sacct --parsable2
    WF_HISTORY_SWF,     // Standard Workload Format
    WF_HISTORY_PODS,    // a Kubernetes pod object in each line
    WF_HISTORY_JOURNAL, // of ours: events, stepped through a core as when it was made
    WF_HISTORY_OPENB,   // submit_s,job,observed_wait_s,run_s,cpu_milli,...
};

// How a job ended, as the history says.
enum wf_history_end {
    WF_ENDED_WELL,
    WF_ENDED_FAILED,
    WF_ENDED_CANCELLED, // a job cancelled before it started has no start_ms
    WF_ENDED_TIMEOUT,
    WF_ENDED_OUT_OF_MEMORY,
    WF_ENDED_NODE_FAIL,
    WF_ENDED_PREEMPTED,
    WF_ENDED_NOT_YET, // it still ran, or waited, when the history was taken
};

// Times are milliseconds since 1970 (of a history with relative times: since its beginning), or
// WF_TIME_UNKNOWN. Names are numbers in the history's table of names; number 0 is "".
struct wf_history_job {
    uint32_t id; // "1234_7", "1234+1", "openb-pod-0001"; read with wf_history_id_text, because a
                 // mere number may stand for itself
    uint32_t user;
    uint32_t name;       // of the job, without what tells repeated runs apart
    uint32_t queue;      // account, partition or namespace, a path with '/' between levels
    uint32_t array;      // id of the array that it is a part of; 0: none
    uint32_t array_max;  // of which so many may run at once; 0: all, as far as is told
    uint32_t after;      // what must have become of other jobs first, "ok:123 end:124": the words
                         // start, end, ok and fail, with ids of jobs or arrays; 0: nothing
    uint32_t models;     // accepted GPU models, with '|' between them; 0: any
    uint32_t labels;     // what its nodes must carry, with '&' between; 0: nothing
    uint32_t nodes;      // where it ran, as the history spells it; 0: not told
    int64_t submit_ms;   // always known
    int64_t eligible_ms; // when nothing but the lack of room kept it waiting; never before submit
    int64_t start_ms, end_ms;
    int64_t limit_ms;    // asked run time; 0: none
    int64_t deadline_ms; // should have ended by then; 0: none
    int32_t priority;
    uint32_t restarts; // how often it was put back into the queue
    int64_t lost_ms;   // how long it ran before that, all such runs together
    enum wf_history_end end;
    uint32_t vendors;          // accepted makers of GPUs, as bits 1 << enum wf_vendor; 0: any
    enum wf_within within;     // how close together its tasks must run
    uint32_t tasks;            // alike, and started together
    struct wf_request request; // of one task, on any node but for a journal, whose places are those
                               // of the site that it tells: models and labels are still to be set
    uint64_t line;             // where it stands in the file
};

struct wf_history;

struct wf_history_config {
    const char *path; // plain or gzipped
    enum wf_history_format format;
    bool strict;
    bool processors_are_gpus; // what an SWF history counts in processors: GPUs, or else cores
    uint32_t cores_per_gpu;   // what a GPU job is taken to need beside where the history counts
                              // nothing but processors
    uint32_t shards_per_gpu;  // how many of Slurm's shards are one GPU; 0: not known, then a job
                              // that asks for shards is taken to need whole GPUs
    uint32_t jobs_max;        // to keep in memory; 0: WF_HISTORY_JOBS_MAX
    // Told now and then how many lines were read; may be NULL.
    void (*progress)(void *context, uint64_t lines);
    void *context;
};

// What was found, complete when the history has been read to its end.
struct wf_history_summary {
    const char *format; // for people
    enum wf_history_format kind;
    char policy[136];  // who scheduled, as sim/rerun/replayer.h spells it; "": the history does not
                       // say
    uint64_t lines;    // that are not empty, without headers and comments
    uint64_t jobs;     // handed out
    uint64_t damaged;  // lines left out because they could not be read
    uint64_t skipped;  // lines that hold no job of their own (steps, pods of a daemon set)
    uint64_t repeated; // jobs whose id came before; a requeue is no repetition
    uint64_t never_started, never_ended;
    uint64_t clock_jumps;   // jobs that ended before they started, or started before they were
                            // submitted: see the man page for how they are taken
    uint64_t heterogeneous; // jobs that are a part of one with unlike parts, which started together
    uint64_t assumed; // jobs with something that had to be taken for granted: see the man page
    int64_t first_ms, last_ms; // earliest submission, latest time; unknown when there are no jobs
    char complaints[WF_HISTORY_COMPLAINTS][WF_HISTORY_COMPLAINT_BYTES]; // "line 17: ..."
    uint32_t complaint_count;
};

// The caller owns *history_out. Errors: WF_IO, WF_INVALID (no such format, or strict and the first
// line is damaged), WF_NOTFOUND (the header lacks a field), WF_LIMIT, WF_NOMEM.
enum wf_status wf_history_open(const struct wf_history_config *config,
                               struct wf_history **history_out, struct wf_error *err) WF_MUST_USE;
void wf_history_close(struct wf_history *history);

// Fills *job_out with the next job by submit_ms (lowest line first among equals); *more_out is
// false when there is none. Errors: WF_IO; WF_INVALID (gzip data that is damaged or stops early, or
// a damaged line when strict); WF_LIMIT (a line or the number of jobs); WF_NOMEM. All are final.
enum wf_status wf_history_next(struct wf_history *history, struct wf_history_job *job_out,
                               bool *more_out, struct wf_error *err) WF_MUST_USE;

// Borrowed while the history is open.
const struct wf_names *wf_history_names(const struct wf_history *history);
const struct wf_history_summary *wf_history_summary(const struct wf_history *history);

// Whether times count from the beginning of the history. A journal does not say, but nobody ran GPU
// work in the first ten years of 1970's clock.
bool wf_history_has_relative_times(const struct wf_history_summary *summary);

// The id as the history spells it: borrowed while the history is open, or in text.
const char *wf_history_id_text(const struct wf_history *history, uint32_t id,
                               char text[WF_HISTORY_ID_BYTES]);

// Returns the id that is spelled so; UINT32_MAX, or one that no job has, where no job is.
uint32_t wf_history_id_find(const struct wf_history *history, const char *text);
