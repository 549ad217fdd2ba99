// SPDX-License-Identifier: Apache-2.0
#include "base/random.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include "base/compat.h"

static void the_generator_is_the_published_one(void **state)
{
    (void)state;
    // The first results of the authors' program from the state 1 2 3 4.
    static const uint64_t expected[] = {
        UINT64_C(0x0000000000002d00),
        UINT64_C(0x0000000000000000),
        UINT64_C(0x000000005a007080),
        UINT64_C(0x10e0000000009d80),
    };
    struct wf_random random = {.word = {1, 2, 3, 4}};
    for (size_t i = 0; i < WF_COUNT_OF(expected); i++) {
        assert_true(wf_random_next(&random) == expected[i]);
    }
}

// A seed that somebody noted must give the same run for ever.
static void a_seed_gives_the_same_numbers_for_ever(void **state)
{
    (void)state;
    static const uint64_t expected[] = {
        UINT64_C(0x15780b2e0c2ec716),
        UINT64_C(0x6104d9866d113a7e),
        UINT64_C(0xae17533239e499a1),
        UINT64_C(0xecb8ad4703b360a1),
    };
    struct wf_random random;
    wf_random_init(&random, 42);
    for (size_t i = 0; i < WF_COUNT_OF(expected); i++) {
        assert_true(wf_random_next(&random) == expected[i]);
    }
}

static void seed_zero_gives_a_usable_stream(void **state)
{
    (void)state;
    struct wf_random random;
    wf_random_init(&random, 0);
    uint64_t first = wf_random_next(&random);
    assert_true((random.word[0] | random.word[1] | random.word[2] | random.word[3]) != 0);
    assert_true(wf_random_next(&random) != first);
}

static void below_stays_below_and_reaches_every_number(void **state)
{
    (void)state;
    struct wf_random random;
    wf_random_init(&random, 1);
    for (uint64_t below = 1; below <= 40; below++) {
        uint64_t seen = 0;
        for (int i = 0; i < 2000; i++) {
            uint64_t draw = wf_random_below(&random, below);
            assert_true(draw < below);
            seen |= UINT64_C(1) << draw;
        }
        assert_true(seen == (UINT64_C(1) << below) - 1);
    }
}

static void below_takes_the_largest_bounds(void **state)
{
    (void)state;
    struct wf_random random;
    wf_random_init(&random, 3);
    for (int i = 0; i < 1000; i++) {
        assert_true(wf_random_below(&random, UINT64_MAX) < UINT64_MAX);
        // Nearly half of all draws are rejected at this bound; each must be drawn again.
        assert_true(wf_random_below(&random, (UINT64_C(1) << 63) + 1) <= UINT64_C(1) << 63);
    }
}

static void below_prefers_no_number(void **state)
{
    (void)state;
    enum { SIDES = 6, THROWS = 60000 };
    struct wf_random random;
    wf_random_init(&random, 2);
    int count[SIDES] = {0};
    for (int i = 0; i < THROWS; i++) {
        count[wf_random_below(&random, SIDES)]++;
    }
    for (int side = 0; side < SIDES; side++) {
        // Five standard deviations of a fair die: sqrt(60000 * 1/6 * 5/6) = 91.
        assert_in_range(count[side], THROWS / SIDES - 456, THROWS / SIDES + 456);
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(the_generator_is_the_published_one),
        cmocka_unit_test(a_seed_gives_the_same_numbers_for_ever),
        cmocka_unit_test(seed_zero_gives_a_usable_stream),
        cmocka_unit_test(below_stays_below_and_reaches_every_number),
        cmocka_unit_test(below_takes_the_largest_bounds),
        cmocka_unit_test(below_prefers_no_number),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
