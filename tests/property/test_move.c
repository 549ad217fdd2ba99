// SPDX-License-Identifier: Apache-2.0
// Moves of running tasks, over any history: the core that keeps scores and the one that looks at
// every node move the same; a move is made if and only if one is allowed, possible and worth it,
// which is checked by trying every running task; and whatever moves, the sums stay right.
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include <stdio.h>

#include "core/place/move.h"
#include "core/policy/policy.h"
#include "scenario.h"

enum { RUNNING_MAX = 16384, EVENTS = 3000 };

struct running {
    uint64_t job;
    uint32_t task, node, gpus;
};

// What an onlooker knows: the jobs as submitted, and the decisions.
struct onlooker {
    const struct wf_policy *policy;
    const struct wf_core *core;
    struct wf_job_spec jobs[SCENARIO_JOBS_MAX];
    struct running running[RUNNING_MAX];
    uint32_t count;
    uint32_t moves_left;
    int64_t cost_max, value;
    uint32_t moves, vain; // moves made, refusals for which every move was tried in vain
    uint64_t seed;
    uint32_t event;
};
static struct onlooker onlooker;

static struct wf_core *create(const struct wf_policy *policy, bool plain, bool moves)
{
    struct wf_core_config config = {.limits = scenario_limits(), .policy = policy, .plain = plain};
    config.limits.moves = moves;
    struct wf_core *core = NULL;
    assert_int_equal(wf_core_create(&config, &core, NULL), WF_OK);
    return core;
}

static void fail_here(const char *what)
{
    fail_msg("%s, seed %llu, event %u: %s", onlooker.policy->name,
             (unsigned long long)onlooker.seed, onlooker.event, what);
}

static const struct wf_pool *pool_of(const struct wf_cluster *cluster, uint32_t node)
{
    return &cluster->pools[cluster->nodes[node].pool.index];
}

static bool is_bound(const struct wf_job_spec *job)
{
    return job->gang && job->tasks > 1;
}

// Whether one task can start on the node, if it were in that state.
static bool fits(const struct wf_cluster *cluster, uint32_t node, const struct wf_state *state,
                 const struct wf_request *request)
{
    const struct wf_node *at = &cluster->nodes[node];
    if (!at->up || !wf_pool_admits(pool_of(cluster, node), request)) {
        return false;
    }
    struct wf_request served = wf_pool_request(pool_of(cluster, node), request);
    return wf_node_fits(at, state, &served);
}

static bool fits_anywhere(const struct wf_cluster *cluster, const struct wf_request *request)
{
    for (uint32_t node = 0; node < cluster->nodes_end; node++) {
        if (fits(cluster, node, &cluster->states[node], request)) {
            return true;
        }
    }
    return false;
}

// Whether the job starts if this task moves, and the task then finds a place.
static bool makes_room(const struct wf_job_spec *job, const struct running *mover)
{
    struct wf_outlook outlook = wf_core_outlook(onlooker.core);
    const struct wf_cluster *cluster = outlook.cluster;
    const struct wf_pool *pool = pool_of(cluster, mover->node);
    const struct wf_request *request = &onlooker.jobs[mover->job].request;
    struct wf_request moved = wf_pool_request(pool, request);
    struct wf_state state = cluster->states[mover->node];
    wf_state_give(&state, &moved, mover->gpus);
    if (!fits(cluster, mover->node, &state, &job->request)) {
        return false;
    }
    struct wf_request served = wf_pool_request(pool, &job->request);
    uint32_t gpu = 0;
    onlooker.policy->score(&outlook, pool, &state, &served, &gpu);
    wf_state_take(&state, &served, wf_state_gpu_set(&state, &served, gpu));
    if (fits(cluster, mover->node, &state, request)) {
        return true;
    }
    for (uint32_t node = 0; node < cluster->nodes_end; node++) {
        if (node != mover->node && fits(cluster, node, &cluster->states[node], request)) {
            return true;
        }
    }
    return false;
}

static int64_t cost_limit(const struct wf_job_spec *job)
{
    int64_t value =
        onlooker.value > 0 ? onlooker.value : wf_core_outlook(onlooker.core).fleet_price_nanousd;
    int64_t limit = wf_move_win_nanousd(&job->request, job->run_minutes, value) - 1;
    return onlooker.cost_max > 0 && onlooker.cost_max < limit ? onlooker.cost_max : limit;
}

