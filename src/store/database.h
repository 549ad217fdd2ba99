// SPDX-License-Identifier: Apache-2.0
// The database of a live WhaleFlux: one SQLite file with the journal, the jobs and their runs, the
// ledger, the audit, the feed and the tokens (rows.h). Schema: schema.c.
//
// Whoever writes collects rows in a batch and hands the batch over as a whole: one transaction, on
// the disk when wf_database_write returns. Rows of a batch are written in the order in which they
// were added.
//
// The journal's rows are the lines of a journal file, in order: what
// `SELECT line FROM journal ORDER BY number` prints is a journal file. wf_journal_open reads it
// from the database's path, also while another program writes.
//
// Threads: a batch belongs to one thread at a time. wf_database_write and wf_database_probe may be
// called in one thread while another one calls the readers; all else from one thread at a time.
// That no two daemons have the same data folder is the daemon's business.
#pragma once

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "base/error.h"
#include "store/batch.h"

struct wf_database;

// Opens it, and makes it where there is none (mode 0600). Errors: WF_IO (also: no room, locked by
// another program for long); WF_INVALID (no database of ours, damaged, or of a newer version);
// WF_NOMEM.
enum wf_status wf_database_open(const char *path, struct wf_database **db_out,
                                struct wf_error *err) WF_MUST_USE;
void wf_database_close(struct wf_database *db); // NULL is fine

// Writes the batch and leaves it as it is. On failure nothing of it is written and the database
// stays usable. Errors: WF_IO (the sentence says so where the disk is full), WF_EXISTS (a line of
// the journal or a row of the feed with that number is there), WF_INVALID (the database is
// damaged), WF_LIMIT, WF_NOMEM.
enum wf_status wf_database_write(struct wf_database *db, const struct wf_batch *batch,
                                 struct wf_error *err) WF_MUST_USE;

// Finds out whether there is room again: writes a megabyte and removes it. Errors: as above.
enum wf_status wf_database_probe(struct wf_database *db, struct wf_error *err) WF_MUST_USE;

// The readers. Each sees whole batches only. fn gets rows one by one and returns false when it has
// seen enough; it must not call the database. Errors: WF_IO, WF_INVALID, WF_NOMEM.

// How far the numbers are that writers give out; 0: none yet.
struct wf_database_last {
    uint64_t journal_lines;
    uint64_t job, audit, feed, token;
};
enum wf_status wf_database_last(struct wf_database *db, struct wf_database_last *last_out,
                                struct wf_error *err) WF_MUST_USE;

// NULL or 0 in a field: any. In the order of ids.
struct wf_job_query {
    uint32_t states; // WF_JOB_STATE_BIT of each
    const char *user;
    const char *queue;
    const char *name;
    const char *key; // of work that others asked for
    uint64_t id;     // this one
    uint64_t array;  // its elements
    uint64_t after;  // ids above it; with newest_first those below it
    uint32_t limit;
    bool newest_first;
};
typedef bool wf_job_row_fn(void *context, const struct wf_job_row *row);
enum wf_status wf_database_jobs(struct wf_database *db, const struct wf_job_query *query,
                                wf_job_row_fn *fn, void *context, struct wf_error *err) WF_MUST_USE;

typedef bool wf_run_row_fn(void *context, const struct wf_run_row *row);
enum wf_status wf_database_runs(struct wf_database *db, uint64_t job, wf_run_row_fn *fn,
                                void *context, struct wf_error *err) WF_MUST_USE;

// What was spent from since_ms until before until_ms (0: without end), the dearest first; a stretch
// that lies in it only partly counts in proportion. limit 0: all. Looks at each stretch in that
// time: a second for a million or so.
#define WF_LEDGER_KEYS(X) X(USER, "user") X(QUEUE, "queue") X(JOB, "job") X(POOL, "pool")
enum wf_ledger_key {
#define WF_LEDGER_KEY_ENUM(name, word) WF_LEDGER_BY_##name,
    WF_LEDGER_KEYS(WF_LEDGER_KEY_ENUM)
#undef WF_LEDGER_KEY_ENUM
        WF_LEDGER_TOTAL, // one row with the key "", none where nothing was spent
};
struct wf_ledger_query {
    enum wf_ledger_key by;
    int64_t since_ms, until_ms;
    const char *user; // NULL: of all
    uint32_t limit;
};
struct wf_ledger_sum {
    const char *key; // a job's: its id in digits
    uint64_t gpu_ms;
    uint64_t core_ms;
    int64_t cost_nanousd;
};
typedef bool wf_ledger_sum_fn(void *context, const struct wf_ledger_sum *sum);
enum wf_status wf_database_ledger(struct wf_database *db, const struct wf_ledger_query *query,
                                  wf_ledger_sum_fn *fn, void *context,
                                  struct wf_error *err) WF_MUST_USE;

// Rows with an id above after, in the order of ids; limit 0: all.
typedef bool wf_audit_row_fn(void *context, const struct wf_audit_row *row);
enum wf_status wf_database_audit(struct wf_database *db, uint64_t after, uint32_t limit,
                                 wf_audit_row_fn *fn, void *context,
                                 struct wf_error *err) WF_MUST_USE;

// Rows with a seq above after, in order; job 0: of every job and of none. limit 0: all.
struct wf_feed_query {
    uint64_t after;
    uint64_t job;
    uint32_t limit;
};
typedef bool wf_feed_row_fn(void *context, const struct wf_feed_row *row);
enum wf_status wf_database_feed(struct wf_database *db, const struct wf_feed_query *query,
                                wf_feed_row_fn *fn, void *context,
                                struct wf_error *err) WF_MUST_USE;

// All of them, also revoked and expired ones.
typedef bool wf_token_row_fn(void *context, const struct wf_token_row *row);
enum wf_status wf_database_tokens(struct wf_database *db, wf_token_row_fn *fn, void *context,
                                  struct wf_error *err) WF_MUST_USE;

// What wf_batch_meta wrote under that key, cut to size. Errors: also WF_NOTFOUND.
enum wf_status wf_database_meta(struct wf_database *db, const char *key, char *value, size_t size,
                                struct wf_error *err) WF_MUST_USE;
