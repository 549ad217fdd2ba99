// SPDX-License-Identifier: Apache-2.0
#include "cli/replay/replay_table.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include "cli/clean.h"
#include "cli/replay/report_words.h"
#include "unit/cli/made_report.h"

enum { WIDTH_MAX = 120 };

static struct made_report made;

// The text of the table, which the caller frees.
static char *print(void)
{
    char *text = NULL;
    size_t size;
    FILE *out = open_memstream(&text, &size);
    assert_non_null(out);
    wf_replay_print_table(out, &made.report);
    assert_int_equal(fclose(out), 0);
    return text;
}

static bool told(wf_tell_function *tell, const void *context, const char *words)
{
    char *text = wf_paragraph_told(tell, context);
    assert_non_null(text);
    bool found = strstr(text, words) != NULL;
    if (!found) {
        print_message("told: %s\n", text);
    }
    free(text);
    return found;
}

static void no_line_is_wider_than_a_terminal(void **state)
{
    (void)state;
    static const uint32_t counts[] = {0, 1, 2, 600};
    for (enum made_kind kind = MADE_WHOLE; kind <= MADE_WITHOUT_BASELINE; kind++) {
        for (uint32_t i = 0; i < WF_COUNT_OF(counts); i++) {
            made_report_init(&made, kind, counts[i], 0.9);
            char *text = print();
            char *rest = text;
            char *line;
            while ((line = strsep(&rest, "\n")) != NULL) {
                if (wf_clean_width(line) > WIDTH_MAX) {
                    fail_msg("too wide: %s", line);
                }
                assert_null(strstr(line, "nan"));
                assert_null(strstr(line, "inf "));
                assert_null(strchr(line, '\x1b'));
            }
            free(text);
            made_report_finish(&made);
        }
    }
}

static void the_headline_names_the_best_policy_and_the_error(void **state)
{
    (void)state;
    made_report_init(&made, MADE_WHOLE, 600, 0.9);
    assert_int_equal(wf_report_best(&made.report), 3);
    assert_true(
        told(wf_report_tell_headline, &made.report, "Under shortest <first> the same jobs"));
    assert_true(told(wf_report_tell_caveats, &made.report, "The simulator's own error there is"));
    made_report_finish(&made);
}

static void a_saving_within_the_error_is_no_headline(void **state)
{
    (void)state;
    made_report_init(&made, MADE_WHOLE, 600, 0.9);
    // Reality as far off as the best policy is good.
    made.report.measures[0].waits.mean_ms = 1e4 * made.report.measures[1].waits.mean_ms;
    assert_true(told(wf_report_tell_headline, &made.report, "No policy can be told from fifo"));
    struct wf_report_told policy = {&made.report, 3};
    assert_true(told(wf_report_tell_policy, &policy, "Not distinguishable"));
    made_report_finish(&made);
}

static void without_real_starts_the_error_is_said_to_be_unknown(void **state)
{
    (void)state;
    made_report_init(&made, MADE_WITHOUT_HAPPENED, 600, 0.9);
    assert_true(told(wf_report_tell_error, &made.report, "error is not known"));
    assert_true(told(wf_report_tell_caveats, &made.report, "is not known"));
    made_report_finish(&made);
}

static void what_speaks_against_the_best_policy_is_said(void **state)
{
    (void)state;
    made_report_init(&made, MADE_WHOLE, 600, 0.9);
    made.report.measures[3].starved = made.report.measures[1].starved + 1;
    made.report.measures[3].never_started = 1;
    assert_true(
        told(wf_report_tell_caveats, &made.report, "But 2 more jobs starve or never start."));
    made.report.measures[3].waits.p95_ms = 2 * made.report.measures[1].waits.p95_ms;
    assert_true(told(wf_report_tell_caveats, &made.report, "95 % of the jobs stay within grows"));
    made.report.measures[3].waits.p50_ms =
        made.report.measures[1].waits.p50_ms + (int64_t)made.report.measures[1].waits.mean_ms;
    assert_true(told(wf_report_tell_caveats, &made.report, "half of the jobs stay within grows"));
    made.report.measures[3].used_pct = 0.9 * made.report.measures[1].used_pct;
    assert_true(told(wf_report_tell_caveats, &made.report, "But fewer GPUs are used"));
    made.report.measures[3].sizes[WF_SIZE_NODE].p95_ms =
        10 * made.report.measures[1].sizes[WF_SIZE_NODE].p95_ms;
    struct wf_report_told policy = {&made.report, 3};
    assert_true(told(wf_report_tell_policy, &policy, "Worst off are jobs of 8 GPUs"));
    made_report_finish(&made);
}

