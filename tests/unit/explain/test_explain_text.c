// SPDX-License-Identifier: Apache-2.0
#include "explain/explain_text.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "unit/core/small_cluster.h"

static const char *model_name(void *context, uint32_t model)
{
    (void)context;
    static const char *const names[] = {"A10", "T4", "H100", "MI300X"};
    return model < 4 ? names[model] : NULL;
}

static const struct wf_explain_names names = {.model = model_name};

// Explains the job and names its remedy; the caller frees the text.
static char *text_of(struct wf_core *core, const struct wf_job_spec *job)
{
    struct wf_explanation explanation;
    struct wf_remedy remedy;
    struct wf_remedy_scratch *scratch;
    char *text;
    size_t length;
    FILE *out = open_memstream(&text, &length);
    assert_non_null(out);
    assert_int_equal(wf_explain(core, job, &explanation, NULL), WF_OK);
    assert_int_equal(wf_remedy_scratch_create(16, &scratch, NULL), WF_OK);
    assert_int_equal(wf_remedy_find(core, job, WF_CHANGE_ALL, scratch, &remedy, NULL), WF_OK);
    wf_explain_print(out, job, &explanation, &names);
    wf_remedy_print(out, job, &remedy, &names);
    fclose(out);
    wf_remedy_scratch_destroy(scratch);
    return text;
}

static void assert_text(struct wf_core *core, const struct wf_job_spec *job, const char *expected)
{
    char *text = text_of(core, job);
    assert_string_equal(text, expected);
    free(text);
}

static void a_refusal_is_told_with_counts_and_a_remedy(void **state)
{
    (void)state;
    struct wf_core *core = small_cluster();
    for (uint32_t node = 0; node < 3; node++) {
        small_node(core, node, 1, 64000, 8, 0);
    }
    small_node(core, 3, 0, 6000, 8, 0);
    small_node(core, 4, 0, 4000, 8, 0);
    small_node(core, 5, 0, 4000, 1, 0);
    struct wf_job_spec job = small_job(1, 8000, 8, 1000);
    job.request.models = WF_MODEL_BIT(0);
    assert_text(core, &job,
                "Job 1000 can never start on these nodes, not even when they are empty: none of 6 "
                "nodes can take it.\n"
                "\n"
                "3 nodes have room enough (24 GPUs completely free), but of a GPU model that it "
                "excludes: T4.\n"
                "2 nodes lack 2 to 4 cores even when empty, and nothing else.\n"
                "1 more node has less CPU than one task asks for, even when empty, among other "
                "reasons.\n"
                "1 node has fewer GPUs than one task asks for, even when empty, among other "
                "reasons.\n"
                "The smallest change that lets it start: the GPU model T4 accepted too.\n");
    wf_core_destroy(core);
}

static void a_choice_is_told_with_what_lost(void **state)
{
    (void)state;
    struct wf_core *core = small_cluster();
    small_node(core, 0, 0, 8000, 2, 0);
    small_node(core, 1, 0, 8000, 2, 0);
    small_node(core, 2, 1, 4000, 1, 0);
    struct wf_job_spec job = small_job(1, 4000, 1, 1000);
    assert_text(core, &job,
                "Job 1000 starts now: 3 of 3 nodes can take it.\n"
                "\n"
                "The points that the policy gives each node, more are better:\n"
                "   node    kind    alike   points\n"
                " ✓ node 2  pool 1      1      100\n"
                "   node 0  pool 0      2       50\n"
                "\n"
                "The node with most points is taken.\n"
                "The next best kind of node (pool 0) has 50.\n"
                "It starts as it is.\n");
    wf_core_destroy(core);
}

static void a_gang_is_told_how_much_of_it_fits(void **state)
{
    (void)state;
    struct wf_core *core = small_cluster();
    small_node(core, 0, 0, 8000, 2, 0);
    small_node(core, 1, 1, 8000, 2, 0);
    small_take(core, 1, 1, 1000, 1000);
    small_node(core, 2, 2, 8000, 1, 0);
    small_drain(core, 2);
    struct wf_job_spec job = small_job(4, 1000, 1, 1000);
    assert_text(core, &job,
                "Job 1000 cannot start now: 2 of 3 nodes can take a task, and 3 of its 4 tasks "
                "fit, which start together or not at all.\n"
                "\n"
                "The points that the policy gives each node, more are better:\n"
                "   node    kind    alike   points\n"
                " ✓ node 1  pool 1      1       62\n"
                "   node 0  pool 0      1       31\n"
                "\n"
                "The node with most points is taken.\n"
                "The next best kind of node (pool 0) has 31.\n"
                "\n"
                "1 node has room enough (1 GPU completely free), but takes no new work.\n"
                "The smallest change that lets it start: 3 tasks instead of 4 tasks.\n");
    job.gang = false;
    char *text = text_of(core, &job);
    assert_non_null(strstr(text, "Job 1000 starts in part, 3 of its 4 tasks now: 2 of 3 nodes "));
    free(text);
    wf_core_destroy(core);
}

