// SPDX-License-Identifier: Apache-2.0
#include "daemon/slurm/cluster.h"

#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/hash.h"

struct sketch {
    struct wf_slurm_cluster *cluster;
    const struct wf_slurm_view *view;
    uint32_t nodes_all; // that may come
    uint32_t left_out;
};

static char *copy(struct wf_slurm_cluster *cluster, const char *text)
{
    char *copied = strdup(text);
    cluster->out_of_memory = cluster->out_of_memory || !copied;
    return copied;
}

bool wf_slurm_is_ours(const struct wf_slurm_view *view, const char *partition)
{
    for (uint32_t i = 0; view->partitions && view->partitions[i]; i++) {
        if (strcmp(view->partitions[i], partition) == 0) {
            return true;
        }
    }
    return !view->partitions;
}

static bool has_ours(const struct wf_slurm_view *view, const struct wf_slurm_node *node)
{
    for (uint32_t i = 0; i < node->partition_count; i++) {
        if (wf_slurm_is_ours(view, node->partitions[i])) {
            return true;
        }
    }
    return false;
}

// Says once, of the first, what is left out, and counts the others.
static void WF_PRINTF(2, 3) leave_out(struct sketch *sketch, const char *format, ...)
{
    va_list values;
    if (sketch->left_out++ == 0) {
        va_start(values, format);
        (void)vsnprintf(sketch->cluster->note, sizeof sketch->cluster->note, format, values);
        va_end(values);
    }
}

const struct wf_slurm_type *wf_slurm_find_type(const struct wf_slurm_cluster *cluster,
                                               const char *name)
{
    for (uint32_t i = 0; i < cluster->type_count; i++) {
        if (strcmp(cluster->types[i].name, name) == 0) {
            return &cluster->types[i];
        }
    }
    return NULL;
}

const struct wf_slurm_room *wf_slurm_find_room(const struct wf_slurm_cluster *cluster,
                                               const char *partition)
{
    for (uint32_t i = 0; i < cluster->room_count; i++) {
        if (strcmp(cluster->rooms[i].name, partition) == 0) {
            return &cluster->rooms[i];
        }
    }
    return NULL;
}

const struct wf_site_node *wf_slurm_find_node(const struct wf_slurm_cluster *cluster,
                                              const char *name)
{
    for (uint32_t i = 0; i < cluster->site.node_count; i++) {
        if (strcmp(cluster->site.nodes[i].name, name) == 0) {
            return &cluster->site.nodes[i];
        }
    }
    return NULL;
}

static struct wf_site_label *find_label(const struct wf_slurm_cluster *cluster, const char *name)
{
    for (uint32_t i = 0; i < cluster->site.label_count; i++) {
        if (strcmp(cluster->site.labels[i].name, name) == 0) {
            return &cluster->site.labels[i];
        }
    }
    return NULL;
}

bool wf_slurm_has_label(const struct wf_slurm_cluster *cluster, const char *label)
{
    return find_label(cluster, label) != NULL;
}

void wf_slurm_room_label(const char *partition, char *label, size_t size)
{
    snprintf(label, size, "partition:%.100s", partition);
}

// The name under which we know the GPUs of a node: by their type, or else a feature that is one.
static bool name_model(const struct wf_slurm_node *node, struct wf_gpu_name *name)
{
    if (node->gpus[0].type[0] != '\0') {
        return wf_gpu_name_read(node->gpus[0].type, name);
    }
    for (uint32_t i = 0; i < node->feature_count; i++) {
        if (wf_gpu_name_read(node->features[i], name) && wf_gpu_name_known(name)) {
            return true;
        }
    }
    return wf_gpu_name_read("GPU", name);
}

static uint32_t find_model(struct wf_slurm_cluster *cluster, const char *model)
{
    struct wf_site *site = &cluster->site;
    for (uint32_t i = 0; i < site->model_count; i++) {
        if (site->models[i] && strcmp(site->models[i], model) == 0) {
            return i;
        }
    }
    if (site->model_count == WF_MODELS_MAX) {
        return WF_NONE;
    }
    site->models[site->model_count] = copy(cluster, model);
    return site->model_count++;
}

// The type of the node's GPUs; NULL: there are too many kinds.
static struct wf_slurm_type *add_type(struct wf_slurm_cluster *cluster,
                                      const struct wf_slurm_node *node, const char *model)
{
    uint32_t number = find_model(cluster, model);
    struct wf_slurm_type *type =
        (struct wf_slurm_type *)wf_slurm_find_type(cluster, node->gpus[0].type);
    uint32_t shards =
        node->shards % node->gpus[0].count == 0 ? node->shards / node->gpus[0].count : 0;
    if (number == WF_NONE || (!type && cluster->type_count == WF_SLURM_TYPES_MAX)) {
        return NULL;
    }
    if (!type) {
        type = &cluster->types[cluster->type_count++];
        snprintf(type->name, sizeof type->name, "%s", node->gpus[0].type);
        type->model = number;
        type->shards_per_gpu = shards;
        for (struct wf_slurm_type *other = cluster->types; other < type; other++) {
            if (other->model == number) {
                other->twin = type->twin = true;
            }
        }
    }
    type->uneven = type->uneven || type->shards_per_gpu != shards || type->model != number;
    if (node->gpus[0].count > type->node_gpus_max) {
        type->node_gpus_max = node->gpus[0].count;
    }
    return type;
}

