// SPDX-License-Identifier: Apache-2.0
// Why a job waits, and by which rule others stand before it: the tables that docs/reasons.md shows.
// They speak of the job; why a single node cannot take one of its tasks is in
// core/explain/reason.h.
#pragma once

#include <stdint.h>

// X(code, name, what the job does). In this order blockers are ranked: first what nothing but
// somebody's word or another job's end can lift, then shares and money, then room.
#define WF_WAIT_REASONS(X)                                                                         \
    X(NEVER, "never", "asks for more than the machines have, even with nothing else running")      \
    X(HELD, "held", "is held until somebody releases it")                                          \
    X(DEPENDENCY, "dependency", "waits for what must become of other jobs first")                  \
    X(BEGIN, "begin", "was not to begin before a time that has not come")                          \
    X(ARRAY, "array", "is in an array of which as many jobs run as may")                           \
    X(QUEUE_LIMIT, "queue-limit", "would take its queue, or one above, past its limit of GPUs")    \
    X(LIMIT_KEPT, "limit-kept",                                                                    \
      "finds room under its queue's limit that is kept for a job which goes first")                \
    X(BUDGET, "budget", "would take its queue, or one above, past its budget")                     \
    X(LOWERED, "lowered", "is in a queue past its budget, so that all others go first")            \
    X(AHEAD, "ahead", "stands behind jobs that cannot start yet, and nobody overtakes")            \
    X(TURN, "turn", "waits for the next cycle, in which one job of each queue is tried")           \
    X(ROOM, "room", "finds too few nodes with room for its tasks")                                 \
    X(KEPT, "kept", "finds room that is kept for jobs which have a start time")                    \
    X(WATCHED, "watched", "could start, and it is for others to start it")

enum wf_wait_reason {
#define WF_WAIT_REASON_ENUM(code, name, text) WF_WAIT_##code,
    WF_WAIT_REASONS(WF_WAIT_REASON_ENUM)
#undef WF_WAIT_REASON_ENUM
};

#define WF_WAIT_REASON_RANK(code, name, text) WF_WAIT_##code##_RANK,
enum { WF_WAIT_REASONS(WF_WAIT_REASON_RANK) WF_WAIT_REASON_COUNT };
#undef WF_WAIT_REASON_RANK
#define WF_WAIT_BIT(code) (UINT32_C(1) << WF_WAIT_##code)

// X(code, name, what those before it do). The first rule that tells two jobs apart counts.
#define WF_AHEAD_RULES(X)                                                                          \
    X(KEPT, "kept", "have a start time kept")                                                      \
    X(GUARANTEE, "guarantee", "are nearer to what is guaranteed to their queue")                   \
    X(PRIORITY, "priority", "have a higher priority")                                              \
    X(SHARE, "share", "are in queues that have used less of their share")                          \
    X(DEADLINE, "deadline", "have a deadline that is met only if they start soon")                 \
    X(RANK, "rank", "are preferred by the discipline, as work that is sooner done")                \
    X(ARRIVAL, "arrival", "came first")

enum wf_ahead_rule {
#define WF_AHEAD_RULE_ENUM(code, name, text) WF_AHEAD_##code,
    WF_AHEAD_RULES(WF_AHEAD_RULE_ENUM)
#undef WF_AHEAD_RULE_ENUM
};

#define WF_AHEAD_RULE_RANK(code, name, text) WF_AHEAD_##code##_RANK,
enum { WF_AHEAD_RULES(WF_AHEAD_RULE_RANK) WF_AHEAD_RULE_COUNT };
#undef WF_AHEAD_RULE_RANK

// X(code, name, what changes): what may let a waiting job start besides a smaller request
// (core/explain/change.h). SIZE is told in parts per million there and here: see docs/reasons.md.
#define WF_WAIT_CHANGES(X)                                                                         \
    X(RELEASE, "release", "is released")                                                           \
    X(BEGIN, "begin-now", "may begin now")                                                         \
    X(ARRAY_MAX, "array-max", "is in an array of which more jobs may run at once")                 \
    X(LIMIT, "time-limit", "asks for a shorter time limit")                                        \
    X(PRIORITY, "priority", "has a higher priority")                                               \
    X(QUEUE, "queue", "is in another queue")                                                       \
    X(QUEUE_LIMIT, "queue-limit", "is in a queue that may use more GPUs")                          \
    X(BUDGET, "budget", "is in a queue with a larger budget")

enum wf_wait_change_kind {
#define WF_WAIT_CHANGE_ENUM(code, name, text) WF_WAIT_CHANGE_##code,
    WF_WAIT_CHANGES(WF_WAIT_CHANGE_ENUM)
#undef WF_WAIT_CHANGE_ENUM
};

#define WF_WAIT_CHANGE_RANK(code, name, text) WF_WAIT_CHANGE_##code##_RANK,
enum { WF_WAIT_CHANGES(WF_WAIT_CHANGE_RANK) WF_WAIT_CHANGE_COUNT };
#undef WF_WAIT_CHANGE_RANK
#define WF_WAIT_CHANGE_BIT(code) (UINT32_C(1) << WF_WAIT_CHANGE_##code)

// Never NULL.
const char *wf_wait_reason_name(enum wf_wait_reason reason);
const char *wf_wait_reason_text(enum wf_wait_reason reason);
const char *wf_ahead_rule_name(enum wf_ahead_rule rule);
const char *wf_ahead_rule_text(enum wf_ahead_rule rule);
const char *wf_wait_change_name(enum wf_wait_change_kind kind);
const char *wf_wait_change_text(enum wf_wait_change_kind kind);
