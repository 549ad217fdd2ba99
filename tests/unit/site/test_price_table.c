// SPDX-License-Identifier: Apache-2.0
#include "site/price_table.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>

#include <cmocka.h>

#include "core/limits.h"

static void every_price_has_a_date_and_a_source(void **state)
{
    (void)state;
    for (unsigned i = 0; i < wf_price_fact_count; i++) {
        const struct wf_price_fact *fact = &wf_price_facts[i];
        assert_in_range(fact->price_nanousd_per_gpu_hour, 1, WF_PRICE_NANOUSD_MAX);
        assert_int_equal(strlen(fact->date), strlen("YYYY-MM-DD"));
        assert_true(strlen(fact->source) > 0);
        // An assumption never passes for a list price.
        assert_int_equal(fact->assumed, strncmp(fact->source, "assumed", 7) == 0);
    }
}

static void models_are_named_once_and_in_order(void **state)
{
    (void)state;
    for (unsigned i = 1; i < wf_price_fact_count; i++) {
        assert_true(strcmp(wf_price_facts[i - 1].model, wf_price_facts[i].model) < 0);
    }
}

static void a_model_is_found_by_its_whole_name(void **state)
{
    (void)state;
    assert_true(wf_price_fact_find("T4")->price_nanousd_per_gpu_hour == INT64_C(526000000));
    assert_true(wf_price_fact_find("P100")->price_nanousd_per_gpu_hour == INT64_C(1933210000));
    assert_true(wf_price_fact_find("A100")->price_nanousd_per_gpu_hour == INT64_C(3399625000));
    assert_false(wf_price_fact_find("V100M32")->assumed);
    assert_true(wf_price_fact_find("G2")->assumed);
    assert_true(wf_price_fact_find("G3")->assumed);
}

// No machine of the model G1 is in any list we have, so nothing could be assumed for a reason.
static void an_unknown_model_has_no_price(void **state)
{
    (void)state;
    assert_null(wf_price_fact_find("G1"));
    assert_null(wf_price_fact_find(""));
    assert_null(wf_price_fact_find("t4"));
    assert_null(wf_price_fact_find("T4x"));
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(every_price_has_a_date_and_a_source),
        cmocka_unit_test(models_are_named_once_and_in_order),
        cmocka_unit_test(a_model_is_found_by_its_whole_name),
        cmocka_unit_test(an_unknown_model_has_no_price),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
