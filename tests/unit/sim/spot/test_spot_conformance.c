// SPDX-License-Identifier: Apache-2.0
// The published table of 1,000 starts, policy by policy (docs/spot.md). Skips where the traces are
// not at hand ($WHALEFLUX_DATA, default ../shared/data).
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <unistd.h>

#include <cmocka.h>

#include "sim/spot/spot_run.h"

enum { SPOT_ONLY, OPTIMAL, GREEDY, UNIFORM, COLUMNS };

static char trace_path[512], table_path[512];

static int64_t off(int64_t cost_nanousd, double usd)
{
    return llabs(cost_nanousd - (int64_t)(usd * 1e9));
}

static void every_start_costs_what_the_table_says(void **state)
{
    (void)state;
    const struct wf_spot_job job = {
        .tick_s = 600,
        .ticks = 312,
        .work_s = 172800,
        .deadline_s = 187200,
        .changeover_s = 360,
        .on_demand_nanousd_per_hour = 3060000000,
    };
    const int64_t spot = 973100000;
    const struct wf_spot_company alone = {0};
    struct wf_spot_set set;
    uint32_t *ages = NULL;
    char line[256];
    uint32_t rows = 0;
    assert_int_equal(wf_spot_set_read(trace_path, &set, NULL), WF_OK);
    assert_int_equal(wf_spot_ages_create(&set, &ages, NULL), WF_OK);
    FILE *table = fopen(table_path, "r");
    assert_non_null(table);
    assert_non_null(fgets(line, sizeof line, table));
    while (fgets(line, sizeof line, table)) {
        double usd[COLUMNS];
        char *at = line;
        struct wf_spot_course course = {
            .set = &set, .spot_nanousd_per_hour = &spot, .zone_count = 1};
        struct wf_spot_outcome outcome;
        int64_t optimum = 0;
        course.start = (uint32_t)strtoul(at, &at, 10);
        for (uint32_t i = 0; i < COLUMNS; i++) {
            usd[i] = strtod(at + 1, &at);
        }
        wf_spot_run_alone(&job, &course, &outcome);
        assert_in_range(off(outcome.cost_nanousd, usd[SPOT_ONLY]), 0, 51000);
        assert_int_equal(wf_spot_optimum(&job, &course, &optimum, NULL), WF_OK);
        assert_in_range(off(optimum, usd[OPTIMAL]), 0, 1000000);
        wf_spot_run(&job, &wf_spot_policy_greedy, &course, ages, &alone, &outcome);
        assert_in_range(off(outcome.cost_nanousd, usd[GREEDY]), 0, 1000000);
        wf_spot_run(&job, &wf_spot_policy_uniform_progress, &course, ages, &alone, &outcome);
        assert_in_range(off(outcome.cost_nanousd, usd[UNIFORM]), 0, 1000000);
        assert_true(outcome.met);
        rows++;
    }
    assert_int_equal(rows, 1000);
    fclose(table);
    free(ages);
    wf_spot_set_finish(&set);
}

int main(void)
{
    const char *data = getenv("WHALEFLUX_DATA");
    data = data ? data : "../shared/data";
    snprintf(trace_path, sizeof trace_path,
             "%s/spot/availability-1node-aws-2022-10-26/us-west-2a_v100_1.json", data);
    snprintf(table_path, sizeof table_path,
             "%s/spot/conformance/us-west-2a_v100_1_C48_D52_d0.1_prototype.csv", data);
    if (access(trace_path, R_OK) != 0 || access(table_path, R_OK) != 0) {
        // The TAP way, for the whole program: cmocka 1.1 prints skip() as a failure.
        printf("1..0 # SKIP no traces in %s/spot: WHALEFLUX_DATA names the folder above\n", data);
        return 0;
    }
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(every_start_costs_what_the_table_says),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
