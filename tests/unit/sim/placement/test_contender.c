// SPDX-License-Identifier: Apache-2.0
#include "sim/placement/contender.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>

#include <cmocka.h>

static void refused(const char *text, enum wf_status status, const char *words)
{
    struct wf_contenders contenders;
    struct wf_error err = {0};
    assert_int_equal(wf_contenders_parse(text, &contenders, &err), status);
    if (!strstr(err.text, words)) {
        fail_msg("'%s' lacks '%s'", err.text, words);
    }
}

static void policies_are_taken_in_the_order_named(void **state)
{
    struct wf_contenders contenders;
    (void)state;
    assert_int_equal(wf_contenders_parse("fgd:learned,best-fit,fgd", &contenders, NULL), WF_OK);
    assert_int_equal(contenders.count, 3);
    assert_string_equal(contenders.list[0].name, "fgd:learned");
    assert_true(contenders.list[0].learned);
    assert_ptr_equal(contenders.list[0].policy, &wf_policy_fgd);
    assert_ptr_equal(contenders.list[1].policy, &wf_policy_best_fit);
    assert_false(contenders.list[2].learned);
}

static void all_are_all_that_there_are(void **state)
{
    struct wf_contenders contenders;
    uint32_t count = 0;
    (void)state;
    while (wf_contender_policy_name(count)) {
        assert_non_null(wf_contender_policy_summary(count));
        count++;
    }
    assert_int_equal(wf_contenders_parse("all", &contenders, NULL), WF_OK);
    assert_int_equal(contenders.count, count);
}

static void all_stands_beside_others(void **state)
{
    struct wf_contenders contenders;
    uint32_t count = 0;
    (void)state;
    while (wf_contender_policy_name(count)) {
        count++;
    }
    assert_int_equal(wf_contenders_parse("all,cost-first:learned,fgd", &contenders, NULL), WF_OK);
    assert_int_equal(contenders.count, count + 1);
    assert_string_equal(contenders.list[count].name, "cost-first:learned");
    assert_int_equal(wf_contenders_parse("fgd,all", &contenders, NULL), WF_OK);
    assert_int_equal(contenders.count, count);
    assert_string_equal(contenders.list[0].name, "fgd");
}

static void what_is_no_policy_is_refused(void **state)
{
    (void)state;
    refused("", WF_INVALID, "has a name of 0 bytes");
    refused("fgd,", WF_INVALID, "has a name of 0 bytes");
    refused("fgd,all,fgd:given", WF_INVALID, "only ':learned' may follow");
    refused("fgd,fgd", WF_EXISTS, "'fgd' is named twice");
    refused("bestfit", WF_NOTFOUND, "did you mean 'best-fit'?");
    refused("zzzzzzzz", WF_NOTFOUND, "known: random, dot-product");
    refused("fgd:given", WF_INVALID, "only ':learned' may follow");
    refused("random:learned", WF_INVALID, "'random' uses no demand forecast");
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(policies_are_taken_in_the_order_named),
        cmocka_unit_test(all_are_all_that_there_are),
        cmocka_unit_test(all_stands_beside_others),
        cmocka_unit_test(what_is_no_policy_is_refused),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
