// SPDX-License-Identifier: Apache-2.0
// The HTTP server over time: answers that come later, streams, and clients that are slow, many, or
// gone.
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <sys/socket.h>
#include <unistd.h>

#include <cmocka.h>

#include "integration/http_bed.h"

enum { MANY = 300 };

static struct http_bed *bed;

static int ask_raw(const char *path, const char *header)
{
    char text[512];
    int descriptor = http_connect(bed);
    assert_true(descriptor >= 0);
    int length = snprintf(text, sizeof text,
                          "GET %s HTTP/1.1\r\nHost: x\r\nAuthorization: Bearer wf_viewer\r\n%s\r\n",
                          path, header);
    assert_true(http_send(descriptor, text, (size_t)length));
    return descriptor;
}

static void wait_for_streams(uint64_t count)
{
    for (int i = 0; i < 500 && http_bed_count(bed).streams != count; i++) {
        usleep(20000);
    }
    assert_int_equal(http_bed_count(bed).streams, count);
}

static void an_answer_may_come_later(void **state)
{
    (void)state;
    int descriptor = ask_raw("/later", "");
    assert_false(http_read_until(descriptor, "\r\n\r\n", 300));
    // Others are answered meanwhile.
    assert_int_equal(http_ask(bed, &(struct asking){.path = "/open"})->status, 200);
    http_bed_answer_later(bed);
    assert_true(http_read_until(descriptor, "late", 2000));
    // The connection goes on.
    static const char next[] = "GET /open HTTP/1.1\r\nHost: x\r\n\r\n";
    assert_true(http_send(descriptor, next, sizeof next - 1));
    assert_true(http_read_until(descriptor, "open", 2000));
    close(descriptor);
}

static void a_client_that_has_gone_is_answered_into_the_void(void **state)
{
    (void)state;
    close(ask_raw("/later", ""));
    usleep(200000);
    http_bed_answer_later(bed);
    assert_int_equal(http_ask(bed, &(struct asking){.path = "/open"})->status, 200);
}

static void whoever_waits_at_the_end_is_told(void **state)
{
    char text[2048];
    (void)state;
    int descriptor = ask_raw("/later", "");
    int listening = ask_raw("/stream", "");
    assert_true(http_read_until(listening, "hello", 2000));
    usleep(100000);
    http_bed_stop(bed);
    http_read(descriptor, text, sizeof text, 2000);
    assert_memory_equal(text, "HTTP/1.1 503", 12);
    assert_non_null(strstr(text, "the daemon stops"));
    http_read(listening, text, sizeof text, 2000);
    assert_non_null(strstr(text, "event: end"));
    close(descriptor);
    close(listening);
    bed = NULL;
}

static void a_stream_resumes_where_its_client_was(void **state)
{
    char text[4096];
    (void)state;
    int descriptor = ask_raw("/stream", "Last-Event-ID: 41\r\n");
    assert_true(
        http_read_until(descriptor, "id: 42\nevent: hello\ndata: two\ndata: lines\n\n", 2000));
    http_bed_event(bed, 43, 3);
    http_read(descriptor, text, sizeof text, 500);
    assert_non_null(strstr(text, "id: 43\ndata: eee\n\n"));
    close(descriptor);
    wait_for_streams(0);
}

static void a_quiet_stream_shows_that_it_lives(void **state)
{
    (void)state;
    int descriptor = ask_raw("/stream", "");
    assert_true(http_read_until(descriptor, "lines\n\n", 2000));
    assert_true(http_read_until(descriptor, ":\n\n", 3000));
    assert_true(http_read_until(descriptor, ":\n\n", 3000));
    close(descriptor);
}

