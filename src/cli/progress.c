// SPDX-License-Identifier: Apache-2.0
#include "cli/progress.h"

#include <stdarg.h>
#include <stdio.h>
#include <time.h>
#include <unistd.h>

#include "base/number.h"

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

void wf_progress_begin(struct wf_progress *progress, const char *format, ...)
{
    progress->runs_done++;
    va_list arguments;
    va_start(arguments, format);
    vsnprintf(progress->what, sizeof progress->what, format, arguments);
    va_end(arguments);
}

// Whether it is time to write again.
static bool is_time(struct wf_progress *progress)
{
    if (!progress->shown || now_ms() < progress->next_ms) {
        return false;
    }
    progress->next_ms = now_ms() + PAUSE_MS;
    return true;
}

void wf_progress_tell(void *context, uint32_t done, uint32_t all)
{
    struct wf_progress *progress = context;
    if (is_time(progress)) {
        fprintf(stderr, "\rrun %u of %u: %s, %u %%\x1b[K", progress->runs_done, progress->runs,
                progress->what, (uint32_t)((uint64_t)done * 100 / (all ? all : 1)));
        fflush(stderr);
    }
}

void wf_progress_count(void *context, uint64_t lines)
{
    struct wf_progress *progress = context;
    char text[WF_NUMBER_BYTES];
    if (is_time(progress)) {
        fprintf(stderr, "\r%s, %s lines\x1b[K", progress->what,
                wf_number_count(text, (int64_t)lines));
        fflush(stderr);
    }
}

void wf_progress_finish(struct wf_progress *progress)
{
    if (progress->shown) {
        fprintf(stderr, "\r\x1b[K");
        fflush(stderr);
    }
}
