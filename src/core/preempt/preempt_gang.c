// SPDX-License-Identifier: Apache-2.0
#include "core/preempt/preempt_search.h"

#include "core/place/capacity.h"

// What a choice on one node costs of WF_PREEMPT_LOOKS_MAX, beside its search.
enum { CHOICE_LOOKS = 8 };

// Some of a node's leavers, and the tasks that can start when they leave.
struct option {
    uint64_t set;
    uint64_t gain;
    int64_t loss_per_task;
};

static bool goes_before(const struct wf_preempt *search, uint32_t a, uint32_t b)
{
    int64_t loss_a = search->nodes[a].loss_nanousd;
    int64_t loss_b = search->nodes[b].loss_nanousd;
    return loss_a != loss_b ? loss_a < loss_b : a < b;
}

static void put(struct wf_preempt *search, uint32_t place, uint32_t node)
{
    search->heap[place] = node;
    search->nodes[node].place = place;
}

static void move_up(struct wf_preempt *search, uint32_t node)
{
    uint32_t place = search->nodes[node].place;
    while (place > 0 && goes_before(search, node, search->heap[(place - 1) / 2])) {
        put(search, place, search->heap[(place - 1) / 2]);
        place = (place - 1) / 2;
    }
    put(search, place, node);
}

static void move_down(struct wf_preempt *search, uint32_t node)
{
    uint32_t place = search->nodes[node].place;
    uint32_t child;
    while ((child = 2 * place + 1) < search->heap_count) {
        child += child + 1 < search->heap_count &&
                 goes_before(search, search->heap[child + 1], search->heap[child]);
        if (!goes_before(search, search->heap[child], node)) {
            break;
        }
        put(search, place, search->heap[child]);
        place = child;
    }
    put(search, place, node);
}

static void remove_node(struct wf_preempt *search, uint32_t node)
{
    uint32_t place = search->nodes[node].place;
    uint32_t last = search->heap[--search->heap_count];
    search->nodes[node].place = WF_NONE;
    if (last != node) {
        put(search, place, last);
        move_up(search, last);
        move_down(search, last);
    }
}

static uint32_t tasks_of(const struct wf_preempt *search, uint32_t job)
{
    uint32_t count = 0;
    uint32_t slot = search->cluster->jobs[job].first_placement;
    for (; slot != WF_NONE; slot = search->cluster->placements[slot].next_of_job) {
        count++;
    }
    return count;
}

static bool is_on_one_node(const struct wf_preempt *search, uint32_t job)
{
    const struct wf_placement *placements = search->cluster->placements;
    uint32_t first = search->cluster->jobs[job].first_placement;
    uint32_t slot = first;
    while (slot != WF_NONE && placements[slot].node == placements[first].node) {
        slot = placements[slot].next_of_job;
    }
    return slot == WF_NONE;
}

// Returns how many tasks can start in the domain when this job leaves; 0 when that would be too
// much to look at.
static uint64_t gain_alone(struct wf_preempt *search, uint32_t slot, uint32_t domain)
{
    struct wf_preempt_job *job = &search->jobs[slot];
    if (job->gain_round != search->round) {
        uint32_t tasks = tasks_of(search, slot);
        if (tasks > search->tasks_left) {
            return 0;
        }
        search->tasks_left -= tasks;
        uint64_t before = search->domains[domain].room;
        wf_preempt_leave(search, slot);
        uint64_t gain = search->domains[domain].room - before;
        wf_preempt_return(search, slot);
        job->gain = gain > UINT32_MAX ? UINT32_MAX : (uint32_t)gain;
        job->gain_round = search->round;
    }
    return job->gain;
}

// Returns how many more tasks can start on the node when a set of its leavers leaves.
static uint64_t gain_here(const struct wf_preempt *search, uint32_t node,
                          const struct wf_request *served, uint64_t set)
{
    struct wf_state state = search->states[node];
    wf_leavers_free(&search->leavers, set, &state);
    return wf_state_capacity(&state, served) - search->nodes[node].room;
}

// Returns how many tasks can start in the domain when a set of the node's leavers leaves: what they
// gain together here and each alone elsewhere. That may be too many when several of them run
// elsewhere, where they may be in each other's way: *sure_out tells.
static uint64_t gain_of(struct wf_preempt *search, uint32_t node, const struct wf_request *served,
                        uint64_t set, bool *sure_out)
{
    uint64_t gain = gain_here(search, node, served, set);
    uint32_t elsewhere = 0;
    for (uint64_t rest = set; rest; rest &= rest - 1) {
        uint32_t job = search->leavers.list[__builtin_ctzll(rest)].job;
        if (!is_on_one_node(search, job)) {
            uint64_t alone = gain_alone(search, job, search->nodes[node].domain);
            uint64_t here = gain_here(search, node, served, rest & -rest);
            gain += alone > here ? alone - here : 0;
            elsewhere++;
        }
    }
    *sure_out = elsewhere <= 1;
    return gain;
}

// Keeps the set as an answer by itself if it is the cheapest of those.
static void keep_lone(struct wf_preempt *search, const struct wf_leaving *leaving)
{
    struct wf_preempt_answer *lone = &search->lone;
    if (lone->count > 0 && leaving->loss_nanousd >= lone->loss_nanousd) {
        return;
    }
    lone->count = 0;
    lone->loss_nanousd = leaving->loss_nanousd;
    for (uint64_t rest = leaving->set; rest; rest &= rest - 1) {
        lone->jobs[lone->count++] = search->leavers.list[__builtin_ctzll(rest)].job;
    }
}

