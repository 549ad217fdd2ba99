// SPDX-License-Identifier: Apache-2.0
#include "core/explain/remedy_search.h"

#include <string.h>

#include "base/assert.h"
#include "base/hash.h"
#include "core/explain/remedy.h"
#include "core/place/capacity.h"

// The kinds in the order in which the search branches: few possible steps first. Labels are apart,
// since sets of labels are not in a row; tasks follow from the capacity in the end.
static const enum wf_change_kind branch_order[] = {
    WF_CHANGE_PLACE, WF_CHANGE_MODELS, WF_CHANGE_GPUS, WF_CHANGE_CPU, WF_CHANGE_MEMORY,
};

struct search {
    const struct wf_cluster *cluster;
    const struct wf_job_spec *job;
    struct wf_remedy_scratch *scratch;
    uint32_t group_count;
    uint64_t labels;     // that some group lacks
    uint32_t models_max; // GPU models among the groups that the job does not accept
    uint64_t looks;      // done so far
    bool cut_short;

    enum wf_change_kind kinds[WF_COUNT_OF(branch_order)]; // of the set now tried
    uint32_t kind_count;
    bool with_tasks;
    bool found;
    struct wf_change best;
    uint64_t best_ppm;
};

uint32_t wf_remedy_place_level(struct wf_place pool, struct wf_place wanted)
{
    uint32_t level = 0;
    if (wanted.zone != WF_ANYWHERE && wanted.zone != pool.zone) {
        level = 1;
    }
    if (wanted.region != WF_ANYWHERE && wanted.region != pool.region) {
        level = 2;
    }
    if (wanted.site != WF_ANYWHERE && wanted.site != pool.site) {
        level = 3;
    }
    return level;
}

static uint64_t group_hash(const struct wf_remedy_group *group, const struct wf_cluster *cluster)
{
    const struct wf_state *state = &cluster->states[group->node];
    uint64_t hash = wf_hash_add(0, cluster->nodes[group->node].pool.index);
    hash = wf_hash_add(hash, group->labels_missing);
    hash = wf_hash_add(hash, (uint64_t)state->cpu_free_milli << 32 | state->memory_free_mib);
    for (uint32_t gpu = 0; gpu < state->gpus; gpu++) {
        hash = wf_hash_add(hash, state->gpu_free_milli[gpu]);
    }
    return hash;
}

static bool groups_alike(const struct wf_remedy_group *a, const struct wf_remedy_group *b,
                         const struct wf_cluster *cluster)
{
    const struct wf_state *state_a = &cluster->states[a->node];
    const struct wf_state *state_b = &cluster->states[b->node];
    return cluster->nodes[a->node].pool.index == cluster->nodes[b->node].pool.index &&
           a->labels_missing == b->labels_missing &&
           state_a->cpu_free_milli == state_b->cpu_free_milli &&
           state_a->memory_free_mib == state_b->memory_free_mib && state_a->gpus == state_b->gpus &&
           memcmp(state_a->gpu_free_milli, state_b->gpu_free_milli,
                  sizeof state_a->gpu_free_milli) == 0;
}

static void add_to_groups(struct search *search, struct wf_remedy_group group)
{
    struct wf_remedy_scratch *scratch = search->scratch;
    uint32_t *bucket =
        &scratch->buckets[group_hash(&group, search->cluster) & scratch->bucket_mask];
    for (uint32_t i = *bucket; i != WF_NONE; i = scratch->groups[i].next_in_bucket) {
        if (groups_alike(&scratch->groups[i], &group, search->cluster)) {
            scratch->groups[i].nodes++;
            return;
        }
    }
    group.next_in_bucket = *bucket;
    *bucket = search->group_count;
    scratch->groups[search->group_count++] = group;
}

// Nodes that no change of the kinds offered can make use of are left out.
static void make_groups(struct search *search, uint32_t kinds_offered)
{
    const struct wf_cluster *cluster = search->cluster;
    const struct wf_request *request = &search->job->request;
    uint64_t models = 0;
    for (uint32_t i = 0; i <= search->scratch->bucket_mask; i++) {
        search->scratch->buckets[i] = WF_NONE;
    }
    for (uint32_t i = 0; i < cluster->nodes_end; i++) {
        const struct wf_node *node = &cluster->nodes[i];
        if (!node->up || node->closed || (request->gpus > 0 && node->spec.gpus == 0)) {
            continue;
        }
        const struct wf_pool_spec *pool = &cluster->pools[node->pool.index].spec;
        struct wf_remedy_group group = {
            .node = i,
            .nodes = 1,
            .place_level = wf_remedy_place_level(pool->place, request->place),
            .labels_missing = request->labels & ~node->spec.labels,
        };
        if ((group.labels_missing && !(kinds_offered & WF_CHANGE_BIT(LABELS))) ||
            (group.place_level && !(kinds_offered & WF_CHANGE_BIT(PLACE)))) {
            continue;
        }
        search->labels |= group.labels_missing;
        models |= WF_MODEL_BIT(pool->model) & ~request->models;
        add_to_groups(search, group);
    }
    search->models_max = request->gpus > 0 ? (uint32_t)__builtin_popcountll(models) : 0;
}

