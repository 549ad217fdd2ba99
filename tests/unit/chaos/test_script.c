// SPDX-License-Identifier: Apache-2.0
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include "chaos/script.h"

static void steps_are_read(void **unused)
{
    (void)unused;
    struct wf_script script;
    assert_int_equal(
        wf_script_read("2s notice 30s, 500ms again,1m withdraw , 0s late 10s", &script, NULL),
        WF_OK);
    assert_int_equal(script.count, 4);
    assert_int_equal(script.steps[0].action, WF_SCRIPT_NOTICE);
    assert_int_equal(script.steps[0].wait_ms, 2000);
    assert_int_equal(script.steps[0].ms, 30000);
    assert_int_equal(script.steps[1].wait_ms, 500);
    assert_string_equal(wf_script_word(script.steps[2].action), "withdraw");
    assert_int_equal(script.steps[2].wait_ms, 60000);
    assert_int_equal(script.steps[3].ms, 10000);
}

static void what_is_no_step_is_named(void **unused)
{
    (void)unused;
    static const char *const texts[] = {"",
                                        "notice 30s",
                                        "2s",
                                        "2s notice",
                                        "2 notice 30s",
                                        "2s leave",
                                        "2s withdraw 3s",
                                        "2s notice x",
                                        "2s again,",
                                        "99999999999999999999s again",
                                        "-1s down",
                                        "2s notice 30s now",
                                        "s down",
                                        "2h notice 3s"};
    struct wf_script script;
    for (uint32_t i = 0; i < WF_COUNT_OF(texts); i++) {
        struct wf_error err = {.text = ""};
        assert_int_equal(wf_script_read(texts[i], &script, &err), WF_INVALID);
        assert_true(err.text[0] != '\0');
    }
}

static void steps_change_what_is_answered(void **unused)
{
    (void)unused;
    struct wf_mock *mock = NULL;
    assert_int_equal(wf_mock_open(0, &mock, NULL), WF_OK);
    struct wf_script script;
    assert_int_equal(wf_script_read("0s notice 30s,0s again,0s down,0s well,0s withdraw,0s late 5s,"
                                    "0s advice,0s expire,0s garbage,0s silent",
                                    &script, NULL),
                     WF_OK);
    static const struct wf_mock_state wanted[] = {
        {.notice = WF_MOCK_GOING, .gone_ms = 130000, .number = 1},
        {.notice = WF_MOCK_GOING, .gone_ms = 130000, .number = 2},
        {.notice = WF_MOCK_GOING, .gone_ms = 130000, .number = 2, .fault = WF_MOCK_DOWN},
        {.notice = WF_MOCK_GOING, .gone_ms = 130000, .number = 2},
        {.notice = WF_MOCK_QUIET, .gone_ms = 130000, .number = 2},
        {.notice = WF_MOCK_GOING, .gone_ms = 95000, .number = 3},
        {.notice = WF_MOCK_ADVICE, .gone_ms = 100000, .number = 3},
        {.notice = WF_MOCK_ADVICE, .gone_ms = 100000, .number = 3},
        {.notice = WF_MOCK_ADVICE, .gone_ms = 100000, .number = 3, .fault = WF_MOCK_GARBAGE},
        {.notice = WF_MOCK_ADVICE, .gone_ms = 100000, .number = 3, .fault = WF_MOCK_SILENT},
    };
    for (uint32_t i = 0; i < script.count; i++) {
        wf_script_play(mock, &script.steps[i], 100000);
        struct wf_mock_state state = wf_mock_state(mock);
        assert_int_equal(state.notice, wanted[i].notice);
        assert_int_equal(state.gone_ms, wanted[i].gone_ms);
        assert_int_equal(state.number, wanted[i].number);
        assert_int_equal(state.fault, wanted[i].fault);
    }
    wf_mock_close(mock);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(steps_are_read),
        cmocka_unit_test(what_is_no_step_is_named),
        cmocka_unit_test(steps_change_what_is_answered),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
