// SPDX-License-Identifier: Apache-2.0
// How long spot will still be there, or stay away: hazards by how long it has been so, learned
// online from what is seen, zone by zone.
//
// Spot is not memoryless: what has lasted for long lasts longer. Before anything is seen the hazard
// is 0.95 / (age + half an hour) per hour, both ways (of a Lomax law), which fits what was
// published for seven sets of AWS traces of 2022 and 2023 within a factor of two at every age. What
// is seen scales it in three steps, each shrunk towards the one before: by class of age over all
// zones, by zone, and by class of age within the zone. What was watched a week ago counts half, as
// zones drift. A run that was under way when watching began has no known age and teaches nothing.
//
// Numbers of zones are the caller's; one number is one type of machine in one zone. No price goes
// in: nothing that was seen says that prices tell anything.
#pragma once

#include <stdbool.h>
#include <stdint.h>

#include "base/error.h"

#define WF_SURVIVAL_ZONES_MAX 64
#define WF_SURVIVAL_ANY UINT32_MAX // all zones taken as one: is there spot anywhere?

#define WF_SURVIVAL_TYPICAL (UINT32_MAX - 1) // a zone of which nothing was seen itself

struct wf_survival_model;

// The caller owns *model_out. Errors: WF_INVALID (zones is not 1 to WF_SURVIVAL_ZONES_MAX),
// WF_NOMEM.
enum wf_status wf_survival_create(uint32_t zones, struct wf_survival_model **model_out,
                                  struct wf_error *err) WF_MUST_USE;
void wf_survival_destroy(struct wf_survival_model *model);

// How many spot machines each zone has, or could have had, at now_s, which only grows. Whoever
// watches only whether there are any gives 0 and 1.
void wf_survival_observe(struct wf_survival_model *model, const uint32_t *counts, int64_t now_s);

// Of one machine, or of one absence, whose age is known without having been watched from its
// beginning: it went on between two ages, and changed at the end of that or did not. It is no
// observation of the zone: whether that has spot now does not change.
struct wf_survival_stretch {
    bool available;
    int64_t from_s, to_s; // ages
    bool changed;
};
void wf_survival_note(struct wf_survival_model *model, uint32_t zone,
                      const struct wf_survival_stretch *stretch);

// What is known of a zone now: whether it has spot and for how long that has been so, as far as was
// seen.
bool wf_survival_available(const struct wf_survival_model *model, uint32_t zone);
int64_t wf_survival_age_s(const struct wf_survival_model *model, uint32_t zone);

// The part of the time watched in which a zone had spot, in thousandths; 0 before any.
uint32_t wf_survival_available_permille(const struct wf_survival_model *model, uint32_t zone);

// Of a zone where spot has been there (or away) for age_s: the chance that it changes at least once
// within the next within_s seconds, 0 to 1.
double wf_survival_change(const struct wf_survival_model *model, uint32_t zone, bool available,
                          int64_t age_s, int64_t within_s);

// The same as the core takes it: in 2^24ths, rounded.
uint32_t wf_survival_change_q24(const struct wf_survival_model *model, uint32_t zone,
                                bool available, int64_t age_s, int64_t within_s);

// How long it is expected to go on unchanged, at most_s at the most.
int64_t wf_survival_rest_s(const struct wf_survival_model *model, uint32_t zone, bool available,
                           int64_t age_s, int64_t most_s);

// When a zone loses spot: the chance that another zone has some at that moment, in 2^24ths.
uint32_t wf_survival_elsewhere_q24(const struct wf_survival_model *model);

// How long that other zone, the one that has had spot for longest, has then had it, typically.
int64_t wf_survival_elsewhere_age_s(const struct wf_survival_model *model);

// When a zone loses machines, the chance that it loses all of them at once, in thousandths.
uint32_t wf_survival_all_lost_permille(const struct wf_survival_model *model, uint32_t zone);
