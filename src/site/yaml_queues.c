// SPDX-License-Identifier: Apache-2.0
#include <stdlib.h>
#include <string.h>

#include "base/assert.h"
#include "base/nearest.h"
#include "site/yaml_pools.h"
#include "text/csv.h"

enum { QUOTE_SHOWN = 64 };

#define GPU_MILLI_MAX (INT64_C(1000) * WF_NODE_GPUS_MAX * WF_SITE_NODES_MAX)
#define BUDGET_MAX INT64_C(1000000000000000000) // a billion dollars

static const char *const queue_keys[] = {
    "name", "parent", "weight", "guarantee_gpus", "limit_gpus", "budgets", NULL,
};
static const char *const budget_keys[] = {"window", "usd", "action", NULL};
enum { WORDS = 3 }; // that a budget's window, or its action, may be

static const char *const windows[WORDS] = {
    [WF_WINDOW_HOUR] = "hour", [WF_WINDOW_DAY] = "day", [WF_WINDOW_MONTH] = "month"};
static const char *const actions[WORDS] = {
    [WF_BUDGET_ADMIT] = "admit", [WF_BUDGET_HOLD] = "hold", [WF_BUDGET_LOWER] = "lower"};

// One queue while the others are not known yet.
struct told {
    char *path;
    const yaml_node_t *map;
    struct wf_queue_spec spec;
    uint32_t depth; // 1: a root
};

struct reader {
    struct wf_yaml *yaml;
    struct told *queues;
    uint32_t count, capacity;
};

static enum wf_status take_word(struct wf_yaml *yaml, const yaml_node_t *map, const char *key,
                                const char *const words[WORDS], uint32_t *word_out,
                                struct wf_error *err)
{
    const char *text = NULL;
    enum wf_status status = wf_yaml_text(yaml, map, key, &text, err);
    if (status != WF_OK) {
        return status;
    }
    if (!text) {
        return wf_yaml_fail(yaml, map, err, WF_INVALID, "the budget must tell '%s'", key);
    }
    for (*word_out = 0; *word_out < WORDS; ++*word_out) {
        if (strcmp(text, words[*word_out]) == 0) {
            return WF_OK;
        }
    }
    char quoted[QUOTE_SHOWN];
    wf_csv_quote(text, quoted, sizeof quoted);
    return wf_yaml_fail(yaml, wf_yaml_get(yaml, map, key), err, WF_INVALID,
                        "'%s' is '%s', it must be %s, %s or %s", key, quoted, words[0], words[1],
                        words[2]);
}

static enum wf_status read_budget(struct wf_yaml *yaml, const yaml_node_t *map,
                                  struct wf_queue_spec *spec, struct wf_error *err)
{
    uint32_t window = 0;
    uint32_t action = 0;
    int64_t limit = 0;
    const struct wf_yaml_range range = {9, 1, BUDGET_MAX, NULL};
    enum wf_status status = wf_yaml_check_map(yaml, map, "a budget", budget_keys, err);
    if (status == WF_OK) {
        status = take_word(yaml, map, "window", windows, &window, err);
    }
    if (status == WF_OK) {
        status = take_word(yaml, map, "action", actions, &action, err);
    }
    if (status == WF_OK) {
        status = wf_yaml_number(yaml, map, "usd", range, &limit, err);
    }
    if (status != WF_OK) {
        return status;
    }
    WF_ASSERT(window < WORDS && action < WORDS);
    if (limit == 0) {
        return wf_yaml_fail(yaml, map, err, WF_INVALID, "the budget must tell 'usd'");
    }
    if (spec->budgets[window].limit_nanousd != 0) {
        return wf_yaml_fail(yaml, map, err, WF_EXISTS, "the queue has a budget for the %s already",
                            windows[window]);
    }
    spec->budgets[window] =
        (struct wf_budget){.limit_nanousd = limit, .action = (enum wf_budget_action)action};
    return WF_OK;
}

static enum wf_status take_numbers(struct wf_yaml *yaml, const yaml_node_t *map,
                                   struct wf_queue_spec *spec, struct wf_error *err)
{
    int64_t weight = 1;
    const struct wf_yaml_range weights = {0, 1, WF_QUEUE_WEIGHT_MAX, "WF_QUEUE_WEIGHT_MAX"};
    const struct wf_yaml_range gpus = {3, 0, GPU_MILLI_MAX, NULL};
    enum wf_status status = wf_yaml_number(yaml, map, "weight", weights, &weight, err);
    if (status == WF_OK) {
        status = wf_yaml_number(yaml, map, "guarantee_gpus", gpus, &spec->guarantee_gpu_milli, err);
    }
    if (status == WF_OK) {
        status = wf_yaml_number(yaml, map, "limit_gpus", gpus, &spec->limit_gpu_milli, err);
    }
    spec->weight = (uint32_t)weight;
    if (status == WF_OK && spec->limit_gpu_milli == 0 && wf_yaml_get(yaml, map, "limit_gpus")) {
        return wf_yaml_fail(yaml, wf_yaml_get(yaml, map, "limit_gpus"), err, WF_INVALID,
                            "'limit_gpus' is 0: nothing could ever run; leave it out for no limit");
    }
    if (status == WF_OK && spec->limit_gpu_milli > 0 &&
        spec->guarantee_gpu_milli > spec->limit_gpu_milli) {
        return wf_yaml_fail(yaml, map, err, WF_INVALID,
                            "the queue's 'guarantee_gpus' is more than its 'limit_gpus'");
    }
    return status;
}