// Adds the models that bring the most, each of them once, and notes which. Models hold their
// nodes apart from one another, so the best n of them are the n largest.
static uint64_t add_best_models(struct wf_change *change, uint64_t *by_model)
{
    uint64_t sum = 0;
    change->models_added = 0;
    for (uint32_t n = 0; n < change->steps[WF_CHANGE_MODELS]; n++) {
        uint32_t best = 0;
        for (uint32_t model = 1; model < WF_MODELS_MAX; model++) {
            best = by_model[model] > by_model[best] ? model : best;
        }
        if (by_model[best] == 0) {
            break;
        }
        sum += by_model[best];
        by_model[best] = 0;
        change->models_added |= WF_MODEL_BIT(best);
    }
    return sum;
}

// Returns how many of the tasks could start after the change; at most those the job asks for. Sets
// change->models_added to the best choice of as many models as its steps say.
static uint32_t tasks_after(struct search *search, struct wf_change *change)
{
    const struct wf_cluster *cluster = search->cluster;
    change->models_added = 0;
    struct wf_request request = wf_change_apply(search->job, change).request;
    uint32_t tasks = search->job->tasks;
    uint64_t sum = 0;
    uint64_t by_model[WF_MODELS_MAX] = {0};
    for (uint32_t i = 0; i < search->group_count && sum < tasks; i++) {
        const struct wf_remedy_group *group = &search->scratch->groups[i];
        search->looks++;
        if ((group->labels_missing & ~change->labels_dropped) != 0 ||
            group->place_level > change->steps[WF_CHANGE_PLACE]) {
            continue;
        }
        const struct wf_pool *pool = &cluster->pools[cluster->nodes[group->node].pool.index];
        struct wf_request served = wf_pool_request(pool, &request);
        uint64_t capacity =
            (uint64_t)wf_state_capacity(&cluster->states[group->node], &served) * group->nodes;
        if (request.gpus == 0 || (request.models & WF_MODEL_BIT(pool->spec.model)) != 0) {
            sum += capacity;
        } else {
            by_model[pool->spec.model] += capacity;
        }
    }
    if (sum < tasks && change->steps[WF_CHANGE_MODELS] > 0) {
        sum += add_best_models(change, by_model);
    }
    return sum < tasks ? (uint32_t)sum : tasks;
}

static uint32_t steps_max(const struct search *search, enum wf_change_kind kind)
{
    return kind == WF_CHANGE_MODELS ? search->models_max : wf_change_steps_max(search->job, kind);
}

// The largest amount below `amount` at which one more task would fit into what is free; 0: none.
static uint32_t amount_for_one_more(uint32_t free, uint32_t amount, uint32_t tasks)
{
    return free / amount >= tasks ? 0 : free / (free / amount + 1);
}

static uint32_t share_for_one_more(const struct wf_state *state, uint32_t slices, uint32_t milli)
{
    if (slices > 0) {
        // The end of the slice below, which is at most where the capacity grows next.
        return WF_GPU_MILLI * ((milli * slices - 1) / WF_GPU_MILLI) / slices;
    }
    uint32_t largest = 0;
    for (uint32_t gpu = 0; gpu < state->gpus; gpu++) {
        uint32_t share = amount_for_one_more(state->gpu_free_milli[gpu], milli, WF_GPU_MILLI + 1);
        largest = share > largest ? share : largest;
    }
    return largest;
}

// Returns the next step of an amount at which any node's capacity can grow, or one past the last.
static uint32_t next_amount(struct search *search, enum wf_change_kind kind, uint32_t asked,
                            uint32_t steps)
{
    const struct wf_cluster *cluster = search->cluster;
    uint32_t largest = 0;
    for (uint32_t i = 0; i < search->group_count; i++) {
        uint32_t node = search->scratch->groups[i].node;
        const struct wf_state *state = &cluster->states[node];
        uint32_t amount;
        if (kind == WF_CHANGE_GPUS) {
            uint32_t slices = cluster->pools[cluster->nodes[node].pool.index].spec.slices;
            amount = share_for_one_more(state, slices, asked - steps);
        } else {
            uint32_t free = kind == WF_CHANGE_CPU ? state->cpu_free_milli : state->memory_free_mib;
            amount = amount_for_one_more(free, asked - steps, search->job->tasks);
        }
        largest = amount > largest ? amount : largest;
    }
    search->looks += search->group_count;
    return asked - largest; // without a largest: asked, which is one past the last
}

