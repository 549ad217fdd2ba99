// SPDX-License-Identifier: Apache-2.0
#include "cli/options.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>

#include <cmocka.h>

static const struct wf_option options[] = {
    {"policy", "P", "who places"}, {"plain", NULL, "without caches"}, {NULL, NULL, NULL}};

struct taken {
    char text[128];
};

static enum wf_status take(void *context, const char *name, const char *value, struct wf_error *err)
{
    struct taken *taken = context;
    (void)err;
    size_t length = strlen(taken->text);
    snprintf(taken->text + length, sizeof taken->text - length, "%s=%s;", name, value ? value : "");
    return WF_OK;
}

static enum wf_status parse(int argc, char **argv, struct taken *taken, int *words,
                            struct wf_error *err)
{
    memset(taken, 0, sizeof *taken);
    const struct wf_option_reader reader = {options, take, taken};
    return wf_options_parse(&reader, argc, argv, words, err);
}

static void options_and_words_are_told_apart(void **state)
{
    char *argv[] = {(char[]){"verb"}, (char[]){"task"}, (char[]){"--policy=fgd"},
                    (char[]){"--plain"}, NULL};
    struct taken taken;
    int words = 0;
    (void)state;
    assert_int_equal(parse(4, argv, &taken, &words, NULL), WF_OK);
    assert_string_equal(taken.text, "policy=fgd;plain=;");
    assert_int_equal(words, 3);
    assert_string_equal(argv[3], "task");
}

static void what_is_no_option_is_refused(void **state)
{
    char *unknown[] = {(char[]){"verb"}, (char[]){"--polcy"}, NULL};
    char *lacking[] = {(char[]){"verb"}, (char[]){"--policy"}, NULL};
    char *strange[] = {(char[]){"verb"}, (char[]){"-x"}, NULL};
    struct taken taken;
    struct wf_error err = {0};
    int words = 0;
    (void)state;
    assert_int_equal(parse(2, unknown, &taken, &words, &err), WF_INVALID);
    assert_string_equal(err.text, "there is no option '--polcy' (did you mean '--policy'?)");
    assert_int_equal(parse(2, lacking, &taken, &words, &err), WF_INVALID);
    assert_string_equal(err.text, "the option '--policy' lacks what it stands for");
    assert_int_equal(parse(2, strange, &taken, &words, &err), WF_INVALID);
    assert_string_equal(err.text, "there is no option '-x'");
}

static void seeds_are_one_or_a_range(void **state)
{
    uint64_t first = 0;
    uint64_t last = 0;
    (void)state;
    assert_int_equal(wf_option_seeds("42", &first, &last, NULL), WF_OK);
    assert_true(first == 42 && last == 42);
    assert_int_equal(wf_option_seeds("0-999", &first, &last, NULL), WF_OK);
    assert_true(first == 0 && last == 999);
    assert_int_equal(wf_option_seeds("0-1000", &first, &last, NULL), WF_LIMIT);
    const char *const bad[] = {
        "", "-", "4-", "-4", "5-4", "a", "1-2-3", "9223372036854775808", "99999999999999999999"};
    for (uint32_t i = 0; i < WF_COUNT_OF(bad); i++) {
        assert_int_equal(wf_option_seeds(bad[i], &first, &last, NULL), WF_INVALID);
    }
}

static void decimals_are_read_exactly(void **state)
{
    uint32_t number = 0;
    (void)state;
    const struct {
        const char *text;
        uint32_t thousandths; // 0: refused
    } cases[] = {{"1.3", 1300}, {"1", 1000}, {"0.001", 1}, {"4", 4000},  {"4.0", 4000},
                 {"1.", 0},     {".5", 0},   {"0", 0},     {"4.001", 0}, {"1.2345", 0},
                 {"-1", 0},     {"1e3", 0},  {"", 0},      {"1.3.1", 0}, {"inf", 0}};
    for (uint32_t i = 0; i < WF_COUNT_OF(cases); i++) {
        enum wf_status status = wf_option_thousandths("--load", cases[i].text, 4000, &number, NULL);
        assert_int_equal(status, cases[i].thousandths ? WF_OK : WF_INVALID);
        if (status == WF_OK) {
            assert_int_equal(number, cases[i].thousandths);
        }
    }
}

static void numbers_keep_to_their_range(void **state)
{
    uint64_t number = 0;
    (void)state;
    assert_int_equal(wf_option_number("--copies", "7", 1, 7, &number, NULL), WF_OK);
    assert_int_equal(number, 7);
    assert_int_equal(wf_option_number("--copies", "8", 1, 7, &number, NULL), WF_INVALID);
    assert_int_equal(wf_option_number("--copies", "0", 1, 7, &number, NULL), WF_INVALID);
    assert_int_equal(wf_option_number("--copies", "7x", 1, 7, &number, NULL), WF_INVALID);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(options_and_words_are_told_apart),
        cmocka_unit_test(what_is_no_option_is_refused),
        cmocka_unit_test(seeds_are_one_or_a_range),
        cmocka_unit_test(decimals_are_read_exactly),
        cmocka_unit_test(numbers_keep_to_their_range),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
