// SPDX-License-Identifier: Apache-2.0
#include "core/place/move.h"

#include <string.h>

#include "base/hash.h"
#include "core/place/place.h"

enum {
    TABLE_SIZE = WF_MOVE_KINDS_MAX * 2,
    WORK_OF_A_CANDIDATE = 4, // beside the look itself
    ASKS_MIN = 2,
    MINUTES_PER_HOUR = 60,
};

// A running task that makes room when it goes.
struct candidate {
    int64_t cost_nanousd;
    int64_t score; // of the move, so far as it is known
    uint64_t job;
    uint32_t node, task;
    uint32_t placement; // WF_NONE: there is no candidate
};

// Candidates with one and the same request, so that one question finds a place for them all. The
// second is the best on any other node than the first's, in case the first's own node is the only
// place; inside is the best that finds a place beside the task it made room for.
struct kind {
    struct wf_request request;
    int64_t base;
    struct candidate first, second, inside;
};

struct wf_mover {
    struct wf_cluster *cluster;
    const struct wf_outlook *outlook;
    const struct wf_policy *policy;
    struct wf_ranking *ranking;
    uint32_t next_node; // where the next search starts

    struct kind kinds[WF_MOVE_KINDS_MAX];
    uint32_t kind_count;
    uint16_t table[TABLE_SIZE];        // hash of a request to its kind + 1
    uint16_t order[WF_MOVE_KINDS_MAX]; // the kinds, most promising first
};

// One search.
struct search {
    struct wf_mover *mover;
    const struct wf_move_wish *wish;
    int64_t base; // of the wish
    int64_t work;
};

struct wf_mover *wf_mover_create(struct wf_region *region, struct wf_cluster *cluster,
                                 const struct wf_outlook *outlook, const struct wf_policy *policy,
                                 struct wf_ranking *ranking)
{
    struct wf_mover *mover = wf_region_take(region, 1, sizeof *mover);
    if (mover) {
        mover->cluster = cluster;
        mover->outlook = outlook;
        mover->policy = policy;
        mover->ranking = ranking;
    }
    return mover;
}

void wf_mover_adopt(struct wf_mover *mover, const struct wf_policy *policy)
{
    mover->policy = policy;
}

int64_t wf_move_win_nanousd(const struct wf_request *request, uint32_t run_minutes,
                            int64_t value_nanousd_per_gpu_hour)
{
    uint32_t minutes = run_minutes > 0 ? run_minutes : MINUTES_PER_HOUR;
    wf_int128 win = (wf_int128)value_nanousd_per_gpu_hour * request->gpus * request->gpu_milli *
                    minutes / WF_GPU_MILLI / MINUTES_PER_HOUR;
    return win > INT64_MAX ? INT64_MAX : (int64_t)win;
}

static bool is_better(const struct candidate *a, const struct candidate *b)
{
    if (b->placement == WF_NONE) {
        return true;
    }
    if (a->cost_nanousd != b->cost_nanousd) {
        return a->cost_nanousd < b->cost_nanousd;
    }
    if (a->score != b->score) {
        return a->score > b->score;
    }
    if (a->node != b->node) {
        return a->node < b->node;
    }
    return a->job != b->job ? a->job < b->job : a->task < b->task;
}

static uint32_t first_slot(const struct wf_request *request)
{
    uint64_t hash = wf_hash_add(0, (uint64_t)request->cpu_milli << 32 | request->memory_mib);
    hash = wf_hash_add(hash, (uint64_t)request->gpus << 16 | request->gpu_milli);
    return (uint32_t)wf_hash_add(hash, request->models) % TABLE_SIZE;
}

// Returns the kind of the request, new if need be; NULL when there are too many.
static struct kind *find_kind(struct wf_mover *mover, const struct wf_request *request)
{
    uint32_t slot = first_slot(request);
    while (mover->table[slot] != 0) {
        struct kind *kind = &mover->kinds[mover->table[slot] - 1];
        if (wf_request_same(&kind->request, request)) {
            return kind;
        }
        slot = (slot + 1) % TABLE_SIZE;
    }
    if (mover->kind_count == WF_MOVE_KINDS_MAX) {
        return NULL;
    }
    const struct candidate none = {.placement = WF_NONE};
    struct kind *kind = &mover->kinds[mover->kind_count++];
    *kind = (struct kind){
        .request = *request,
        .base = wf_policy_request_base(mover->policy, mover->outlook, request),
        .first = none,
        .second = none,
        .inside = none,
    };
    mover->table[slot] = (uint16_t)mover->kind_count;
    return kind;
}

