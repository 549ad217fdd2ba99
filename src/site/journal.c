// SPDX-License-Identifier: Apache-2.0
#include "site/journal.h"

#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>

#include "site/builder.h"
#include "site/journal_lines.h"
#include "store/store.h"
#include "text/lines.h"

// One thing with a number, by that number.
struct thing {
    char *name; // NULL: not told
    bool known;
    uint32_t place; // in the site
    union {
        struct wf_pool_spec pool;
        struct wf_node_spec node;
        struct wf_queue_spec queue;
    };
};

struct list {
    struct thing *things;
    uint32_t count;    // one past the largest number
    uint32_t capacity; // of things
};

struct collector {
    struct list lists[WF_JOURNAL_JOB + 1]; // by enum wf_journal_named
    struct wf_journal_parser parser;
    uint32_t queue_order[WF_QUEUES_MAX]; // numbers, in the order in which they came
    uint32_t queue_count;
    uint32_t gone; // nodes that went
};

static const uint32_t numbers_max[] = {
    [WF_JOURNAL_MODEL] = WF_MODELS_MAX,
    [WF_JOURNAL_LABEL] = WF_LABELS_MAX,
    [WF_JOURNAL_GROUP] = UINT16_MAX + 1,
    [WF_JOURNAL_ZONE] = UINT16_MAX + 1,
    [WF_JOURNAL_POOL] = WF_POOLS_MAX,
    [WF_JOURNAL_NODE] = WF_SITE_NODES_MAX,
    [WF_JOURNAL_QUEUE] = WF_QUEUES_MAX,
    [WF_JOURNAL_USER] = 0,
    [WF_JOURNAL_JOB] = 0,
};

// Finds the thing with that number, or makes it.
static enum wf_status find(struct collector *collector, enum wf_journal_named what, uint64_t number,
                           struct thing **thing_out, struct wf_error *err)
{
    struct list *list = &collector->lists[what];
    *thing_out = NULL;
    if (number >= numbers_max[what]) {
        return wf_fail(err, WF_LIMIT, "%s %llu is past the limit of %u",
                       wf_journal_named_word(what), (unsigned long long)number, numbers_max[what]);
    }
    if (number >= list->capacity) {
        uint32_t capacity = (uint32_t)number / 2 * 3 + 16;
        struct thing *things = realloc(list->things, capacity * sizeof *things);
        if (!things) {
            return wf_fail(err, WF_NOMEM, "no memory for %u %ss", capacity,
                           wf_journal_named_word(what));
        }
        memset(things + list->capacity, 0, (capacity - list->capacity) * sizeof *things);
        list->things = things;
        list->capacity = capacity;
    }
    list->count = number >= list->count ? (uint32_t)number + 1 : list->count;
    *thing_out = &list->things[number];
    return WF_OK;
}

static enum wf_status take_name(struct collector *collector, const struct wf_journal_record *record,
                                struct wf_error *err)
{
    struct thing *thing = NULL;
    if (numbers_max[record->name.what] == 0) {
        return WF_OK;
    }
    enum wf_status status = find(collector, record->name.what, record->name.number, &thing, err);
    if (status == WF_OK && thing) {
        free(thing->name);
        thing->name = wf_site_copy(record->name.text);
        status = thing->name ? WF_OK : wf_fail(err, WF_NOMEM, "no memory for a name");
    }
    return status;
}

// Makes sure that what a spec refers to by number has its place.
static enum wf_status know(struct collector *collector, enum wf_journal_named what, uint32_t number,
                           struct wf_error *err)
{
    struct thing *thing = NULL;
    return find(collector, what, number, &thing, err);
}

static enum wf_status take_pool(struct collector *collector, const struct wf_event *event,
                                struct wf_error *err)
{
    struct thing *pool = NULL;
    enum wf_status status = find(collector, WF_JOURNAL_POOL, event->pool.id.index, &pool, err);
    status =
        status == WF_OK ? know(collector, WF_JOURNAL_MODEL, event->pool.spec.model, err) : status;
    status = status == WF_OK ? know(collector, WF_JOURNAL_ZONE, event->pool.spec.place.zone, err)
                             : status;
    if (status == WF_OK && pool) {
        pool->known = true;
        pool->pool = event->pool.spec;
    }
    return status;
}

