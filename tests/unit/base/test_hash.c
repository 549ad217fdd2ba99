// SPDX-License-Identifier: Apache-2.0
#include "base/hash.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

static void mixing_is_what_it_always_was(void **state)
{
    (void)state;
    // The first three outputs of splitmix64 from seed 0, as its authors' program prints them.
    uint64_t seed = 0;
    static const uint64_t published[] = {
        UINT64_C(0xe220a8397b1dcdaf),
        UINT64_C(0x6e789e6aa1b965f4),
        UINT64_C(0x06c45d188009454f),
    };
    for (int i = 0; i < 3; i++) {
        seed += UINT64_C(0x9e3779b97f4a7c15);
        assert_true(wf_hash_mix(seed) == published[i]);
    }
}

// Hashes are written into journals, so a change of this number is a change of file format.
static void adding_is_what_it_always_was(void **state)
{
    (void)state;
    uint64_t hash = 0;
    for (uint64_t value = 0; value < 100; value++) {
        hash = wf_hash_add(hash, value);
    }
    assert_int_equal(hash, UINT64_C(0xfe0df87fa2fe58e3));
}

static void the_order_of_values_matters(void **state)
{
    (void)state;
    uint64_t forward = wf_hash_add(wf_hash_add(0, 1), 2);
    uint64_t backward = wf_hash_add(wf_hash_add(0, 2), 1);
    assert_true(forward != backward);
    assert_true(wf_hash_add(0, 0) != 0);
    assert_true(wf_hash_add(wf_hash_add(0, 0), 0) != wf_hash_add(0, 0));
}

static void every_bit_of_a_value_reaches_about_half_of_the_hash(void **state)
{
    (void)state;
    uint64_t plain = wf_hash_add(7, 0);
    for (int bit = 0; bit < 64; bit++) {
        int changed = __builtin_popcountll(plain ^ wf_hash_add(7, UINT64_C(1) << bit));
        assert_in_range(changed, 16, 48);
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(mixing_is_what_it_always_was),
        cmocka_unit_test(adding_is_what_it_always_was),
        cmocka_unit_test(the_order_of_values_matters),
        cmocka_unit_test(every_bit_of_a_value_reaches_about_half_of_the_hash),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
