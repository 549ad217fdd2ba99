// SPDX-License-Identifier: Apache-2.0
#include "core/future/opening.h"

#include "base/assert.h"

enum {
    KEYS = 65536, // zones, pools and groups have 16 bits at most
};
_Static_assert(WF_POOLS_MAX <= KEYS, "a pool is a key");

// From a time on, so many tasks more (fewer, below zero).
struct step {
    int64_t at_ms;
    int32_t tasks;
    uint32_t low; // while a node's steps are made: what it takes from then on for good
};

// Nodes that may serve the wish, in the order of their ids.
struct group {
    uint32_t first, last;
};

struct wf_opening_finder {
    const struct wf_timeline *timeline;
    const struct wf_opening_wish *wish;

    struct group groups[KEYS]; // by key; empty between searches
    uint16_t keys[KEYS];       // of the groups that are not empty
    uint32_t key_count;
    uint32_t *next_in_group;        // by node
    uint16_t zone_of[WF_POOLS_MAX]; // lowest pool in the same zone

    // A request as the pool asked for last serves it.
    uint32_t served_pool;
    struct wf_request served;

    // The earliest room for the tasks among what grows for good: a heap, the latest on top, of just
    // as many steps as it takes.
    struct step lasting[WF_JOB_TASKS_MAX + 1];
    uint32_t lasting_count;
    uint32_t lasting_tasks;
    int64_t limit_ms; // openings from here on are not better than what is known

    struct step *passing; // what is there only until a booking needs it
    uint32_t passing_count, passing_max;

    struct wf_opening_task tasks[WF_JOB_TASKS_MAX];
};

enum wf_status wf_opening_finder_create(struct wf_region *region,
                                        const struct wf_timeline *timeline,
                                        struct wf_opening_finder **finder_out, struct wf_error *err)
{
    const struct wf_limits *limits = &timeline->cluster->limits;
    struct wf_opening_finder *finder = wf_region_take(region, 1, sizeof *finder);
    if (!finder) {
        return wf_fail(err, WF_NOMEM, "no memory to plan starts");
    }
    finder->timeline = timeline;
    // A node has a step at the present time, one for each task that ends there and three for each
    // booking: when it starts, when it ends and when a job that starts would run into it.
    finder->passing_max = limits->placements + 4 * timeline->bookings_max;
    finder->passing = wf_region_take(region, finder->passing_max, sizeof *finder->passing);
    finder->next_in_group = wf_region_take(region, limits->nodes, sizeof *finder->next_in_group);
    if (!wf_region_is_whole(region)) {
        return wf_fail(err, WF_NOMEM, "no memory to plan starts on %u nodes", limits->nodes);
    }
    for (uint32_t i = 0; i < KEYS; i++) {
        finder->groups[i].first = WF_NONE;
    }
    *finder_out = finder;
    return WF_OK;
}

static bool is_same_zone(struct wf_place a, struct wf_place b)
{
    return a.site == b.site && a.region == b.region && a.zone == b.zone;
}

bool wf_nodes_are_within(const struct wf_cluster *cluster, enum wf_within within, uint32_t a,
                         uint32_t b)
{
    const struct wf_node *one = &cluster->nodes[a], *other = &cluster->nodes[b];
    switch (within) {
    case WF_WITHIN_ZONE:
        return is_same_zone(cluster->pools[one->pool.index].spec.place,
                            cluster->pools[other->pool.index].spec.place);
    case WF_WITHIN_POOL:
        return one->pool.index == other->pool.index;
    case WF_WITHIN_GROUP:
        return one->spec.group == other->spec.group;
    case WF_WITHIN_ANY:
        break;
    }
    return true;
}

// Whether the node could take a task of the request if nothing ran there.
static bool is_suited(const struct wf_node *node, const struct wf_request *request)
{
    return node->up && !node->closed && (node->spec.labels & request->labels) == request->labels &&
           node->spec.gpus >= request->gpus && node->spec.cpu_milli >= request->cpu_milli &&
           node->spec.memory_mib >= request->memory_mib;
}

bool wf_node_may_serve(const struct wf_cluster *cluster, uint32_t node,
                       const struct wf_request *request, struct wf_request *served_out)
{
    const struct wf_pool *pool = &cluster->pools[cluster->nodes[node].pool.index];
    if (!is_suited(&cluster->nodes[node], request) || !wf_pool_admits(pool, request)) {
        return false;
    }
    *served_out = wf_pool_request(pool, request);
    return true;
}