static enum wf_status take_node(struct collector *collector, const struct wf_event *event,
                                struct wf_error *err)
{
    struct thing *node = NULL, *pool = NULL;
    const struct wf_node_spec *spec = &event->node_up.spec;
    enum wf_status status = find(collector, WF_JOURNAL_NODE, event->node_up.id.index, &node, err);
    status =
        status == WF_OK ? find(collector, WF_JOURNAL_POOL, spec->pool.index, &pool, err) : status;
    status = status == WF_OK ? know(collector, WF_JOURNAL_GROUP, spec->group, err) : status;
    for (uint64_t rest = spec->labels; rest != 0 && status == WF_OK; rest &= rest - 1) {
        status = know(collector, WF_JOURNAL_LABEL, (uint32_t)__builtin_ctzll(rest), err);
    }
    if (status == WF_OK && pool && !pool->known) {
        return wf_fail(err, WF_INVALID, "node %u is of pool %u, which was not told of",
                       event->node_up.id.index, spec->pool.index);
    }
    if (status == WF_OK && node) {
        node->known = true;
        node->node = *spec;
    }
    return status;
}

static enum wf_status take_queue(struct collector *collector, const struct wf_event *event,
                                 struct wf_error *err)
{
    struct thing *queue = NULL, *parent = NULL;
    uint32_t number = event->queue.id.index, above = event->queue.spec.parent.index;
    enum wf_status status = find(collector, WF_JOURNAL_QUEUE, number, &queue, err);
    if (status == WF_OK && above != WF_NONE) {
        status = find(collector, WF_JOURNAL_QUEUE, above, &parent, err);
        queue = &collector->lists[WF_JOURNAL_QUEUE].things[number];
    }
    if (status == WF_OK && parent && (!parent->known || parent == queue)) {
        return wf_fail(err, WF_INVALID, "queue %u is below queue %u, which was not told of", number,
                       above);
    }
    if (status == WF_OK && queue && !queue->known) {
        collector->queue_order[collector->queue_count++] = number;
    }
    if (status == WF_OK && queue) {
        queue->known = true;
        queue->queue = event->queue.spec;
    }
    return status;
}

static enum wf_status take_record(struct collector *collector,
                                  const struct wf_journal_record *record, struct wf_error *err)
{
    if (record->kind == WF_JOURNAL_NAME) {
        return take_name(collector, record, err);
    }
    if (record->kind != WF_JOURNAL_EVENT) {
        return WF_OK;
    }
    switch ((int)record->event.kind) {
    case WF_EVENT_POOL:
        return take_pool(collector, &record->event, err);
    case WF_EVENT_NODE_UP:
        return take_node(collector, &record->event, err);
    case WF_EVENT_QUEUE:
        return take_queue(collector, &record->event, err);
    case WF_EVENT_NODE_DOWN:
        collector->gone++;
        return WF_OK;
    default:
        return WF_OK;
    }
}

// Reads all lines but a last one that was cut short.
static enum wf_status collect(struct collector *collector, struct wf_lines *lines,
                              struct wf_error *err)
{
    bool torn = false;
    for (;;) {
        char *line;
        size_t length = 0;
        struct wf_journal_record record;
        enum wf_status status = wf_lines_next(lines, &line, &length, err);
        if (status != WF_OK || !line) {
            return status;
        }
        if (torn) {
            return wf_fail(err, WF_INVALID, "the line before this one is damaged");
        }
        uint64_t number = wf_lines_number(lines);
        torn = !wf_journal_unseal(line, &length, number);
        status =
            torn ? WF_OK : wf_journal_parse(&collector->parser, line, length, number, &record, err);
        status = status == WF_OK && !torn ? take_record(collector, &record, err) : status;
        if (status != WF_OK) {
            return status;
        }
    }
}

// The site.

static char *take_or_make_name(struct thing *thing, const char *kind, uint32_t number)
{
    char *name = thing->name;
    thing->name = NULL;
    if (!name) {
        char text[40];
        snprintf(text, sizeof text, "%s-%u", kind, number);
        name = wf_site_copy(text);
    }
    return name;
}

