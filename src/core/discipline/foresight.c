// SPDX-License-Identifier: Apache-2.0
// Our own: lets short work go first, but only so far, and learns what is short. A job's place in
// line is the time since which it could start plus a multiple of what it is expected to run;
// whoever comes more than that much later never goes before it, however short, so that nobody
// starves. The multiple is smaller for large gangs, for whom room gathers slowly.
//
// A job with a deadline keeps that place until the last sixth of the time that it can wait and
// still be done. From then on it goes as if it were done in no time at all, and a start time may be
// kept for one such job beside the others. When it can be done in time no more it is back where it
// was: a deadline that is too early wins nothing. Nor does any other pass those who came before by
// more than the shortest work does, so that nobody starves for deadlines.
//
// Start times are kept by asked limits, not by expected runs: others may use kept room only if they
// are sure to be gone in time, which is by their limits; if what runs were believed to end sooner
// than that, hardly anybody could, and GPUs would stand idle until the foremost has its room.
#include "core/discipline/discipline.h"

enum {
    RUNS = 4, // of a job of a few GPUs; of one of GPUS_HALF GPUs half as many
    GPUS_HALF = 4,
    RESERVATIONS = 2, // the room for one large gang gathers while another's does
    URGENT_RESERVATIONS = 1,
    URGENT_PART = 6, // of the time that a job with a deadline can wait, the last
};

static struct wf_urgency urgency(const struct wf_standing *standing)
{
    int64_t ready_ms = standing->ticket->ready_ms;
    int64_t latest_ms = standing->ticket->spec.wait.deadline_ms - standing->run_ms;
    int64_t spare_ms = latest_ms - ready_ms;
    if (spare_ms < 0) {
        return (struct wf_urgency){INT64_MAX, INT64_MAX};
    }
    return (struct wf_urgency){latest_ms - spare_ms / URGENT_PART, latest_ms + 1};
}

static int64_t rank(const struct wf_standing *standing)
{
    if (wf_discipline_urges(&wf_discipline_foresight, standing)) {
        return standing->ticket->ready_ms;
    }
    int64_t gpus = wf_job_gpu_milli(&standing->ticket->spec) / WF_GPU_MILLI;
    return standing->ticket->ready_ms + standing->run_ms * RUNS * GPUS_HALF / (GPUS_HALF + gpus);
}

const struct wf_discipline wf_discipline_foresight = {
    .name = "foresight",
    .summary = "short work goes first by learned run times, but only so far; start times are kept",
    .placement = "cost-first",
    .reservations = RESERVATIONS,
    .urgent_reservations = URGENT_RESERVATIONS,
    .keeps_limits = true,
    .jumps = true,
    .shares = true,
    .preempts = true,
    .steadfast = true,
    .learns = true,
    .believe = WF_BELIEVE_LIMIT,
    .rank = rank,
    .fill_rank = rank,
    .urgency = urgency,
};
