// SPDX-License-Identifier: Apache-2.0
// The site as it is now against what the core was told: what is new, other or gone becomes events.
// Numbers are given out by name and kept for good, since the journal speaks in numbers.
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "core/schedule/schedule.h"
#include "daemon/desk/foreign_parts.h"

// Numbers of the site's things with the core.
struct numbers {
    uint32_t models[WF_MODELS_MAX];
    uint32_t *zones, *pools, *queues; // by their places in the site
};

// Returns what the thing's number is, a new one if nobody had the name.
static enum wf_status number_of(struct wf_desk *desk, enum wf_journal_named what, const char *name,
                                uint32_t max, uint32_t *number_out, struct wf_error *err)
{
    *number_out = wf_directory_find(&desk->world.directory, what, name);
    if (*number_out != WF_NONE) {
        return WF_OK;
    }
    *number_out = desk->world.directory.lists[what].end;
    if (*number_out >= max) {
        return wf_fail(err, WF_LIMIT, "the %s '%s' is one past the limit of %u",
                       wf_journal_named_word(what), name, max);
    }
    return wf_desk_name_it(desk, what, *number_out, name, err);
}

static enum wf_status number_models(struct wf_desk *desk, const struct wf_site *site,
                                    struct numbers *numbers, struct wf_error *err)
{
    enum wf_status status = WF_OK;
    uint64_t memory_mib[WF_MODELS_MAX] = {0};
    for (uint32_t i = 0; i < site->model_count && status == WF_OK; i++) {
        status = number_of(desk, WF_JOURNAL_MODEL, site->models[i], desk->core.limits.models,
                           &numbers->models[i], err);
        if (status == WF_OK && desk->config.model_memory_mib) {
            memory_mib[numbers->models[i]] = desk->config.model_memory_mib[i];
        }
    }
    memcpy(desk->model_memory_mib, memory_mib, sizeof memory_mib);
    return status;
}

static enum wf_status number_rest(struct wf_desk *desk, const struct wf_site *site,
                                  struct numbers *numbers, struct wf_error *err)
{
    const struct wf_limits *limits = &desk->core.limits;
    enum wf_status status = WF_OK;
    uint32_t number;
    for (uint32_t i = 0; i < site->zone_count && status == WF_OK; i++) {
        status =
            number_of(desk, WF_JOURNAL_ZONE, site->zones[i], UINT16_MAX, &numbers->zones[i], err);
    }
    for (uint32_t i = 0; i < site->label_count && status == WF_OK; i++) {
        status =
            number_of(desk, WF_JOURNAL_LABEL, site->labels[i].name, WF_LABELS_MAX, &number, err);
    }
    for (uint32_t i = 0; i < site->pool_count && status == WF_OK; i++) {
        status = number_of(desk, WF_JOURNAL_POOL, site->pools[i].name, limits->pools,
                           &numbers->pools[i], err);
    }
    for (uint32_t i = 0; i < site->queue_count && status == WF_OK; i++) {
        status = number_of(desk, WF_JOURNAL_QUEUE, site->queues[i].name, limits->queues,
                           &numbers->queues[i], err);
    }
    return status;
}

static bool same_pool(const struct wf_pool_spec *a, const struct wf_pool_spec *b)
{
    return a->place.site == b->place.site && a->place.region == b->place.region &&
           a->place.zone == b->place.zone && a->model == b->model && a->vendor == b->vendor &&
           a->slices == b->slices && a->rent_by_use == b->rent_by_use &&
           a->speed_permille == b->speed_permille &&
           a->price_nanousd_per_gpu_hour == b->price_nanousd_per_gpu_hour;
}

static enum wf_status tell_pools(struct wf_desk *desk, const struct wf_site *site,
                                 const struct numbers *numbers, struct wf_error *err)
{
    enum wf_status status = WF_OK;
    for (uint32_t i = 0; i < site->pool_count && status == WF_OK; i++) {
        uint32_t id = numbers->pools[i];
        struct wf_event event = {.kind = WF_EVENT_POOL,
                                 .pool = {.id = {id}, .spec = site->pools[i].spec}};
        struct wf_pool_spec *spec = &event.pool.spec;
        spec->model = spec->model < site->model_count ? (uint8_t)numbers->models[spec->model] : 0;
        spec->place = (struct wf_place){0};
        const struct wf_pool *known = &wf_core_cluster(desk->world.core)->pools[id];
        if (!known->known || !same_pool(&known->spec, spec)) {
            status = wf_desk_step(desk, &event, err);
        }
        char *source = strdup(site->pools[i].price_source);
        if (source) {
            free(desk->price_sources[id]);
            desk->price_sources[id] = source;
        }
    }
    return status;
}

