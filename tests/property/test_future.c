// SPDX-License-Identifier: Apache-2.0
// Holds what is planned for waiting jobs against a model that looks at each millisecond of each
// node: starts are the earliest there are, holds are exactly what they must be, and work that uses
// held room delays nobody.
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include <stdio.h>
#include <string.h>

#include "base/random.h"
#include "core/future/future.h"
#include "core/place/place.h"

enum {
    SCENARIOS = 2500,
    STEPS = 60,
    NODES = 5,
    POOLS = 3,
    GPUS = 4,
    PLACEMENTS = 64,
    RESERVATIONS = 12,
    AMOUNTS = 2 + GPUS, // CPU, memory and each GPU
    TIMES = 700,        // the model looks so far ahead; nothing is later
    NO_TIME = -1,
};

struct placed {
    bool is;
    int64_t end_ms;
};

struct kept {
    bool is, uprooted;
    struct wf_future_wish wish;
};

struct world {
    struct wf_random random;
    struct wf_region *region;
    struct wf_cluster cluster;
    struct wf_outlook outlook;
    struct wf_ranking *ranking;
    struct wf_future *future;
    int64_t now_ms;
    uint32_t job;
    bool calm; // tasks end, and in time, and nodes stay: only reservations are in each other's way
    struct placed placed[PLACEMENTS];
    struct kept kept[RESERVATIONS];
    // What is free on each node at each millisecond from now on, as the model sees it.
    int free[NODES][TIMES][AMOUNTS];
};

// How often something happened, over all scenarios: a test of nothing would pass, too.
static struct {
    uint32_t now, later, never, gangs, gaps, no_gaps, started, earlier, put_off, lost, broken;
} seen;

static uint32_t below(struct world *world, uint32_t end)
{
    return (uint32_t)wf_random_below(&world->random, end);
}

static bool one_in(struct world *world, uint32_t chances)
{
    return below(world, chances) == 0;
}

static int64_t some_end(struct world *world)
{
    return !world->calm && one_in(world, 8) ? WF_NEVER : world->now_ms + 1 + below(world, 30);
}

static struct wf_request some_request(struct world *world)
{
    struct wf_request request = {
        .cpu_milli = below(world, 5),
        .memory_mib = below(world, 3),
        .models = one_in(world, 3) ? 1 + below(world, 3) : WF_ANY_MODEL,
        .labels = one_in(world, 6),
        .place = {WF_ANYWHERE, WF_ANYWHERE, WF_ANYWHERE},
    };
    request.gpus = (uint8_t)below(world, GPUS + 1);
    request.gpu_milli = request.gpus > 0 ? WF_GPU_MILLI : 0;
    if (request.gpus == 1 && one_in(world, 2)) {
        request.gpu_milli = (uint16_t)(100 * (1 + below(world, 9)));
    }
    if (one_in(world, 6)) {
        request.place.zone = (uint16_t)below(world, 2);
    }
    return request;
}

static void node_comes(struct world *world, uint32_t node)
{
    struct wf_node_spec spec = {
        .pool = {below(world, POOLS)},
        .cpu_milli = 2 + below(world, 8),
        .memory_mib = 1 + below(world, 5),
        .gpus = (uint8_t)below(world, GPUS + 1),
        .group = (uint16_t)(7 * below(world, 2)),
        .labels = below(world, 2),
    };
    wf_future_lift(world->future, node);
    assert_int_equal(wf_cluster_add_node(&world->cluster, (wf_node_id){node}, &spec, NULL), WF_OK);
    wf_ranking_add_node(world->ranking, node);
}

