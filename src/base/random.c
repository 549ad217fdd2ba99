// SPDX-License-Identifier: Apache-2.0
#include "base/random.h"

#include "base/assert.h"
#include "base/hash.h"

void wf_random_init(struct wf_random *random, uint64_t seed)
{
    for (int i = 0; i < 4; i++) {
        seed += UINT64_C(0x9e3779b97f4a7c15);
        random->word[i] = wf_hash_mix(seed);
    }
}

static uint64_t rotate_left(uint64_t value, int bits)
{
    return value << bits | value >> (64 - bits);
}

uint64_t wf_random_next(struct wf_random *random)
{
    uint64_t *word = random->word;
    uint64_t result = rotate_left(word[1] * 5, 7) * 9;
    uint64_t shifted = word[1] << 17;
    word[2] ^= word[0];
    word[3] ^= word[1];
    word[1] ^= word[2];
    word[0] ^= word[3];
    word[2] ^= shifted;
    word[3] = rotate_left(word[3], 45);
    return result;
}

uint64_t wf_random_below(struct wf_random *random, uint64_t below)
{
    WF_ASSERT(below > 0);
    // Draws that fall into the last, incomplete run of `below` numbers are thrown away, so that
    // no number is likelier than another.
    uint64_t reject_from = UINT64_MAX - UINT64_MAX % below;
    uint64_t draw;
    do {
        draw = wf_random_next(random);
    } while (draw >= reject_from);
    return draw % below;
}
