// SPDX-License-Identifier: GPL-3.0-or-later
// The lines that tell the daemon of qualities of service and of associations (accounts and users
// with their limits and shares), as slurmctld has them in force.
#pragma once

#include <jansson.h>

#include "slurm/compat.h"

json_t *wf_qos_line(const slurmdb_qos_rec_t *qos);
// qos names ids; both tell names for numbers.
json_t *wf_association_line(const slurmdb_assoc_rec_t *association, wf_list qos);
