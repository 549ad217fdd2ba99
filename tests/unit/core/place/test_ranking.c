// SPDX-License-Identifier: Apache-2.0
// What kept scores are shared between, and what makes them anew; that they choose what the plain
// loop chooses is a property test.
#include "core/place/ranking.h"

#include "unit/core/small_cluster.h"
#include "unit/core/small_region.h"

static uint32_t scores_asked;

static int32_t count_score(const struct wf_outlook *outlook, const struct wf_pool *pool,
                           const struct wf_state *state, const struct wf_request *request,
                           uint32_t *gpu_out)
{
    (void)outlook, (void)pool, (void)request;
    scores_asked++;
    *gpu_out = 0;
    return -(int32_t)state->cpu_free_milli;
}

static const struct wf_policy counting = {.name = "counting", .score = count_score};

// Two nodes in pool 0, one in each other pool; the least free CPU in the pool of the highest
// number.
struct fixture {
    struct wf_core *core;
    struct wf_outlook outlook;
    struct wf_ranking *ranking;
};

static int set_up(void **state)
{
    static struct fixture fixture;
    fixture.core = small_cluster();
    for (uint32_t node = 0; node < 5; node++) {
        small_node(fixture.core, node, node == 0 ? 0 : node - 1, 9000 - 1000 * node, 1, 0);
    }
    fixture.outlook = wf_core_outlook(fixture.core);
    assert_int_equal(wf_ranking_create(small_region(), wf_core_cluster(fixture.core),
                                       &fixture.outlook, &counting, &fixture.ranking, NULL),
                     WF_OK);
    for (uint32_t node = 0; node < 5; node++) {
        wf_ranking_add_node(fixture.ranking, node);
    }
    *state = &fixture;
    return 0;
}

static int tear_down(void **state)
{
    struct fixture *fixture = *state;
    wf_core_destroy(fixture->core);
    return 0;
}

// Returns the node chosen; *asked_out gets how many scores that took.
static uint32_t choose(struct fixture *fixture, const struct wf_request *request,
                       uint32_t *asked_out)
{
    scores_asked = 0;
    uint32_t node = wf_ranking_choose(fixture->ranking, request).node;
    *asked_out = scores_asked;
    return node;
}

static void requests_that_differ_in_models_and_place_share_their_scores(void **state)
{
    struct wf_request request = small_job(1, 1000, 1, WF_GPU_MILLI).request;
    uint32_t asked;
    assert_int_equal(choose(*state, &request, &asked), 4);
    assert_int_equal(asked, 5);
    request.models = WF_MODEL_BIT(0) | WF_MODEL_BIT(1);
    assert_int_equal(choose(*state, &request, &asked), 2);
    assert_int_equal(asked, 0);
    request.models = WF_MODEL_BIT(0);
    assert_int_equal(choose(*state, &request, &asked), 1);
    assert_int_equal(asked, 0);
    request.models = WF_ANY_MODEL;
    request.place.zone = 2;
    assert_int_equal(choose(*state, &request, &asked), 3);
    assert_int_equal(asked, 0);
}

static void requests_that_differ_in_anything_else_do_not(void **state)
{
    const struct wf_request base = small_job(1, 1000, 1, WF_GPU_MILLI).request;
    struct wf_request others[] = {base, base, base, base};
    others[0].cpu_milli = 999;
    others[1].memory_mib = 1;
    others[2].gpu_milli = 500;
    others[3].gpus = 0;
    others[3].gpu_milli = 0;
    uint32_t asked;
    choose(*state, &base, &asked);
    for (uint32_t i = 0; i < WF_COUNT_OF(others); i++) {
        assert_int_equal(choose(*state, &others[i], &asked), 4);
        assert_int_equal(asked, 5);
    }
    struct wf_request labelled = base;
    labelled.labels = 1;
    assert_int_equal(choose(*state, &labelled, &asked), WF_NONE);
}

static void only_what_changed_is_scored_again(void **state)
{
    struct fixture *fixture = *state;
    struct wf_request request = small_job(1, 1000, 1, WF_GPU_MILLI).request;
    uint32_t asked;
    choose(fixture, &request, &asked);
    wf_ranking_touch(fixture->ranking, 2);
    wf_ranking_touch(fixture->ranking, 2);
    wf_ranking_touch(fixture->ranking, 3);
    assert_int_equal(choose(fixture, &request, &asked), 4);
    assert_int_equal(asked, 2);
    wf_ranking_forget(fixture->ranking);
    assert_int_equal(choose(fixture, &request, &asked), 4);
    assert_int_equal(asked, 5);
}

static void the_class_longest_not_asked_for_is_given_up(void **state)
{
    struct wf_request request = small_job(1, 1000, 1, WF_GPU_MILLI).request;
    uint32_t asked;
    for (uint32_t i = 0; i < 5; i++) { // one more than small_cluster keeps
        request.memory_mib = i;
        choose(*state, &request, &asked);
    }
    request.memory_mib = 1;
    assert_int_equal(choose(*state, &request, &asked), 4);
    assert_int_equal(asked, 0);
    request.memory_mib = 0;
    assert_int_equal(choose(*state, &request, &asked), 4);
    assert_int_equal(asked, 5);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test_setup_teardown(requests_that_differ_in_models_and_place_share_their_scores,
                                        set_up, tear_down),
        cmocka_unit_test_setup_teardown(requests_that_differ_in_anything_else_do_not, set_up,
                                        tear_down),
        cmocka_unit_test_setup_teardown(only_what_changed_is_scored_again, set_up, tear_down),
        cmocka_unit_test_setup_teardown(the_class_longest_not_asked_for_is_given_up, set_up,
                                        tear_down),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
