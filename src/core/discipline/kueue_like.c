// SPDX-License-Identifier: Apache-2.0
// What Kueue does with queues of the kind BestEffortFIFO: in each cycle the first job of each queue
// is tried once, queues within their guarantee before those that borrow, then by priority, then by
// arrival; one that cannot start steps aside until something changes. The length of a cycle is what
// a user of 1,300 nodes reported (kubernetes-sigs/kueue#14477: about 25 a minute).
#include "core/discipline/discipline.h"

const struct wf_discipline wf_discipline_kueue_like = {
    .name = "kueue-like",
    .summary = "each cycle admits at most one job of each queue; nothing is kept",
    .placement = "gpu-packing",
    .jumps = true,
    .shares = true,
    .believe = WF_BELIEVE_LIMIT,
    .cycle_ms = 2400,
};
