// SPDX-License-Identifier: Apache-2.0
// A tour of what sacct prints, in the files tests/data/sacct_tour*: what each line becomes.
#include <stdlib.h>

#include "read_all.h"

#define AT(hour, minute, second) (MAY_2026_MS + ((hour) * 3600 + (minute) * 60 + (second)) * 1000LL)
#define NEVER WF_TIME_UNKNOWN

static struct all read_data(const char *name)
{
    static char path[1024];
    const char *data = getenv("WHALEFLUX_TEST_DATA");
    snprintf(path, sizeof path, "%s/%s", data ? data : "tests/data", name);
    const struct wf_history_config config = {.path = path, .format = WF_HISTORY_GUESS};
    struct all all;
    struct wf_error err = {.text = ""};
    if (read_path(&config, &all, &err) != WF_OK) {
        fail_msg("%s: %s", path, err.text);
    }
    return all;
}

static const struct {
    const char *id;
    int64_t submit_ms, eligible_ms, start_ms, end_ms, limit_ms, lost_ms;
    enum wf_history_end end;
    uint32_t restarts, tasks, cpu_milli, memory_mib, gpus;
    const char *models, *labels, *array, *queue, *nodes;
} rows[] = {
    // Without an end, what it took tells it; steps and a line that stands there twice add nothing.
    {"4690", AT(8, 0, 0), AT(8, 0, 0), AT(8, 0, 10), AT(8, 0, 10) + DAY_MS + 7384000, 2 * DAY_MS, 0,
     WF_ENDED_WELL, 0, 1, 8000, 65536, 4, "", "", "", "bio", "h1"},
    {"4691", AT(8, 1, 0), AT(8, 1, 0), NEVER, AT(8, 5, 0), 3600000, 0, WF_ENDED_CANCELLED, 0, 1,
     1000, 1000, 1, "", "", "", "bio", ""},
    {"4692", AT(8, 2, 0), AT(8, 2, 0), AT(8, 2, 1), AT(8, 3, 1), 3600000, 0, WF_ENDED_CANCELLED, 0,
     1, 1000, 1, 1, "", "amd", "", "bio", "m1"},
    {"4693", AT(8, 3, 0), AT(9, 0, 0), AT(9, 0, 2), AT(10, 0, 32), 3600000, 0, WF_ENDED_TIMEOUT, 0,
     2, 32000, 524288, 8, "h100", "nvlink&h100", "", "bio", "h[2-3]"},
    {"4694", AT(8, 4, 0), AT(8, 4, 0), AT(8, 22, 0), AT(8, 52, 0), 0, 600000, WF_ENDED_WELL, 1, 1,
     2000, 4096, 2, "", "", "", "lab/chem", "h5"},
    {"4700_3", AT(8, 5, 0), AT(8, 5, 0), AT(8, 5, 1), AT(8, 6, 1), 600000, 0,
     WF_ENDED_OUT_OF_MEMORY, 0, 1, 1000, 2560, 1, "", "", "4700", "bio", "h1"},
    {"4700_4", AT(8, 5, 0), AT(8, 5, 0), AT(8, 5, 1), NEVER, 600000, 0, WF_ENDED_NOT_YET, 0, 1,
     1000, 2560, 1, "", "", "4700", "bio", "h1"},
    {"4700_5", AT(8, 5, 0), AT(8, 5, 0), NEVER, NEVER, 600000, 0, WF_ENDED_NOT_YET, 0, 1, 1000,
     2560, 1, "", "", "4700", "bio", ""},
    {"4700_9", AT(8, 5, 0), AT(8, 5, 0), NEVER, NEVER, 600000, 0, WF_ENDED_NOT_YET, 0, 1, 1000,
     2560, 1, "", "", "4700", "bio", ""},
    {"4711+0", AT(8, 6, 0), AT(8, 6, 0), AT(8, 7, 0), AT(8, 17, 0), 1800000, 0, WF_ENDED_WELL, 0, 1,
     4000, 8192, 4, "", "", "", "bio", "h6"},
    {"4711+1", AT(8, 6, 0), AT(8, 6, 0), AT(8, 7, 0), AT(8, 17, 0), 1800000, 0, WF_ENDED_WELL, 0, 1,
     32000, 16384, 0, "", "", "", "bio", "m2"},
    {"4720", AT(8, 7, 0), AT(8, 7, 0), AT(8, 8, 0), AT(8, 9, 0), 300000, 0, WF_ENDED_FAILED, 0, 1,
     1000, 100, 0, "", "", "", "bio", "h1"},
};

