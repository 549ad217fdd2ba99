// SPDX-License-Identifier: Apache-2.0
// Times, spans, money and sizes as the live verbs say them; jobs in a few words.
#include <setjmp.h>
#include <stdarg.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include "cli/live/job_words.h"
#include "cli/live/words.h"

#define SECOND INT64_C(1000)
#define MINUTE (60 * SECOND)
#define HOUR (60 * MINUTE)
#define DAY (24 * HOUR)
#define NOW INT64_C(1795300000000)

static char text[WF_JOB_WORD_BYTES];

static void spans_keep_what_matters(void **state)
{
    (void)state;
    assert_string_equal(wf_word_span(text, -5), "0 s");
    assert_string_equal(wf_word_span(text, 999), "0 s");
    assert_string_equal(wf_word_span(text, 119 * SECOND), "119 s");
    assert_string_equal(wf_word_span(text, 2 * MINUTE), "2 min");
    assert_string_equal(wf_word_span(text, HOUR + 5 * MINUTE), "1 h 5 min");
    assert_string_equal(wf_word_span(text, 3 * DAY + 2 * HOUR), "3 d 2 h");
}

static void ages_have_a_direction(void **state)
{
    (void)state;
    assert_string_equal(wf_word_age(text, NOW - 3 * MINUTE, NOW), "3 min ago");
    assert_string_equal(wf_word_age(text, NOW + 3 * MINUTE, NOW), "in 3 min");
    assert_string_equal(wf_word_age(text, NOW - 500, NOW), "now");
    assert_string_equal(wf_word_age(text, 0, NOW), "-");
    assert_string_equal(wf_word_utc(text, 1), "1970-01-01 00:00:00 UTC");
    assert_string_equal(wf_word_utc(text, 0), "-");
}

static void small_sums_keep_two_digits(void **state)
{
    (void)state;
    assert_string_equal(wf_word_usd(text, 0), "$0");
    assert_string_equal(wf_word_usd(text, 44), "<$0.00001");
    assert_string_equal(wf_word_usd(text, 9999), "<$0.00001");
    assert_string_equal(wf_word_usd(text, 10000), "$0.000010");
    assert_string_equal(wf_word_usd(text, 123456), "$0.00012");
    assert_string_equal(wf_word_usd(text, 4200000), "$0.0042");
    assert_string_equal(wf_word_usd(text, 99960000), "$0.100");
    assert_string_equal(wf_word_usd(text, -4200000), "-$0.0042");
    assert_string_equal(wf_word_usd(text, INT64_C(12300000000)), "$12");
    assert_string_equal(wf_word_usd(text, INT64_C(1230000000)), "$1.23");
}

static void memory_has_a_unit(void **state)
{
    (void)state;
    assert_string_equal(wf_word_mib(text, 512), "512 MiB");
    assert_string_equal(wf_word_mib(text, 1536), "1.5 GiB");
    assert_string_equal(wf_word_mib(text, 65536), "64 GiB");
}

static void assert_time(const char *word, int64_t expected)
{
    int64_t ms = -1;
    assert_true(wf_word_read_time(word, NOW, &ms));
    assert_int_equal(ms, expected);
}

static void times_are_read_in_several_ways(void **state)
{
    int64_t ms;
    (void)state;
    assert_time("7d", NOW - 7 * DAY);
    assert_time("90m", NOW - 90 * MINUTE);
    assert_time("1970-01-02", DAY);
    assert_time("1970-01-02T03:04:05", DAY + 3 * HOUR + 4 * MINUTE + 5 * SECOND);
    assert_time("1970-01-02T03:04Z", DAY + 3 * HOUR + 4 * MINUTE);
    assert_time("1970-01-02T03:04:00+02:00", DAY + HOUR + 4 * MINUTE);
    assert_time("1970-01-02 03:04:00-01:30", DAY + 4 * HOUR + 34 * MINUTE);
    assert_time("1795300000000", NOW);
    const char *const wrong[] = {"",           "yesterday",  "7",           "7x",
                                 "-7d",        "1970-13-01", "1970-01-02T", "1970-01-02T03:04:05+2",
                                 "1970-01-02x"};
    for (size_t i = 0; i < sizeof wrong / sizeof wrong[0]; i++) {
        assert_false(wf_word_read_time(wrong[i], NOW, &ms));
    }
}

static void assert_job(const char *json, const char *gpus, const char *why, int status)
{
    json_t *job = json_loads(json, 0, NULL);
    assert_non_null(job);
    assert_string_equal(wf_job_word_gpus(text, job), gpus);
    assert_string_equal(wf_job_word_why(text, job), why);
    assert_int_equal(wf_job_exit_status(job), status);
    json_decref(job);
}

static void jobs_end_as_a_shell_would_say(void **state)
{
    (void)state;
    assert_job("{\"gpus\":0,\"state\":\"done\",\"ended_ms\":5,"
               "\"exit\":{\"reason\":\"exit\",\"code\":0,\"signal\":null}}",
               "-", "", 0);
    assert_job("{\"gpus\":8,\"gpu_milli\":1000,\"models\":[\"H100\"],\"state\":\"failed\","
               "\"ended_ms\":5,\"exit\":{\"reason\":\"exit\",\"code\":3,\"signal\":null}}",
               "H100:8", "exit 3", 3);
    assert_job("{\"gpus\":1,\"gpu_milli\":500,\"models\":[\"H100\",\"A100\"],\"ended_ms\":5,"
               "\"state\":\"failed\",\"exit\":{\"reason\":\"signal\",\"code\":null,\"signal\":9}}",
               "H100|A100:0.5", "signal 9", 137);
    assert_job("{\"gpus\":2,\"gpu_milli\":1000,\"tasks\":4,\"ended_ms\":5,\"state\":\"failed\","
               "\"exit\":{\"reason\":\"time limit\",\"code\":0,\"signal\":null}}",
               "4 x 2", "time limit", 1);
    assert_job("{\"state\":\"cancelled\",\"ended_ms\":5,\"exit\":null}", "-", "", 1);
    assert_job("{\"state\":\"waiting\",\"reason\":{\"code\":\"room\",\"text\":\"finds no room\"}}",
               "-", "finds no room", 1);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(spans_keep_what_matters),
        cmocka_unit_test(ages_have_a_direction),
        cmocka_unit_test(small_sums_keep_two_digits),
        cmocka_unit_test(memory_has_a_unit),
        cmocka_unit_test(times_are_read_in_several_ways),
        cmocka_unit_test(jobs_end_as_a_shell_would_say),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
