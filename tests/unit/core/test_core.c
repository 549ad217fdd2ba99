// SPDX-License-Identifier: Apache-2.0
#include "core/core.h"

#include <string.h>

#include "small_cluster.h"

static const struct wf_core_config small_config = {
    .limits = {.models = 2, .pools = 2, .nodes = 4, .jobs = 3, .placements = 5, .classes = 4},
};

static struct wf_core *core_with(const char *policy)
{
    struct wf_core_config config = small_config;
    config.policy = wf_policy_find(policy);
    struct wf_core *core = NULL;
    assert_int_equal(wf_core_create(&config, &core, NULL), WF_OK);
    small_step(core, &(struct wf_event){.kind = WF_EVENT_POOL, .pool = {{0}, {.model = 0}}});
    small_step(core, &(struct wf_event){.kind = WF_EVENT_POOL, .pool = {{1}, {.model = 1}}});
    small_node(core, 0, 0, 8000, 2, 0);
    small_node(core, 1, 1, 8000, 4, 0);
    return core;
}

static struct wf_event submit(uint64_t id, uint32_t tasks, uint8_t gpus, uint16_t gpu_milli)
{
    struct wf_event event = {
        .kind = WF_EVENT_JOB_SUBMIT,
        .job_submit = small_job(tasks, 1000, gpus, gpu_milli),
    };
    event.job_submit.id.number = id;
    return event;
}

static struct wf_event found(uint64_t job, uint32_t task, uint32_t node, uint32_t gpus)
{
    struct wf_job_spec spec = small_job(1, 1000, (uint8_t)__builtin_popcount(gpus), 1000);
    return (struct wf_event){
        .kind = WF_EVENT_TASK_FOUND,
        .task_found =
            {.job = {job}, .task = task, .node = {node}, .gpus = gpus, .request = spec.request},
    };
}

static struct wf_event end(uint64_t id)
{
    return (struct wf_event){.kind = WF_EVENT_JOB_END, .job_end = {.id = {id}}};
}

// The event is refused with this sentence, and leaves no decision and the same hash behind.
static void refused(struct wf_core *core, struct wf_event event, enum wf_status status,
                    const char *sentence)
{
    struct wf_decisions before, after;
    struct wf_error err;
    // Whatever is refused anyhow shows the hash.
    assert_int_equal(wf_core_step(core, &(struct wf_event){.time_ms = -1}, &before, NULL),
                     WF_INVALID);
    assert_int_equal(wf_core_step(core, &event, &after, &err), status);
    assert_string_equal(err.text, sentence);
    assert_int_equal(after.count, 0);
    assert_int_equal(before.hash, after.hash);
}

static void a_core_within_its_limits_is_made(void **state)
{
    (void)state;
    struct wf_core_config config = small_config;
    config.policy = wf_policy_find("fgd");
    uint32_t *const limits[] = {&config.limits.models,     &config.limits.pools,
                                &config.limits.nodes,      &config.limits.jobs,
                                &config.limits.placements, &config.limits.classes};
    static const uint32_t past[] = {WF_MODELS_MAX + 1,       WF_POOLS_MAX + 1,
                                    WF_NODES_MAX + 1,        (UINT32_C(1) << 31) + 1,
                                    (UINT32_C(1) << 31) + 1, WF_CLASSES_MAX + 1};
    static const char *const names[] = {"models", "pools",      "nodes",
                                        "jobs",   "placements", "classes"};
    for (unsigned i = 0; i < WF_COUNT_OF(limits); i++) {
        uint32_t kept = *limits[i];
        uint32_t bad[] = {0, past[i]};
        for (unsigned k = 0; k < 2; k++) {
            struct wf_core *core = NULL;
            struct wf_error err;
            char sentence[128];
            *limits[i] = bad[k];
            assert_int_equal(wf_core_create(&config, &core, &err), WF_INVALID);
            snprintf(sentence, sizeof sentence, "the limit '%s' is %u, it must be between 1 and %u",
                     names[i], bad[k], past[i] - 1);
            assert_string_equal(err.text, sentence);
            assert_null(core);
        }
        *limits[i] = kept;
    }
    config.limits.models = WF_MODELS_MAX;
    struct wf_core *core = NULL;
    assert_int_equal(wf_core_create(&config, &core, NULL), WF_OK);
    wf_core_destroy(core);
    wf_core_destroy(NULL);
}

