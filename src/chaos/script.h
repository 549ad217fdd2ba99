// SPDX-License-Identifier: Apache-2.0
// What a metadata server that plays a cloud's is to do, and when: "2s notice 30s, 5s withdraw".
#pragma once

#include <stdint.h>

#include "chaos/metadata.h"

#define WF_SCRIPT_STEPS_MAX 64

// X(NAME, word): what a step does.
#define WF_SCRIPT_ACTIONS(X)                                                                       \
    X(NOTICE, "notice")     /* the machine goes after so long */                                   \
    X(LATE, "late")         /* it was to go so long ago */                                         \
    X(ADVICE, "advice")     /* a rebalance recommendation */                                       \
    X(WITHDRAW, "withdraw") /* nothing stands any more */                                          \
    X(AGAIN, "again")       /* the same notice is told anew, as another event */                   \
    X(EXPIRE, "expire")     /* tokens are over */                                                  \
    X(DOWN, "down")         /* 503 from now on, and for the next two */                            \
    X(GARBAGE, "garbage")   /* half an answer */                                                   \
    X(SILENT, "silent")     /* none */                                                             \
    X(WELL, "well")         /* as it should be */

enum wf_script_action {
#define WF_SCRIPT_ENUM(name, word) WF_SCRIPT_##name,
    WF_SCRIPT_ACTIONS(WF_SCRIPT_ENUM)
#undef WF_SCRIPT_ENUM
};

struct wf_script_step {
    int64_t wait_ms; // after the step before it
    enum wf_script_action action;
    int64_t ms; // of NOTICE and LATE
};

struct wf_script {
    struct wf_script_step steps[WF_SCRIPT_STEPS_MAX];
    uint32_t count;
};

// Errors: WF_INVALID, WF_LIMIT: the sentence names the step.
enum wf_status wf_script_read(const char *text, struct wf_script *script_out,
                              struct wf_error *err) WF_MUST_USE;
const char *wf_script_word(enum wf_script_action action);
void wf_script_play(struct wf_mock *mock, const struct wf_script_step *step, int64_t now_ms);
