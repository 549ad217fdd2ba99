// SPDX-License-Identifier: Apache-2.0
// What Slurm's sched/backfill does (its src/plugins/sched/backfill): in the order of arrival every
// job that waits either starts or gets a start time, reckoned from asked limits, and nobody delays
// those before it. Its plan knows nodes and no parts of them: where a job is to start later, nobody
// behind it gets anything of that node who would still be there by then. Nothing is promised: each
// look makes the plan anew.
#include "core/discipline/discipline.h"

const struct wf_discipline wf_discipline_slurm_like = {
    .name = "slurm-like",
    .summary = "Slurm's backfill: a start time for all that wait, on whole nodes, planned anew",
    .placement = "best-fit",
    .reservations = UINT32_MAX,
    .whole_nodes = true,
    .forgets = true,
    .jumps = true,
    .believe = WF_BELIEVE_LIMIT,
};
