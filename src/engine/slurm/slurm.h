// SPDX-License-Identifier: Apache-2.0
// The engine that is a Slurm cluster. Its jobs are other people's: whoever drives it reads the
// picture, and starts jobs by their key ("4711", "4700_3"). A start pins the job to its nodes and
// releases it, in one call of Slurm's; whether it runs there the picture tells. Where it does not
// within WF_SLURM_CONFIRM_MS, the pin is taken back, and why says so.
//
// Nothing but starts and ends is written to Slurm, but for hold, leave and advise below; in mode
// observe, nothing at all: the adapter itself refuses then.
#pragma once

#include "engine/slurm/picture.h"
#include "engine/slurm/wish.h"

#define WF_SLURM_CONFIRM_MS 30000 // from the pin to the start
#define WF_SLURM_SILENCE_MS 60000 // usual: after which the adapter gives everything to Slurm
#define WF_SLURM_NAMES_MAX 128    // partitions that are ours,
#define WF_SLURM_NAMES_BYTES 8192 // and all their names
#define WF_SLURM_WAKE_MS 900000   // for a node that is powered down to come up
#define WF_SLURM_BOOT_MS 120000   // usual: what that is believed to take before it was seen

// X(NAME, text)
#define WF_SLURM_MODES(X)                                                                          \
    X(OBSERVE, "observe") /* nothing is written */                                                 \
    X(ADVISE, "advise")   /* what would be done is written into the jobs' comments */              \
    X(DECIDE, "decide")   /* jobs are started where and when the core says */

enum wf_slurm_mode {
#define WF_SLURM_MODE_ENUM(name, text) WF_SLURM_##name,
    WF_SLURM_MODES(WF_SLURM_MODE_ENUM)
#undef WF_SLURM_MODE_ENUM
};

// All of it is borrowed as long as the engine is open.
struct wf_slurm_config {
    enum wf_slurm_mode mode;
    const char *const *partitions; // that are ours, NULL ends; NULL: all
    uint32_t silence_ms;           // of ours, after which the adapter gives all jobs to Slurm
    uint32_t boot_ms;              // at least what a cloud node takes to come up; 0: usual
    bool leaves_power;      // nodes are powered up for a start, and by nobody else than Slurm
    const char *socket;     // NULL: DATA/slurm.sock
    const char *adapter;    // program that is started where nobody listens; NULL: found
    const char *conf;       // its slurm.conf; NULL: the usual one
    const char *rest;       // where slurmrestd is, to be asked in place of slurmctld; NULL: no
    const char *token_file; // with a token for it; NULL: SLURM_JWT, where that is set
    const char *heartbeat;  // file that the adapter renews while it is told to decide
    void (*say)(void *context, const char *line); // NULL: nobody listens
    void *context;
};

struct wf_engine;

bool wf_slurm_mode_read(const char *text, enum wf_slurm_mode *mode_out);
const char *wf_slurm_mode_text(enum wf_slurm_mode mode);

// The program whaleflux-slurm, or whaleflux-slurm-rest: wish, or the one beside this program, or
// where it is installed. Returns false when there is none; path_out gets the first place then.
bool wf_slurm_find_adapter(const char *wish, bool rest, char *path_out, size_t size);

// The following are of an engine of kind wf_engine_slurm.
struct wf_slurm_picture *wf_slurm_picture_of(struct wf_engine *engine);
// Whether the picture was completed since this was last asked.
bool wf_slurm_is_fresh(struct wf_engine *engine);
// Whether the picture is the cluster's: the adapter is there and has told everything, and
// slurmctld answers it.
bool wf_slurm_is_seen(const struct wf_engine *engine);
// Why it is not, as a sentence.
const char *wf_slurm_unseen_why(const struct wf_engine *engine);

// After how long tick has something to do without the adapter's word; INT64_MAX: never.
int64_t wf_slurm_wait_ms(const struct wf_engine *engine);
void wf_slurm_tick(struct wf_engine *engine);

// What became of the last start of a job: run NULL: none may come any more. why is "" or a
// sentence.
struct wf_slurm_start {
    const char *run;
    const char *why;
};
struct wf_slurm_start wf_slurm_start_of(struct wf_engine *engine, const char *key);

// Asks the adapter; what becomes of it the picture tells. Errors: WF_IO (it is not there).
enum wf_status wf_slurm_hold(struct wf_engine *engine, uint32_t job,
                             struct wf_error *err) WF_MUST_USE;
enum wf_status wf_slurm_leave(struct wf_engine *engine, uint32_t job,
                              struct wf_error *err) WF_MUST_USE;
enum wf_status wf_slurm_power(struct wf_engine *engine, const char *node, bool up,
                              struct wf_error *err) WF_MUST_USE;
enum wf_status wf_slurm_advise(struct wf_engine *engine, uint32_t job, const char *text,
                               struct wf_error *err) WF_MUST_USE;