static void begin(struct world *world, uint64_t seed)
{
    memset(world, 0, sizeof *world);
    wf_random_init(&world->random, seed);
    world->calm = one_in(world, 2);
    struct wf_limits limits = {
        .models = 2,
        .pools = POOLS,
        .nodes = NODES,
        .jobs = PLACEMENTS,
        .placements = PLACEMENTS,
        .classes = 4,
        .reservations = RESERVATIONS,
    };
    assert_int_equal(wf_region_create(&world->region, NULL), WF_OK);
    assert_int_equal(wf_cluster_init(&world->cluster, world->region, &limits, NULL), WF_OK);
    world->outlook = (struct wf_outlook){.cluster = &world->cluster};
    assert_int_equal(wf_ranking_create(world->region, &world->cluster, &world->outlook,
                                       wf_policy_find("best-fit"), &world->ranking, NULL),
                     WF_OK);
    for (uint32_t i = 0; i < POOLS; i++) {
        struct wf_pool_spec spec = {
            .place = {0, 0, (uint16_t)(i / 2)},
            .model = (uint8_t)(i % 2),
            .slices = i == 2 ? 7 : 0,
        };
        assert_int_equal(wf_cluster_set_pool(&world->cluster, (wf_pool_id){i}, &spec, NULL), WF_OK);
    }
    assert_int_equal(
        wf_future_create(world->region, &world->cluster, world->ranking, &world->future, NULL),
        WF_OK);
    uint32_t nodes = 1 + below(world, NODES);
    for (uint32_t i = 0; i < nodes; i++) {
        node_comes(world, i);
    }
    world->now_ms = below(world, 2) * INT64_C(1000000);
    wf_future_advance(world->future, world->now_ms);
}

static void use_amounts(int amounts[AMOUNTS], int sign, uint32_t cpu, uint32_t memory, uint32_t set,
                        uint32_t milli)
{
    amounts[0] += sign * (int)cpu;
    amounts[1] += sign * (int)memory;
    for (uint32_t gpu = 0; gpu < GPUS; gpu++) {
        amounts[2 + gpu] += sign * (int)(set >> gpu & 1) * (int)milli;
    }
}

static struct wf_request served_on(const struct world *world, uint32_t node,
                                   const struct wf_request *request)
{
    const struct wf_cluster *cluster = &world->cluster;
    return wf_pool_request(&cluster->pools[cluster->nodes[node].pool.index], request);
}

// What a task of a reservation was booked to take; a share as the pool had it then.
static uint32_t booked_milli(const struct world *world, const struct kept *kept, uint32_t node)
{
    return served_on(world, node, &kept->wish.request).gpu_milli;
}

static void model_reservation(struct world *world, uint32_t index)
{
    const struct kept *kept = &world->kept[index];
    int64_t start = wf_future_start_ms(world->future, index) - world->now_ms;
    int64_t end = wf_future_end_ms(world->future, index);
    end = end == WF_NEVER ? TIMES : end - world->now_ms;
    assert_true(start < TIMES && end <= TIMES);
    for (uint32_t i = wf_future_first_task(world->future, index); i != WF_NONE;) {
        struct wf_future_task task = wf_future_task(world->future, i);
        const struct wf_request *request = &kept->wish.request;
        for (int64_t at = start > 0 ? start : 0; at < end; at++) {
            use_amounts(world->free[task.node][at], -1, request->cpu_milli, request->memory_mib,
                        task.gpu_set, booked_milli(world, kept, task.node));
        }
        i = task.next;
    }
}

static void model(struct world *world)
{
    memset(world->free, 0, sizeof world->free);
    for (uint32_t i = 0; i < NODES; i++) {
        const struct wf_node_spec *spec = &world->cluster.nodes[i].spec;
        for (uint32_t at = 0; at < TIMES; at++) {
            use_amounts(world->free[i][at], 1, spec->cpu_milli, spec->memory_mib,
                        (1u << spec->gpus) - 1, WF_GPU_MILLI);
        }
    }
    for (uint32_t i = 0; i < PLACEMENTS; i++) {
        if (world->placed[i].is) {
            const struct wf_placement *placement = &world->cluster.placements[i];
            int64_t end = world->placed[i].end_ms;
            end = end == WF_NEVER ? TIMES : end - world->now_ms;
            for (int64_t at = 0; at < (end > 1 ? end : 1); at++) {
                use_amounts(world->free[placement->node][at], -1, placement->cpu_milli,
                            placement->memory_mib, placement->gpu_set, placement->gpu_milli);
            }
        }
    }
    for (uint32_t i = 0; i < RESERVATIONS; i++) {
        if (world->kept[i].is) {
            model_reservation(world, i);
        }
    }
}