static void find_zones(struct wf_opening_finder *finder)
{
    const struct wf_cluster *cluster = finder->timeline->cluster;
    for (uint32_t i = 0; i < cluster->limits.pools; i++) {
        uint32_t same = 0;
        while (!is_same_zone(cluster->pools[same].spec.place, cluster->pools[i].spec.place)) {
            same++;
        }
        finder->zone_of[i] = (uint16_t)same;
    }
}

static uint32_t key_of(const struct wf_opening_finder *finder, const struct wf_node *node)
{
    switch (finder->wish->within) {
    case WF_WITHIN_ZONE:
        return finder->zone_of[node->pool.index];
    case WF_WITHIN_POOL:
        return node->pool.index;
    case WF_WITHIN_GROUP:
        return node->spec.group;
    case WF_WITHIN_ANY:
        break;
    }
    return 0;
}

static void gather(struct wf_opening_finder *finder)
{
    const struct wf_cluster *cluster = finder->timeline->cluster;
    const struct wf_request *request = finder->wish->request;
    if (finder->wish->within == WF_WITHIN_ZONE) {
        find_zones(finder);
    }
    uint32_t asked_pool = WF_NONE;
    bool admits = false;
    finder->key_count = 0;
    for (uint32_t i = 0; i < cluster->nodes_end; i++) {
        const struct wf_node *node = &cluster->nodes[i];
        if (!is_suited(node, request)) {
            continue;
        }
        if (node->pool.index != asked_pool) {
            asked_pool = node->pool.index;
            admits = wf_pool_admits(&cluster->pools[asked_pool], request);
        }
        if (!admits) {
            continue;
        }
        uint32_t key = key_of(finder, node);
        struct group *group = &finder->groups[key];
        if (group->first == WF_NONE) {
            group->first = i;
            finder->keys[finder->key_count++] = (uint16_t)key;
        } else {
            finder->next_in_group[group->last] = i;
        }
        group->last = i;
        finder->next_in_group[i] = WF_NONE;
    }
}

static const struct wf_request *served_on(struct wf_opening_finder *finder, uint32_t node)
{
    const struct wf_cluster *cluster = finder->timeline->cluster;
    uint32_t pool = cluster->nodes[node].pool.index;
    if (finder->served_pool != pool) {
        finder->served_pool = pool;
        finder->served = wf_pool_request(&cluster->pools[pool], finder->wish->request);
    }
    return &finder->served;
}

static void swap(struct step *a, struct step *b)
{
    struct step kept = *a;
    *a = *b;
    *b = kept;
}

// Restores the heap below a step that may be too early for its place.
static void sink(struct step *heap, uint32_t count, uint32_t at)
{
    for (;;) {
        uint32_t latest = at;
        for (uint32_t child = 2 * at + 1; child <= 2 * at + 2 && child < count; child++) {
            latest = heap[child].at_ms > heap[latest].at_ms ? child : latest;
        }
        if (latest == at) {
            return;
        }
        swap(&heap[at], &heap[latest]);
        at = latest;
    }
}

static void sort_heap(struct step *heap, uint32_t count)
{
    for (uint32_t end = count; end > 1; end--) {
        swap(&heap[0], &heap[end - 1]);
        sink(heap, end - 1, 0);
    }
}

static void sort(struct step *steps, uint32_t count)
{
    for (uint32_t i = count / 2; i > 0; i--) {
        sink(steps, count, i - 1);
    }
    sort_heap(steps, count);
}

// So many tasks more have room from that time on, for good.
static void offer(struct wf_opening_finder *finder, int64_t at_ms, uint32_t tasks)
{
    if (at_ms >= finder->limit_ms) {
        return;
    }
    struct step *heap = finder->lasting;
    uint32_t wanted = finder->wish->tasks;
    tasks = tasks < wanted ? tasks : wanted;
    uint32_t at = finder->lasting_count++;
    heap[at] = (struct step){.at_ms = at_ms, .tasks = (int32_t)tasks};
    while (at > 0 && heap[at].at_ms > heap[(at - 1) / 2].at_ms) {
        swap(&heap[at], &heap[(at - 1) / 2]);
        at = (at - 1) / 2;
    }
    finder->lasting_tasks += tasks;
    while (finder->lasting_tasks - (uint32_t)heap[0].tasks >= wanted) {
        finder->lasting_tasks -= (uint32_t)heap[0].tasks;
        heap[0] = heap[--finder->lasting_count];
        sink(heap, finder->lasting_count, 0);
    }
    if (finder->lasting_tasks >= wanted) {
        finder->limit_ms = heap[0].at_ms;
    }
}

