// SPDX-License-Identifier: GPL-3.0-or-later
#include "slurm/request.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

static struct wf_request *read(const char *text)
{
    struct wf_request *request;
    struct wf_error err;
    int64_t number;
    const char *code;
    assert_int_equal(wf_request_read(text, strlen(text), &request, &number, &code, &err), WF_OK);
    return request;
}

static void refuses(const char *text, const char *code, int64_t number, const char *words)
{
    struct wf_request *request;
    struct wf_error err = {0};
    int64_t found;
    const char *found_code;
    assert_int_equal(wf_request_read(text, strlen(text), &request, &found, &found_code, &err),
                     WF_INVALID);
    assert_null(request);
    assert_string_equal(found_code, code);
    assert_int_equal(found, number);
    assert_non_null(strstr(err.text, words));
}

static void a_start_is_read_whole(void **state)
{
    (void)state;
    struct wf_request *request =
        read("{\"do\":\"start\",\"request\":7,\"job\":4711,\"task\":3,"
             "\"nodes\":[\"n1\",\"n2\"],\"decision\":\"j17-1\",\"new\":1}");
    assert_int_equal(request->what, WF_DO_START);
    assert_int_equal(request->number, 7);
    assert_int_equal(request->job, 4711);
    assert_int_equal(request->task, 3);
    assert_int_equal(json_array_size(request->nodes), 2);
    assert_string_equal(request->decision, "j17-1");
    assert_false(request->anyway);
    wf_request_destroy(request);
}

static void a_mode_has_its_defaults(void **state)
{
    (void)state;
    struct wf_request *request = read("{\"do\":\"mode\",\"mode\":\"decide\"}");
    assert_int_equal(request->mode, WF_DECIDE);
    assert_int_equal(request->silence_ms, 60000);
    assert_null(request->partitions);
    wf_request_destroy(request);
}

static void each_verb_needs_its_mode(void **state)
{
    (void)state;
    for (int what = WF_DO_START; what <= WF_DO_POWER_DOWN; what++) {
        assert_int_equal(wf_request_mode((enum wf_do)what),
                         what == WF_DO_ADVISE ? WF_ADVISE : WF_DECIDE);
    }
    assert_string_equal(wf_request_word(WF_DO_POWER_UP), "power_up");
}

static void what_is_wrong_is_named(void **state)
{
    (void)state;
    refuses("[]", "malformed", 0, "no JSON object");
    refuses("{\"do\":\"leave\",\"request\":1", "malformed", 0, "no JSON object");
    refuses("{\"do\":\"fly\",\"request\":3}", "unknown", 3, "fly");
    refuses("{\"request\":3}", "malformed", 3, "do");
    refuses("{\"do\":\"leave\",\"job\":5}", "malformed", 0, "'request'");
    refuses("{\"do\":\"leave\",\"request\":3,\"job\":0}", "malformed", 3, "'job'");
    refuses("{\"do\":\"leave\",\"request\":3,\"job\":1.5}", "malformed", 3, "'job'");
    refuses("{\"do\":\"signal\",\"request\":3,\"job\":5,\"signal\":65}", "malformed", 3,
            "'signal'");
    refuses("{\"do\":\"advise\",\"request\":3,\"job\":5,\"text\":\"a\\nb\"}", "malformed", 3,
            "'text'");
    refuses("{\"do\":\"drain\",\"request\":3,\"node\":\"a,b\"}", "malformed", 3, "'node'");
    refuses("{\"do\":\"mode\",\"mode\":\"decide\",\"silence_ms\":5}", "malformed", 0, "silence_ms");
    refuses("{\"do\":\"mode\",\"mode\":\"decide\",\"partitions\":\"gpu\"}", "malformed", 0,
            "partitions");
}

static void names_that_are_lists_are_refused(void **state)
{
    (void)state;
    static const char *const wrong[] = {"n[1-9]", "n1,n2", "", "n 1", "n1;x", "a\\u0000b"};
    for (size_t i = 0; i < sizeof wrong / sizeof wrong[0]; i++) {
        char text[200];
        snprintf(text, sizeof text,
                 "{\"do\":\"start\",\"request\":1,\"job\":1,\"decision\":\"d\",\"nodes\":[\"%s\"]}",
                 wrong[i]);
        refuses(text, "malformed", strstr(wrong[i], "u0000") != NULL ? 0 : 1, "");
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(a_start_is_read_whole),
        cmocka_unit_test(a_mode_has_its_defaults),
        cmocka_unit_test(each_verb_needs_its_mode),
        cmocka_unit_test(what_is_wrong_is_named),
        cmocka_unit_test(names_that_are_lists_are_refused),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