static void least(const struct world *world, uint32_t node, int64_t from, int64_t until,
                  int out[AMOUNTS])
{
    memcpy(out, world->free[node][from], sizeof world->free[node][from]);
    for (int64_t at = from; at < until && at < TIMES; at++) {
        for (uint32_t i = 0; i < AMOUNTS; i++) {
            int free = world->free[node][at][i];
            out[i] = free < out[i] ? free : out[i];
        }
    }
}

static bool suits(const struct world *world, uint32_t index, const struct wf_request *request)
{
    const struct wf_node *node = &world->cluster.nodes[index];
    const struct wf_pool_spec *pool = &world->cluster.pools[node->pool.index].spec;
    return node->up && !node->closed && (node->spec.labels & request->labels) == request->labels &&
           node->spec.cpu_milli >= request->cpu_milli &&
           node->spec.memory_mib >= request->memory_mib && node->spec.gpus >= request->gpus &&
           (request->gpus == 0 || (request->models >> pool->model & 1)) &&
           (request->place.zone == WF_ANYWHERE || request->place.zone == pool->place.zone);
}

// Takes one task, GPU by GPU. Returns whether it fits.
static bool take_one(int amounts[AMOUNTS], const struct wf_request *served)
{
    if ((served->cpu_milli > 0 && amounts[0] < (int)served->cpu_milli) ||
        (served->memory_mib > 0 && amounts[1] < (int)served->memory_mib)) {
        return false;
    }
    uint32_t set = 0, missing = served->gpus;
    for (uint32_t gpu = 0; gpu < GPUS && missing > 0; gpu++) {
        if (amounts[2 + gpu] >= (int)served->gpu_milli) {
            set |= 1u << gpu;
            missing--;
        }
    }
    if (missing > 0) {
        return false;
    }
    use_amounts(amounts, -1, served->cpu_milli, served->memory_mib, set, served->gpu_milli);
    return true;
}

static uint32_t tasks_on(const struct world *world, uint32_t node, const struct wf_request *request,
                         int64_t from, int64_t length, uint32_t max)
{
    if (!suits(world, node, request)) {
        return 0;
    }
    struct wf_request served = served_on(world, node, request);
    int amounts[AMOUNTS];
    least(world, node, from, length == WF_NEVER ? TIMES : from + length, amounts);
    uint32_t tasks = 0;
    while (tasks < max && take_one(amounts, &served)) {
        tasks++;
    }
    return tasks;
}

static uint32_t key_of(const struct world *world, enum wf_within within, uint32_t index)
{
    const struct wf_node *node = &world->cluster.nodes[index];
    uint32_t zone = world->cluster.pools[node->pool.index].spec.place.zone;
    uint32_t keys[] = {
        [WF_WITHIN_ANY] = 0,
        [WF_WITHIN_ZONE] = zone,
        [WF_WITHIN_POOL] = node->pool.index,
        [WF_WITHIN_GROUP] = node->spec.group,
    };
    return keys[within];
}

// Whether a job can start then on the nodes together with the first that suits; expected gets how
// many of its tasks each node has.
static bool starts_with(const struct world *world, const struct wf_future_wish *wish,
                        uint32_t first, int64_t at, uint32_t expected[NODES])
{
    uint32_t missing = wish->tasks;
    memset(expected, 0, NODES * sizeof *expected);
    for (uint32_t i = first; i < NODES && missing > 0; i++) {
        if (key_of(world, wish->within, i) == key_of(world, wish->within, first)) {
            expected[i] = tasks_on(world, i, &wish->request, at, wish->length_ms, missing);
            missing -= expected[i];
        }
    }
    return missing == 0;
}

