// SPDX-License-Identifier: Apache-2.0
// EASY backfill (Lifka, JSSPP 1995), as Slurm's and Maui's default does it: the first job that
// cannot start has a start time kept, reckoned from the limits that users ask for; who does not
// delay it may start, in the order of arrival.
#include "core/discipline/discipline.h"

const struct wf_discipline wf_discipline_easy = {
    .name = "easy",
    .summary = "EASY backfill with asked limits: a start time is kept for the first that waits",
    .placement = "best-fit",
    .reservations = 1,
    .jumps = true,
    .believe = WF_BELIEVE_LIMIT,
};
