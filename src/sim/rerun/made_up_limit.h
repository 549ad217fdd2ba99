// SPDX-License-Identifier: Apache-2.0
// Asked run times for jobs of a history that tells none: the real run time times 10^U, U even from
// 0 to 1, rounded up to the next of 15 minutes, 1, 4, 12, 24, 48 hours and 7 days, and past that to
// whole weeks. So people ask: too much, and in round numbers.
//
// Each job's draw comes from the seed and the job's number alone, neither from the order in which
// jobs are asked about nor from how many there are. Integers only: every machine makes up the same.
#pragma once

#include <stdint.h>

#define WF_MADE_UP_RUN_MS_MAX (INT64_C(100) * 366 * 24 * 3600 * 1000) // longer runs count as this

// Returns the limit in milliseconds, never below run_ms (0 to WF_MADE_UP_RUN_MS_MAX).
int64_t wf_made_up_limit_ms(uint64_t seed, uint64_t job, int64_t run_ms);
