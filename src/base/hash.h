// SPDX-License-Identifier: Apache-2.0
// One 64-bit hash for everything that must be equal from run to run: decisions, journals, request
// classes. The mixer is splitmix64's finaliser (Steele, Lea, Flood, OOPSLA 2014); it works on
// values, not on memory, so neither padding nor byte order can reach it.
#pragma once

#include <stdint.h>

static inline uint64_t wf_hash_mix(uint64_t value)
{
    value ^= value >> 30;
    value *= UINT64_C(0xbf58476d1ce4e5b9);
    value ^= value >> 27;
    value *= UINT64_C(0x94d049bb133111eb);
    value ^= value >> 31;
    return value;
}

// Adds one value to a running hash; the order of the calls matters.
static inline uint64_t wf_hash_add(uint64_t hash, uint64_t value)
{
    return wf_hash_mix(hash + UINT64_C(0x9e3779b97f4a7c15) + value * UINT64_C(0xff51afd7ed558ccd));
}

static inline uint64_t wf_hash_text(const char *text)
{
    uint64_t hash = 0;
    for (; *text; text++) {
        hash = wf_hash_add(hash, (unsigned char)*text);
    }
    return hash;
}
