// SPDX-License-Identifier: Apache-2.0
// Says what a machine's state is, from what its helper told, what was done to it before and what is
// wanted. No look at the world: the same facts, the same state.
#pragma once

#include "hags/report.h"

// X(code, name, text)
#define WF_HAGS_STATES(X)                                                                          \
    X(UNKNOWN, "unknown", "not asked yet")                                                         \
    X(UNREACHABLE, "unreachable", "does not answer")                                               \
    X(FAILED, "failed", "something went wrong")                                                    \
    X(UNSUPPORTED, "unsupported", "has no GPU or driver that can do it")                           \
    X(NOT_APPLICABLE, "not-applicable",                                                            \
      "its GPUs run as compute cards (TCC), without the "                                          \
      "graphics kernel")                                                                           \
    X(NO_SUCH_SETTING, "no-such-setting", "is no Windows: the setting does not exist there")       \
    X(OTHER_OS, "other-os", "is another Windows than the one asked for")                           \
    X(REFUSED, "refused", "its driver does not work without: always on")                           \
    X(ALREADY_OFF, "already-off", "was off before, and is")                                        \
    X(ALREADY_ON, "already-on", "was on before, and is")                                           \
    X(PENDING_REBOOT, "pending-reboot", "is set, and takes effect with the next restart")          \
    X(OFF_VERIFIED, "off-verified", "was set to off, and the driver says that it is")              \
    X(ON_VERIFIED, "on-verified", "was set to on, and the driver says that it is")                 \
    X(RESTORED, "restored", "is as it was before")                                                 \
    X(UNTOUCHED, "untouched", "was never set from here")                                           \
    X(DRIFTED, "drifted", "was set from here, and somebody has changed it since")                  \
    X(WOULD_CHANGE, "would-change", "would be set; nothing was written")                           \
    X(CHANGE, "to-be-set", "is to be set")

enum wf_hags_state {
#define WF_HAGS_STATE_ENUM(code, name, text) WF_HAGS_##code,
    WF_HAGS_STATES(WF_HAGS_STATE_ENUM)
#undef WF_HAGS_STATE_ENUM
        WF_HAGS_STATE_COUNT
};

const char *wf_hags_state_name(enum wf_hags_state state);
const char *wf_hags_state_text(enum wf_hags_state state);

enum wf_hags_goal { WF_HAGS_LOOK, WF_HAGS_TURN_OFF, WF_HAGS_TURN_ON, WF_HAGS_RESTORE };

enum wf_hags_effect {
    WF_HAGS_EFFECT_UNKNOWN,
    WF_HAGS_EFFECT_UNSUPPORTED,
    WF_HAGS_EFFECT_NOT_APPLICABLE,
    WF_HAGS_EFFECT_OFF,
    WF_HAGS_EFFECT_ON,
};

// What is at work on the machine, over all its GPUs.
enum wf_hags_effect wf_hags_effect(const struct wf_hags_report *report);
const char *wf_hags_effect_name(enum wf_hags_effect effect);
bool wf_hags_always_on(const struct wf_hags_report *report);

// What was done to a machine before.
struct wf_hags_past {
    enum wf_hags_value prior;   // before the first write; WF_HAGS_UNREAD: there was none
    enum wf_hags_value wish;    // what it was set to last; likewise
    enum wf_hags_effect effect; // what was at work before the first write
    int64_t written_ms;         // of the last write, by the machine's clock
    bool verified;              // it was seen to work since
};

struct wf_hags_verdict {
    enum wf_hags_state state;
    enum wf_hags_value wish; // with WF_HAGS_CHANGE: what to set
    char reason[200];        // for people; may be ""
};

// past may be that of a machine that nobody touched (all zero). WF_HAGS_CHANGE is the answer where
// something is to be written.
struct wf_hags_verdict wf_hags_judge(const struct wf_hags_report *report,
                                     const struct wf_hags_past *past, enum wf_hags_goal goal);

// Whether a machine in that state is where the goal wants it.
bool wf_hags_state_good(enum wf_hags_state state, enum wf_hags_goal goal);
