// SPDX-License-Identifier: Apache-2.0
// Every GPU of a cluster as it stands in a replay: how much of it is free, and how much of that is
// stranded, that is of no use to the tasks of the published forecast. What a picture is made of.
#pragma once

#include "sim/placement/published_mix.h"
#include "sim/placement/replay.h"

struct wf_cell {
    uint16_t pool; // number of the node's pool
    uint16_t free_milli;
    uint16_t stranded_milli; // rounded to the nearest
};

// Fills *cells_out, in the order of nodes and their GPUs, for the caller to free. Errors: WF_NOMEM.
enum wf_status wf_cells_make(const struct wf_replay *replay,
                             const struct wf_published_mix *published, struct wf_cell **cells_out,
                             uint32_t *count_out, struct wf_error *err) WF_MUST_USE;
