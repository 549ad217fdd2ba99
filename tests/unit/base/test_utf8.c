// SPDX-License-Identifier: Apache-2.0
#include "base/utf8.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

static bool is_text(const char *text)
{
    return wf_utf8_is_text(text, strlen(text));
}

static void characters_of_all_lengths_are_text(void **state)
{
    (void)state;
    assert_true(is_text(""));
    assert_true(is_text("plain"));
    assert_true(is_text("\xc3\xa4 \xe2\x82\xac \xf0\x9f\x90\x8b"));
    assert_true(is_text("\xf4\x8f\xbf\xbf"));
    assert_true(wf_utf8_is_text("a\0b", 3));
}

static void what_unicode_forbids_is_no_text(void **state)
{
    (void)state;
    assert_false(is_text("\xc0\xaf"));         // '/' in two bytes
    assert_false(is_text("\xe0\x80\xaf"));     // and in three
    assert_false(is_text("\xed\xa0\x80"));     // a surrogate
    assert_false(is_text("\xf4\x90\x80\x80")); // past the last character
    assert_false(is_text("\xf8\x88\x80\x80\x80"));
    assert_false(is_text("\x80"));
    assert_false(is_text("a\xff"));
}

static void a_character_that_is_cut_is_no_text(void **state)
{
    (void)state;
    assert_false(wf_utf8_is_text("\xe2\x82\xac", 2));
    assert_false(is_text("\xe2\x82"));
    assert_false(is_text("\xe2\x28\xa1"));
}

static void plain_text_has_no_control_characters(void **state)
{
    (void)state;
    assert_true(wf_utf8_is_plain("\xc3\xa4 b", 4));
    assert_false(wf_utf8_is_plain("a\nb", 3));
    assert_false(wf_utf8_is_plain("a\0b", 3));
    assert_false(wf_utf8_is_plain("\x7f", 1));
    assert_false(wf_utf8_is_plain("\xc2\x85", 2)); // U+0085, a line end of old
    assert_true(wf_utf8_is_plain("\xc2\xa0", 2));
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(characters_of_all_lengths_are_text),
        cmocka_unit_test(what_unicode_forbids_is_no_text),
        cmocka_unit_test(a_character_that_is_cut_is_no_text),
        cmocka_unit_test(plain_text_has_no_control_characters),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