// Whether nothing of the request can start on the node until after the time. True only for nodes
// without bookings, the most of a full cluster, of which this looks at next to nothing.
static bool is_full_until(const struct wf_timeline *timeline, uint32_t node, int64_t until_ms,
                          const struct wf_request *served)
{
    const struct wf_agenda *agenda = &timeline->agendas[node];
    uint32_t first = agenda->running.first;
    return wf_agenda_is_plain(agenda) &&
           (first == WF_NONE || timeline->running[first].at_ms > until_ms) &&
           !wf_state_fits(&timeline->cluster->states[node], served);
}

// A node without bookings.
static void ask_plain_node(struct wf_opening_finder *finder, uint32_t node)
{
    const struct wf_request *served = served_on(finder, node);
    const struct wf_timeline *timeline = finder->timeline;
    if (is_full_until(timeline, node, finder->limit_ms - 1, served)) {
        return;
    }
    const struct wf_moment *running = timeline->running;
    uint32_t next = timeline->agendas[node].running.first;
    struct wf_room room =
        wf_room_of(&timeline->cluster->states[node], &timeline->agendas[node].held);
    int64_t at_ms = timeline->now_ms;
    uint32_t told = 0;
    for (;;) {
        uint32_t tasks = wf_room_capacity(&room, served);
        if (tasks > told) {
            offer(finder, at_ms, tasks - told);
            told = tasks;
        }
        if (next == WF_NONE || running[next].at_ms >= finder->limit_ms ||
            told >= finder->wish->tasks) {
            return;
        }
        at_ms = running[next].at_ms;
        at_ms = at_ms > timeline->now_ms ? at_ms : timeline->now_ms + 1;
        for (; next != WF_NONE && running[next].at_ms <= at_ms; next = running[next].next) {
            wf_room_give(&room, &running[next].use);
        }
    }
}

static uint32_t capacity_from(const struct wf_cursor *cursor, int64_t until_ms,
                              const struct wf_request *served)
{
    if (wf_room_capacity(&cursor->room, served) == 0) {
        return 0;
    }
    struct wf_room lowest = wf_cursor_lowest(cursor, until_ms);
    return wf_room_capacity(&lowest, served);
}

// Writes how many tasks a node takes from which time on, before the limit. Returns the number of
// steps.
static uint32_t list_steps(struct wf_opening_finder *finder, uint32_t node, struct step *steps)
{
    const struct wf_timeline *timeline = finder->timeline;
    const struct wf_request *served = served_on(finder, node);
    struct wf_cursor cursor = wf_cursor_open(timeline, node);
    int64_t at_ms = timeline->now_ms;
    int64_t length_ms = finder->wish->length_ms;
    uint32_t entering = cursor.starting; // first booking that a job started now would not run into
    uint32_t count = 0, before = 0;
    for (;;) {
        int64_t until_ms = wf_time_after(at_ms, length_ms);
        while (entering != WF_NONE && timeline->starts[entering].at_ms < until_ms) {
            entering = timeline->starts[entering].next;
        }
        uint32_t tasks = capacity_from(&cursor, until_ms, served);
        tasks = tasks < finder->wish->tasks ? tasks : finder->wish->tasks;
        if (tasks != before) {
            steps[count++] = (struct step){.at_ms = at_ms, .tasks = (int32_t)tasks};
            before = tasks;
        }
        at_ms = wf_cursor_next_ms(&cursor);
        if (entering != WF_NONE) {
            int64_t runs_into_ms = timeline->starts[entering].at_ms - length_ms + 1;
            at_ms = runs_into_ms < at_ms ? runs_into_ms : at_ms;
        }
        if (at_ms >= finder->limit_ms) {
            return count;
        }
        while (wf_cursor_next_ms(&cursor) <= at_ms) {
            wf_cursor_step(&cursor);
        }
    }
}

// A node with bookings: its steps are split into what it takes for good (or until the limit, which
// is as good: no start from there on is of use) and what passes.
static void ask_booked_node(struct wf_opening_finder *finder, uint32_t node)
{
    struct step *steps = finder->passing + finder->passing_count;
    uint32_t count = list_steps(finder, node, steps);
    WF_ASSERT(finder->passing_count + count <= finder->passing_max);
    uint32_t low = UINT32_MAX;
    for (uint32_t i = count; i > 0; i--) {
        uint32_t tasks = (uint32_t)steps[i - 1].tasks;
        low = tasks < low ? tasks : low;
        steps[i - 1].low = low;
    }
    uint32_t lasting = 0, kept = 0;
    int32_t passing = 0;
    for (uint32_t i = 0; i < count; i++) {
        struct step step = steps[i];
        if (step.low > lasting) {
            offer(finder, step.at_ms, step.low - lasting);
            lasting = step.low;
        }
        int32_t rest = step.tasks - (int32_t)step.low;
        if (rest != passing) {
            steps[kept++] = (struct step){.at_ms = step.at_ms, .tasks = rest - passing};
            passing = rest;
        }
    }
    finder->passing_count += kept;
}