static int64_t earliest(const struct world *world, const struct wf_future_wish *wish,
                        uint32_t expected[NODES])
{
    for (int64_t at = 0; at < TIMES; at++) {
        for (uint32_t first = 0; first < NODES; first++) {
            if (suits(world, first, &wish->request) &&
                starts_with(world, wish, first, at, expected)) {
                return at;
            }
        }
    }
    return NO_TIME;
}

static bool has_bookings(const struct world *world, uint32_t node)
{
    for (uint32_t i = 0; i < RESERVATIONS; i++) {
        for (uint32_t t = world->kept[i].is ? wf_future_first_task(world->future, i) : WF_NONE;
             t != WF_NONE; t = wf_future_task(world->future, t).next) {
            if (wf_future_task(world->future, t).node == node) {
                return true;
            }
        }
    }
    return false;
}

static bool lacks(const struct world *world, uint32_t index)
{
    const struct kept *kept = &world->kept[index];
    int64_t start = wf_future_start_ms(world->future, index) - world->now_ms;
    int64_t end = wf_future_end_ms(world->future, index);
    end = end == WF_NEVER ? TIMES : end - world->now_ms;
    for (uint32_t t = wf_future_first_task(world->future, index); t != WF_NONE;) {
        struct wf_future_task task = wf_future_task(world->future, t);
        const struct wf_node *node = &world->cluster.nodes[task.node];
        if (!node->up || node->closed) {
            return true;
        }
        for (int64_t at = start > 0 ? start : 0; at < end; at++) {
            const int *free = world->free[task.node][at];
            bool short_of = (free[0] < 0 && kept->wish.request.cpu_milli > 0) ||
                            (free[1] < 0 && kept->wish.request.memory_mib > 0);
            for (uint32_t gpu = 0; gpu < GPUS; gpu++) {
                short_of |= (task.gpu_set >> gpu & 1) && free[2 + gpu] < 0;
            }
            if (short_of) {
                return true;
            }
        }
        t = task.next;
    }
    return false;
}

static void check_reservations(struct world *world)
{
    uint32_t count = 0;
    for (uint32_t i = wf_future_first(world->future); i != WF_NONE;
         i = wf_future_next(world->future, i)) {
        const struct kept *kept = &world->kept[i];
        assert_true(kept->is);
        count++;
        assert_int_equal(wf_future_job(world->future, i), kept->wish.job);
        bool broken = kept->uprooted || wf_future_start_ms(world->future, i) < world->now_ms ||
                      lacks(world, i);
        assert_int_equal(wf_future_is_broken(world->future, i), broken);
        seen.broken += broken;
    }
    assert_int_equal(wf_future_count(world->future), count);
}

// What is to be seen of each node is what the model has left for work of any length.
static void check_states(struct world *world)
{
    for (uint32_t i = 0; i < NODES; i++) {
        const struct wf_node *node = &world->cluster.nodes[i];
        const struct wf_state *state = &world->cluster.states[i];
        if (!node->up || node->closed) {
            continue;
        }
        int left[AMOUNTS];
        least(world, i, 0, has_bookings(world, i) ? TIMES : 1, left);
        assert_int_equal(state->cpu_free_milli, left[0] > 0 ? left[0] : 0);
        assert_int_equal(state->memory_free_mib, left[1] > 0 ? left[1] : 0);
        uint32_t whole = 0, largest = 0;
        for (uint32_t gpu = 0; gpu < GPUS; gpu++) {
            uint32_t free = left[2 + gpu] > 0 ? (uint32_t)left[2 + gpu] : 0;
            assert_int_equal(state->gpu_free_milli[gpu], free);
            whole += free == WF_GPU_MILLI;
            largest = free > largest ? free : largest;
        }
        assert_int_equal(state->gpus_whole, whole);
        assert_int_equal(state->share_free_milli, largest);
    }
}

