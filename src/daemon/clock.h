// SPDX-License-Identifier: Apache-2.0
// The wall clock as the daemon's events have it: it goes on at its own pace while somebody sets the
// machine's clock back, and follows when it is set forward.
#pragma once

#include <stdint.h>

struct wf_clock {
    int64_t wall_ms; // what it said last
    int64_t boot_ms; // when, on the clock that never jumps
};

void wf_clock_init(struct wf_clock *clock);
int64_t wf_clock_now_ms(struct wf_clock *clock);

// The same without looking at the machine's clocks, for tests.
int64_t wf_clock_advance(struct wf_clock *clock, int64_t wall_ms, int64_t boot_ms);