static uint32_t find_pool(const struct wf_site *site, const char *name)
{
    for (uint32_t i = 0; i < site->pool_count; i++) {
        if (site->pools[i].name && strcmp(site->pools[i].name, name) == 0) {
            return i;
        }
    }
    return WF_NONE;
}

// Nodes of one kind of GPU, rented alike, are a pool. Returns its number.
static uint32_t add_pool(struct sketch *sketch, const struct wf_slurm_node *node,
                         const struct wf_gpu_name *name, const struct wf_slurm_type *type)
{
    struct wf_slurm_cluster *cluster = sketch->cluster;
    struct wf_site *site = &cluster->site;
    uint32_t slices = type ? node->shards / node->gpus[0].count : 0;
    char text[2 * WF_GPU_NAME_BYTES], parts[24] = "";
    const char *source = "no GPUs";
    if (type && slices > 0 && slices <= WF_SLICES_MAX && type->uneven) {
        snprintf(parts, sizeof parts, "-%u", slices);
    }
    snprintf(text, sizeof text, "%s%s%s", type ? name->text : "cpu", parts,
             node->cloud ? "-cloud" : "");
    uint32_t number = find_pool(site, text);
    if (number != WF_NONE) {
        return number;
    }
    struct wf_site_pool *pool = &site->pools[site->pool_count];
    pool->spec = (struct wf_pool_spec){.rent_by_use = node->cloud};
    if (type) {
        pool->spec.model = (uint8_t)type->model;
        pool->spec.vendor = name->vendor;
        pool->spec.slices = slices <= WF_SLICES_MAX ? (uint8_t)slices : 0;
        pool->spec.price_nanousd_per_gpu_hour =
            wf_list_price(sketch->view->prices, name->text, &source);
    }
    pool->name = copy(cluster, text);
    pool->price_source = copy(cluster, source);
    return site->pool_count++;
}

static void add_label(struct sketch *sketch, struct wf_site_node *node, const char *name)
{
    struct wf_slurm_cluster *cluster = sketch->cluster;
    struct wf_site *site = &cluster->site;
    struct wf_site_label *label = find_label(cluster, name);
    if (!label) {
        const struct wf_slurm_view *view = sketch->view;
        if (site->label_count == WF_LABELS_MAX || strlen(name) >= WF_SLURM_NAME_BYTES ||
            (view->label_fits && !view->label_fits(view->context, name))) {
            site->labels_dropped++;
            return;
        }
        label = &site->labels[site->label_count];
        *label = (struct wf_site_label){copy(cluster, name), site->label_count++};
        site->label_numbers = site->label_count;
    }
    node->spec.labels |= UINT64_C(1) << label->number;
}

static void close_door(const struct wf_slurm_node *node, struct wf_slurm_door *door)
{
    const char *power = node->power == WF_SLURM_POWER_GOING ? "it is being powered down" : NULL;
    door->closed = node->drain || power;
    if (door->closed) {
        snprintf(door->why, sizeof door->why, "Slurm drains it%s%.200s",
                 node->reason[0] ? ": " : "", node->reason);
    }
    if (power && !node->drain) {
        snprintf(door->why, sizeof door->why, "%s", power);
    }
}

static bool is_countable(const struct wf_slurm_node *node)
{
    return strlen(node->name) < WF_SLURM_NAME_BYTES && node->cpus <= WF_CPU_MILLI_MAX / 1000 &&
           node->memory_mib <= WF_MEMORY_MIB_MAX && node->gpus_count <= 1 &&
           (node->gpus_count == 0 || node->gpus[0].count <= WF_NODE_GPUS_MAX);
}

