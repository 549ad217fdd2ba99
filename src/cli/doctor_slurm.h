// SPDX-License-Identifier: Apache-2.0
// `whaleflux doctor slurm`: what whaleflux-slurm finds of a cluster's settings, as doctor's own
// findings are printed. conf: its slurm.conf, or NULL: where Slurm looks;
// rest: where slurmrestd is, to be asked instead, or NULL. Errors: WF_UNFIT
// (something must be changed), WF_NOTFOUND (there is no adapter), WF_IO, WF_INVALID.
#pragma once

#include <stdbool.h>

#include "base/error.h"

enum wf_status wf_doctor_slurm(const char *conf, const char *rest, bool json,
                               struct wf_error *err) WF_MUST_USE;