static void three_hundred_streams_are_open_at_once(void **state)
{
    int descriptors[MANY];
    (void)state;
    for (int i = 0; i < MANY; i++) {
        descriptors[i] = ask_raw("/stream", "");
    }
    wait_for_streams(MANY);
    int64_t start_ms = http_now_ms();
    http_bed_event(bed, 99, 100);
    for (int i = 0; i < MANY; i++) {
        assert_true(http_read_until(descriptors[i], "id: 99", 5000));
    }
    int64_t events_ms = http_now_ms() - start_ms;
    start_ms = http_now_ms();
    for (int i = 0; i < 20; i++) {
        assert_int_equal(http_ask(bed, &(struct asking){.path = "/open"})->status, 200);
    }
    fprintf(stderr, "# an event to %d streams: %d ms; a request meanwhile: %d ms\n", MANY,
            (int)events_ms, (int)(http_now_ms() - start_ms) / 20);
    assert_true(http_now_ms() - start_ms < 20 * 100);
    for (int i = 0; i < MANY; i++) {
        close(descriptors[i]);
    }
    wait_for_streams(0);
}

// Reads nothing until much more waits than is kept for it.
static void a_slow_reader_is_cut_with_a_last_event(void **state)
{
    static char text[8 * 1024 * 1024];
    (void)state;
    int descriptor = ask_raw("/stream", "");
    int quick = ask_raw("/stream", "");
    wait_for_streams(2);
    assert_true(http_read_until(quick, "lines", 2000));
    for (uint64_t i = 0; i < 200 && http_bed_count(bed).cut_streams == 0; i++) {
        http_bed_event(bed, 100 + i, 60000);
        http_read(quick, text, 60100, 50);
    }
    assert_int_equal(http_bed_count(bed).cut_streams, 1);
    size_t length = http_read(descriptor, text, sizeof text, 3000);
    assert_true(length > 60000);
    assert_non_null(
        strstr(text + length - 300, "event: cut\ndata: {\"message\":\"too much waited"));
    wait_for_streams(1);
    close(descriptor);
    close(quick);
}

static void a_followed_log_comes_as_fast_as_it_is_read(void **state)
{
    (void)state;
    const struct answer *answer =
        http_ask(bed, &(struct asking){.path = "/log", .token = "wf_viewer"});
    assert_int_equal(answer->curl, CURLE_OK);
    assert_int_equal(answer->body_total, 3000 * 1000);
    assert_int_equal(http_bed_count(bed).cut_streams, 0);
    wait_for_streams(0);
}

// One byte now and then would go on for ever where only silence counts.
static void who_asks_too_slowly_is_cut(void **state)
{
    static const char *const heads[] = {
        "GET /open HTTP/1.1\r\nHost: x\r\nX-Slow: ",
        ("POST /echo HTTP/1.1\r\nHost: x\r\nAuthorization: Bearer wf_submitter\r\n"
         "Content-Type: application/json\r\nContent-Length: 1000\r\n\r\n"),
        "",
    };
    (void)state;
    for (size_t i = 0; i < WF_COUNT_OF(heads); i++) {
        int descriptor = http_connect(bed);
        int64_t start_ms = http_now_ms();
        bool alive = http_send(descriptor, heads[i], strlen(heads[i]));
        while (alive && http_now_ms() - start_ms < 8000) {
            char byte;
            alive = (*heads[i] == '\0' || http_send(descriptor, "a", 1)) &&
                    !(recv(descriptor, &byte, 1, MSG_DONTWAIT) == 0);
            usleep(50000);
        }
        assert_false(alive);
        assert_true(http_now_ms() - start_ms < 5000);
        close(descriptor);
    }
    for (int i = 0; i < 100 && http_bed_count(bed).connections > 0; i++) {
        usleep(20000);
    }
    assert_int_equal(http_bed_count(bed).connections, 0);
}

static void who_takes_an_answer_too_slowly_is_cut(void **state)
{
    (void)state;
    int descriptor = ask_raw("/big", "");
    usleep(200000);
    assert_int_equal(http_bed_count(bed).connections, 1);
    for (int i = 0; i < 250 && http_bed_count(bed).connections > 0; i++) {
        char byte;
        (void)recv(descriptor, &byte, 1, MSG_DONTWAIT);
        usleep(20000);
    }
    assert_int_equal(http_bed_count(bed).connections, 0);
    close(descriptor);
}

