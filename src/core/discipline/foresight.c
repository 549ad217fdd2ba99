// SPDX-License-Identifier: Apache-2.0
// Our own: lets short work go first, but only so far, and learns what is short. A job's place in
// line is the time since which it could start plus a multiple of what it is expected to run;
// whoever comes more than that much later never goes before it, however short, so that nobody
// starves. The multiple is smaller for large gangs, for whom room gathers slowly.
//
// Start times are kept by asked limits, not by expected runs: others may use kept room only if they
// are sure to be gone in time, which is by their limits; if what runs were believed to end sooner
// than that, hardly anybody could, and GPUs would stand idle until the foremost has its room.
#include "core/discipline/discipline.h"

enum {
    RUNS = 4, // of a job of a few GPUs; of one of GPUS_HALF GPUs half as many
    GPUS_HALF = 4,
    RESERVATIONS = 2, // the room for one large gang gathers while another's does
};

static int64_t rank(const struct wf_standing *standing)
{
    int64_t gpus = wf_job_gpu_milli(&standing->ticket->spec) / WF_GPU_MILLI;
    return standing->ticket->ready_ms + standing->run_ms * RUNS * GPUS_HALF / (GPUS_HALF + gpus);
}

const struct wf_discipline wf_discipline_foresight = {
    .name = "foresight",
    .summary = "short work goes first by learned run times, but only so far; start times are kept",
    .placement = "cost-first",
    .reservations = RESERVATIONS,
    .jumps = true,
    .shares = true,
    .preempts = true,
    .steadfast = true,
    .learns = true,
    .believe = WF_BELIEVE_LIMIT,
    .rank = rank,
    .fill_rank = rank,
};
