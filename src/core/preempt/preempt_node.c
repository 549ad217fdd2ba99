// SPDX-License-Identifier: Apache-2.0
#include "core/preempt/preempt_node.h"

#include "base/assert.h"

// What may be missing besides whole GPUs: a share of one GPU, CPU and memory.
enum { SHARE, CPU, MEMORY, AMOUNTS };

struct search {
    const struct wf_leavers *leavers;
    const struct wf_preempt_wish *wish;
    struct wf_leaving *best;
    bool found;
    uint32_t looks_left;
    uint32_t share_gpu; // where the share must be
    // Whole GPUs: those that can become free, the cheapest first.
    uint32_t gpus_whole;
    uint32_t gpu_count;
    uint64_t gpu_leavers[WF_NODE_GPUS_MAX]; // who must leave
    int64_t part[WF_PREEMPT_NODE_JOBS_MAX]; // a leaver's loss, divided among its GPUs
    // Amounts: those who have some of what is missing, the cheapest for the leading amount first.
    uint32_t lead;
    int64_t lead_missing; // at first
    uint32_t order_count;
    uint8_t order[WF_PREEMPT_NODE_JOBS_MAX];
    int64_t rest[WF_PREEMPT_NODE_JOBS_MAX + 1][AMOUNTS]; // what these and all after them have
};

struct wf_lack wf_lack_of(const struct wf_state *state, const struct wf_request *served,
                          uint32_t tasks)
{
    struct wf_lack lack = {
        .served = *served,
        .cpu_milli = (int64_t)tasks * served->cpu_milli - state->cpu_free_milli,
        .memory_mib = (int64_t)tasks * served->memory_mib - state->memory_free_mib,
    };
    if (wf_request_is_share(served)) {
        uint32_t shares = 0;
        for (uint32_t gpu = 0; gpu < state->gpus; gpu++) {
            shares += (uint32_t)state->gpu_free_milli[gpu] / served->gpu_milli;
        }
        lack.share = shares < tasks;
    } else if (tasks * served->gpus > state->gpus_whole) {
        lack.gpus_whole = tasks * served->gpus - state->gpus_whole;
    }
    return lack;
}

static bool goes_before(const struct wf_leaver *a, const struct wf_leaver *b)
{
    return a->loss_nanousd != b->loss_nanousd ? a->loss_nanousd < b->loss_nanousd : a->id < b->id;
}

// Returns the leaver for the job, new if need be; NULL when there are cheaper ones enough.
static struct wf_leaver *find_leaver(struct wf_leavers *leavers, const struct wf_leaver *wanted)
{
    struct wf_leaver *last = &leavers->list[0];
    for (uint32_t i = 0; i < leavers->count; i++) {
        struct wf_leaver *at = &leavers->list[i];
        if (at->job == wanted->job) {
            return at;
        }
        last = goes_before(last, at) ? at : last;
    }
    if (leavers->count < WF_PREEMPT_NODE_JOBS_MAX) {
        last = &leavers->list[leavers->count++];
    } else if (!goes_before(wanted, last)) {
        return NULL;
    }
    // Whoever makes way here is never let in again: the last of the list only gets cheaper.
    *last = *wanted;
    return last;
}

void wf_leavers_add(struct wf_leavers *leavers, const struct wf_lack *lack,
                    const struct wf_placement *task, uint64_t id, int64_t loss_nanousd)
{
    bool helps = (task->gpu_set != 0 && (lack->gpus_whole > 0 || lack->share)) ||
                 (task->cpu_milli > 0 && lack->cpu_milli > 0) ||
                 (task->memory_mib > 0 && lack->memory_mib > 0);
    if (!helps) {
        return;
    }
    const struct wf_leaver wanted = {.job = task->job, .id = id, .loss_nanousd = loss_nanousd};
    struct wf_leaver *leaver = find_leaver(leavers, &wanted);
    if (!leaver) {
        return;
    }
    leaver->cpu_milli += task->cpu_milli;
    leaver->memory_mib += task->memory_mib;
    leaver->gpu_set |= task->gpu_set;
    for (uint32_t rest = task->gpu_set; rest; rest &= rest - 1) {
        uint16_t *milli = &leaver->gpu_milli[__builtin_ctz(rest)];
        *milli = (uint16_t)(*milli + task->gpu_milli);
    }
}

void wf_leavers_sort(struct wf_leavers *leavers)
{
    for (uint32_t i = 1; i < leavers->count; i++) {
        uint32_t to = i;
        while (to > 0 && goes_before(&leavers->list[i], &leavers->list[to - 1])) {
            to--;
        }
        if (to < i) {
            struct wf_leaver moved = leavers->list[i];
            for (uint32_t at = i; at > to; at--) {
                leavers->list[at] = leavers->list[at - 1];
            }
            leavers->list[to] = moved;
        }
    }
}

