// SPDX-License-Identifier: Apache-2.0
#include "core/state.h"

#include "base/random.h"
#include "core/place/capacity.h"
#include "small_cluster.h"

static struct wf_state state_of(uint8_t gpus)
{
    struct wf_node_spec spec = {.cpu_milli = 8000, .memory_mib = 1000, .gpus = gpus};
    struct wf_state state;
    wf_state_init(&state, &spec);
    return state;
}

static struct wf_request request_for(uint8_t gpus, uint16_t gpu_milli)
{
    return small_job(1, 1000, gpus, gpu_milli).request;
}

static void a_node_without_gpus_holds_cpu_only_work(void **unused)
{
    (void)unused;
    struct wf_state state = state_of(0);
    assert_int_equal(state.share_free_milli, 0);
    assert_int_equal(wf_state_gpu_total_milli(&state), 0);
    struct wf_request cpu = request_for(0, 0), share = request_for(1, 1),
                      whole = request_for(1, 1000);
    assert_true(wf_state_fits(&state, &cpu));
    assert_false(wf_state_fits(&state, &share));
    assert_false(wf_state_fits(&state, &whole));
    assert_int_equal(wf_state_gpu_set(&state, &cpu, 0), 0);
    assert_int_equal(wf_state_capacity(&state, &cpu), 8);
}

static void a_node_of_sixteen_gpus_is_used_to_the_last(void **unused)
{
    (void)unused;
    struct wf_state state = state_of(16);
    assert_int_equal(wf_state_gpu_total_milli(&state), 16000);
    struct wf_request all = request_for(16, 1000), one = request_for(1, 1000);
    assert_int_equal(wf_state_gpu_set(&state, &all, 0), 0xffff);
    wf_state_take(&state, &one, 1 << 15);
    assert_false(wf_state_fits(&state, &all));
    wf_state_take(&state, &one, 1 << 2);
    struct wf_request fourteen = request_for(14, 1000);
    assert_int_equal(wf_state_gpu_set(&state, &fourteen, 0), 0x7ffb); // lowest free ones first
    wf_state_take(&state, &fourteen, 0x7ffb);
    assert_int_equal(wf_state_gpu_total_milli(&state), 0);
    assert_int_equal(state.share_free_milli, 0);
}

static void the_smallest_and_the_largest_share_fit_together(void **unused)
{
    (void)unused;
    struct wf_state state = state_of(1);
    struct wf_request least = request_for(1, 1), most = request_for(1, 999);
    wf_state_take(&state, &most, 1);
    assert_int_equal(state.gpus_whole, 0);
    assert_int_equal(state.share_free_milli, 1);
    assert_true(wf_state_fits(&state, &least));
    assert_false(wf_state_fits(&state, &most));
    wf_state_take(&state, &least, 1);
    assert_false(wf_state_fits(&state, &least));
    wf_state_give(&state, &most, 1);
    wf_state_give(&state, &least, 1);
    struct wf_state fresh = state_of(1);
    assert_memory_equal(&state, &fresh, sizeof state);
}

static void the_tightest_gpu_is_the_lowest_of_equals(void **unused)
{
    (void)unused;
    struct wf_state state = state_of(4);
    const uint16_t free_milli[] = {1000, 400, 400, 300};
    memcpy(state.gpu_free_milli, free_milli, sizeof free_milli);
    assert_int_equal(wf_state_tightest_gpu(&state, 300), 3);
    assert_int_equal(wf_state_tightest_gpu(&state, 301), 1);
    assert_int_equal(wf_state_tightest_gpu(&state, 401), 0);
}

static void tasks_have_kinds_by_size(void **unused)
{
    (void)unused;
    struct wf_request share = request_for(1, 999), one = request_for(1, 1000),
                      many = request_for(16, 1000);
    assert_int_equal(wf_task_kind(&share), 0);
    assert_int_equal(wf_task_kind(&one), 1);
    assert_int_equal(wf_task_kind(&many), 16);
    assert_true(wf_request_is_share(&share));
    assert_false(wf_request_is_share(&one));
}

// A share takes whole slices: n of one slice fill a GPU of n, never n + 1, and so does any cut.
static void slices_fill_a_gpu_exactly(void **unused)
{
    (void)unused;
    static const uint8_t cuts[] = {1, 2, 3, 7, 31};
    for (unsigned i = 0; i < WF_COUNT_OF(cuts); i++) {
        struct wf_pool pool = {.spec = {.slices = cuts[i]}};
        for (uint16_t milli = 1; milli < WF_GPU_MILLI; milli++) {
            struct wf_request request = request_for(1, milli);
            request.cpu_milli = 0;
            struct wf_request served = wf_pool_request(&pool, &request);
            uint32_t slices = (milli * cuts[i] + 999u) / 1000; // whole ones, at least as much
            assert_true(served.gpu_milli >= milli);
            assert_int_equal(served.gpu_milli, 1000 * slices / cuts[i]);
            struct wf_state state = state_of(1);
            assert_int_equal(wf_state_capacity(&state, &served), cuts[i] / slices);
        }
        struct wf_request whole = request_for(1, 1000), none = request_for(0, 0);
        assert_int_equal(wf_pool_request(&pool, &whole).gpu_milli, 1000);
        assert_int_equal(wf_pool_request(&pool, &none).gpu_milli, 0);
    }
}

// What was taken and given back in any order is what there was before.
static void taking_and_giving_back_adds_up(void **unused)
{
    (void)unused;
    struct wf_random random;
    wf_random_init(&random, 7);
    struct wf_state state = state_of(8), fresh = state;
    struct wf_request taken[64];
    uint32_t sets[64], count = 0;
    for (unsigned i = 0; i < 20000; i++) {
        if (count > 0 && wf_random_below(&random, 2) == 0) {
            uint32_t at = (uint32_t)wf_random_below(&random, count--);
            wf_state_give(&state, &taken[at], sets[at]);
            taken[at] = taken[count];
            sets[at] = sets[count];
        } else {
            bool share = wf_random_below(&random, 2) == 0;
            struct wf_request request =
                share ? request_for(1, (uint16_t)(1 + wf_random_below(&random, 999)))
                      : request_for((uint8_t)(1 + wf_random_below(&random, 3)), 1000);
            request.cpu_milli = 100;
            if (!wf_state_fits(&state, &request)) {
                continue;
            }
            sets[count] = wf_state_gpu_set(&state, &request,
                                           wf_state_tightest_gpu(&state, request.gpu_milli));
            wf_state_take(&state, &request, sets[count]);
            taken[count++] = request;
        }
        uint32_t largest = 0, whole = 0;
        for (uint32_t gpu = 0; gpu < 8; gpu++) {
            largest = state.gpu_free_milli[gpu] > largest ? state.gpu_free_milli[gpu] : largest;
            whole += state.gpu_free_milli[gpu] == 1000;
        }
        assert_int_equal(state.share_free_milli, largest);
        assert_int_equal(state.gpus_whole, whole);
    }
    while (count-- > 0) {
        wf_state_give(&state, &taken[count], sets[count]);
    }
    assert_memory_equal(&state, &fresh, sizeof state);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(a_node_without_gpus_holds_cpu_only_work),
        cmocka_unit_test(a_node_of_sixteen_gpus_is_used_to_the_last),
        cmocka_unit_test(the_smallest_and_the_largest_share_fit_together),
        cmocka_unit_test(the_tightest_gpu_is_the_lowest_of_equals),
        cmocka_unit_test(tasks_have_kinds_by_size),
        cmocka_unit_test(slices_fill_a_gpu_exactly),
        cmocka_unit_test(taking_and_giving_back_adds_up),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