static void check(struct world *world)
{
    struct wf_error err = {.text = ""};
    if (wf_future_check(world->future, &err) != WF_OK) {
        fail_msg("%s", err.text);
    }
    model(world);
    check_reservations(world);
    check_states(world);
    struct wf_request request = some_request(world);
    assert_int_equal(wf_ranking_choose(world->ranking, &request).node,
                     wf_place_plain(&world->outlook, wf_policy_find("best-fit"), &request).node);
}

// The reservations that would start in time, as a set.
static uint32_t sound_ones(const struct world *world)
{
    uint32_t set = 0;
    for (uint32_t i = wf_future_first(world->future); i != WF_NONE;
         i = wf_future_next(world->future, i)) {
        set |= (uint32_t)!wf_future_is_broken(world->future, i) << i;
    }
    return set;
}

static void place(struct world *world, uint32_t node, const struct wf_request *request,
                  uint32_t gpu_set, int64_t end_ms)
{
    struct wf_request served = served_on(world, node, request);
    uint32_t job;
    assert_int_equal(wf_cluster_add_job(&world->cluster, (wf_job_id){++world->job}, &job, NULL),
                     WF_OK);
    uint32_t slot = wf_cluster_place(&world->cluster, job, 0, node, &served, gpu_set);
    assert_int_not_equal(slot, WF_NONE);
    wf_ranking_touch(world->ranking, node);
    world->placed[slot] = (struct placed){.is = true, .end_ms = end_ms};
    wf_future_add(world->future, slot, end_ms);
}

static bool is_full(const struct world *world)
{
    return world->cluster.free_placement == WF_NONE;
}

// Work of any length goes where its node's state has room: no reservation is delayed.
static void place_by_state(struct world *world)
{
    struct wf_request request = some_request(world);
    uint32_t node = wf_ranking_choose(world->ranking, &request).node;
    if (node == WF_NONE || is_full(world)) {
        return;
    }
    uint32_t sound = sound_ones(world);
    struct wf_request served = served_on(world, node, &request);
    const struct wf_state *state = &world->cluster.states[node];
    uint32_t gpu =
        wf_request_is_share(&served) ? wf_state_tightest_gpu(state, served.gpu_milli) : 0;
    place(world, node, &request, wf_state_gpu_set(state, &served, gpu), some_end(world));
    assert_int_equal(sound_ones(world) & sound, sound);
}

static void fit_after(const struct world *world, uint32_t node, const struct wf_request *request,
                      int fit[2])
{
    const struct wf_cluster *cluster = &world->cluster;
    struct wf_request served = served_on(world, node, request);
    fit[0] = cluster->nodes[node].spec.gpus * WF_GPU_MILLI - served.gpus * served.gpu_milli;
    fit[1] = (int)cluster->nodes[node].spec.cpu_milli - (int)served.cpu_milli;
    for (uint32_t i = cluster->nodes[node].first_placement; i != WF_NONE;
         i = cluster->placements[i].next_on_node) {
        fit[0] -= cluster->placements[i].gpus * cluster->placements[i].gpu_milli;
        fit[1] -= (int)cluster->placements[i].cpu_milli;
    }
}

static bool comes_before(const struct world *world, uint32_t a, uint32_t b,
                         const struct wf_request *request)
{
    int one[2], other[2];
    fit_after(world, a, request, one);
    fit_after(world, b, request, other);
    if (one[0] != other[0]) {
        return one[0] < other[0];
    }
    return one[1] != other[1] ? one[1] < other[1] : a < b;
}

static uint32_t expected_gap(const struct world *world, const struct wf_gap_wish *wish)
{
    int64_t length = wish->end_ms == WF_NEVER ? WF_NEVER : wish->end_ms - world->now_ms;
    uint32_t best = WF_NONE;
    for (uint32_t i = 0; i < NODES; i++) {
        if (has_bookings(world, i) && tasks_on(world, i, &wish->request, 0, length, 1) == 1 &&
            (wish->after == WF_NONE || comes_before(world, wish->after, i, &wish->request)) &&
            (wish->near == WF_NONE ||
             key_of(world, wish->within, i) == key_of(world, wish->within, wish->near)) &&
            (best == WF_NONE || comes_before(world, i, best, &wish->request))) {
            best = i;
        }
    }
    return best;
}

