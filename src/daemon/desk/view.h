// SPDX-License-Identifier: Apache-2.0
// Looking at the desk: jobs as they are in the database, what is live about them in memory, and
// counts. Whatever is lent lives until the next call that is no view.
#pragma once

#include "core/core.h"
#include "daemon/desk/ask.h"
#include "daemon/desk/diary.h"
#include "jobfile/document.h"
#include "store/store.h"

struct wf_desk;

// Read jobs, runs, ledger, audit, feed and tokens straight from here, by the readers of
// store/database.h. It shows what is on the disk: never more than has been answered.
struct wf_database *wf_desk_database(const struct wf_desk *desk);

// The id of a job that is called by number or by name; a name means the newest job of the user that
// is not over, else his newest, else (all) anybody's. Work that others asked for is also called by
// its engine's name and its key: "slurm:4711". Errors: WF_NOTFOUND; what the database says.
enum wf_status wf_desk_find(struct wf_desk *desk, const char *job, const char *user, bool all,
                            uint64_t *id_out, struct wf_error *err) WF_MUST_USE;

// What is known of a job that is not over, beside its row.
struct wf_job_live {
    enum wf_job_state state; // may be newer than the row's
    const char *reason_code; // why it waits, by the core ("room", "held", ...); "" while it runs
    const char *reason;      // as a sentence
    const char *told; // by whom the work is run: what keeps it, or became of its start; or NULL
    int64_t kept_start_ms; // a start time is kept for it; 0: none
    uint32_t attempt;      // the current one, 0: none yet
    const char *node;      // NULL: none
    uint32_t gpu_set;      // of that node
    uint16_t gpu_milli;
    int64_t started_ms;             // of the current attempt, 0: not yet
    int64_t cost_nanousd;           // of all attempts until now
    uint64_t gpu_ms;                // likewise
    bool shares;                    // it has a share of a GPU, or waits for one:
    struct wf_desk_sharing sharing; // how well that is kept, on the worst node it may come to
    char run[WF_RUN_ID_MAX + 1];    // id of the current run with the engine, for logs; "": none
};
// False: there is no such job, or it is over. May be called while a reader calls back.
bool wf_desk_live(const struct wf_desk *desk, uint64_t job, struct wf_job_live *live_out);
// When a job that waits for room, shares or money is expected to start, a start in ten before
// low, one in ten after high. False: it waits for something whose end nobody can estimate.
struct wf_job_start {
    int64_t low_ms, middle_ms, high_ms;
};
bool wf_desk_expected_start(const struct wf_desk *desk, uint64_t job, struct wf_job_start *out);
// How it came about that it waits or runs (diary.h), or NULL.
const struct wf_diary_page *wf_desk_diary(const struct wf_desk *desk, uint64_t job);
// Id of a job's run with the engine: "j17-2".
void wf_desk_run_id(uint64_t job, uint32_t attempt, char id[WF_RUN_ID_MAX + 1]);

// What a document comes to for the core, without submitting it: for offers. Dependencies are left
// out. Errors: as wf_desk_submit; field_out (64 bytes, or NULL) names the field.
struct wf_desk_ask;
enum wf_status wf_desk_spec(struct wf_desk *desk, const struct wf_job_document *document,
                            struct wf_desk_ask *ask, struct wf_job_spec *spec_out,
                            struct wf_error *err) WF_MUST_USE;

// The core, for explanations and offers, and what its numbers are called. NULL: no such number.
const struct wf_core *wf_desk_core(const struct wf_desk *desk);
const char *wf_desk_name(const struct wf_desk *desk, enum wf_journal_named what, uint32_t number);
uint32_t wf_desk_number(const struct wf_desk *desk, enum wf_journal_named what, const char *name);
uint32_t wf_desk_name_count(const struct wf_desk *desk, enum wf_journal_named what);
// How well a share of one of its GPUs would be kept; false: it has none, or nobody knows. why: what
// keeps it from new work, beside people, or "".
bool wf_desk_sharing(const struct wf_desk *desk, uint32_t node, struct wf_desk_sharing *out);
void wf_desk_closed_why(const struct wf_desk *desk, uint32_t node, char *why, size_t size);
const char *wf_desk_price_source(const struct wf_desk *desk, wf_pool_id pool);
int64_t wf_desk_core_price(const struct wf_desk *desk); // nano-dollars of a core-hour; 0: none set
// Memory of one GPU of the model where it is known, else 0.
const struct wf_engine_kind *wf_desk_engine_kind(const struct wf_desk *desk);
struct wf_engine *wf_desk_engine(const struct wf_desk *desk); // log_read alone is yours to call

struct wf_desk_counts {
    uint64_t live[WF_JOB_STATE_COUNT];  // jobs that are not over, by state
    uint64_t ended[WF_JOB_STATE_COUNT]; // since the daemon started, as all below
    uint64_t submitted;
    uint64_t runs_started, runs_ended;
    uint64_t requeues, preemptions;
    uint64_t batches, batches_failed;
    uint64_t events;        // of the journal, all of it
    uint64_t hash;          // of all decisions ever
    uint64_t feed;          // number of the last row
    uint64_t first_starts;  // jobs that started,
    uint64_t start_wait_ms; // and how long all of them waited for that
    uint64_t gpu_ms;        // granted, of runs that ended
    int64_t cost_nanousd;   // of runs that ended
    uint64_t notices;       // that this machine is to be taken
    uint64_t checkpoints;   // that runs said they made
    uint64_t prompts;       // and how often runs were told that it is time to
    uint64_t losses;        // runs that were ended with work that was not saved,
    uint64_t lost_ms;       // how long they had worked since, all of them,
    int64_t lost_nanousd;   // and what that had cost
};
struct wf_desk_counts wf_desk_count(const struct wf_desk *desk);

// Is told every row of the feed once it is on the disk, in order. NULL ends it. One at a time.
void wf_desk_watch(struct wf_desk *desk, void (*fn)(void *context, const struct wf_feed_row *row),
                   void *context);
