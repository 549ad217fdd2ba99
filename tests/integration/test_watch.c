// SPDX-License-Identifier: Apache-2.0
// The pollers against a metadata server on loopback: what is heard, when, and what is not heard
// twice.
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>
#include <unistd.h>

#include <cmocka.h>
#include <uv.h>

#include "chaos/metadata.h"
#include "provider/provider.h"

enum { PERIOD_MS = 200, SLACK_MS = 500, HEARD_MAX = 32 };

static struct {
    uv_loop_t loop;
    struct wf_mock *mock;
    struct wf_watch *watch;
    struct wf_notice heard[HEARD_MAX];
    int64_t at_ms[HEARD_MAX];
    uint32_t count, troubles;
    char path[64];
} bed;

static int64_t now_ms(void *context)
{
    struct timespec now;
    (void)context;
    (void)clock_gettime(CLOCK_REALTIME, &now);
    return (int64_t)now.tv_sec * 1000 + now.tv_nsec / 1000000;
}

static void hear(void *context, const struct wf_notice *notice)
{
    (void)context;
    assert_true(bed.count < HEARD_MAX);
    bed.at_ms[bed.count] = now_ms(NULL);
    bed.heard[bed.count++] = *notice;
}

static void hear_trouble(void *context, const char *text)
{
    (void)context;
    assert_true(text[0] != '\0');
    bed.troubles++;
}

static void on_tick(uv_timer_t *timer)
{
    (void)timer;
}

// Lets the loop run until so many were heard, or for so long.
static void run(uint32_t count, int64_t ms)
{
    uv_timer_t tick;
    int64_t until_ms = now_ms(NULL) + ms;
    assert_int_equal(uv_timer_init(&bed.loop, &tick), 0);
    assert_int_equal(uv_timer_start(&tick, on_tick, 5, 5), 0);
    while (now_ms(NULL) < until_ms && (count == 0 || bed.count < count)) {
        (void)uv_run(&bed.loop, UV_RUN_ONCE);
    }
    uv_close((uv_handle_t *)&tick, NULL);
    (void)uv_run(&bed.loop, UV_RUN_NOWAIT);
    assert_true(count == 0 || bed.count >= count);
}

static void begin(const char *provider, const char *path)
{
    char where[64];
    memset(&bed, 0, sizeof bed);
    struct wf_error err = {.text = ""};
    assert_int_equal(uv_loop_init(&bed.loop), 0);
    assert_int_equal(wf_mock_open(0, &bed.mock, &err), WF_OK);
    snprintf(where, sizeof where, "http://127.0.0.1:%u", wf_mock_port(bed.mock));
    struct wf_watch_config config = {.provider = wf_provider_find(provider),
                                     .where = path ? path : where,
                                     .period_ms = PERIOD_MS,
                                     .loop = &bed.loop,
                                     .now_ms = now_ms,
                                     .hear = hear,
                                     .trouble = hear_trouble};
    assert_int_equal(wf_watch_open(&config, &bed.watch, &err), WF_OK);
    run(1, 5000);
    assert_int_equal(bed.heard[0].kind, WF_NOTICE_NONE);
}

static void end(void)
{
    wf_watch_close(bed.watch);
    (void)uv_run(&bed.loop, UV_RUN_DEFAULT);
    assert_int_equal(uv_loop_close(&bed.loop), 0);
    wf_watch_destroy(bed.watch);
    wf_mock_close(bed.mock);
}

static void set(enum wf_mock_notice notice, int64_t in_ms)
{
    struct wf_mock_state state = wf_mock_state(bed.mock);
    state.notice = notice;
    state.gone_ms = notice == WF_MOCK_QUIET ? 0 : now_ms(NULL) + in_ms;
    state.number++;
    wf_mock_set(bed.mock, &state);
}

static void set_fault(enum wf_mock_fault fault)
{
    struct wf_mock_state state = wf_mock_state(bed.mock);
    state.fault = fault;
    wf_mock_set(bed.mock, &state);
}

