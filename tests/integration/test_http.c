// SPDX-License-Identifier: Apache-2.0
// The HTTP server against real clients: who may ask, and what clients get who do it wrong.
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <sys/socket.h>
#include <unistd.h>

#include <cmocka.h>

#include "integration/http_bed.h"

static struct http_bed *bed;

static const struct answer *get(const char *path, const char *token)
{
    return http_ask(bed, &(struct asking){.path = path, .token = token});
}

static void assert_refused(const struct answer *answer, long status, const char *code,
                           const char *words)
{
    char expected[96];
    assert_int_equal(answer->curl, CURLE_OK);
    assert_int_equal(answer->status, status);
    snprintf(expected, sizeof expected, "{\"error\":{\"code\":\"%s\"", code);
    assert_non_null(strstr(answer->body, expected));
    assert_non_null(strstr(answer->body, words));
    assert_non_null(strstr(answer->head, "application/json"));
}

static void a_token_over_tls_says_who_asks(void **state)
{
    (void)state;
    const struct answer *answer = get("/who", "wf_viewer");
    assert_int_equal(answer->curl, CURLE_OK);
    assert_int_equal(answer->status, 200);
    assert_string_equal(answer->body, "token-viewer viewer ada 1 0");
    assert_non_null(strstr(answer->head, "nosniff"));
    assert_non_null(strstr(answer->head, "no-store"));
}

static void a_certificate_of_somebody_else_is_not_ours(void **state)
{
    CURL *curl = curl_easy_init();
    char url[64];
    (void)state;
    snprintf(url, sizeof url, "https://localhost:%u/open", http_bed_port(bed));
    curl_easy_setopt(curl, CURLOPT_URL, url);
    assert_int_equal(curl_easy_perform(curl), CURLE_PEER_FAILED_VERIFICATION);
    // And who speaks no TLS at all gets no answer.
    snprintf(url, sizeof url, "http://localhost:%u/open", http_bed_port(bed));
    curl_easy_setopt(curl, CURLOPT_URL, url);
    assert_int_not_equal(curl_easy_perform(curl), CURLE_OK);
    curl_easy_cleanup(curl);
}

static void the_kernel_says_who_asks_over_the_socket(void **state)
{
    (void)state;
    const struct answer *answer = http_ask(bed, &(struct asking){.path = "/who", .socket = true});
    assert_string_equal(answer->body, "peer submitter self 0 1");
    // A token says more than the socket does.
    answer = http_ask(bed, &(struct asking){.path = "/who", .socket = true, .token = "wf_admin"});
    assert_string_equal(answer->body, "token-admin admin ada 0 1");
}

static void who_may_not_ask_is_told_so(void **state)
{
    (void)state;
    assert_refused(get("/who", NULL), 401, "unauthenticated", "a token is needed");
    assert_refused(get("/who", "wf_nobody"), 401, "unauthenticated", "no such token");
    const struct answer *answer = get("/who", "wf_old");
    assert_refused(answer, 401, "unauthenticated", "the token has expired");
    assert_non_null(strstr(answer->head, "WWW-Authenticate: Bearer"));
    assert_refused(
        http_ask(bed, &(struct asking){.path = "/who", .header = "Authorization: Basic YTpi"}), 401,
        "unauthenticated", "no such token");
    assert_refused(
        http_ask(bed, &(struct asking){.method = "DELETE", .path = "/all", .token = "wf_viewer"}),
        403, "forbidden", "that needs the role admin; 'token-viewer' has the role viewer");
    // What there is and what not is nobody's business without a token.
    assert_refused(get("/nothing", NULL), 401, "unauthenticated", "a token is needed");
    assert_string_equal(get("/open", NULL)->body, "open");
}

static void what_there_is_not_is_told_so(void **state)
{
    (void)state;
    assert_refused(get("/nothing", "wf_viewer"), 404, "not_found", "nothing of that name");
    assert_refused(get("/1/2/3/4/5/6/7/8/9", "wf_viewer"), 404, "not_found", "that name");
    const struct answer *answer =
        http_ask(bed, &(struct asking){.method = "PUT", .path = "/who", .token = "wf_viewer"});
    assert_refused(answer, 405, "method_not_allowed", "only GET, HEAD");
    assert_non_null(strstr(answer->head, "Allow: GET, HEAD"));
    assert_refused(get("/echo/a?moree=1", "wf_viewer"), 400, "invalid",
                   "\"field\":\"moree\",\"message\":\"there is no parameter 'moree' here; did you "
                   "mean 'more'?\"");
}

static void head_is_get_without_a_body(void **state)
{
    (void)state;
    const struct answer *answer =
        http_ask(bed, &(struct asking){.method = "HEAD", .path = "/who", .token = "wf_viewer"});
    assert_int_equal(answer->status, 200);
    assert_non_null(strstr(answer->head, "Content-Length: 27"));
    assert_int_equal(answer->body_total, 0);
    answer =
        http_ask(bed, &(struct asking){.method = "HEAD", .path = "/stream", .token = "wf_viewer"});
    assert_int_equal(answer->status, 200);
    for (int i = 0; i < 100 && http_bed_count(bed).streams > 0; i++) {
        usleep(20000);
    }
    assert_int_equal(http_bed_count(bed).streams, 0);
}

