// SPDX-License-Identifier: Apache-2.0
// Victims by hand. Pool 0 is in zone 0; pool 1, in zone 1, cuts its GPUs into 4 slices. Job n has
// the id 100 + n and the slot that it gets.
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include "core/preempt/preempt.h"
#include "unit/core/small_region.h"

#define JOBS 256

static struct wf_cluster cluster;
static struct wf_preempt *search;
static int64_t losses[JOBS];
static bool taken[JOBS];
static uint32_t taken_count, taken_max; // at most so many may be stopped
static uint32_t guarded;                // may not be stopped, says its queue
static const uint32_t *victims;
static uint32_t victim_count;
static struct wf_request request;
static struct wf_preempt_wish wish;

static int64_t loss_of(void *context, uint32_t job)
{
    assert_ptr_equal(context, &cluster);
    return losses[job];
}

static bool take(void *context, uint32_t job)
{
    assert_ptr_equal(context, &cluster);
    assert_false(taken[job]);
    if (job == guarded || taken_count == taken_max) {
        return false;
    }
    taken[job] = true;
    taken_count++;
    return true;
}

static void give(void *context, uint32_t job)
{
    assert_ptr_equal(context, &cluster);
    assert_true(taken[job]);
    taken[job] = false;
    taken_count--;
}

static int start(void **state)
{
    (void)state;
    const struct wf_limits limits = {
        .models = 1, .pools = 2, .nodes = 8, .jobs = JOBS, .placements = 512, .classes = 1};
    if (wf_cluster_init(&cluster, small_region(), &limits, NULL) != WF_OK) {
        return 1;
    }
    for (uint16_t i = 0; i < 2; i++) {
        struct wf_pool_spec spec = {.place = {0, 0, i}, .slices = i == 1 ? 4 : 0};
        if (wf_cluster_set_pool(&cluster, (wf_pool_id){i}, &spec, NULL) != WF_OK) {
            return 1;
        }
    }
    taken_count = 0;
    taken_max = UINT32_MAX;
    guarded = WF_NONE;
    for (uint32_t i = 0; i < JOBS; i++) {
        taken[i] = false;
    }
    wish = (struct wf_preempt_wish){
        .request = &request,
        .job = WF_NONE,
        .loss_max_nanousd = INT64_MAX,
        .loss = loss_of,
        .take = take,
        .give = give,
        .context = &cluster,
    };
    return wf_preempt_create(small_region(), &cluster, &search, NULL) != WF_OK;
}

static void node(uint32_t number, uint32_t pool, uint8_t gpus)
{
    struct wf_node_spec spec = {
        .pool = {pool},
        .cpu_milli = 8000,
        .memory_mib = 1000,
        .gpus = gpus,
        .group = (uint16_t)(number / 2),
    };
    assert_int_equal(wf_cluster_add_node(&cluster, (wf_node_id){number}, &spec, NULL), WF_OK);
}

static uint32_t job(uint64_t number, int64_t loss)
{
    uint32_t slot;
    assert_int_equal(wf_cluster_add_job(&cluster, (wf_job_id){100 + number}, &slot, NULL), WF_OK);
    losses[slot] = loss;
    return slot;
}

static void runs(uint32_t slot, uint32_t on, uint32_t gpu_set, uint16_t gpu_milli)
{
    struct wf_request takes = {
        .gpus = (uint8_t)__builtin_popcount(gpu_set),
        .gpu_milli = gpu_milli,
    };
    assert_int_not_equal(wf_cluster_place(&cluster, slot, 0, on, &takes, gpu_set), WF_NONE);
}

// A job that has so many whole GPUs of a node, from the one numbered first on.
static uint32_t whole(uint64_t number, int64_t loss, uint32_t on, uint32_t first, uint32_t gpus)
{
    uint32_t slot = job(number, loss);
    runs(slot, on, ((UINT32_C(1) << gpus) - 1) << first, WF_GPU_MILLI);
    return slot;
}

static uint32_t share(uint64_t number, int64_t loss, uint32_t on, uint32_t gpu, uint16_t milli)
{
    uint32_t slot = job(number, loss);
    runs(slot, on, UINT32_C(1) << gpu, milli);
    return slot;
}

static void amounts(uint32_t slot, uint32_t on, uint32_t cpu_milli, uint32_t memory_mib)
{
    struct wf_request takes = {.cpu_milli = cpu_milli, .memory_mib = memory_mib};
    assert_int_not_equal(wf_cluster_place(&cluster, slot, 0, on, &takes, 0), WF_NONE);
}