bool wf_leavers_take(const struct wf_leavers *leavers, uint64_t set,
                     const struct wf_preempt_wish *wish)
{
    for (uint64_t rest = set; rest; rest &= rest - 1) {
        if (!wish->take(wish->context, leavers->list[__builtin_ctzll(rest)].job)) {
            wf_leavers_give(leavers, set & ~rest, wish);
            return false;
        }
    }
    return true;
}

void wf_leavers_give(const struct wf_leavers *leavers, uint64_t set,
                     const struct wf_preempt_wish *wish)
{
    for (uint64_t rest = set; rest; rest &= rest - 1) {
        wish->give(wish->context, leavers->list[__builtin_ctzll(rest)].job);
    }
}

static void free_leaver(const struct wf_leaver *leaver, struct wf_state *state)
{
    struct wf_request given = {.cpu_milli = leaver->cpu_milli, .memory_mib = leaver->memory_mib};
    uint32_t rest = leaver->gpu_set;
    do { // at once for all GPUs of which it has as much
        uint32_t alike = 0;
        given.gpu_milli = rest ? leaver->gpu_milli[__builtin_ctz(rest)] : 0;
        for (uint32_t gpus = rest; gpus; gpus &= gpus - 1) {
            bool same = leaver->gpu_milli[__builtin_ctz(gpus)] == given.gpu_milli;
            alike |= same ? gpus & -gpus : 0;
        }
        wf_state_give(state, &given, alike);
        given = (struct wf_request){0};
        rest &= ~alike;
    } while (rest);
}

void wf_leavers_free(const struct wf_leavers *leavers, uint64_t set, struct wf_state *state)
{
    for (uint64_t rest = set; rest; rest &= rest - 1) {
        free_leaver(&leavers->list[__builtin_ctzll(rest)], state);
    }
}

static bool is_better(int64_t loss_nanousd, uint32_t count, const struct wf_leaving *best)
{
    return loss_nanousd != best->loss_nanousd ? loss_nanousd < best->loss_nanousd
                                              : count < best->count;
}

// Whether what so far leaves, and at least one more with at least that loss, may be the best.
static bool may_be_best(const struct search *search, const struct wf_leaving *so_far,
                        wf_int128 more)
{
    wf_int128 loss = more + so_far->loss_nanousd;
    return loss <= search->best->loss_nanousd &&
           is_better((int64_t)loss, so_far->count + 1, search->best);
}

// Lets more leave, unless that is no better than the best or one of them may not be stopped.
static bool leave(const struct search *search, struct wf_leaving *at, uint64_t more)
{
    struct wf_leaving next = {at->set | more, at->loss_nanousd, at->count};
    for (uint64_t rest = more; rest; rest &= rest - 1) {
        int64_t loss = search->leavers->list[__builtin_ctzll(rest)].loss_nanousd;
        if (loss > search->best->loss_nanousd - next.loss_nanousd) {
            return false;
        }
        next.loss_nanousd += loss;
        next.count++;
    }
    if (!is_better(next.loss_nanousd, next.count, search->best) ||
        !wf_leavers_take(search->leavers, more, search->wish)) {
        return false;
    }
    *at = next;
    return true;
}

static bool has_look(struct search *search)
{
    if (search->looks_left == 0) {
        return false;
    }
    search->looks_left--;
    return true;
}

static int64_t amount_of(const struct search *search, const struct wf_leaver *leaver,
                         uint32_t amount)
{
    switch (amount) {
    case SHARE:
        return leaver->gpu_milli[search->share_gpu];
    case CPU:
        return leaver->cpu_milli;
    default:
        return leaver->memory_mib;
    }
}

// What a leaver has of the leading amount; more than is missing is of no use.
static int64_t lead_of(const struct search *search, uint32_t leaver)
{
    int64_t amount = amount_of(search, &search->leavers->list[leaver], search->lead);
    return amount < search->lead_missing ? amount : search->lead_missing;
}

struct amounts {
    int64_t missing[AMOUNTS];
};

static void fill_from(struct search *search, struct wf_leaving at, uint32_t first,
                      const struct amounts *amounts);

// Tries the leaver in this place of the order; the rest can bring what is missing.
static void fill_with(struct search *search, struct wf_leaving at, uint32_t place,
                      const struct amounts *amounts)
{
    const struct wf_leaver *leaver = &search->leavers->list[search->order[place]];
    struct amounts next = *amounts;
    bool helps = false;
    for (uint32_t i = 0; i < AMOUNTS; i++) {
        int64_t amount = amount_of(search, leaver, i);
        helps = helps || (amount > 0 && amounts->missing[i] > 0);
        next.missing[i] -= amount;
    }
    uint64_t bit = UINT64_C(1) << search->order[place];
    if (helps && leave(search, &at, bit)) {
        fill_from(search, at, place + 1, &next);
        wf_leavers_give(search->leavers, bit, search->wish);
    }
}