// Work with a known end goes into held room whenever the model has a place that delays nobody.
static void place_in_gap(struct world *world)
{
    struct wf_gap_wish wish = {
        .request = some_request(world),
        .end_ms = some_end(world),
        .within = (enum wf_within)below(world, 4),
        .near = one_in(world, 4) ? below(world, NODES) : WF_NONE,
        .after = one_in(world, 4) ? below(world, NODES) : WF_NONE,
    };
    if (is_full(world) || (wish.near != WF_NONE && !world->cluster.nodes[wish.near].up) ||
        (wish.after != WF_NONE && !world->cluster.nodes[wish.after].up)) {
        return;
    }
    uint32_t expected = expected_gap(world, &wish);
    struct wf_gap gap = {.node = WF_NONE};
    assert_int_equal(wf_future_choose(world->future, &wish, &gap), expected != WF_NONE);
    assert_int_equal(gap.node, expected);
    seen.no_gaps += expected == WF_NONE;
    if (expected != WF_NONE) {
        uint32_t sound = sound_ones(world);
        wf_future_lift(world->future, gap.node);
        place(world, gap.node, &wish.request, gap.gpu_set, wish.end_ms);
        assert_int_equal(sound_ones(world) & sound, sound);
        seen.gaps++;
    }
}

static void end_task(struct world *world, uint32_t slot)
{
    uint32_t node = world->cluster.placements[slot].node;
    uint32_t job = world->cluster.placements[slot].job;
    wf_future_remove(world->future, slot);
    wf_cluster_unplace(&world->cluster, slot);
    wf_cluster_remove_job(&world->cluster, job);
    wf_ranking_touch(world->ranking, node);
    world->placed[slot].is = false;
}

// The plan of a reservation is on the nodes that the model expects.
static void check_plan(const struct world *world, uint32_t index, const uint32_t expected[NODES])
{
    uint32_t tasks[NODES] = {0};
    for (uint32_t t = wf_future_first_task(world->future, index); t != WF_NONE;) {
        struct wf_future_task task = wf_future_task(world->future, t);
        tasks[task.node]++;
        assert_int_equal(__builtin_popcount(task.gpu_set), world->kept[index].wish.request.gpus);
        t = task.next;
    }
    for (uint32_t i = 0; i < NODES; i++) {
        assert_int_equal(tasks[i], expected[i]);
    }
}

static void reserve(struct world *world)
{
    struct wf_future_wish wish = {
        .job = ++world->job,
        .request = some_request(world),
        .tasks = one_in(world, 2) ? 1 : 1 + below(world, 6),
        .within = one_in(world, 2) ? WF_WITHIN_ANY : (enum wf_within)below(world, 4),
        .length_ms = !world->calm && one_in(world, 12) ? WF_NEVER : 1 + below(world, 20),
    };
    if (wf_future_count(world->future) == RESERVATIONS) {
        uint32_t none;
        assert_false(wf_future_reserve(world->future, &wish, &none));
        return;
    }
    uint32_t expected[NODES];
    int64_t start = earliest(world, &wish, expected);
    int64_t start_ms = 0;
    assert_int_equal(wf_future_find(world->future, &wish, &start_ms), start != NO_TIME);
    uint32_t index = WF_NONE;
    assert_int_equal(wf_future_reserve(world->future, &wish, &index), start != NO_TIME);
    seen.never += start == NO_TIME;
    if (start != NO_TIME) {
        assert_int_equal(wf_future_start_ms(world->future, index), world->now_ms + start);
        assert_int_equal(start_ms, world->now_ms + start);
        assert_false(world->kept[index].is);
        world->kept[index] = (struct kept){.is = true, .wish = wish};
        check_plan(world, index, expected);
        seen.now += start == 0;
        seen.later += start > 0;
        seen.gangs += wish.tasks > 1;
    }
}

