// SPDX-License-Identifier: Apache-2.0
// What the tree may look like: each rule met at its limit and missed one past it.
#include "unit/core/small_queues.h"
#include "unit/core/small_region.h"

static void refused(struct wf_queues *queues, uint32_t id, struct wf_queue_spec spec,
                    enum wf_status wanted, const char *sentence)
{
    struct wf_error err = {.text = ""};
    struct wf_queue_view before, after;
    bool known = wf_queues_view(queues, (wf_queue_id){id}, &before);
    assert_int_equal(wf_queues_set(queues, (wf_queue_id){id}, &spec, &err), wanted);
    assert_string_equal(err.text, sentence);
    assert_int_equal(wf_queues_view(queues, (wf_queue_id){id}, &after), known);
    if (known) {
        assert_memory_equal(&before.spec, &after.spec, sizeof before.spec);
    }
}

#define ROOT .parent = {WF_NONE}

static void queues_are_numbered_below_the_limit(void **unused)
{
    (void)unused;
    struct wf_queues *queues = small_queues();
    small_queue(queues, SMALL_QUEUES - 1, WF_NONE, (struct wf_queue_spec){0});
    refused(queues, SMALL_QUEUES, (struct wf_queue_spec){ROOT}, WF_LIMIT,
            "queue 16 is past the limit of 16 queues");
}

static void creation_checks_its_limits(void **unused)
{
    (void)unused;
    struct wf_queues *queues = NULL;
    struct wf_error err;
    struct wf_limits limits = {.queues = WF_QUEUES_MAX, .jobs = 1, .placements = 1};
    assert_int_equal(wf_queues_create(small_region(), &limits, WF_HALF_LIFE_MS_MAX, &queues, &err),
                     WF_OK);
    assert_int_equal(wf_queues_create(small_region(), &limits, WF_HALF_LIFE_MS_MIN, &queues, &err),
                     WF_OK);
    assert_int_equal(
        wf_queues_create(small_region(), &limits, WF_HALF_LIFE_MS_MAX + 1, &queues, &err),
        WF_INVALID);
    assert_string_equal(err.text, "a half life of 31622400001 ms for fair share is not between a "
                                  "minute and 366 days");
    assert_int_equal(
        wf_queues_create(small_region(), &limits, WF_HALF_LIFE_MS_MIN - 1, &queues, &err),
        WF_INVALID);
    limits.queues = WF_QUEUES_MAX + 1;
    assert_int_equal(wf_queues_create(small_region(), &limits, HOUR_MS, &queues, &err), WF_INVALID);
    assert_string_equal(err.text, "a limit of 4097 queues is not between 1 and 4096");
    limits.queues = 0;
    assert_int_equal(wf_queues_create(small_region(), &limits, HOUR_MS, &queues, &err), WF_INVALID);
}

static void parents_are_known_and_not_below(void **unused)
{
    (void)unused;
    struct wf_queues *queues = small_queues();
    refused(queues, 1, (struct wf_queue_spec){.parent = {7}}, WF_NOTFOUND,
            "queue 1: its parent, queue 7, is not known");
    refused(queues, 1, (struct wf_queue_spec){.parent = {SMALL_QUEUES}}, WF_NOTFOUND,
            "queue 1: its parent, queue 16, is not known");
    refused(queues, 1, (struct wf_queue_spec){.parent = {1}}, WF_INVALID,
            "queue 1 cannot be its own parent");
    small_queue(queues, 1, WF_NONE, (struct wf_queue_spec){0});
    small_queue(queues, 2, 1, (struct wf_queue_spec){0});
    small_queue(queues, 3, 2, (struct wf_queue_spec){0});
    refused(queues, 1, (struct wf_queue_spec){.parent = {3}}, WF_INVALID,
            "queue 1: its parent, queue 3, is itself below it");
    small_queue(queues, 3, WF_NONE, (struct wf_queue_spec){0});
    small_queue(queues, 1, 3, (struct wf_queue_spec){0}); // no longer a cycle
    assert_int_equal(small_view(queues, 2).depth, 3);
    assert_int_equal(small_view(queues, 3).children, 1);
}

