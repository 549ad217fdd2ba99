// SPDX-License-Identifier: Apache-2.0
// The real table of arrivals, waits and run times. Skips where it is not at hand ($WHALEFLUX_DATA,
// default ../shared/data).
#include <stdlib.h>
#include <unistd.h>

#include "read_all.h"

static char real_path[512];

static void the_real_table_has_what_its_readme_says(void **state)
{
    (void)state;
    struct wf_history_config config = {.path = real_path, .strict = true};
    struct all all;
    struct wf_error err = {0};
    if (read_path(&config, &all, &err) != WF_OK) {
        fail_msg("%s", err.text);
    }
    const struct wf_history_summary *summary = wf_history_summary(all.history);
    assert_int_equal(summary->jobs, 7255);
    assert_int_equal(summary->lines, 7255);
    assert_int_equal(summary->damaged + summary->repeated + summary->never_started +
                         summary->never_ended + summary->clock_jumps + summary->complaint_count,
                     0);
    assert_int_equal(summary->first_ms, 0);
    assert_in_range(summary->last_ms, INT64_C(12500000000), INT64_C(13000000000));
    wf_history_close(all.history);
}

int main(void)
{
    const char *data = getenv("WHALEFLUX_DATA");
    data = data ? data : "../shared/data";
    snprintf(real_path, sizeof real_path, "%s/jobs/openb_jobs.csv.gz", data);
    if (access(real_path, R_OK) != 0) {
        // The TAP way, for the whole program: cmocka 1.1 prints skip() as a failure.
        printf("1..0 # SKIP no table in %s/jobs: WHALEFLUX_DATA names the folder above\n", data);
        return 0;
    }
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(the_real_table_has_what_its_readme_says),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
