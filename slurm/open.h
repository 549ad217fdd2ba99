// SPDX-License-Identifier: GPL-3.0-or-later
// Before the first call of Slurm and after the last.
#pragma once

#include "base/error.h"

struct wf_slurm_place {
    const char *conf;              // for libslurm; NULL: where it looks
    const char *rest, *token_file; // for slurmrestd: see slurm/rest/http.h
};

// Errors: WF_INVALID, WF_IO. What place points to is borrowed.
enum wf_status wf_slurm_open(const struct wf_slurm_place *place, struct wf_error *err) WF_MUST_USE;
void wf_slurm_close(void);