// Hands the names of a list over, in the order of their numbers.
static bool hand_over_names(struct list *list, const char *kind, char **names)
{
    bool good = true;
    for (uint32_t i = 0; i < list->count; i++) {
        names[i] = take_or_make_name(&list->things[i], kind, i);
        good = good && names[i];
    }
    return good;
}

static bool hand_over_list(struct list *list, const char *kind, char ***names_out,
                           uint32_t *count_out)
{
    *names_out = calloc(list->count + 1, sizeof **names_out);
    *count_out = *names_out ? list->count : 0;
    return *names_out && hand_over_names(list, kind, *names_out);
}

static int compare_labels(const void *left, const void *right)
{
    const struct wf_site_label *a = left, *b = right;
    return strcmp(a->name, b->name);
}

static bool hand_over_labels(struct list *list, struct wf_site *site)
{
    site->labels = calloc(list->count + 1, sizeof *site->labels);
    bool good = site->labels != NULL;
    for (uint32_t i = 0; good && i < list->count; i++) {
        site->labels[i] =
            (struct wf_site_label){take_or_make_name(&list->things[i], "label", i), i};
        site->label_count++;
        good = site->labels[i].name != NULL;
    }
    if (good) {
        qsort(site->labels, site->label_count, sizeof *site->labels, compare_labels);
        site->label_numbers = list->count;
    }
    return good;
}

static bool hand_over_pools(struct list *list, struct wf_site *site)
{
    site->pools = calloc(list->count + 1, sizeof *site->pools);
    bool good = site->pools != NULL;
    for (uint32_t i = 0; good && i < list->count; i++) {
        struct thing *thing = &list->things[i];
        if (!thing->known) {
            continue;
        }
        thing->place = site->pool_count++;
        struct wf_site_pool *pool = &site->pools[thing->place];
        pool->spec = thing->pool;
        pool->name = take_or_make_name(thing, "pool", i);
        pool->price_source = wf_site_copy("the journal");
        good = pool->name && pool->price_source;
    }
    return good;
}

static bool hand_over_nodes(struct collector *collector, struct wf_site *site)
{
    struct list *list = &collector->lists[WF_JOURNAL_NODE];
    site->nodes = calloc(list->count + 1, sizeof *site->nodes);
    bool good = site->nodes != NULL;
    for (uint32_t i = 0; good && i < list->count; i++) {
        struct thing *thing = &list->things[i];
        if (!thing->known) {
            continue;
        }
        struct wf_site_node *node = &site->nodes[site->node_count++];
        node->spec = thing->node;
        node->spec.pool.index =
            collector->lists[WF_JOURNAL_POOL].things[thing->node.pool.index].place;
        node->name = take_or_make_name(thing, "node", i);
        good = node->name != NULL;
    }
    return good;
}

// Whether the last queue is the one that drivers make for jobs of no queue: a root of its own
// without a name. The next rerun makes its own.
static bool last_is_for_the_rest(const struct collector *collector)
{
    if (collector->queue_count == 0) {
        return false;
    }
    const struct thing *queues = collector->lists[WF_JOURNAL_QUEUE].things;
    const struct thing *last = &queues[collector->queue_order[collector->queue_count - 1]];
    const struct wf_queue_spec *spec = &last->queue;
    bool plain = spec->parent.index == WF_NONE && spec->guarantee_gpu_milli == 0 &&
                 spec->limit_gpu_milli == 0;
    for (uint32_t i = 0; i < WF_WINDOWS; i++) {
        plain = plain && spec->budgets[i].limit_nanousd == 0;
    }
    return plain && !last->name;
}

static bool hand_over_queues(struct collector *collector, struct wf_site *site)
{
    struct thing *queues = collector->lists[WF_JOURNAL_QUEUE].things;
    uint32_t count = collector->queue_count - last_is_for_the_rest(collector);
    site->queues = calloc(count + 1, sizeof *site->queues);
    bool good = site->queues != NULL;
    for (uint32_t i = 0; good && i < count; i++) {
        struct thing *thing = &queues[collector->queue_order[i]];
        struct wf_site_queue *queue = &site->queues[site->queue_count];
        thing->place = site->queue_count++;
        queue->spec = thing->queue;
        if (thing->queue.parent.index != WF_NONE) {
            queue->spec.parent.index = queues[thing->queue.parent.index].place;
        }
        queue->name = take_or_make_name(thing, "queue", collector->queue_order[i]);
        good = queue->name != NULL;
    }
    return good;
}

