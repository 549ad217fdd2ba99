// SPDX-License-Identifier: Apache-2.0
// The desk, flow by flow, with a real database and an engine made of memory.
#include "desk_bed.h"

#include <string.h>

#include "core/schedule/wait_reason.h"

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

// What became of a job is told the same by the next daemon, which has it from the journal alone.
static void how_it_came_about_outlives_the_daemon(void **unused)
{
    (void)unused;
    struct bed bed;
    bed_make(&bed, 4);
    bed_submit(&bed, "ada", RUN);
    uint64_t job = bed_submit(&bed, "ada", RUN);
    bed_settle(&bed);
    bed_begin(&bed, "j1-1");
    bed_later(&bed, 60000);
    struct wf_job_start start;
    assert_true(wf_desk_expected_start(bed.desk, job, &start));
    assert_true(start.low_ms <= start.middle_ms && start.middle_ms < start.high_ms);
    assert_true(start.low_ms >= bed.now_ms);
    struct wf_desk_ask ask = bed_ask(&bed, "ada", false);
    assert_int_equal(wf_desk_hold(bed.desk, job, true, &ask, NULL), WF_OK);
    bed_settle(&bed);
    assert_false(wf_desk_expected_start(bed.desk, job, &start)); // that is up to somebody
    bed_later(&bed, 60000);
    bed_submit(&bed, "ada", "{\"command\":[\"x\"]}"); // whatever happens, reasons are looked at
    bed_settle(&bed);
    ask = bed_ask(&bed, "ada", false);
    assert_int_equal(wf_desk_hold(bed.desk, job, false, &ask, NULL), WF_OK);
    bed_settle(&bed);
    bed_end(&bed, "j1-1", WF_RUN_END_EXIT, 0);
    bed_settle(&bed);
    assert_true(bed_has(&bed, "j2-1"));
    struct wf_diary_page page = *wf_desk_diary(bed.desk, job);
    assert_int_equal(page.steps[0].kind, WF_DIARY_WAITS);
    assert_int_equal(page.steps[0].reason, WF_WAIT_ROOM);
    assert_int_equal(page.steps[1].kind, WF_DIARY_WAITS);
    assert_int_equal(page.steps[1].reason, WF_WAIT_HELD);
    assert_int_equal(page.steps[page.shown - 1].kind, WF_DIARY_PLACED);
    assert_null(wf_desk_diary(bed.desk, 1)); // it is over
    bed_close(&bed);
    bed.engine->again = true;
    bed_open(&bed);
    const struct wf_diary_page *again = wf_desk_diary(bed.desk, job);
    assert_non_null(again);
    assert_int_equal(again->all, page.all);
    for (uint32_t i = 0; i < page.shown; i++) {
        assert_int_equal(again->steps[i].at_ms, page.steps[i].at_ms);
        assert_int_equal(again->steps[i].kind, page.steps[i].kind);
        assert_int_equal(again->steps[i].reason, page.steps[i].reason);
    }
    assert_null(wf_desk_diary(bed.desk, 1));
    bed_check_journal(&bed);
    bed_clear(&bed);
}

enum { KINDS_BYTES = 128 };

static bool note_kind(void *context, const struct wf_feed_row *row)
{
    char *kinds = context;
    size_t used = strlen(kinds);
    snprintf(kinds + used, KINDS_BYTES - used, "%s ", row->kind);
    return true;
}