static void a_policy_that_is_no_better_is_not_sold(void **state)
{
    (void)state;
    made_report_init(&made, MADE_WHOLE, 600, 0.9);
    made.report.measures[2].waits.mean_ms = 9e9;
    made.report.measures[3].waits.mean_ms = 9e9;
    assert_true(told(wf_report_tell_headline, &made.report, "None of the policies asked for"));
    made_report_finish(&made);
}

static void there_is_no_saving_where_there_is_none(void **state)
{
    (void)state;
    made_report_init(&made, MADE_WHOLE, 0, 0.9);
    assert_true(told(wf_report_tell_headline, &made.report, "no jobs"));
    made_report_finish(&made);
    made_report_init(&made, MADE_WHOLE, 3, 0.01);
    assert_true(told(wf_report_tell_headline, &made.report, "No job waited under fifo"));
    made_report_finish(&made);
}

static void equal_dollars_are_not_sold_as_savings(void **state)
{
    (void)state;
    made_report_init(&made, MADE_WHOLE, 600, 0.9);
    for (uint32_t i = 0; i < MADE_RUNS; i++) {
        made.report.measures[i].usd = 1000;
    }
    char *text = wf_paragraph_told(wf_report_tell_money, &made.report);
    assert_non_null(text);
    assert_null(strstr(text, "saves"));
    assert_non_null(strstr(text, "cost the same under every policy"));
    free(text);
    made.report.measures[0].usd = 0;
    assert_true(told(wf_report_tell_money, &made.report, "No prices are known"));
    made_report_finish(&made);
}

static void times_are_of_the_calendar_or_of_the_history(void **state)
{
    (void)state;
    char text[WF_NUMBER_BYTES];
    struct wf_report report = {0};
    assert_string_equal(wf_report_time(&report, text, INT64_C(1757894400000)),
                        "2025-09-15 00:00 UTC");
    report.config.relative_times = true;
    assert_string_equal(wf_report_time(&report, text, INT64_C(90061000)), "day 2, 01:01");
}

static void a_number_and_its_unit_stay_in_one_line(void **state)
{
    (void)state;
    const char *words = "it waits 12 h, of 3 days";
    assert_true(wf_paragraph_is_glue(words, strchr(words, 'h') - 1));
    assert_false(wf_paragraph_is_glue(words, strchr(words, 'd') - 1));
    assert_false(wf_paragraph_is_glue(" %", " %"));
    char *text = NULL;
    size_t size;
    FILE *out = open_memstream(&text, &size);
    assert_non_null(out);
    wf_paragraph_print(out, words, 12);
    assert_int_equal(fclose(out), 0);
    assert_string_equal(text, "it waits\n12 h, of 3\ndays\n");
    free(text);
}

static void the_own_policy_is_named_so_and_empty_columns_are_left_out(void **state)
{
    (void)state;
    made_report_init(&made, MADE_WHOLE, 600, 0.9);
    char *text = print();
    assert_non_null(strstr(text, "\nfifo (own) "));
    assert_null(strstr(text, "empted"));
    free(text);
    made.report.measures[2].preemptions = 3;
    text = print();
    assert_non_null(strstr(text, "empted"));
    free(text);
    made_report_finish(&made);
}

static void too_many_runs_are_refused(void **state)
{
    (void)state;
    struct wf_report report;
    struct wf_error err;
    struct wf_outcome_run runs[WF_REPORT_RUNS_MAX + 1] = {{.name = "x"}};
    struct wf_report_config config = {
        .runs = runs, .run_count = WF_REPORT_RUNS_MAX, .happened = WF_NONE, .baseline = WF_NONE};
    assert_int_equal(wf_report_init(&report, &config, &err), WF_OK);
    wf_report_finish(&report);
    config.run_count++;
    assert_int_equal(wf_report_init(&report, &config, &err), WF_LIMIT);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(no_line_is_wider_than_a_terminal),
        cmocka_unit_test(the_headline_names_the_best_policy_and_the_error),
        cmocka_unit_test(a_saving_within_the_error_is_no_headline),
        cmocka_unit_test(without_real_starts_the_error_is_said_to_be_unknown),
        cmocka_unit_test(what_speaks_against_the_best_policy_is_said),
        cmocka_unit_test(a_policy_that_is_no_better_is_not_sold),
        cmocka_unit_test(there_is_no_saving_where_there_is_none),
        cmocka_unit_test(equal_dollars_are_not_sold_as_savings),
        cmocka_unit_test(times_are_of_the_calendar_or_of_the_history),
        cmocka_unit_test(a_number_and_its_unit_stay_in_one_line),
        cmocka_unit_test(the_own_policy_is_named_so_and_empty_columns_are_left_out),
        cmocka_unit_test(too_many_runs_are_refused),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
