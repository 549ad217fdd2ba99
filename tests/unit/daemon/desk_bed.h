// SPDX-License-Identifier: Apache-2.0
// A desk with a real database, an engine made of memory, and a clock by hand. The engine holds
// whoever starts a run to account: each id begins once, no job has two runs at a time, and no GPU
// is given to two that want all of it.
#pragma once

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include "daemon/desk/desk.h"

enum { BED_RUNS_MAX = 4096, BED_GPUS = 4, BED_ANSWERS_MAX = 64 };

struct bed_run {
    struct wf_run run;
    bool known; // else it was forgotten
    bool told;  // its phase was told by next()
    bool stopped;
    uint32_t stops;       // how often it was told
    uint32_t checkpoints; // the same of saving its work and running on
    enum wf_run_stop why;
    uint32_t gpu_milli[BED_GPUS]; // of the one node
    uint32_t tasks;
    uint64_t time_limit_ms;
    char command[64]; // first two words
};

struct wf_engine {
    const char *logs; // folder that logs would be in; nobody writes any
    struct bed_run runs[BED_RUNS_MAX];
    uint32_t count;
    bool again;           // a start that is told twice is no mistake: the teller was killed
    uint32_t starts_fail; // so many starts more fail, as if the disk was full
    enum wf_status fail;
    uint32_t gpu_used_milli[BED_GPUS];
};

extern const struct wf_engine_kind bed_engine_kind;

struct bed {
    struct wf_desk *desk;
    struct wf_database *db;
    struct wf_engine *engine;
    struct wf_site *site;
    char folder[64], path[128];
    int64_t now_ms;
    bool disk_full;
    uint32_t save_every; // batches to a snapshot; 0: none is made
    char snapshot[128];
    char said[512];    // the last sentence for the log
    bool moves;        // work may be moved; set before it is opened, like the next
    bool spot;         // the machine may be taken; set before it is opened, as are
    int64_t booted_ms; // since when it is there,
    char boot[24];     // and the id of that
    uint32_t batches;  // handed out
    struct wf_desk_answer answers[BED_ANSWERS_MAX];
    uint32_t answered;
    uint32_t asked;
};

// A machine with so many GPUs (0 to BED_GPUS) of model H100 at a dollar an hour, 16 cores and 64
// GiB; the queues "default" and "owned", to which 2 of the GPUs are guaranteed.
void bed_make(struct bed *bed, uint32_t gpus);
void bed_open(struct bed *bed);  // as the daemon does when it starts
void bed_close(struct bed *bed); // as it does when it is killed: what is not written is lost
void bed_clear(struct bed *bed);

// Writes one batch if there is one. Returns whether there was.
bool bed_write(struct bed *bed);
void bed_settle(
    struct bed *bed); // writes, and tells what the engine has to tell, until all is calm
void bed_later(struct bed *bed, int64_t ms);

// Submits a document in JSON as a user. Returns the id once it is promised, not yet written.
uint64_t bed_submit(struct bed *bed, const char *user, const char *json);
void bed_refused(struct bed *bed, const char *json, enum wf_status status, const char *field);
struct wf_desk_ask bed_ask(struct bed *bed, const char *user, bool all);

// The engine's run of that id; fails when there is none. With a phase it goes there, and the desk
// is told by bed_settle.
struct bed_run *bed_run(struct bed *bed, const char *id);
void bed_begin(struct bed *bed, const char *id);
void bed_end(struct bed *bed, const char *id, enum wf_run_end end, int32_t exit_code);
bool bed_has(const struct bed *bed, const char *id); // and it has not ended

// The state of a job as the database has it, its reason's code, its attempts.
const char *bed_state(struct bed *bed, uint64_t job);
const char *bed_code(struct bed *bed, uint64_t job);
// Steps the journal in a new core and compares the hash with the desk's.
void bed_check_journal(struct bed *bed);
