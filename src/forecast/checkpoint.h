// SPDX-License-Identifier: Apache-2.0
// How often work on a machine that may be taken away should be saved: by Young and Daly, so that
// what saving costs and what is lost without it come to the least together. A machine that has
// lived for long is less likely to be taken in the next hour, so the interval grows with its age.
#pragma once

#include <stdint.h>

#define WF_CHECKPOINT_INTERVAL_MS_MAX (INT64_C(6) * 3600 * 1000)

// Returns the interval between checkpoints that take save_ms each, on a machine that is as likely
// to be taken within an hour as lifetimes.h says: never shorter than four times save_ms or a
// minute, never longer than WF_CHECKPOINT_INTERVAL_MS_MAX, which is also the answer where nothing
// is to be feared (0).
int64_t wf_checkpoint_interval_ms(int64_t save_ms, double hazard_per_hour);
