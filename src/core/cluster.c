// SPDX-License-Identifier: Apache-2.0
#include "core/cluster.h"

#include "base/assert.h"
#include "base/hash.h"

static uint32_t power_of_two_at_least(uint32_t value)
{
    uint32_t power = 1;
    while (power < value) {
        power *= 2;
    }
    return power;
}

static void link_free_lists(struct wf_cluster *cluster)
{
    for (uint32_t i = 0; i < cluster->limits.placements; i++) {
        cluster->placements[i].next_of_job = i + 1 < cluster->limits.placements ? i + 1 : WF_NONE;
    }
    for (uint32_t i = 0; i < cluster->limits.jobs; i++) {
        cluster->jobs[i].next = i + 1 < cluster->limits.jobs ? i + 1 : WF_NONE;
        cluster->jobs[i].first_placement = WF_NONE;
    }
    for (uint32_t i = 0; i <= cluster->job_bucket_mask; i++) {
        cluster->job_buckets[i] = WF_NONE;
    }
}

enum wf_status wf_cluster_init(struct wf_cluster *cluster, struct wf_region *region,
                               const struct wf_limits *limits, struct wf_error *err)
{
    *cluster = (struct wf_cluster){.limits = *limits};
    cluster->job_bucket_mask = power_of_two_at_least(limits->jobs) - 1;
    cluster->pools = wf_region_take(region, limits->pools, sizeof *cluster->pools);
    cluster->nodes = wf_region_take(region, limits->nodes, sizeof *cluster->nodes);
    cluster->states = wf_region_take(region, limits->nodes, sizeof *cluster->states);
    cluster->placements = wf_region_take(region, limits->placements, sizeof *cluster->placements);
    cluster->jobs = wf_region_take(region, limits->jobs, sizeof *cluster->jobs);
    cluster->job_buckets =
        wf_region_take(region, (size_t)cluster->job_bucket_mask + 1, sizeof *cluster->job_buckets);
    if (limits->moves) {
        cluster->mobility = wf_region_take(region, limits->jobs, sizeof *cluster->mobility);
    }
    if (!wf_region_is_whole(region)) {
        return wf_fail(err, WF_NOMEM, "no memory for a cluster of %u nodes and %u tasks",
                       limits->nodes, limits->placements);
    }
    link_free_lists(cluster);
    return WF_OK;
}

enum wf_status wf_cluster_set_pool(struct wf_cluster *cluster, wf_pool_id id,
                                   const struct wf_pool_spec *spec, struct wf_error *err)
{
    if (id.index >= cluster->limits.pools) {
        return wf_fail(err, WF_LIMIT, "pool %u is past the limit of %u pools", id.index,
                       cluster->limits.pools);
    }
    struct wf_pool *pool = &cluster->pools[id.index];
    if (spec->model >= cluster->limits.models) {
        return wf_fail(err, WF_LIMIT, "pool %u: GPU model %u is past the limit of %u models",
                       id.index, spec->model, cluster->limits.models);
    }
    if (spec->slices > WF_SLICES_MAX) {
        return wf_fail(err, WF_LIMIT, "pool %u: %u slices of a GPU are past the limit of %d",
                       id.index, spec->slices, WF_SLICES_MAX);
    }
    if (spec->price_nanousd_per_gpu_hour < 0 ||
        spec->price_nanousd_per_gpu_hour > WF_PRICE_NANOUSD_MAX) {
        return wf_fail(err, WF_INVALID,
                       "pool %u: a price of %lld nano-dollars per GPU-hour is not "
                       "between 0 and 10,000 dollars",
                       id.index, (long long)spec->price_nanousd_per_gpu_hour);
    }
    if (pool->known && pool->nodes > 0 &&
        (pool->spec.model != spec->model || pool->spec.slices != spec->slices)) {
        return wf_fail(err, WF_INVALID,
                       "pool %u has nodes: its GPU model and slices stay as they "
                       "are",
                       id.index);
    }
    pool->spec = *spec;
    pool->known = true;
    return WF_OK;
}