static void the_tree_is_at_most_so_deep(void **unused)
{
    (void)unused;
    struct wf_queues *queues = small_queues();
    small_queue(queues, 0, WF_NONE, (struct wf_queue_spec){0});
    for (uint32_t id = 1; id < WF_QUEUE_DEPTH_MAX; id++) {
        small_queue(queues, id, id - 1, (struct wf_queue_spec){0});
    }
    assert_int_equal(small_view(queues, WF_QUEUE_DEPTH_MAX - 1).depth, WF_QUEUE_DEPTH_MAX);
    refused(queues, 8, (struct wf_queue_spec){.parent = {7}}, WF_LIMIT,
            "queue 8: below queue 7 the tree is 9 queues deep, past the limit of 8");
    // A queue that moves brings its own height.
    small_queue(queues, 8, WF_NONE, (struct wf_queue_spec){0});
    small_queue(queues, 9, 8, (struct wf_queue_spec){0});
    refused(queues, 8, (struct wf_queue_spec){.parent = {6}}, WF_LIMIT,
            "queue 8: below queue 6 the tree is 9 queues deep, past the limit of 8");
    small_queue(queues, 8, 5, (struct wf_queue_spec){0});
    assert_int_equal(small_view(queues, 9).depth, WF_QUEUE_DEPTH_MAX);
}

static void jobs_are_in_leaves_only(void **unused)
{
    (void)unused;
    struct wf_queues *queues = small_queues();
    struct wf_error err;
    small_queue(queues, 0, WF_NONE, (struct wf_queue_spec){0});
    assert_int_equal(wf_queues_enter(queues, (wf_queue_id){0}, &err), WF_OK);
    refused(queues, 1, (struct wf_queue_spec){.parent = {0}}, WF_INVALID,
            "queue 1: its parent, queue 0, has jobs, and only a queue without any can have queues "
            "below it");
    wf_queues_leave(queues, (wf_queue_id){0});
    small_queue(queues, 1, 0, (struct wf_queue_spec){0});
    assert_int_equal(wf_queues_enter(queues, (wf_queue_id){0}, &err), WF_INVALID);
    assert_string_equal(err.text, "queue 0 has queues below it, and jobs go into those");
    assert_int_equal(wf_queues_enter(queues, (wf_queue_id){5}, &err), WF_NOTFOUND);
    assert_string_equal(err.text, "queue 5 is not known");
    assert_int_equal(wf_queues_enter(queues, (wf_queue_id){SMALL_QUEUES}, &err), WF_NOTFOUND);
    struct wf_queue_view view;
    assert_false(wf_queues_view(queues, (wf_queue_id){5}, &view));
    assert_false(wf_queues_view(queues, (wf_queue_id){SMALL_QUEUES}, &view));
}

static void numbers_have_limits(void **unused)
{
    (void)unused;
    struct wf_queues *queues = small_queues();
    small_queue(queues, 0, WF_NONE, (struct wf_queue_spec){.weight = WF_QUEUE_WEIGHT_MAX});
    refused(queues, 0, (struct wf_queue_spec){ROOT, .weight = WF_QUEUE_WEIGHT_MAX + 1}, WF_LIMIT,
            "queue 0: a weight of 1000001 is past the limit of 1000000");
    small_queue(queues, 0, WF_NONE, (struct wf_queue_spec){0});
    assert_int_equal(small_view(queues, 0).spec.weight, 1);
    refused(queues, 0, (struct wf_queue_spec){ROOT, .guarantee_gpu_milli = -1}, WF_INVALID,
            "queue 0: a guarantee of -1 milli-GPU is negative");
    refused(queues, 0, (struct wf_queue_spec){ROOT, .limit_gpu_milli = -1}, WF_INVALID,
            "queue 0: a limit of -1 milli-GPU is negative");
    struct wf_queue_spec spec = {ROOT, .budgets = {[WF_WINDOW_DAY] = {.limit_nanousd = -5}}};
    refused(queues, 0, spec, WF_INVALID, "queue 0: a budget of -5 nano-dollars a day is negative");
    uint32_t unknown = WF_BUDGET_LOWER + 1;
    memcpy(&spec.budgets[WF_WINDOW_DAY].action, &unknown, sizeof unknown);
    spec.budgets[WF_WINDOW_DAY].limit_nanousd = 1;
    refused(queues, 0, spec, WF_INVALID,
            "queue 0: what its budget for the day does, 3, is nothing known");
    spec = (struct wf_queue_spec){ROOT, .guarantee_gpu_milli = 5, .limit_gpu_milli = 5};
    small_queue(queues, 0, WF_NONE, spec);
    spec.guarantee_gpu_milli = 6;
    refused(queues, 0, spec, WF_INVALID,
            "queue 0: a guarantee of 6 milli-GPU is above its limit of 5");
}

