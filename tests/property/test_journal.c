// SPDX-License-Identifier: Apache-2.0
// The events are the whole story: told again they give the same hash, with kept scores or without;
// and what the core refuses might as well not have been said.
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdlib.h>
#include <unistd.h>

#include <cmocka.h>

#include "core/cluster.h"
#include "core/policy/policy.h"
#include "scenario.h"
#include "sim/rerun/journal_check.h"
#include "store/store.h"

enum {
    EVENTS = 2500,
    SEEDS = 6,
};

static struct wf_core *create(const struct wf_policy *policy, uint64_t seed, bool plain)
{
    struct wf_core_config config = {
        .limits = scenario_limits(), .policy = policy, .seed = seed, .plain = plain};
    struct wf_core *core = NULL;
    assert_int_equal(wf_core_create(&config, &core, NULL), WF_OK);
    return core;
}

static uint64_t hash_of(const struct wf_policy *policy, uint64_t seed, bool plain)
{
    struct wf_core *core = create(policy, seed, plain);
    struct scenario scenario;
    struct wf_decisions decisions = {0};
    scenario_init(&scenario, seed);
    for (uint32_t i = 0; i < EVENTS; i++) {
        struct wf_event event;
        scenario_next(&scenario, &event);
        event.time_ms = i;
        (void)!wf_core_step(core, &event, &decisions, NULL);
    }
    wf_core_destroy(core);
    return decisions.hash;
}

static void a_journal_told_again_gives_the_same_hash(void **state)
{
    (void)state;
    for (uint32_t i = 0; wf_policies[i]; i++) {
        for (uint64_t seed = 1; seed <= SEEDS; seed++) {
            uint64_t hash = hash_of(wf_policies[i], seed, false);
            assert_int_equal(hash, hash_of(wf_policies[i], seed, false));
            assert_int_equal(hash, hash_of(wf_policies[i], seed, true));
            assert_int_not_equal(hash, hash_of(wf_policies[i], seed + SEEDS, false));
        }
    }
}

// Steps a scenario and keeps what the core takes; some of it is refused. Returns the last hash.
static uint64_t keep(const char *path, const struct wf_policy *policy, uint64_t seed, bool plain)
{
    struct wf_core_config config = {
        .limits = scenario_limits(), .policy = policy, .seed = seed, .plain = plain};
    struct wf_core *core = create(policy, seed, plain);
    struct wf_journal_maker maker;
    struct wf_journal_reader *reader = NULL;
    struct wf_journal *journal = NULL;
    struct scenario scenario;
    struct wf_decisions decisions = {0};
    uint64_t taken = 0;
    wf_journal_maker_init(&maker, &config, "0.1.0", "a scenario");
    assert_int_equal(wf_journal_open(path, true, &reader, NULL), WF_OK);
    assert_int_equal(wf_journal_append(reader, &maker, &journal, NULL), WF_OK);
    scenario_init(&scenario, seed);
    for (uint32_t i = 0; i < EVENTS; i++) {
        struct wf_event event;
        scenario_next(&scenario, &event);
        event.time_ms = i;
        if (wf_core_step(core, &event, &decisions, NULL) == WF_OK) {
            assert_int_equal(wf_journal_event(journal, &event, NULL), WF_OK);
            taken++;
        }
        if (i % 100 == 99) {
            assert_int_equal(wf_journal_hash(journal, decisions.hash, taken, NULL), WF_OK);
        }
    }
    assert_int_equal(wf_journal_close(journal, NULL), WF_OK);
    wf_core_destroy(core);
    return decisions.hash;
}

