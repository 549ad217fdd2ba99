// SPDX-License-Identifier: Apache-2.0
// Moves by hand: three nodes of two GPUs, where the second task of half a GPU stands in the way.
#include "core/place/move.h"

#include "unit/core/small_cluster.h"

#define DOLLAR INT64_C(1000000000)

static struct wf_core *core;
static struct wf_decisions decided;

// Nodes 0 and 1 of two GPUs; half a GPU of each is taken by jobs 1 and 2, a whole one by 3 and 4.
static int start_with(uint32_t placements)
{
    struct wf_core_config config = {
        .limits = {.models = 1,
                   .pools = 1,
                   .nodes = 2,
                   .jobs = 32,
                   .placements = placements,
                   .classes = 8,
                   .moves = true},
        .policy = wf_policy_find("best-fit"),
    };
    if (wf_core_create(&config, &core, NULL) != WF_OK) {
        return 1;
    }
    struct wf_event event = {.kind = WF_EVENT_POOL};
    event.pool.spec.price_nanousd_per_gpu_hour = 2 * DOLLAR;
    small_step(core, &event);
    small_node(core, 0, 0, 100, 2, 0);
    small_node(core, 1, 0, 100, 2, 0);
    return 0;
}

static int start(void **state)
{
    (void)state;
    return start_with(16);
}

static int start_large(void **state)
{
    (void)state;
    return start_with(UINT16_MAX + 16);
}

static int end(void **state)
{
    (void)state;
    wf_core_destroy(core);
    return 0;
}

static void found(uint64_t id, uint32_t node, uint32_t gpus, uint16_t gpu_milli)
{
    struct wf_event event = {.kind = WF_EVENT_TASK_FOUND};
    event.task_found.job.number = id;
    event.task_found.node.index = node;
    event.task_found.gpus = gpus;
    event.task_found.request = small_job(1, 1, 1, gpu_milli).request;
    small_step(core, &event);
}

static void submit(uint64_t id, uint16_t gpu_milli, bool movable, int64_t cost_nanousd)
{
    struct wf_job_spec job = small_job(1, 1, 1, gpu_milli);
    job.id.number = id;
    job.movable = movable;
    job.move_cost_nanousd = cost_nanousd;
    decided = small_step(core, &(struct wf_event){.kind = WF_EVENT_JOB_SUBMIT, .job_submit = job});
}

static void allow(uint32_t moves, int64_t cost_max_nanousd, int64_t value_nanousd)
{
    struct wf_event event = {.kind = WF_EVENT_MOVES,
                             .moves = {moves, cost_max_nanousd, value_nanousd}};
    small_step(core, &event);
}

// Job 1 (movable) has half of a GPU of node 0, job 2 half of one of node 1; the other GPUs are
// full, so that a whole GPU is only free once job 1 has moved beside job 2.
static void fill(bool movable, int64_t cost_nanousd)
{
    found(3, 0, 2, WF_GPU_MILLI);
    found(4, 1, 1, WF_GPU_MILLI);
    submit(1, 500, movable, cost_nanousd);
    assert_int_equal(decided.list[0].node.index, 0);
    found(2, 1, 2, 500);
}

static void a_task_moves_when_that_is_worth_it(void **state)
{
    (void)state;
    fill(true, DOLLAR);
    allow(1, 0, 0);
    submit(5, WF_GPU_MILLI, false, 0);
    assert_int_equal(decided.count, 2);
    const struct wf_decision *move = &decided.list[0];
    assert_int_equal(move->kind, WF_DECISION_MOVE);
    assert_int_equal(move->job.number, 1);
    assert_int_equal(move->from.index, 0);
    assert_int_equal(move->from_gpus, 1);
    assert_int_equal(move->node.index, 1);
    assert_int_equal(move->gpus, 2);
    assert_int_equal(decided.list[1].kind, WF_DECISION_PLACE);
    assert_int_equal(decided.list[1].node.index, 0);
    assert_int_equal(decided.list[1].from.index, WF_NONE);
}

static void refused(void)
{
    submit(5, WF_GPU_MILLI, false, 0);
    assert_int_equal(decided.count, 1);
    assert_int_equal(decided.list[0].kind, WF_DECISION_REFUSE);
}

static void without_an_allowance_nothing_moves(void **state)
{
    (void)state;
    fill(true, 0);
    refused();
    allow(3, 0, 0);
    allow(0, 0, 0); // in place of the three
    refused();
}

