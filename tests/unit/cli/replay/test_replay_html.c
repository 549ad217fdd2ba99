// SPDX-License-Identifier: Apache-2.0
#include "cli/replay/replay_html.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include <cmocka.h>

#include "cli/replay/replay_plot.h"
#include "unit/cli/made_report.h"

enum { DEPTH_MAX = 24 };

static struct made_report made;

// The page, which the caller frees.
static char *put(void)
{
    char *text = NULL;
    size_t size;
    FILE *out = open_memstream(&text, &size);
    assert_non_null(out);
    wf_replay_put_html(out, &made.report);
    assert_int_equal(fclose(out), 0);
    assert_int_equal(strlen(text), size);
    return text;
}

static uint32_t count(const char *text, const char *words)
{
    uint32_t found = 0;
    while ((text = strstr(text, words)) != NULL) {
        found++;
        text += strlen(words);
    }
    return found;
}

static bool starts_entity(const char *at)
{
    static const char *const entities[] = {"&amp;", "&lt;", "&gt;", "&quot;", "&#39;"};
    for (size_t i = 0; i < WF_COUNT_OF(entities); i++) {
        if (strncmp(at, entities[i], strlen(entities[i])) == 0) {
            return true;
        }
    }
    return false;
}

// Returns where the page is not well-formed XML (which HTML need not be, but then it surely is what
// it should be), or NULL.
static const char *fault(const char *text)
{
    const char *open[DEPTH_MAX];
    uint32_t depth = 0;
    const char *at = strchr(text, '\n'); // after the document type
    for (; *at; at++) {
        if (*at == '&' && !starts_entity(at)) {
            return at;
        }
        if (*at != '<') {
            continue;
        }
        bool closes = at[1] == '/';
        const char *name = at + 1 + closes;
        const char *end = name + strcspn(name, "<>");
        if (*end != '>' || depth >= DEPTH_MAX) {
            return at;
        }
        size_t length = strcspn(name, " />\n");
        if (closes && (depth == 0 || strncmp(open[depth - 1], name, length) != 0)) {
            return at;
        }
        depth -= closes;
        if (!closes && end[-1] != '/') {
            open[depth++] = name;
        }
        at = end;
    }
    return depth == 0 ? NULL : open[depth - 1];
}

static void every_page_is_well_formed(void **state)
{
    (void)state;
    static const uint32_t counts[] = {0, 1, 2, 300};
    for (enum made_kind kind = MADE_WHOLE; kind <= MADE_WITHOUT_BASELINE; kind++) {
        for (uint32_t i = 0; i < WF_COUNT_OF(counts); i++) {
            made_report_init(&made, kind, counts[i], 0.9);
            char *text = put();
            const char *bad = fault(text);
            if (bad) {
                fail_msg("report %d of %u jobs: %.80s", (int)kind, counts[i], bad);
            }
            assert_null(strstr(text, ">nan"));
            assert_null(strstr(text, ">inf"));
            free(text);
            made_report_finish(&made);
        }
    }
}

static void it_needs_nothing_from_outside_and_no_scripts(void **state)
{
    (void)state;
    static const char *const refused[] = {"<script", "http:", "https:", "src=",   "href=",
                                          "@import", "<link", "<img",   "onload", "javascript:"};
    made_report_init(&made, MADE_WHOLE, 300, 0.9);
    char *text = put();
    for (uint32_t i = 0; i < WF_COUNT_OF(refused); i++) {
        if (strstr(text, refused[i])) {
            fail_msg("the page has %s", refused[i]);
        }
    }
    assert_int_equal(count(text, "url("), count(text, "url(#hatch"));
    free(text);
    made_report_finish(&made);
}

static void names_that_others_chose_are_text_and_nothing_else(void **state)
{
    (void)state;
    made_report_init(&made, MADE_WHOLE, 300, 0.9);
    char *text = put();
    assert_non_null(strstr(text, "shortest &lt;first&gt;"));
    assert_non_null(strstr(text, "&lt;script&gt;alert(1)&lt;/script&gt;"));
    assert_non_null(strstr(text, "b&quot;o&#39;b &amp; co"));
    assert_non_null(strstr(text, "&lt;b&gt;noon&lt;/b&gt;"));
    assert_non_null(strstr(text, "h100 &lt;owned&gt;"));
    assert_null(strchr(text, '\x1b'));
    free(text);
    made_report_finish(&made);
}

static void every_plot_is_there_for_wide_and_narrow_screens(void **state)
{
    (void)state;
    made_report_init(&made, MADE_WHOLE, 300, 0.9);
    char *text = put();
    // Waits, sizes, use, and the changes of two policies.
    assert_int_equal(count(text, "<svg class=\"wide\""), 5);
    assert_int_equal(count(text, "<svg class=\"narrow\""), 5);
    assert_int_equal(count(text, "role=\"img\""), 10);
    free(text);
    made_report_finish(&made);
}

static void a_run_has_one_colour_everywhere(void **state)
{
    (void)state;
    struct wf_outcome_run runs[WF_REPORT_RUNS_MAX] = {{.name = "x"}};
    struct wf_report report = {
        .config = {.runs = runs, .run_count = 20, .happened = 0, .baseline = 2}};
    assert_string_equal(wf_plot_class(&report, 0), "sh");
    assert_string_equal(wf_plot_class(&report, 2), "sb");
    assert_string_equal(wf_plot_class(&report, 1), "s0");
    assert_string_equal(wf_plot_class(&report, 3), "s1");
    assert_string_equal(wf_plot_class(&report, 10), "s0 sd");
}

static void a_run_whose_use_is_not_known_says_so(void **state)
{
    (void)state;
    made_report_init(&made, MADE_WHOLE, 300, 0.9);
    made.runs[0].cluster.series.count = 0;
    char *text = put();
    assert_int_equal(count(text, "not known over time"), 2);
    assert_null(fault(text));
    free(text);
    for (uint32_t i = 0; i < MADE_RUNS; i++) {
        made.runs[i].cluster.series.count = 0;
    }
    text = put();
    assert_int_equal(count(text, "How the GPUs were used over time is not known."), 1);
    free(text);
    made_report_finish(&made);
}

static void the_page_is_written_whole_or_not_at_all(void **state)
{
    (void)state;
    char path[] = "/tmp/test_replay_html.XXXXXX";
    struct wf_error err;
    int descriptor = mkstemp(path);
    assert_true(descriptor >= 0);
    close(descriptor);
    made_report_init(&made, MADE_WHOLE, 20, 0.5);
    assert_int_equal(wf_replay_write_html(&made.report, path, &err), WF_OK);
    FILE *file = fopen(path, "r");
    if (!file) {
        fail_msg("%s is not there", path);
        return;
    }
    assert_int_equal(fseek(file, 0, SEEK_END), 0);
    char *text = put();
    assert_int_equal(ftell(file), strlen(text));
    fclose(file);
    free(text);
    unlink(path);
    assert_int_equal(wf_replay_write_html(&made.report, "/nowhere/x.html", &err), WF_IO);
    made_report_finish(&made);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(every_page_is_well_formed),
        cmocka_unit_test(it_needs_nothing_from_outside_and_no_scripts),
        cmocka_unit_test(names_that_others_chose_are_text_and_nothing_else),
        cmocka_unit_test(every_plot_is_there_for_wide_and_narrow_screens),
        cmocka_unit_test(a_run_has_one_colour_everywhere),
        cmocka_unit_test(a_run_whose_use_is_not_known_says_so),
        cmocka_unit_test(the_page_is_written_whole_or_not_at_all),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
