// SPDX-License-Identifier: Apache-2.0
// The verb nodes: the machines.
#include <stdio.h>
#include <string.h>

#include "base/number.h"
#include "cli/clean.h"
#include "cli/live/grid.h"
#include "cli/live/live.h"
#include "cli/live/words.h"

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

// "6.5 of 8"
static const char *of_all(char *text, int64_t part_milli, int64_t all_milli)
{
    char part[WF_NUMBER_BYTES];
    char all[WF_NUMBER_BYTES];
    snprintf(text, 2 * WF_NUMBER_BYTES + 8, "%s of %s",
             wf_number_thousandths(part, (uint64_t)(part_milli > 0 ? part_milli : 0)),
             wf_number_thousandths(all, (uint64_t)(all_milli > 0 ? all_milli : 0)));
    return text;
}

static void add_node(struct wf_grid *grid, const json_t *node)
{
    char text[2 * WF_NUMBER_BYTES + 8];
    char free_memory[WF_WORD_BYTES];
    char memory[WF_WORD_BYTES];
    const json_t *free_gpus = json_object_get(node, "gpus_free_milli");
    const char *state = wf_live_text(node, "state");
    const char *model = wf_live_text(node, "model");
    int64_t gpus = wf_live_number(node, "gpus");
    int64_t price = wf_live_number(node, "price_nanousd_per_gpu_hour");
    int64_t free_milli = 0;
    for (size_t i = 0; i < json_array_size(free_gpus); i++) {
        free_milli += json_integer_value(json_array_get(free_gpus, i));
    }
    wf_grid_add(grid, wf_live_text(node, "name"));
    wf_grid_add_shaded(grid, state, wf_shade_of_state(state));
    wf_grid_add(grid, model[0] ? model : "-");
    wf_grid_add(grid, gpus > 0 ? of_all(text, free_milli, gpus * 1000) : "-");
    wf_grid_add(grid, of_all(text, wf_live_number(node, "cpu_free_milli"),
                             wf_live_number(node, "cpu_milli")));
    snprintf(text, sizeof text, "%s of %s",
             wf_word_mib(free_memory, wf_live_number(node, "memory_free_mib")),
             wf_word_mib(memory, wf_live_number(node, "memory_mib")));
    wf_grid_add(grid, text);
    const json_t *sharing = json_object_get(node, "sharing");
    const char *level = wf_live_text(sharing, "level");
    bool kept = level[0] && strcmp(level, "none") != 0;
    snprintf(text, sizeof text, "%s%s%.48s", kept ? level : "not kept", kept ? ", by " : "",
             kept ? wf_live_text(sharing, "by") : "");
    wf_grid_add(grid, level[0] ? text : "-");
    wf_grid_add(grid, gpus > 0 ? wf_word_usd(text, price) : "-");
    wf_grid_add(grid, gpus > 0 ? wf_live_text(node, "price_source") : "");
}

// Of the first node that tells it: the nodes are of one machine.
static void print_risk(const json_t *nodes)
{
    char text[400];
    char age[WF_WORD_BYTES];
    char share[WF_NUMBER_BYTES];
    for (size_t i = 0; i < json_array_size(nodes); i++) {
        const json_t *risk = json_object_get(json_array_get(nodes, i), "spot_risk");
        if (json_is_object(risk)) {
            printf("This machine may be taken away: it is %s old, and %s of such are taken within "
                   "an hour (forecast %s).\n",
                   wf_word_span(age, wf_live_number(risk, "age_ms")),
                   wf_number_percent(share, wf_live_number(risk, "taken_permille"), 1000),
                   wf_clean_text(text, sizeof text,
                                 wf_live_text(json_object_get(risk, "forecast"), "text"), 300));
            return;
        }
    }
}

static enum wf_status print(const json_t *tree, struct wf_error *err)
{
    static const struct wf_grid_column columns[] = {
        {"NODE", false, 40},    {"STATE", false, 0},           {"GPU MODEL", false, 30},
        {"FREE GPUS", true, 0}, {"FREE CORES", true, 0},       {"FREE MEMORY", true, 0},
        {"SHARES", false, 0},   {"$ A GPU AND HOUR", true, 0}, {"PRICE FROM", false, 100},
    };
    struct wf_grid grid;
    const json_t *nodes = json_object_get(tree, "nodes");
    wf_grid_init(&grid, columns, WF_COUNT_OF(columns));
    for (size_t i = 0; i < json_array_size(nodes); i++) {
        add_node(&grid, json_array_get(nodes, i));
    }
    enum wf_status status = wf_grid_print(&grid, stdout, err);
    wf_grid_finish(&grid);
    for (size_t i = 0; i < json_array_size(nodes) && status == WF_OK; i++) {
        const json_t *node = json_array_get(nodes, i);
        const char *why = wf_live_text(node, "closed_why");
        if (why[0]) {
            char clean[400];
            printf("Node %s is closed: %s.\n", wf_live_text(node, "name"),
                   wf_clean_text(clean, sizeof clean, why, 300));
        }
    }
    if (status == WF_OK) {
        print_risk(nodes);
    }
    return status;
}

static enum wf_status nodes(int argc, char **argv, struct wf_error *err)
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
        status = wf_live_ask(&live, &(struct wf_live_request){"GET", "/v1/nodes", NULL}, &answer,
                             &tree, err);
    }
    if (status == WF_OK) {
        status = live.json ? wf_live_print(tree, err) : print(tree, err);
    }
    whaleflux_answer_free(answer);
    wf_live_close(&live);
    return status;
}

const struct wf_command wf_command_nodes = {
    .name = "nodes",
    .usage = "[--json]",
    .summary = "lists the nodes, what is free on them and what their GPUs cost",
    .options = options,
    .more = "Example: whaleflux nodes\n",
    .run = nodes,
};