// Short work has ended before anybody was told that it began.
static void a_short_run_is_told_to_have_started(void **unused)
{
    (void)unused;
    struct bed bed;
    bed_make(&bed, 4);
    uint64_t job = bed_submit(&bed, "ada", RUN);
    assert_true(bed_has(&bed, "j1-1"));
    bed_end(&bed, "j1-1", WF_RUN_END_EXIT, 0);
    bed_settle(&bed);
    char kinds[KINDS_BYTES] = "";
    const struct wf_feed_query query = {.job = job, .limit = 16};
    assert_int_equal(wf_database_feed(bed.db, &query, note_kind, kinds, NULL), WF_OK);
    assert_string_equal(kinds, "submitted started ended ");
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

static enum wf_status ask_cancel(struct bed *bed, const char *user, uint64_t job, bool *denied)
{
    struct wf_error err;
    struct wf_desk_ask ask = bed_ask(bed, user, false);
    enum wf_status status = wf_desk_cancel(bed->desk, job, &ask, &err);
    *denied = ask.denied;
    return status;
}

static enum wf_status ask_hold(struct bed *bed, uint64_t job, bool held)
{
    struct wf_error err;
    struct wf_desk_ask ask = bed_ask(bed, "ada", false);
    return wf_desk_hold(bed->desk, job, held, &ask, &err);
}

static void a_cancelled_run_keeps_its_gpus_until_it_has_ended(void **unused)
{
    (void)unused;
    struct bed bed;
    bool denied;
    bed_make(&bed, 4);
    bed_submit(&bed, "ada", RUN);
    bed_submit(&bed, "ada", RUN);
    bed_begin(&bed, "j1-1");
    bed_settle(&bed);
    assert_string_equal(bed_state(&bed, 2), "waiting");
    assert_int_equal(ask_cancel(&bed, "ada", 1, &denied), WF_OK);
    assert_false(bed_run(&bed, "j1-1")->stopped); // it is not on the disk yet
    bed_settle(&bed);
    assert_true(bed_run(&bed, "j1-1")->stopped);
    assert_int_equal(bed_run(&bed, "j1-1")->why, WF_RUN_STOP_CANCELLED);
    assert_string_equal(bed_state(&bed, 1), "ending");
    assert_string_equal(bed_state(&bed, 2), "running"); // placed,
    assert_false(bed_has(&bed, "j2-1"));                // but there is no room yet
    bed_end(&bed, "j1-1", WF_RUN_END_CANCELLED, -1);
    bed_settle(&bed);
    assert_string_equal(bed_state(&bed, 1), "cancelled");
    assert_true(bed_has(&bed, "j2-1"));
    bed_check_journal(&bed);
    bed_clear(&bed);
}

static void who_waits_is_cancelled_held_and_released(void **unused)
{
    (void)unused;
    struct bed bed;
    bool denied;
    bed_make(&bed, 4);
    bed_submit(&bed, "ada", RUN);
    bed_submit(&bed, "ada", RUN);
    bed_submit(&bed, "ada", RUN);
    assert_int_equal(ask_hold(&bed, 1, true), WF_EXISTS); // it runs
    assert_int_equal(ask_hold(&bed, 2, true), WF_OK);
    assert_int_equal(ask_cancel(&bed, "ada", 3, &denied), WF_OK);
    bed_settle(&bed);
    assert_string_equal(bed_state(&bed, 2), "held");
    assert_string_equal(bed_state(&bed, 3), "cancelled");
    assert_string_equal(bed_code(&bed, 3), "cancelled");
    bed_end(&bed, "j1-1", WF_RUN_END_EXIT, 0);
    bed_settle(&bed);
    assert_false(bed_has(&bed, "j2-1"));
    assert_int_equal(ask_hold(&bed, 2, false), WF_OK);
    bed_settle(&bed);
    assert_true(bed_has(&bed, "j2-1"));
    bed_clear(&bed);
}

static void whose_job_it_is_counts(void **unused)
{
    (void)unused;
    struct bed bed;
    bool denied;
    bed_make(&bed, 4);
    bed_submit(&bed, "ada", RUN);
    assert_int_equal(ask_cancel(&bed, "bob", 1, &denied), WF_INVALID);
    assert_true(denied);
    assert_int_equal(ask_cancel(&bed, "ada", 2, &denied), WF_NOTFOUND);
    assert_false(denied);
    bed_end(&bed, "j1-1", WF_RUN_END_EXIT, 0);
    bed_settle(&bed);
    assert_int_equal(ask_cancel(&bed, "ada", 1, &denied), WF_EXISTS); // it is over
    struct wf_error err;
    struct wf_desk_ask ask = bed_ask(&bed, "ada", false);
    assert_int_equal(wf_desk_drain(bed.desk, "here", true, &ask, &err), WF_INVALID);
    assert_true(ask.denied);
    bed_clear(&bed);
}

static void who_gives_way_runs_again(void **unused)
{
    (void)unused;
    struct bed bed;
    bed_make(&bed, 4);
    bed_submit(&bed, "ada", "{\"command\":[\"work\"],\"gpus\":4,\"preemptible\":true}");
    bed_begin(&bed, "j1-1");
    bed_later(&bed, 1000);
    bed_submit(&bed, "ada", "{\"command\":[\"work\"],\"gpus\":2,\"queue\":\"owned\"}");
    bed_settle(&bed);
    assert_int_equal(bed_run(&bed, "j1-1")->why, WF_RUN_STOP_PREEMPTED);
    assert_true(bed_run(&bed, "j1-1")->stopped);
    assert_false(bed_has(&bed, "j2-1"));
    assert_string_equal(bed_state(&bed, 1), "waiting");
    bed_end(&bed, "j1-1", WF_RUN_END_PREEMPTED, -1);
    bed_settle(&bed);
    assert_true(bed_has(&bed, "j2-1"));
    bed_end(&bed, "j2-1", WF_RUN_END_EXIT, 0);
    bed_later(&bed, 1000);
    assert_true(bed_has(&bed, "j1-2"));
    bed_end(&bed, "j1-2", WF_RUN_END_EXIT, 0);
    bed_settle(&bed);
    assert_string_equal(bed_state(&bed, 1), "done");
    bed_check_journal(&bed);
    bed_clear(&bed);
}

// Three halves of two GPUs, one of which ends: the two left move together for a whole one.
static void who_is_moved_runs_on_beside_others(void **unused)
{
    (void)unused;
    const char *half = "{\"command\":[\"work\"],\"gpus\":\"H100:0.5\",\"preemptible\":true,"
                       "\"limit\":\"10h\"}";
    struct bed bed;
    bed_make(&bed, 2);
    for (int i = 0; i < 3; i++) {
        bed_submit(&bed, "ada", half);
        bed_settle(&bed);
    }
    for (int i = 1; i <= 3; i++) {
        char id[16];
        snprintf(id, sizeof id, "j%d-1", i);
        bed_begin(&bed, id);
    }
    bed_end(&bed, "j1-1", WF_RUN_END_EXIT, 0);
    bed_later(&bed, 1000);
    uint64_t large =
        bed_submit(&bed, "ada", "{\"command\":[\"work\"],\"gpus\":1,\"limit\":\"1h\"}");
    bed_later(&bed, 20000);
    assert_string_equal(bed_state(&bed, large), "waiting");
    bed_close(&bed);
    bed.moves = true;
    bed_open(&bed); // the next daemon may
    bed_settle(&bed);
    uint64_t moved = bed_run(&bed, "j2-1")->stopped ? 2 : 3;
    assert_true(bed_run(&bed, moved == 2 ? "j2-1" : "j3-1")->stopped);
    assert_false(bed_run(&bed, moved == 2 ? "j3-1" : "j2-1")->stopped);
    bed_end(&bed, moved == 2 ? "j2-1" : "j3-1", WF_RUN_END_PREEMPTED, -1);
    bed_settle(&bed);
    assert_true(bed_has(&bed, moved == 2 ? "j2-2" : "j3-2") && bed_has(&bed, "j4-1"));
    const struct wf_diary_page *page = wf_desk_diary(bed.desk, moved);
    assert_int_equal(page->steps[page->shown - 1].kind, WF_DIARY_MOVED);
    bed_close(&bed);
    bed.moves = false;
    bed_open(&bed);
    bed_settle(&bed);
    bed_check_journal(&bed);
    bed_clear(&bed);
}

static void who_ends_well_before_he_hears_that_he_is_to_give_way_is_done(void **unused)
{
    (void)unused;
    struct bed bed;
    bed_make(&bed, 4);
    bed_submit(&bed, "ada", "{\"command\":[\"work\"],\"gpus\":4,\"preemptible\":true}");
    bed_begin(&bed, "j1-1");
    bed_later(&bed, 1000);
    bed_submit(&bed, "ada", "{\"command\":[\"work\"],\"gpus\":2,\"queue\":\"owned\"}");
    bed_settle(&bed);
    bed_end(&bed, "j1-1", WF_RUN_END_EXIT, 0);
    bed_settle(&bed);
    assert_string_equal(bed_state(&bed, 1), "done");
    assert_true(bed_has(&bed, "j2-1"));
    bed_clear(&bed);
}

static void what_is_lost_runs_again_as_often_as_its_owner_says(void **unused)
{
    (void)unused;
    struct bed bed;
    bed_make(&bed, 4);
    bed_submit(&bed, "ada", "{\"command\":[\"work\"],\"requeue\":{\"at_most\":1}}");
    bed_submit(&bed, "ada", "{\"command\":[\"work\"],\"requeue\":{\"lost\":false}}");
    bed_submit(&bed, "ada", "{\"command\":[\"work\"],\"requeue\":{\"failed\":true,\"at_most\":1}}");
    bed_submit(&bed, "ada", "{\"command\":[\"work\"]}");
    bed_end(&bed, "j1-1", WF_RUN_END_UNKNOWN, -1);
    bed_end(&bed, "j2-1", WF_RUN_END_RESTARTED, -1);
    bed_end(&bed, "j3-1", WF_RUN_END_EXIT, 3);
    bed_end(&bed, "j4-1", WF_RUN_END_EXIT, 3);
    bed_settle(&bed);
    assert_string_equal(bed_state(&bed, 2), "lost");
    assert_string_equal(bed_code(&bed, 2), "machine-restarted");
    assert_string_equal(bed_state(&bed, 4), "failed");
    assert_true(bed_has(&bed, "j1-2") && bed_has(&bed, "j3-2"));
    bed_end(&bed, "j1-2", WF_RUN_END_UNKNOWN, -1);
    bed_end(&bed, "j3-2", WF_RUN_END_SIGNAL, -1);
    bed_settle(&bed);
    assert_string_equal(bed_state(&bed, 1), "lost");
    assert_string_equal(bed_state(&bed, 3), "failed");
    assert_string_equal(bed_code(&bed, 3), "signal");
    bed_check_journal(&bed);
    bed_clear(&bed);
}

static void an_array_is_one_job_for_each_index(void **unused)
{
    (void)unused;
    struct bed bed;
    bed_make(&bed, 4);
    uint64_t first = bed_submit(&bed, "ada",
                                "{\"command\":[\"work\"],\"gpus\":1,"
                                "\"array\":{\"indices\":\"5,7,9\",\"at_most\":2}}");
    assert_int_equal(bed.answers[0].count, 3);
    assert_true(bed_has(&bed, "j1-1") && bed_has(&bed, "j2-1") && !bed_has(&bed, "j3-1"));
    assert_int_equal(bed_submit(&bed, "ada", "{\"command\":[\"work\"],\"after\":[{\"job\":1}]}"),
                     first + 3);
    bed_end(&bed, "j1-1", WF_RUN_END_EXIT, 0);
    bed_settle(&bed);
    bed_end(&bed, "j2-1", WF_RUN_END_EXIT, 0);
    bed_settle(&bed);
    assert_false(bed_has(&bed, "j4-1")); // it waits for all of the array
    bed_end(&bed, "j3-1", WF_RUN_END_EXIT, 0);
    bed_settle(&bed);
    assert_true(bed_has(&bed, "j4-1"));
    bed_clear(&bed);
}

static void who_waits_for_what_did_not_come_is_cancelled(void **unused)
{
    (void)unused;
    struct bed bed;
    bed_make(&bed, 4);
    bed_submit(&bed, "ada", "{\"name\":\"first\",\"command\":[\"work\"]}");
    bed_submit(&bed, "ada",
               "{\"command\":[\"work\"],\"after\":[{\"job\":\"first\",\"when\":\"success\"}]}");
    bed_end(&bed, "j1-1", WF_RUN_END_EXIT, 1);
    bed_settle(&bed);
    assert_string_equal(bed_state(&bed, 2), "cancelled");
    assert_string_equal(bed_code(&bed, 2), "dependency");
    bed_refused(&bed, "{\"command\":[\"work\"],\"after\":[{\"job\":1,\"when\":\"success\"}]}",
                WF_INVALID, "after"); // it has failed already
    bed_submit(&bed, "ada",
               "{\"command\":[\"work\"],\"after\":[{\"job\":1,\"when\":\"failure\"}]}");
    assert_true(bed_has(&bed, "j3-1"));
    bed_clear(&bed);
}

static void what_can_never_start_here_is_refused_with_its_field(void **unused)
{
    (void)unused;
    struct bed bed;
    bed_make(&bed, 4);
    bed_refused(&bed, "{\"command\":[\"w\"],\"queue\":\"none\"}", WF_INVALID, "queue");
    bed_refused(&bed, "{\"command\":[\"w\"],\"gpus\":5}", WF_INVALID, "gpus");
    bed_refused(&bed, "{\"command\":[\"w\"],\"gpus\":\"MI300X:1\"}", WF_INVALID, "gpus");
    bed_refused(&bed, "{\"command\":[\"w\"],\"cpus\":17}", WF_INVALID, "cpus");
    bed_refused(&bed, "{\"command\":[\"w\"],\"memory\":\"65GiB\"}", WF_INVALID, "memory");
    bed_refused(&bed, "{\"command\":[\"w\"],\"gpus\":2,\"tasks\":3}", WF_INVALID, "gpus");
    bed_refused(&bed, "{\"command\":[\"w\"],\"tasks\":65,\"cpus\":0.1}", WF_LIMIT, "tasks");
    bed_refused(&bed, "{\"command\":[\"w\"],\"labels\":[\"fast\"]}", WF_INVALID, "labels");
    bed_refused(&bed, "{\"command\":[\"w\"],\"after\":[{\"job\":9}]}", WF_INVALID, "after");
    bed_refused(&bed, "{\"command\":[\"w\"],\"after\":[{\"job\":\"x\"}]}", WF_INVALID, "after");
    bed_refused(&bed, "{\"command\":[\"w\"],\"cpus\":0.01,\"array\":{\"indices\":\"0-512\"}}",
                WF_LIMIT, "");
    assert_int_equal(wf_desk_count(bed.desk).submitted, 0);
    assert_int_equal(bed_submit(&bed, "ada", RUN), 1);
    bed_clear(&bed);
}

static void a_full_disk_refuses_work_and_loses_none(void **unused)
{
    (void)unused;
    struct bed bed;
    struct wf_error why;
    bed_make(&bed, 4);
    bed_submit(&bed, "ada", RUN);
    bed_begin(&bed, "j1-1");
    bed_settle(&bed);
    bed.disk_full = true;
    bed.now_ms += 5000;
    bed_end(&bed, "j1-1", WF_RUN_END_EXIT, 0);
    bed_settle(&bed); // that it ended cannot be written
    assert_false(wf_desk_accepts(bed.desk, &why));
    assert_int_equal(why.status, WF_IO);
    assert_non_null(strstr(why.text, "full"));
    bed_refused(&bed, RUN, WF_IO, "");
    assert_string_equal(bed_state(&bed, 1), "running");
    bed.disk_full = false;
    bed_later(&bed, 3000);
    assert_true(wf_desk_accepts(bed.desk, NULL));
    assert_string_equal(bed_state(&bed, 1), "done");
    bed_submit(&bed, "ada", RUN);
    assert_true(bed_has(&bed, "j2-1"));
    bed_check_journal(&bed);
    bed_clear(&bed);
}

static void whoever_asks_when_the_disk_fills_is_told(void **unused)
{
    (void)unused;
    struct bed bed;
    bed_make(&bed, 4);
    bed_settle(&bed);
    bed.disk_full = true;
    bed_submit(&bed, "ada", RUN); // taken in, as nobody knows yet
    assert_int_equal(bed.answered, 1);
    assert_int_equal(bed.answers[0].status, WF_IO);
    assert_int_equal(bed.engine->count, 0);
    bed.disk_full = false;
    bed_later(&bed, 2000);
    assert_int_equal(wf_desk_count(bed.desk).live[WF_JOB_STATE_RUNNING], 0);
    assert_int_equal(bed_submit(&bed, "ada", RUN), 1); // its number was never given
    bed_clear(&bed);
}

static void after_a_kill_everything_is_as_the_disk_has_it(void **unused)
{
    (void)unused;
    struct bed bed;
    bed_make(&bed, 4);
    bed_submit(&bed, "ada", "{\"command\":[\"work\"],\"gpus\":2}");
    bed_submit(&bed, "ada", "{\"command\":[\"work\"],\"gpus\":2}");
    bed_submit(&bed, "ada", RUN);
    bed_begin(&bed, "j1-1");
    bed_settle(&bed);
    struct wf_desk_counts before = wf_desk_count(bed.desk);
    bed_close(&bed);
    bed_end(&bed, "j1-1", WF_RUN_END_EXIT, 0); // while nobody looks
    bed.engine->runs[1].known = false;         // as if the machine had lost it: it never began
    memset(&bed.engine->runs[1].run, 0, sizeof bed.engine->runs[1].run);
    memset(bed.engine->gpu_used_milli, 0, sizeof bed.engine->gpu_used_milli);
    bed_open(&bed);
    bed_settle(&bed);
    assert_true(wf_desk_count(bed.desk).events > before.events);
    assert_string_equal(bed_state(&bed, 1), "done");
    assert_true(bed_has(&bed, "j2-1")); // started again
    assert_string_equal(bed_state(&bed, 3), "waiting");
    bed_check_journal(&bed);
    bed_clear(&bed);
}

static void what_nobody_knows_is_stopped(void **unused)
{
    (void)unused;
    struct bed bed;
    bed_make(&bed, 4);
    bed_submit(&bed, "ada", RUN);
    bed_close(&bed);
    struct bed_run *stranger = &bed.engine->runs[bed.engine->count++];
    *stranger = (struct bed_run){.known = true, .run = {.id = "j9-1", .phase = WF_RUN_RUNNING}};
    bed_open(&bed);
    assert_true(stranger->stopped);
    assert_false(bed_run(&bed, "j1-1")->stopped);
    bed_clear(&bed);
}

static void what_fails_to_start_for_good_has_failed(void **unused)
{
    (void)unused;
    struct bed bed;
    bed_make(&bed, 4);
    bed.engine->starts_fail = 1;
    bed.engine->fail = WF_INVALID;
    bed_submit(&bed, "ada", RUN);
    bed_settle(&bed);
    assert_string_equal(bed_state(&bed, 1), "failed");
    assert_string_equal(bed_code(&bed, 1), "not-started");
    bed.engine->starts_fail = 2; // and what may go over is tried again
    bed.engine->fail = WF_IO;
    bed_submit(&bed, "ada", RUN);
    assert_false(bed_has(&bed, "j2-1"));
    bed_later(&bed, 3000);
    assert_true(bed_has(&bed, "j2-1"));
    bed_clear(&bed);
}

static void a_machine_that_lost_its_gpus_loses_what_ran_on_them(void **unused)
{
    (void)unused;
    struct bed bed;
    bed_make(&bed, 4);
    bed_submit(&bed, "ada", RUN);
    bed_begin(&bed, "j1-1");
    bed_settle(&bed);
    bed.site->nodes[0].spec.gpus = 2;
    assert_int_equal(wf_desk_site(bed.desk, bed.site, NULL), WF_OK);
    bed_settle(&bed);
    assert_true(bed_run(&bed, "j1-1")->stopped);
    assert_string_equal(bed_state(&bed, 1), "waiting");
    bed_submit(&bed, "ada", "{\"command\":[\"work\"],\"gpus\":2}");
    assert_false(bed_has(&bed, "j2-1")); // what ran before has not ended
    bed_end(&bed, "j1-1", WF_RUN_END_PREEMPTED, -1);
    bed_settle(&bed);
    assert_true(bed_has(&bed, "j2-1"));
    bed_clear(&bed);
}

static void a_dry_run_changes_nothing(void **unused)
{
    (void)unused;
    struct bed bed;
    bed_make(&bed, 4);
    bed_submit(&bed, "ada", RUN);
    struct wf_desk_ask ask = bed_ask(&bed, "ada", false);
    uint32_t answered = bed.answered;
    ask.dry_run = true;
    assert_int_equal(wf_desk_cancel(bed.desk, 1, &ask, NULL), WF_OK);
    assert_int_equal(bed.answered, answered + 1); // at once
    bed_settle(&bed);
    assert_string_equal(bed_state(&bed, 1), "running");
    bed_clear(&bed);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(a_job_runs_and_ends),
        cmocka_unit_test(how_it_came_about_outlives_the_daemon),
        cmocka_unit_test(a_short_run_is_told_to_have_started),
        cmocka_unit_test(nothing_starts_before_it_is_on_the_disk),
        cmocka_unit_test(a_cancelled_run_keeps_its_gpus_until_it_has_ended),
        cmocka_unit_test(who_waits_is_cancelled_held_and_released),
        cmocka_unit_test(whose_job_it_is_counts),
        cmocka_unit_test(who_gives_way_runs_again),
        cmocka_unit_test(who_is_moved_runs_on_beside_others),
        cmocka_unit_test(who_ends_well_before_he_hears_that_he_is_to_give_way_is_done),
        cmocka_unit_test(what_is_lost_runs_again_as_often_as_its_owner_says),
        cmocka_unit_test(an_array_is_one_job_for_each_index),
        cmocka_unit_test(who_waits_for_what_did_not_come_is_cancelled),
        cmocka_unit_test(what_can_never_start_here_is_refused_with_its_field),
        cmocka_unit_test(a_full_disk_refuses_work_and_loses_none),
        cmocka_unit_test(whoever_asks_when_the_disk_fills_is_told),
        cmocka_unit_test(after_a_kill_everything_is_as_the_disk_has_it),
        cmocka_unit_test(what_nobody_knows_is_stopped),
        cmocka_unit_test(what_fails_to_start_for_good_has_failed),
        cmocka_unit_test(a_machine_that_lost_its_gpus_loses_what_ran_on_them),
        cmocka_unit_test(a_dry_run_changes_nothing),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