// Adds up, in the order of time, what lasts and what passes. Returns when there is enough of both,
// if that is before what lasts is enough, else the time of that.
static int64_t add_up(struct wf_opening_finder *finder)
{
    const struct step *lasting = finder->lasting, *passing = finder->passing;
    sort_heap(finder->lasting, finder->lasting_count);
    sort(finder->passing, finder->passing_count);
    int64_t sum = 0;
    uint32_t l = 0, p = 0;
    while (l < finder->lasting_count || p < finder->passing_count) {
        int64_t at_ms = WF_NEVER;
        at_ms = l < finder->lasting_count ? lasting[l].at_ms : at_ms;
        at_ms = p < finder->passing_count && passing[p].at_ms < at_ms ? passing[p].at_ms : at_ms;
        if (at_ms >= finder->limit_ms) {
            break;
        }
        for (; l < finder->lasting_count && lasting[l].at_ms == at_ms; l++) {
            sum += lasting[l].tasks;
        }
        for (; p < finder->passing_count && passing[p].at_ms == at_ms; p++) {
            sum += passing[p].tasks;
        }
        if (sum >= finder->wish->tasks) {
            return at_ms;
        }
    }
    return finder->lasting_tasks >= finder->wish->tasks ? finder->limit_ms : WF_NEVER;
}

// Returns the earliest start on the nodes of the group that is before the time, or WF_NEVER.
static int64_t earliest_in(struct wf_opening_finder *finder, const struct group *group,
                           int64_t before_ms)
{
    const struct wf_timeline *timeline = finder->timeline;
    finder->limit_ms = before_ms;
    finder->lasting_count = 0;
    finder->lasting_tasks = 0;
    finder->passing_count = 0;
    for (uint32_t node = group->first; node != WF_NONE && finder->limit_ms > timeline->now_ms;
         node = finder->next_in_group[node]) {
        if (wf_agenda_is_plain(&timeline->agendas[node])) {
            ask_plain_node(finder, node);
        } else {
            ask_booked_node(finder, node);
        }
    }
    if (finder->passing_count > 0) {
        return add_up(finder);
    }
    return finder->lasting_tasks >= finder->wish->tasks ? finder->limit_ms : WF_NEVER;
}

static void assign(struct wf_opening_finder *finder, const struct group *group, int64_t start_ms)
{
    int64_t until_ms = wf_time_after(start_ms, finder->wish->length_ms);
    uint32_t count = 0;
    for (uint32_t node = group->first; node != WF_NONE && count < finder->wish->tasks;
         node = finder->next_in_group[node]) {
        const struct wf_request *served = served_on(finder, node);
        if (is_full_until(finder->timeline, node, start_ms, served)) {
            continue;
        }
        struct wf_cursor cursor = wf_cursor_open(finder->timeline, node);
        const struct wf_room now = cursor.room;
        while (wf_cursor_next_ms(&cursor) <= start_ms) {
            wf_cursor_step(&cursor);
        }
        struct wf_room room = wf_cursor_lowest(&cursor, until_ms);
        uint32_t tasks = wf_room_capacity(&room, served);
        for (; tasks > 0 && count < finder->wish->tasks; tasks--) {
            struct wf_use use = wf_room_use(&room, &now, served);
            wf_room_take(&room, &use);
            finder->tasks[count++] = (struct wf_opening_task){.node = node, .use = use};
        }
    }
    WF_ASSERT(count == finder->wish->tasks);
}

bool wf_opening_find(struct wf_opening_finder *finder, const struct wf_opening_wish *wish,
                     struct wf_opening *opening_out)
{
    WF_ASSERT(wish->tasks > 0 && wish->tasks <= WF_JOB_TASKS_MAX && wish->length_ms > 0);
    finder->wish = wish;
    finder->served_pool = WF_NONE;
    gather(finder);
    int64_t start_ms = wish->before_ms;
    const struct group *best = NULL;
    for (uint32_t i = 0; i < finder->key_count; i++) {
        const struct group *group = &finder->groups[finder->keys[i]];
        int64_t earliest_ms = earliest_in(finder, group, start_ms);
        if (earliest_ms < start_ms) {
            start_ms = earliest_ms;
            best = group;
        }
    }
    if (best) {
        assign(finder, best, start_ms);
        *opening_out = (struct wf_opening){.start_ms = start_ms, .tasks = finder->tasks};
    }
    for (uint32_t i = 0; i < finder->key_count; i++) {
        finder->groups[finder->keys[i]].first = WF_NONE;
    }
    return best != NULL;
}
