// SPDX-License-Identifier: Apache-2.0
#include "core/preempt/preempt.h"

#include <string.h>

#include "base/assert.h"
#include "base/hash.h"
#include "core/place/capacity.h"
#include "core/preempt/preempt_search.h"

enum wf_status wf_preempt_create(struct wf_region *region, const struct wf_cluster *cluster,
                                 struct wf_preempt **search_out, struct wf_error *err)
{
    const struct wf_limits *limits = &cluster->limits;
    struct wf_preempt *search = wf_region_take(region, 1, sizeof *search);
    if (!search) {
        return wf_fail(err, WF_NOMEM, "no memory to search for victims");
    }
    search->cluster = cluster;
    search->lone.jobs = search->lone_jobs;
    uint32_t buckets = 1;
    while (buckets < limits->nodes) {
        buckets *= 2;
    }
    search->bucket_mask = buckets - 1;
    search->buckets = wf_region_take(region, buckets, sizeof *search->buckets);
    search->jobs = wf_region_take(region, limits->jobs, sizeof *search->jobs);
    search->nodes = wf_region_take(region, limits->nodes, sizeof *search->nodes);
    search->states = wf_region_take(region, limits->nodes, sizeof *search->states);
    search->domains = wf_region_take(region, limits->nodes, sizeof *search->domains);
    search->heap = wf_region_take(region, limits->nodes, sizeof *search->heap);
    search->now.jobs = wf_region_take(region, limits->jobs, sizeof *search->now.jobs);
    search->best.jobs = wf_region_take(region, limits->jobs, sizeof *search->best.jobs);
    if (!wf_region_is_whole(region)) {
        return wf_fail(err, WF_NOMEM, "no memory to search for victims among %u jobs on %u nodes",
                       limits->jobs, limits->nodes);
    }
    *search_out = search;
    return WF_OK;
}

static uint64_t id_of(const struct wf_preempt *search, uint32_t job)
{
    return search->cluster->jobs[job].id.number;
}

static const struct wf_pool *pool_of(const struct wf_preempt *search, uint32_t node)
{
    return &search->cluster->pools[search->cluster->nodes[node].pool.index];
}

static struct wf_request served_by(const struct wf_preempt *search, uint32_t node)
{
    return wf_pool_request(pool_of(search, node), search->wish->request);
}

bool wf_preempt_may_leave(struct wf_preempt *search, uint32_t slot)
{
    struct wf_preempt_job *job = &search->jobs[slot];
    if (job->search != search->search) {
        const struct wf_preempt_wish *wish = search->wish;
        *job = (struct wf_preempt_job){.loss_nanousd = -1, .search = search->search};
        int64_t loss = slot == wish->job ? -1 : wish->loss(wish->context, slot);
        // Who may not be stopped alone may not be stopped with others either.
        if (loss >= 0 && loss < wish->loss_max_nanousd && wish->take(wish->context, slot)) {
            wish->give(wish->context, slot);
            job->loss_nanousd = loss;
        }
    }
    return job->loss_nanousd >= 0 && !job->leaving;
}

// Nodes with the same key are in one domain.
static uint64_t domain_key(const struct wf_preempt *search, uint32_t node)
{
    const struct wf_node *at = &search->cluster->nodes[node];
    struct wf_place place = pool_of(search, node)->spec.place;
    if (search->wish->tasks == 1) {
        return 0;
    }
    switch (search->wish->within) {
    case WF_WITHIN_ANY:
        return 0;
    case WF_WITHIN_ZONE:
        return (uint64_t)place.site << 32 | (uint64_t)place.region << 16 | place.zone;
    case WF_WITHIN_POOL:
        return at->pool.index;
    case WF_WITHIN_GROUP:
        return at->spec.group;
    }
    return 0;
}

static uint32_t find_domain(struct wf_preempt *search, uint64_t key)
{
    uint32_t bucket = (uint32_t)wf_hash_mix(key) & search->bucket_mask;
    while (search->buckets[bucket] != WF_NONE) {
        if (search->domains[search->buckets[bucket]].key == key) {
            return search->buckets[bucket];
        }
        bucket = (bucket + 1) & search->bucket_mask;
    }
    search->buckets[bucket] = search->domain_count;
    search->domains[search->domain_count] =
        (struct wf_preempt_domain){.key = key, .first = WF_NONE, .last = WF_NONE};
    return search->domain_count++;
}