// Asks for room for tasks of so many GPUs. Exactly the victims are booked afterwards.
static bool find(uint32_t tasks, uint8_t gpus, uint16_t gpu_milli)
{
    request.gpus = gpus;
    request.gpu_milli = gpu_milli;
    request.models = WF_ANY_MODEL;
    request.place = (struct wf_place){WF_ANYWHERE, WF_ANYWHERE, WF_ANYWHERE};
    wish.tasks = tasks;
    bool found = wf_preempt_find(search, &wish, &victims, &victim_count);
    assert_int_equal(taken_count, victim_count);
    for (uint32_t i = 0; i < victim_count; i++) {
        give(&cluster, victims[i]);
    }
    assert_true(found || victim_count == 0);
    return found;
}

static void victim_is(uint32_t slot)
{
    assert_int_equal(victim_count, 1);
    assert_int_equal(victims[0], slot);
}

static void victims_are(uint32_t dearer, uint32_t cheaper)
{
    assert_int_equal(victim_count, 2);
    assert_int_equal(victims[0], dearer);
    assert_int_equal(victims[1], cheaper);
}

static void the_cheapest_goes(void **state)
{
    (void)state;
    node(0, 0, 2);
    node(1, 0, 2);
    whole(0, 5, 0, 0, 2);
    uint32_t b = whole(1, 4, 1, 0, 1);
    uint32_t c = whole(2, 3, 1, 1, 1);
    assert_true(find(1, 1, WF_GPU_MILLI));
    victim_is(c);
    assert_true(find(1, 2, WF_GPU_MILLI)); // 5 on node 0, 7 on node 1
    victim_is(0);
    losses[0] = 8;
    assert_true(find(1, 2, WF_GPU_MILLI));
    victims_are(b, c);
}

static void what_fits_needs_nobody(void **state)
{
    (void)state;
    node(0, 0, 2);
    whole(0, 5, 0, 0, 1);
    assert_true(find(1, 1, WF_GPU_MILLI));
    assert_int_equal(victim_count, 0);
}

static void of_equally_cheap_ones_the_fewest_then_the_lowest_ids_go(void **state)
{
    (void)state;
    node(0, 0, 2);
    node(1, 0, 2);
    whole(9, 2, 0, 0, 1);
    uint32_t low = whole(7, 2, 0, 1, 1);
    uint32_t both = whole(3, 4, 1, 0, 2);
    assert_true(find(1, 1, WF_GPU_MILLI));
    victim_is(low);
    assert_true(find(1, 2, WF_GPU_MILLI));
    victim_is(both);
}

static void a_gang_leaves_room_on_all_its_nodes(void **state)
{
    (void)state;
    for (uint32_t i = 0; i < 3; i++) {
        node(i, 0, 2);
    }
    uint32_t gang = job(0, 6);
    runs(gang, 0, 1, WF_GPU_MILLI);
    runs(gang, 1, 1, WF_GPU_MILLI);
    runs(gang, 2, 1, WF_GPU_MILLI);
    uint32_t singles[3];
    for (uint32_t i = 0; i < 3; i++) {
        singles[i] = whole(1 + i, 3 + i, i, 1, 1);
    }
    assert_true(find(1, 1, WF_GPU_MILLI));
    victim_is(singles[0]);
    assert_true(find(2, 1, WF_GPU_MILLI)); // 6 for the gang, 3 + 4 for singles
    victim_is(gang);
    assert_true(find(4, 1, WF_GPU_MILLI));
    victims_are(gang, singles[0]);
    assert_true(find(2, 2, WF_GPU_MILLI));
    assert_int_equal(victim_count, 3);
    assert_false(find(4, 2, WF_GPU_MILLI));
}

static void whose_room_is_not_needed_after_all_stays(void **state)
{
    (void)state;
    node(0, 0, 1);
    node(1, 0, 2);
    node(2, 0, 2);
    whole(0, 2, 0, 0, 1);
    uint32_t b = whole(1, 5, 1, 0, 2);
    uint32_t c = whole(2, 5, 2, 0, 2);
    assert_true(find(4, 1, WF_GPU_MILLI)); // 2 for one task, then 5 and 5 for two each
    victims_are(c, b);
    assert_true(find(2, 1, WF_GPU_MILLI)); // 2 for one, then 5 for the other: 5 does for both
    victim_is(b);
}

