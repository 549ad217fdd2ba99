// SPDX-License-Identifier: Apache-2.0
// The named parts of a placement's score. A policy that thinks in money splits its score into
// them, in nano-dollars per hour; a policy that does not has the one term SCORE, in its own points.
#pragma once

#include <stdint.h>

// X(code, name, what it is)
#define WF_TERMS(X)                                                                                \
    X(SCORE, "score", "points of a policy that does not count in dollars")                         \
    X(RENT, "rent", "what the GPUs cost")                                                          \
    X(STRANDED, "stranded", "capacity that nobody can use any more after this")                    \
    X(LEFTOVER, "leftover", "room that is left over beside it: full nodes keep others whole")      \
    X(TIME, "time", "the hours more that a slower GPU takes")                                      \
    X(SCARCITY, "scarcity", "what others would pay for this GPU model")                            \
    X(RISK, "risk", "work lost when a spot node goes")                                             \
    X(WAITING, "waiting", "the value of the time until it starts")                                 \
    X(CARBON, "carbon", "grams at the site's carbon price")                                        \
    X(MOVING, "moving", "checkpoints and data that travel")

enum wf_term {
#define WF_TERM_ENUM(code, name, text) WF_TERM_##code,
    WF_TERMS(WF_TERM_ENUM)
#undef WF_TERM_ENUM
};

#define WF_TERM_ONE(code, name, text) +1
enum {
    WF_TERM_COUNT = 0 WF_TERMS(WF_TERM_ONE),
};
#undef WF_TERM_ONE

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