// Between such steps nothing changes but the size, so only these are worth a look.
static uint32_t next_step(struct search *search, enum wf_change_kind kind, uint32_t steps)
{
    const struct wf_request *request = &search->job->request;
    if (kind == WF_CHANGE_CPU) {
        return next_amount(search, kind, request->cpu_milli, steps);
    }
    if (kind == WF_CHANGE_MEMORY) {
        return next_amount(search, kind, request->memory_mib, steps);
    }
    uint32_t whole = (uint32_t)request->gpus - 1;
    if (kind == WF_CHANGE_GPUS && steps >= whole) {
        return whole + next_amount(search, kind, request->gpu_milli, steps - whole);
    }
    return steps + 1;
}

static void note(struct search *search, struct wf_change *change)
{
    if (change->steps[WF_CHANGE_MODELS] > 0) {
        change->steps[WF_CHANGE_MODELS] = (uint32_t)__builtin_popcountll(change->models_added);
    }
    uint64_t ppm = wf_change_ppm(search->job, change);
    if (!search->found || ppm < search->best_ppm) {
        search->found = true;
        search->best = *change;
        search->best_ppm = ppm;
    }
}

// Notes the change if it lets the job start, with fewer tasks where the set of kinds has them.
static void note_if_starts(struct search *search, struct wf_change *change)
{
    uint32_t tasks = tasks_after(search, change);
    change->steps[WF_CHANGE_TASKS] = 0;
    if (tasks == search->job->tasks) {
        note(search, change);
    } else if (search->with_tasks && tasks > 0) {
        struct wf_change fewer = *change;
        fewer.steps[WF_CHANGE_TASKS] = search->job->tasks - tasks;
        note(search, &fewer);
    }
}

// Whether a change that is smaller than the best can still come of this one, which has the kind
// `at` at its fewest steps, when that kind takes up to high steps and those after it any number.
static bool may_improve(struct search *search, const struct wf_change *change, uint32_t at,
                        uint32_t high)
{
    uint64_t room_ppm = search->best_ppm - wf_change_ppm(search->job, change) - 1;
    struct wf_change most = *change;
    most.steps[search->kinds[at]] = high;
    for (uint32_t i = at + 1; i < search->kind_count; i++) {
        enum wf_change_kind kind = search->kinds[i];
        uint32_t within = wf_change_steps_within(search->job, kind, room_ppm);
        uint32_t most_steps = steps_max(search, kind);
        most.steps[kind] = within < most_steps ? within : most_steps;
    }
    uint32_t tasks = tasks_after(search, &most);
    if (tasks == search->job->tasks) {
        return true;
    }
    return search->with_tasks && tasks > 0 &&
           wf_change_step_ppm(search->job, WF_CHANGE_TASKS, search->job->tasks - tasks) <= room_ppm;
}

// Looks for the best change with low to high steps of the kind `at`; those before it are set.
static void branch(struct search *search, struct wf_change change, uint32_t at, uint32_t low,
                   uint32_t high)
{
    search->cut_short = search->cut_short || search->looks > WF_REMEDY_LOOKS_MAX;
    if (search->cut_short) {
        return;
    }
    if (at == search->kind_count) {
        note_if_starts(search, &change);
        return;
    }
    low = next_step(search, search->kinds[at], low - 1);
    if (low > high) {
        return;
    }
    change.steps[search->kinds[at]] = low;
    if (wf_change_ppm(search->job, &change) >= search->best_ppm ||
        !may_improve(search, &change, at, high)) {
        return;
    }
    if (low == high) {
        uint32_t next = at + 1;
        branch(search, change, next, 1,
               next < search->kind_count ? steps_max(search, search->kinds[next]) : 1);
        return;
    }
    uint32_t middle = low + (high - low) / 2;
    branch(search, change, at, low, middle);
    branch(search, change, at, middle + 1, high);
}

static void branch_from(struct search *search, const struct wf_change *change)
{
    branch(search, *change, 0, 1, search->kind_count > 0 ? steps_max(search, search->kinds[0]) : 1);
}