static const char *const clouds[] = {"aws", "gcp", "azure"};

static void a_notice_is_heard_in_time_and_so_is_its_end(void **unused)
{
    (void)unused;
    for (uint32_t i = 0; i < WF_COUNT_OF(clouds); i++) {
        begin(clouds[i], NULL);
        int64_t from_ms = now_ms(NULL);
        set(WF_MOCK_GOING, 30000);
        run(2, 5000);
        assert_int_equal(bed.heard[1].kind, WF_NOTICE_GOING);
        assert_in_range(bed.at_ms[1] - from_ms, 0, PERIOD_MS + SLACK_MS);
        assert_in_range(bed.heard[1].gone_ms - from_ms, 28000, 32000);
        run(0, 3 * PERIOD_MS);
        assert_int_equal(bed.count, 2); // not again and again
        from_ms = now_ms(NULL);
        set(WF_MOCK_QUIET, 0);
        run(3, 5000);
        assert_int_equal(bed.heard[2].kind, WF_NOTICE_NONE);
        assert_in_range(bed.at_ms[2] - from_ms, 0, PERIOD_MS + SLACK_MS);
        assert_int_equal(wf_watch_count(bed.watch).notices, 1);
        end();
    }
}

static void a_late_notice_is_one(void **unused)
{
    (void)unused;
    for (uint32_t i = 0; i < WF_COUNT_OF(clouds); i++) {
        begin(clouds[i], NULL);
        set(WF_MOCK_GOING, -10000);
        run(2, 5000);
        assert_int_equal(bed.heard[1].kind, WF_NOTICE_GOING);
        bool says_no_time = strcmp(clouds[i], "gcp") == 0;
        assert_true(says_no_time || bed.heard[1].gone_ms < now_ms(NULL) - 8000);
        end();
    }
}

static void a_notice_told_anew_is_the_same(void **unused)
{
    (void)unused;
    for (uint32_t i = 0; i < WF_COUNT_OF(clouds); i++) {
        begin(clouds[i], NULL);
        set(WF_MOCK_GOING, 30000);
        run(2, 5000);
        struct wf_mock_state state = wf_mock_state(bed.mock);
        state.number++;
        wf_mock_set(bed.mock, &state);
        run(0, 3 * PERIOD_MS);
        assert_int_equal(bed.count, 2);
        end();
    }
}

static void tokens_that_are_over_are_renewed(void **unused)
{
    (void)unused;
    begin("aws", NULL);
    for (uint32_t i = 0; i < 3; i++) {
        wf_mock_expire_tokens(bed.mock);
        run(0, 2 * PERIOD_MS);
    }
    struct wf_mock_counts counts = wf_mock_count(bed.mock);
    assert_int_equal(counts.tokens, 4);
    assert_int_equal(counts.refused, 3);
    wf_mock_expire_tokens(bed.mock);
    int64_t from_ms = now_ms(NULL);
    set(WF_MOCK_GOING, 120000);
    run(2, 5000);
    assert_in_range(bed.at_ms[1] - from_ms, 0, PERIOD_MS + SLACK_MS);
    end();
}

static void advice_is_told_as_such(void **unused)
{
    (void)unused;
    begin("aws", NULL);
    set(WF_MOCK_ADVICE, 0);
    run(2, 5000);
    assert_int_equal(bed.heard[1].kind, WF_NOTICE_ADVICE);
    set(WF_MOCK_GOING, 120000);
    run(3, 5000);
    assert_int_equal(bed.heard[2].kind, WF_NOTICE_GOING);
    end();
}