static void a_job_is_placed_task_by_task_and_ends(void **state)
{
    (void)state;
    struct wf_core *core = core_with("best-fit");
    struct wf_event event = submit(7, 2, 1, 1000);
    struct wf_decisions decisions = small_step(core, &event);
    assert_int_equal(decisions.count, 2);
    for (uint32_t task = 0; task < 2; task++) {
        const struct wf_decision *decision = &decisions.list[task];
        assert_int_equal(decision->kind, WF_DECISION_PLACE);
        assert_int_equal(decision->job.number, 7);
        assert_int_equal(decision->task, task);
        assert_int_equal(decision->node.index, 0); // the smaller one has least left over
        assert_int_equal(decision->gpus, 1 << task);
        assert_int_equal(decision->gpu_milli, 1000);
    }
    assert_int_equal(wf_core_cluster(core)->states[0].cpu_free_milli, 6000);
    event = end(7);
    decisions = small_step(core, &event);
    assert_int_equal(decisions.count, 2);
    assert_int_equal(decisions.list[0].kind, WF_DECISION_END);
    assert_int_equal(wf_core_cluster(core)->states[0].cpu_free_milli, 8000);
    assert_int_equal(wf_core_cluster(core)->states[0].gpus_whole, 2);
    refused(core, end(7), WF_NOTFOUND, "there is no job 7");
    wf_core_destroy(core);
}

static void a_gang_starts_whole_or_not_at_all(void **state)
{
    (void)state;
    struct wf_core *core = core_with("best-fit");
    struct wf_event event = submit(1, 4, 2, 1000); // 3 fit
    struct wf_decisions decisions = small_step(core, &event);
    assert_int_equal(decisions.count, 1);
    assert_int_equal(decisions.list[0].kind, WF_DECISION_REFUSE);
    assert_int_equal(decisions.list[0].task, 0);
    assert_int_equal(decisions.list[0].node.index, WF_NONE);
    assert_int_equal(wf_core_cluster(core)->states[0].gpus_whole, 2);
    assert_int_equal(wf_core_cluster(core)->states[1].gpus_whole, 4);
    refused(core, end(1), WF_NOTFOUND, "there is no job 1");
    event.job_submit.gang = false;
    decisions = small_step(core, &event);
    assert_int_equal(decisions.count, 4);
    assert_int_equal(decisions.list[2].kind, WF_DECISION_PLACE);
    assert_int_equal(decisions.list[3].kind, WF_DECISION_REFUSE);
    assert_int_equal(decisions.list[3].task, 3);
    event = end(1);
    assert_int_equal(small_step(core, &event).count, 3);
    wf_core_destroy(core);
}

static void what_ran_on_a_node_that_goes_is_lost(void **state)
{
    (void)state;
    struct wf_core *core = core_with("best-fit");
    struct wf_event event = submit(1, 3, 2, 1000); // 1 on node 0, 2 on node 1
    small_step(core, &event);
    event = (struct wf_event){.kind = WF_EVENT_NODE_DOWN, .node_down = {{1}}};
    struct wf_decisions decisions = small_step(core, &event);
    assert_int_equal(decisions.count, 2);
    assert_int_equal(decisions.list[0].kind, WF_DECISION_LOST);
    assert_int_equal(decisions.list[0].node.index, 1);
    refused(core, event, WF_NOTFOUND, "there is no node 1");
    event.node_down.id.index = 4;
    refused(core, event, WF_NOTFOUND, "there is no node 4");
    event = end(1);
    assert_int_equal(small_step(core, &event).count, 1); // the one task that is left
    small_node(core, 1, 1, 8000, 1, 0);                  // comes again, otherwise
    event = submit(2, 1, 2, 1000);
    assert_int_equal(small_step(core, &event).list[0].node.index, 0);
    wf_core_destroy(core);
}

