// SPDX-License-Identifier: GPL-3.0-or-later
#include "slurm/tasks.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

static void check(const char *text, const char *plain, uint64_t count)
{
    uint64_t found = 0;
    char *made = wf_tasks_plain(text, &found);
    assert_non_null(made);
    assert_string_equal(made, plain);
    assert_int_equal(found, count);
    free(made);
}

static void steps_become_lists(void **state)
{
    (void)state;
    check("7", "7", 1);
    check("1-9:2,12%4", "1,3,5,7,9,12", 6);
    check("0-99", "0-99", 100);
    check("5,7-8%2", "5,7-8", 3);
    check("0-8:4", "0,4,8", 3);
    check("3-3:2", "3", 1);
}

static void what_is_no_list_is_refused(void **state)
{
    (void)state;
    static const char *const wrong[] = {"",     "a",     "1-",   "1,",       "9-1",
                                        "1:0",  "1-9:0", "%3",   "1..3",     "-1",
                                        "1-3;", "1,,2",  "1-5:", "99999999", "1,3,..."};
    for (size_t i = 0; i < sizeof wrong / sizeof wrong[0]; i++) {
        assert_null(wf_tasks_plain(wrong[i], NULL));
    }
}

static void few_bytes_never_become_gigabytes(void **state)
{
    (void)state;
    assert_null(wf_tasks_plain("0-4000000:2,0-4000000:2,0-4000000:2", NULL));
}

static void a_task_is_found(void **state)
{
    (void)state;
    assert_true(wf_tasks_have("1,3,5-9", 7));
    assert_true(wf_tasks_have("1,3,5-9", 1));
    assert_false(wf_tasks_have("1,3,5-9", 4));
    assert_false(wf_tasks_have("1,3,5-9", 10));
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(steps_become_lists),
        cmocka_unit_test(what_is_no_list_is_refused),
        cmocka_unit_test(few_bytes_never_become_gigabytes),
        cmocka_unit_test(a_task_is_found),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
