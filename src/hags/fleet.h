// SPDX-License-Identifier: Apache-2.0
// Takes many Windows machines where they should be, side by side: each by steps of its own over
// ssh, so that one that is dead or slow holds up nobody. What was done to a machine is on the disk
// before it is done; whoever was interrupted begins anew and ends in the same state.
#pragma once

#include "hags/inventory.h"
#include "hags/record.h"
#include "hags/verdict.h"

enum wf_fleet_reboot { WF_FLEET_NEVER, WF_FLEET_DRAINED, WF_FLEET_NOW };

// X(code, text): what is being done to a machine; the text is for the table.
#define WF_FLEET_STEPS(X)                                                                          \
    X(ASK_OS, "asking what it is")                                                                 \
    X(ASK_UNIX, "asking what it is")                                                               \
    X(COPY, "copying the helper")                                                                  \
    X(CHECK, "checking the helper")                                                                \
    X(LOOK, "looking")                                                                             \
    X(WRITE, "setting")                                                                            \
    X(DRAIN, "moving its work away")                                                               \
    X(RESTART, "telling it to restart")                                                            \
    X(AWAIT, "waiting for its restart")                                                            \
    X(UNDRAIN, "giving it work again")                                                             \
    X(REMOVE, "removing the helper")                                                               \
    X(CLOSE, "closing the connection")                                                             \
    X(DONE, "done")

enum wf_fleet_step {
#define WF_FLEET_STEP_ENUM(code, text) WF_FLEET_##code,
    WF_FLEET_STEPS(WF_FLEET_STEP_ENUM)
#undef WF_FLEET_STEP_ENUM
};
const char *wf_fleet_step_text(enum wf_fleet_step step);

struct wf_fleet_row {
    const struct wf_host *host;
    struct wf_hags_entry *entry; // what was done to it, before and now
    enum wf_hags_state state;    // WF_HAGS_UNKNOWN until it is known
    enum wf_fleet_step step;
    char reason[240];              // for people; may be ""
    struct wf_hags_report *report; // the last there was; NULL: none
    uint32_t tries;                // of this step, that failed
};

struct wf_fleet;

struct wf_fleet_config {
    const struct wf_host *const *hosts; // borrowed, like all that follows, while the fleet lives
    uint32_t count;
    struct wf_hags_record *record;
    enum wf_hags_goal goal;
    const char *os; // what a machine must really be; NULL: any Windows
    bool dry_run, accept_new;
    enum wf_fleet_reboot reboot;
    bool wait;        // until somebody has restarted those that are set
    uint32_t wave;    // how many restart at once
    uint32_t at_once; // how many are worked on at once
    uint32_t retries; // of a step whose connection failed
    uint32_t connect_timeout_s, step_timeout_s, wait_timeout_s;
    uint32_t drain_timeout_s; // until the work of a machine has left it
    uint32_t poll_ms;         // between looks at a machine that restarts
    const void *helper;       // the Windows program
    size_t helper_length;
    const char *self; // whaleflux itself, which drains what its daemon knows
    void (*changed)(void *context, const struct wf_fleet *fleet); // now and then, and at the end
    void *context;
};

// The caller owns *fleet_out. Errors: WF_INVALID, WF_IO, WF_NOMEM.
enum wf_status wf_fleet_create(const struct wf_fleet_config *config, struct wf_fleet **fleet_out,
                               struct wf_error *err) WF_MUST_USE;
void wf_fleet_destroy(struct wf_fleet *fleet);

// Runs until all are done, or SIGINT or SIGTERM comes; *interrupted_out says which. What went wrong
// with a machine is in its row. Errors: WF_UNFIT (ssh cannot be started), WF_IO (what is done can
// no longer be recorded, so nothing more is).
enum wf_status wf_fleet_run(struct wf_fleet *fleet, bool *interrupted_out,
                            struct wf_error *err) WF_MUST_USE;

uint32_t wf_fleet_count(const struct wf_fleet *fleet);
const struct wf_fleet_row *wf_fleet_row(const struct wf_fleet *fleet, uint32_t index);