static void a_drained_node_takes_nothing_new_and_keeps_what_it_has(void **state)
{
    (void)state;
    struct wf_core *core = core_with("best-fit");
    struct wf_event event = submit(1, 1, 1, 1000);
    assert_int_equal(small_step(core, &event).list[0].node.index, 0);
    struct wf_event drain = {.kind = WF_EVENT_NODE_DRAIN, .node_drain = {{0}, true}};
    assert_int_equal(small_step(core, &drain).count, 0);
    assert_int_equal(wf_core_cluster(core)->pools[0].gpu_open_milli, 0);
    event = submit(2, 1, 1, 1000);
    assert_int_equal(small_step(core, &event).list[0].node.index, 1);
    event = end(1);
    assert_int_equal(small_step(core, &event).count, 1);
    assert_int_equal(wf_core_cluster(core)->pools[0].gpu_free_milli, 2000);
    assert_int_equal(wf_core_cluster(core)->pools[0].gpu_open_milli, 0);
    drain.node_drain.closed = false;
    small_step(core, &drain);
    assert_int_equal(wf_core_cluster(core)->pools[0].gpu_open_milli, 2000);
    event = submit(3, 1, 1, 1000);
    assert_int_equal(small_step(core, &event).list[0].node.index, 0);
    drain.node_drain.id.index = 2;
    refused(core, drain, WF_NOTFOUND, "there is no node 2");
    wf_core_destroy(core);
}

static void a_task_found_is_taken_in_unless_it_contradicts(void **state)
{
    (void)state;
    struct wf_core *core = core_with("best-fit");
    struct wf_event event = found(1, 0, 1, 0xa);
    assert_int_equal(small_step(core, &event).count, 0);
    assert_int_equal(wf_core_cluster(core)->states[1].gpus_whole, 2);
    event = found(1, 1, 0, 0x1);
    small_step(core, &event);
    refused(core, found(1, 1, 1, 0x1), WF_EXISTS, "task 1 of job 1 runs already, on node 0");
    refused(core, found(2, 0, 1, 0x2), WF_INVALID,
            "job 2 is said to run on node 1, which has not that much free");
    refused(core, found(2, 0, 0, 0x4), WF_INVALID, // a GPU that the node does not have
            "job 2 is said to run on node 0, which has not that much free");
    refused(core, found(2, 0, 2, 0x1), WF_NOTFOUND, "there is no node 2");
    event = found(2, 0, 1, 0x5);
    event.task_found.request.gpus = 1; // fewer than it is said to use
    refused(core, event, WF_INVALID,
            "job 2 is said to run on node 1, which has not that much free");
    event = found(2, 0, 1, 0x5);
    event.task_found.request.cpu_milli = 7001;
    refused(core, event, WF_INVALID,
            "job 2 is said to run on node 1, which has not that much free");
    refused(core, submit(1, 1, 1, 1000), WF_EXISTS, "job 1 runs already");
    event = end(1);
    assert_int_equal(small_step(core, &event).count, 2);
    assert_int_equal(wf_core_cluster(core)->states[1].gpus_whole, 4);
    wf_core_destroy(core);
}