// Makes the set the option for the node if its loss per task is the least so far.
static void consider(struct wf_preempt *search, uint32_t node, const struct wf_request *served,
                     const struct wf_leaving *leaving, struct option *best)
{
    uint64_t missing = search->wish->tasks - search->domains[search->nodes[node].domain].room;
    bool sure;
    uint64_t gain = gain_of(search, node, served, leaving->set, &sure);
    if (gain == 0) {
        return;
    }
    if (gain >= missing) {
        gain = missing;
        if (sure && search->now.count == 0) {
            keep_lone(search, leaving);
        }
    }
    int64_t loss_per_task = leaving->loss_nanousd / (int64_t)gain;
    if (loss_per_task < best->loss_per_task ||
        (loss_per_task == best->loss_per_task && gain > best->gain)) {
        *best = (struct option){leaving->set, gain, loss_per_task};
    }
}

// Considers a set that nobody has asked about so far.
static void consider_unasked(struct wf_preempt *search, uint32_t node,
                             const struct wf_request *served, uint64_t set, struct option *best)
{
    struct wf_leaving leaving = {.set = set};
    for (uint64_t rest = set; rest; rest &= rest - 1) {
        int64_t loss = search->leavers.list[__builtin_ctzll(rest)].loss_nanousd;
        if (loss > INT64_MAX - search->now.loss_nanousd - leaving.loss_nanousd) {
            return;
        }
        leaving.loss_nanousd += loss;
    }
    if (wf_leavers_take(&search->leavers, set, search->wish)) {
        wf_leavers_give(&search->leavers, set, search->wish);
        consider(search, node, served, &leaving, best);
    }
}

// Finds who should leave the node next, if anybody: the cheapest set for one more task, a single
// job, or all of them.
static bool choose(struct wf_preempt *search, uint32_t node, struct option *best)
{
    *best = (struct option){.loss_per_task = INT64_MAX};
    if (search->nodes[node].room >= search->nodes[node].room_most) {
        return false;
    }
    struct wf_lack lack = wf_preempt_gather(search, node);
    uint32_t count = search->leavers.count;
    uint32_t looks = CHOICE_LOOKS + count;
    search->looks_left -= looks < search->looks_left ? looks : search->looks_left;
    struct wf_leaving one = {.loss_nanousd = INT64_MAX - search->now.loss_nanousd,
                             .count = UINT32_MAX};
    if (!wf_preempt_search_node(search, node, &lack, &one)) {
        return false;
    }
    consider(search, node, &lack.served, &one, best);
    uint64_t all = 0;
    for (uint32_t i = 0; i < count; i++) {
        uint64_t bit = UINT64_C(1) << i;
        all |= bit;
        if (bit != one.set) {
            consider_unasked(search, node, &lack.served, bit, best);
        }
    }
    if (count > 1 && all != one.set) {
        consider_unasked(search, node, &lack.served, all, best);
    }
    return best->set != 0;
}

// Puts the node where it belongs in the heap, by whoever should leave it next.
static void update(struct wf_preempt *search, uint32_t node)
{
    struct wf_preempt_node *at = &search->nodes[node];
    struct option option;
    if (!choose(search, node, &option)) {
        if (at->place != WF_NONE) {
            remove_node(search, node);
        }
        return;
    }
    if (at->place == WF_NONE) {
        put(search, search->heap_count++, node);
    }
    at->loss_nanousd = option.loss_per_task;
    move_up(search, node);
    move_down(search, node);
}

// A victim has left: others on its nodes gain something else now.
static void forget_gains(struct wf_preempt *search, uint32_t node)
{
    const struct wf_cluster *cluster = search->cluster;
    uint32_t slot = cluster->nodes[node].first_placement;
    for (; slot != WF_NONE; slot = cluster->placements[slot].next_on_node) {
        search->jobs[cluster->placements[slot].job].gain_round = 0;
    }
}

// Looks anew at the nodes in the domain that the last victims, from `first` on, have left.
static void update_nodes_left(struct wf_preempt *search, uint32_t domain, uint32_t first)
{
    const struct wf_placement *placements = search->cluster->placements;
    for (uint32_t pass = 0; pass < 2; pass++) {
        for (uint32_t i = first; i < search->now.count; i++) {
            uint32_t slot = search->cluster->jobs[search->now.jobs[i]].first_placement;
            for (; slot != WF_NONE; slot = placements[slot].next_of_job) {
                uint32_t node = placements[slot].node;
                struct wf_preempt_node *at = &search->nodes[node];
                if (at->domain == domain && at->is_left != (pass == 0)) {
                    at->is_left = pass == 0;
                    if (pass == 0) {
                        forget_gains(search, node);
                    } else {
                        update(search, node);
                    }
                }
            }
        }
    }
}

bool wf_preempt_gang(struct wf_preempt *search, uint32_t domain)
{
    search->round++;
    search->heap_count = 0;
    search->lone.count = 0;
    uint32_t node = search->domains[domain].first;
    for (; node != WF_NONE; node = search->nodes[node].next) {
        update(search, node);
    }
    while (search->heap_count > 0) {
        node = search->heap[0];
        struct option option;
        if (!choose(search, node, &option)) {
            remove_node(search, node);
        } else if (option.loss_per_task > search->nodes[node].loss_nanousd &&
                   search->looks_left > 0) {
            search->nodes[node].loss_nanousd = option.loss_per_task;
            move_down(search, node);
        } else {
            uint32_t first = search->now.count;
            wf_preempt_settle(search, option.set);
            if (search->domains[domain].room >= search->wish->tasks) {
                return true;
            }
            update_nodes_left(search, domain, first);
        }
    }
    return false;
}
