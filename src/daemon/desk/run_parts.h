// SPDX-License-Identifier: Apache-2.0
// What becomes of a run in the desk: it is started, it ends, it is written down and charged.
// Internal to the desk.
#pragma once

#include "daemon/desk/parts.h"

// outfit.c: removes what a run that ended was started from; starts a run with the engine. Errors:
// the engine's; WF_NOTFOUND, WF_INVALID (it will never start), WF_IO, WF_NOMEM.
void wf_desk_clean_up_run(const struct wf_desk *desk, uint64_t job, uint32_t attempt);
enum wf_status wf_desk_start_run(struct wf_desk *desk, struct wf_book_run *run,
                                 struct wf_error *err) WF_MUST_USE;

// ends.c
void wf_desk_run_started(struct wf_desk *desk, struct wf_book_run *run, const struct wf_run *fact);
void wf_desk_run_ended(struct wf_desk *desk, struct wf_book_run *run, const struct wf_run *fact);
// A run is over for the book, its row and the ledger; what its job comes to by it is not decided.
void wf_desk_close_run(struct wf_desk *desk, struct wf_book_run *run, const struct wf_run *fact);
const char *wf_desk_end_code(enum wf_run_end end); // for the job's row
// A job is over: its row is written, its place in the book is gone. It has no runs.
void wf_desk_finish_job(struct wf_desk *desk, struct wf_book_job *job, enum wf_job_state state,
                        const char *code, const char *reason);
// Tells the core that a job is over, if it does not know.
void wf_desk_end_in_core(struct wf_desk *desk, struct wf_book_job *job, bool failed);

// row.c: rows of jobs and runs; ledger.c: what a run costs until a moment.
void wf_desk_write_job(struct wf_desk *desk, const struct wf_book_job *job, const char *document,
                       const char *code, const char *reason);
void wf_desk_write_run(struct wf_desk *desk, struct wf_book_run *run, const struct wf_run *fact);
void wf_desk_write_dirty(struct wf_desk *desk);
struct wf_charge {
    uint64_t gpu_ms, core_ms;
    int64_t cost_nanousd;
};
struct wf_charge wf_desk_charge(const struct wf_desk *desk, const struct wf_book_run *run,
                                int64_t until_ms);
void wf_desk_write_ledger(struct wf_desk *desk, const struct wf_book_run *run, int64_t ended_ms,
                          struct wf_charge charge);
struct wf_charge wf_desk_charge_between(const struct wf_desk *desk, const struct wf_book_run *run,
                                        int64_t from_ms, int64_t until_ms);

// kept.c: logs of ended runs.
void wf_desk_keep_run(struct wf_desk *desk, uint64_t job, uint32_t attempt);
