// SPDX-License-Identifier: GPL-3.0-or-later
// The lines that tell the daemon of nodes, partitions, licences and reservations.
#pragma once

#include <jansson.h>
#include <stdbool.h>

#include "slurm/compat.h"

// partitions may be NULL; index is the node's place in slurmctld's table.
json_t *wf_node_line(const node_info_t *node, int32_t index,
                     const partition_info_msg_t *partitions);
// Whether a node of that state is up, or on its way: Slurm starts it twice when asked twice.
bool wf_node_has_power(uint32_t state);
json_t *wf_partition_line(const partition_info_t *partition);
json_t *wf_license_line(const slurm_license_info_t *license);
json_t *wf_reservation_line(const reserve_info_t *reservation);