// Looks for those who have what is missing, from this place of the order on.
static void fill_from(struct search *search, struct wf_leaving at, uint32_t first,
                      const struct amounts *amounts)
{
    const int64_t *missing = amounts->missing;
    if (missing[SHARE] <= 0 && missing[CPU] <= 0 && missing[MEMORY] <= 0) {
        *search->best = at;
        search->found = true;
        return;
    }
    if (!has_look(search)) {
        return;
    }
    for (uint32_t i = first; i < search->order_count; i++) {
        const int64_t *rest = search->rest[i];
        if (rest[SHARE] < missing[SHARE] || rest[CPU] < missing[CPU] ||
            rest[MEMORY] < missing[MEMORY]) {
            return;
        }
        // No other from here on has the leading amount cheaper than this one.
        wf_int128 more = 0;
        if (missing[search->lead] > 0) {
            int64_t amount = lead_of(search, search->order[i]);
            int64_t loss = search->leavers->list[search->order[i]].loss_nanousd;
            more = (wf_int128)loss * missing[search->lead] / amount;
        }
        if (search->looks_left == 0 || !may_be_best(search, &at, more)) {
            return;
        }
        fill_with(search, at, i, amounts);
    }
}

static bool is_cheaper_lead(const struct search *search, uint32_t a, uint32_t b)
{
    wf_int128 left = (wf_int128)search->leavers->list[a].loss_nanousd * lead_of(search, b);
    wf_int128 right = (wf_int128)search->leavers->list[b].loss_nanousd * lead_of(search, a);
    if (left != right) {
        return left < right;
    }
    // Without loss, or without any of the leading amount, products tell nothing.
    int64_t lead_a = lead_of(search, a);
    int64_t lead_b = lead_of(search, b);
    return lead_a != lead_b ? lead_a > lead_b : a < b;
}

// Orders those who have not left by what the leading amount costs with them.
static void order_leavers(struct search *search, uint64_t left, const struct amounts *amounts)
{
    search->lead = amounts->missing[SHARE] > 0 ? SHARE : amounts->missing[CPU] > 0 ? CPU : MEMORY;
    search->lead_missing = amounts->missing[search->lead];
    search->order_count = 0;
    for (uint32_t i = 0; i < search->leavers->count; i++) {
        if (left >> i & 1) {
            continue;
        }
        uint32_t to = search->order_count++;
        for (; to > 0 && is_cheaper_lead(search, i, search->order[to - 1]); to--) {
            search->order[to] = search->order[to - 1];
        }
        search->order[to] = (uint8_t)i;
    }
    for (uint32_t amount = 0; amount < AMOUNTS; amount++) {
        search->rest[search->order_count][amount] = 0;
        for (uint32_t i = search->order_count; i-- > 0;) {
            const struct wf_leaver *leaver = &search->leavers->list[search->order[i]];
            search->rest[i][amount] =
                search->rest[i + 1][amount] + amount_of(search, leaver, amount);
        }
    }
}

// The GPUs are there. Looks for the other amounts.
static void fill(struct search *search, struct wf_leaving at, const struct amounts *wanted)
{
    struct amounts amounts = *wanted;
    for (uint64_t rest = at.set; rest; rest &= rest - 1) {
        const struct wf_leaver *leaver = &search->leavers->list[__builtin_ctzll(rest)];
        for (uint32_t i = 0; i < AMOUNTS; i++) {
            amounts.missing[i] -= amount_of(search, leaver, i);
        }
    }
    if (amounts.missing[SHARE] > 0 || amounts.missing[CPU] > 0 || amounts.missing[MEMORY] > 0) {
        order_leavers(search, at.set, &amounts);
    }
    fill_from(search, at, 0, &amounts);
}

static uint32_t cleared(const struct search *search, uint64_t set)
{
    uint32_t count = 0;
    for (uint32_t i = 0; i < search->gpu_count; i++) {
        count += (search->gpu_leavers[i] & ~set) == 0;
    }
    return count;
}

// Returns what at least is lost for each further GPU from the one numbered first on. A leaver's
// loss is counted in equal parts on each of its GPUs, so that no part is counted twice.
static wf_int128 least_part(const struct search *search, uint64_t set, uint32_t first)
{
    wf_int128 least = INT64_MAX;
    for (uint32_t i = first; i < search->gpu_count; i++) {
        uint64_t stay = search->gpu_leavers[i] & ~set;
        wf_int128 sum = 0;
        for (uint64_t rest = stay; rest; rest &= rest - 1) {
            sum += search->part[__builtin_ctzll(rest)];
        }
        least = stay && sum < least ? sum : least;
    }
    return least;
}

