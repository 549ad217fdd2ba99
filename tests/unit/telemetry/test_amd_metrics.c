// SPDX-License-Identifier: Apache-2.0
#include "telemetry/amd.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

// A table of version 1.<content>, all bytes told as nothing but for what a test sets.
static void make(uint8_t table[256], uint8_t content, uint16_t size)
{
    memset(table, 0, 256);
    table[0] = (uint8_t)size;
    table[1] = (uint8_t)(size >> 8);
    table[2] = 1;
    table[3] = content;
}

static void energy_is_in_millijoules(void **state)
{
    (void)state;
    static const struct {
        uint8_t content;
        uint16_t size;
        uint16_t energy;
    } places[] = {{1, 72, 24}, {3, 120, 24}, {4, 44, 24}, {5, 108, 88}, {6, 132, 88}};
    for (unsigned i = 0; i < WF_COUNT_OF(places); i++) {
        uint8_t table[256];
        struct wf_amd_metrics metrics;
        make(table, places[i].content, places[i].size);
        table[places[i].energy + 2] = 3;    // 3 * 65536 units: 3 J
        table[places[i].energy + 1] = 0x80; // and half a joule
        assert_true(wf_amd_metrics_parse(table, sizeof table, &metrics));
        assert_true(metrics.has_energy);
        assert_int_equal(metrics.energy_mj, 3500);
    }
}

static void what_is_all_ones_is_not_told(void **state)
{
    (void)state;
    uint8_t table[256];
    struct wf_amd_metrics metrics;
    make(table, 4, 44);
    memset(table + 24, 0xff, 8);
    memset(table + 40, 0xff, 4);
    assert_true(wf_amd_metrics_parse(table, sizeof table, &metrics));
    assert_false(metrics.has_energy);
    assert_false(metrics.has_throttle);
    assert_int_equal(metrics.throttle, 0);
}

static void common_bits_have_their_meaning(void **state)
{
    (void)state;
    static const struct {
        uint32_t bit;
        uint32_t throttle;
    } bits[] = {
        {0, WF_THROTTLE_POWER_CAP},  {7, WF_THROTTLE_POWER_CAP}, {16, WF_THROTTLE_POWER_CAP},
        {23, WF_THROTTLE_POWER_CAP}, {32, WF_THROTTLE_HEAT},     {47, WF_THROTTLE_HEAT},
        {56, WF_THROTTLE_OTHER},
    };
    for (unsigned i = 0; i < WF_COUNT_OF(bits); i++) {
        uint8_t table[256];
        struct wf_amd_metrics metrics;
        make(table, 3, 120);
        table[112 + bits[i].bit / 8] = (uint8_t)(1u << bits[i].bit % 8);
        assert_true(wf_amd_metrics_parse(table, sizeof table, &metrics));
        assert_int_equal(metrics.throttle, bits[i].throttle);
    }
}

static void bits_of_a_model_only_say_that_there_are_some(void **state)
{
    (void)state;
    uint8_t table[256];
    struct wf_amd_metrics metrics;
    make(table, 6, 132);
    table[128] = 4;
    assert_true(wf_amd_metrics_parse(table, sizeof table, &metrics));
    assert_int_equal(metrics.throttle, WF_THROTTLE_OTHER);
}

static void short_and_unknown_tables_tell_nothing(void **state)
{
    (void)state;
    uint8_t table[256];
    struct wf_amd_metrics metrics;
    make(table, 3, 120);
    assert_false(wf_amd_metrics_parse(table, 119, &metrics));
    assert_false(wf_amd_metrics_parse(table, 3, &metrics));
    assert_false(wf_amd_metrics_parse(table, 0, &metrics));
    table[0] = 100; // says itself that it is shorter
    assert_false(wf_amd_metrics_parse(table, sizeof table, &metrics));
    make(table, 9, 200);
    assert_false(wf_amd_metrics_parse(table, sizeof table, &metrics));
    make(table, 3, 200);
    table[2] = 2;
    assert_false(wf_amd_metrics_parse(table, sizeof table, &metrics));
    assert_false(metrics.has_energy || metrics.has_throttle);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(energy_is_in_millijoules),
        cmocka_unit_test(what_is_all_ones_is_not_told),
        cmocka_unit_test(common_bits_have_their_meaning),
        cmocka_unit_test(bits_of_a_model_only_say_that_there_are_some),
        cmocka_unit_test(short_and_unknown_tables_tell_nothing),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