// Spreads the low bits of an index over the bits of a set: the n-th subset of a set of labels.
static uint64_t subset_of(uint64_t set, uint64_t index)
{
    uint64_t subset = 0;
    for (; index && set; set &= set - 1, index >>= 1) {
        subset |= (index & 1) ? set & -set : 0;
    }
    return subset;
}

// Whether to drop exactly these labels can be the least: they are a union of what groups lack.
static bool is_union_of_missing(struct search *search, uint64_t labels)
{
    uint64_t united = 0;
    for (uint32_t i = 0; i < search->group_count; i++) {
        uint64_t missing = search->scratch->groups[i].labels_missing;
        united |= (missing & ~labels) == 0 ? missing : 0;
    }
    search->looks += search->group_count;
    return united == labels;
}

static void branch_over_labels(struct search *search)
{
    uint32_t count = (uint32_t)__builtin_popcountll(search->labels);
    for (uint32_t dropped = 1; dropped <= count; dropped++) {
        uint64_t last = count < 64 ? UINT64_C(1) << count : 0;
        uint64_t index = dropped < 64 ? (UINT64_C(1) << dropped) - 1 : UINT64_MAX;
        while (last == 0 || index < last) {
            struct wf_change change = {.labels_dropped = subset_of(search->labels, index)};
            change.steps[WF_CHANGE_LABELS] = dropped;
            if (wf_change_ppm(search->job, &change) >= search->best_ppm || search->cut_short) {
                return;
            }
            if (is_union_of_missing(search, change.labels_dropped)) {
                branch_from(search, &change);
            }
            search->looks++;
            search->cut_short = search->looks > WF_REMEDY_LOOKS_MAX;
            // The next number with as many bits set (Gosper).
            uint64_t low = index & -index;
            uint64_t ripple = index + low;
            if (ripple == 0) {
                break;
            }
            index = ripple | (((index ^ ripple) >> 2) / low);
        }
    }
}

// Makes a set of kinds the one to try. Returns whether it helps when each goes as far as it can,
// and that change.
static bool try_kinds(struct search *search, uint32_t kinds, struct wf_change *most_out)
{
    *most_out = (struct wf_change){0};
    search->kind_count = 0;
    for (uint32_t i = 0; i < WF_COUNT_OF(branch_order); i++) {
        enum wf_change_kind kind = branch_order[i];
        if (kinds & (UINT32_C(1) << kind)) {
            search->kinds[search->kind_count++] = kind;
            most_out->steps[kind] = steps_max(search, kind);
        }
    }
    if (kinds & WF_CHANGE_BIT(LABELS)) {
        most_out->labels_dropped = search->labels;
        most_out->steps[WF_CHANGE_LABELS] = (uint32_t)__builtin_popcountll(search->labels);
    }
    search->with_tasks = (kinds & WF_CHANGE_BIT(TASKS)) != 0;
    for (uint32_t kind = 0; kind < WF_CHANGE_COUNT; kind++) {
        uint32_t steps = kind == WF_CHANGE_TASKS ? search->job->tasks - 1 : most_out->steps[kind];
        if ((kinds >> kind & 1) && steps == 0) {
            return false;
        }
    }
    uint32_t tasks = tasks_after(search, most_out);
    if (search->with_tasks) {
        most_out->steps[WF_CHANGE_TASKS] = search->job->tasks - tasks;
        return tasks > 0;
    }
    return tasks == search->job->tasks;
}

static void search_kinds(struct search *search, uint32_t kinds)
{
    struct wf_change most;
    if (!try_kinds(search, kinds, &most)) {
        return;
    }
    note(search, &most);
    if (kinds & WF_CHANGE_BIT(LABELS)) {
        branch_over_labels(search);
    } else {
        branch_from(search, &(struct wf_change){0});
    }
}

bool wf_remedy_search(const struct wf_cluster *cluster, const struct wf_job_spec *job,
                      uint32_t kinds_offered, struct wf_remedy_scratch *scratch,
                      struct wf_change *change_out, bool *exact_out)
{
    struct search search = {.cluster = cluster, .job = job, .scratch = scratch};
    make_groups(&search, kinds_offered);
    for (uint32_t count = 0; count <= WF_CHANGE_COUNT && !search.found; count++) {
        for (uint32_t kinds = 0; kinds <= WF_CHANGE_ALL; kinds++) {
            if ((uint32_t)__builtin_popcount(kinds) == count && (kinds & ~kinds_offered) == 0) {
                search_kinds(&search, kinds);
            }
        }
    }
    *change_out = search.best;
    *exact_out = !search.cut_short;
    return search.found;
}