static uint32_t some_reservation(struct world *world)
{
    uint32_t count = wf_future_count(world->future);
    if (count == 0) {
        return WF_NONE;
    }
    uint32_t index = wf_future_first(world->future);
    for (uint32_t i = below(world, count); i > 0; i--) {
        index = wf_future_next(world->future, index);
    }
    return index;
}

static void cancel(struct world *world, uint32_t index)
{
    world->kept[index].is = false;
    wf_future_cancel(world->future, index);
}

// A reservation that is planned again starts when the model says that it can at the earliest,
// unless it was to start as early already.
static void improve(struct world *world)
{
    uint32_t index = some_reservation(world);
    if (index == WF_NONE) {
        return;
    }
    bool broken = wf_future_is_broken(world->future, index);
    int64_t old_ms = wf_future_start_ms(world->future, index);
    world->kept[index].is = false;
    model(world);
    uint32_t expected[NODES];
    int64_t start = earliest(world, &world->kept[index].wish, expected);
    world->kept[index].is = true;
    enum wf_future_change change = wf_future_improve(world->future, index);
    int64_t new_ms = wf_future_start_ms(world->future, index);
    if (start == NO_TIME) {
        assert_true(broken && change == WF_FUTURE_LOST && new_ms == old_ms);
        seen.lost++;
        return;
    }
    if (broken || world->now_ms + start < old_ms) {
        assert_int_equal(new_ms, world->now_ms + start);
        check_plan(world, index, expected);
        world->kept[index].uprooted = false;
    } else {
        assert_int_equal(new_ms, old_ms);
    }
    enum wf_future_change right = new_ms < old_ms   ? WF_FUTURE_EARLIER
                                  : new_ms > old_ms ? WF_FUTURE_LATER
                                                    : WF_FUTURE_SAME;
    assert_int_equal(change, right);
    assert_true(broken || change != WF_FUTURE_LATER);
    seen.earlier += change == WF_FUTURE_EARLIER;
    seen.put_off += change == WF_FUTURE_LATER;
}

// Starts every task of a reservation whose time has come.
static void start(struct world *world)
{
    uint32_t index = some_reservation(world);
    if (index == WF_NONE || wf_future_is_broken(world->future, index) ||
        wf_future_start_ms(world->future, index) > world->now_ms ||
        world->kept[index].wish.tasks > 8) {
        return;
    }
    for (uint32_t t = wf_future_first_task(world->future, index); t != WF_NONE;) {
        struct wf_future_task task = wf_future_task(world->future, t);
        if (is_full(world)) {
            return;
        }
        wf_future_lift(world->future, task.node);
        place(world, task.node, &world->kept[index].wish.request, task.gpu_set,
              wf_future_end_ms(world->future, index));
        t = task.next;
    }
    cancel(world, index);
    seen.started++;
}

static void pass_time(struct world *world)
{
    world->now_ms += below(world, 6);
    for (uint32_t i = 0; i < PLACEMENTS; i++) {
        // Most tasks end in time.
        if (world->placed[i].is && world->placed[i].end_ms <= world->now_ms &&
            (world->calm || !one_in(world, 4))) {
            end_task(world, i);
        }
    }
    wf_future_settle(world->future);
    wf_future_advance(world->future, world->now_ms);
}

static void uproot(struct world *world, uint32_t node)
{
    for (uint32_t i = 0; i < RESERVATIONS; i++) {
        for (uint32_t t = world->kept[i].is ? wf_future_first_task(world->future, i) : WF_NONE;
             t != WF_NONE; t = wf_future_task(world->future, t).next) {
            world->kept[i].uprooted |= wf_future_task(world->future, t).node == node;
        }
    }
}

