// SPDX-License-Identifier: Apache-2.0
// The named parts of a placement's score. A policy that thinks in money splits its score into
// them, in nano-dollars per hour; a policy that does not has the one term SCORE, in its own points.
#pragma once

#include <stdint.h>

// X(code, name, what it is)
#define WF_TERMS(X)                                                                                \
    X(SCORE, "score", "points of a policy that does not count in dollars; more is better")         \
    X(RENT, "rent", "what the machines charge by use")                                             \
    X(STRANDED, "stranded",                                                                        \
      "GPU share that others can use no more; below 0: it fills share that was of no use to them") \
    X(LEFTOVER, "leftover",                                                                        \
      "a little for the room that stays free beside it: full nodes keep others whole")             \
    X(TIME, "time", "the hours more that a slower GPU takes")                                      \
    X(SCARCITY, "scarcity", "what it takes from tasks that can run nowhere else")                  \
    X(RISK, "risk", "work lost when a spot node goes")                                             \
    X(WAITING, "waiting", "the value of the time until it starts")                                 \
    X(CARBON, "carbon", "grams at the site's carbon price")                                        \
    X(MOVING, "moving", "checkpoints and data that travel")

enum wf_term {
#define WF_TERM_ENUM(code, name, text) WF_TERM_##code,
    WF_TERMS(WF_TERM_ENUM)
#undef WF_TERM_ENUM
};

#define WF_TERM_RANK(code, name, text) WF_TERM_##code##_RANK,
enum { WF_TERMS(WF_TERM_RANK) WF_TERM_COUNT };
#undef WF_TERM_RANK

struct wf_term_value {
    enum wf_term term;
    int64_t value; // weighted as the policy weighs it; higher is better, as in a score
};

struct wf_terms {
    struct wf_term_value list[WF_TERM_COUNT];
    uint32_t count;
};

// Returns "rent" for WF_TERM_RENT; never NULL.
const char *wf_term_name(enum wf_term term);

// Returns what the term is, for people; never NULL.
const char *wf_term_text(enum wf_term term);