// Joins parent and name, and counts the levels.
static enum wf_status make_path(const struct reader *reader, const yaml_node_t *map,
                                const char *parent, const char *name, struct told *told,
                                struct wf_error *err)
{
    char path[2 * WF_SITE_NAME_BYTES_MAX + 2];
    if (!name) {
        return wf_yaml_fail(reader->yaml, map, err, WF_INVALID, "the queue must have a 'name'");
    }
    size_t length = (size_t)snprintf(path, sizeof path, "%s%s%s", parent ? parent : "",
                                     parent ? "/" : "", name);
    if (length > WF_SITE_NAME_BYTES_MAX) {
        return wf_yaml_fail(reader->yaml, map, err, WF_LIMIT,
                            "the queue's path is longer than %d bytes, the limit "
                            "WF_SITE_NAME_BYTES_MAX",
                            WF_SITE_NAME_BYTES_MAX);
    }
    told->depth = 1;
    for (size_t i = 0; i < length; i++) {
        bool empty = path[i] == '/' && (i == 0 || path[i - 1] == '/' || i + 1 == length);
        if (empty || (unsigned char)path[i] < 0x20) {
            return wf_yaml_fail(reader->yaml, map, err, WF_INVALID,
                                "the queue's path has a level without a name, or a control "
                                "character");
        }
        told->depth += path[i] == '/';
    }
    if (told->depth > WF_QUEUE_DEPTH_MAX) {
        return wf_yaml_fail(reader->yaml, map, err, WF_LIMIT,
                            "the queue is more than %d levels deep, the limit WF_QUEUE_DEPTH_MAX",
                            WF_QUEUE_DEPTH_MAX);
    }
    told->path = wf_site_copy(path);
    return told->path ? WF_OK
                      : wf_yaml_fail(reader->yaml, map, err, WF_NOMEM, "no memory to read further");
}

static enum wf_status read_queue(struct reader *reader, const yaml_node_t *map,
                                 struct wf_error *err)
{
    struct wf_yaml *yaml = reader->yaml;
    const char *name = NULL;
    const char *parent = NULL;
    struct told told = {.map = map, .spec.parent.index = WF_NONE};
    enum wf_status status = wf_yaml_check_map(yaml, map, "a queue", queue_keys, err);
    if (status != WF_OK) {
        return status;
    }
    if (reader->count == WF_QUEUES_MAX) {
        return wf_yaml_fail(yaml, map, err, WF_LIMIT,
                            "there are more than %d queues, the limit WF_QUEUES_MAX",
                            WF_QUEUES_MAX);
    }
    status = take_numbers(yaml, map, &told.spec, err);
    const yaml_node_t *budgets = wf_yaml_get(yaml, map, "budgets");
    if (status == WF_OK && budgets) {
        status = wf_yaml_check_list(yaml, budgets, "budgets", err);
    }
    uint32_t at = 0;
    for (const yaml_node_t *item;
         status == WF_OK && budgets && (item = wf_yaml_item(yaml, budgets, &at));) {
        status = read_budget(yaml, item, &told.spec, err);
    }
    if (status == WF_OK) {
        status = wf_yaml_text(yaml, map, "name", &name, err);
    }
    if (status == WF_OK) {
        status = wf_yaml_text(yaml, map, "parent", &parent, err);
    }
    if (status != WF_OK) {
        return status;
    }
    void *queues = reader->queues;
    bool room = wf_site_make_room(&queues, sizeof told, reader->count, &reader->capacity);
    reader->queues = queues;
    if (!room) {
        return wf_yaml_fail(yaml, map, err, WF_NOMEM, "no memory to read further");
    }
    status = make_path(reader, map, parent, name, &told, err);
    if (status == WF_OK) {
        reader->queues[reader->count++] = told;
    }
    return status;
}

// Roots first, then their children, each level as the file has it.
static int compare_told(const void *left, const void *right)
{
    const struct told *a = left;
    const struct told *b = right;
    if (a->depth != b->depth) {
        return a->depth < b->depth ? -1 : 1;
    }
    const yaml_node_t *first = a->map;
    const yaml_node_t *second = b->map;
    return (first > second) - (first < second);
}

