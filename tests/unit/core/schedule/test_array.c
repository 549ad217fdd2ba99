// SPDX-License-Identifier: Apache-2.0
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include "base/random.h"
#include "core/schedule/array.h"
#include "unit/core/small_region.h"

static void each_array_is_counted_for_itself(void **unused)
{
    (void)unused;
    struct wf_arrays arrays;
    assert_int_equal(wf_arrays_init(&arrays, small_region(), 4, NULL), WF_OK);
    assert_int_equal(wf_arrays_running(&arrays, 7), 0);
    wf_arrays_start(&arrays, 7);
    wf_arrays_start(&arrays, UINT32_MAX);
    wf_arrays_start(&arrays, 7);
    assert_int_equal(wf_arrays_running(&arrays, 7), 2);
    assert_int_equal(wf_arrays_running(&arrays, UINT32_MAX), 1);
    wf_arrays_stop(&arrays, 7);
    assert_int_equal(wf_arrays_running(&arrays, 7), 1);
    wf_arrays_stop(&arrays, 7);
    assert_int_equal(wf_arrays_running(&arrays, 7), 0);
}

// As many at once as there may be, which come and go in any order: none is lost where others left
// gaps. Array numbers are few enough to meet each other's places again and again.
static void counts_survive_whoever_leaves(void **unused)
{
    (void)unused;
    enum { JOBS = 24, ARRAYS = 200 };
    struct wf_arrays arrays;
    assert_int_equal(wf_arrays_init(&arrays, small_region(), JOBS, NULL), WF_OK);
    uint32_t running[ARRAYS + 1] = {0}, all[JOBS], count = 0;
    struct wf_random random;
    wf_random_init(&random, 3);
    for (uint32_t step = 0; step < 50000; step++) {
        if (count < JOBS && wf_random_below(&random, 2) == 0) {
            uint32_t array = 1 + (uint32_t)wf_random_below(&random, ARRAYS);
            all[count++] = array;
            running[array]++;
            wf_arrays_start(&arrays, array);
        } else if (count > 0) {
            uint32_t which = (uint32_t)wf_random_below(&random, count);
            running[all[which]]--;
            wf_arrays_stop(&arrays, all[which]);
            all[which] = all[--count];
        }
        uint32_t array = 1 + (uint32_t)wf_random_below(&random, ARRAYS);
        assert_int_equal(wf_arrays_running(&arrays, array), running[array]);
        if (count > 0) {
            array = all[wf_random_below(&random, count)];
            assert_int_equal(wf_arrays_running(&arrays, array), running[array]);
        }
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(each_array_is_counted_for_itself),
        cmocka_unit_test(counts_survive_whoever_leaves),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
