// SPDX-License-Identifier: GPL-3.0-or-later
#include "slurm/hosts.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

static void sorted_is(const char *list, const char *wanted)
{
    char *text = wf_hosts_sorted(list);
    if (wanted == NULL) {
        assert_null(text);
    } else {
        assert_non_null(text);
        assert_string_equal(text, wanted);
    }
    free(text);
}

static void lists_are_read_and_packed(void **state)
{
    (void)state;
    sorted_is("n2,n1,n3,n1", "n[1-3]");
    sorted_is("n[1-3,7],login", "login,n[1-3,7]");
    sorted_is("n[08-11]", "n[08-11]");
    sorted_is("n9,n10", "n[9-10]");
    sorted_is("n09,n9", "n[9,09]");
    sorted_is("rack[1-2]n[1-2]", "rack1n[1-2],rack2n[1-2]");
    sorted_is("a,b", "a,b");
    sorted_is("n1", "n1");
    sorted_is("n[1-2]-ib", "n1-ib,n2-ib");
    sorted_is("", NULL);
    sorted_is(NULL, NULL);
}

static void what_cannot_be_read_names_nobody(void **state)
{
    static const char *const broken[] = {"n[1-3",          "n[]",   "n[a-b]", "n[3-1]", "n[1-]",
                                         "n[1-999999999]", "n[1;2]"};
    (void)state;
    for (size_t i = 0; i < sizeof(broken) / sizeof(broken[0]); i++) {
        sorted_is(broken[i], NULL);
        assert_int_equal(wf_hosts_count(broken[i]), 0);
    }
}

static void lists_are_compared(void **state)
{
    (void)state;
    assert_true(wf_hosts_same("n[1-2]", "n2,n1"));
    assert_false(wf_hosts_same("n[1-2]", "n[1-3]"));
    assert_true(wf_hosts_same(NULL, ""));
    assert_true(wf_hosts_have_all("n[1-4]", "n[2-3]"));
    assert_false(wf_hosts_have_all("n[1-4]", "n[4-5]"));
    assert_true(wf_hosts_have_all("n1", NULL));
    assert_true(wf_hosts_have_any("n[1-4]", "n[4-5]"));
    assert_false(wf_hosts_have_any("n[1-4]", "m1"));
    assert_false(wf_hosts_have_any("n1", NULL));
    assert_int_equal(wf_hosts_count("n[1-4],m1"), 5);
}

static void names_come_and_go_as_arrays(void **state)
{
    (void)state;
    json_t *names = wf_hosts_names("n[1-2],m1");
    assert_int_equal(json_array_size(names), 3);
    assert_string_equal(json_string_value(json_array_get(names, 2)), "m1");
    char *packed = wf_hosts_pack(names);
    assert_string_equal(packed, "m1,n[1-2]");
    free(packed);
    json_decref(names);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(lists_are_read_and_packed),
        cmocka_unit_test(what_cannot_be_read_names_nobody),
        cmocka_unit_test(lists_are_compared),
        cmocka_unit_test(names_come_and_go_as_arrays),
    };
    return cmocka_run_group_tests_name("slurm/rest/hosts", tests, NULL, NULL);
}