static void what_costs_as_much_as_it_wins_does_not_move(void **state)
{
    (void)state;
    fill(true, 2 * DOLLAR); // one GPU for an hour wins two dollars
    allow(1, 0, 0);
    refused();
    allow(1, DOLLAR, 10 * DOLLAR); // worth it, but dearer than any move may be
    refused();
    allow(1, 0, 2 * DOLLAR + 1);
    submit(6, WF_GPU_MILLI, false, 0);
    assert_int_equal(decided.list[0].kind, WF_DECISION_MOVE);
}

static void what_was_not_declared_movable_stays(void **state)
{
    (void)state;
    fill(false, 0);
    allow(1, 0, 0);
    refused();
}

// A node may run more tasks than 16 bits count, when they ask for nothing.
static void one_movable_task_among_very_many_moves(void **state)
{
    (void)state;
    fill(true, 0);
    struct wf_job_spec job = small_job(WF_JOB_TASKS_MAX, 0, 0, 0);
    job.gang = false;
    job.movable = true;
    uint32_t rest = UINT16_MAX;
    for (job.id.number = 100; rest > 0; job.id.number++) {
        job.tasks = rest < WF_JOB_TASKS_MAX ? rest : WF_JOB_TASKS_MAX;
        assert_int_equal(small_submit(core, &job), job.tasks);
        rest -= job.tasks;
    }
    assert_int_equal(wf_core_cluster(core)->nodes[0].movable_tasks, UINT16_MAX + 1);
    allow(1, 0, 0);
    submit(5, WF_GPU_MILLI, false, 0);
    assert_int_equal(decided.list[0].kind, WF_DECISION_MOVE);
    assert_int_equal(decided.list[0].job.number, 1);
    struct wf_event event = {.kind = WF_EVENT_NODE_DOWN, .node_down = {{0}}};
    assert_int_equal(small_step(core, &event).count, UINT16_MAX + 2); // with jobs 3 and 5
}

static void a_core_without_moves_says_so(void **state)
{
    (void)state;
    struct wf_core *other = small_cluster();
    struct wf_decisions decisions;
    struct wf_error err;
    struct wf_event event = {.kind = WF_EVENT_MOVES, .moves = {.allowed = 1}};
    assert_int_equal(wf_core_step(other, &event, &decisions, &err), WF_LIMIT);
    assert_string_equal(err.text, "this core was made without the limit 'moves'");
    wf_core_destroy(other);
    event.moves.cost_max_nanousd = -1;
    assert_int_equal(wf_core_step(core, &event, &decisions, &err), WF_INVALID);
    struct wf_job_spec job = small_job(1, 1, 0, 0);
    job.move_cost_nanousd = -1;
    event = (struct wf_event){.kind = WF_EVENT_JOB_SUBMIT, .job_submit = job};
    assert_int_equal(wf_core_step(core, &event, &decisions, &err), WF_INVALID);
}

static void the_win_is_share_times_price_times_run(void **state)
{
    (void)state;
    struct wf_request request = {.gpus = 1, .gpu_milli = 500};
    assert_true(wf_move_win_nanousd(&request, 0, 2 * DOLLAR) == DOLLAR);
    assert_true(wf_move_win_nanousd(&request, 30, 2 * DOLLAR) == DOLLAR / 2);
    request = (struct wf_request){.gpus = 8, .gpu_milli = WF_GPU_MILLI};
    assert_true(wf_move_win_nanousd(&request, 90, 2 * DOLLAR) == 24 * DOLLAR);
    assert_true(wf_move_win_nanousd(&request, UINT32_MAX, WF_PRICE_NANOUSD_MAX) == INT64_MAX);
    request.gpus = 0;
    assert_true(wf_move_win_nanousd(&request, 90, 2 * DOLLAR) == 0);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test_setup_teardown(a_task_moves_when_that_is_worth_it, start, end),
        cmocka_unit_test_setup_teardown(without_an_allowance_nothing_moves, start, end),
        cmocka_unit_test_setup_teardown(what_costs_as_much_as_it_wins_does_not_move, start, end),
        cmocka_unit_test_setup_teardown(what_was_not_declared_movable_stays, start, end),
        cmocka_unit_test_setup_teardown(one_movable_task_among_very_many_moves, start_large, end),
        cmocka_unit_test_setup_teardown(a_core_without_moves_says_so, start, end),
        cmocka_unit_test(the_win_is_share_times_price_times_run),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
