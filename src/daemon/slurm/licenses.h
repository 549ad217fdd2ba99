// SPDX-License-Identifier: Apache-2.0
// Licences, of which a cluster has a number: which waiting jobs may have theirs. The core has no
// word for such things, so a job that must wait for one is kept from it. Internal to the daemon.
#pragma once

#include "daemon/slurm/cluster.h"

#define WF_LICENSES_MAX 64 // kinds that jobs ask for at a time

// What is left of a kind of them.
struct wf_license_rest {
    const char *name; // borrowed from the picture
    int64_t total, free;
};

struct wf_license_rests {
    struct wf_license_rest list[WF_LICENSES_MAX];
    uint32_t count;
};

// Calls see for each of "a:2,b", until it returns false. Returns whether it is such a list, of
// which nothing was left out.
bool wf_licenses_read(const char *text,
                      bool (*see)(void *context, const char *name, uint32_t count), void *context);

// Empty: we can decide about it; else why not, of its licences.
void wf_licenses_judge(const struct wf_slurm_picture *picture, const struct wf_slurm_job *job,
                       char *why, size_t size);

// What those that run leave of all licences.
void wf_licenses_count(struct wf_license_rests *rests, const struct wf_slurm_picture *picture);
// For how many jobs like this, up to most, there are enough. These are taken.
uint32_t wf_licenses_take(struct wf_license_rests *rests, const struct wf_slurm_job *job,
                          uint32_t most);
// Keeps them for one such job, which there are not enough for yet: nobody else takes of them.
void wf_licenses_keep(struct wf_license_rests *rests, const struct wf_slurm_job *job);
// "solver:2, and 1 of 4 is free"
void wf_licenses_say(const struct wf_license_rests *rests, const struct wf_slurm_job *job,
                     char *text, size_t size);