static void more_connections_than_allowed_leave_the_socket_alone(void **state)
{
    int descriptors[40];
    (void)state;
    for (size_t i = 0; i < WF_COUNT_OF(descriptors); i++) {
        descriptors[i] = http_connect(bed);
    }
    usleep(200000);
    assert_true(http_bed_count(bed).connections <= 10);
    assert_int_equal(http_ask(bed, &(struct asking){.path = "/open", .socket = true})->status, 200);
    for (size_t i = 0; i < WF_COUNT_OF(descriptors); i++) {
        close(descriptors[i]);
    }
    // And then there is room again.
    for (int i = 0; i < 100; i++) {
        if (http_ask(bed, &(struct asking){.path = "/open"})->status == 200) {
            return;
        }
        usleep(50000);
    }
    fail();
}

static void wrong_tokens_have_to_wait(void **state)
{
    struct asking wrong = {.path = "/who", .token = "wf_guess"};
    struct asking right = {.path = "/who", .token = "wf_viewer"};
    (void)state;
    for (int i = 0; i < 5; i++) {
        assert_int_equal(http_ask(bed, &wrong)->status, 401);
    }
    const struct answer *answer = http_ask(bed, &wrong);
    assert_int_equal(answer->status, 429);
    assert_non_null(strstr(answer->head, "Retry-After: "));
    assert_non_null(strstr(answer->body, "\"code\":\"too_many\""));
    // A guess that is right is not told from one that is wrong.
    assert_int_equal(http_ask(bed, &right)->status, 429);
    // What needs no token, and the socket, go on.
    assert_int_equal(http_ask(bed, &(struct asking){.path = "/open"})->status, 200);
    right.socket = true;
    assert_int_equal(http_ask(bed, &right)->status, 200);
    assert_int_equal(http_bed_count(bed).failed_logins, 5);
}

static int start(void **state)
{
    (void)state;
    bed = http_bed_start(&(struct http_bed_setup){0});
    return 0;
}

static int start_impatient(void **state)
{
    (void)state;
    bed = http_bed_start(&(struct http_bed_setup){.request_ms_max = 1000,
                                                  .answer_ms_max = 1500,
                                                  .heartbeat_ms = 500,
                                                  .connections_max = 10,
                                                  .failed_logins_max = 5});
    return 0;
}

static int stop(void **state)
{
    (void)state;
    if (bed) {
        http_bed_stop(bed);
    }
    bed = NULL;
    return 0;
}

#define USUAL(test) cmocka_unit_test_setup_teardown(test, start, stop)
#define IMPATIENT(test) cmocka_unit_test_setup_teardown(test, start_impatient, stop)

int main(void)
{
    const struct CMUnitTest tests[] = {
        USUAL(an_answer_may_come_later),
        USUAL(a_client_that_has_gone_is_answered_into_the_void),
        USUAL(whoever_waits_at_the_end_is_told),
        USUAL(a_stream_resumes_where_its_client_was),
        IMPATIENT(a_quiet_stream_shows_that_it_lives),
        USUAL(three_hundred_streams_are_open_at_once),
        USUAL(a_slow_reader_is_cut_with_a_last_event),
        USUAL(a_followed_log_comes_as_fast_as_it_is_read),
        IMPATIENT(who_asks_too_slowly_is_cut),
        IMPATIENT(who_takes_an_answer_too_slowly_is_cut),
        IMPATIENT(more_connections_than_allowed_leave_the_socket_alone),
        IMPATIENT(wrong_tokens_have_to_wait),
    };
    curl_global_init(CURL_GLOBAL_ALL);
    return cmocka_run_group_tests(tests, NULL, NULL);
}