static void guarantees_add_up_to_at_most_the_parent_s(void **unused)
{
    (void)unused;
    struct wf_queues *queues = small_queues();
    small_queue(queues, 0, WF_NONE, (struct wf_queue_spec){.guarantee_gpu_milli = 10});
    small_queue(queues, 1, 0, (struct wf_queue_spec){.guarantee_gpu_milli = 4});
    small_queue(queues, 2, 0, (struct wf_queue_spec){.guarantee_gpu_milli = 6});
    refused(queues, 2, (struct wf_queue_spec){.parent = {0}, .guarantee_gpu_milli = 7}, WF_INVALID,
            "queue 2: a guarantee of 7 milli-GPU is more than the 6 that are left of the guarantee "
            "of its parent, queue 0");
    refused(queues, 0, (struct wf_queue_spec){ROOT, .guarantee_gpu_milli = 9}, WF_INVALID,
            "queue 0: a guarantee of 9 milli-GPU is less than those of the queues below it "
            "together");
    refused(queues, 3, (struct wf_queue_spec){.parent = {0}, .guarantee_gpu_milli = 1}, WF_INVALID,
            "queue 3: a guarantee of 1 milli-GPU is more than the 0 that are left of the guarantee "
            "of its parent, queue 0");
    // A queue from elsewhere is counted where it comes to.
    small_queue(queues, 3, WF_NONE, (struct wf_queue_spec){.guarantee_gpu_milli = 1});
    refused(queues, 3, (struct wf_queue_spec){.parent = {0}, .guarantee_gpu_milli = 1}, WF_INVALID,
            "queue 3: a guarantee of 1 milli-GPU is more than the 0 that are left of the guarantee "
            "of its parent, queue 0");
    // A parent without a guarantee promises nothing; the largest numbers are added without harm.
    small_queue(queues, 4, WF_NONE, (struct wf_queue_spec){0});
    small_queue(queues, 5, 4, (struct wf_queue_spec){.guarantee_gpu_milli = INT64_MAX});
    small_queue(queues, 6, 4, (struct wf_queue_spec){.guarantee_gpu_milli = INT64_MAX});
    refused(queues, 4, (struct wf_queue_spec){ROOT, .guarantee_gpu_milli = INT64_MAX}, WF_INVALID,
            "queue 4: a guarantee of 9223372036854775807 milli-GPU is less than those of the "
            "queues below it together");
}

static void a_queue_that_moves_takes_along_what_it_uses(void **unused)
{
    (void)unused;
    struct wf_queues *queues = small_queues();
    small_queue(queues, 0, WF_NONE, (struct wf_queue_spec){0});
    small_queue(queues, 1, 0, (struct wf_queue_spec){0});
    small_queue(queues, 2, 0, (struct wf_queue_spec){0});
    small_queue(queues, 3, WF_NONE, (struct wf_queue_spec){0});
    uint32_t stays = small_start(queues, 1, 1000, 2 * USD, 10 * USD);
    uint32_t moves = small_start(queues, 2, 3000, 5 * USD, 20 * USD);
    wf_queues_advance(queues, HOUR_MS / 2);
    small_queue(queues, 2, 3, (struct wf_queue_spec){0});
    struct wf_queue_view old = small_view(queues, 0);
    assert_int_equal(old.used_gpu_milli, 1000);
    assert_int_equal(wf_money_nanousd(old.money), 1 * USD);
    assert_int_equal(wf_money_nanousd(old.committed), 9 * USD);
    struct wf_queue_view new = small_view(queues, 3);
    assert_int_equal(new.used_gpu_milli, 3000);
    assert_int_equal(wf_money_nanousd(new.money), 5 * USD / 2);
    assert_int_equal(wf_money_nanousd(new.spent[WF_WINDOW_DAY]), 5 * USD / 2);
    assert_int_equal(wf_money_nanousd(new.committed), 35 * USD / 2);
    assert_true(new.share_money == small_view(queues, 2).share_money);
    assert_int_equal(new.children, 1);
    wf_queues_advance(queues, HOUR_MS);
    assert_int_equal(wf_money_nanousd(small_view(queues, 3).money), 5 * USD);
    wf_queues_stop(queues, moves);
    wf_queues_stop(queues, stays);
    assert_int_equal(small_view(queues, 3).used_gpu_milli, 0);
    assert_true(small_view(queues, 3).committed == 0);
    assert_int_equal(small_view(queues, 0).used_gpu_milli, 0);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(queues_are_numbered_below_the_limit),
        cmocka_unit_test(creation_checks_its_limits),
        cmocka_unit_test(parents_are_known_and_not_below),
        cmocka_unit_test(the_tree_is_at_most_so_deep),
        cmocka_unit_test(jobs_are_in_leaves_only),
        cmocka_unit_test(numbers_have_limits),
        cmocka_unit_test(guarantees_add_up_to_at_most_the_parent_s),
        cmocka_unit_test(a_queue_that_moves_takes_along_what_it_uses),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
