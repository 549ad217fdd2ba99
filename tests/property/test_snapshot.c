// SPDX-License-Identifier: Apache-2.0
// A core that was written to a file and made again of it, at any moment and as often as one likes,
// decides what it would have decided otherwise: in this process, and in another one, where the
// program lies elsewhere.
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/wait.h>
#include <unistd.h>

#include <cmocka.h>

#include "core/policy/policy.h"
#include "queue_history.h"
#include "scenario.h"
#include "store/snapshot.h"

enum { HISTORIES = 12, SAVES_MAX = 20, PROCESSES = 6, SCENARIOS = 3, EVENTS = 1500 };

static char path[64], program[4096];

static struct wf_core *create(const struct wf_core_config *config)
{
    struct wf_core *core = NULL;
    assert_int_equal(wf_core_create(config, &core, NULL), WF_OK);
    return core;
}

static void save(struct wf_core *core, uint64_t events)
{
    struct wf_error err;
    struct wf_snapshot snapshot = {.core = core, .mark = {.events = events}};
    if (wf_snapshot_write(path, &snapshot, &err) != WF_OK ||
        wf_snapshot_keep(path, &err) != WF_OK) {
        fail_msg("%s", err.text);
    }
}

static struct wf_core *restore(const struct wf_core_config *config, uint64_t events)
{
    struct wf_error err;
    struct wf_snapshot snapshot;
    if (wf_snapshot_read(path, config, &snapshot, &err) != WF_OK) {
        fail_msg("%s", err.text);
    }
    assert_int_equal(snapshot.mark.events, events);
    free(snapshot.notes);
    return snapshot.core;
}

static uint64_t step(struct wf_core *core, const struct wf_event *event,
                     struct wf_decisions *decisions)
{
    enum wf_status status = wf_core_step(core, event, decisions, NULL);
    return decisions->hash * 31 + (uint64_t)decisions->wake_ms + (uint64_t)status;
}

static void a_history_goes_on_from_a_snapshot(void **unused)
{
    (void)unused;
    uint32_t saves = 0;
    for (uint64_t seed = 1; seed <= HISTORIES; seed++) {
        static struct history history;
        struct wf_random random;
        struct wf_event event;
        struct wf_decisions decisions, again;
        uint64_t events = 0, left = SAVES_MAX;
        wf_random_init(&random, seed);
        history_init(&history, seed);
        struct wf_core *core = create(&history.config), *twin = create(&history.config);
        while (history_next(&history, &event)) {
            if (step(twin, &event, &decisions) != step(core, &event, &again)) {
                fail_msg("seed %llu: other decisions after %llu events", (unsigned long long)seed,
                         (unsigned long long)events);
            }
            history_take(&history, &event, &decisions);
            events++;
            if (wf_random_below(&random, 40) == 0 && left > 0) {
                left--;
                save(core, events);
                wf_core_destroy(core);
                core = restore(&history.config, events);
                saves++;
            }
        }
        wf_core_destroy(core);
        wf_core_destroy(twin);
    }
    print_message("# %u times written and made again\n", saves);
    assert_true(saves > HISTORIES);
}

static void a_core_without_queues_goes_on_from_a_snapshot(void **unused)
{
    (void)unused;
    for (uint32_t i = 0; wf_policies[i]; i++) {
        for (uint64_t seed = 1; seed <= SCENARIOS; seed++) {
            struct wf_core_config config = {.limits = scenario_limits(),
                                            .policy = wf_policies[i],
                                            .seed = seed,
                                            .plain = seed == SCENARIOS};
            config.limits.moves = seed == 1;
            struct wf_core *core = create(&config), *twin = create(&config);
            struct scenario scenario;
            scenario_init(&scenario, seed);
            scenario.moves = config.limits.moves;
            for (uint32_t k = 0; k < EVENTS; k++) {
                struct wf_event event;
                struct wf_decisions decisions;
                scenario_next(&scenario, &event);
                event.time_ms = k;
                uint64_t hash = step(twin, &event, &decisions);
                assert_true(hash == step(core, &event, &decisions));
                if (k % 200 == 50 + seed) {
                    save(core, k);
                    wf_core_destroy(core);
                    core = restore(&config, k);
                }
            }
            wf_core_destroy(core);
            wf_core_destroy(twin);
        }
    }
}