static void shares_of_one_gpu_count_together(void **state)
{
    (void)state;
    node(0, 0, 2);
    uint32_t a = share(0, 3, 0, 0, 500);
    uint32_t b = share(1, 2, 0, 0, 500);
    uint32_t c = share(2, 4, 0, 1, 700);
    assert_true(find(1, 1, 400));
    victim_is(b);
    assert_true(find(1, 1, 600)); // 3 + 2 on GPU 0
    victim_is(c);
    losses[c] = 6;
    assert_true(find(1, 1, 600));
    victims_are(a, b);
    assert_true(find(3, 1, 300)); // one fits, and two more in half a GPU and what is left of 500
    assert_int_equal(victim_count, 2);
    assert_true(find(1, 2, WF_GPU_MILLI));
    assert_int_equal(victim_count, 3);
}

static void a_share_takes_whole_slices(void **state)
{
    (void)state;
    node(0, 1, 1);
    uint32_t dear = share(0, 9, 0, 0, 500);
    uint32_t cheap = share(1, 1, 0, 0, 250);
    assert_true(find(1, 1, 250));
    assert_int_equal(victim_count, 0);
    assert_true(find(1, 1, 300)); // two slices of a quarter
    victim_is(cheap);
    assert_true(find(1, 1, 600)); // three
    victim_is(dear);
    assert_true(find(1, 1, 800)); // four
    victims_are(dear, cheap);
}

static void cpu_and_memory_count(void **state)
{
    (void)state;
    node(0, 0, 1);
    uint32_t cpu = job(0, 5), memory = job(1, 4), little = job(2, 1);
    amounts(cpu, 0, 6000, 0);
    amounts(memory, 0, 0, 900);
    amounts(little, 0, 2000, 50);
    uint32_t gpu = whole(3, 7, 0, 0, 1);
    request = (struct wf_request){.cpu_milli = 2000};
    assert_true(find(1, 0, 0));
    victim_is(little);
    request = (struct wf_request){.cpu_milli = 3000, .memory_mib = 500};
    assert_true(find(1, 0, 0));
    victims_are(cpu, memory);
    request = (struct wf_request){.cpu_milli = 1000, .memory_mib = 100};
    assert_true(find(1, 1, WF_GPU_MILLI));
    victims_are(gpu, little);
    request = (struct wf_request){0};
}

static void a_job_that_must_not_be_stopped_stays(void **state)
{
    (void)state;
    node(0, 0, 2);
    uint32_t a = whole(0, 1, 0, 0, 1);
    uint32_t b = whole(1, 2, 0, 1, 1);
    losses[a] = -1;
    assert_true(find(1, 1, WF_GPU_MILLI));
    victim_is(b);
    assert_false(find(1, 2, WF_GPU_MILLI));
    losses[a] = 1;
    wish.job = a; // that waits with its other tasks
    assert_true(find(1, 1, WF_GPU_MILLI));
    victim_is(b);
}

static void a_guarantee_is_kept(void **state)
{
    (void)state;
    node(0, 0, 2);
    node(1, 0, 2);
    uint32_t a = whole(0, 1, 0, 0, 1);
    uint32_t b = whole(1, 2, 0, 1, 1);
    uint32_t both = whole(2, 9, 1, 0, 2);
    guarded = a;
    assert_true(find(1, 1, WF_GPU_MILLI));
    victim_is(b);
    guarded = WF_NONE;
    taken_max = 1; // each alone, but not both
    assert_true(find(1, 1, WF_GPU_MILLI));
    victim_is(a);
    assert_true(find(1, 2, WF_GPU_MILLI));
    victim_is(both);
    assert_true(find(2, 1, WF_GPU_MILLI));
    victim_is(both);
    taken_max = 0;
    assert_false(find(1, 1, WF_GPU_MILLI));
}

static void what_is_lost_stays_below_the_limit(void **state)
{
    (void)state;
    node(0, 0, 2);
    whole(0, 3, 0, 0, 1);
    whole(1, 4, 0, 1, 1);
    wish.loss_max_nanousd = 7;
    assert_false(find(1, 2, WF_GPU_MILLI));
    assert_false(find(2, 1, WF_GPU_MILLI));
    wish.loss_max_nanousd = 8;
    assert_true(find(1, 2, WF_GPU_MILLI));
    assert_true(find(2, 1, WF_GPU_MILLI));
    wish.loss_max_nanousd = 3;
    assert_false(find(1, 1, WF_GPU_MILLI));
    wish.loss_max_nanousd = 0;
    assert_false(find(1, 1, WF_GPU_MILLI));
}