static void a_journal_read_from_a_file_gives_the_same_hash(void **state)
{
    (void)state;
    char path[] = "/tmp/journal-XXXXXX";
    int file = mkstemp(path);
    assert_true(file >= 0);
    close(file);
    for (uint32_t i = 0; wf_policies[i]; i++) {
        for (uint64_t seed = 60; seed < 60 + SEEDS; seed++) {
            struct wf_journal_check check;
            struct wf_error err = {.text = ""};
            assert_int_equal(truncate(path, 0), 0);
            uint64_t hash = keep(path, wf_policies[i], seed, seed % 2 == 0);
            if (wf_journal_check(path, &check, &err) != WF_OK) {
                fail_msg("policy %s, seed %llu: %s", wf_policies[i]->name, (unsigned long long)seed,
                         err.text);
            }
            assert_true(check.hash == hash);
            assert_int_equal(check.hashes, EVENTS / 100);
            assert_true(check.events > EVENTS / 2 && check.events < EVENTS);
        }
    }
    unlink(path);
}

static bool same_decisions(const struct wf_decisions *a, const struct wf_decisions *b)
{
    bool same = a->count == b->count;
    for (uint32_t i = 0; same && i < a->count; i++) {
        const struct wf_decision *left = &a->list[i];
        const struct wf_decision *right = &b->list[i];
        same = left->kind == right->kind && left->job.number == right->job.number &&
               left->task == right->task && left->node.index == right->node.index &&
               left->gpus == right->gpus && left->gpu_milli == right->gpu_milli;
    }
    return same;
}

// An event that is wrong, whatever the core knows.
static struct wf_event nonsense(struct wf_random *random)
{
    static const struct wf_mix_class too_large = {.gpus = 200, .gpu_milli = 1000, .count = 1};
    const struct wf_event events[] = {
        (struct wf_event){.kind = WF_EVENT_POOL, .pool = {{SCENARIO_POOLS}, {.model = 0}}},
        (struct wf_event){.kind = WF_EVENT_POOL, .pool = {{0}, {.model = SCENARIO_MODELS}}},
        (struct wf_event){.kind = WF_EVENT_POOL, .pool = {{0}, {.slices = WF_SLICES_MAX + 1}}},
        (struct wf_event){.kind = WF_EVENT_POOL, .pool = {{0}, {.price_nanousd_per_gpu_hour = -1}}},
        (struct wf_event){.kind = WF_EVENT_NODE_UP, .node_up = {{SCENARIO_NODES}, {.gpus = 1}}},
        (struct wf_event){.kind = WF_EVENT_NODE_UP,
                          .node_up = {{0}, {.pool = {SCENARIO_POOLS}, .gpus = 1}}},
        (struct wf_event){.kind = WF_EVENT_NODE_UP,
                          .node_up = {{0}, {.gpus = WF_NODE_GPUS_MAX + 1}}},
        (struct wf_event){.kind = WF_EVENT_NODE_DOWN, .node_down = {{SCENARIO_NODES}}},
        (struct wf_event){.kind = WF_EVENT_NODE_DRAIN, .node_drain = {{SCENARIO_NODES}, true}},
        (struct wf_event){.kind = WF_EVENT_JOB_SUBMIT, .job_submit = {.tasks = 0}},
        (struct wf_event){.kind = WF_EVENT_JOB_SUBMIT,
                          .job_submit = {.tasks = 1, .request = {.gpus = 17, .gpu_milli = 1000}}},
        (struct wf_event){.kind = WF_EVENT_JOB_SUBMIT,
                          .job_submit = {.tasks = 1, .request = {.gpus = 2, .gpu_milli = 10}}},
        (struct wf_event){.kind = WF_EVENT_JOB_END, .job_end = {.id = {UINT64_MAX}}},
        (struct wf_event){.kind = WF_EVENT_TASK_FOUND, .task_found = {.node = {SCENARIO_NODES}}},
        (struct wf_event){.kind = WF_EVENT_TASK_FOUND,
                          .task_found = {.request = {.cpu_milli = UINT32_MAX}}},
        (struct wf_event){.kind = WF_EVENT_MIX, .mix = {NULL, WF_MIX_CLASSES_MAX + 1}},
        (struct wf_event){.kind = WF_EVENT_MIX, .mix = {&too_large, 1}},
        (struct wf_event){.time_ms = -1, .kind = WF_EVENT_MIX},
    };
    return events[wf_random_below(random, WF_COUNT_OF(events))];
}

