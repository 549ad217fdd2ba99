// SPDX-License-Identifier: Apache-2.0
// A desk that is opened again goes on from the snapshot where it fits, and steps the journal where
// it does not; either way it is as it was.
#include "desk_bed.h"

#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#define RUN "{\"command\":[\"work\"],\"gpus\":\"H100:2\"}"

static void save(struct bed *bed)
{
    uint64_t lines = wf_desk_lines(bed->desk);
    assert_true(wf_desk_unsaved(bed->desk) > 0);
    assert_int_equal(wf_desk_save(bed->desk, NULL), WF_OK);
    assert_int_equal(wf_desk_keep_snapshot(bed->desk, lines, NULL), WF_OK);
    assert_int_equal(wf_desk_unsaved(bed->desk), 0);
}

static void again(struct bed *bed)
{
    bed_close(bed);
    bed->said[0] = '\0';
    bed_open(bed);
    bed_settle(bed);
}

// Two run, one waits.
static void begin(struct bed *bed)
{
    bed_make(bed, 4);
    for (uint32_t i = 0; i < 3; i++) {
        bed_submit(bed, i == 1 ? "bob" : "ada", RUN);
    }
    bed_begin(bed, "j1-1");
    bed_begin(bed, "j2-1");
    bed_settle(bed);
}

static void all_is_as_it_was(struct bed *bed)
{
    assert_string_equal(bed_state(bed, 1), "running");
    assert_string_equal(bed_state(bed, 3), "waiting");
    bed_later(bed, 60000);
    bed_end(bed, "j1-1", WF_RUN_END_EXIT, 0);
    bed_settle(bed);
    assert_string_equal(bed_state(bed, 1), "done");
    assert_true(bed_has(bed, "j3-1"));
    assert_int_equal(bed_submit(bed, "bob", RUN), 4);
    bed_check_journal(bed);
}

static void a_restart_steps_what_came_after_the_snapshot(void **unused)
{
    (void)unused;
    struct bed bed;
    begin(&bed);
    save(&bed);
    again(&bed);
    assert_string_equal(bed.said, "");
    assert_int_equal(wf_desk_unsaved(bed.desk), 0);
    bed_later(&bed, 1000);
    bed_submit(&bed, "carol", RUN);
    uint64_t unsaved = wf_desk_unsaved(bed.desk), lines = wf_desk_lines(bed.desk);
    assert_true(unsaved > 0 && unsaved < lines);
    again(&bed);
    assert_string_equal(bed.said, "");
    assert_int_equal(wf_desk_unsaved(bed.desk), unsaved);
    assert_string_equal(bed_state(&bed, 4), "waiting");
    bed_check_journal(&bed);
    bed_clear(&bed);
}

static void a_snapshot_that_is_damaged_is_left_out(void **unused)
{
    (void)unused;
    struct bed bed;
    struct stat about;
    begin(&bed);
    save(&bed);
    assert_int_equal(stat(bed.snapshot, &about), 0);
    assert_int_equal(truncate(bed.snapshot, about.st_size / 2), 0);
    again(&bed);
    assert_non_null(strstr(bed.said, "of no use"));
    assert_non_null(strstr(bed.said, "cut short"));
    assert_int_equal(wf_desk_unsaved(bed.desk), wf_desk_lines(bed.desk));
    all_is_as_it_was(&bed);
    bed_clear(&bed);
}

// As when the database comes back from yesterday's copy.
static void a_snapshot_of_another_journal_is_left_out(void **unused)
{
    (void)unused;
    struct bed bed, other;
    char command[400];
    begin(&bed);
    bed_make(&other, 4);
    bed_later(&other, 5000); // the decisions are the same
    bed_submit(&other, "ada", RUN);
    save(&other);
    snprintf(command, sizeof command, "cp %s %s", other.snapshot, bed.snapshot);
    assert_int_equal(system(command), 0); // NOLINT(cert-env33-c): two names of our own
    bed_clear(&other);
    again(&bed);
    assert_non_null(strstr(bed.said, "of no use"));
    all_is_as_it_was(&bed);
    bed_clear(&bed);
}

static void none_is_made_of_what_was_not_handed_out(void **unused)
{
    (void)unused;
    struct bed bed;
    struct wf_job_document document;
    begin(&bed);
    struct wf_desk_ask ask = bed_ask(&bed, "ada", false);
    assert_int_equal(wf_job_document_parse(RUN, strlen(RUN), &document, NULL), WF_OK);
    assert_true(wf_desk_unsaved(bed.desk) > 0);
    assert_int_equal(wf_desk_submit(bed.desk, &document, &ask, NULL), WF_OK);
    assert_int_equal(wf_desk_unsaved(bed.desk), 0);
    bed_settle(&bed);
    assert_true(wf_desk_unsaved(bed.desk) > 0);
    wf_job_document_finish(&document);
    bed_clear(&bed);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(a_restart_steps_what_came_after_the_snapshot),
        cmocka_unit_test(a_snapshot_that_is_damaged_is_left_out),
        cmocka_unit_test(a_snapshot_of_another_journal_is_left_out),
        cmocka_unit_test(none_is_made_of_what_was_not_handed_out),
    };
    return cmocka_run_group_tests_name("desk and snapshots", tests, NULL, NULL);
}