static void texts_in_paths_and_queries_arrive_as_they_were(void **state)
{
    (void)state;
    assert_string_equal(get("/echo/b%C3%A4r%20+?more=a%26b%3D+c", "wf_viewer")->body,
                        "b\xc3\xa4r +|a&b= c");
    assert_string_equal(get("/echo/x", "wf_viewer")->body, "x|-");
}

static void tricks_with_paths_get_a_clear_answer(void **state)
{
    static const char *const tricks[] = {
        "/echo/%2e%2e",
        "/echo/../who",
        "/echo/..%2fwho",
        "/echo/a%00b",
        "/echo/%",
        "//who",
        "/echo/%c0%ae%c0%ae/",
        "/echo/a%0d%0aX:b",
        "/echo/%ff",
        "/echo/a?more=%00",
        "/echo/a?more=1&more=2",
        "/echo/./a",
    };
    (void)state;
    for (size_t i = 0; i < WF_COUNT_OF(tricks); i++) {
        assert_refused(get(tricks[i], "wf_viewer"), 400, "invalid", "\"field\":\"path\"");
    }
    static char overlong[9000];
    memset(overlong, 'a', sizeof overlong - 1);
    overlong[0] = '/';
    assert_refused(get(overlong, "wf_viewer"), 414, "too_large", "more than 8192 bytes");
    static char huge[200000];
    memset(huge, 'a', sizeof huge - 1);
    huge[0] = '/';
    const struct answer *answer = get(huge, "wf_viewer");
    assert_true(answer->curl != CURLE_OK || answer->status == 414);
}

static const struct answer *post(const char *body, size_t length, const char *type,
                                 const char *header)
{
    return http_ask(bed, &(struct asking){.path = "/echo",
                                          .token = "wf_submitter",
                                          .body = body,
                                          .body_length = length,
                                          .type = type,
                                          .header = header});
}

static void a_body_arrives_whole(void **state)
{
    static char large[60000];
    (void)state;
    memset(large, 'b', sizeof large);
    const struct answer *answer = post(large, sizeof large, NULL, NULL);
    assert_int_equal(answer->status, 200);
    assert_int_equal(answer->body_length, sizeof large);
    assert_memory_equal(answer->body, large, sizeof large);
    assert_non_null(strstr(answer->head, "Location: /echo/1"));
    assert_int_equal(post("{}", 2, "application/json; charset=utf-8", NULL)->status, 200);
}

static void bodies_that_are_not_taken_say_why(void **state)
{
    static char most[1024 * 1024 + 1];
    (void)state;
    assert_refused(post("a=1", 3, "application/x-www-form-urlencoded", NULL), 415,
                   "unsupported_type", "application/json");
    assert_refused(post("", 0, NULL, NULL), 400, "invalid", "the body is missing");
    assert_refused(post("{}", 2, NULL, "Transfer-Encoding: chunked"), 411, "length_required",
                   "Content-Length");
    assert_refused(http_ask(bed, &(struct asking){.method = "GET",
                                                  .path = "/who",
                                                  .token = "wf_viewer",
                                                  .body = "x",
                                                  .body_length = 1}),
                   400, "invalid", "takes no body");
    memset(most, 'm', sizeof most);
    assert_int_equal(post(most, sizeof most - 1, NULL, NULL)->body_total, sizeof most - 1);
    assert_refused(post(most, sizeof most, NULL, NULL), 413, "too_large",
                   "at most 1048576 bytes, this one has 1048577");
    // A refusal for another reason lets the connection live: its small body is read.
    assert_refused(http_ask(bed, &(struct asking){.path = "/echo",
                                                  .token = "wf_viewer",
                                                  .body = most,
                                                  .body_length = 100000}),
                   403, "forbidden", "submitter");
}

// Curl asks first (Expect: 100-continue) and sends nothing; a rude client just sends.
static void a_hundred_megabytes_are_refused_at_once(void **state)
{
    static char megabyte[1024 * 1024];
    char text[4096];
    size_t sent = 0;
    (void)state;
    int descriptor = http_connect(bed);
    int length = snprintf(text, sizeof text,
                          "POST /echo HTTP/1.1\r\nHost: x\r\nAuthorization: Bearer wf_submitter\r\n"
                          "Content-Type: application/json\r\nContent-Length: 104857600\r\n\r\n");
    assert_true(http_send(descriptor, text, (size_t)length));
    for (; sent < 100 && http_send(descriptor, megabyte, sizeof megabyte); sent++) {
    }
    http_read(descriptor, text, sizeof text, 5000);
    assert_true(sent < 100);
    assert_memory_equal(text, "HTTP/1.1 413", 12);
    assert_non_null(strstr(text, "too_large"));
    close(descriptor);
}

