// SPDX-License-Identifier: Apache-2.0
// The desk, flow by flow, with a real database and an engine made of memory.
#include "desk_bed.h"

#include <string.h>

#define RUN "{\"command\":[\"work\"],\"gpus\":\"H100:4\"}"

static void a_job_runs_and_ends(void **unused)
{
    (void)unused;
    struct bed bed;
    bed_make(&bed, 4);
    uint64_t job = bed_submit(&bed, "ada", RUN);
    assert_int_equal(job, 1);
    assert_true(bed_has(&bed, "j1-1")); // started when it was on the disk
    assert_string_equal(bed_state(&bed, 1), "running");
    bed_begin(&bed, "j1-1");
    bed_later(&bed, 3600000);
    bed_end(&bed, "j1-1", WF_RUN_END_EXIT, 0);
    bed_settle(&bed);
    assert_string_equal(bed_state(&bed, 1), "done");
    bed_check_journal(&bed);
    assert_int_equal(wf_desk_count(bed.desk).cost_nanousd, INT64_C(4000000000));
    bed_clear(&bed);
}

static void nothing_starts_before_it_is_on_the_disk(void **unused)
{
    (void)unused;
    struct bed bed;
    bed_make(&bed, 4);
    bed_settle(&bed);
    struct wf_desk_ask ask = bed_ask(&bed, "ada", false);
    struct wf_job_document document;
    assert_int_equal(wf_job_document_parse(RUN, strlen(RUN), &document, NULL), WF_OK);
    assert_int_equal(wf_desk_submit(bed.desk, &document, &ask, NULL), WF_OK);
    assert_int_equal(bed.engine->count, 0);
    assert_int_equal(bed.answered, 0);
    const struct wf_batch *batch = wf_desk_batch(bed.desk);
    assert_non_null(batch);
    assert_null(wf_desk_batch(bed.desk)); // one at a time
    assert_int_equal(bed.engine->count, 0);
    assert_int_equal(wf_database_write(bed.db, batch, NULL), WF_OK);
    assert_int_equal(bed.engine->count, 0);
    assert_int_equal(wf_desk_written(bed.desk, WF_OK, NULL, NULL), WF_OK);
    assert_int_equal(bed.engine->count, 1);
    assert_int_equal(bed.answered, 1);
    wf_job_document_finish(&document);
    bed_clear(&bed);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(a_job_runs_and_ends),
        cmocka_unit_test(nothing_starts_before_it_is_on_the_disk),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
