// SPDX-License-Identifier: Apache-2.0
// The rows of the database (database.h), one struct for each table. All zero is a good beginning.
// Text is borrowed from whoever fills the row in; what a reader is given lives as long as the call.
// NULL text is written as "" and never read. Times are milliseconds since 1970, 0: not yet or
// never; money is nano-dollars.
#pragma once

#include <stdbool.h>
#include <stdint.h>

// X(NAME, word): how far a job is, for people. Words stand in the database.
#define WF_JOB_STATES(X)                                                                           \
    X(WAITING, "waiting")                                                                          \
    X(HELD, "held")                                                                                \
    X(RUNNING, "running")                                                                          \
    X(ENDING, "ending")                                                                            \
    X(DONE, "done")                                                                                \
    X(FAILED, "failed")                                                                            \
    X(CANCELLED, "cancelled")                                                                      \
    X(LOST, "lost")

enum wf_job_state {
#define WF_JOB_STATE_ENUM(name, word) WF_JOB_STATE_##name,
    WF_JOB_STATES(WF_JOB_STATE_ENUM)
#undef WF_JOB_STATE_ENUM
};
#define WF_JOB_STATE_COUNT 8

// Sets of states, one bit for each.
#define WF_JOB_STATE_BIT(state) (1u << (state))
#define WF_JOB_STATES_ALL ((1u << WF_JOB_STATE_COUNT) - 1)
#define WF_JOB_STATES_LIVE ((1u << WF_JOB_STATE_DONE) - 1) // those before it: the job is not over

const char *wf_job_state_word(enum wf_job_state state);
// Returns false where there is no such word.
bool wf_job_state_find(const char *word, enum wf_job_state *state_out);

// A run is one attempt at a job. Written again whenever something of it changes.
struct wf_run_row {
    uint64_t job;       // with attempt: its id
    uint32_t attempt;   // from 1
    int64_t granted_ms; // the core placed it
    int64_t started_ms; // the engine started it
    int64_t ended_ms;
    const char *node;
    uint64_t gpu_set;     // of that node's GPUs, one bit for each
    uint32_t gpu_milli;   // share of each of them
    const char *end;      // the engine's word ("exit", "out of memory"); "" while it is not over
    int32_t exit_code;    // -1: it did not exit by itself
    int32_t signal;       // 0: none
    const char *detail;   // a sentence, or ""
    const char *warnings; // what could not be enforced, or ""
    uint64_t cpu_ms;      // measured, of all its processes
    uint64_t memory_peak_bytes;
    uint64_t gpu_ms; // granted: one whole GPU for a millisecond
    int64_t cost_nanousd;
};

// A job. Written again whenever something of it changes.
struct wf_job_row {
    uint64_t id;
    uint64_t array; // of an element: the id of the array's first; else 0
    const char *name;
    const char *user;
    const char *queue;
    uint32_t uid, gid; // whom it runs as
    // As it was submitted, JSON. NULL when writing leaves it as it is, which is cheaper. Of an
    // array it is kept once: write it with the first element and NULL with the others; all read it.
    const char *document;
    enum wf_job_state state;
    const char *reason_code; // why it is in that state, or ""
    const char *reason;      // the same as a sentence
    int64_t submitted_ms;
    int64_t started_ms; // first attempt
    int64_t ended_ms;
    uint32_t attempts;    // begun so far
    uint32_t requeues;    // counted against the most that its document allows
    int64_t cost_nanousd; // of all attempts; so are the next three
    uint64_t gpu_ms;
    uint64_t cpu_ms;
    uint64_t memory_peak_bytes;
    const char *warnings; // from taking it in, a JSON list, or ""
    // Read only: of work that others asked for the engine and its key; else "".
    const char *engine;
    const char *key;
    // Read only: the newest attempt; attempt 0 where there was none. Not looked at when written.
    struct wf_run_row run;
};

// What a stretch of a run cost. Job, attempt and from_ms are its id: written again it replaces, so
// a stretch may grow while the run runs, and nothing is ever charged twice.
struct wf_ledger_row {
    uint64_t job;
    uint32_t attempt;
    int64_t from_ms, to_ms;
    const char *user;
    const char *queue;
    const char *pool;
    uint64_t gpu_ms;  // whole GPUs times milliseconds
    uint64_t core_ms; // whole cores times milliseconds, as granted
    int64_t cost_nanousd;
    const char *price_source; // whose price, of which day
};

// Who did what. The id is given when it is written.
struct wf_audit_row {
    uint64_t id;
    int64_t time_ms;
    const char *actor;
    const char *role;
    const char *over;    // "socket", "tls", "loopback", "daemon"
    const char *action;  // "submit", "cancel"
    const char *object;  // "job 17", "node n3"
    const char *outcome; // "ok", or the code of the error
    const char *detail;  // JSON, or ""
};

// What happened, for those who watch.
struct wf_feed_row {
    uint64_t seq; // given out by the writer, from 1, always up
    int64_t time_ms;
    uint64_t job; // 0: of no job
    const char *kind;
    const char *data; // JSON
};

struct wf_token_row {
    uint64_t id; // given out by the writer; written again it replaces
    const char *name;
    const char *role;
    const char *user; // of the system; whom its jobs run as
    const char *hash; // of the secret, in hexadecimal digits; the secret itself is never here
    int64_t created_ms;
    int64_t expires_ms; // 0: never
    int64_t revoked_ms;
};
