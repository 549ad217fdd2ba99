// SPDX-License-Identifier: Apache-2.0
// Use that fades: the memory of fair share. Time is cut into slices, WF_FADE_SLICES for one half
// life, counted from 1970. At the end of each slice a sum is multiplied with one factor,
// 2^(-1/WF_FADE_SLICES) in 32 binary places, and rounded down; within a slice it grows without
// rounding. So the sum at a moment does not depend on when somebody looked at it before, and is the
// same on every machine. Internal to the core.
#pragma once

#include <stdint.h>

#include "base/compat.h"

#define WF_FADE_SLICES 64

// Returns the length of a slice. The half life that results is shorter by less than 64 ms.
int64_t wf_fade_slice_ms(int64_t half_life_ms);

// Returns what a sum, as it was at from_ms, has become at to_ms, when per_ms was added in every
// millisecond between. The sum and per_ms must be 0 or more, to_ms not before from_ms. Takes one
// step for each slice, and stops where steps no longer change anything, after some thousands at the
// most, however long the time.
wf_int128 wf_fade(wf_int128 sum, wf_int128 per_ms, int64_t from_ms, int64_t to_ms,
                  int64_t slice_ms);
