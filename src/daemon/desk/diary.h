// SPDX-License-Identifier: Apache-2.0
// How it came about that a live job waits or runs: when it began to wait for what, was placed, gave
// way, and waits again. It is kept in memory alone, and had again from the journal when the daemon
// starts. Reasons are looked at when a job begins to wait, and from then on every few seconds.
#pragma once

#include "core/core.h"

#define WF_DIARY_STEPS 10 // the first, and the last of the others

enum wf_diary_kind {
    WF_DIARY_WAITS, // or waits for another reason
    WF_DIARY_PLACED,
    WF_DIARY_GAVE_WAY, // to others
    WF_DIARY_MOVED,    // likewise, and placed again in the same moment
    WF_DIARY_LEFT,     // its node goes, or went
    WF_DIARY_AGAIN,    // its run ended, and it waits again
};

struct wf_diary_step {
    int64_t at_ms;
    enum wf_diary_kind kind;
    uint32_t reason;       // WAITS: enum wf_wait_reason
    int64_t kept_start_ms; // likewise: a start time is kept for it; 0: none
    wf_node_id node;       // PLACED, MOVED: of its first task
};

struct wf_diary_page {
    struct wf_diary_step steps[WF_DIARY_STEPS];
    uint32_t shown, all;
};

struct wf_diary;

// Errors: WF_NOMEM.
enum wf_status wf_diary_create(struct wf_diary **diary_out, struct wf_error *err) WF_MUST_USE;
void wf_diary_destroy(struct wf_diary *diary);

// A page for that job: its steps are noted from now on. Without memory there is none.
void wf_diary_open(struct wf_diary *diary, uint64_t job);
void wf_diary_close(struct wf_diary *diary, uint64_t job);

// To be called after each event that the core took.
void wf_diary_note(struct wf_diary *diary, const struct wf_core *core, const struct wf_event *event,
                   const struct wf_decisions *decisions);

// NULL: it has none. Borrowed until the next call that is no view.
const struct wf_diary_page *wf_diary_read(const struct wf_diary *diary, uint64_t job);

// "waits", "placed", "gave-way", "moved", "left", "again"
const char *wf_diary_kind_name(enum wf_diary_kind kind);
