// SPDX-License-Identifier: Apache-2.0
#include "desk_bed.h"

#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>

#define SAVES "{\"command\":[\"train\"],\"gpus\":1,\"checkpoint\":{\"signal\":\"USR1\"}}"

static struct bed bed;

static void begin(void)
{
    bed_make(&bed, 2);
    bed_close(&bed);
    bed.spot = true;
    bed_open(&bed);
    bed_settle(&bed);
}

static void begin_a_run(void)
{
    begin();
    (void)bed_submit(&bed, "ada", SAVES);
    bed_settle(&bed);
    bed_begin(&bed, "j1-1");
}

static void notice(int64_t in_ms)
{
    wf_desk_notice(bed.desk, &(struct wf_desk_notice){.gone_ms = in_ms ? bed.now_ms + in_ms : 0,
                                                      .source = "aws",
                                                      .what = "terminate"});
    bed_settle(&bed);
}

static void touch(const char *id)
{
    char path[200];
    struct timespec at = {bed.now_ms / 1000, bed.now_ms % 1000 * 1000000};
    struct timespec times[2] = {at, at};
    snprintf(path, sizeof path, "%s/checkpoints/%s/done", bed.folder, id);
    assert_int_equal(utimensat(AT_FDCWD, path, times, AT_SYMLINK_NOFOLLOW), 0);
}

static const char *advice(const char *id)
{
    static char text[256];
    char path[200];
    snprintf(path, sizeof path, "%s/checkpoints/%s/advice", bed.folder, id);
    FILE *file = fopen(path, "r");
    assert_non_null(file);
    text[fread(text, 1, sizeof text - 1, file)] = '\0';
    assert_int_equal(fclose(file), 0);
    return text;
}

struct losses {
    uint32_t count;
    int64_t ms, nanousd;
    char why[40]; // of the last
};

static bool add_loss(void *context, const struct wf_loss_row *row)
{
    struct losses *losses = context;
    losses->count++;
    losses->ms += row->to_ms - row->from_ms;
    losses->nanousd += row->cost_nanousd;
    assert_string_equal(row->user, "ada");
    snprintf(losses->why, sizeof losses->why, "%s", row->why);
    return true;
}

static struct losses losses(void)
{
    struct losses sum = {0};
    assert_int_equal(wf_database_losses(bed.db, 0, 0, add_loss, &sum, NULL), WF_OK);
    return sum;
}

static void a_notice_stops_what_runs_and_it_starts_again_after_it(void **unused)
{
    (void)unused;
    struct wf_job_live live;
    begin();
    uint64_t job = bed_submit(&bed, "ada", SAVES);
    bed_settle(&bed);
    bed_begin(&bed, "j1-1");
    bed_later(&bed, 60000);
    notice(120000);
    assert_true(bed_run(&bed, "j1-1")->stopped);
    assert_int_equal(bed_run(&bed, "j1-1")->why, WF_RUN_STOP_PREEMPTED);
    assert_true(wf_desk_live(bed.desk, job, &live));
    assert_int_equal(live.state, WF_JOB_STATE_WAITING);
    assert_string_equal(live.reason_code, "machine-goes");
    assert_non_null(strstr(live.reason, "aws said 'terminate': this machine goes at 2023-11-14"));
    bed_end(&bed, "j1-1", WF_RUN_END_PREEMPTED, -1);
    bed_later(&bed, 600000);
    assert_false(bed_has(&bed, "j1-2"));
    notice(0);
    assert_true(bed_has(&bed, "j1-2")); // the same job
    bed_check_journal(&bed);
    bed_end(&bed, "j1-2", WF_RUN_END_EXIT, 0);
    bed_settle(&bed);
    assert_string_equal(bed_state(&bed, job), "done");
    bed_clear(&bed);
}

