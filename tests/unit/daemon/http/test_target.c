// SPDX-License-Identifier: Apache-2.0
#include "daemon/http/target.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

static struct wf_target target;
static struct wf_error err;

static enum wf_status parse(const char *text)
{
    err = (struct wf_error){0};
    return wf_target_parse(text, strlen(text), &target, &err);
}

static void a_path_comes_apart_into_decoded_segments(void **state)
{
    (void)state;
    assert_int_equal(parse("/v1/jobs/b%C3%A4r%20+1"), WF_OK);
    assert_int_equal(target.segments, 3);
    assert_string_equal(target.segment[0], "v1");
    assert_string_equal(target.segment[2], "b\xc3\xa4r +1");
    assert_int_equal(target.parameters, 0);
    assert_int_equal(parse("/"), WF_OK);
    assert_int_equal(target.segments, 0);
}

static void parameters_are_found_by_name(void **state)
{
    (void)state;
    assert_int_equal(parse("/jobs?user=ada+l&limit=10&follow&gpus=H100%3A8&e="), WF_OK);
    assert_string_equal(wf_target_find(&target, "user"), "ada l");
    assert_string_equal(wf_target_find(&target, "limit"), "10");
    assert_string_equal(wf_target_find(&target, "follow"), "");
    assert_string_equal(wf_target_find(&target, "gpus"), "H100:8");
    assert_string_equal(wf_target_find(&target, "e"), "");
    assert_null(wf_target_find(&target, "queue"));
    assert_int_equal(parse("/?a=b=c"), WF_OK);
    assert_string_equal(wf_target_find(&target, "a"), "b=c");
}

static void tricks_with_paths_are_refused(void **state)
{
    static const char *const tricks[] = {
        "",          "v1/jobs",    "*",          "//",        "/v1//jobs", "/v1/",
        "/../etc",   "/v1/./jobs", "/v1/%2e%2e", "/%2E%2e/a", "/a%2Fb",    "/a%2fb",
        "/a%00b",    "/a%0ab",     "/a%",        "/a%4",      "/a%zz",     "/%c0%ae%c0%ae",
        "/a b",      "/a\x01",     "/a\xff",     "/a#b",      "/%ff",      "/%ed%a0%80",
        "http://h/", "/%C2%85",
    };
    (void)state;
    for (size_t i = 0; i < WF_COUNT_OF(tricks); i++) {
        assert_int_equal(parse(tricks[i]), WF_INVALID);
        assert_int_equal(err.status, WF_INVALID);
        assert_true(err.text[0]);
    }
}

static void broken_queries_are_refused(void **state)
{
    (void)state;
    assert_int_equal(parse("/a?x=1&x=2"), WF_INVALID);
    assert_string_equal(err.text, "'x' stands there twice");
    assert_int_equal(parse("/a?=1"), WF_INVALID);
    assert_int_equal(parse("/a?&x=1"), WF_INVALID);
    assert_int_equal(parse("/a?x=%0d%0a"), WF_INVALID);
    assert_string_equal(err.text,
                        "the value of 'x' has a broken '%', or bytes that are no UTF-8 text");
    assert_int_equal(parse("/a?x=%"), WF_INVALID);
    assert_int_equal(parse("/a?x=#"), WF_INVALID);
    assert_int_equal(parse("/a?"), WF_OK);
    assert_int_equal(parse("/a?x&"), WF_OK);
}

static void what_is_too_long_or_too_much_says_so(void **state)
{
    static char text[WF_TARGET_BYTES_MAX + 2];
    (void)state;
    memset(text, 'a', sizeof text - 1);
    text[0] = '/';
    assert_int_equal(parse(text), WF_LIMIT);
    text[WF_TARGET_BYTES_MAX] = '\0';
    assert_int_equal(parse(text), WF_OK);
    assert_int_equal(strlen(target.segment[0]), WF_TARGET_BYTES_MAX - 1);

    assert_int_equal(parse("/1/2/3/4/5/6/7/8"), WF_OK);
    assert_int_equal(parse("/1/2/3/4/5/6/7/8/9"), WF_NOTFOUND);

    size_t length = 2;
    memcpy(text, "/?", length + 1);
    for (int i = 0; i < WF_TARGET_PARAMETERS_MAX; i++) {
        length += (size_t)snprintf(text + length, 8, "p%d&", i);
    }
    assert_int_equal(parse(text), WF_OK);
    assert_int_equal(target.parameters, WF_TARGET_PARAMETERS_MAX);
    snprintf(text + length, 8, "more");
    assert_int_equal(parse(text), WF_LIMIT);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(a_path_comes_apart_into_decoded_segments),
        cmocka_unit_test(parameters_are_found_by_name),
        cmocka_unit_test(tricks_with_paths_are_refused),
        cmocka_unit_test(broken_queries_are_refused),
        cmocka_unit_test(what_is_too_long_or_too_much_says_so),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
