// SPDX-License-Identifier: Apache-2.0
#include "core/future/room.h"

#include "base/random.h"
#include "core/place/capacity.h"
#include "unit/core/small_future.h"

static const struct wf_room none;

static struct wf_state random_state(struct wf_random *random)
{
    struct wf_node_spec spec = {
        .cpu_milli = (uint32_t)wf_random_below(random, 20000),
        .memory_mib = (uint32_t)wf_random_below(random, 2000),
        .gpus = (uint8_t)wf_random_below(random, 17),
    };
    struct wf_state state;
    wf_state_init(&state, &spec);
    for (uint32_t gpu = 0; gpu < spec.gpus; gpu++) {
        struct wf_request share = {
            .gpus = 1,
            .gpu_milli = (uint16_t)(wf_random_below(random, 2) * wf_random_below(random, 1000)),
        };
        wf_state_take(&state, &share, UINT32_C(1) << gpu);
    }
    return state;
}

static struct wf_request random_request(struct wf_random *random)
{
    uint8_t gpus = (uint8_t)wf_random_below(random, 5);
    uint16_t share = (uint16_t)(1 + wf_random_below(random, 1000));
    uint16_t milli = gpus == 1 ? share : (uint16_t)(gpus > 0 ? WF_GPU_MILLI : 0);
    return small_request((uint32_t)wf_random_below(random, 3000), gpus, milli);
}

static void a_room_takes_what_a_state_takes(void **unused)
{
    (void)unused;
    struct wf_random random;
    wf_random_init(&random, 1);
    uint32_t fitting = 0;
    for (uint32_t i = 0; i < 20000; i++) {
        struct wf_state state = random_state(&random);
        struct wf_request request = random_request(&random);
        struct wf_room room = wf_room_of(&state, &none);
        assert_int_equal(wf_room_capacity(&room, &request), wf_state_capacity(&state, &request));
        if (wf_state_fits(&state, &request)) {
            struct wf_use use = wf_room_use(&room, NULL, &request);
            uint32_t gpu = wf_state_tightest_gpu(&state, request.gpu_milli);
            assert_int_equal(use.gpu_set, wf_state_gpu_set(&state, &request, gpu));
            wf_room_take(&room, &use);
            wf_state_take(&state, &request, use.gpu_set);
            struct wf_state written = state;
            wf_room_write(&room, &written);
            assert_memory_equal(&written, &state, sizeof state);
            struct wf_room again = wf_room_of(&state, &none);
            assert_true(wf_room_is_equal(&room, &again));
            fitting++;
        }
    }
    assert_true(fitting > 5000);
}

static void a_room_below_zero_lacks_what_it_is_short_of(void **unused)
{
    (void)unused;
    struct wf_room room = {.cpu_milli = -1, .memory_mib = 10, .gpu_milli = {0, -5, 1000}};
    struct wf_use cpu = {.cpu_milli = 1}, memory = {.memory_mib = 99},
                  free_gpus = {.gpu_set = 5, .gpu_milli = 1000},
                  short_gpu = {.gpu_set = 2, .gpu_milli = 1};
    assert_true(wf_room_is_overdrawn(&room));
    assert_true(wf_room_lacks(&room, &cpu));
    assert_false(wf_room_lacks(&room, &memory));
    assert_false(wf_room_lacks(&room, &free_gpus));
    assert_true(wf_room_lacks(&room, &short_gpu));
    // Work that takes no CPU still fits.
    struct wf_request request = small_request(0, 1, 1000);
    assert_int_equal(wf_room_capacity(&room, &request), 1);
    request.cpu_milli = 1;
    assert_int_equal(wf_room_capacity(&room, &request), 0);
    assert_false(wf_room_is_overdrawn(&none));
}

static void a_room_is_lowered_amount_by_amount(void **unused)
{
    (void)unused;
    struct wf_room a = {.cpu_milli = 5, .memory_mib = -3, .gpu_milli = {7, -1}};
    struct wf_room b = {.cpu_milli = 4, .memory_mib = 3, .gpu_milli = {8, -2}};
    struct wf_room least = {.cpu_milli = 4, .memory_mib = -3, .gpu_milli = {7, -2}};
    struct wf_room rest = wf_room_less(&a, &b);
    assert_int_equal(rest.cpu_milli, 1);
    assert_int_equal(rest.memory_mib, -6);
    assert_int_equal(rest.gpu_milli[0], -1);
    wf_room_lower(&a, &b);
    assert_true(wf_room_is_equal(&a, &least));
    assert_false(wf_room_is_equal(&a, &b));
}

static void what_is_free_already_is_planned_with_last(void **state)
{
    (void)state;
    struct wf_room then = {.gpu_milli = {1000, 1000, 500, 1000, 1000}};
    struct wf_room now = {.gpu_milli = {1000, 0, 500, 1000, 999}};
    struct wf_request request = {.gpus = 2, .gpu_milli = 1000};
    assert_int_equal(wf_room_use(&then, NULL, &request).gpu_set, 1 << 0 | 1 << 1);
    assert_int_equal(wf_room_use(&then, &now, &request).gpu_set, 1 << 1 | 1 << 4);
    request.gpus = 3;
    assert_int_equal(wf_room_use(&then, &now, &request).gpu_set, 1 << 0 | 1 << 1 | 1 << 4);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(a_room_takes_what_a_state_takes),
        cmocka_unit_test(a_room_below_zero_lacks_what_it_is_short_of),
        cmocka_unit_test(a_room_is_lowered_amount_by_amount),
        cmocka_unit_test(what_is_free_already_is_planned_with_last),
    };
    return cmocka_run_group_tests_name("room", tests, NULL, NULL);
}