static struct wf_node_spec node_spec(const struct wf_desk *desk, const struct wf_site *site,
                                     const struct numbers *numbers, uint32_t node, uint32_t id)
{
    struct wf_node_spec spec = site->nodes[node].spec;
    spec.pool.index = numbers->pools[spec.pool.index];
    if (!wf_desk_is_foreign(desk)) {
        spec.group = (uint16_t)id; // all tasks of a job run on one node
    }
    spec.labels = 0;
    for (uint32_t i = 0; i < site->label_count; i++) {
        if (site->nodes[node].spec.labels >> site->labels[i].number & 1) {
            uint32_t label =
                wf_directory_find(&desk->world.directory, WF_JOURNAL_LABEL, site->labels[i].name);
            spec.labels |= UINT64_C(1) << label;
        }
    }
    return spec;
}

static bool same_node(const struct wf_node_spec *a, const struct wf_node_spec *b)
{
    return a->pool.index == b->pool.index && a->cpu_milli == b->cpu_milli &&
           a->memory_mib == b->memory_mib && a->gpus == b->gpus && a->group == b->group &&
           a->labels == b->labels;
}

static enum wf_status node_down(struct wf_desk *desk, uint32_t id, struct wf_error *err)
{
    struct wf_event event = {.kind = WF_EVENT_NODE_DOWN, .node_down = {{id}}};
    const char *name = wf_directory_name(&desk->world.directory, WF_JOURNAL_NODE, id);
    wf_desk_tell_node(desk, name ? name : "", "node-down");
    return wf_desk_step(desk, &event, err);
}

// Who closed a node is not in the core's books: it is kept beside them, so that a node whose reason
// passed while we were dead is opened all the same, and one that an operator closed is not.
void wf_desk_note_wish(struct wf_desk *desk, const char *name, bool closed)
{
    char key[300];
    snprintf(key, sizeof key, "closed by itself: %.255s", name);
    wf_batch_meta(desk->deeds.rows, key, closed ? "yes" : "");
}

static bool was_wished(const struct wf_desk *desk, const char *name)
{
    char key[300], value[8] = "";
    snprintf(key, sizeof key, "closed by itself: %.255s", name);
    return wf_database_meta(desk->config.db, key, value, sizeof value, NULL) == WF_OK &&
           value[0] != '\0';
}

// A node that misses a GPU takes no new work, and is opened when that is over.
static enum wf_status follow_wish(struct wf_desk *desk, uint32_t id, const char *name,
                                  struct wf_error *err)
{
    const struct wf_desk_granter *granter = desk->config.granter;
    char why[256];
    if (!granter || !granter->wish) {
        return WF_OK;
    }
    enum wf_desk_wish wish = granter->wish(granter->context, name, why, sizeof why);
    const struct wf_node *node = &wf_core_cluster(desk->world.core)->nodes[id];
    if (wish == WF_DESK_WISH_NOTHING && node->drained && was_wished(desk, name)) {
        wish = WF_DESK_WISH_OPEN;
    }
    bool closed = node->closed;
    if (wish == WF_DESK_WISH_NOTHING || closed == (wish == WF_DESK_WISH_CLOSED)) {
        return WF_OK;
    }
    struct wf_event event = {.kind = WF_EVENT_NODE_DRAIN,
                             .node_drain = {{id}, wish == WF_DESK_WISH_CLOSED}};
    wf_desk_tell_node(desk, name, event.node_drain.closed ? "node-closed" : "node-opened");
    wf_desk_note_wish(desk, name, event.node_drain.closed);
    return wf_desk_step(desk, &event, err);
}

static enum wf_status tell_node(struct wf_desk *desk, const struct wf_site *site,
                                const struct numbers *numbers, uint32_t node, bool *seen,
                                struct wf_error *err)
{
    uint32_t id;
    enum wf_status status =
        number_of(desk, WF_JOURNAL_NODE, site->nodes[node].name, desk->core.limits.nodes, &id, err);
    if (status != WF_OK) {
        return status;
    }
    const struct wf_node *known = &wf_core_cluster(desk->world.core)->nodes[id];
    struct wf_node_spec spec = node_spec(desk, site, numbers, node, id);
    seen[id] = true;
    if (known->up && same_node(&known->spec, &spec)) {
        return follow_wish(desk, id, site->nodes[node].name, err);
    }
    struct wf_event event = {.kind = WF_EVENT_NODE_UP, .node_up = {{id}, spec}};
    bool relabelled = wf_cluster_is_relabelled(wf_core_cluster(desk->world.core), event.node_up.id,
                                               &event.node_up.spec);
    if (known->up && !relabelled) {
        status = node_down(desk, id, err);
    }
    if (status == WF_OK) {
        status = wf_desk_step(desk, &event, err);
    }
    if (status == WF_OK && !relabelled) {
        wf_desk_tell_node(desk, site->nodes[node].name, "node-up");
    }
    return status == WF_OK ? follow_wish(desk, id, site->nodes[node].name, err) : status;
}

