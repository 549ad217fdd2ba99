// SPDX-License-Identifier: Apache-2.0
// The brain: facts in, decisions out. The daemon and the simulator are two drivers of wf_core_step
// and of nothing else; the same events give the same decisions, bit for bit, on any machine.
//
// The core has no clock, no files, no threads and no floating point, and takes memory only when it
// is created. It may be used from one thread at a time.
#pragma once

#include "base/error.h"
#include "core/decision.h"
#include "core/event.h"

struct wf_core;
struct wf_cluster;
struct wf_discipline;
struct wf_outlook;
struct wf_policy;
struct wf_region;
struct wf_schedule;

struct wf_core_config {
    struct wf_limits limits;
    const struct wf_policy *policy; // from wf_policy_find
    // Who starts when, from wf_discipline_find; for a core with queues (limits.queues), else NULL.
    const struct wf_discipline *discipline;
    int64_t fair_share_half_life_ms; // past use counts half after so long; 0: a week
    int64_t preempt_after_ms;        // nobody is preempted before running so long
    uint64_t seed;                   // for the policy that places at random, and for nothing else
    bool plain;                      // no kept scores and no tables: look at every node each time
};

// Returns the config with nothing left to default.
struct wf_core_config wf_core_complete(const struct wf_core_config *config);

// Checks the limits and takes all memory. The caller owns *core_out. Errors: WF_INVALID, WF_NOMEM.
enum wf_status wf_core_create(const struct wf_core_config *config, struct wf_core **core_out,
                              struct wf_error *err) WF_MUST_USE;
void wf_core_destroy(struct wf_core *core);

// The memory of a core, for those who keep a copy of it: all of it lies in one region. Borrowed.
const struct wf_region *wf_core_region(const struct wf_core *core);
const struct wf_core_config *wf_core_config(const struct wf_core *core); // complete

// Makes a core of a region that holds, at its own address, the bytes of another core's: made with
// an equal config, by this program. The core owns the region from then on, and goes on where the
// other was. NULL, and the caller still owns it: that one lay elsewhere. Whether the rest holds
// nobody can see from here: store/snapshot.h sees to it.
struct wf_core *wf_core_adopt(struct wf_region *region, const struct wf_core_config *config);

// Takes in one fact and decides. *out is always filled; its list is borrowed until the next step.
// An event that contradicts what the core knows (WF_INVALID, WF_NOTFOUND, WF_EXISTS) or passes a
// limit (WF_LIMIT) is refused whole: one sentence in err, nothing changed, no decision.
enum wf_status wf_core_step(struct wf_core *core, const struct wf_event *event,
                            struct wf_decisions *out, struct wf_error *err) WF_MUST_USE;

// Views for those who only look: borrowed, valid while the core lives, changed by each step.
const struct wf_cluster *wf_core_cluster(const struct wf_core *core);
struct wf_outlook wf_core_outlook(const struct wf_core *core);
const struct wf_policy *wf_core_policy(const struct wf_core *core);
const struct wf_schedule *wf_core_schedule(const struct wf_core *core); // NULL without queues
