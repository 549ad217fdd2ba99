// SPDX-License-Identifier: Apache-2.0
#include "cli/replay/replay_json.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include "unit/cli/made_report.h"

static struct made_report made;

// Writes the JSON as text and reads it back; the caller owns the result.
static json_t *there_and_back(void)
{
    struct wf_error err;
    json_error_t error;
    json_t *root = NULL;
    assert_int_equal(wf_replay_make_json(&made.report, &root, &err), WF_OK);
    char *text = json_dumps(root, JSON_INDENT(2));
    assert_non_null(text);
    json_t *back = json_loads(text, JSON_REJECT_DUPLICATES, &error);
    if (!back) {
        fail_msg("line %d: %s", error.line, error.text);
    }
    assert_true(json_equal(root, back));
    json_decref(root);
    free(text);
    return back;
}

static const json_t *at(const json_t *root, const char *path)
{
    char names[128];
    char *rest = names;
    char *name;
    snprintf(names, sizeof names, "%s", path);
    while ((name = strsep(&rest, "/")) != NULL) {
        char *end;
        size_t index = strtoul(name, &end, 10);
        root = *end == '\0' ? json_array_get(root, index) : json_object_get(root, name);
        if (!root) {
            fail_msg("%s: no %s", path, name);
        }
    }
    return root;
}

static void it_parses_back_whatever_the_report(void **state)
{
    (void)state;
    static const uint32_t counts[] = {0, 1, 400};
    for (enum made_kind kind = MADE_WHOLE; kind <= MADE_WITHOUT_BASELINE; kind++) {
        for (uint32_t i = 0; i < WF_COUNT_OF(counts); i++) {
            made_report_init(&made, kind, counts[i], 0.9);
            json_t *root = there_and_back();
            assert_int_equal(json_array_size(json_object_get(root, "runs")),
                             made.report.config.run_count);
            json_decref(root);
            made_report_finish(&made);
        }
    }
}

static void it_has_the_measures(void **state)
{
    (void)state;
    made_report_init(&made, MADE_WHOLE, 400, 0.9);
    json_t *root = there_and_back();
    const struct wf_measures *measures = &made.report.measures[2];
    assert_int_equal(json_integer_value(at(root, "runs/2/wait/p95_ms")), measures->waits.p95_ms);
    assert_int_equal(json_integer_value(at(root, "runs/2/wait/by_size/8_gpus/max_ms")),
                     measures->sizes[WF_SIZE_NODE].max_ms);
    assert_true(json_real_value(at(root, "runs/2/money/unused_usd")) == measures->unused_usd);
    assert_string_equal(json_string_value(at(root, "runs/0/role")), "happened");
    assert_string_equal(json_string_value(at(root, "runs/1/role")), "baseline");
    assert_string_equal(json_string_value(at(root, "baseline")), "fifo");
    assert_true(json_is_null(at(root, "runs/0/hash")));
    assert_int_equal(json_integer_value(at(root, "runs/2/changes/gaining")),
                     made.report.comparisons[2].gaining);
    assert_int_equal(json_integer_value(at(root, "runs/3/changes/gains/0/sooner_ms")),
                     made.report.comparisons[3].gains[0].sooner_ms);
    struct wf_saving saving = wf_report_saving(&made.report, 3, WF_SAVING_WAIT_MEAN);
    assert_true(json_real_value(at(root, "runs/3/savings/wait_mean_ms/change")) == saving.change);
    assert_true(json_real_value(at(root, "error/wait_mean_ms")) == saving.error);
    assert_int_equal(json_integer_value(at(root, "prices/0/gpus")), 48);
    assert_int_equal(json_integer_value(at(root, "history/damaged")), 2);
    assert_int_equal(json_array_size(at(root, "runs/1/series/used_gpu_hours")),
                     made.runs[1].cluster.series.count);
    json_decref(root);
    made_report_finish(&made);
}

static void what_is_not_known_is_null(void **state)
{
    (void)state;
    made_report_init(&made, MADE_WITHOUT_HAPPENED, 400, 0.9);
    for (uint32_t i = 0; i < MADE_RUNS - 1; i++) {
        made.report.measures[i].usd = 0;
    }
    json_t *root = there_and_back();
    assert_true(json_is_null(at(root, "happened")));
    assert_true(json_is_null(at(root, "error")));
    assert_true(json_is_null(at(root, "runs/1/savings/wait_mean_ms/error")));
    assert_true(json_is_false(at(root, "runs/1/savings/wait_mean_ms/distinguishable")));
    assert_true(json_is_null(at(root, "runs/1/money")));
    json_decref(root);
    made_report_finish(&made);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(it_parses_back_whatever_the_report),
        cmocka_unit_test(it_has_the_measures),
        cmocka_unit_test(what_is_not_known_is_null),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