static void keep(struct kind *kind, const struct candidate *candidate, bool inside)
{
    if (is_better(candidate, &kind->first)) {
        if (kind->first.placement != WF_NONE && kind->first.node != candidate->node) {
            kind->second = kind->first;
        }
        kind->first = *candidate;
    } else if (candidate->node != kind->first.node && is_better(candidate, &kind->second)) {
        kind->second = *candidate;
    }
    if (inside && is_better(candidate, &kind->inside)) {
        kind->inside = *candidate;
    }
}

// The state of the node that a placed task leaves behind.
static struct wf_state state_without(const struct wf_cluster *cluster, uint32_t slot)
{
    const struct wf_placement *placement = &cluster->placements[slot];
    struct wf_state state = cluster->states[placement->node];
    struct wf_request taken = wf_placement_taken(placement);
    wf_state_give(&state, &taken, placement->gpu_set);
    uint32_t kind = wf_task_kind(&taken);
    if (taken.gpus > 0 && cluster->nodes[placement->node].kind_tasks[kind] == 1) {
        state.task_kinds &= ~(UINT32_C(1) << kind);
    }
    return state;
}

static void take(struct wf_state *state, const struct wf_request *served, uint32_t gpu)
{
    wf_state_take(state, served, wf_state_gpu_set(state, served, gpu));
    if (served->gpus > 0) {
        state->task_kinds |= UINT32_C(1) << wf_task_kind(served);
    }
}

static int64_t score(const struct wf_mover *mover, const struct wf_pool *pool,
                     const struct wf_state *state, const struct wf_request *served, int64_t base,
                     uint32_t *gpu_out)
{
    *gpu_out = 0;
    return mover->policy->score(mover->outlook, pool, state, served, gpu_out) +
           wf_policy_pool_score(mover->policy, mover->outlook, pool, served, base);
}

// Whether the request fits in the state once the task is gone.
static bool makes_room(const struct wf_state *state, const struct wf_placement *placement,
                       const struct wf_request *served)
{
    if ((uint64_t)state->cpu_free_milli + placement->cpu_milli < served->cpu_milli ||
        (uint64_t)state->memory_free_mib + placement->memory_mib < served->memory_mib) {
        return false;
    }
    uint32_t largest = state->share_free_milli;
    uint32_t whole = state->gpus_whole;
    for (uint32_t rest = placement->gpu_set; rest; rest &= rest - 1) {
        uint32_t free_milli =
            (uint32_t)state->gpu_free_milli[__builtin_ctz(rest)] + placement->gpu_milli;
        largest = free_milli > largest ? free_milli : largest;
        whole += free_milli == WF_GPU_MILLI;
    }
    return wf_request_is_share(served) ? largest >= served->gpu_milli : whole >= served->gpus;
}

// Keeps a task that makes room, with what is known of its move.
static void keep_task(struct search *search, const struct wf_pool *pool,
                      const struct wf_request *served, uint32_t slot)
{
    struct wf_mover *mover = search->mover;
    const struct wf_cluster *cluster = mover->cluster;
    const struct wf_placement *placement = &cluster->placements[slot];
    search->work -= WORK_OF_A_CANDIDATE;
    const struct wf_mobility *mobility = &cluster->mobility[placement->job];
    struct kind *kind = find_kind(mover, &mobility->request);
    if (!kind) {
        return;
    }
    struct wf_request moved = wf_pool_request(pool, &mobility->request);
    struct wf_state state = state_without(cluster, slot);
    uint32_t gpu;
    struct candidate candidate = {
        .cost_nanousd = mobility->cost_nanousd,
        .score = -score(mover, pool, &state, &moved, kind->base, &gpu),
        .job = cluster->jobs[placement->job].id.number,
        .node = placement->node,
        .task = placement->task,
        .placement = slot,
    };
    candidate.score += score(mover, pool, &state, served, search->base, &gpu);
    take(&state, served, gpu);
    keep(kind, &candidate, wf_state_fits(&state, &moved));
}

static void look_at_node(struct search *search, uint32_t index)
{
    const struct wf_cluster *cluster = search->mover->cluster;
    const struct wf_request *request = search->wish->request;
    const struct wf_node *node = &cluster->nodes[index];
    if (!node->up || node->closed || node->movable_tasks == 0 ||
        (node->spec.labels & request->labels) != request->labels ||
        node->spec.gpus < request->gpus) {
        return;
    }
    const struct wf_pool *pool = &cluster->pools[node->pool.index];
    if (!wf_pool_admits(pool, request)) {
        return;
    }
    struct wf_request served = wf_pool_request(pool, request);
    const struct wf_state *state = &cluster->states[index];
    for (uint32_t slot = node->first_placement; slot != WF_NONE;
         slot = cluster->placements[slot].next_on_node) {
        const struct wf_placement *placement = &cluster->placements[slot];
        search->work--;
        if (placement->movable && placement->job != search->wish->job &&
            makes_room(state, placement, &served) &&
            cluster->mobility[placement->job].cost_nanousd <= search->wish->cost_max_nanousd) {
            keep_task(search, pool, &served, slot);
        }
    }
}

