// SPDX-License-Identifier: Apache-2.0
#include "daemon/hags/plan.h"

#include <stdlib.h>
#include <string.h>

#include "hags/report.h"
#include "jobfile/spelling.h"
#include "text/yaml_file.h"

enum { EVERY_MS_USUAL = 3600 * 1000, LIMIT_MS_USUAL = 1800 * 1000, LIMIT_MS_MIN = 1000 };

static const char *const root_keys[] = {"watches", NULL};
static const char *const watch_keys[] = {"inventory", "cluster",   "os",    "user",  "key",
                                         "jump",      "state_dir", "every", "limit", NULL};

static enum wf_status no_memory(struct wf_error *err)
{
    return wf_fail(err, WF_NOMEM, "there is no memory to watch hosts");
}

static enum wf_status take_text(struct wf_yaml *yaml, const yaml_node_t *map, const char *key,
                                char **out, struct wf_error *err)
{
    const char *text = NULL;
    enum wf_status status = wf_yaml_text(yaml, map, key, &text, err);
    if (status == WF_OK && text) {
        *out = strdup(text);
        status = *out ? WF_OK : no_memory(err);
    }
    return status;
}

static enum wf_status take_span(struct wf_yaml *yaml, const yaml_node_t *map, const char *key,
                                int64_t min_ms, int64_t *out, struct wf_error *err)
{
    const char *text = NULL;
    enum wf_status status = wf_yaml_text(yaml, map, key, &text, err);
    if (status != WF_OK || !text) {
        return status;
    }
    if (!wf_job_span_read(text, out) || *out < min_ms || *out > WF_HAGS_EVERY_MS_MAX) {
        return wf_yaml_fail(yaml, wf_yaml_get(yaml, map, key), err, WF_INVALID,
                            "'%s' is '%.40s', it must be a span from %lld s to 30 days, such as 1h",
                            key, text, (long long)(min_ms / 1000));
    }
    return WF_OK;
}

// A path is told from the folder that the file is in, wherever the daemon was started.
static enum wf_status take_path(struct wf_yaml *yaml, const yaml_node_t *map, const char *key,
                                char **out, struct wf_error *err)
{
    char *text = NULL;
    enum wf_status status = take_text(yaml, map, key, &text, err);
    const char *slash = strrchr(yaml->source->path, '/');
    if (status != WF_OK || !text || text[0] == '/' || !slash) {
        *out = text;
        return status;
    }
    int length =
        asprintf(out, "%.*s/%s", (int)(slash - yaml->source->path), yaml->source->path, text);
    free(text);
    if (length < 0) {
        *out = NULL;
        return no_memory(err);
    }
    return WF_OK;
}

static bool is_name(const char *name)
{
    size_t length = strspn(name, "abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789"
                                 "-_.");
    return length > 0 && length < WF_HAGS_WATCH_NAME_BYTES && name[length] == '\0' &&
           name[0] != '.';
}

static enum wf_status take_watch(struct wf_yaml *yaml, const char *name, const yaml_node_t *map,
                                 struct wf_hags_order *order, struct wf_error *err)
{
    if (!is_name(name)) {
        return wf_yaml_fail(yaml, map, err, WF_INVALID,
                            "a watch has a name of at most %d letters, digits, '-', '_' and '.', "
                            "which begins with no '.'",
                            WF_HAGS_WATCH_NAME_BYTES - 1);
    }
    snprintf(order->name, sizeof order->name, "%s", name);
    order->every_ms = EVERY_MS_USUAL;
    order->limit_ms = LIMIT_MS_USUAL;
    const struct {
        const char *key;
        char **place;
    } texts[] = {{"cluster", &order->cluster}, {"os", &order->os},     {"user", &order->user},
                 {"key", &order->key},         {"jump", &order->jump}, {NULL, NULL}};
    enum wf_status status = wf_yaml_check_map(yaml, map, "a watch", watch_keys, err);
    for (uint32_t i = 0; texts[i].key && status == WF_OK; i++) {
        status = take_text(yaml, map, texts[i].key, texts[i].place, err);
    }
    status = status == WF_OK ? take_path(yaml, map, "inventory", &order->inventory, err) : status;
    status =
        status == WF_OK ? take_path(yaml, map, "state_dir", &order->state_folder, err) : status;
    status = status == WF_OK
                 ? take_span(yaml, map, "every", WF_HAGS_EVERY_MS_MIN, &order->every_ms, err)
                 : status;
    status = status == WF_OK ? take_span(yaml, map, "limit", LIMIT_MS_MIN, &order->limit_ms, err)
                             : status;
    if (status == WF_OK && !order->inventory) {
        return wf_yaml_fail(yaml, map, err, WF_INVALID, "a watch must have an 'inventory'");
    }
    struct wf_error why;
    if (status == WF_OK && order->os && wf_hags_os_check(order->os, &why) != WF_OK) {
        return wf_yaml_fail(yaml, wf_yaml_get(yaml, map, "os"), err, WF_INVALID, "%s", why.text);
    }
    return status;
}

