// SPDX-License-Identifier: Apache-2.0
// What the desk's files share about work that others asked for. Internal to the desk.
#pragma once

#include "daemon/desk/foreign.h"
#include "daemon/desk/run_parts.h"

#define WF_DESK_HELD_HERE "held-here" // code of a row: somebody held it here, not where it runs

// Whether the desk has such work, and no other; whether it decides nothing about it.
bool wf_desk_is_foreign(const struct wf_desk *desk);
bool wf_desk_only_watches(const struct wf_desk *desk);

// foreign.c: what was told is not known any more: the core watches until all was told again.
void wf_desk_foreign_forget(struct wf_desk *desk);
// A look within the desk: what happens until its end is one moment for the core.
void wf_desk_foreign_open_look(struct wf_desk *desk);
void wf_desk_foreign_close_look(struct wf_desk *desk);
// A batch is handed out; it is on the disk; what was collected is dropped.
void wf_desk_foreign_handed(struct wf_desk *desk);
void wf_desk_foreign_written(struct wf_desk *desk);
void wf_desk_foreign_dropped(struct wf_desk *desk);
// The engine is to end the work for good, and could not, when tried before.
void wf_desk_foreign_end(struct wf_desk *desk, struct wf_book_job *job);
void wf_desk_foreign_tick(struct wf_desk *desk, int64_t now_ms);
int64_t wf_desk_foreign_wake_ms(const struct wf_desk *desk);
// It is over for good; nothing of it runs.
void wf_desk_foreign_over(struct wf_desk *desk, struct wf_book_job *job,
                          const struct wf_foreign_job *told);

// foreign_notice.c: whether a node of the run goes, and the sentence about it. Forgets them all.
bool wf_desk_foreign_goes(const struct wf_desk *desk, const struct wf_book_run *run, char *why,
                          size_t size);
// Whether it was still to start when a node of it went down.
bool wf_desk_foreign_lost_node(const struct wf_desk *desk, const struct wf_book_run *run);
void wf_desk_foreign_forget_notices(struct wf_desk *desk);
// machines.c: writes down that the node was closed since its scheduler, or our own telemetry, wants
// it so, or that this is over.
void wf_desk_note_wish(struct wf_desk *desk, const char *name, bool closed);

// foreign_core.c: has the core hold the job, or not, as is right by now; has it know what is asked
// for. Neither does anything where the job runs in the core.
void wf_desk_foreign_settle_hold(struct wf_desk *desk, struct wf_book_job *job);
void wf_desk_foreign_settle_wish(struct wf_desk *desk, struct wf_book_job *job);
// Whether the core has the run as it is; has it know all runs as they are, as far as it can.
bool wf_desk_foreign_is_straight(const struct wf_desk *desk, const struct wf_book_run *run);
void wf_desk_foreign_straighten(struct wf_desk *desk);
// The core's ticket of a job; NULL: it is not in the core. Whether it runs there.
const struct wf_ticket *wf_desk_foreign_ticket(const struct wf_desk *desk,
                                               const struct wf_book_job *job);
bool wf_desk_foreign_runs_in_core(const struct wf_desk *desk, const struct wf_book_job *job);
// Its run is over, or never was, and it waits again.
void wf_desk_foreign_again(struct wf_desk *desk, struct wf_book_job *job);

// foreign_run.c: starts a run with the engine. Errors: the engine's, WF_NOMEM.
enum wf_status wf_desk_foreign_start(struct wf_desk *desk, struct wf_book_run *run,
                                     struct wf_error *err) WF_MUST_USE;
// A decision, or a place of its run that the core has, adds to where it is to be.
void wf_desk_foreign_place(struct wf_desk *desk, struct wf_book_run *run, uint32_t node,
                           const struct wf_book_place *more);
// Where it is by the engine's word.
void wf_desk_foreign_take_places(struct wf_desk *desk, struct wf_book_run *run,
                                 const struct wf_foreign_job *told);
void wf_desk_foreign_name_nodes(const struct wf_desk *desk, struct wf_book_run *run);
// What its places come to.
void wf_desk_foreign_sum(const struct wf_book_run *run, wf_int128 *gpu_milli, wf_int128 *cpu_milli);
// The run that is told to run; a new attempt where it is none of those in the book.
struct wf_book_run *wf_desk_foreign_find_run(struct wf_desk *desk, struct wf_book_job *job,
                                             const struct wf_foreign_job *told);
void wf_desk_foreign_end_run(struct wf_desk *desk, struct wf_book_run *run, enum wf_run_end end,
                             const struct wf_foreign_job *told);
// Where the core has it.
void wf_desk_foreign_read_places(struct wf_desk *desk, struct wf_book_run *run);
// Takes up from its row and the core what is known of a run, when the daemon starts.
void wf_desk_foreign_restore_run(struct wf_desk *desk, struct wf_book_run *run, const char *nodes);

// foreign_take.c: a job that nobody told before; what is asked for by one that is known.
enum wf_status wf_desk_foreign_take_in(struct wf_desk *desk, const struct wf_foreign_job *told,
                                       struct wf_book_job **job_out,
                                       struct wf_error *err) WF_MUST_USE;
enum wf_status wf_desk_foreign_take_facts(struct wf_desk *desk, struct wf_book_job *job,
                                          const struct wf_foreign_job *told,
                                          struct wf_error *err) WF_MUST_USE;
uint64_t wf_desk_foreign_hash(const char *text);

// ask_spec.c: as wf_desk_read_document, and never refused: what is not known here is left out, and
// the sentence says so. Returns whether nothing is.
bool wf_desk_read_foreign(struct wf_desk *desk, const struct wf_job_document *document,
                          struct wf_job_spec *spec_out, struct wf_error *why);
