// SPDX-License-Identifier: Apache-2.0
// The seeded generator of Go's math/rand (the one that rand.Seed selects), made again here because
// the published placement results were drawn with it. It is the additive lagged Fibonacci generator
// x[n] = x[n-607] + x[n-273] modulo 2^64 (Mitchell and Reeds; Knuth, TAOCP 2, 3.2.2), filled from a
// Lehmer generator and from a fixed table: the state that the same generator, seeded with 1, has
// after 7.8e12 steps. That table is computed here, not stored.
#pragma once

#include <stdint.h>

#define GO_RANDOM_WORDS 607

struct go_random_table {
    uint64_t word[GO_RANDOM_WORDS];
};

struct go_random {
    uint64_t word[GO_RANDOM_WORDS];
    uint32_t feed; // where the last number was written; goes down
    uint32_t tap;  // 273 numbers behind it
};

// Computes the fixed table; takes some hundredths of a second, so make it once and hand it around.
void go_random_table_init(struct go_random_table *table);

// Starts the stream that rand.Seed(seed) starts. table is only read during the call.
void go_random_init(struct go_random *random, const struct go_random_table *table, int64_t seed);

// rand.Uint64, rand.Int63.
uint64_t go_random_uint64(struct go_random *random);
int64_t go_random_int63(struct go_random *random);

// rand.Intn: 0 to below - 1. Throws draws away rather than favour a number.
int32_t go_random_below(struct go_random *random, int32_t below);

// rand.Shuffle over an array; it draws in another way than rand.Intn does.
void go_random_shuffle(struct go_random *random, uint32_t *list, uint32_t count);

// rand.Perm: fills list with a permutation of 0 to count - 1.
void go_random_permutation(struct go_random *random, uint32_t *list, uint32_t count);