static void jobs_that_make_no_sense_are_refused(void **state)
{
    (void)state;
    struct wf_core *core = core_with("cost-first");
    refused(core, submit(1, 0, 1, 1000), WF_LIMIT, "job 1 has 0 tasks, it may have 1 to 4096");
    refused(core, submit(1, WF_JOB_TASKS_MAX + 1, 1, 1000), WF_LIMIT,
            "job 1 has 4097 tasks, it may have 1 to 4096");
    static const uint16_t bad[][2] = {{0, 1}, {0, 1000}, {1, 0}, {1, 1001}, {2, 999}, {2, 0}};
    for (unsigned i = 0; i < WF_COUNT_OF(bad); i++) {
        char sentence[160];
        snprintf(sentence, sizeof sentence,
                 "job 1 asks for %u GPUs of %u milli each: it must be none of 0, one of 1 to 999 "
                 "or some of 1000",
                 bad[i][0], bad[i][1]);
        refused(core, submit(1, 1, (uint8_t)bad[i][0], bad[i][1]), WF_INVALID, sentence);
    }
    struct wf_event event = submit(1, 1, WF_NODE_GPUS_MAX, 1000);
    assert_int_equal(small_step(core, &event).list[0].kind, WF_DECISION_REFUSE);
    refused(core, submit(1, 1, WF_NODE_GPUS_MAX + 1, 1000), WF_LIMIT,
            "job 1 asks for 17 GPUs in each task, past the limit of 16 in one node");
    refused(core, (struct wf_event){.kind = (enum wf_event_kind)99}, WF_INVALID,
            "there is no event kind 99");
    wf_core_destroy(core);
}

static void placed_jobs_and_tasks_have_limits(void **state)
{
    (void)state;
    struct wf_core *core = core_with("best-fit");
    struct wf_event event = submit(1, 5, 0, 0);
    assert_int_equal(small_step(core, &event).count, 5); // all 5 placements
    refused(core, submit(2, 1, 0, 0), WF_LIMIT,
            "job 2 has 1 tasks, the limit of 5 placed tasks leaves room for 0");
    refused(core, found(2, 0, 0, 1), WF_LIMIT,
            "job 2 has 1 tasks, the limit of 5 placed tasks leaves room for 0");
    event = end(1);
    small_step(core, &event);
    for (uint64_t id = 1; id <= 3; id++) {
        event = submit(id, 1, 0, 0);
        assert_int_equal(small_step(core, &event).list[0].kind, WF_DECISION_PLACE);
    }
    refused(core, submit(4, 1, 0, 0), WF_LIMIT, "job 4 is past the limit of 3 placed jobs");
    refused(core, found(4, 0, 0, 1), WF_LIMIT, "job 4 is past the limit of 3 placed jobs");
    event = end(2);
    small_step(core, &event);
    event = submit(4, 1, 0, 0);
    assert_int_equal(small_step(core, &event).list[0].kind, WF_DECISION_PLACE);
    wf_core_destroy(core);
}

static void a_forecast_has_limits(void **state)
{
    (void)state;
    static struct wf_mix_class classes[WF_MIX_CLASSES_MAX + 1];
    for (uint32_t i = 0; i <= WF_MIX_CLASSES_MAX; i++) {
        classes[i] = (struct wf_mix_class){
            .cpu_milli = i, .gpus = 1, .gpu_milli = 500, .models = WF_ANY_MODEL, .count = 4096};
    }
    struct wf_core *core = core_with("fgd");
    struct wf_event event = {.kind = WF_EVENT_MIX,
                             .mix = {classes, WF_MIX_CLASSES_MAX}}; // 256 * 4096: the most
    small_step(core, &event);
    assert_int_equal(wf_core_outlook(core).mix->total, WF_MIX_TOTAL_MAX);
    event.mix.count++;
    refused(core, event, WF_LIMIT, "a demand forecast of 257 classes is past the limit of 256");
    event.mix.count--;
    classes[3].count++;
    refused(core, event, WF_LIMIT,
            "a demand forecast of 1048577 counts is past the limit of 1048576");
    classes[3] = (struct wf_mix_class){.gpus = 17, .gpu_milli = 1000, .count = 1};
    refused(core, event, WF_INVALID,
            "class 3 of the demand forecast asks for 17 GPUs of 1000 milli each, which no task "
            "may");
    classes[3] = (struct wf_mix_class){.gpus = 1, .gpu_milli = 1001, .count = 1};
    refused(core, event, WF_INVALID,
            "class 3 of the demand forecast asks for 1 GPUs of 1001 milli each, which no task "
            "may");
    assert_int_equal(wf_core_outlook(core).mix->count, WF_MIX_CLASSES_MAX);
    event.mix.count = 0;
    small_step(core, &event);
    assert_int_equal(wf_core_outlook(core).mix->total, 0);
    wf_core_destroy(core);
}