// Returns the cost of the cheapest move that lets a job of one task start, or -1.
static int64_t cheapest_move(const struct wf_job_spec *job)
{
    int64_t cheapest = -1;
    for (uint32_t i = 0; i < onlooker.count; i++) {
        const struct wf_job_spec *other = &onlooker.jobs[onlooker.running[i].job];
        int64_t cost = other->move_cost_nanousd;
        if (other->movable && !is_bound(other) && cost <= cost_limit(job) &&
            (cheapest < 0 || cost < cheapest) && makes_room(job, &onlooker.running[i])) {
            cheapest = cost;
        }
    }
    return cheapest;
}

static struct running *find(const struct wf_decision *decision)
{
    for (uint32_t i = 0; i < onlooker.count; i++) {
        struct running *at = &onlooker.running[i];
        if (at->job == decision->job.number && at->task == decision->task) {
            return at;
        }
    }
    fail_here("a task is spoken of that does not run");
    return NULL;
}

static void follow_move(const struct wf_decisions *decisions, uint32_t at,
                        const struct wf_job_spec *cause)
{
    const struct wf_decision *move = &decisions->list[at];
    struct running *mover = find(move);
    const struct wf_job_spec *job = &onlooker.jobs[mover->job];
    if (onlooker.moves_left == 0 || !job->movable || is_bound(job) || is_bound(cause) ||
        job->id.number == cause->id.number || job->move_cost_nanousd > cost_limit(cause)) {
        fail_here("a task moves that may not");
    }
    if (mover->node != move->from.index || mover->gpus != move->from_gpus ||
        (mover->node == move->node.index && mover->gpus == move->gpus)) {
        fail_here("a move is from elsewhere, or to nowhere");
    }
    const struct wf_decision *next = &decisions->list[at + 1];
    if (at + 1 == decisions->count || next->kind != WF_DECISION_PLACE ||
        next->node.index != mover->node) {
        fail_here("nobody takes the place that a move left");
    }
    mover->node = move->node.index;
    mover->gpus = move->gpus;
    onlooker.moves_left--;
    onlooker.moves++;
}

static void follow(const struct wf_event *event, const struct wf_decisions *decisions)
{
    for (uint32_t i = 0; i < decisions->count; i++) {
        const struct wf_decision *decision = &decisions->list[i];
        struct running *at;
        switch (decision->kind) {
        case WF_DECISION_PLACE:
            onlooker.running[onlooker.count++] = (struct running){
                decision->job.number, decision->task, decision->node.index, decision->gpus};
            break;
        case WF_DECISION_END:
        case WF_DECISION_LOST:
            at = find(decision);
            *at = onlooker.running[--onlooker.count];
            break;
        case WF_DECISION_MOVE:
            follow_move(decisions, i, &event->job_submit);
            break;
        case WF_DECISION_REFUSE:
        case WF_DECISION_WAIT:
        case WF_DECISION_REJECT:
        case WF_DECISION_PREEMPT:
        case WF_DECISION_TIMEOUT:
            break;
        }
    }
}

// What is free on a node is what the tasks that an onlooker sees there leave.
static void check_sums(const struct wf_cluster *cluster)
{
    uint64_t cpu[SCENARIO_NODES] = {0};
    uint64_t memory[SCENARIO_NODES] = {0};
    uint32_t gpu[SCENARIO_NODES][WF_NODE_GPUS_MAX] = {{0}};
    uint32_t movable[SCENARIO_NODES] = {0};
    for (uint32_t i = 0; i < onlooker.count; i++) {
        const struct running *at = &onlooker.running[i];
        const struct wf_job_spec *job = &onlooker.jobs[at->job];
        struct wf_request served = wf_pool_request(pool_of(cluster, at->node), &job->request);
        cpu[at->node] += served.cpu_milli;
        memory[at->node] += served.memory_mib;
        movable[at->node] += job->movable && !is_bound(job);
        for (uint32_t rest = at->gpus; rest; rest &= rest - 1) {
            gpu[at->node][__builtin_ctz(rest)] += served.gpu_milli;
        }
    }
    for (uint32_t node = 0; node < cluster->nodes_end; node++) {
        const struct wf_node *at = &cluster->nodes[node];
        const struct wf_state *state = &cluster->states[node];
        bool right = !at->up || (cpu[node] + state->cpu_free_milli == at->spec.cpu_milli &&
                                 memory[node] + state->memory_free_mib == at->spec.memory_mib &&
                                 movable[node] == at->movable_tasks);
        for (uint32_t i = 0; at->up && i < at->spec.gpus; i++) {
            right = right && gpu[node][i] + state->gpu_free_milli[i] == WF_GPU_MILLI;
        }
        if (!right) {
            fail_here("a node does not add up");
        }
    }
}