static void losses_beyond_all_numbers_do_not_overflow(void **state)
{
    (void)state;
    node(0, 0, 2);
    node(1, 0, 2);
    for (uint32_t i = 0; i < 4; i++) {
        whole(i, INT64_MAX - 1, i / 2, i % 2, 1);
    }
    assert_true(find(1, 1, WF_GPU_MILLI));
    victim_is(0);
    assert_false(find(1, 2, WF_GPU_MILLI));
    assert_false(find(3, 1, WF_GPU_MILLI));
}

static void nobody_is_stopped_where_that_does_not_help(void **state)
{
    (void)state;
    node(0, 0, 2);
    whole(0, 1, 0, 0, 2);
    assert_false(find(1, 3, WF_GPU_MILLI));
    request.labels = 1;
    assert_false(find(1, 1, WF_GPU_MILLI));
    request.labels = 0;
    wf_cluster_close_node(&cluster, (wf_node_id){0}, true);
    assert_false(find(1, 1, WF_GPU_MILLI));
    wf_cluster_close_node(&cluster, (wf_node_id){0}, false);
    assert_true(find(1, 1, WF_GPU_MILLI));
}

static void a_gang_stays_together(void **state)
{
    (void)state;
    for (uint32_t i = 0; i < 4; i++) {
        node(i, i / 2, 1); // nodes 0 and 1 in zone, pool and group 0, the others in 1
    }
    uint32_t slots[4];
    static const int64_t loss[] = {1, 9, 5, 4};
    for (uint32_t i = 0; i < 4; i++) {
        slots[i] = whole(i, loss[i], i, 0, 1);
    }
    assert_true(find(2, 1, WF_GPU_MILLI));
    victims_are(slots[3], slots[0]);
    static const enum wf_within within[] = {WF_WITHIN_ZONE, WF_WITHIN_POOL, WF_WITHIN_GROUP};
    for (uint32_t i = 0; i < WF_COUNT_OF(within); i++) {
        wish.within = within[i];
        assert_true(find(2, 1, WF_GPU_MILLI)); // 1 + 9 against 5 + 4
        victims_are(slots[2], slots[3]);
        assert_false(find(3, 1, WF_GPU_MILLI));
        assert_true(find(1, 1, WF_GPU_MILLI));
        victim_is(slots[0]);
    }
}

// More jobs than are looked at, and more sets of them than can be: there is an answer all the same.
static void a_crowded_node_is_searched_within_bounds(void **state)
{
    (void)state;
    node(0, 0, 16);
    for (uint32_t i = 0; i < 200; i++) {
        uint32_t slot = job(i, 1000 + (i * 7919) % 200);
        amounts(slot, 0, 37 + i % 5, 4);
        if (i >= 64) {
            continue;
        }
        runs(slot, 0, UINT32_C(1) << (i / 4), 250);
    }
    request = (struct wf_request){.cpu_milli = 1000};
    assert_true(find(1, 0, 0));
    assert_in_range(victim_count, 3, 30);
    request = (struct wf_request){0};
    wf_cluster_unplace(&cluster, cluster.jobs[0].first_placement);
    assert_true(find(1, 1, 500));
    victim_is(victims[0]);
    assert_true(find(1, 8, WF_GPU_MILLI));
    assert_in_range(victim_count, 28, 32);
    assert_true(find(8, 1, WF_GPU_MILLI));
    assert_in_range(victim_count, 28, 32);
}

int main(void)
{
#define TEST(name) cmocka_unit_test_setup(name, start)
    const struct CMUnitTest tests[] = {
        TEST(the_cheapest_goes),
        TEST(what_fits_needs_nobody),
        TEST(of_equally_cheap_ones_the_fewest_then_the_lowest_ids_go),
        TEST(a_gang_leaves_room_on_all_its_nodes),
        TEST(whose_room_is_not_needed_after_all_stays),
        TEST(shares_of_one_gpu_count_together),
        TEST(a_share_takes_whole_slices),
        TEST(cpu_and_memory_count),
        TEST(a_job_that_must_not_be_stopped_stays),
        TEST(a_guarantee_is_kept),
        TEST(what_is_lost_stays_below_the_limit),
        TEST(losses_beyond_all_numbers_do_not_overflow),
        TEST(nobody_is_stopped_where_that_does_not_help),
        TEST(a_gang_stays_together),
        TEST(a_crowded_node_is_searched_within_bounds),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