// Returns how many tasks could start on the node if everybody left it who may.
static uint32_t room_most(struct wf_preempt *search, uint32_t node, const struct wf_request *served)
{
    struct wf_state state = search->states[node];
    uint32_t slot = search->cluster->nodes[node].first_placement;
    while (slot != WF_NONE) {
        const struct wf_placement *task = &search->cluster->placements[slot];
        if (wf_preempt_may_leave(search, task->job)) {
            struct wf_request taken = wf_placement_taken(task);
            wf_state_give(&state, &taken, task->gpu_set);
        }
        slot = task->next_on_node;
    }
    return wf_state_capacity(&state, served);
}

static void add_to_domain(struct wf_preempt *search, uint32_t node)
{
    struct wf_preempt_node *at = &search->nodes[node];
    at->domain = find_domain(search, domain_key(search, node));
    struct wf_preempt_domain *domain = &search->domains[at->domain];
    if (domain->first == WF_NONE) {
        domain->first = node;
    } else {
        search->nodes[domain->last].next = node;
    }
    domain->last = node;
    domain->room += at->room;
    domain->room_most += at->room_most;
}

static void look_at_node(struct wf_preempt *search, uint32_t node)
{
    const struct wf_cluster *cluster = search->cluster;
    const struct wf_request *request = search->wish->request;
    const struct wf_node *on = &cluster->nodes[node];
    struct wf_preempt_node *at = &search->nodes[node];
    *at = (struct wf_preempt_node){.domain = WF_NONE, .next = WF_NONE, .place = WF_NONE};
    if (!on->up || on->closed || (on->spec.labels & request->labels) != request->labels ||
        !wf_pool_admits(pool_of(search, node), request)) {
        return;
    }
    struct wf_request served = served_by(search, node);
    search->states[node] = cluster->states[node];
    at->room = wf_state_capacity(&search->states[node], &served);
    at->room_most = room_most(search, node, &served);
    if (at->room_most > 0) {
        add_to_domain(search, node);
    }
}

static void look_at_nodes(struct wf_preempt *search)
{
    if (++search->search == 0) { // once in four billion searches
        memset(search->jobs, 0, search->cluster->limits.jobs * sizeof *search->jobs);
        search->search = 1;
    }
    search->round = 0;
    search->looks_left = WF_PREEMPT_LOOKS_MAX;
    search->tasks_left = WF_PREEMPT_TASKS_MAX;
    search->now.count = 0;
    search->now.loss_nanousd = 0;
    search->best.count = UINT32_MAX;
    search->best.loss_nanousd = search->wish->loss_max_nanousd - 1;
    search->domain_count = 0;
    memset(search->buckets, 0xff, ((size_t)search->bucket_mask + 1) * sizeof *search->buckets);
    for (uint32_t node = 0; node < search->cluster->nodes_end; node++) {
        look_at_node(search, node);
    }
    search->domains_with_room = 0;
    for (uint32_t i = 0; i < search->domain_count; i++) {
        search->domains_with_room += search->domains[i].room >= search->wish->tasks;
    }
}

static void count_room(struct wf_preempt *search, uint32_t node)
{
    struct wf_preempt_node *at = &search->nodes[node];
    struct wf_preempt_domain *domain = &search->domains[at->domain];
    struct wf_request served = served_by(search, node);
    uint32_t room = wf_state_capacity(&search->states[node], &served);
    bool had_room = domain->room >= search->wish->tasks;
    domain->room += (uint64_t)room - at->room;
    at->room = room;
    bool has_room = domain->room >= search->wish->tasks;
    search->domains_with_room += (uint32_t)has_room - (uint32_t)had_room;
}