// Steps so many events of a history; core NULL: only the twin.
static uint64_t steps(struct history *history, struct wf_core *twin, struct wf_core *core,
                      uint64_t count)
{
    struct wf_event event;
    struct wf_decisions decisions, again;
    uint64_t done = 0;
    for (; done < count && history_next(history, &event); done++) {
        uint64_t hash = step(twin, &event, &decisions);
        if (core && hash != step(core, &event, &again)) {
            fail_msg("seed %llu: other decisions %llu events later",
                     (unsigned long long)history->seed, (unsigned long long)done);
        }
        history_take(history, &event, &decisions);
    }
    return done;
}

static uint64_t parameters[3]; // in the other process: seed, events, where the program lay

static void it_goes_on_here(void **unused)
{
    (void)unused;
    static struct history history;
    history_init(&history, parameters[0]);
    struct wf_core *core = restore(&history.config, parameters[1]);
    struct wf_core *twin = create(&history.config);
    assert_int_equal(steps(&history, twin, NULL, parameters[1]), parameters[1]);
    assert_true(steps(&history, twin, core, UINT64_MAX) > 0);
    wf_core_destroy(core);
    wf_core_destroy(twin);
    if ((uintptr_t)&wf_policy_cost_first == parameters[2]) {
        print_message("# the program lies where it lay\n");
    }
}

static void another_process_goes_on_from_a_snapshot(void **unused)
{
    (void)unused;
    for (uint64_t seed = 1; seed <= PROCESSES; seed++) {
        static struct history history;
        char command[8192];
        history_init(&history, seed);
        struct wf_core *core = create(&history.config);
        uint64_t events = steps(&history, core, NULL, UINT64_MAX) * seed / (PROCESSES + 1);
        wf_core_destroy(core);
        history_init(&history, seed);
        core = create(&history.config);
        assert_int_equal(steps(&history, core, NULL, events), events);
        save(core, events);
        wf_core_destroy(core);
        snprintf(command, sizeof command, "%s %s %llu %llu %llu >/dev/null", program, path,
                 (unsigned long long)seed, (unsigned long long)events,
                 (unsigned long long)(uintptr_t)&wf_policy_cost_first);
        int status = system(command); // NOLINT(cert-env33-c): this program
        if (status != 0) {
            fail_msg("seed %llu: the other process ended with %d", (unsigned long long)seed,
                     status);
        }
    }
}

int main(int argc, char **argv)
{
    if (argc == 5) {
        snprintf(path, sizeof path, "%s", argv[1]);
        for (uint32_t i = 0; i < 3; i++) {
            parameters[i] = strtoull(argv[2 + i], NULL, 10);
        }
        const struct CMUnitTest here[] = {cmocka_unit_test(it_goes_on_here)};
        return cmocka_run_group_tests_name("another process", here, NULL, NULL);
    }
    char folder[] = "/tmp/snapshot-XXXXXX", made[80];
    if (!mkdtemp(folder) || readlink("/proc/self/exe", program, sizeof program - 1) < 0) {
        return 1;
    }
    snprintf(path, sizeof path, "%s/core", folder);
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(a_history_goes_on_from_a_snapshot),
        cmocka_unit_test(a_core_without_queues_goes_on_from_a_snapshot),
        cmocka_unit_test(another_process_goes_on_from_a_snapshot),
    };
    int failed = cmocka_run_group_tests_name("snapshots", tests, NULL, NULL);
    snprintf(made, sizeof made, "%s.new", path);
    unlink(made);
    unlink(path);
    rmdir(folder);
    return failed;
}