static enum wf_status check_node(const struct wf_cluster *cluster, wf_node_id id,
                                 const struct wf_node_spec *spec, struct wf_error *err)
{
    if (id.index >= cluster->limits.nodes) {
        return wf_fail(err, WF_LIMIT, "node %u is past the limit of %u nodes", id.index,
                       cluster->limits.nodes);
    }
    if (cluster->nodes[id.index].up) {
        return wf_fail(err, WF_EXISTS, "node %u is up already", id.index);
    }
    if (spec->pool.index >= cluster->limits.pools || !cluster->pools[spec->pool.index].known) {
        return wf_fail(err, WF_NOTFOUND, "node %u: there is no pool %u", id.index,
                       spec->pool.index);
    }
    if (spec->gpus > WF_NODE_GPUS_MAX || spec->cpu_milli > WF_CPU_MILLI_MAX ||
        spec->memory_mib > WF_MEMORY_MIB_MAX) {
        return wf_fail(err, WF_LIMIT,
                       "node %u: %u GPUs, %u milli-CPU, %u MiB is past the limit of "
                       "%d GPUs, %d milli-CPU, %d MiB",
                       id.index, spec->gpus, spec->cpu_milli, spec->memory_mib, WF_NODE_GPUS_MAX,
                       WF_CPU_MILLI_MAX, WF_MEMORY_MIB_MAX);
    }
    return WF_OK;
}

static uint32_t larger(uint32_t a, uint32_t b)
{
    return a > b ? a : b;
}

enum wf_status wf_cluster_add_node(struct wf_cluster *cluster, wf_node_id id,
                                   const struct wf_node_spec *spec, struct wf_error *err)
{
    enum wf_status status = check_node(cluster, id, spec, err);
    if (status != WF_OK) {
        return status;
    }
    struct wf_node *node = &cluster->nodes[id.index];
    *node = (struct wf_node){
        .pool = spec->pool,
        .up = true,
        // That one like it was taken says the same of this one.
        .shun_ms = node->pool.index == spec->pool.index ? node->shun_ms : 0,
        .spec = *spec,
        .first_placement = WF_NONE,
    };
    wf_state_init(&cluster->states[id.index], spec);
    struct wf_pool *pool = &cluster->pools[spec->pool.index];
    pool->nodes++;
    pool->gpu_capacity_milli += (int64_t)spec->gpus * WF_GPU_MILLI;
    pool->gpu_free_milli += (int64_t)spec->gpus * WF_GPU_MILLI;
    pool->gpu_open_milli += (int64_t)spec->gpus * WF_GPU_MILLI;
    pool->cpu_open_milli += spec->cpu_milli;
    pool->node_gpus_max = larger(pool->node_gpus_max, spec->gpus);
    pool->node_cpu_milli_max = larger(pool->node_cpu_milli_max, spec->cpu_milli);
    if (id.index >= cluster->nodes_end) {
        cluster->nodes_end = id.index + 1;
    }
    cluster->cpu_milli_max = larger(cluster->cpu_milli_max, spec->cpu_milli);
    cluster->gpus_max = larger(cluster->gpus_max, spec->gpus);
    return WF_OK;
}

bool wf_cluster_is_relabelled(const struct wf_cluster *cluster, wf_node_id id,
                              const struct wf_node_spec *spec)
{
    if (id.index >= cluster->limits.nodes || !cluster->nodes[id.index].up) {
        return false;
    }
    const struct wf_node_spec *is = &cluster->nodes[id.index].spec;
    return is->pool.index == spec->pool.index && is->cpu_milli == spec->cpu_milli &&
           is->memory_mib == spec->memory_mib && is->gpus == spec->gpus &&
           is->group == spec->group && is->labels != spec->labels;
}

enum wf_status wf_cluster_find_node(const struct wf_cluster *cluster, wf_node_id id,
                                    struct wf_error *err)
{
    if (id.index >= cluster->limits.nodes || !cluster->nodes[id.index].up) {
        return wf_fail(err, WF_NOTFOUND, "there is no node %u", id.index);
    }
    return WF_OK;
}

bool wf_cluster_is_shut(const struct wf_cluster *cluster, wf_node_id id)
{
    const struct wf_node *node = &cluster->nodes[id.index];
    return node->drained || node->gone_ms > 0 || cluster->pools[node->pool.index].shun_ms > 0;
}