static void time_does_not_go_back(void **state)
{
    (void)state;
    struct wf_core *core = core_with("best-fit");
    struct wf_event event = submit(1, 1, 1, 1000);
    event.time_ms = 5000;
    small_step(core, &event);
    event = submit(2, 1, 1, 1000);
    event.time_ms = 4999;
    refused(core, event, WF_INVALID, "an event of time 4999 ms came after time 5000 ms");
    event = end(9);
    event.time_ms = 6000; // a refused event does not move it either
    refused(core, event, WF_NOTFOUND, "there is no job 9");
    event = submit(2, 1, 1, 1000);
    event.time_ms = 5000;
    small_step(core, &event);
    wf_core_destroy(core);
}

static void the_hash_tells_histories_apart(void **state)
{
    (void)state;
    uint64_t hashes[3];
    for (unsigned i = 0; i < 3; i++) {
        struct wf_core *core = core_with("best-fit");
        struct wf_event event = submit(i == 2 ? 2 : 1, 1, 1, 1000);
        hashes[i] = small_step(core, &event).hash;
        wf_core_destroy(core);
    }
    assert_int_equal(hashes[0], hashes[1]);
    assert_int_not_equal(hashes[0], hashes[2]);
}

// The tasks of a gang that were put somewhere and came off again are not in the hash.
static void a_gang_refused_is_one_decision(void **state)
{
    (void)state;
    struct wf_core *three_fit = core_with("best-fit");
    struct wf_core *none_fits = core_with("best-fit");
    struct wf_event event = submit(1, 4, 2, 1000);
    uint64_t hash = small_step(three_fit, &event).hash;
    event = submit(1, 4, 5, 1000);
    assert_int_equal(small_step(none_fits, &event).hash, hash);
    wf_core_destroy(three_fit);
    wf_core_destroy(none_fits);
}

// Asks for nearly no GPU and all the CPU there is, which must not overflow a price.
static void an_odd_request_leaves_prices_sane(void **state)
{
    (void)state;
    struct wf_core *core = core_with("cost-first");
    struct wf_event event = submit(1, 1, 1, 1);
    event.job_submit.request.cpu_milli = UINT32_MAX;
    for (unsigned i = 0; i < 40; i++) {
        assert_int_equal(small_step(core, &event).list[0].kind, WF_DECISION_REFUSE);
    }
    event = submit(2, 1, 1, 1000);
    assert_int_equal(small_step(core, &event).list[0].kind, WF_DECISION_PLACE);
    wf_core_destroy(core);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(a_core_within_its_limits_is_made),
        cmocka_unit_test(a_job_is_placed_task_by_task_and_ends),
        cmocka_unit_test(a_gang_starts_whole_or_not_at_all),
        cmocka_unit_test(what_ran_on_a_node_that_goes_is_lost),
        cmocka_unit_test(a_drained_node_takes_nothing_new_and_keeps_what_it_has),
        cmocka_unit_test(a_task_found_is_taken_in_unless_it_contradicts),
        cmocka_unit_test(jobs_that_make_no_sense_are_refused),
        cmocka_unit_test(placed_jobs_and_tasks_have_limits),
        cmocka_unit_test(a_forecast_has_limits),
        cmocka_unit_test(time_does_not_go_back),
        cmocka_unit_test(the_hash_tells_histories_apart),
        cmocka_unit_test(a_gang_refused_is_one_decision),
        cmocka_unit_test(an_odd_request_leaves_prices_sane),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