static void the_tour_becomes_these_jobs(void **state)
{
    (void)state;
    struct all all = read_data("sacct_tour.txt");
    assert_int_equal(all.count, 15);
    for (uint32_t i = 0; i < WF_COUNT_OF(rows); i++) {
        const struct wf_history_job *job = job_of(&all, rows[i].id);
        const struct wf_request *request = &job->request;
        if (job->submit_ms != rows[i].submit_ms || job->eligible_ms != rows[i].eligible_ms ||
            job->start_ms != rows[i].start_ms || job->end_ms != rows[i].end_ms ||
            job->limit_ms != rows[i].limit_ms || job->lost_ms != rows[i].lost_ms) {
            fail_msg("%s has another time", rows[i].id);
        }
        if (job->end != rows[i].end || job->restarts != rows[i].restarts ||
            job->tasks != rows[i].tasks || request->cpu_milli != rows[i].cpu_milli ||
            request->memory_mib != rows[i].memory_mib || request->gpus != rows[i].gpus) {
            fail_msg("%s: end %d, %u restarts, %u tasks of %u mCPU, %u MiB, %u GPUs", rows[i].id,
                     (int)job->end, job->restarts, job->tasks, request->cpu_milli,
                     request->memory_mib, request->gpus);
        }
        assert_string_equal(name_of(&all, job->models), rows[i].models);
        assert_string_equal(name_of(&all, job->labels), rows[i].labels);
        assert_string_equal(name_of(&all, job->array), rows[i].array);
        assert_string_equal(name_of(&all, job->queue), rows[i].queue);
        assert_string_equal(name_of(&all, job->nodes), rows[i].nodes);
        assert_int_equal(job->array_max, rows[i].array[0] ? 2 : 0);
    }
    const struct wf_history_summary *summary = wf_history_summary(all.history);
    assert_int_equal(summary->lines, 16);
    assert_int_equal(summary->damaged, 0);
    assert_int_equal(summary->skipped, 3);
    assert_int_equal(summary->repeated, 1);
    assert_int_equal(summary->heterogeneous, 2);
    assert_int_equal(summary->never_started, 6);
    wf_history_close(all.history);
}

// As sacct prints for people: it cuts what is too long, and lists of GPUs are then no use.
static void a_table_for_people_is_read_as_far_as_it_goes(void **state)
{
    (void)state;
    struct all all = read_data("sacct_tour_fixed.txt");
    assert_int_equal(all.count, 2);
    const struct wf_history_job *job = job_of(&all, "4691");
    assert_true(job->start_ms == NEVER);
    assert_int_equal(job->end, WF_ENDED_CANCELLED);
    assert_int_equal(job->limit_ms, 3600000);
    assert_string_equal(name_of(&all, job->user), "ben");
    job = job_of(&all, "4692");
    assert_true(job->end_ms == AT(8, 3, 1));
    assert_int_equal(job->end, WF_ENDED_OUT_OF_MEMORY);
    assert_int_equal(job->tasks, 2);
    assert_int_equal(job->request.gpus, 8);
    assert_string_equal(name_of(&all, job->nodes), "m[1-2]");
    const struct wf_history_summary *summary = wf_history_summary(all.history);
    assert_int_equal(summary->lines, 4);
    assert_int_equal(summary->skipped, 1);
    assert_int_equal(summary->damaged, 1);
    complains(&all,
              "line 3: AllocTRES 'billing=8,cpu=8,gres/gpu:h100=4,gres/gpu=+' is no list of TRES");
    wf_history_close(all.history);
}

static void spaces_between_columns_without_dashes_are_refused(void **state)
{
    (void)state;
    refused((struct wf_history_config){.format = WF_HISTORY_GUESS},
            "       JobID              Submit \n          1          1777593600 \n", WF_NOTFOUND,
            "line 2: spaces are between the columns, and no line of dashes is under the header");
    char wide[600] = "       JobID Submit \n";
    for (uint32_t i = 0; i < 129; i++) {
        size_t used = strlen(wide);
        snprintf(wide + used, sizeof wide - used, "- ");
    }
    refused((struct wf_history_config){.format = WF_HISTORY_GUESS}, wide, WF_LIMIT,
            "the table has more than 128 columns");
    struct all all =
        read_text("JobID      Submit \n----- ----------- \n    1 1777593600 \n"
                  "JobID      Submit \n----- ----------- \n    2 1777593601 \n    3\n");
    assert_int_equal(all.count, 2);
    complains(&all, "line 7: Submit '' is no time");
    wf_history_close(all.history);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(the_tour_becomes_these_jobs),
        cmocka_unit_test(a_table_for_people_is_read_as_far_as_it_goes),
        cmocka_unit_test(spaces_between_columns_without_dashes_are_refused),
    };
    return cmocka_run_group_tests(tests, scratch_begin, scratch_end);
}