// Runs a scenario twice, the second time with nonsense between any two events.
static void interleave(const struct wf_policy *policy, uint64_t seed, bool plain)
{
    struct wf_core *calm = create(policy, seed, plain);
    struct wf_core *pestered = create(policy, seed, plain);
    struct scenario scenario;
    struct wf_random random;
    scenario_init(&scenario, seed);
    wf_random_init(&random, seed);
    for (uint32_t i = 0; i < EVENTS; i++) {
        struct wf_event event;
        struct wf_decisions a, b;
        scenario_next(&scenario, &event);
        struct wf_event wrong = nonsense(&random);
        assert_int_not_equal(wf_core_step(pestered, &wrong, &b, NULL), WF_OK);
        assert_int_equal(b.count, 0);
        enum wf_status status = wf_core_step(calm, &event, &a, NULL);
        assert_int_equal(wf_core_step(pestered, &event, &b, NULL), status);
        if (!same_decisions(&a, &b) || a.hash != b.hash) {
            fail_msg("policy %s, seed %llu: what was refused before event %u left a trace",
                     policy->name, (unsigned long long)seed, i);
        }
    }
    wf_core_destroy(calm);
    wf_core_destroy(pestered);
}

static void what_is_refused_leaves_no_trace(void **state)
{
    (void)state;
    for (uint32_t i = 0; wf_policies[i]; i++) {
        for (uint64_t seed = 20; seed < 20 + SEEDS; seed++) {
            interleave(wf_policies[i], seed, seed % 2 == 0);
        }
    }
}

// A gang of which some tasks, but not all, find room: so many that some have to come off again.
static struct wf_event too_large_a_gang(struct wf_random *random)
{
    struct wf_event event = {.kind = WF_EVENT_JOB_SUBMIT, .job_submit = scenario_job(random)};
    event.job_submit.id.number = UINT64_MAX;
    event.job_submit.gang = true;
    event.job_submit.tasks = WF_JOB_TASKS_MAX;
    event.job_submit.request.memory_mib += 1024; // else nothing would ever run out
    return event;
}

// Only for policies that do not learn: a gang that was refused is demand all the same. Nor at
// random, since it draws from the stream.
static void a_gang_refused_leaves_no_trace(void **state)
{
    (void)state;
    for (uint32_t i = 0; wf_policies[i]; i++) {
        if (wf_policies[i]->uses_mix || wf_policies[i]->at_random) {
            continue;
        }
        for (uint64_t seed = 40; seed < 40 + SEEDS; seed++) {
            struct wf_core *calm = create(wf_policies[i], 0, false);
            struct wf_core *asked = create(wf_policies[i], 0, false);
            struct scenario scenario;
            struct wf_random random;
            scenario_init(&scenario, seed);
            wf_random_init(&random, seed);
            for (uint32_t k = 0; k < EVENTS; k++) {
                struct wf_event event, gang = too_large_a_gang(&random);
                struct wf_decisions a, b;
                if (k % 8 == 0) {
                    assert_int_equal(wf_core_step(asked, &gang, &b, NULL), WF_OK);
                    assert_int_equal(b.count, 1);
                    assert_int_equal(b.list[0].kind, WF_DECISION_REFUSE);
                }
                scenario_next(&scenario, &event);
                enum wf_status status = wf_core_step(calm, &event, &a, NULL);
                assert_int_equal(wf_core_step(asked, &event, &b, NULL), status);
                assert_true(same_decisions(&a, &b));
            }
            wf_core_destroy(calm);
            wf_core_destroy(asked);
        }
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(a_journal_told_again_gives_the_same_hash),
        cmocka_unit_test(a_journal_read_from_a_file_gives_the_same_hash),
        cmocka_unit_test(what_is_refused_leaves_no_trace),
        cmocka_unit_test(a_gang_refused_leaves_no_trace),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