// Takes the job's tasks off the copies of the states, or puts them back.
static void shift(struct wf_preempt *search, uint32_t job, bool away)
{
    const struct wf_placement *placements = search->cluster->placements;
    uint32_t first = search->cluster->jobs[job].first_placement;
    for (uint32_t slot = first; slot != WF_NONE; slot = placements[slot].next_of_job) {
        const struct wf_placement *task = &placements[slot];
        if (search->nodes[task->node].domain != WF_NONE) {
            struct wf_request taken = wf_placement_taken(task);
            (away ? wf_state_give : wf_state_take)(&search->states[task->node], &taken,
                                                   task->gpu_set);
        }
    }
    for (uint32_t slot = first; slot != WF_NONE; slot = placements[slot].next_of_job) {
        if (search->nodes[placements[slot].node].domain != WF_NONE) {
            count_room(search, placements[slot].node);
        }
    }
    search->jobs[job].leaving = away;
}

void wf_preempt_leave(struct wf_preempt *search, uint32_t job)
{
    shift(search, job, true);
}

void wf_preempt_return(struct wf_preempt *search, uint32_t job)
{
    shift(search, job, false);
}

struct wf_lack wf_preempt_gather(struct wf_preempt *search, uint32_t node)
{
    const struct wf_cluster *cluster = search->cluster;
    struct wf_request served = served_by(search, node);
    struct wf_lack lack = wf_lack_of(&search->states[node], &served, search->nodes[node].room + 1);
    search->leavers.count = 0;
    uint32_t slot = cluster->nodes[node].first_placement;
    while (slot != WF_NONE) {
        const struct wf_placement *task = &cluster->placements[slot];
        if (wf_preempt_may_leave(search, task->job)) {
            wf_leavers_add(&search->leavers, &lack, task, id_of(search, task->job),
                           search->jobs[task->job].loss_nanousd);
        }
        slot = task->next_on_node;
    }
    wf_leavers_sort(&search->leavers);
    return lack;
}

bool wf_preempt_search_node(struct wf_preempt *search, uint32_t node, const struct wf_lack *lack,
                            struct wf_leaving *best)
{
    uint32_t looks = WF_PREEMPT_NODE_LOOKS_MAX;
    if (looks > search->looks_left) {
        looks = search->looks_left < WF_PREEMPT_NODE_LOOKS_MIN ? WF_PREEMPT_NODE_LOOKS_MIN
                                                               : search->looks_left;
    }
    uint32_t left = looks;
    bool found =
        wf_leavers_search(&search->leavers, lack, &search->states[node], search->wish, &left, best);
    uint32_t taken = looks - left;
    search->looks_left -= taken < search->looks_left ? taken : search->looks_left;
    return found;
}

static void settle_job(struct wf_preempt *search, uint32_t job)
{
    struct wf_preempt_answer *now = &search->now;
    bool taken = search->wish->take(search->wish->context, job);
    WF_ASSERT(taken); // it was, and was given back, when the search came upon it
    wf_preempt_leave(search, job);
    now->jobs[now->count++] = job;
    now->loss_nanousd += search->jobs[job].loss_nanousd;
}

void wf_preempt_settle(struct wf_preempt *search, uint64_t set)
{
    for (uint64_t rest = set; rest; rest &= rest - 1) {
        settle_job(search, search->leavers.list[__builtin_ctzll(rest)].job);
    }
}

static bool leaves_first(const struct wf_preempt *search, uint32_t a, uint32_t b)
{
    int64_t loss_a = search->jobs[a].loss_nanousd;
    int64_t loss_b = search->jobs[b].loss_nanousd;
    return loss_a != loss_b ? loss_a > loss_b : id_of(search, a) > id_of(search, b);
}

// Sorts the victims, the most costly first (Shell's sort, with Knuth's steps).
static void sort_victims(struct wf_preempt *search)
{
    uint32_t *jobs = search->now.jobs;
    uint32_t count = search->now.count;
    uint32_t step = 1;
    while (step < count / 3) {
        step = 3 * step + 1;
    }
    for (; step > 0; step /= 3) {
        for (uint32_t i = step; i < count; i++) {
            uint32_t job = jobs[i];
            uint32_t to = i;
            for (; to >= step && leaves_first(search, job, jobs[to - step]); to -= step) {
                jobs[to] = jobs[to - step];
            }
            jobs[to] = job;
        }
    }
}

