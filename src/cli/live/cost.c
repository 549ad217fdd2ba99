// SPDX-License-Identifier: Apache-2.0
// The verb cost: what was spent, by whom or for what, and whose prices those are.
#include <ctype.h>
#include <stdio.h>
#include <string.h>

#include "base/number.h"
#include "cli/live/grid.h"
#include "cli/live/live.h"
#include "cli/live/words.h"
#include "client/path.h"

static const struct wf_option options[] = {
    {"by", "WHAT", "sums by user (if nothing is said), queue, job or pool"},
    {"since", "TIME", "from then on: 7d (so long ago), 2026-05-01, 2026-05-01T08:00:00Z"},
    {"until", "TIME", "before then"},
    WF_LIVE_JSON,
    WF_LIVE_OPTIONS,
    {NULL, NULL, NULL},
};

struct summing {
    struct wf_live live;
    const char *by;
    int64_t since_ms, until_ms;
};

static enum wf_status take(void *context, const char *name, const char *value, struct wf_error *err)
{
    struct summing *summing = context;
    if (wf_live_take(&summing->live, name, value)) {
        return WF_OK;
    }
    if (strcmp(name, "by") == 0) {
        summing->by = value;
        return WF_OK;
    }
    int64_t *ms = strcmp(name, "since") == 0 ? &summing->since_ms : &summing->until_ms;
    if (!wf_word_read_time(value, wf_word_now_ms(), ms) || *ms < 0) {
        return wf_fail(err, WF_INVALID,
                       "--%s is '%.40s', it must be a time like 7d, 2026-05-01 or "
                       "2026-05-01T08:00:00Z",
                       name, value);
    }
    return WF_OK;
}

static void add_hours(struct wf_grid *grid, int64_t ms)
{
    char text[40];
    int64_t parts = ms * 10 / 3600; // ten-thousandths
    int places = parts < 10000 ? 4 : parts < 1000000 ? 2 : 1;
    int64_t step = places == 4 ? 1 : places == 2 ? 100 : 1000;
    snprintf(text, sizeof text, "%lld.%0*lld", (long long)(parts / 10000), places,
             (long long)(parts % 10000 / step));
    wf_grid_add(grid, text);
}

static void add_sum(struct wf_grid *grid, const json_t *sum, const char *key)
{
    char text[WF_WORD_BYTES];
    wf_grid_add(grid, key);
    add_hours(grid, wf_live_number(sum, "gpu_ms"));
    add_hours(grid, wf_live_number(sum, "core_ms"));
    wf_grid_add(grid, wf_word_usd(text, wf_live_number(sum, "cost_nanousd")));
}

static void print_sources(const json_t *tree)
{
    const char *pool;
    json_t *source;
    const json_t *core = json_object_get(tree, "price_nanousd_per_core_hour");
    char text[WF_WORD_BYTES];
    puts("\nPrices, in US dollars:");
    json_object_foreach(json_object_get(tree, "price_sources"), pool, source)
    {
        const char *told = json_string_value(source);
        if (told && told[0]) {
            printf("  pool %s: %s\n", pool, told);
        }
    }
    if (json_is_integer(core)) {
        printf("  %s a core and hour\n", wf_word_usd(text, json_integer_value(core)));
    } else {
        puts("  no price is set for cores: they count as free");
    }
}

// What had to be done again: it is in the sums above.
static enum wf_status print_losses(const json_t *losses, struct wf_error *err)
{
    static const struct wf_grid_column columns[] = {
        {"LOST BY", false, 40}, {"RUNS", true, 0}, {"GPU HOURS", true, 0}, {"COST", true, 0}};
    const json_t *rows = json_object_get(losses, "rows");
    char text[WF_WORD_BYTES];
    struct wf_grid grid;
    if (json_array_size(rows) == 0) {
        return WF_OK;
    }
    puts("\nOf which was lost, as it was not saved when machines were taken or work gave way:\n");
    wf_grid_init(&grid, columns, WF_COUNT_OF(columns));
    for (size_t i = 0; i <= json_array_size(rows); i++) {
        bool all = i == json_array_size(rows);
        const json_t *row = all ? json_object_get(losses, "total") : json_array_get(rows, i);
        wf_grid_add(&grid, all ? "all" : wf_live_text(row, "why"));
        wf_grid_add(&grid, wf_number_count(text, wf_live_number(row, "runs")));
        add_hours(&grid, wf_live_number(row, "gpu_ms"));
        wf_grid_add(&grid, wf_word_usd(text, wf_live_number(row, "cost_nanousd")));
    }
    enum wf_status status = wf_grid_print(&grid, stdout, err);
    wf_grid_finish(&grid);
    return status;
}

static enum wf_status print(const struct summing *summing, const json_t *tree, struct wf_error *err)
{
    char head[16];
    size_t length = 0;
    for (; summing->by[length] && length + 1 < sizeof head; length++) {
        head[length] = (char)toupper((unsigned char)summing->by[length]);
    }
    head[length] = '\0';
    const struct wf_grid_column columns[] = {
        {head, false, 60}, {"GPU HOURS", true, 0}, {"CORE HOURS", true, 0}, {"COST", true, 0}};
    struct wf_grid grid;
    char since[WF_WORD_BYTES];
    char until[WF_WORD_BYTES];
    const json_t *rows = json_object_get(tree, "rows");
    if (summing->since_ms > 0 || summing->until_ms > 0) {
        printf("From %s until %s:\n\n",
               summing->since_ms > 0 ? wf_word_utc(since, summing->since_ms) : "the beginning",
               summing->until_ms > 0 ? wf_word_utc(until, summing->until_ms) : "now");
    }
    wf_grid_init(&grid, columns, WF_COUNT_OF(columns));
    for (size_t i = 0; i < json_array_size(rows); i++) {
        const json_t *row = json_array_get(rows, i);
        add_sum(&grid, row, wf_live_text(row, "key"));
    }
    add_sum(&grid, json_object_get(tree, "total"), "all");
    enum wf_status status = wf_grid_print(&grid, stdout, err);
    wf_grid_finish(&grid);
    if (status == WF_OK) {
        status = print_losses(json_object_get(tree, "losses"), err);
    }
    if (status == WF_OK) {
        print_sources(tree);
    }
    return status;
}

static enum wf_status run(int argc, char **argv, struct wf_error *err)
{
    struct summing summing = {.by = "user"};
    const struct wf_option_reader reader = {options, take, &summing};
    struct whaleflux_answer *answer = NULL;
    struct whaleflux_error why;
    int first;
    enum wf_status status =
        wf_live_parse(&reader, (struct wf_live_words){0, 0}, argc, argv, &first, err);
    if (status == WF_OK) {
        status = wf_live_open(&summing.live, err);
    }
    if (status == WF_OK && whaleflux_cost(summing.live.daemon, summing.by, summing.since_ms,
                                          summing.until_ms, &answer, &why) != WHALEFLUX_OK) {
        status = wf_live_fail(&why, err);
    }
    if (status == WF_OK) {
        const json_t *tree = wf_live_tree(answer);
        status = summing.live.json ? wf_live_print(tree, err) : print(&summing, tree, err);
    }
    whaleflux_answer_free(answer);
    wf_live_close(&summing.live);
    return status;
}

const struct wf_command wf_command_cost = {
    .name = "cost",
    .usage = "[--by user|queue|job|pool] [--since TIME] [--until TIME] [--json]",
    .summary = "tells what was spent, by whom or for what",
    .options = options,
    .more = "Example: whaleflux cost --by queue --since 7d\n",
    .run = run,
};