static enum wf_status fail_parent(const struct reader *reader, const struct told *told,
                                  struct wf_error *err)
{
    char parent[WF_SITE_NAME_BYTES_MAX + 1];
    const char **paths = calloc(reader->count, sizeof *paths);
    if (!paths) {
        return wf_yaml_fail(reader->yaml, told->map, err, WF_NOMEM, "no memory to read further");
    }
    for (uint32_t i = 0; i < reader->count; i++) {
        paths[i] = reader->queues[i].path;
    }
    snprintf(parent, sizeof parent, "%.*s", (int)(strrchr(told->path, '/') - told->path),
             told->path);
    uint32_t near = wf_nearest_name(parent, paths, reader->count);
    char quoted[QUOTE_SHOWN];
    char meant[QUOTE_SHOWN] = "";
    wf_csv_quote(parent, quoted, sizeof quoted);
    if (near != UINT32_MAX) {
        wf_csv_quote(paths[near], meant, sizeof meant);
    }
    free(paths);
    return wf_yaml_fail(reader->yaml, told->map, err, WF_NOTFOUND,
                        "there is no queue '%s' to be the parent%s%s%s", quoted,
                        *meant ? " (did you mean '" : "", meant, *meant ? "'?)" : "");
}

// Looks among the queues before this one, which are sorted: parents stand there.
static enum wf_status find_parent(const struct reader *reader, uint32_t number,
                                  struct wf_error *err)
{
    struct told *told = &reader->queues[number];
    const char *slash = strrchr(told->path, '/');
    size_t length = slash ? (size_t)(slash - told->path) : 0;
    for (uint32_t i = 0; i < number; i++) {
        const char *path = reader->queues[i].path;
        if (strcmp(path, told->path) == 0) {
            char quoted[QUOTE_SHOWN];
            wf_csv_quote(path, quoted, sizeof quoted);
            return wf_yaml_fail(reader->yaml, told->map, err, WF_EXISTS,
                                "the queue '%s' is there already", quoted);
        }
        if (slash && strncmp(path, told->path, length) == 0 && path[length] == '\0') {
            told->spec.parent.index = i;
        }
    }
    return slash && told->spec.parent.index == WF_NONE ? fail_parent(reader, told, err) : WF_OK;
}

static int64_t gpu_milli_of(const struct wf_site *site)
{
    int64_t gpu_milli = 0;
    for (uint32_t i = 0; i < site->node_count; i++) {
        gpu_milli += (int64_t)site->nodes[i].spec.gpus * WF_GPU_MILLI;
    }
    return gpu_milli;
}

// A guarantee must be possible to keep: the parent's, or the site, is enough for its children's.
static enum wf_status check_guarantees(const struct reader *reader, const struct wf_site *site,
                                       const yaml_node_t *list, struct wf_error *err)
{
    int64_t roots = 0;
    for (uint32_t i = 0; i < reader->count; i++) {
        const struct told *told = &reader->queues[i];
        roots += told->spec.parent.index == WF_NONE ? told->spec.guarantee_gpu_milli : 0;
    }
    int64_t have = gpu_milli_of(site);
    if (roots > have) {
        return wf_yaml_fail(reader->yaml, list, err, WF_INVALID,
                            "the queues are guaranteed %lld GPUs together, and the pools have %lld",
                            (long long)((roots + 999) / 1000), (long long)(have / 1000));
    }
    return WF_OK;
}

static enum wf_status hand_over(struct reader *reader, struct wf_site *site, struct wf_error *err)
{
    site->queues = calloc(reader->count ? reader->count : 1, sizeof *site->queues);
    if (!site->queues) {
        return wf_fail(err, WF_NOMEM, "no memory to read %s", reader->yaml->source->shown);
    }
    for (uint32_t i = 0; i < reader->count; i++) {
        site->queues[i] = (struct wf_site_queue){reader->queues[i].path, reader->queues[i].spec};
        reader->queues[i].path = NULL;
    }
    site->queue_count = reader->count;
    return WF_OK;
}

enum wf_status wf_yaml_read_queues(struct wf_yaml *yaml, const yaml_node_t *list,
                                   struct wf_site *site, struct wf_error *err)
{
    struct reader reader = {.yaml = yaml};
    enum wf_status status = wf_yaml_check_list(yaml, list, "queues", err);
    uint32_t at = 0;
    for (const yaml_node_t *map; status == WF_OK && (map = wf_yaml_item(yaml, list, &at));) {
        status = read_queue(&reader, map, err);
    }
    if (status == WF_OK && reader.count > 0) {
        qsort(reader.queues, reader.count, sizeof *reader.queues, compare_told);
    }
    for (uint32_t i = 0; i < reader.count && status == WF_OK; i++) {
        status = find_parent(&reader, i, err);
    }
    if (status == WF_OK) {
        status = check_guarantees(&reader, site, list, err);
    }
    if (status == WF_OK) {
        status = hand_over(&reader, site, err);
    }
    for (uint32_t i = 0; i < reader.count; i++) {
        free(reader.queues[i].path);
    }
    free(reader.queues);
    return status;
}
