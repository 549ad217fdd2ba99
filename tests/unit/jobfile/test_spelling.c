// SPDX-License-Identifier: Apache-2.0
#include "jobfile/spelling.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdlib.h>
#include <time.h>

#include <cmocka.h>

#include "base/compat.h"
#include "jobfile/job_memory.h"
#include "jobfile/sbatch.h"

// A text and what it is; -1: nothing.
struct row {
    const char *text;
    int64_t number;
};

static void check(bool (*read)(const char *, int64_t *), const struct row *rows, size_t count)
{
    for (size_t i = 0; i < count; i++) {
        int64_t number = 0;
        bool is = read(rows[i].text, &number);
        if (is != (rows[i].number >= 0) || (is && number != rows[i].number)) {
            fail_msg("'%s' is %lld", rows[i].text, (long long)number);
        }
    }
}

static void times_are_read(void **state)
{
    (void)state;
    static const struct row spans[] = {
        {"90s", 90000},    {"1h30m", 5400000}, {"1.5h", 5400000},
        {"2d", 172800000}, {"1w", 604800000},  {"500ms", 500},
        {"10min", 600000}, {"0s", 0},          {"1d2h3m4s5ms", 93784005},
        {"", -1},          {"5", -1},          {"h", -1},
        {"1m1h", -1},      {"1h1h", -1},       {"-1h", -1},
        {"1h ", -1},       {"1.h", -1},        {"99999999999999999w", -1},
        {"1y", -1},
    };
    static const struct row points[] = {
        {"1970-01-01T00:00:00Z", 0},
        {"2026-08-23T10:00:00Z", 1787479200000},
        {"2026-08-23t12:00:00.25+02:00", 1787479200250},
        {"2026-08-23 09:30:00-00:30", 1787479200000},
        {"2024-02-29T23:59:60Z", 1709251200000},
        {"2000-03-01T00:00:00Z", 951868800000},
        {"2026-02-29T00:00:00Z", -1},
        {"2026-13-01T00:00:00Z", -1},
        {"2026-08-23T24:00:00Z", -1},
        {"2026-08-23T10:00:00", -1},
        {"2026-08-23", -1},
        {"1969-12-31T23:00:00Z", -1},
        {"now", -1},
    };
    check(wf_job_span_read, spans, WF_COUNT_OF(spans));
    check(wf_job_time_read, points, WF_COUNT_OF(points));
}

static void sizes_are_read(void **state)
{
    (void)state;
    static const struct row sizes[] = {
        {"8GiB", INT64_C(8) << 30},
        {"8G", INT64_C(8) << 30},
        {"8gi", INT64_C(8) << 30},
        {"8GB", 8000000000},
        {"1.5K", 1536},
        {"4096", 4096},
        {"0.1B", 1},
        {"1 TiB", INT64_C(1) << 40},
        {"", -1},
        {"G", -1},
        {"-1G", -1},
        {"8X", -1},
        {"8GiBs", -1},
        {"99999999999999P", -1},
    };
    check(wf_job_bytes_read, sizes, WF_COUNT_OF(sizes));
}

static void slurm_writes_times_and_sizes_its_own_way(void **state)
{
    (void)state;
    static const struct row times[] = {
        {"30", 1800000},
        {"30:15", 1815000},
        {"2:00:00", 7200000},
        {"1-12", 129600000},
        {"1-12:30", 131400000},
        {"1-00:00:10", 86410000},
        {"UNLIMITED", 0},
        {"infinite", 0},
        {"0", 0},
        {"", -1},
        {"1:2:3:4", -1},
        {"1-", -1},
        {"x", -1},
        {"1 ", -1},
        {"99999999999", -1},
        {"999999999-0", -1},
    };
    static const struct row sizes[] = {
        {"4000", 4000}, {"4G", 4096}, {"512M", 512}, {"1024K", 1}, {"1K", 1},   {"2T", 2097152},
        {"4GB", 4096},  {"", -1},     {"G", -1},     {"4X", -1},   {"4Gx", -1},
    };
    check(wf_sbatch_time, times, WF_COUNT_OF(times));
    check(wf_sbatch_size, sizes, WF_COUNT_OF(sizes));
}

static void slurm_begins_at_a_time_of_day(void **state)
{
    (void)state;
    static const int64_t now = 1787479200000; // 2026-08-23 10:00 UTC
    static const struct row rows[] = {
        {"now", now},
        {"now+60", now + 60000},
        {"now+2hours", now + 7200000},
        {"now+1week", now + 604800000},
        {"today", now},
        {"tomorrow", 1787529600000},
        {"16:00", now + 21600000},
        {"09:00:30", now + 82830000},
        {"noon", now + 7200000},
        {"2026-08-24", 1787529600000},
        {"2026-08-23T12:00", now + 7200000},
        {"2026-08-23T12:00:01", now + 7201000},
        {"now+2moons", -1},
        {"25:00", -1},
        {"2026-08-23X", -1},
        {"", -1},
    };
    setenv("TZ", "UTC", 1);
    tzset();
    for (size_t i = 0; i < WF_COUNT_OF(rows); i++) {
        int64_t ms = -1;
        if (!wf_sbatch_clock(rows[i].text, now, &ms)) {
            ms = -1;
        }
        if (ms != rows[i].number) {
            fail_msg("'%s' is %lld", rows[i].text, (long long)ms);
        }
    }
}

static void indices_have_one_shortest_text(void **state)
{
    (void)state;
    static const char *const rows[][2] = {
        {"0", "0"},           {"0-9", "0-9"},       {"3,1,2", "1-3"},
        {"0-20:5", "0-20:5"}, {"0,10", "0,10"},     {"0,10,20,21", "0-20:10,21"},
        {"5,5,5", "5"},       {"0-9,20", "0-9,20"}, {"1,2,4,8", "1-2,4,8"},
        {"7-7", "7"},
    };
    static const char *const wrong[] = {"",   ",",     "1,",    "-1", "a",
                                        "1-", "1-2-3", "0-9:0", "1%", "1 "};
    struct wf_job_memory *memory;
    struct wf_job_indices indices;
    struct wf_error err;
    assert_int_equal(wf_job_memory_create(&memory, &err), WF_OK);
    for (size_t i = 0; i < WF_COUNT_OF(rows); i++) {
        assert_int_equal(wf_job_indices_read(rows[i][0], memory, &indices, &err), WF_OK);
        char *text = wf_job_indices_write(indices.index, indices.count);
        assert_string_equal(text, rows[i][1]);
        free(text);
    }
    for (size_t i = 0; i < WF_COUNT_OF(wrong); i++) {
        assert_int_equal(wf_job_indices_read(wrong[i], memory, &indices, &err), WF_INVALID);
    }
    wf_job_memory_destroy(memory);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(times_are_read),
        cmocka_unit_test(sizes_are_read),
        cmocka_unit_test(slurm_writes_times_and_sizes_its_own_way),
        cmocka_unit_test(slurm_begins_at_a_time_of_day),
        cmocka_unit_test(indices_have_one_shortest_text),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
