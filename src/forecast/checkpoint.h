// SPDX-License-Identifier: Apache-2.0
// How often work on a machine that may be taken away should be saved: by Young and Daly, so that
// what saving costs and what is lost without it come to the least together. A machine that has
// lived for long is less likely to be taken in the next hour, so the interval grows with its age.
#pragma once

#include <stdint.h>

// How likely a spot machine of that age is to be taken, per hour. A prior from published traces
// (pooled over zones; docs/spot-live.md says which), not yet learned from what happened here.
double wf_spot_hazard_per_hour(int64_t age_ms);

// Returns the interval between checkpoints that take save_ms each, on a machine of that age: never
// shorter than four times save_ms or a minute, never longer than six hours.
int64_t wf_checkpoint_interval_ms(int64_t save_ms, int64_t age_ms);
