// SPDX-License-Identifier: Apache-2.0
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include "core/schedule/dependency.h"
#include "unit/core/small_region.h"

static struct wf_dependencies some(uint32_t jobs)
{
    struct wf_dependencies dependencies;
    assert_int_equal(wf_dependencies_init(&dependencies, small_region(), jobs, NULL), WF_OK);
    return dependencies;
}

static void those_of_one_kind_are_taken(void **unused)
{
    (void)unused;
    struct wf_dependencies dependencies = some(8);
    uint32_t job;
    wf_dependencies_add(&dependencies, 1, 0, WF_AFTER_END);
    wf_dependencies_add(&dependencies, 2, 0, WF_AFTER_START);
    wf_dependencies_add(&dependencies, 3, 0, WF_AFTER_END);
    wf_dependencies_add(&dependencies, 3, 4, WF_AFTER_END); // of another
    assert_false(wf_dependencies_take(&dependencies, 0, WF_AFTER_FAILURE, &job));
    uint32_t set = 0;
    while (wf_dependencies_take(&dependencies, 0, WF_AFTER_END, &job)) {
        assert_false(set >> job & 1);
        set |= 1U << job;
    }
    assert_int_equal(set, 1U << 1 | 1U << 3);
    assert_true(wf_dependencies_take(&dependencies, 0, WF_AFTER_START, &job));
    assert_int_equal(job, 2);
    assert_false(wf_dependencies_take(&dependencies, 0, WF_AFTER_START, &job));
    assert_true(wf_dependencies_take(&dependencies, 4, WF_AFTER_END, &job));
    assert_int_equal(job, 3);
}

// First, in the middle and last on the lists of those waited for.
static void all_that_one_waits_for_is_forgotten(void **unused)
{
    (void)unused;
    for (uint32_t gone = 1; gone <= 3; gone++) {
        struct wf_dependencies dependencies = some(8);
        uint32_t job;
        for (uint32_t i = 1; i <= 3; i++) {
            wf_dependencies_add(&dependencies, i, 0, WF_AFTER_END);
            wf_dependencies_add(&dependencies, i, 5, WF_AFTER_SUCCESS);
        }
        wf_dependencies_forget(&dependencies, gone);
        wf_dependencies_forget(&dependencies, gone);
        uint32_t set = 0;
        while (wf_dependencies_take(&dependencies, 0, WF_AFTER_END, &job)) {
            set |= 1U << job;
        }
        assert_int_equal(set, 0xeU & ~(1U << gone));
        while (wf_dependencies_take(&dependencies, 5, WF_AFTER_SUCCESS, &job)) {
            assert_int_not_equal(job, gone);
            set ^= 1U << job;
        }
        assert_int_equal(set, 0);
        assert_true(wf_dependencies_have_room(&dependencies, 8));
    }
}

static void there_is_room_for_so_many_and_it_comes_back(void **unused)
{
    (void)unused;
    struct wf_dependencies dependencies = some(3);
    uint32_t job;
    assert_true(wf_dependencies_have_room(&dependencies, 3));
    assert_false(wf_dependencies_have_room(&dependencies, 4));
    for (uint32_t round = 0; round < 5; round++) {
        for (uint32_t i = 0; i < 3; i++) {
            assert_true(wf_dependencies_have_room(&dependencies, 3 - i));
            wf_dependencies_add(&dependencies, 1, 0, WF_AFTER_END); // the same, more than once
        }
        assert_false(wf_dependencies_have_room(&dependencies, 1));
        assert_true(wf_dependencies_take(&dependencies, 0, WF_AFTER_END, &job));
        assert_true(wf_dependencies_have_room(&dependencies, 1));
        assert_false(wf_dependencies_have_room(&dependencies, 2));
        wf_dependencies_forget(&dependencies, 1);
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(those_of_one_kind_are_taken),
        cmocka_unit_test(all_that_one_waits_for_is_forgotten),
        cmocka_unit_test(there_is_room_for_so_many_and_it_comes_back),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