static void a_server_that_fails_withdraws_nothing(void **unused)
{
    (void)unused;
    static const enum wf_mock_fault faults[] = {WF_MOCK_DOWN, WF_MOCK_GARBAGE};
    for (uint32_t i = 0; i < WF_COUNT_OF(clouds) * 2; i++) {
        begin(clouds[i / 2], NULL);
        set(WF_MOCK_GOING, 30000);
        run(2, 5000);
        set_fault(faults[i % 2]);
        run(0, 6 * PERIOD_MS);
        assert_int_equal(bed.count, 2);
        assert_int_equal(bed.troubles, 1);
        set_fault(WF_MOCK_WELL);
        run(0, 4 * PERIOD_MS);
        assert_int_equal(bed.count, 2);
        assert_int_equal(bed.troubles, 2); // that it answers again
        end();
    }
}

static void silence_holds_nobody(void **unused)
{
    (void)unused;
    begin("aws", NULL);
    set_fault(WF_MOCK_SILENT);
    run(0, 300);
    wf_watch_close(bed.watch); // in the middle of a question
    (void)uv_run(&bed.loop, UV_RUN_NOWAIT);
    end();
}

static void what_is_about_another_machine_is_not_heard(void **unused)
{
    (void)unused;
    begin("azure", NULL);
    struct wf_mock_state state = {
        .notice = WF_MOCK_GOING, .gone_ms = now_ms(NULL) + 30000, .machine = "another"};
    wf_mock_set(bed.mock, &state);
    run(0, 3 * PERIOD_MS);
    assert_int_equal(bed.count, 1);
    end();
}

static void a_file_is_a_notice_while_it_is_there(void **unused)
{
    (void)unused;
    char path[] = "/tmp/whaleflux-notice-XXXXXX";
    int file = mkstemp(path);
    assert_true(file >= 0);
    assert_int_equal(unlink(path), 0);
    begin("file", path);
    int64_t from_ms = now_ms(NULL);
    FILE *written = fopen(path, "w");
    assert_non_null(written);
    assert_true(fputs("{\"seconds\": 60, \"action\": \"drill\"}", written) >= 0);
    assert_int_equal(fclose(written), 0);
    run(2, 5000);
    assert_string_equal(bed.heard[1].what, "drill");
    assert_in_range(bed.at_ms[1] - from_ms, 0, PERIOD_MS + SLACK_MS);
    assert_in_range(bed.heard[1].gone_ms - from_ms, 59000, 61500);
    assert_int_equal(unlink(path), 0);
    run(3, 5000);
    assert_int_equal(bed.heard[2].kind, WF_NOTICE_NONE);
    (void)close(file);
    end();
}

static void bad_addresses_are_refused(void **unused)
{
    (void)unused;
    static const char *const addresses[] = {"",           "http://",    "https://1.2.3.4",
                                            "http://a/b", "http://a b", "ftp://x"};
    struct wf_watch *watch = NULL;
    for (uint32_t i = 0; i < WF_COUNT_OF(addresses); i++) {
        struct wf_error err = {.text = ""};
        struct wf_watch_config config = {.provider = &wf_provider_aws, .where = addresses[i]};
        assert_int_equal(wf_watch_open(&config, &watch, &err), WF_INVALID);
        assert_true(err.text[0] != '\0');
    }
    struct wf_watch_config config = {.provider = &wf_provider_file};
    assert_int_equal(wf_watch_open(&config, &watch, NULL), WF_INVALID);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(a_notice_is_heard_in_time_and_so_is_its_end),
        cmocka_unit_test(a_late_notice_is_one),
        cmocka_unit_test(a_notice_told_anew_is_the_same),
        cmocka_unit_test(tokens_that_are_over_are_renewed),
        cmocka_unit_test(advice_is_told_as_such),
        cmocka_unit_test(a_server_that_fails_withdraws_nothing),
        cmocka_unit_test(silence_holds_nobody),
        cmocka_unit_test(what_is_about_another_machine_is_not_heard),
        cmocka_unit_test(a_file_is_a_notice_while_it_is_there),
        cmocka_unit_test(bad_addresses_are_refused),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