// Calls back those without whom there is room all the same, wherever that is. Once is enough: who
// is needed while others leave as well is needed even more without them.
static void drop_superfluous(struct wf_preempt *search)
{
    struct wf_preempt_answer *now = &search->now;
    sort_victims(search);
    uint32_t kept = 0;
    for (uint32_t i = 0; i < now->count; i++) {
        uint32_t job = now->jobs[i];
        wf_preempt_return(search, job);
        if (search->domains_with_room > 0) {
            search->wish->give(search->wish->context, job);
            now->loss_nanousd -= search->jobs[job].loss_nanousd;
        } else {
            wf_preempt_leave(search, job);
            now->jobs[kept++] = job;
        }
    }
    now->count = kept;
}

// Calls all victims back.
static void undo(struct wf_preempt *search)
{
    while (search->now.count > 0) {
        uint32_t job = search->now.jobs[--search->now.count];
        wf_preempt_return(search, job);
        search->wish->give(search->wish->context, job);
    }
    search->now.loss_nanousd = 0;
}

// Makes the answer minimal and keeps it if it is the best so far. Everybody comes back.
static void keep_best(struct wf_preempt *search)
{
    struct wf_preempt_answer *now = &search->now;
    struct wf_preempt_answer *best = &search->best;
    drop_superfluous(search);
    if (now->loss_nanousd < best->loss_nanousd ||
        (now->loss_nanousd == best->loss_nanousd && now->count < best->count)) {
        memcpy(best->jobs, now->jobs, now->count * sizeof *now->jobs);
        best->count = now->count;
        best->loss_nanousd = now->loss_nanousd;
    }
    undo(search);
}

// One task: whom to stop on one node.
static void find_for_task(struct wf_preempt *search)
{
    struct wf_leaving best = {.loss_nanousd = search->best.loss_nanousd, .count = UINT32_MAX};
    uint32_t best_node = WF_NONE;
    for (uint32_t i = 0; i < search->domain_count; i++) {
        uint32_t node = search->domains[i].first;
        for (; node != WF_NONE; node = search->nodes[node].next) {
            struct wf_lack lack = wf_preempt_gather(search, node);
            if (wf_preempt_search_node(search, node, &lack, &best)) {
                best_node = node;
            }
        }
    }
    if (best_node != WF_NONE) {
        wf_preempt_gather(search, best_node);
        wf_preempt_settle(search, best.set);
        keep_best(search);
    }
}

static void find_for_gang(struct wf_preempt *search)
{
    for (uint32_t i = 0; i < search->domain_count; i++) {
        if (search->domains[i].room_most >= search->wish->tasks) {
            if (wf_preempt_gang(search, i)) {
                keep_best(search);
            }
            undo(search);
            for (uint32_t job = 0; job < search->lone.count; job++) {
                settle_job(search, search->lone.jobs[job]);
            }
            if (search->lone.count > 0) {
                keep_best(search);
            }
        }
    }
}

bool wf_preempt_find(struct wf_preempt *search, const struct wf_preempt_wish *wish,
                     const uint32_t **victims_out, uint32_t *count_out)
{
    WF_ASSERT(wish->tasks > 0 && wish->tasks <= WF_JOB_TASKS_MAX);
    *victims_out = search->best.jobs;
    *count_out = 0;
    if (wish->loss_max_nanousd <= 0) {
        return false;
    }
    search->wish = wish;
    look_at_nodes(search);
    if (search->domains_with_room > 0) {
        return true;
    }
    if (wish->tasks == 1) {
        find_for_task(search);
    } else {
        find_for_gang(search);
    }
    if (search->best.count == UINT32_MAX) {
        return false;
    }
    for (uint32_t i = 0; i < search->best.count; i++) {
        bool taken = wish->take(wish->context, search->best.jobs[i]);
        WF_ASSERT(taken); // as it was when all of them were taken before
    }
    *count_out = search->best.count;
    return true;
}
