// SPDX-License-Identifier: Apache-2.0
// Run times on a fixed logarithmic grid, 8 buckets to the octave (9 % wide), with whole
// milliseconds as edges: the same bucket on every machine, without a logarithm.
#pragma once

#include <stdint.h>

#define WF_LOG_GRID_PER_OCTAVE 8
#define WF_LOG_GRID_BUCKETS 201 // bucket 0: under 1.024 s; the last one: all from 364 days on

// Returns the bucket that holds ms; below 0 counts as 0.
uint32_t wf_log_grid_bucket(int64_t ms);

// Returns the first millisecond of a bucket. WF_LOG_GRID_BUCKETS is allowed: where the last bucket
// would end if it were as wide as the others.
int64_t wf_log_grid_edge(uint32_t bucket);