void wf_cluster_close_node(struct wf_cluster *cluster, wf_node_id id, bool closed)
{
    struct wf_node *node = &cluster->nodes[id.index];
    WF_ASSERT(node->up);
    if (node->closed != closed) {
        const struct wf_state *state = &cluster->states[id.index];
        struct wf_pool *pool = &cluster->pools[node->pool.index];
        int64_t sign = closed ? -1 : 1;
        pool->gpu_open_milli += sign * wf_state_gpu_total_milli(state);
        pool->cpu_open_milli += sign * (int64_t)state->cpu_free_milli;
        node->closed = closed;
    }
}

void wf_cluster_remove_node(struct wf_cluster *cluster, wf_node_id id)
{
    struct wf_node *node = &cluster->nodes[id.index];
    WF_ASSERT(node->up && node->first_placement == WF_NONE);
    wf_cluster_close_node(cluster, id, true);
    struct wf_pool *pool = &cluster->pools[node->pool.index];
    WF_ASSERT(pool->nodes > 0);
    pool->nodes--;
    pool->gpu_capacity_milli -= (int64_t)node->spec.gpus * WF_GPU_MILLI;
    pool->gpu_free_milli -= (int64_t)node->spec.gpus * WF_GPU_MILLI;
    node->up = false;
}

static uint32_t *job_bucket(const struct wf_cluster *cluster, wf_job_id id)
{
    return &cluster->job_buckets[wf_hash_mix(id.number) & cluster->job_bucket_mask];
}

uint32_t wf_cluster_find_job(const struct wf_cluster *cluster, wf_job_id id)
{
    uint32_t job = *job_bucket(cluster, id);
    while (job != WF_NONE && cluster->jobs[job].id.number != id.number) {
        job = cluster->jobs[job].next;
    }
    return job;
}

enum wf_status wf_cluster_add_job(struct wf_cluster *cluster, wf_job_id id, uint32_t *job_out,
                                  struct wf_error *err)
{
    if (wf_cluster_find_job(cluster, id) != WF_NONE) {
        return wf_fail(err, WF_EXISTS, "job %llu runs already", (unsigned long long)id.number);
    }
    uint32_t job = cluster->free_job;
    if (job == WF_NONE) {
        return wf_fail(err, WF_LIMIT, "job %llu is past the limit of %u placed jobs",
                       (unsigned long long)id.number, cluster->limits.jobs);
    }
    cluster->free_job = cluster->jobs[job].next;
    uint32_t *bucket = job_bucket(cluster, id);
    cluster->jobs[job] = (struct wf_job){.id = id, .first_placement = WF_NONE, .next = *bucket};
    *bucket = job;
    *job_out = job;
    return WF_OK;
}

void wf_cluster_remove_job(struct wf_cluster *cluster, uint32_t job)
{
    WF_ASSERT(cluster->jobs[job].first_placement == WF_NONE);
    uint32_t *link = job_bucket(cluster, cluster->jobs[job].id);
    while (*link != job) {
        WF_ASSERT(*link != WF_NONE);
        link = &cluster->jobs[*link].next;
    }
    *link = cluster->jobs[job].next;
    cluster->jobs[job].next = cluster->free_job;
    cluster->free_job = job;
}

// Books what a task takes on a node (sign 1), or gives back (-1), in the sums of its pool.
static void book(struct wf_cluster *cluster, uint32_t node, const struct wf_request *request,
                 int64_t sign)
{
    const struct wf_node *on = &cluster->nodes[node];
    struct wf_pool *pool = &cluster->pools[on->pool.index];
    int64_t gpu_milli = sign * (int64_t)request->gpus * request->gpu_milli;
    pool->gpu_free_milli -= gpu_milli;
    if (!on->closed) {
        pool->gpu_open_milli -= gpu_milli;
        pool->cpu_open_milli -= sign * (int64_t)request->cpu_milli;
    }
}

static void count_kind(struct wf_cluster *cluster, uint32_t node, const struct wf_request *request,
                       int change)
{
    if (request->gpus == 0) {
        return;
    }
    uint32_t kind = wf_task_kind(request);
    uint16_t *tasks = &cluster->nodes[node].kind_tasks[kind];
    *tasks = (uint16_t)(*tasks + change);
    uint32_t bit = UINT32_C(1) << kind;
    struct wf_state *state = &cluster->states[node];
    state->task_kinds = *tasks > 0 ? state->task_kinds | bit : state->task_kinds & ~bit;
}

