// SPDX-License-Identifier: Apache-2.0
#include "core/place/demand.h"

#include "unit/core/small_cluster.h"
#include "unit/core/small_region.h"

static struct wf_demand demand;
static struct wf_mix mix;

static int make(void **unused)
{
    (void)unused;
    wf_demand_init(&demand);
    return wf_mix_init(&mix, small_region(), 2, NULL) == WF_OK ? 0 : -1;
}

static bool count(uint32_t cpu_milli, uint8_t gpus)
{
    struct wf_request request = {
        .cpu_milli = cpu_milli,
        .gpus = gpus,
        .gpu_milli = gpus > 0 ? WF_GPU_MILLI : 0,
        .models = 1,
    };
    return wf_demand_count(&demand, &request);
}

static int64_t sum_of_counts(void)
{
    int64_t sum = 0;
    for (uint32_t i = 0; i < demand.count; i++) {
        sum += demand.classes[i].count;
    }
    return sum;
}

static void alike_requests_are_one_class(void **unused)
{
    (void)unused;
    struct wf_request request = {.cpu_milli = 1000, .gpus = 1, .gpu_milli = 500, .models = 1};
    wf_demand_count(&demand, &request);
    request.memory_mib = 77; // memory, labels and place make no class
    request.labels = 3;
    request.place.zone = 9;
    wf_demand_count(&demand, &request);
    assert_int_equal(demand.count, 1);
    request.gpu_milli = 501;
    wf_demand_count(&demand, &request);
    request.models = 2;
    wf_demand_count(&demand, &request);
    assert_int_equal(demand.count, 3);
    count(500, 0);
    struct wf_request cpu_only = {.cpu_milli = 500, .models = 2}; // models mean nothing then
    wf_demand_count(&demand, &cpu_only);
    assert_int_equal(demand.count, 4);
    assert_int_equal(demand.classes[3].count, 2 * WF_DEMAND_UNIT);
    assert_int_equal(wf_demand_arrivals(&demand), 6);
}

// Due after 32 arrivals, then 32 + 17, 49 + 25, ...: half as many again, but never later than
// 2,048.
static void forecasts_come_less_and_less_often(void **unused)
{
    (void)unused;
    uint64_t due[64];
    uint32_t forecasts = 0;
    for (uint64_t arrival = 1; arrival <= 40000; arrival++) {
        if (count(1000, 1)) {
            due[forecasts++] = arrival;
            wf_demand_forecast(&demand, &mix);
        }
    }
    assert_int_equal(due[0], WF_DEMAND_FIRST);
    assert_int_equal(due[1], 49);
    assert_int_equal(due[2], 74);
    for (uint32_t i = 1; i < forecasts; i++) {
        uint64_t gap = due[i - 1] / 2 + 1;
        assert_int_equal(due[i] - due[i - 1], gap < WF_DEMAND_GAP_MAX ? gap : WF_DEMAND_GAP_MAX);
    }
    assert_int_equal(due[forecasts - 1] - due[forecasts - 2], WF_DEMAND_GAP_MAX);
}

static void counts_are_halved_and_what_nobody_asks_for_fades(void **unused)
{
    (void)unused;
    count(9999, 2); // asked for once
    for (uint32_t i = 1; i < WF_DEMAND_HALF_LIFE - 1; i++) {
        count(1000, 1);
    }
    assert_int_equal(demand.total, (int64_t)(WF_DEMAND_HALF_LIFE - 1) * WF_DEMAND_UNIT);
    count(1000, 1);
    assert_int_equal(demand.total, (int64_t)WF_DEMAND_HALF_LIFE * WF_DEMAND_UNIT / 2);
    assert_int_equal(demand.classes[0].count, WF_DEMAND_UNIT / 2);
    for (uint32_t i = 0; i < 4 * WF_DEMAND_HALF_LIFE; i++) {
        count(1000, 1);
    }
    assert_int_equal(demand.count, 1); // 16 / 2^5 is none
    assert_int_equal(sum_of_counts(), demand.total);
    assert_true(demand.total <= WF_MIX_TOTAL_MAX);
    assert_true(count(1000, 1)); // and it is still found
    assert_int_equal(demand.count, 1);
}

static void a_newcomer_takes_the_place_and_the_count_of_the_rarest(void **unused)
{
    (void)unused;
    for (uint32_t i = 0; i < WF_DEMAND_CLASSES_MAX; i++) {
        for (uint32_t k = 0; k < (i == 300 ? 2 : 3); k++) {
            count(i, 1);
        }
    }
    assert_int_equal(demand.count, WF_DEMAND_CLASSES_MAX);
    int64_t total = demand.total;
    count(100000, 1);
    assert_int_equal(demand.count, WF_DEMAND_CLASSES_MAX);
    assert_int_equal(demand.total, total + WF_DEMAND_UNIT);
    assert_int_equal(sum_of_counts(), demand.total);
    bool found = false;
    for (uint32_t i = 0; i < demand.count; i++) {
        assert_int_not_equal(demand.classes[i].cpu_milli, 300);
        if (demand.classes[i].cpu_milli == 100000) {
            found = true;
            assert_int_equal(demand.classes[i].count, 3 * WF_DEMAND_UNIT); // 2 inherited, 1 its own
        }
    }
    assert_true(found);
}

// Many more distinct requests than are kept: nothing is lost from the sum, and what is asked for
// often enough stays.
static void no_count_is_lost(void **unused)
{
    (void)unused;
    for (uint32_t i = 0; i < 19000; i++) {
        count(i % 10 == 0 ? 7 : 1000 + i, 1);
        assert_int_equal(demand.total, (int64_t)(i + 1) * WF_DEMAND_UNIT);
    }
    assert_int_equal(sum_of_counts(), demand.total);
    wf_demand_forecast(&demand, &mix);
    assert_int_equal(mix.classes[0].cpu_milli, 7);
    assert_int_equal(mix.classes[0].count, 1900 * WF_DEMAND_UNIT);
    assert_int_equal(mix.count, WF_MIX_CLASSES_MAX);
}

// 60 and 35 of 100 make the 95 %; the rest is left out. Equals go by what they ask for.
static void the_forecast_is_the_frequent_part(void **unused)
{
    (void)unused;
    for (uint32_t i = 0; i < 100; i++) {
        count(i < 60 ? 1000 : i < 95 ? 2000 : 3000 + i, 1);
    }
    wf_demand_forecast(&demand, &mix);
    assert_int_equal(mix.count, 2);
    assert_int_equal(mix.classes[0].cpu_milli, 1000);
    assert_int_equal(mix.classes[1].count, 35 * WF_DEMAND_UNIT);
    wf_demand_init(&demand);
    count(1000, 1);
    count(3000, 1);
    count(2000, 1);
    wf_demand_forecast(&demand, &mix);
    assert_int_equal(mix.classes[0].cpu_milli, 3000);
    assert_int_equal(mix.classes[2].cpu_milli, 1000);
}

#define FRESH(test) cmocka_unit_test_setup(test, make)

int main(void)
{
    const struct CMUnitTest tests[] = {
        FRESH(alike_requests_are_one_class),
        FRESH(forecasts_come_less_and_less_often),
        FRESH(counts_are_halved_and_what_nobody_asks_for_fades),
        FRESH(a_newcomer_takes_the_place_and_the_count_of_the_rarest),
        FRESH(no_count_is_lost),
        FRESH(the_forecast_is_the_frequent_part),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
