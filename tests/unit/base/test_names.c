// SPDX-License-Identifier: Apache-2.0
#include "base/names.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <string.h>

#include <cmocka.h>

static struct wf_names *names;

static uint32_t add(const char *name, size_t length)
{
    uint32_t number = UINT32_MAX;
    assert_int_equal(wf_names_add(names, name, length, &number, NULL), WF_OK);
    return number;
}

static void numbers_are_given_in_the_order_of_names(void **state)
{
    (void)state;
    assert_int_equal(wf_names_count(names), 1);
    assert_string_equal(wf_names_text(names, 0), "");
    assert_int_equal(add("anna", 4), 1);
    assert_int_equal(add("ben", 3), 2);
    assert_int_equal(add("anna", 4), 1);
    assert_int_equal(add("annabel", 4), 1);
    assert_int_equal(add("ann", 3), 3);
    assert_int_equal(add("anything", 0), 0);
    assert_int_equal(wf_names_count(names), 4);
    assert_string_equal(wf_names_text(names, 3), "ann");
    assert_int_equal(wf_names_find(names, "ben"), 2);
    assert_int_equal(wf_names_find(names, ""), 0);
    assert_int_equal(wf_names_find(names, "be"), UINT32_MAX);
    assert_int_equal(wf_names_count(names), 4);
}

static void names_stay_where_they_are_while_more_come(void **state)
{
    (void)state;
    static char longer[100001];
    memset(longer, 'x', sizeof longer - 1);
    char text[32];
    uint32_t first = add("first", 5);
    const char *kept = wf_names_text(names, first);
    for (uint32_t i = 0; i < 200000; i++) {
        int length = snprintf(text, sizeof text, "name-%u", i * 7919);
        assert_int_equal(add(text, (size_t)length), first + 1 + i);
    }
    uint32_t last = add(longer, sizeof longer - 1);
    assert_string_equal(wf_names_text(names, last), longer);
    assert_ptr_equal(wf_names_text(names, first), kept);
    assert_string_equal(kept, "first");
    for (uint32_t i = 0; i < 200000; i++) {
        snprintf(text, sizeof text, "name-%u", i * 7919);
        assert_int_equal(wf_names_find(names, text), first + 1 + i);
        assert_string_equal(wf_names_text(names, first + 1 + i), text);
    }
}

static int start(void **state)
{
    (void)state;
    return (int)wf_names_create(&names, NULL);
}

static int end(void **state)
{
    (void)state;
    wf_names_destroy(names);
    return 0;
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test_setup_teardown(numbers_are_given_in_the_order_of_names, start, end),
        cmocka_unit_test_setup_teardown(names_stay_where_they_are_while_more_come, start, end),
    };
    wf_names_destroy(NULL);
    return cmocka_run_group_tests(tests, NULL, NULL);
}
