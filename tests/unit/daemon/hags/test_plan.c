// SPDX-License-Identifier: Apache-2.0
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>

#include <cmocka.h>

#include "daemon/hags/plan.h"
#include "unit/scratch.h"

static struct wf_hags_plan plan;
static struct wf_error err;

static enum wf_status read_text(const char *text)
{
    err = (struct wf_error){.text = ""};
    return wf_hags_plan_read(scratch_write_text("watch.yaml", text), &plan, &err);
}

static void what_is_not_told_has_its_usual_value(void **state)
{
    (void)state;
    assert_int_equal(read_text("watches:\n"
                               "  prod: {inventory: /etc/hosts.yaml, os: windows11, every: 90s}\n"
                               "  lab:\n"
                               "    inventory: lab/hosts.ini\n"
                               "    cluster: training_nodes\n"
                               "    limit: 2h\n"
                               "    state_dir: records\n"),
                     WF_OK);
    assert_int_equal(plan.count, 2);
    const struct wf_hags_order *prod = &plan.orders[0];
    const struct wf_hags_order *lab = &plan.orders[1];
    assert_string_equal(prod->name, "prod");
    assert_string_equal(prod->inventory, "/etc/hosts.yaml");
    assert_string_equal(prod->os, "windows11");
    assert_null(prod->cluster);
    assert_int_equal(prod->every_ms, 90000);
    assert_int_equal(prod->limit_ms, 1800000);
    assert_int_equal(lab->every_ms, 3600000);
    assert_int_equal(lab->limit_ms, 7200000);
    assert_string_equal(lab->cluster, "training_nodes");
    // From the folder of the file.
    char path[600];
    snprintf(path, sizeof path, "%s", scratch_write_text("other", "x"));
    snprintf(strrchr(path, '/'), 30, "/lab/hosts.ini");
    assert_string_equal(lab->inventory, path);
    assert_non_null(strstr(lab->state_folder, "/records"));
    assert_true(wf_hags_order_same(prod, prod));
    assert_false(wf_hags_order_same(prod, lab));
    wf_hags_plan_finish(&plan);
}

static void how_often_makes_no_other_order(void **state)
{
    (void)state;
    assert_int_equal(
        read_text("watches: {a: {inventory: /x, every: 1h}, b: {inventory: /x, every: 2h}}"),
        WF_OK);
    assert_true(wf_hags_order_same(&plan.orders[0], &plan.orders[1]));
    wf_hags_plan_finish(&plan);
}

static void what_makes_no_sense_is_refused_with_its_line(void **state)
{
    static const struct {
        const char *text, *says;
    } cases[] = {
        {"watches:\n  prod: {cluster: prod}\n", "line 2: a watch must have an 'inventory'"},
        {"watches:\n  prod: {inventory: x, often: 1h}\n", "'often'"},
        {"watches:\n  prod: {inventory: x, every: often}\n", "'every' is 'often'"},
        {"watches:\n  prod: {inventory: x, every: 10ms}\n", "'every' is '10ms'"},
        {"watches:\n  prod: {inventory: x, every: 31d}\n", "'every' is '31d'"},
        {"watches:\n  prod: {inventory: x, limit: 0s}\n", "'limit' is '0s'"},
        {"watches:\n  prod: {inventory: x, os: linux}\n", "Linux has none"},
        {"watches:\n  ../prod: {inventory: x}\n", "begins with no '.'"},
        {"watches:\n  a/b: {inventory: x}\n", "letters, digits"},
        {"watches:\n  a: {inventory: x}\n  a: {inventory: y}\n", "two watches 'a'"},
        {"watches:\n  - prod\n", "'watches', a map"},
        {"hosts: {}\n", "'hosts'"},
        {"{}\n", "'watches'"},
        {"[]\n", "must be a map"},
    };
    (void)state;
    for (size_t i = 0; i < sizeof cases / sizeof cases[0]; i++) {
        assert_int_equal(read_text(cases[i].text), WF_INVALID);
        if (!strstr(err.text, cases[i].says) || !strstr(err.text, "watch.yaml")) {
            fail_msg("%s: %s", cases[i].text, err.text);
        }
        wf_hags_plan_finish(&plan);
    }
    assert_int_equal(wf_hags_plan_read("/nonexistent/watch.yaml", &plan, &err), WF_IO);
    wf_hags_plan_finish(&plan);
}

static void there_may_be_64(void **state)
{
    char text[8192] = "watches:\n";
    (void)state;
    for (int i = 0; i < 65; i++) {
        size_t length = strlen(text);
        snprintf(text + length, sizeof text - length, "  w%d: {inventory: x}\n", i);
    }
    assert_int_equal(read_text(text), WF_LIMIT);
    wf_hags_plan_finish(&plan);
    *strstr(text, "  w64") = '\0';
    assert_int_equal(read_text(text), WF_OK);
    assert_int_equal(plan.count, 64);
    wf_hags_plan_finish(&plan);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(what_is_not_told_has_its_usual_value),
        cmocka_unit_test(how_often_makes_no_other_order),
        cmocka_unit_test(what_makes_no_sense_is_refused_with_its_line),
        cmocka_unit_test(there_may_be_64),
    };
    return cmocka_run_group_tests(tests, scratch_begin, scratch_end);
}
