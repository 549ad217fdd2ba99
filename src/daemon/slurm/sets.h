// SPDX-License-Identifier: Apache-2.0
// Sets of nodes that jobs may start on, beyond those of partitions and lists of features: nodes
// that a job names, others than it excludes, features of which one will do, a reservation, and the
// nodes that no reservation takes before a job would end. For the core each is a label. Labels are
// few, and their numbers are given out for good: so these get other nodes as jobs come and go.
// Internal to the daemon.
#pragma once

#include <jansson.h>

#include "engine/engine.h"

#define WF_SLURM_SETS_MAX 24
#define WF_SLURM_WINDOWS_MAX 64        // reservations that are looked at, the next ones
#define WF_SLURM_WINDOW_MARGIN_MS 5000 // between a decision and its start

struct wf_slurm_view;

struct wf_slurm_set {
    json_t *rule; // which nodes; NULL: free
    bool wanted;  // by a job, when they were last looked at
};

// When nodes are not ours.
struct wf_slurm_window {
    const struct wf_slurm_reservation *reservation; // borrowed from the picture
    int64_t start_ms;
};

struct wf_slurm_sets {
    struct wf_slurm_set sets[WF_SLURM_SETS_MAX];
    struct wf_slurm_window windows[WF_SLURM_WINDOWS_MAX]; // by their start; for one look
    uint32_t window_count;
    uint64_t version; // another one when a set got another rule
    int64_t turn_ms;  // when a job may want another window by time alone; INT64_MAX: never
};

// What is wanted by now, of all jobs that wait. A set that nobody wants any more keeps its nodes
// until another one needs its place, so that what was told before stays true.
void wf_slurm_sets_look(struct wf_slurm_sets *sets, const struct wf_slurm_view *view);
void wf_slurm_sets_finish(struct wf_slurm_sets *sets);

// The rules of a job, new references; NULL: it has no such wish, or one that we have no word for.
json_t *wf_slurm_rule_of(const struct wf_slurm_job *job);
// Its end is reckoned from now, or from when it may begin.
json_t *wf_slurm_window_rule(const struct wf_slurm_sets *sets, const struct wf_slurm_view *view,
                             const struct wf_slurm_job *job);
// The place of a rule; WF_NONE: there was none left for it, or nobody wanted it.
uint32_t wf_slurm_sets_find(const struct wf_slurm_sets *sets, const json_t *rule);
void wf_slurm_set_label(uint32_t set, char *label, size_t size);
bool wf_slurm_rule_admits(const json_t *rule, const struct wf_slurm_picture *picture,
                          const struct wf_slurm_node *node);

// Whether it asks for features as "a|b" or "[a|b]", of which one is enough.
bool wf_slurm_is_choice(const struct wf_slurm_job *job);
