// SPDX-License-Identifier: Apache-2.0
#include "engine/local/program.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

static void make_file(const char *path, mode_t mode)
{
    int file = open(path, O_WRONLY | O_CREAT | O_EXCL | O_CLOEXEC, 0600);
    assert_true(file >= 0);
    assert_int_equal(fchmod(file, mode), 0);
    close(file);
}

static ino_t number_of(const char *path)
{
    struct stat about;
    assert_int_equal(stat(path, &about), 0);
    return about.st_ino;
}

static void an_upgrade_does_not_change_what_is_open(void **state)
{
    (void)state;
    char folder[] = "/tmp/whaleflux-program-XXXXXX";
    char path[64];
    char newer[64];
    assert_non_null(mkdtemp(folder));
    snprintf(path, sizeof path, "%s/program", folder);
    snprintf(newer, sizeof newer, "%s/newer", folder);
    make_file(path, 0700);
    ino_t before = number_of(path);
    struct wf_error err = {0};
    int program = wf_program_open(path, &err);
    assert_true(program > 3); // 0 to 3 are what a supervisor begins with
    make_file(newer, 0700);
    assert_int_equal(rename(newer, path), 0);
    char found[WF_PROGRAM_PATH_BYTES];
    wf_program_path(program, found);
    assert_true(number_of(found) == before && number_of(path) != before);
    close(program);
    assert_int_equal(unlink(path), 0);
    assert_int_equal(rmdir(folder), 0);
}

static void a_missing_program_is_named(void **state)
{
    (void)state;
    struct wf_error err = {0};
    assert_int_equal(wf_program_open("/no/such/program", &err), -1);
    assert_int_equal(err.status, WF_NOTFOUND);
    assert_non_null(strstr(err.text, "/no/such/program"));
}

static void without_a_wish_there_is_always_one(void **state)
{
    (void)state;
    struct wf_error err = {0};
    int program = wf_program_open(NULL, &err);
    assert_true(program > 3);
    close(program);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(an_upgrade_does_not_change_what_is_open),
        cmocka_unit_test(a_missing_program_is_named),
        cmocka_unit_test(without_a_wish_there_is_always_one),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