static enum wf_status take_watches(struct wf_yaml *yaml, struct wf_hags_plan *plan,
                                   struct wf_error *err)
{
    const yaml_node_t *root = wf_yaml_root(yaml);
    enum wf_status status = wf_yaml_check_map(yaml, root, "the file", root_keys, err);
    const yaml_node_t *watches = status == WF_OK ? wf_yaml_get(yaml, root, "watches") : NULL;
    if (status == WF_OK && (!watches || watches->type != YAML_MAPPING_NODE)) {
        return wf_yaml_fail(yaml, root, err, WF_INVALID,
                            "the file must have the key 'watches', a map: a name, and what is "
                            "watched");
    }
    plan->orders = status == WF_OK ? calloc(WF_HAGS_WATCHES_MAX, sizeof *plan->orders) : NULL;
    if (status == WF_OK && !plan->orders) {
        return no_memory(err);
    }
    yaml_node_t *value;
    uint32_t at = 0;
    for (const char *name; status == WF_OK && (name = wf_yaml_pair(yaml, watches, &at, &value));) {
        if (plan->count == WF_HAGS_WATCHES_MAX) {
            return wf_yaml_fail(yaml, watches, err, WF_LIMIT, "there are more than %d watches",
                                WF_HAGS_WATCHES_MAX);
        }
        for (uint32_t i = 0; i < plan->count; i++) {
            if (strcmp(plan->orders[i].name, name) == 0) {
                return wf_yaml_fail(yaml, value, err, WF_INVALID, "there are two watches '%s'",
                                    plan->orders[i].name);
            }
        }
        status = take_watch(yaml, name, value, &plan->orders[plan->count++], err);
    }
    return status;
}

enum wf_status wf_hags_plan_read(const char *path, struct wf_hags_plan *plan_out,
                                 struct wf_error *err)
{
    struct wf_source source;
    struct wf_yaml yaml;
    *plan_out = (struct wf_hags_plan){.count = 0};
    enum wf_status status = wf_source_read(path, &source, err);
    if (status != WF_OK) {
        return status;
    }
    status = wf_yaml_read(&source, &yaml, err);
    if (status == WF_OK) {
        status = take_watches(&yaml, plan_out, err);
        wf_yaml_finish(&yaml);
    }
    wf_source_finish(&source);
    return status;
}

void wf_hags_order_finish(struct wf_hags_order *order)
{
    free(order->inventory);
    free(order->cluster);
    free(order->os);
    free(order->user);
    free(order->key);
    free(order->jump);
    free(order->state_folder);
    *order = (struct wf_hags_order){.name = ""};
}

void wf_hags_plan_finish(struct wf_hags_plan *plan)
{
    for (uint32_t i = 0; i < plan->count; i++) {
        wf_hags_order_finish(&plan->orders[i]);
    }
    free(plan->orders);
    *plan = (struct wf_hags_plan){.count = 0};
}

static bool same(const char *left, const char *right)
{
    return left && right ? strcmp(left, right) == 0 : left == right;
}

bool wf_hags_order_same(const struct wf_hags_order *left, const struct wf_hags_order *right)
{
    return same(left->inventory, right->inventory) && same(left->cluster, right->cluster) &&
           same(left->os, right->os) && same(left->user, right->user) &&
           same(left->key, right->key) && same(left->jump, right->jump) &&
           same(left->state_folder, right->state_folder);
}