static void malformed_requests_are_refused_and_the_server_lives(void **state)
{
    static const char *const requests[] = {
        "\r\n\r\n\r\n",
        "GET\r\n\r\n",
        "GET /open\r\n\r\n",
        "GET /open HTTP/9.9\r\nHost: x\r\n\r\n",
        "GET /open HTTP/1.1\r\n\r\n",
        "\x16\x03\x01\x02\x00\x01\x00\x01\xfc\x03\x03",
        "POST /echo HTTP/1.1\r\nHost: x\r\nContent-Length: -1\r\n\r\n",
        "POST /echo HTTP/1.1\r\nHost: x\r\nContent-Length: 1x\r\n\r\n",
        "POST /echo HTTP/1.1\r\nHost: x\r\nContent-Length: 99999999999999999999999\r\n\r\n",
        ("POST /echo HTTP/1.1\r\nHost: x\r\nTransfer-Encoding: chunked\r\nContent-Length: 3\r\n"
         "\r\nabc"),
        "POST /echo HTTP/1.1\r\nHost: x\r\nTransfer-Encoding: chunked\r\n\r\nzzz\r\n\r\n",
        "GET /open HTTP/1.1\r\nHost x\r\n\r\n",
        "GET http://[::1/open HTTP/1.1\r\nHost: x\r\n\r\n",
    };
    char text[8192];
    (void)state;
    for (size_t i = 0; i < WF_COUNT_OF(requests); i++) {
        int descriptor = http_connect(bed);
        assert_true(http_send(descriptor, requests[i], strlen(requests[i])));
        shutdown(descriptor, SHUT_WR);
        http_read(descriptor, text, sizeof text, 3000);
        // An answer of 400 and more, or none; never a success.
        assert_true(text[0] == '\0' || strncmp(text, "HTTP/1.1 4", 10) == 0 ||
                    strncmp(text, "HTTP/1.1 5", 10) == 0 || strncmp(text, "HTTP/1.0 4", 10) == 0);
        close(descriptor);
    }
    assert_string_equal(get("/open", NULL)->body, "open");
}

static void a_nul_in_the_path_does_not_cut_it(void **state)
{
    static const char request[] = "GET /open\0/../../x HTTP/1.1\r\nHost: x\r\n\r\n";
    char text[4096];
    (void)state;
    int descriptor = http_connect(bed);
    assert_true(http_send(descriptor, request, sizeof request - 1));
    http_read(descriptor, text, sizeof text, 1000);
    assert_true(text[0] == '\0' || strncmp(text, "HTTP/1.1 4", 10) == 0);
    close(descriptor);
}

static void headers_without_an_end_are_refused(void **state)
{
    static char line[1024];
    char text[8192];
    (void)state;
    memset(line, 'h', sizeof line);
    memcpy(line, "X-Header: ", 10);
    memcpy(line + sizeof line - 2, "\r\n", 2);
    int descriptor = http_connect(bed);
    assert_true(http_send(descriptor, "GET /open HTTP/1.1\r\n", 20));
    int sent = 0;
    for (; sent < 10000 && http_send(descriptor, line, sizeof line); sent++) {
    }
    assert_true(sent < 10000);
    http_read(descriptor, text, sizeof text, 1000);
    assert_true(text[0] == '\0' || strncmp(text, "HTTP/1.1 4", 10) == 0);
    close(descriptor);
}

static int start_tls(void **state)
{
    (void)state;
    bed = http_bed_start(&(struct http_bed_setup){.tls = true});
    return 0;
}

static int start_plain(void **state)
{
    (void)state;
    bed = http_bed_start(&(struct http_bed_setup){0});
    return 0;
}

static int stop(void **state)
{
    (void)state;
    http_bed_stop(bed);
    return 0;
}

#define WITH_TLS(test) cmocka_unit_test_setup_teardown(test, start_tls, stop)
#define PLAIN(test) cmocka_unit_test_setup_teardown(test, start_plain, stop)

int main(void)
{
    const struct CMUnitTest tests[] = {
        WITH_TLS(a_token_over_tls_says_who_asks),
        WITH_TLS(a_certificate_of_somebody_else_is_not_ours),
        WITH_TLS(the_kernel_says_who_asks_over_the_socket),
        WITH_TLS(who_may_not_ask_is_told_so),
        PLAIN(what_there_is_not_is_told_so),
        PLAIN(head_is_get_without_a_body),
        PLAIN(texts_in_paths_and_queries_arrive_as_they_were),
        PLAIN(tricks_with_paths_get_a_clear_answer),
        WITH_TLS(a_body_arrives_whole),
        PLAIN(bodies_that_are_not_taken_say_why),
        PLAIN(a_hundred_megabytes_are_refused_at_once),
        PLAIN(malformed_requests_are_refused_and_the_server_lives),
        PLAIN(a_nul_in_the_path_does_not_cut_it),
        PLAIN(headers_without_an_end_are_refused),
    };
    curl_global_init(CURL_GLOBAL_ALL);
    return cmocka_run_group_tests(tests, NULL, NULL);
}
