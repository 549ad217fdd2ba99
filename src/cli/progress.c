// SPDX-License-Identifier: Apache-2.0
#include "cli/progress.h"

#include <stdio.h>
#include <time.h>
#include <unistd.h>

enum { PAUSE_MS = 100 };

static int64_t now_ms(void)
{
    struct timespec now;
    clock_gettime(CLOCK_MONOTONIC, &now);
    return (int64_t)now.tv_sec * 1000 + now.tv_nsec / 1000000;
}

void wf_progress_init(struct wf_progress *progress, uint32_t runs)
{
    *progress = (struct wf_progress){.shown = isatty(STDERR_FILENO) == 1, .runs = runs};
}

void wf_progress_begin(struct wf_progress *progress, const char *policy, uint64_t seed)
{
    progress->runs_done++;
    snprintf(progress->what, sizeof progress->what, "%s, seed %llu", policy,
             (unsigned long long)seed);
}

void wf_progress_tell(void *context, uint32_t done, uint32_t all)
{
    struct wf_progress *progress = context;
    if (!progress->shown || now_ms() < progress->next_ms) {
        return;
    }
    progress->next_ms = now_ms() + PAUSE_MS;
    fprintf(stderr, "\rrun %u of %u: %s, %u %% of its tasks\x1b[K", progress->runs_done,
            progress->runs, progress->what, (uint32_t)((uint64_t)done * 100 / (all ? all : 1)));
    fflush(stderr);
}

void wf_progress_finish(struct wf_progress *progress)
{
    if (progress->shown) {
        fprintf(stderr, "\r\x1b[K");
        fflush(stderr);
    }
}
