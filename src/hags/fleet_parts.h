// SPDX-License-Identifier: Apache-2.0
// What the parts of a fleet share: fleet.c sees to slots, times and retries, fleet_steps.c to what
// a step says to a machine, fleet_answers.c to what the answer means.
#pragma once

#include "hags/fleet.h"
#include "hags/process.h"
#include "hags/ssh.h"

#define WF_FLEET_COMMAND_BYTES 640

struct wf_fleet_place {
    struct wf_fleet *fleet;
    uint32_t index;
    struct wf_fleet_row row;
    struct wf_process *process; // at work for it; NULL: none
    int64_t ready_ms;           // when its next step may begin
    int64_t wait_until_ms;      // of its restart; 0: none is waited for
    bool connected, restarting; // restarting: counts in the wave
    bool copied;                // the helper lies there, or may
    bool answered;              // it answered after it was told to restart
    uint32_t mismatches;        // of the helper's checksum
    struct wf_hags_past saved;  // before this run's write
    char command[WF_FLEET_COMMAND_BYTES], target[160];
    const char *drain[40];
    char drain_limit[16];
    bool undo_drain; // what was begun to leave it stays after all
};

struct wf_fleet {
    struct wf_fleet_config config;
    struct wf_fleet_place *places;
    uint32_t at_work, restarting, done;
    bool stop_restarts; // one did not come back
    struct wf_ssh ssh;
    char helper_path[96], helper_name[WF_HAGS_HELPER_NAME_BYTES], digest[65];
    uv_loop_t loop;
    uv_timer_t timer;
    uv_signal_t signals[2];
    bool interrupted;
    enum wf_status status; // what ends it all
    struct wf_error *err;
};

int64_t wf_fleet_now_ms(const struct wf_fleet *fleet);

// Fills argv for the step; *timeout_ms_out is how long it may take. Returns the words, which point
// into place and fleet.
const char *const *wf_fleet_step_words(struct wf_fleet_place *place,
                                       const char *argv[WF_SSH_ARGUMENTS_MAX],
                                       uint32_t *timeout_ms_out);

// Before the step begins: what must be on the disk by then. Errors: those of wf_hags_record_keep.
enum wf_status wf_fleet_step_record(struct wf_fleet_place *place, struct wf_error *err) WF_MUST_USE;

// Takes the answer of the step, which reached the machine, and goes to the next one.
void wf_fleet_answer(struct wf_fleet_place *place, const struct wf_process_result *result);
// It did not reach the machine, for the last time.
void wf_fleet_lost(struct wf_fleet_place *place, const char *why);

void wf_fleet_go(struct wf_fleet_place *place, enum wf_fleet_step step, uint32_t after_ms);
// Its state is known: cleans up behind it, then it is done.
void wf_fleet_settle(struct wf_fleet_place *place, enum wf_hags_state state, const char *reason);
// What cannot be recorded ends the run.
void wf_fleet_keep(struct wf_fleet_place *place);
