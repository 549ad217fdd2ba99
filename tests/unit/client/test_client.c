// SPDX-License-Identifier: Apache-2.0
// What libwhaleflux does without a daemon: finding it, paths of requests, answers by path.
#include <setjmp.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include "client/client.h"
#include "client/path.h"

static void clear_environment(void)
{
    unsetenv("WHALEFLUX_URL");
    unsetenv("WHALEFLUX_TOKEN");
    unsetenv("WHALEFLUX_CA");
    unsetenv("WHALEFLUX_FINGERPRINT");
    setenv("HOME", "/nonexistent", 1);
}

static void what_is_said_goes_before_the_environment(void **state)
{
    struct whaleflux_config config = {.size = sizeof config, .url = "https://there:1/"};
    struct whaleflux *handle;
    (void)state;
    clear_environment();
    setenv("WHALEFLUX_URL", "https://here:2", 1);
    assert_int_equal(whaleflux_open(NULL, &handle, NULL), WHALEFLUX_OK);
    assert_string_equal(whaleflux_where(handle), "https://here:2");
    whaleflux_close(handle);
    assert_int_equal(whaleflux_open(&config, &handle, NULL), WHALEFLUX_OK);
    assert_string_equal(whaleflux_where(handle), "https://there:1");
    whaleflux_close(handle);
    config.url = NULL;
    config.data_folder = "/data";
    assert_int_equal(whaleflux_open(&config, &handle, NULL), WHALEFLUX_OK);
    assert_string_equal(whaleflux_where(handle), "/data/socket");
    whaleflux_close(handle);
}

static void a_config_of_an_older_header_has_fewer_fields(void **state)
{
    struct whaleflux_config config = {.size = offsetof(struct whaleflux_config, data_folder),
                                      .url = "https://there:1",
                                      .data_folder = (const char *)1};
    struct whaleflux *handle;
    (void)state;
    clear_environment();
    assert_int_equal(whaleflux_open(&config, &handle, NULL), WHALEFLUX_OK);
    assert_string_equal(whaleflux_where(handle), "https://there:1");
    whaleflux_close(handle);
}

static void assert_refused(struct whaleflux_config config, const char *text)
{
    struct whaleflux *handle;
    struct whaleflux_error err;
    config.size = sizeof config;
    assert_int_equal(whaleflux_open(&config, &handle, &err), WHALEFLUX_INVALID);
    assert_null(handle);
    assert_int_equal(err.status, WHALEFLUX_INVALID);
    assert_non_null(strstr(err.text, text));
}

static void what_would_be_unsafe_is_refused(void **state)
{
    struct whaleflux_config here = {.size = sizeof here, .url = "http://127.0.0.1:7171"};
    struct whaleflux *handle;
    (void)state;
    clear_environment();
    assert_refused((struct whaleflux_config){.url = "http://example.org"}, "use https");
    assert_refused((struct whaleflux_config){.url = "http://127.0.0.1.example.org"}, "use https");
    assert_refused((struct whaleflux_config){.url = "ftp://example.org"}, "no URL");
    assert_refused((struct whaleflux_config){.url = "https://a", .token = "x\r\nHost: b"},
                   "more than one line");
    assert_int_equal(whaleflux_open(&here, &handle, NULL), WHALEFLUX_OK);
    whaleflux_close(handle);
}

static void nobody_there_is_said(void **state)
{
    struct whaleflux_config config = {.size = sizeof config, .data_folder = "/nonexistent"};
    struct whaleflux *handle;
    struct whaleflux_error err;
    struct whaleflux_answer *answer = (struct whaleflux_answer *)1;
    (void)state;
    clear_environment();
    assert_int_equal(whaleflux_open(&config, &handle, NULL), WHALEFLUX_OK);
    assert_int_equal(whaleflux_get(handle, "1", &answer, &err), WHALEFLUX_UNREACHABLE);
    assert_null(answer);
    assert_non_null(strstr(err.text, "/nonexistent/socket"));
    assert_int_equal(whaleflux_get(handle, "", &answer, &err), WHALEFLUX_INVALID);
    assert_int_equal(whaleflux_change(handle, "1", "explode", NULL, &err), WHALEFLUX_INVALID);
    whaleflux_stop(handle);
    // Who is stopped before they begin is stopped all the same, or finds nobody first.
    assert_int_not_equal(whaleflux_get(handle, "1", NULL, NULL), WHALEFLUX_OK);
    whaleflux_close(handle);
}

static void segments_and_values_stay_what_they_are(void **state)
{
    struct wf_path path = {.length = 0};
    (void)state;
    assert_int_equal(wf_path_job(&path, "a b/../c?d=e&f%\xc3\xa4", "/logs?task=", NULL),
                     WHALEFLUX_OK);
    wf_path_number(&path, -12);
    assert_string_equal(path.text, "/v1/jobs/a%20b%2F..%2Fc%3Fd%3De%26f%25%C3%A4/logs?task=-12");
    assert_false(path.too_long);
}

static void a_path_that_is_too_long_is_refused(void **state)
{
    struct wf_path path = {.length = 0};
    char name[sizeof path.text];
    (void)state;
    memset(name, 'n', sizeof name);
    name[sizeof name - 1] = '\0';
    assert_int_equal(wf_path_job(&path, name, "", NULL), WHALEFLUX_INVALID);
    assert_true(path.too_long);
}

static void answers_are_read_by_path(void **state)
{
    struct whaleflux_answer *answer = NULL;
    struct whaleflux_error err;
    (void)state;
    const char *text = "{\"jobs\":[{\"id\":7,\"name\":\"x\",\"on\":true},{\"exit\":{\"code\":3}}]}";
    assert_int_equal(wf_client_answer(strdup(text), &answer, &err), WHALEFLUX_OK);
    assert_string_equal(whaleflux_answer_json(answer), text);
    assert_int_equal(whaleflux_answer_count(answer, "jobs"), 2);
    assert_int_equal(whaleflux_answer_count(answer, "nothing"), 0);
    assert_int_equal(whaleflux_answer_number(answer, "jobs.0.id", -1), 7);
    assert_int_equal(whaleflux_answer_number(answer, "jobs.1.exit.code", -1), 3);
    assert_int_equal(whaleflux_answer_number(answer, "jobs.2.id", -1), -1);
    assert_int_equal(whaleflux_answer_number(answer, "jobs.x.id", -1), -1);
    assert_int_equal(whaleflux_answer_number(answer, "jobs.0.name", -1), -1);
    assert_string_equal(whaleflux_answer_text(answer, "jobs.0.name"), "x");
    assert_null(whaleflux_answer_text(answer, "jobs.0.id"));
    assert_true(whaleflux_answer_flag(answer, "jobs.0.on"));
    assert_false(whaleflux_answer_flag(answer, "jobs.0.off"));
    whaleflux_answer_free(answer);
    assert_int_equal(wf_client_answer(strdup("<html>"), &answer, &err), WHALEFLUX_FAILED);
    assert_non_null(strstr(err.text, "no WhaleFlux"));
    assert_null(whaleflux_answer_json(NULL));
    assert_int_equal(whaleflux_api_version(), WHALEFLUX_API_VERSION);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(what_is_said_goes_before_the_environment),
        cmocka_unit_test(a_config_of_an_older_header_has_fewer_fields),
        cmocka_unit_test(what_would_be_unsafe_is_refused),
        cmocka_unit_test(nobody_there_is_said),
        cmocka_unit_test(segments_and_values_stay_what_they_are),
        cmocka_unit_test(a_path_that_is_too_long_is_refused),
        cmocka_unit_test(answers_are_read_by_path),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
