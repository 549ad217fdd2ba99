// SPDX-License-Identifier: Apache-2.0
#include "desk_bed.h"

#include <math.h>
#include <stdio.h>
#include <string.h>

#include "daemon/desk/outlook.h"

#define MINUTE_MS INT64_C(60000)
#define HOUR_MS (60 * MINUTE_MS)

static struct bed bed;
static uint32_t boots;

static void boot(void)
{
    bed.booted_ms = bed.now_ms;
    snprintf(bed.boot, sizeof bed.boot, "boot-%u", ++boots);
}

static void begin(void)
{
    boots = 0;
    bed_make(&bed, 2);
    bed_close(&bed);
    bed.spot = true;
    boot();
    bed_open(&bed);
    bed_settle(&bed);
}

static void live(int64_t ms)
{
    for (int64_t left_ms = ms; left_ms > 0; left_ms -= 10 * MINUTE_MS) {
        bed_later(&bed, left_ms < 10 * MINUTE_MS ? left_ms : 10 * MINUTE_MS);
    }
}

// The machine goes and another one comes up on the same data.
static void next_machine(void)
{
    bed_close(&bed);
    bed.now_ms += HOUR_MS;
    boot();
    bed_open(&bed);
    bed_settle(&bed);
}

static struct wf_desk_outlook outlook(void)
{
    struct wf_desk_outlook out;
    assert_true(wf_desk_outlook(bed.desk, 0, HOUR_MS, &out));
    return out;
}

static void what_lives_here_are_like_is_learned_and_kept(void **unused)
{
    (void)unused;
    begin();
    struct wf_desk_outlook first = outlook();
    assert_true(fabs(first.hazard_per_hour - 0.95 * log(3)) < 1e-6);
    assert_string_equal(first.words, "not yet scored: 0 of 10 machines were taken, 0 of 100 "
                                     "forecasts could be checked");
    for (uint32_t i = 0; i < 30; i++) {
        live(i % 3 == 0 ? 5 * HOUR_MS : 20 * MINUTE_MS);
        next_machine();
    }
    struct wf_desk_outlook last = outlook();
    assert_int_equal(last.score.taken, 30);
    assert_int_equal(last.age_ms, 0);
    assert_true(last.score.is_scored && last.hazard_per_hour > first.hazard_per_hour);
    assert_non_null(strstr(last.words, "Brier skill"));
    assert_true(fabs(last.chance - (1 - exp(-last.hazard_per_hour))) < 1e-9);
    // The same by what stands in the rows as by having been there.
    live(40 * MINUTE_MS);
    struct wf_desk_outlook before = outlook();
    bed_close(&bed);
    bed_open(&bed);
    struct wf_desk_outlook after = outlook();
    assert_int_equal(after.age_ms, 40 * MINUTE_MS);
    assert_true(fabs(before.hazard_per_hour - after.hazard_per_hour) < 1e-9);
    assert_int_equal(before.score.samples, after.score.samples);
    bed_clear(&bed);
}

static void a_machine_that_was_left_is_not_said_to_be_taken(void **unused)
{
    (void)unused;
    begin();
    live(30 * MINUTE_MS);
    wf_desk_leave(bed.desk);
    bed_settle(&bed);
    next_machine();
    assert_int_equal(outlook().score.taken, 0);
    assert_int_equal(outlook().score.lives, 2);
    // Its daemon came back before the machine went: then it was there.
    live(30 * MINUTE_MS);
    wf_desk_leave(bed.desk);
    bed_settle(&bed);
    bed_close(&bed);
    bed_open(&bed);
    bed_settle(&bed);
    assert_int_equal(outlook().score.lives, 2);
    next_machine();
    assert_int_equal(outlook().score.taken, 1);
    bed_clear(&bed);
}

static void a_machine_with_a_notice_is_taken_though_it_was_left(void **unused)
{
    (void)unused;
    begin();
    live(30 * MINUTE_MS);
    wf_desk_notice(bed.desk, &(struct wf_desk_notice){
                                 .gone_ms = bed.now_ms + 30000, .source = "gcp", .what = "TRUE"});
    bed_later(&bed, 1000);
    wf_desk_leave(bed.desk); // the system shuts down
    bed_settle(&bed);
    next_machine();
    assert_int_equal(outlook().score.taken, 1);
    // A notice that is withdrawn is none.
    wf_desk_notice(bed.desk, &(struct wf_desk_notice){
                                 .gone_ms = bed.now_ms + 30000, .source = "gcp", .what = "TRUE"});
    bed_later(&bed, 1000);
    wf_desk_notice(bed.desk, &(struct wf_desk_notice){.source = "gcp", .what = "FALSE"});
    bed_later(&bed, 1000);
    wf_desk_leave(bed.desk);
    bed_settle(&bed);
    next_machine();
    assert_int_equal(outlook().score.taken, 1);
    bed_clear(&bed);
}

static void a_machine_that_nobody_takes_has_no_outlook(void **unused)
{
    (void)unused;
    struct wf_desk_outlook out;
    bed_make(&bed, 2);
    bed_settle(&bed);
    live(2 * MINUTE_MS);
    assert_false(wf_desk_outlook(bed.desk, 0, HOUR_MS, &out));
    bed_clear(&bed);
}

static void a_full_disk_forgets_no_life(void **unused)
{
    (void)unused;
    begin();
    live(10 * MINUTE_MS);
    bed.disk_full = true;
    live(5 * MINUTE_MS);
    bed.disk_full = false;
    live(75 * MINUTE_MS);
    assert_int_equal(outlook().score.lives, 1);
    assert_int_equal(outlook().age_ms, 90 * MINUTE_MS);
    assert_true(outlook().score.samples >= 2);
    next_machine();
    assert_int_equal(outlook().score.taken, 1);
    bed_clear(&bed);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(what_lives_here_are_like_is_learned_and_kept),
        cmocka_unit_test(a_machine_that_was_left_is_not_said_to_be_taken),
        cmocka_unit_test(a_machine_with_a_notice_is_taken_though_it_was_left),
        cmocka_unit_test(a_machine_that_nobody_takes_has_no_outlook),
        cmocka_unit_test(a_full_disk_forgets_no_life),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