static void add_node(void *context, const struct wf_slurm_node *node)
{
    struct sketch *sketch = context;
    struct wf_slurm_cluster *cluster = sketch->cluster;
    struct wf_site *site = &cluster->site;
    struct wf_gpu_name name;
    struct wf_slurm_type *type = NULL;
    uint32_t gpus = node->gpus_count > 0 ? node->gpus[0].count : 0;
    if (!has_ours(sketch->view, node) || node->cpus == 0) {
        return;
    }
    if (!is_countable(node) || (gpus > 0 && !name_model(node, &name))) {
        leave_out(sketch, "node %.80s is left to Slurm: %s", node->name,
                  node->gpus_count > 1 ? "it has several kinds of GPU"
                                       : "it has more of something than we can count");
        return;
    }
    type = gpus > 0 ? add_type(cluster, node, name.text) : NULL;
    if (gpus > 0 && !type) {
        leave_out(sketch, "node %.80s is left to Slurm: there are too many kinds of GPU",
                  node->name);
        return;
    }
    if (node->down) {
        cluster->nodes_down++;
        return; // its kind of GPU is there all the same, so that jobs wait for it
    }
    struct wf_site_node *made = &site->nodes[site->node_count];
    close_door(node, &cluster->doors[site->node_count++]);
    made->name = copy(cluster, node->name);
    made->spec = (struct wf_node_spec){.pool = {add_pool(sketch, node, &name, type)},
                                       .cpu_milli = node->cpus * 1000,
                                       .memory_mib = (uint32_t)node->memory_mib,
                                       .gpus = (uint8_t)gpus};
}

// Which nodes are in the partition, and how large they are.
static void add_room(void *context, const struct wf_slurm_partition *partition)
{
    struct sketch *sketch = context;
    struct wf_slurm_cluster *cluster = sketch->cluster;
    if (!wf_slurm_is_ours(sketch->view, partition->name) ||
        cluster->room_count == WF_SLURM_PARTITIONS_MAX ||
        strlen(partition->name) >= WF_SLURM_NAME_BYTES) {
        return;
    }
    struct wf_slurm_room *room = &cluster->rooms[cluster->room_count++];
    *room = (struct wf_slurm_room){
        .cpus_min = UINT32_MAX,
        .tier = partition->priority,
        .closed =
            strcmp(partition->state, "down") == 0 || strcmp(partition->state, "inactive") == 0,
    };
    snprintf(room->name, sizeof room->name, "%s", partition->name);
}

static void rank_rooms(struct wf_slurm_cluster *cluster)
{
    for (uint32_t i = 0; i < cluster->room_count; i++) {
        for (uint32_t j = 0; j < cluster->room_count; j++) {
            bool first = true; // of its tier
            for (uint32_t k = 0; k < j; k++) {
                first = first && cluster->rooms[k].tier != cluster->rooms[j].tier;
            }
            cluster->rooms[i].above += first && cluster->rooms[j].tier < cluster->rooms[i].tier;
        }
    }
}

// Labels of a node that is down are there, too, so that jobs wait for it.
static void label_node(void *context, const struct wf_slurm_node *node)
{
    struct sketch *sketch = context;
    struct wf_slurm_cluster *cluster = sketch->cluster;
    struct wf_site_node nobody = {0};
    struct wf_site_node *made = (struct wf_site_node *)wf_slurm_find_node(cluster, node->name);
    char label[WF_SLURM_NAME_BYTES];
    if (!has_ours(sketch->view, node)) {
        return;
    }
    for (uint32_t i = 0; i < node->partition_count; i++) {
        struct wf_slurm_room *room =
            (struct wf_slurm_room *)wf_slurm_find_room(cluster, node->partitions[i]);
        if (room) {
            room->cpus_min = node->cpus < room->cpus_min ? node->cpus : room->cpus_min;
            room->cpus_max = node->cpus > room->cpus_max ? node->cpus : room->cpus_max;
            if (cluster->room_count > 1) {
                wf_slurm_room_label(room->name, label, sizeof label);
                add_label(sketch, made ? made : &nobody, label);
                room->labelled = true;
            }
        }
    }
    for (uint32_t i = 0; i < node->feature_count; i++) {
        add_label(sketch, made ? made : &nobody, node->features[i]);
    }
}

// Also where no node is in the set now, so that jobs wait for one.
static void add_sets(struct sketch *sketch)
{
    const struct wf_slurm_sets *sets = sketch->view->sets;
    struct wf_slurm_cluster *cluster = sketch->cluster;
    struct wf_site_node nobody = {0};
    char label[WF_SLURM_NAME_BYTES];
    for (uint32_t i = 0; i < WF_SLURM_SETS_MAX && sets; i++) {
        if (!sets->sets[i].rule) {
            continue;
        }
        wf_slurm_set_label(i, label, sizeof label);
        add_label(sketch, &nobody, label);
        for (uint32_t node = 0; node < cluster->site.node_count; node++) {
            struct wf_site_node *made = &cluster->site.nodes[node];
            const struct wf_slurm_picture *picture = sketch->view->picture;
            const struct wf_slurm_node *known = wf_slurm_picture_node(picture, made->name);
            if (known && wf_slurm_rule_admits(sets->sets[i].rule, picture, known)) {
                add_label(sketch, made, label);
            }
        }
    }
}

static void count_node(void *context, const struct wf_slurm_node *node)
{
    (void)node;
    ((struct sketch *)context)->nodes_all++;
}

