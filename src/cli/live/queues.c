// SPDX-License-Identifier: Apache-2.0
// The verb queues: the tree of queues, what is used and what may be spent.
#include <stdio.h>
#include <string.h>

#include "base/number.h"
#include "cli/live/grid.h"
#include "cli/live/live.h"
#include "cli/live/words.h"

enum { DEPTH_MAX = 16 };

static const struct wf_option options[] = {
    WF_LIVE_JSON,
    WF_LIVE_OPTIONS,
    {NULL, NULL, NULL},
};

static enum wf_status take(void *context, const char *name, const char *value, struct wf_error *err)
{
    (void)err;
    (void)wf_live_take(context, name, value);
    return WF_OK;
}

// "$12 of $100 a day, then held"
static const char *tell_budgets(char *text, size_t size, const json_t *budgets)
{
    static const char *const ends[][2] = {
        {"admit", "then told"}, {"hold", "then held"}, {"lower", "then last"}};
    size_t used = 0;
    text[0] = '\0';
    for (size_t i = 0; i < json_array_size(budgets) && used < size; i++) {
        const json_t *budget = json_array_get(budgets, i);
        char spent[WF_WORD_BYTES];
        char limit[WF_WORD_BYTES];
        const char *end = "";
        for (size_t j = 0; j < WF_COUNT_OF(ends); j++) {
            end = strcmp(wf_live_text(budget, "action"), ends[j][0]) == 0 ? ends[j][1] : end;
        }
        used +=
            (size_t)snprintf(text + used, size - used, "%s%s of %s this %s, %s", i > 0 ? "; " : "",
                             wf_word_usd(spent, wf_live_number(budget, "spent_nanousd")),
                             wf_word_usd(limit, wf_live_number(budget, "limit_nanousd")),
                             wf_live_text(budget, "window"), end);
    }
    return text;
}

static void add_gpus(struct wf_grid *grid, const json_t *queue, const char *field)
{
    char text[WF_NUMBER_BYTES];
    const json_t *milli = json_object_get(queue, field);
    wf_grid_add(grid, json_is_integer(milli)
                          ? wf_number_thousandths(text, (uint64_t)json_integer_value(milli))
                          : "-");
}

static void add_queue(struct wf_grid *grid, const json_t *queue, int depth)
{
    char text[512];
    snprintf(text, sizeof text, "%*s%s", 2 * depth, "", wf_live_text(queue, "name"));
    wf_grid_add(grid, text);
    snprintf(text, sizeof text, "%lld", (long long)wf_live_number(queue, "jobs"));
    wf_grid_add(grid, text);
    add_gpus(grid, queue, "used_gpu_milli");
    add_gpus(grid, queue, "guarantee_gpu_milli");
    add_gpus(grid, queue, "limit_gpu_milli");
    wf_grid_add(grid, wf_word_usd(text, wf_live_number(queue, "cost_nanousd")));
    wf_grid_add(grid, tell_budgets(text, sizeof text, json_object_get(queue, "budgets")));
}

// Those below parent, each followed by its own.
static void add_below(struct wf_grid *grid, const json_t *queues, const char *parent, int depth)
{
    for (size_t i = 0; i < json_array_size(queues) && depth < DEPTH_MAX; i++) {
        const json_t *queue = json_array_get(queues, i);
        if (strcmp(wf_live_text(queue, "parent"), parent) == 0) {
            add_queue(grid, queue, depth);
            add_below(grid, queues, wf_live_text(queue, "name"), depth + 1);
        }
    }
}

static enum wf_status print(const json_t *tree, struct wf_error *err)
{
    static const struct wf_grid_column columns[] = {
        {"QUEUE", false, 60}, {"JOBS", true, 0}, {"GPUS USED", true, 0}, {"GUARANTEED", true, 0},
        {"LIMIT", true, 0},   {"COST", true, 0}, {"BUDGET", false, 0},
    };
    struct wf_grid grid;
    wf_grid_init(&grid, columns, WF_COUNT_OF(columns));
    add_below(&grid, json_object_get(tree, "queues"), "", 0);
    enum wf_status status = wf_grid_print(&grid, stdout, err);
    wf_grid_finish(&grid);
    return status;
}

static enum wf_status run(int argc, char **argv, struct wf_error *err)
{
    struct wf_live live = {.json = false};
    const struct wf_option_reader reader = {options, take, &live};
    struct whaleflux_answer *answer = NULL;
    json_t *tree;
    int first;
    enum wf_status status =
        wf_live_parse(&reader, (struct wf_live_words){0, 0}, argc, argv, &first, err);
    if (status == WF_OK) {
        status = wf_live_open(&live, err);
    }
    if (status == WF_OK) {
        status = wf_live_ask(&live, &(struct wf_live_request){"GET", "/v1/queues", NULL}, &answer,
                             &tree, err);
    }
    if (status == WF_OK) {
        status = live.json ? wf_live_print(tree, err) : print(tree, err);
    }
    whaleflux_answer_free(answer);
    wf_live_close(&live);
    return status;
}

const struct wf_command wf_command_queues = {
    .name = "queues",
    .usage = "[--json]",
    .summary = "lists the queues: jobs, GPUs, guarantees, limits and budgets",
    .options = options,
    .more = "Example: whaleflux queues\n",
    .run = run,
};
