// SPDX-License-Identifier: Apache-2.0
#include "daemon/clock.h"

#include <time.h>

static int64_t read_ms(clockid_t which)
{
    struct timespec now = {0};
    (void)clock_gettime(which, &now);
    return (int64_t)now.tv_sec * 1000 + now.tv_nsec / 1000000;
}

int64_t wf_clock_advance(struct wf_clock *clock, int64_t wall_ms, int64_t boot_ms)
{
    int64_t own_ms = clock->wall_ms + (boot_ms - clock->boot_ms);
    clock->wall_ms = wall_ms > own_ms ? wall_ms : own_ms;
    clock->boot_ms = boot_ms;
    return clock->wall_ms;
}

void wf_clock_init(struct wf_clock *clock)
{
    *clock =
        (struct wf_clock){.wall_ms = read_ms(CLOCK_REALTIME), .boot_ms = read_ms(CLOCK_BOOTTIME)};
}

int64_t wf_clock_now_ms(struct wf_clock *clock)
{
    return wf_clock_advance(clock, read_ms(CLOCK_REALTIME), read_ms(CLOCK_BOOTTIME));
}
