// SPDX-License-Identifier: Apache-2.0
#include "telemetry/sysroot.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include <sys/stat.h>

static void numbers_are_whole_and_alone(void **state)
{
    (void)state;
    static const char *const bad[] = {"",   "-1", "+1",  " 1",  "1x",
                                      "0x", "x",  "0xg", "1.5", "99999999999999999999"};
    uint64_t number = 7;
    for (unsigned i = 0; i < WF_COUNT_OF(bad); i++) {
        assert_false(wf_text_number(bad[i], &number));
    }
    assert_int_equal(number, 7);
    assert_true(wf_text_number("0x10de", &number) && number == 0x10de);
    assert_true(wf_text_number("0", &number) && number == 0);
    assert_true(wf_text_number("42\n", &number) && number == 42);
    assert_true(wf_text_number("18446744073709551615", &number) && number == UINT64_MAX);
}

static void a_property_is_a_whole_word_at_the_start_of_a_line(void **state)
{
    (void)state;
    static const char text[] = "simd_count_all 9\nxsimd_count 8\nsimd_count 7\nlast 3";
    uint64_t number = 0;
    assert_true(wf_text_property(text, "simd_count", &number));
    assert_int_equal(number, 7);
    assert_true(wf_text_property(text, "last", &number));
    assert_int_equal(number, 3);
    assert_false(wf_text_property(text, "simd", &number));
    assert_false(wf_text_property("", "simd", &number));
    assert_false(wf_text_property("simd", "simd", &number));
    assert_false(wf_text_property("simd many", "simd", &number));
}

static void processors_are_counted_over_ranges(void **state)
{
    (void)state;
    assert_int_equal(wf_text_cpu_count("0"), 1);
    assert_int_equal(wf_text_cpu_count("0-3,8,10-11\n"), 7);
    assert_int_equal(wf_text_cpu_count("0-95,128-223"), 192);
    assert_int_equal(wf_text_cpu_count(""), 0);
    assert_int_equal(wf_text_cpu_count("3-1"), 0);
    assert_int_equal(wf_text_cpu_count("0-"), 0);
    assert_int_equal(wf_text_cpu_count("0,"), 0);
    assert_int_equal(wf_text_cpu_count("0 1"), 0);
}

static void a_copied_text_fits_and_has_no_control_characters(void **state)
{
    (void)state;
    char field[6];
    wf_text_copy(field, sizeof field, "a\033[1m\nlong");
    assert_string_equal(field, "a [1m");
    wf_text_copy(field, sizeof field, "");
    assert_string_equal(field, "");
}

static void a_path_that_does_not_fit_opens_nothing(void **state)
{
    (void)state;
    struct wf_sysroot sysroot = {.root = "/r"};
    char path[WF_SYSROOT_PATH_BYTES];
    char name[WF_SYSROOT_PATH_BYTES];
    assert_string_equal(wf_sysroot_path(&sysroot, path, "/a/%d", 3), "/r/a/3");
    memset(name, 'x', sizeof name - 1);
    name[sizeof name - 1] = '\0';
    assert_string_equal(wf_sysroot_path(&sysroot, path, "/%s", name), "");
    assert_int_equal(wf_file_bytes(path, name, sizeof name), -1);
}

static void the_mode_is_read_for_owner_group_and_others(void **state)
{
    (void)state;
    struct stat file = {.st_mode = 0640, .st_uid = 10, .st_gid = 20};
    struct wf_identity owner = {.user = 10, .group = 1};
    struct wf_identity member = {.user = 11, .group = 1, .group_count = 1, .groups = {20}};
    struct wf_identity other = {.user = 12, .group = 1};
    struct wf_identity root = {.user = 0};
    assert_true(wf_mode_allows(&owner, &file, 6));
    assert_true(wf_mode_allows(&member, &file, 4));
    assert_false(wf_mode_allows(&member, &file, 6));
    assert_false(wf_mode_allows(&other, &file, 4));
    assert_true(wf_mode_allows(&root, &file, 6));
    file.st_mode = 0066; // the owner's own bits count for the owner
    assert_false(wf_mode_allows(&owner, &file, 4));
}

static void a_real_device_is_opened_to_know(void **state)
{
    (void)state;
    struct wf_sysroot here = {.root = ""};
    struct wf_identity self = {.user = 1, .self = true};
    struct wf_device_file file;
    wf_device_look(&here, &self, "/dev/null", 4 | 2, &file);
    assert_int_equal(file.access, WF_FILE_OPEN);
    assert_true(file.device && file.major_number == 1 && file.minor_number == 3);
    wf_device_look(&here, &self, "/dev/no-such-device", 4 | 2, &file);
    assert_int_equal(file.access, WF_FILE_MISSING);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(numbers_are_whole_and_alone),
        cmocka_unit_test(a_property_is_a_whole_word_at_the_start_of_a_line),
        cmocka_unit_test(processors_are_counted_over_ranges),
        cmocka_unit_test(a_copied_text_fits_and_has_no_control_characters),
        cmocka_unit_test(a_path_that_does_not_fit_opens_nothing),
        cmocka_unit_test(the_mode_is_read_for_owner_group_and_others),
        cmocka_unit_test(a_real_device_is_opened_to_know),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
