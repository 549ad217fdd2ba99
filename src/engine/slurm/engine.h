// SPDX-License-Identifier: Apache-2.0
// The Slurm engine from within. Internal to the engine.
#pragma once

// The usual one falls through between its cases, which clang tells again and again.
#define HASH_FUNCTION HASH_FNV
#include <uthash.h>

#include <jansson.h>

#include "engine/engine.h"
#include "engine/slurm/wire.h"

// X(NAME): how far a start is.
enum wf_slurm_phase {
    WF_SLURM_WAKES,   // its nodes are being powered up
    WF_SLURM_ASKED,   // the adapter has not answered yet
    WF_SLURM_PINNED,  // Slurm has it: it may start at any moment
    WF_SLURM_REVOKED, // the pin is being taken back
    WF_SLURM_MISSED,  // nothing will come of it
};

// The last start that was asked for of a job.
struct wf_slurm_attempt {
    char key[WF_SLURM_KEY_BYTES];
    char run[WF_RUN_ID_MAX + 1];
    enum wf_slurm_phase phase;
    uint64_t request;
    int64_t since_ms;
    bool withdrawn;  // taken back, as soon as it is known what of;
    bool leaves;     // and it is not to run: if it starts all the same, it is requeued
    int64_t woke_ms; // when power was last asked for; 0: not yet
    char **nodes;    // owned
    uint32_t node_count;
    char why[256];
    UT_hash_handle hh;
};

// A job that runs and is to leave.
struct wf_slurm_leaving {
    char key[WF_SLURM_KEY_BYTES];
    uint32_t job;
    bool saves;       // it was told to save its work; else that it is requeued was asked for
    uint64_t request; // that is not answered; 0: none
    int64_t due_ms;   // when to ask for the requeue; INT64_MAX: when there is an answer
    UT_hash_handle hh;
};

struct wf_engine {
    struct wf_slurm_config config;
    char path[4096 + 32], log[4096 + 32], program[4096];
    const char *arguments[12];
    struct wf_wire *wire;
    struct wf_slurm_picture *picture;
    struct wf_slurm_attempt *attempts;
    struct wf_slurm_leaving *leavings;
    uint64_t requests; // the number of the last one
    bool fresh;
    bool away; // the adapter says that slurmctld does not answer
    char why[512];
    char said[512]; // the last trouble that was said, so that it is said once
};

int64_t wf_slurm_now_ms(void); // of a clock that nobody sets
void wf_slurm_say(struct wf_engine *engine, const char *format, ...) WF_PRINTF(2, 3);
// Adds a request number and sends; the object is taken over. Returns the number, 0: it is not
// there.
uint64_t wf_slurm_send(struct wf_engine *engine, json_t *request);
// The job of a key, also where the key is of a task that still waits in its array's record: then
// task_out has its index, else WF_NONE.
const struct wf_slurm_job *wf_slurm_find_key(const struct wf_engine *engine, const char *key,
                                             uint32_t *task_out);

// attempt.c
enum wf_status wf_slurm_begin_start(struct wf_engine *engine, const struct wf_run_spec *spec,
                                    struct wf_error *err) WF_MUST_USE;
// Takes the pin of a waiting job back; has it leave, too, should Slurm have started it meanwhile.
void wf_slurm_withdraw(struct wf_engine *engine, const char *key, bool leaves, const char *why);
void wf_slurm_answered(struct wf_engine *engine, const struct wf_slurm_news *news);
void wf_slurm_lost_wire(struct wf_engine *engine);
void wf_slurm_follow_attempts(struct wf_engine *engine); // after each look
void wf_slurm_forget_attempts(struct wf_engine *engine);

// leaving.c: errors: WF_IO (the adapter is not there), WF_NOMEM.
enum wf_status wf_slurm_begin_leaving(struct wf_engine *engine, const struct wf_slurm_job *job,
                                      struct wf_error *err) WF_MUST_USE;
// Whether the answer was to one of its requests.
bool wf_slurm_leaving_answered(struct wf_engine *engine, const struct wf_slurm_news *news);
void wf_slurm_leaving_lost_wire(struct wf_engine *engine);
void wf_slurm_follow_leavings(struct wf_engine *engine); // after each look
void wf_slurm_forget_leavings(struct wf_engine *engine);

// output.c
enum wf_status wf_slurm_read_output(struct wf_engine *engine, const char *id,
                                    struct wf_log_piece *piece, struct wf_error *err) WF_MUST_USE;