static bool tell_origin(const struct collector *collector, const char *shown, struct wf_site *site)
{
    char text[320], gone[80] = "";
    uint64_t gpus = 0;
    for (uint32_t i = 0; i < site->node_count; i++) {
        gpus += site->nodes[i].spec.gpus;
    }
    if (collector->gone > 0) {
        snprintf(gone, sizeof gone, "; nodes went away %u times, all are kept", collector->gone);
    }
    snprintf(text, sizeof text, "%s (journal): %u node%s with %llu GPU%s in %u pool%s%s", shown,
             site->node_count, site->node_count == 1 ? "" : "s", (unsigned long long)gpus,
             gpus == 1 ? "" : "s", site->pool_count, site->pool_count == 1 ? "" : "s", gone);
    site->origin = wf_site_copy(text);
    return site->origin != NULL;
}

static enum wf_status hand_over(struct collector *collector, const char *shown,
                                struct wf_site *site, struct wf_error *err)
{
    struct list *lists = collector->lists;
    site->model_count = lists[WF_JOURNAL_MODEL].count;
    bool good =
        hand_over_names(&lists[WF_JOURNAL_MODEL], "model", site->models) &&
        hand_over_list(&lists[WF_JOURNAL_GROUP], "group", &site->groups, &site->group_count) &&
        hand_over_list(&lists[WF_JOURNAL_ZONE], "zone", &site->zones, &site->zone_count) &&
        hand_over_labels(&lists[WF_JOURNAL_LABEL], site) &&
        hand_over_pools(&lists[WF_JOURNAL_POOL], site) && hand_over_nodes(collector, site) &&
        hand_over_queues(collector, site) && tell_origin(collector, shown, site);
    if (!good) {
        return wf_fail(err, WF_NOMEM, "no memory for the machines of %s", shown);
    }
    return site->node_count > 0
               ? WF_OK
               : wf_fail(err, WF_INVALID, "%s tells of no node, there is nothing to run on", shown);
}

enum wf_status wf_site_find_journal(const char *path, bool *found_out, struct wf_error *err)
{
    struct wf_lines *lines = NULL;
    char *line = NULL;
    struct stat about;
    enum wf_status status = WF_OK;
    *found_out = false;
    // What can be read but once is not looked at first.
    if (wf_journal_is_database(path)) {
        *found_out = true; // or what is wrong with it is said when it is read
    } else if (stat(path, &about) == 0 && S_ISREG(about.st_mode)) {
        status = wf_lines_open(path, WF_JOURNAL_LINE_BYTES, &lines, err);
        status = status == WF_OK ? wf_lines_next(lines, &line, NULL, err) : status;
        *found_out = status == WF_OK && line && wf_journal_recognise(line);
        wf_lines_close(lines);
    }
    return status == WF_NOMEM ? status : WF_OK;
}

static void finish(struct collector *collector)
{
    for (uint32_t what = 0; what < WF_COUNT_OF(collector->lists); what++) {
        for (uint32_t i = 0; i < collector->lists[what].count; i++) {
            free(collector->lists[what].things[i].name);
        }
        free(collector->lists[what].things);
    }
    free(collector);
}

enum wf_status wf_site_of_journal(const char *path, struct wf_site *site_out, struct wf_error *err)
{
    *site_out = (struct wf_site){0};
    struct collector *collector = calloc(1, sizeof *collector);
    struct wf_lines *lines = NULL;
    if (!collector) {
        return wf_fail(err, WF_NOMEM, "no memory to read %s", path);
    }
    enum wf_status status = wf_journal_lines_open(path, WF_JOURNAL_LINE_BYTES, &lines, err);
    if (status == WF_OK) {
        status = collect(collector, lines, err);
        if (status != WF_OK) {
            (void)!wf_error_prefix(err, status, "%s, line %llu: ", wf_lines_path(lines),
                                   (unsigned long long)wf_lines_number(lines));
        } else {
            status = hand_over(collector, wf_lines_path(lines), site_out, err);
        }
    }
    wf_lines_close(lines);
    finish(collector);
    if (status != WF_OK) {
        wf_site_finish(site_out);
    }
    return status;
}
