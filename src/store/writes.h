// SPDX-License-Identifier: Apache-2.0
// The statements that write rows, and how a batch keeps what they are given. Internal to the store.
//
// A batch is one buffer of records. A record is the number of a statement (one byte), then its
// parameters in order, each a letter and what follows: 'n' nothing; 'i' eight bytes of a number;
// 't' four bytes of a length and so many bytes of text.
#pragma once

#include "store/batch.h"

// X(NAME, SQL). A row that is there already is replaced, save in the journal, the audit and the
// feed. What never changes of a job is not written again, to leave its indexes alone.
#define WF_WRITES(X)                                                                               \
    X(JOURNAL, "INSERT INTO journal (number, line) VALUES (?, ?)")                                 \
    X(DOCUMENT, "INSERT OR REPLACE INTO documents (job, text) VALUES (?, ?)")                      \
    X(JOB, "INSERT INTO jobs (id, array, name, user, queue, uid, gid, submitted_ms, state,"        \
           " reason_code, reason, started_ms, ended_ms, attempts, requeues, cost_nanousd, gpu_ms," \
           " cpu_ms, memory_peak_bytes, warnings)"                                                 \
           " VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?)"                  \
           " ON CONFLICT (id) DO UPDATE SET state = excluded.state,"                               \
           " reason_code = excluded.reason_code, reason = excluded.reason,"                        \
           " started_ms = excluded.started_ms, ended_ms = excluded.ended_ms,"                      \
           " attempts = excluded.attempts, requeues = excluded.requeues,"                          \
           " cost_nanousd = excluded.cost_nanousd, gpu_ms = excluded.gpu_ms,"                      \
           " cpu_ms = excluded.cpu_ms, memory_peak_bytes = excluded.memory_peak_bytes,"            \
           " warnings = excluded.warnings")                                                        \
    X(MOVE, "UPDATE jobs SET name = ?, queue = ? WHERE id = ?")                                    \
    X(RUN, "INSERT OR REPLACE INTO runs (job, attempt, granted_ms, started_ms, ended_ms, node,"    \
           " gpu_set, gpu_milli, ending, exit_code, signal, detail, warnings, cpu_ms,"             \
           " memory_peak_bytes, gpu_ms, cost_nanousd)"                                             \
           " VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?)")                          \
    X(LEDGER, "INSERT OR REPLACE INTO ledger (job, attempt, from_ms, to_ms, user, queue, pool,"    \
              " gpu_ms, core_ms, cost_nanousd, price_source)"                                      \
              " VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?)")                                         \
    X(LOSS, "INSERT OR REPLACE INTO losses (job, attempt, from_ms, to_ms, user, queue, why,"       \
            " gpu_ms, cost_nanousd) VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?)")                           \
    X(WORK, "INSERT OR REPLACE INTO works (job, engine, key) VALUES (?, ?, ?)")                    \
    X(LIFE, "INSERT OR REPLACE INTO lives (boot, pool, booted_ms, from_ms, seen_ms, gone_ms,"      \
            " is_left) VALUES (?, ?, ?, ?, ?, ?, ?)")                                              \
    X(AUDIT, "INSERT INTO audit (time_ms, actor, role, over, action, object, outcome, detail)"     \
             " VALUES (?, ?, ?, ?, ?, ?, ?, ?)")                                                   \
    X(FEED, "INSERT INTO feed (seq, time_ms, job, kind, data) VALUES (?, ?, ?, ?, ?)")             \
    X(FORGET_FEED, "DELETE FROM feed WHERE seq <= ?")                                              \
    X(TOKEN, "INSERT INTO tokens (id, name, role, user, hash, created_ms, expires_ms, revoked_ms)" \
             " VALUES (?, ?, ?, ?, ?, ?, ?, ?)"                                                    \
             " ON CONFLICT (id) DO UPDATE SET name = excluded.name, role = excluded.role,"         \
             " user = excluded.user, hash = excluded.hash, created_ms = excluded.created_ms,"      \
             " expires_ms = excluded.expires_ms, revoked_ms = excluded.revoked_ms")                \
    X(META, "INSERT OR REPLACE INTO meta (key, value) VALUES (?, ?)")

enum wf_write {
#define WF_WRITE_ENUM(name, sql) WF_WRITE_##name,
    WF_WRITES(WF_WRITE_ENUM)
#undef WF_WRITE_ENUM
        WF_WRITE_COUNT
};

struct wf_batch {
    enum wf_status failed; // a row found no room: the batch cannot be written
    size_t length, capacity;
    char *buffer;
};