static enum wf_status tell_nodes(struct wf_desk *desk, const struct wf_site *site,
                                 const struct numbers *numbers, struct wf_error *err)
{
    bool *seen = calloc(desk->core.limits.nodes, sizeof *seen);
    if (!seen) {
        return wf_fail(err, WF_NOMEM, "no memory for nodes");
    }
    enum wf_status status = WF_OK;
    for (uint32_t i = 0; i < site->node_count && status == WF_OK; i++) {
        status = tell_node(desk, site, numbers, i, seen, err);
    }
    const struct wf_cluster *cluster = wf_core_cluster(desk->world.core);
    for (uint32_t i = 0; i < cluster->nodes_end && status == WF_OK; i++) {
        if (cluster->nodes[i].up && !seen[i]) {
            status = node_down(desk, i, err);
        }
    }
    free(seen);
    return status;
}

static bool same_queue(const struct wf_queue_spec *a, const struct wf_queue_spec *b)
{
    bool same = a->parent.index == b->parent.index && a->weight == b->weight &&
                a->guarantee_gpu_milli == b->guarantee_gpu_milli &&
                a->limit_gpu_milli == b->limit_gpu_milli;
    for (uint32_t i = 0; i < WF_WINDOWS; i++) {
        same = same && a->budgets[i].limit_nanousd == b->budgets[i].limit_nanousd &&
               a->budgets[i].action == b->budgets[i].action;
    }
    return same;
}

static enum wf_status tell_queue(struct wf_desk *desk, uint32_t id,
                                 const struct wf_queue_spec *spec, struct wf_error *err)
{
    struct wf_queue_view view;
    struct wf_queue_spec wanted = *spec;
    wanted.weight = wanted.weight > 0 ? wanted.weight : 1;
    const struct wf_queues *queues = wf_core_schedule(desk->world.core)->queues;
    bool known = wf_queues_view(queues, (wf_queue_id){id}, &view);
    if (known) {
        view.spec.weight = view.spec.weight > 0 ? view.spec.weight : 1;
    }
    if (known && same_queue(&view.spec, &wanted)) {
        return WF_OK;
    }
    struct wf_event event = {.kind = WF_EVENT_QUEUE, .queue = {{id}, wanted}};
    return wf_desk_step(desk, &event, err);
}

static enum wf_status tell_queues(struct wf_desk *desk, const struct wf_site *site,
                                  const struct numbers *numbers, struct wf_error *err)
{
    enum wf_status status = WF_OK;
    for (uint32_t i = 0; i < site->queue_count && status == WF_OK; i++) {
        struct wf_queue_spec spec = site->queues[i].spec;
        if (spec.parent.index != WF_NONE) {
            spec.parent.index = numbers->queues[spec.parent.index];
        }
        status = tell_queue(desk, numbers->queues[i], &spec, err);
    }
    if (site->queue_count == 0 && status == WF_OK) {
        struct wf_queue_spec spec = {.parent = {WF_NONE}};
        uint32_t id;
        status = number_of(desk, WF_JOURNAL_QUEUE, "default", desk->core.limits.queues, &id, err);
        status = status == WF_OK ? tell_queue(desk, id, &spec, err) : status;
    }
    return status;
}

enum wf_status wf_desk_tell_site(struct wf_desk *desk, const struct wf_site *site,
                                 struct wf_error *err)
{
    struct numbers numbers = {
        .zones = calloc(site->zone_count + 1, sizeof *numbers.zones),
        .pools = calloc(site->pool_count + 1, sizeof *numbers.pools),
        .queues = calloc(site->queue_count + 1, sizeof *numbers.queues),
    };
    enum wf_status status = WF_OK;
    if (!numbers.zones || !numbers.pools || !numbers.queues) {
        status = WF_NOMEM;
        (void)wf_fail(err, status, "no memory for the site");
    }
    status = status == WF_OK ? number_models(desk, site, &numbers, err) : status;
    status = status == WF_OK ? number_rest(desk, site, &numbers, err) : status;
    status = status == WF_OK ? tell_queues(desk, site, &numbers, err) : status;
    status = status == WF_OK ? tell_pools(desk, site, &numbers, err) : status;
    status = status == WF_OK ? tell_nodes(desk, site, &numbers, err) : status;
    free(numbers.zones);
    free(numbers.pools);
    free(numbers.queues);
    return status == WF_OK ? status : wf_error_prefix(err, status, "site: ");
}

enum wf_status wf_desk_site(struct wf_desk *desk, const struct wf_site *site, struct wf_error *err)
{
    enum wf_status status = wf_desk_refuse_stalled(desk, err);
    if (status == WF_OK && wf_desk_is_foreign(desk)) {
        // A node that changed went and came for the core, with all that still runs there.
        wf_desk_foreign_open_look(desk);
        status = wf_desk_tell_site(desk, site, err);
        wf_desk_foreign_close_look(desk);
        return status;
    }
    return status == WF_OK ? wf_desk_tell_site(desk, site, err) : status;
}

enum wf_status wf_desk_begin_journal(struct wf_desk *desk, struct wf_error *err)
{
    struct wf_journal_maker maker;
    wf_journal_maker_init(&maker, &desk->core, desk->config.program, "serve on this machine");
    enum wf_status status = wf_batch_head(desk->deeds.rows, &desk->world.lines, &maker, err);
    return status == WF_OK ? wf_core_create(&desk->core, &desk->world.core, err) : status;
}