static void what_is_short_has_its_unit(void **state)
{
    (void)state;
    struct wf_core *core = small_cluster();
    small_node(core, 0, 0, 8000, 2, 0);
    small_take(core, 1, 0, 3500, 400);
    small_take(core, 2, 0, 0, 700);
    const struct {
        struct wf_job_spec job;
        uint32_t memory_mib;
        const char *words;
    } cases[] = {
        {small_job(1, 5000, 0, 0), 0, "1 node lacks 0.5 cores, and nothing else."},
        {small_job(1, 9000, 0, 0), 0, "1 node lacks 1 core even when empty, and nothing else."},
        {small_job(1, 0, 0, 0), 1500, "1 node lacks 500 MiB of memory even when empty, and"},
        {small_job(1, 0, 0, 0), 3048, "1 node lacks 2 GiB of memory even when empty, and"},
        {small_job(1, 0, 1, 1000), 0, "1 node lacks 1 completely free GPU, and nothing else."},
        {small_job(1, 0, 4, 1000), 0, "1 node lacks 2 GPUs even when empty, and nothing else."},
        {small_job(1, 0, 1, 850), 0, "1 node lacks 0.25 of a GPU on the one with most room, and"},
    };
    for (size_t i = 0; i < WF_COUNT_OF(cases); i++) {
        struct wf_job_spec job = cases[i].job;
        job.request.memory_mib = cases[i].memory_mib;
        char *text = text_of(core, &job);
        if (!strstr(text, cases[i].words)) {
            fail_msg("'%s' is not in\n%s", cases[i].words, text);
        }
        free(text);
    }
    wf_core_destroy(core);
}

static struct wf_terms terms_of(int64_t rent, int64_t stranded, int64_t scarcity)
{
    return (struct wf_terms){
        .list = {{WF_TERM_RENT, -rent * 1000000},
                 {WF_TERM_STRANDED, -stranded * 1000000},
                 {WF_TERM_SCARCITY, -scarcity * 1000000}},
        .count = 3,
    };
}

static void costs_are_in_dollars_and_the_least_wins(void **state)
{
    (void)state;
    struct wf_explanation explanation = {
        .nodes_fitting = 7,
        .candidates = {{.node = {4}, .pool = {1}, .alike = 1, .score = 9},
                       {.node = {2}, .pool = {1}, .alike = 1200, .score = 9},
                       {.node = {3}, .pool = {1}, .alike = 3, .score = 1}},
        .candidate_count = 3,
        .rival = {.node = {5}, .pool = {2}, .alike = 2, .score = -90},
        .has_rival = true,
    };
    explanation.candidates[0].terms = terms_of(0, -200, 850);
    explanation.candidates[1].terms = terms_of(0, -200, 850);
    explanation.candidates[2].terms = terms_of(0, -150, 850);
    explanation.rival.terms = terms_of(0, -180, 1960);
    char *text;
    size_t length;
    FILE *out = open_memstream(&text, &length);
    assert_non_null(out);
    wf_explain_print_table(out, &explanation, &names);
    fclose(out);
    assert_string_equal(
        text,
        "\nWhat a task costs the fleet on each node, in dollars an hour:\n"
        "   node    kind    alike    total  stranded  scarcity\n"
        " ✓ node 4  pool 1      1    0.650    -0.200     0.850\n"
        "   node 2  pool 1  1,200    0.650    -0.200     0.850\n"
        "   node 3  pool 1      3    0.700    -0.150     0.850\n"
        "   node 5  pool 2      2    1.780    -0.180     1.960\n"
        "\n"
        "The next best node (node 2) would cost the fleet as much; of equal nodes the first in "
        "order is taken.\n"
        "The next best kind of node (pool 2) would cost the fleet $1.13 more an hour: scarcity "
        "+$1.11, stranded +$0.020.\n"
        "\n"
        "   stranded  GPU share that others can use no more; below 0: it fills share that was "
        "of no use to them\n"
        "   scarcity  what it takes from tasks that can run nowhere else\n");
    free(text);
}

static void every_kind_of_change_has_its_words(void **state)
{
    (void)state;
    struct wf_job_spec job = small_job(16, 8000, 4, 1000);
    job.request.memory_mib = 2048;
    job.request.models = WF_MODEL_BIT(0);
    job.request.labels = 1;
    job.request.place = (struct wf_place){1, 2, 3};
    struct wf_remedy remedy = {
        .found = true,
        .kinds = WF_CHANGE_ALL,
        .change = {.steps = {2000, 1024, 2, 2, 1, 4, 2}, .models_added = 6, .labels_dropped = 1},
    };
    char *text;
    size_t length;
    FILE *out = open_memstream(&text, &length);
    assert_non_null(out);
    wf_remedy_print(out, &job, &remedy, NULL);
    remedy = (struct wf_remedy){.found = false};
    wf_remedy_print(out, &job, &remedy, NULL);
    fclose(out);
    assert_string_equal(
        text,
        "A change that lets it start, perhaps not the smallest: 6 cores instead of 8 cores for "
        "each task, 1 GiB instead of 2 GiB of memory for each task, the GPU models number 1, "
        "number 2 accepted too, leave to run in any region of its site, no need for the label "
        "number 0, 12 tasks instead of 16 tasks, and 2 GPUs instead of 4 GPUs for each task.\n"
        "No change of the job lets it start now: no open node can be of use to it.\n");
    free(text);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(a_refusal_is_told_with_counts_and_a_remedy),
        cmocka_unit_test(a_choice_is_told_with_what_lost),
        cmocka_unit_test(a_gang_is_told_how_much_of_it_fits),
        cmocka_unit_test(what_is_short_has_its_unit),
        cmocka_unit_test(costs_are_in_dollars_and_the_least_wins),
        cmocka_unit_test(every_kind_of_change_has_its_words),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