static void look_at_nodes(struct search *search)
{
    struct wf_mover *mover = search->mover;
    uint32_t nodes = mover->cluster->nodes_end;
    uint32_t node = mover->next_node;
    for (uint32_t i = 0; i < nodes && search->work > 0; i++) {
        look_at_node(search, node);
        node = node + 1 < nodes ? node + 1 : 0;
    }
    mover->next_node = node;
}

static void sort_kinds(struct wf_mover *mover)
{
    for (uint32_t i = 0; i < mover->kind_count; i++) {
        uint32_t at = i;
        for (;
             at > 0 && is_better(&mover->kinds[i].first, &mover->kinds[mover->order[at - 1]].first);
             at--) {
            mover->order[at] = mover->order[at - 1];
        }
        mover->order[at] = (uint16_t)i;
    }
}

static void touch(const struct wf_mover *mover, uint32_t node)
{
    if (mover->ranking) {
        wf_ranking_touch(mover->ranking, node);
    }
}

// Where the task would go if the wish had its place. Prices stay as they are meanwhile.
static struct wf_choice find_place(struct search *search, const struct kind *kind,
                                   const struct candidate *candidate)
{
    struct wf_mover *mover = search->mover;
    struct wf_cluster *cluster = mover->cluster;
    struct wf_state *state = &cluster->states[candidate->node];
    struct wf_state before = *state;
    const struct wf_pool *pool = &cluster->pools[cluster->nodes[candidate->node].pool.index];
    struct wf_request served = wf_pool_request(pool, search->wish->request);
    uint32_t gpu;
    *state = state_without(cluster, candidate->placement);
    score(mover, pool, state, &served, search->base, &gpu);
    take(state, &served, gpu);
    touch(mover, candidate->node);
    struct wf_choice choice = mover->ranking
                                  ? wf_ranking_choose(mover->ranking, &kind->request)
                                  : wf_place_plain(mover->outlook, mover->policy, &kind->request);
    *state = before;
    touch(mover, candidate->node);
    return choice;
}

// Tries a candidate; a better one than the best so far takes its place. Returns whether it works.
static bool try(struct search *search, const struct kind *kind, const struct candidate *candidate,
                struct candidate *best, struct wf_move *move_out)
{
    if (candidate->placement == WF_NONE) {
        return false;
    }
    struct wf_choice choice = find_place(search, kind, candidate);
    if (choice.node == WF_NONE) {
        return false;
    }
    struct candidate whole = *candidate;
    whole.score += choice.score;
    if (is_better(&whole, best)) {
        *best = whole;
        *move_out = (struct wf_move){.placement = candidate->placement, .target = choice.node};
    }
    return true;
}

bool wf_mover_find(struct wf_mover *mover, const struct wf_move_wish *wish,
                   struct wf_move *move_out)
{
    struct search search = {
        .mover = mover,
        .wish = wish,
        .base = wf_policy_request_base(mover->policy, mover->outlook, wish->request),
        .work = WF_MOVE_WORK_MAX,
    };
    mover->kind_count = 0;
    memset(mover->table, 0, sizeof mover->table);
    look_at_nodes(&search);
    sort_kinds(mover);
    struct candidate best = {.placement = WF_NONE};
    uint32_t nodes = mover->cluster->nodes_end;
    uint32_t asks_max = nodes > 0 ? WF_MOVE_SCORES_MAX / nodes : 0;
    asks_max = asks_max > ASKS_MIN ? asks_max : ASKS_MIN;
    for (uint32_t i = 0; i < mover->kind_count && i < asks_max; i++) {
        const struct kind *kind = &mover->kinds[mover->order[i]];
        if (best.placement != WF_NONE && kind->first.cost_nanousd > best.cost_nanousd) {
            break;
        }
        if (!try(&search, kind, &kind->first, &best, move_out) &&
            !try(&search, kind, &kind->second, &best, move_out)) {
            try(&search, kind, &kind->inside, &best, move_out);
        }
    }
    return best.placement != WF_NONE;
}