// Whether a job finds no node, though a move is allowed; with the cheapest that helps, or -1.
static bool needs_move(const struct wf_job_spec *job, int64_t *cheapest_out)
{
    onlooker.jobs[job->id.number] = *job;
    if (job->tasks > 1 || onlooker.moves_left == 0 ||
        fits_anywhere(wf_core_cluster(onlooker.core), &job->request)) {
        return false;
    }
    *cheapest_out = cheapest_move(job);
    onlooker.vain += *cheapest_out < 0;
    return true;
}

static void check_move(const struct wf_decision *first, int64_t cheapest)
{
    if ((first->kind == WF_DECISION_MOVE) != (cheapest >= 0)) {
        fail_here("a move was missed, or made up");
    }
    if (cheapest >= 0 && onlooker.jobs[first->job.number].move_cost_nanousd != cheapest) {
        fail_here("there was a cheaper move");
    }
}

// One event for both cores, with everything that can be said before and after it.
static void step(struct wf_core *kept, struct wf_core *plain, const struct wf_event *event)
{
    struct wf_decisions a, b;
    int64_t cheapest = -1;
    bool moves = event->kind == WF_EVENT_JOB_SUBMIT && needs_move(&event->job_submit, &cheapest);
    enum wf_status status = wf_core_step(kept, event, &a, NULL);
    if (status != wf_core_step(plain, event, &b, NULL) || a.count != b.count || a.hash != b.hash) {
        fail_here("the cores part");
    }
    if (moves && status == WF_OK) {
        check_move(&a.list[0], cheapest);
    }
    follow(event, &a);
    if (event->kind == WF_EVENT_MOVES && status == WF_OK) {
        onlooker.moves_left = event->moves.allowed;
        onlooker.cost_max = event->moves.cost_max_nanousd;
        onlooker.value = event->moves.value_nanousd_per_gpu_hour;
    }
    check_sums(wf_core_cluster(kept));
}

static void moves_are_those_that_are_allowed_possible_and_worth_it(void **state)
{
    (void)state;
    const char *const policies[] = {"best-fit", "gpu-clustering", "fgd", "cost-first"};
    for (uint32_t i = 0; i < WF_COUNT_OF(policies); i++) {
        uint32_t moves = 0, vain = 0;
        for (uint64_t seed = 1; seed <= 6; seed++) {
            struct scenario scenario;
            scenario_init(&scenario, seed);
            scenario.moves = true;
            onlooker = (struct onlooker){.policy = wf_policy_find(policies[i]), .seed = seed};
            struct wf_core *kept = create(onlooker.policy, false, true);
            struct wf_core *plain = create(onlooker.policy, true, true);
            onlooker.core = kept;
            for (; onlooker.event < EVENTS; onlooker.event++) {
                struct wf_event event;
                scenario_next(&scenario, &event);
                step(kept, plain, &event);
            }
            moves += onlooker.moves;
            vain += onlooker.vain;
            wf_core_destroy(kept);
            wf_core_destroy(plain);
        }
        // The histories must have been some that tell something.
        assert_true(moves > 100 && vain > 100);
    }
}

// Without an allowance a core that could move decides as one that cannot, movable jobs or not.
static void nothing_changes_without_an_allowance(void **state)
{
    (void)state;
    for (uint32_t i = 0; wf_policies[i]; i++) {
        struct wf_core *able = create(wf_policies[i], false, true);
        struct wf_core *unable = create(wf_policies[i], false, false);
        struct scenario scenario;
        scenario_init(&scenario, 7);
        scenario.moves = true;
        for (uint32_t event = 0; event < EVENTS; event++) {
            struct wf_event next;
            struct wf_decisions a, b;
            scenario_next(&scenario, &next);
            if (next.kind != WF_EVENT_MOVES) {
                enum wf_status status = wf_core_step(able, &next, &a, NULL);
                assert_int_equal(status, wf_core_step(unable, &next, &b, NULL));
                assert_true(a.hash == b.hash);
            }
        }
        wf_core_destroy(able);
        wf_core_destroy(unable);
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(moves_are_those_that_are_allowed_possible_and_worth_it),
        cmocka_unit_test(nothing_changes_without_an_allowance),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