// Looks for the GPUs to clear from the one numbered first on, then for the other amounts.
static void clear_from(struct search *search, struct wf_leaving at, uint32_t first,
                       const struct amounts *amounts)
{
    uint32_t count = cleared(search, at.set);
    if (count >= search->gpus_whole) {
        fill(search, at, amounts);
        return;
    }
    if (!has_look(search)) {
        return;
    }
    wf_int128 more = least_part(search, at.set, first) * (search->gpus_whole - count);
    for (uint32_t i = first; i < search->gpu_count; i++) {
        uint64_t stay = search->gpu_leavers[i] & ~at.set;
        if (search->looks_left == 0 || !may_be_best(search, &at, more)) {
            return;
        }
        struct wf_leaving next = at;
        if (stay && leave(search, &next, stay)) {
            clear_from(search, next, i + 1, amounts);
            wf_leavers_give(search->leavers, stay, search->wish);
        }
    }
}

static bool is_first_gpu(wf_int128 cost, uint64_t leavers, wf_int128 other_cost,
                         uint64_t other_leavers)
{
    return cost != other_cost ? cost < other_cost
                              : __builtin_ctzll(leavers) < __builtin_ctzll(other_leavers);
}

// Lists the GPUs that become free when their leavers leave, those first whose leaving costs least.
static void list_gpus(struct search *search, const struct wf_state *state)
{
    const struct wf_leavers *leavers = search->leavers;
    wf_int128 costs[WF_NODE_GPUS_MAX];
    for (uint32_t i = 0; i < leavers->count; i++) {
        int gpus = __builtin_popcount(leavers->list[i].gpu_set);
        search->part[i] = gpus > 0 ? leavers->list[i].loss_nanousd / gpus : 0;
    }
    for (uint32_t gpu = 0; gpu < state->gpus; gpu++) {
        uint32_t milli = state->gpu_free_milli[gpu];
        uint64_t set = 0;
        wf_int128 cost = 0;
        for (uint32_t i = 0; i < leavers->count; i++) {
            if (leavers->list[i].gpu_milli[gpu] > 0) {
                milli += leavers->list[i].gpu_milli[gpu];
                set |= UINT64_C(1) << i;
                cost += search->part[i];
            }
        }
        if (set == 0 || milli < WF_GPU_MILLI) {
            continue;
        }
        uint32_t to = search->gpu_count++;
        for (; to > 0 && is_first_gpu(cost, set, costs[to - 1], search->gpu_leavers[to - 1]);
             to--) {
            search->gpu_leavers[to] = search->gpu_leavers[to - 1];
            costs[to] = costs[to - 1];
        }
        search->gpu_leavers[to] = set;
        costs[to] = cost;
    }
}

// Tries every GPU for one more share.
static void find_share(struct search *search, const struct wf_lack *lack,
                       const struct wf_state *state, const struct amounts *amounts)
{
    uint32_t share = lack->served.gpu_milli;
    for (uint32_t gpu = 0; gpu < state->gpus; gpu++) {
        struct amounts with_share = *amounts;
        with_share.missing[SHARE] = share - state->gpu_free_milli[gpu] % share;
        search->share_gpu = gpu;
        fill(search, (struct wf_leaving){0}, &with_share);
    }
}

bool wf_leavers_search(const struct wf_leavers *leavers, const struct wf_lack *lack,
                       const struct wf_state *state, const struct wf_preempt_wish *wish,
                       uint32_t *looks_left, struct wf_leaving *best)
{
    WF_ASSERT(lack->cpu_milli > 0 || lack->memory_mib > 0 || lack->gpus_whole > 0 || lack->share);
    struct search search = {
        .leavers = leavers,
        .wish = wish,
        .best = best,
        .looks_left = *looks_left,
        .gpus_whole = lack->gpus_whole,
    };
    const struct amounts amounts = {
        .missing = {[CPU] = lack->cpu_milli, [MEMORY] = lack->memory_mib},
    };
    const struct wf_leaving none = {0};
    if (leavers->count == 0 || !may_be_best(&search, &none, leavers->list[0].loss_nanousd)) {
        return false;
    }
    if (lack->share) {
        find_share(&search, lack, state, &amounts);
    } else {
        list_gpus(&search, state);
        clear_from(&search, none, 0, &amounts);
    }
    *looks_left = search.looks_left;
    return search.found;
}
