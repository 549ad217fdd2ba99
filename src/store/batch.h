// SPDX-License-Identifier: Apache-2.0
// Rows on their way into the database (database.h): collected in memory, written together. The
// memory is one buffer, whatever the rows are.
#pragma once

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "core/event.h"
#include "store/journal_text.h"
#include "store/rows.h"

struct wf_batch;

// Memory that a batch takes at most, and from when on it is full: whoever takes in work should then
// refuse it, so that there is room for what must be written all the same.
#define WF_BATCH_BYTES_MAX ((size_t)64 << 20)
#define WF_BATCH_BYTES_FULL ((size_t)16 << 20)

// NULL: no memory.
struct wf_batch *wf_batch_create(void);
void wf_batch_destroy(struct wf_batch *batch); // NULL is fine
void wf_batch_clear(struct wf_batch *batch);
bool wf_batch_is_empty(const struct wf_batch *batch);
bool wf_batch_is_full(const struct wf_batch *batch);

// Adds rows, copying them. A row that finds no memory, or no room below WF_BATCH_BYTES_MAX, makes
// the whole batch fail when it is written, so none of these can fail by itself.
void wf_batch_job(struct wf_batch *batch, const struct wf_job_row *row);
void wf_batch_run(struct wf_batch *batch, const struct wf_run_row *row);
void wf_batch_ledger(struct wf_batch *batch, const struct wf_ledger_row *row);
// A job that is there is called otherwise now, or is in another queue.
void wf_batch_move(struct wf_batch *batch, uint64_t job, const char *name, const char *queue);
// The job is work that others asked for, which that engine knows by the key.
void wf_batch_work(struct wf_batch *batch, uint64_t job, const char *engine, const char *key);
void wf_batch_audit(struct wf_batch *batch, const struct wf_audit_row *row);
void wf_batch_feed(struct wf_batch *batch, const struct wf_feed_row *row);
void wf_batch_token(struct wf_batch *batch, const struct wf_token_row *row);
void wf_batch_meta(struct wf_batch *batch, const char *key, const char *value);
void wf_batch_forget_feed(struct wf_batch *batch, uint64_t up_to_seq); // removes old rows of it

// Adds lines to the journal: the head of an empty one, an event, the hash of all decisions so far,
// what something is called. *lines is how many lines the journal has, with those in batches not
// written yet; it grows with what is added. Errors: WF_INVALID, WF_LIMIT (what no core takes, or no
// line can hold); nothing is added then.
enum wf_status wf_batch_head(struct wf_batch *batch, uint64_t *lines,
                             const struct wf_journal_maker *maker,
                             struct wf_error *err) WF_MUST_USE;
enum wf_status wf_batch_event(struct wf_batch *batch, uint64_t *lines, const struct wf_event *event,
                              struct wf_error *err) WF_MUST_USE;
void wf_batch_hash(struct wf_batch *batch, uint64_t *lines, uint64_t hash, uint64_t events);
enum wf_status wf_batch_name(struct wf_batch *batch, uint64_t *lines, enum wf_journal_named what,
                             uint64_t number, const char *name, struct wf_error *err) WF_MUST_USE;
