// SPDX-License-Identifier: Apache-2.0
#include "go_random.h"

#include <string.h>

#include "base/assert.h"

#define WORDS GO_RANDOM_WORDS
#define TAP 273
#define WARM_UP_STEPS UINT64_C(7800000000000)

// A number of the sequence is known by its time: x[0] to x[606] are the state a generator starts
// with, x[n] for n >= 607 comes from the recurrence. Go keeps x[n] in slot (333 - n) mod 607.
static uint32_t slot_of_time(uint64_t time)
{
    return (uint32_t)((WORDS - TAP - 1 + WORDS - time % WORDS) % WORDS);
}

// The "minimal standard" of Park and Miller with the multiplier 48271.
static uint32_t lehmer_next(uint32_t value)
{
    return (uint32_t)(UINT64_C(48271) * value % INT32_MAX);
}

// Three Lehmer numbers make a word, the first of them shifted furthest. Go shifts by 20 and 10
// where it makes the table and by 40 and 20 where it seeds.
static void lehmer_fill(uint64_t *words, uint32_t value, int shift)
{
    for (int i = 0; i < 20; i++) {
        value = lehmer_next(value);
    }
    for (int i = 0; i < WORDS; i++) {
        uint64_t word = 0;
        for (int part = 2; part >= 0; part--) {
            value = lehmer_next(value);
            word ^= (uint64_t)value << part * shift;
        }
        words[i] = word;
    }
}

// Below, a polynomial in X stands for a time: X^607 = X^334 + 1 is the recurrence itself, so
// X^n reduced to degree 606 gives x[n] as a sum over x[0] to x[606].
static void polynomial_reduce(uint64_t *wide)
{
    for (int i = 2 * WORDS - 2; i >= WORDS; i--) {
        wide[i - WORDS] += wide[i];
        wide[i - TAP] += wide[i];
    }
}

static void polynomial_square(uint64_t *polynomial)
{
    uint64_t wide[2 * WORDS - 1] = {0};
    for (int i = 0; i < WORDS; i++) {
        for (int j = 0; j < WORDS; j++) {
            wide[i + j] += polynomial[i] * polynomial[j];
        }
    }
    polynomial_reduce(wide);
    memcpy(polynomial, wide, WORDS * sizeof(*polynomial));
}

static void polynomial_times_x(uint64_t *polynomial)
{
    uint64_t top = polynomial[WORDS - 1];
    memmove(polynomial + 1, polynomial, (WORDS - 1) * sizeof(*polynomial));
    polynomial[0] = top;
    polynomial[WORDS - TAP] += top;
}

// polynomial = X^steps, by squaring along the bits of steps.
static void polynomial_power(uint64_t *polynomial, uint64_t steps)
{
    memset(polynomial, 0, WORDS * sizeof(*polynomial));
    polynomial[0] = 1;
    for (int bit = 63; bit >= 0; bit--) {
        polynomial_square(polynomial);
        if (steps >> bit & 1) {
            polynomial_times_x(polynomial);
        }
    }
}

void go_random_table_init(struct go_random_table *table)
{
    uint64_t start[WORDS];
    lehmer_fill(start, 1, 10);

    uint64_t sequence[2 * WORDS - 1];
    for (uint64_t time = 0; time < 2 * WORDS - 1; time++) {
        sequence[time] = time < WORDS ? start[slot_of_time(time)]
                                      : sequence[time - WORDS] + sequence[time - TAP];
    }
    uint64_t jump[WORDS];
    polynomial_power(jump, WARM_UP_STEPS);
    for (uint64_t late = 0; late < WORDS; late++) {
        uint64_t word = 0;
        for (int i = 0; i < WORDS; i++) {
            word += jump[i] * sequence[late + (uint64_t)i];
        }
        table->word[slot_of_time(WARM_UP_STEPS + late)] = word;
    }
}

void go_random_init(struct go_random *random, const struct go_random_table *table, int64_t seed)
{
    seed %= INT32_MAX;
    if (seed < 0) {
        seed += INT32_MAX;
    }
    if (seed == 0) {
        seed = 89482311; // Go's stand-in: the Lehmer generator cannot leave 0
    }
    lehmer_fill(random->word, (uint32_t)seed, 20);
    for (int i = 0; i < WORDS; i++) {
        random->word[i] ^= table->word[i];
    }
    random->tap = 0;
    random->feed = WORDS - TAP;
}

uint64_t go_random_uint64(struct go_random *random)
{
    random->tap = (random->tap + WORDS - 1) % WORDS;
    random->feed = (random->feed + WORDS - 1) % WORDS;
    return random->word[random->feed] += random->word[random->tap];
}

int64_t go_random_int63(struct go_random *random)
{
    return (int64_t)(go_random_uint64(random) & INT64_MAX);
}

int32_t go_random_below(struct go_random *random, int32_t below)
{
    WF_ASSERT(below > 0);
    // The numbers of the last, incomplete run of `below` numbers under 2^31 are refused; for a
    // power of two there are none, and Go's mask is then the same as the remainder.
    int64_t accepted = (INT64_C(1) << 31) / below * below;
    int64_t draw;
    do {
        draw = go_random_int63(random) >> 32;
    } while (draw >= accepted);
    return (int32_t)(draw % below);
}

// Lemire's method: the high half of a 32 x 32 bit product, refusing the few low halves that would
// favour a number.
static uint32_t below_by_product(struct go_random *random, uint32_t below)
{
    uint32_t refused = -below % below;
    uint64_t product;
    do {
        product = (uint64_t)(go_random_int63(random) >> 31) * below;
    } while ((uint32_t)product < refused);
    return (uint32_t)(product >> 32);
}

void go_random_shuffle(struct go_random *random, uint32_t *list, uint32_t count)
{
    for (uint32_t i = count; i > 1; i--) {
        uint32_t other = below_by_product(random, i);
        uint32_t kept = list[i - 1];
        list[i - 1] = list[other];
        list[other] = kept;
    }
}

void go_random_permutation(struct go_random *random, uint32_t *list, uint32_t count)
{
    for (uint32_t i = 0; i < count; i++) {
        uint32_t other = (uint32_t)go_random_below(random, (int32_t)i + 1);
        list[i] = list[other];
        list[other] = i;
    }
}
