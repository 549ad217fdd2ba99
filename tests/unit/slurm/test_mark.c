// SPDX-License-Identifier: GPL-3.0-or-later
#include "slurm/mark.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

static void comes_back_as(const char *text, const char *again)
{
    struct wf_mark mark;
    wf_mark_read(text, &mark);
    char *written = wf_mark_write(&mark);
    assert_string_equal(written, again);
    free(written);
    wf_mark_finish(&mark);
}

static void what_was_written_is_read_again(void **state)
{
    (void)state;
    static const char *const marks[] = {
        "whaleflux:held",
        "whaleflux:j17-1",
        "whaleflux:j17-1;pin=n[1-2];was=n1;span=1-0",
        "whaleflux:held;span=2-4 and what stood there",
        "somebody's own",
        "",
    };
    for (size_t i = 0; i < sizeof marks / sizeof marks[0]; i++) {
        comes_back_as(marks[i], marks[i]);
    }
    comes_back_as(NULL, "");
}

static void its_parts_are_told(void **state)
{
    (void)state;
    struct wf_mark mark;
    wf_mark_read("whaleflux:j17-1;pin=n[1-2];was=n1;span=1-4 keep this", &mark);
    assert_true(mark.ours && mark.spans);
    assert_string_equal(mark.decision, "j17-1");
    assert_string_equal(mark.pin, "n[1-2]");
    assert_string_equal(mark.was, "n1");
    assert_int_equal(mark.nodes_min * 10 + mark.nodes_max, 14);
    assert_string_equal(mark.rest, "keep this");
    wf_mark_finish(&mark);
    wf_mark_read("whaleflux:held", &mark);
    assert_true(mark.ours);
    assert_string_equal(mark.decision, "");
    wf_mark_finish(&mark);
}

static void what_only_looks_like_one_is_left_alone(void **state)
{
    (void)state;
    static const char *const others[] = {
        "whaleflux:",         "whaleflux:a/b",           "whaleflux:x;pin=", "whaleflux:x;y=z",
        "whaleflux:x;span=1", "whaleflux:x;pin=a;pin=b", " whaleflux:held",  "whaleflux",
    };
    for (size_t i = 0; i < sizeof others / sizeof others[0]; i++) {
        struct wf_mark mark;
        wf_mark_read(others[i], &mark);
        assert_false(mark.ours);
        assert_null(mark.pin);
        assert_string_equal(mark.rest, others[i]);
        wf_mark_finish(&mark);
    }
}

static void a_user_s_own_hold_is_not_ours(void **state)
{
    (void)state;
    struct wf_mark mark;
    wf_mark_read("whaleflux:user-held rest", &mark);
    assert_true(mark.users && !mark.ours);
    assert_string_equal(mark.rest, "rest");
    wf_mark_finish(&mark);
}

static void decisions_are_plain_words(void **state)
{
    (void)state;
    assert_true(wf_mark_is_decision("j17-1"));
    assert_true(wf_mark_is_decision("123456789012345678901234567890123456789012345678"));
    assert_false(wf_mark_is_decision("1234567890123456789012345678901234567890123456789"));
    assert_false(wf_mark_is_decision(""));
    assert_false(wf_mark_is_decision("held"));
    assert_false(wf_mark_is_decision("user-held"));
    assert_false(wf_mark_is_decision("a b"));
    assert_false(wf_mark_is_decision("a;pin=b"));
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(what_was_written_is_read_again),
        cmocka_unit_test(its_parts_are_told),
        cmocka_unit_test(what_only_looks_like_one_is_left_alone),
        cmocka_unit_test(a_user_s_own_hold_is_not_ours),
        cmocka_unit_test(decisions_are_plain_words),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
