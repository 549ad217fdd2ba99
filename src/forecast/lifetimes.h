// SPDX-License-Identifier: Apache-2.0
// How long machines live here before they are taken, learned from the lives that were seen: one at
// a time, told as it goes on. What is not seen yet comes from the published prior (survival.h).
//
// Each quarter of an hour of a life a forecast is made, that the machine is taken within the next
// hour, from what was known at that moment and nothing later; an hour on it is held against what
// was. A forecast whose hour was cut off by something else is left out. Told the same lives again,
// as after a restart, it comes to the same.
#pragma once

#include <stdbool.h>
#include <stdint.h>

#include "base/error.h"
#include "forecast/brier.h"

// Too few of either, and no score is told: of a handful of machines any figure would be luck.
#define WF_LIFETIMES_TAKEN_MIN 10
#define WF_LIFETIMES_SAMPLES_MIN 100

struct wf_lifetimes;

// kinds: types of machine in a zone, each with a number below that. The caller owns *out. Errors:
// as wf_survival_create.
enum wf_status wf_lifetimes_create(uint32_t kinds, struct wf_lifetimes **out,
                                   struct wf_error *err) WF_MUST_USE;
void wf_lifetimes_destroy(struct wf_lifetimes *lifetimes); // NULL is allowed

// A machine is there since booted_ms and is watched from from_ms on, which is no earlier. A life
// that goes on is over, and was not taken.
void wf_lifetimes_begin(struct wf_lifetimes *lifetimes, uint32_t kind, int64_t booted_ms,
                        int64_t from_ms);
// It lives still. Nothing where none does, or where the time is not later than the last.
void wf_lifetimes_seen(struct wf_lifetimes *lifetimes, int64_t now_ms);
// It was taken then, or is out of sight since then.
void wf_lifetimes_end(struct wf_lifetimes *lifetimes, int64_t at_ms, bool taken);

// The chance that a machine of that age is taken within so long, 0 to 1.
double wf_lifetimes_chance(const struct wf_lifetimes *lifetimes, uint32_t kind, int64_t age_ms,
                           int64_t within_ms);
// How likely that is, per hour, over the next hour.
double wf_lifetimes_hazard_per_hour(const struct wf_lifetimes *lifetimes, uint32_t kind,
                                    int64_t age_ms);

struct wf_lifetimes_score {
    uint64_t lives, taken; // seen so far, of all kinds
    uint64_t samples;      // forecasts that were held against what was
    bool is_scored;        // enough of both; else the rest is 0
    double brier;
    double skill; // against whoever had known how often it happens, and had always said that
    double calibration;
};
struct wf_lifetimes_score wf_lifetimes_score(const struct wf_lifetimes *lifetimes);

// The score as a few words: "Brier skill 0.21, calibration error 0.04, over 512 forecasts", or that
// it is not yet scored and what was seen.
void wf_lifetimes_say(const struct wf_lifetimes *lifetimes, char *text, uint32_t size);