enum wf_status wf_slurm_cluster_init(struct wf_slurm_cluster *cluster,
                                     const struct wf_slurm_view *view, struct wf_error *err)
{
    struct sketch sketch = {.cluster = cluster, .view = view};
    struct wf_site *site = &cluster->site;
    *cluster = (struct wf_slurm_cluster){.signature = wf_slurm_signature(view)};
    wf_slurm_picture_nodes(view->picture, count_node, &sketch);
    size_t count = (size_t)sketch.nodes_all + 1;
    site->nodes = calloc(count, sizeof *site->nodes);
    site->pools = calloc(count, sizeof *site->pools);
    site->labels = calloc(WF_LABELS_MAX, sizeof *site->labels);
    cluster->doors = calloc(count, sizeof *cluster->doors);
    cluster->out_of_memory = !site->nodes || !site->pools || !site->labels || !cluster->doors;
    if (!cluster->out_of_memory) {
        wf_slurm_picture_nodes(view->picture, add_node, &sketch);
        wf_slurm_picture_partitions(view->picture, add_room, &sketch);
        rank_rooms(cluster);
        wf_slurm_picture_nodes(view->picture, label_node, &sketch);
        add_sets(&sketch);
        wf_slurm_add_queues(cluster, view);
        site->origin = copy(cluster, "a Slurm cluster");
    }
    if (sketch.left_out > 1) {
        size_t used = strlen(cluster->note);
        snprintf(cluster->note + used, sizeof cluster->note - used, "; so are %u others",
                 sketch.left_out - 1);
    }
    return cluster->out_of_memory ? wf_fail(err, WF_NOMEM, "no memory for the cluster") : WF_OK;
}

void wf_slurm_cluster_finish(struct wf_slurm_cluster *cluster)
{
    wf_site_finish(&cluster->site);
    free(cluster->doors);
    *cluster = (struct wf_slurm_cluster){0};
}

static uint64_t add_text(uint64_t hash, const char *text)
{
    for (; *text; text++) {
        hash = wf_hash_add(hash, (unsigned char)*text);
    }
    return wf_hash_add(hash, 0);
}

static void sign_node(void *context, const struct wf_slurm_node *node)
{
    uint64_t hash = add_text(*(uint64_t *)context, node->name);
    hash = wf_hash_add(hash, (uint64_t)node->down << 4 | (uint64_t)node->drain << 3 |
                                 (uint64_t)node->cloud << 2 | node->power);
    hash = wf_hash_add(wf_hash_add(hash, node->cpus), node->memory_mib);
    hash = wf_hash_add(hash, (uint64_t)node->gpus_count << 32 | node->shards);
    for (uint32_t i = 0; i < node->gpus_count; i++) {
        hash = wf_hash_add(add_text(hash, node->gpus[i].type), node->gpus[i].count);
    }
    for (uint32_t i = 0; i < node->feature_count; i++) {
        hash = add_text(hash, node->features[i]);
    }
    for (uint32_t i = 0; i < node->partition_count; i++) {
        hash = add_text(hash, node->partitions[i]);
    }
    *(uint64_t *)context = add_text(hash, node->drain ? node->reason : "");
}

static void sign_partition(void *context, const struct wf_slurm_partition *partition)
{
    uint64_t hash = add_text(add_text(*(uint64_t *)context, partition->name), partition->state);
    *(uint64_t *)context = wf_hash_add(hash, partition->priority);
}

static void sign_reservation(void *context, const struct wf_slurm_reservation *reservation)
{
    uint64_t hash = add_text(*(uint64_t *)context, reservation->name);
    hash = wf_hash_add(hash, (uint64_t)reservation->start_ms);
    for (uint32_t i = 0; i < reservation->node_count; i++) {
        hash = add_text(hash, reservation->nodes[i]);
    }
    *(uint64_t *)context = hash;
}

static void sign_account(void *context, const struct wf_slurm_account *account)
{
    uint64_t hash = add_text(add_text(*(uint64_t *)context, account->name), account->parent);
    *(uint64_t *)context = wf_hash_add(wf_hash_add(hash, account->shares), account->gpus_max);
}

uint64_t wf_slurm_signature(const struct wf_slurm_view *view)
{
    uint64_t hash = 1;
    wf_slurm_picture_nodes(view->picture, sign_node, &hash);
    wf_slurm_picture_partitions(view->picture, sign_partition, &hash);
    wf_slurm_picture_accounts(view->picture, sign_account, &hash);
    for (uint32_t i = 0; view->accounts && view->accounts[i]; i++) {
        hash = add_text(hash, view->accounts[i]);
    }
    wf_slurm_picture_reservations(view->picture, sign_reservation, &hash);
    return view->sets ? wf_hash_add(hash, view->sets->version) : hash;
}