static void change_node(struct world *world)
{
    uint32_t node = below(world, NODES);
    const struct wf_node *on = &world->cluster.nodes[node];
    if (!on->up) {
        // Bookings that outlived their node were made for another one: the model keeps to nodes
        // that come back once nothing is booked on them.
        if (!has_bookings(world, node)) {
            node_comes(world, node);
        }
    } else if (one_in(world, 2) || on->closed) {
        wf_future_lift(world->future, node);
        wf_cluster_close_node(&world->cluster, (wf_node_id){node}, !on->closed);
        wf_ranking_touch(world->ranking, node);
    } else {
        for (uint32_t i = 0; i < PLACEMENTS; i++) {
            if (world->placed[i].is && world->cluster.placements[i].node == node) {
                end_task(world, i);
            }
        }
        wf_future_lift(world->future, node);
        wf_cluster_remove_node(&world->cluster, (wf_node_id){node});
        wf_ranking_remove_node(world->ranking, node);
        uproot(world, node);
    }
    wf_future_settle(world->future);
}

static void change_task(struct world *world)
{
    uint32_t slot = below(world, PLACEMENTS);
    if (world->placed[slot].is) {
        if (world->calm || one_in(world, 2)) {
            end_task(world, slot);
            wf_future_settle(world->future);
        } else {
            world->placed[slot].end_ms = some_end(world);
            wf_future_set_end(world->future, slot, world->placed[slot].end_ms);
        }
    }
}

static void next(struct world *world)
{
    switch (below(world, 12)) {
    case 0:
    case 1:
    case 2:
        place_by_state(world);
        break;
    case 3:
    case 4:
        place_in_gap(world);
        break;
    case 5:
    case 6:
        reserve(world);
        break;
    case 7:
        improve(world);
        break;
    case 8:
        start(world);
        break;
    case 9:
        change_task(world);
        break;
    case 10:
        pass_time(world);
        break;
    default:
        if (!world->calm && one_in(world, 3)) {
            change_node(world);
        } else if (one_in(world, 3) && wf_future_count(world->future) > 0) {
            cancel(world, some_reservation(world));
        }
    }
}

// Without reservations each state is that of a node with its placements and nothing else.
static void finish(struct world *world)
{
    while (wf_future_first(world->future) != WF_NONE) {
        cancel(world, wf_future_first(world->future));
    }
    for (uint32_t i = 0; i < NODES; i++) {
        const struct wf_node *node = &world->cluster.nodes[i];
        if (node->up) {
            struct wf_state state;
            wf_state_init(&state, &node->spec);
            state.task_kinds = world->cluster.states[i].task_kinds;
            for (uint32_t p = node->first_placement; p != WF_NONE;
                 p = world->cluster.placements[p].next_on_node) {
                struct wf_request taken = wf_placement_taken(&world->cluster.placements[p]);
                wf_state_take(&state, &taken, world->cluster.placements[p].gpu_set);
            }
            assert_memory_equal(&state, &world->cluster.states[i], sizeof state);
        }
    }
    wf_region_destroy(world->region);
}

static void what_is_planned_is_what_a_plain_model_plans(void **state)
{
    (void)state;
    static struct world world;
    for (uint64_t seed = 1; seed <= SCENARIOS; seed++) {
        begin(&world, seed);
        check(&world);
        for (uint32_t i = 0; i < STEPS; i++) {
            next(&world);
            check(&world);
        }
        finish(&world);
    }
    print_message("# starts now %u, later %u, never %u, gangs %u, gaps %u, none %u, started %u, "
                  "earlier %u, put off %u, lost %u, broken %u\n",
                  seen.now, seen.later, seen.never, seen.gangs, seen.gaps, seen.no_gaps,
                  seen.started, seen.earlier, seen.put_off, seen.lost, seen.broken);
    // The histories must have been ones that tell something.
    assert_true(seen.now > 1000 && seen.later > 1000 && seen.never > 1000 && seen.gangs > 1000);
    assert_true(seen.gaps > 1000 && seen.no_gaps > 1000 && seen.started > 500);
    assert_true(seen.earlier > 100 && seen.put_off > 100 && seen.lost > 100 && seen.broken > 1000);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(what_is_planned_is_what_a_plain_model_plans),
    };
    return cmocka_run_group_tests_name("future", tests, NULL, NULL);
}
