// SPDX-License-Identifier: Apache-2.0
// First in, first out: nobody overtakes. What a queue without backfill does.
#include "core/discipline/discipline.h"

const struct wf_discipline wf_discipline_fifo = {
    .name = "fifo",
    .summary = "first in, first out: nobody overtakes",
    .placement = "best-fit",
    .believe = WF_BELIEVE_LIMIT,
};
