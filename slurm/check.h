// SPDX-License-Identifier: GPL-3.0-or-later
// Looks whether a Slurm is set up so that WhaleFlux can decide there; changes nothing.
#pragma once

#include <stdbool.h>
#include <stdint.h>

#include <jansson.h>

#include "slurm/compat.h"
#include "slurm/gres_conf.h"

enum wf_check_level {
    WF_CHECK_MUST,   // mode decide does not work as it should
    WF_CHECK_SHOULD, // it works, slower or with gaps
    WF_CHECK_NOTE,   // worth knowing
};

struct wf_site_facts {
    const slurm_conf_t *conf;
    bool is_operator;
    uint32_t jobs;            // in slurmctld's table
    int64_t clock_off_s;      // slurmctld's clock minus ours
    bool has_gres_conf;       // gres.conf could be read here
    struct wf_gres_conf gres; // then
    const char *gres_path;
};

// Adds a finding to the array for everything that is not as it should be.
void wf_check_findings(const struct wf_site_facts *facts, json_t *findings);
void wf_check_add(json_t *findings, enum wf_check_level level, const char *code, const char *found,
                  const char *change, const char *why);

// The number behind "name=" in Slurm's comma-separated parameters; without where it is not there.
int64_t wf_check_parameter(const char *parameters, const char *name, int64_t without);

// `whaleflux-slurm check`. Returns the exit status: 0 fine, 1 something must be changed, 3
// slurmctld cannot be asked.
int wf_check(bool json);