static void what_was_saved_after_the_notice_is_not_lost(void **unused)
{
    (void)unused;
    begin_a_run();
    bed_later(&bed, 3600000);
    notice(120000);
    assert_int_equal(bed_run(&bed, "j1-1")->stops, 1);
    bed.now_ms += 5000;
    touch("j1-1");
    bed_later(&bed, 200);
    assert_int_equal(bed_run(&bed, "j1-1")->stops, 2); // it need not wait any longer
    bed_later(&bed, 800);
    bed_end(&bed, "j1-1", WF_RUN_END_PREEMPTED, -1);
    bed_settle(&bed);
    struct losses sum = losses();
    assert_int_equal(sum.count, 1);
    assert_int_equal(sum.ms, 1000);
    assert_string_equal(sum.why, "notice");
    assert_int_equal(sum.nanousd, INT64_C(1000000000) / 3600);
    struct wf_desk_counts counts = wf_desk_count(bed.desk);
    assert_int_equal(counts.losses, 1);
    assert_int_equal(counts.lost_ms, 1000);
    assert_int_equal(counts.notices, 1);
    bed_clear(&bed);
}

static void who_saves_at_once_is_heard_though_our_clock_is_ahead_of_that_of_files(void **unused)
{
    (void)unused;
    begin_a_run();
    bed_later(&bed, 60000);
    notice(120000);
    bed.now_ms -= 900;
    touch("j1-1");
    bed.now_ms += 900;
    bed_later(&bed, 200);
    assert_int_equal(bed_run(&bed, "j1-1")->stops, 2);
    bed_clear(&bed);
}

static void what_was_saved_before_the_notice_ends_nobody_sooner(void **unused)
{
    (void)unused;
    begin_a_run();
    bed_later(&bed, 60000);
    touch("j1-1");
    bed.now_ms += 500;
    notice(120000);
    bed_later(&bed, 2000);
    assert_int_equal(bed_run(&bed, "j1-1")->stops, 1);
    bed_clear(&bed);
}

static void without_notice_all_since_the_last_checkpoint_is_lost(void **unused)
{
    (void)unused;
    begin_a_run();
    bed_later(&bed, 1800000);
    touch("j1-1");
    bed_later(&bed, 900000);
    bed_close(&bed); // the machine
    bed_end(&bed, "j1-1", WF_RUN_END_RESTARTED, -1);
    bed_open(&bed);
    bed_settle(&bed);
    struct losses sum = losses();
    assert_int_equal(sum.count, 1);
    assert_int_equal(sum.ms, 900000);
    assert_string_equal(sum.why, wf_run_end_text(WF_RUN_END_RESTARTED));
    assert_int_equal(sum.nanousd, 250000000); // a quarter of a dollar
    assert_true(bed_has(&bed, "j1-2"));
    bed_check_journal(&bed);
    bed_clear(&bed);
}

static void the_core_hears_of_checkpoints(void **unused)
{
    (void)unused;
    begin_a_run();
    bed_later(&bed, 10000);
    uint64_t events = wf_desk_count(bed.desk).events;
    touch("j1-1");
    bed_later(&bed, 3000);
    assert_int_equal(wf_desk_count(bed.desk).events, events + 1);
    assert_int_equal(wf_desk_count(bed.desk).checkpoints, 1);
    bed_clear(&bed);
}

static void advice_says_how_often_and_when(void **unused)
{
    (void)unused;
    char wanted[100];
    begin();
    (void)bed_submit(&bed, "ada", SAVES);
    bed_settle(&bed);
    assert_string_equal(advice("j1-1"), "interval_seconds=455\ngoing_at=0\n");
    bed_begin(&bed, "j1-1");
    bed_settle(&bed);
    notice(30000);
    snprintf(wanted, sizeof wanted, "interval_seconds=455\ngoing_at=%lld\n",
             (long long)(bed.now_ms + 30000) / 1000);
    assert_string_equal(advice("j1-1"), wanted);
    bed_clear(&bed);
}

#define PROMPTED                                                                                   \
    "{\"command\":[\"train\"],\"gpus\":1,\"checkpoint\":{\"signal\":\"USR1\",\"every\":\"auto\"}}"

static void live_for(int64_t seconds)
{
    for (int64_t i = 0; i < seconds; i++) {
        bed_later(&bed, 1000);
    }
}

