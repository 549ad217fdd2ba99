// SPDX-License-Identifier: Apache-2.0
// Seeded random numbers: xoshiro256** 1.0 (Blackman and Vigna, ACM TOMS 2021), filled from
// splitmix64. The same seed gives the same stream on every machine and compiler. Not for secrets.
#pragma once

#include <stdint.h>

struct wf_random {
    uint64_t word[4];
};

// Every seed, 0 included, gives a usable stream.
void wf_random_init(struct wf_random *random, uint64_t seed);

// Returns the next 64 bits.
uint64_t wf_random_next(struct wf_random *random);

// Returns a number from 0 to below - 1, each equally likely. below must be at least 1.
uint64_t wf_random_below(struct wf_random *random, uint64_t below);
