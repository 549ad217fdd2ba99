// SPDX-License-Identifier: Apache-2.0
#include "sim/explain_text.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "../core/small_cluster.h"

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
                "Job 1000 can never start on these nodes, not even when they are empty: 0 of 6 "
                "nodes have room for a task.\n"
                "3 nodes with room for 8 GPUs (in all 24 GPUs completely free) are of a GPU model "
                "that this job excludes (T4).\n"
                "2 nodes with room for 8 GPUs (in all 16 GPUs completely free) are short of 2,000 "
                "to 4,000 milli-CPU even when empty.\n"
                "Another 1 node has less CPU than one task asks for, even when empty, among other "
                "reasons.\n"
                "Another 1 node has fewer GPUs than one task asks for, even when empty, among "
                "other reasons.\n"
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
                "Job 1000 starts now, 1 task: 3 of 3 nodes have room for a task.\n"
                "The best node for a task is node 2 (pool 1), score 100.\n"
                "It wins against node 0 (pool 0), score 50; 2 nodes are like it.\n"
                "It starts as it is.\n");
    wf_core_destroy(core);
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
        "A change that lets it start, perhaps not the smallest: 6,000 instead of 8,000 "
        "milli-CPU for each task, 1,024 instead of 2,048 MiB of memory for each task, the "
        "GPU models number 1, number 2 accepted too, leave to run in any region of its site, "
        "no need for the label number 0, 12 instead of 16 tasks, and 2 GPUs instead of 4 GPUs "
        "for each task.\n"
        "No change of the job lets it start now: no open node can be of use to it.\n");
    free(text);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(a_refusal_is_told_with_counts_and_a_remedy),
        cmocka_unit_test(a_choice_is_told_with_what_lost),
        cmocka_unit_test(every_kind_of_change_has_its_words),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