static void who_wants_it_is_told_at_each_interval(void **unused)
{
    (void)unused;
    begin();
    (void)bed_submit(&bed, "ada", PROMPTED);
    bed_settle(&bed);
    bed_begin(&bed, "j1-1");
    bed_settle(&bed);
    live_for(454);
    assert_int_equal(bed_run(&bed, "j1-1")->checkpoints, 0);
    live_for(2);
    assert_int_equal(bed_run(&bed, "j1-1")->checkpoints, 1);
    assert_false(bed_run(&bed, "j1-1")->stopped);
    live_for(300);
    touch("j1-1"); // by itself: the next one is due an interval later
    live_for(440);
    assert_int_equal(bed_run(&bed, "j1-1")->checkpoints, 1);
    live_for(20);
    assert_int_equal(bed_run(&bed, "j1-1")->checkpoints, 2);
    assert_int_equal(wf_desk_count(bed.desk).prompts, 2);
    // Told to stop, it is told nothing more.
    notice(120000);
    live_for(900);
    assert_int_equal(bed_run(&bed, "j1-1")->checkpoints, 2);
    bed_clear(&bed);
}

static void an_older_machine_is_told_less_often(void **unused)
{
    (void)unused;
    bed_make(&bed, 2);
    bed_close(&bed);
    bed.spot = true;
    bed.booted_ms = bed.now_ms - 4 * INT64_C(3600000);
    bed_open(&bed);
    (void)bed_submit(&bed, "ada", PROMPTED);
    bed_settle(&bed);
    bed_begin(&bed, "j1-1");
    bed_settle(&bed);
    assert_string_equal(advice("j1-1"), "interval_seconds=1065\ngoing_at=0\n");
    live_for(1060);
    assert_int_equal(bed_run(&bed, "j1-1")->checkpoints, 0);
    live_for(120); // it has grown older meanwhile
    assert_int_equal(bed_run(&bed, "j1-1")->checkpoints, 1);
    bed_clear(&bed);
}

static void a_time_of_ones_own_holds_though_the_machine_may_go(void **unused)
{
    (void)unused;
    begin();
    (void)bed_submit(&bed, "ada",
                     "{\"command\":[\"train\"],\"gpus\":1,\"checkpoint\":{"
                     "\"signal\":\"USR1\",\"every\":\"30s\",\"prompt\":true}}");
    bed_settle(&bed);
    bed_begin(&bed, "j1-1");
    bed_settle(&bed);
    assert_string_equal(advice("j1-1"), "interval_seconds=30\ngoing_at=0\n");
    live_for(95);
    assert_int_equal(bed_run(&bed, "j1-1")->checkpoints, 3);
    bed_clear(&bed);
}

static void a_notice_that_nobody_speaks_of_any_more_is_over_with_its_time(void **unused)
{
    (void)unused;
    begin();
    notice(120000);
    bed_close(&bed);
    bed_open(&bed); // with no provider
    (void)bed_submit(&bed, "ada", SAVES);
    bed_settle(&bed);
    assert_false(bed_has(&bed, "j1-1"));
    bed_later(&bed, 121000);
    assert_true(bed_has(&bed, "j1-1"));
    bed_check_journal(&bed);
    bed_clear(&bed);
}

static void a_notice_on_a_full_disk_is_not_forgotten(void **unused)
{
    (void)unused;
    begin_a_run();
    bed_settle(&bed);
    bed.disk_full = true;
    notice(120000);
    assert_false(bed_run(&bed, "j1-1")->stopped); // nothing is done that is not written
    bed.disk_full = false;
    bed_later(&bed, 5000);
    assert_true(bed_run(&bed, "j1-1")->stopped);
    bed_clear(&bed);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(a_notice_stops_what_runs_and_it_starts_again_after_it),
        cmocka_unit_test(what_was_saved_after_the_notice_is_not_lost),
        cmocka_unit_test(who_saves_at_once_is_heard_though_our_clock_is_ahead_of_that_of_files),
        cmocka_unit_test(what_was_saved_before_the_notice_ends_nobody_sooner),
        cmocka_unit_test(without_notice_all_since_the_last_checkpoint_is_lost),
        cmocka_unit_test(the_core_hears_of_checkpoints),
        cmocka_unit_test(advice_says_how_often_and_when),
        cmocka_unit_test(who_wants_it_is_told_at_each_interval),
        cmocka_unit_test(an_older_machine_is_told_less_often),
        cmocka_unit_test(a_time_of_ones_own_holds_though_the_machine_may_go),
        cmocka_unit_test(a_notice_that_nobody_speaks_of_any_more_is_over_with_its_time),
        cmocka_unit_test(a_notice_on_a_full_disk_is_not_forgotten),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
