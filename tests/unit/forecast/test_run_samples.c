// SPDX-License-Identifier: Apache-2.0
#include "forecast/run_samples.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include "base/random.h"

static struct wf_run_sample_table *make(uint32_t kinds)
{
    struct wf_run_sample_table *table = NULL;
    assert_int_equal(wf_run_sample_table_create(kinds, &table, NULL), WF_OK);
    return table;
}

static void a_kind_keeps_its_last_runs(void **state)
{
    (void)state;
    struct wf_run_sample_table *table = make(3);
    assert_null(wf_run_samples_find(table, 7));
    for (uint32_t i = 0; i < 100; i++) {
        wf_run_samples_add(table, 7, i, i % 3 == 0);
        const struct wf_run_samples *runs = wf_run_samples_find(table, 7);
        assert_int_equal(runs->count, i < WF_RUN_SAMPLES ? i + 1 : WF_RUN_SAMPLES);
        for (uint32_t age = 0; age < runs->count; age++) {
            uint32_t at = (runs->newest + WF_RUN_SAMPLES - age) % WF_RUN_SAMPLES;
            assert_int_equal(runs->bucket[at], i - age);
            assert_int_equal(runs->cut >> at & 1, (i - age) % 3 == 0);
        }
    }
    wf_run_sample_table_destroy(table);
}

static void the_kind_longest_without_a_run_is_forgotten(void **state)
{
    (void)state;
    struct wf_run_sample_table *table = make(3);
    wf_run_samples_add(table, 1, 1, false)->trust = 0.25;
    wf_run_samples_add(table, 2, 2, false);
    wf_run_samples_add(table, 3, 3, false);
    assert_true(wf_run_samples_add(table, 1, 4, false)->trust == 0.25);
    wf_run_samples_add(table, 4, 5, false);
    assert_null(wf_run_samples_find(table, 2));
    assert_int_equal(wf_run_samples_find(table, 1)->count, 2);
    assert_int_equal(wf_run_samples_find(table, 3)->count, 1);
    assert_int_equal(wf_run_sample_table_count(table), 3);
    // What comes back begins anew.
    assert_true(wf_run_samples_add(table, 2, 6, false)->trust == 0);
    assert_int_equal(wf_run_samples_find(table, 2)->count, 1);
    assert_null(wf_run_samples_find(table, 3));
    wf_run_sample_table_destroy(table);
}

static void one_kind_is_room_for_one(void **state)
{
    (void)state;
    struct wf_run_sample_table *table = make(1);
    for (uint64_t kind = 0; kind < 10; kind++) {
        wf_run_samples_add(table, kind, 1, false);
        wf_run_samples_add(table, kind, 1, false);
        assert_int_equal(wf_run_samples_find(table, kind)->count, 2);
        assert_true(kind == 0 || !wf_run_samples_find(table, kind - 1));
    }
    wf_run_sample_table_destroy(table);
}

// Against a list that is searched from end to end.
static void many_kinds_are_kept_as_a_plain_list_keeps_them(void **state)
{
    (void)state;
    enum { ROOM = 50, KINDS = 90, STEPS = 20000 };
    struct wf_run_sample_table *table = make(ROOM);
    struct wf_random random;
    wf_random_init(&random, 5);
    int last[KINDS] = {0};
    for (int step = 1; step <= STEPS; step++) {
        uint32_t kind = (uint32_t)wf_random_below(&random, KINDS);
        wf_run_samples_add(table, kind, kind, false);
        last[kind] = step;
        for (uint32_t i = 0; i < KINDS; i++) {
            int newer = 0;
            for (uint32_t j = 0; j < KINDS; j++) {
                newer += last[j] > last[i];
            }
            const struct wf_run_samples *runs = wf_run_samples_find(table, i);
            assert_true((runs != NULL) == (last[i] > 0 && newer < ROOM));
            assert_true(!runs || (runs->kind == i && runs->bucket[runs->newest] == i));
        }
    }
    wf_run_sample_table_destroy(table);
}

static void nothing_is_destroyed_without_complaint(void **state)
{
    (void)state;
    wf_run_sample_table_destroy(NULL);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(a_kind_keeps_its_last_runs),
        cmocka_unit_test(the_kind_longest_without_a_run_is_forgotten),
        cmocka_unit_test(one_kind_is_room_for_one),
        cmocka_unit_test(many_kinds_are_kept_as_a_plain_list_keeps_them),
        cmocka_unit_test(nothing_is_destroyed_without_complaint),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
