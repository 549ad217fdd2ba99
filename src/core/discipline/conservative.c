// SPDX-License-Identifier: Apache-2.0
// Conservative backfill (Mu'alem and Feitelson, TPDS 2001): every waiting job has a start time
// kept, reckoned from asked limits, and nobody delays anybody who came before. As many as the core
// was given room for (wf_limits.reservations) have one, as real schedulers bound it, too.
#include "core/discipline/discipline.h"

const struct wf_discipline wf_discipline_conservative = {
    .name = "conservative",
    .summary = "conservative backfill with asked limits: a start time is kept for all that wait",
    .placement = "best-fit",
    .reservations = UINT32_MAX,
    .jumps = true,
    .believe = WF_BELIEVE_LIMIT,
};