uint32_t wf_cluster_place(struct wf_cluster *cluster, uint32_t job, uint32_t task, uint32_t node,
                          const struct wf_request *request, uint32_t gpu_set)
{
    uint32_t slot = cluster->free_placement;
    if (slot == WF_NONE) {
        return WF_NONE;
    }
    struct wf_placement *placement = &cluster->placements[slot];
    cluster->free_placement = placement->next_of_job;
    struct wf_node *on = &cluster->nodes[node];
    *placement = (struct wf_placement){
        .job = job,
        .task = task,
        .node = node,
        .gpu_set = gpu_set,
        .cpu_milli = request->cpu_milli,
        .memory_mib = request->memory_mib,
        .gpu_milli = request->gpu_milli,
        .gpus = request->gpus,
        .next_of_job = cluster->jobs[job].first_placement,
        .next_on_node = on->first_placement,
        .previous_on_node = WF_NONE,
    };
    if (on->first_placement != WF_NONE) {
        cluster->placements[on->first_placement].previous_on_node = slot;
    }
    on->first_placement = slot;
    cluster->jobs[job].first_placement = slot;
    wf_state_take(&cluster->states[node], request, gpu_set);
    count_kind(cluster, node, request, 1);
    book(cluster, node, request, 1);
    return slot;
}

static void unlink_from_node(struct wf_cluster *cluster, const struct wf_placement *placement)
{
    if (placement->previous_on_node == WF_NONE) {
        cluster->nodes[placement->node].first_placement = placement->next_on_node;
    } else {
        cluster->placements[placement->previous_on_node].next_on_node = placement->next_on_node;
    }
    if (placement->next_on_node != WF_NONE) {
        cluster->placements[placement->next_on_node].previous_on_node = placement->previous_on_node;
    }
}

static void unlink_from_job(struct wf_cluster *cluster, uint32_t slot)
{
    uint32_t *link = &cluster->jobs[cluster->placements[slot].job].first_placement;
    while (*link != slot) {
        WF_ASSERT(*link != WF_NONE);
        link = &cluster->placements[*link].next_of_job;
    }
    *link = cluster->placements[slot].next_of_job;
}

void wf_cluster_allow_move(struct wf_cluster *cluster, uint32_t slot)
{
    struct wf_placement *placement = &cluster->placements[slot];
    WF_ASSERT(cluster->mobility && !placement->movable);
    placement->movable = true;
    cluster->nodes[placement->node].movable_tasks++;
}

struct wf_request wf_placement_taken(const struct wf_placement *placement)
{
    return (struct wf_request){
        .cpu_milli = placement->cpu_milli,
        .memory_mib = placement->memory_mib,
        .gpu_milli = placement->gpu_milli,
        .gpus = placement->gpus,
    };
}

void wf_cluster_unplace(struct wf_cluster *cluster, uint32_t slot)
{
    struct wf_placement *placement = &cluster->placements[slot];
    unlink_from_node(cluster, placement);
    unlink_from_job(cluster, slot);
    if (placement->movable) {
        cluster->nodes[placement->node].movable_tasks--;
    }
    struct wf_request taken = wf_placement_taken(placement);
    wf_state_give(&cluster->states[placement->node], &taken, placement->gpu_set);
    count_kind(cluster, placement->node, &taken, -1);
    book(cluster, placement->node, &taken, -1);
    placement->next_of_job = cluster->free_placement;
    cluster->free_placement = slot;
}

struct wf_request wf_pool_request(const struct wf_pool *pool, const struct wf_request *request)
{
    struct wf_request served = *request;
    uint32_t slices = pool->spec.slices;
    if (slices > 0 && wf_request_is_share(request)) {
        uint32_t wanted = (request->gpu_milli * slices + WF_GPU_MILLI - 1) / WF_GPU_MILLI;
        served.gpu_milli = (uint16_t)(WF_GPU_MILLI * wanted / slices);
    }
    return served;
}
