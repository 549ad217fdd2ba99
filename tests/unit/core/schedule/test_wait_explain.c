// SPDX-License-Identifier: Apache-2.0
// One node with four GPUs and a small tree of queues: why jobs wait in it, and who is before them.
#include "core/schedule/wait_explain.h"

#include "base/random.h"
#include "core/discipline/discipline.h"
#include "core/schedule/schedule.h"
#include "unit/core/small_cluster.h"

enum { GPUS = 4, ROOT = 0, LEAF = 1, OTHER = 2, JOBS = 400 };
#define DOLLAR INT64_C(1000000000)
#define HOUR_MS INT64_C(3600000)

static int64_t now_ms;
static struct wf_decisions last;

static void tell(struct wf_core *core, struct wf_event event)
{
    struct wf_error err = {.status = WF_OK};
    event.time_ms = now_ms;
    enum wf_status status = wf_core_step(core, &event, &last, &err);
    if (status != WF_OK) {
        fail_msg("%s", err.text);
    }
}

static void set_queue(struct wf_core *core, uint32_t id, uint32_t parent, int64_t limit,
                      struct wf_budget budget)
{
    struct wf_event event = {.kind = WF_EVENT_QUEUE, .queue = {.id = {id}}};
    event.queue.spec.parent.index = parent;
    event.queue.spec.limit_gpu_milli = limit;
    event.queue.spec.budgets[WF_WINDOW_DAY] = budget;
    tell(core, event);
}

static struct wf_core *core_with(const char *discipline)
{
    const struct wf_core_config config = {
        .limits = {.models = 1,
                   .pools = 1,
                   .nodes = 1,
                   .jobs = JOBS,
                   .placements = JOBS,
                   .classes = 4,
                   .queues = 3,
                   .lanes = JOBS,
                   .reservations = 8},
        .policy = wf_policy_find("cost-first"),
        .discipline = wf_discipline_find(discipline),
    };
    struct wf_core *core = NULL;
    assert_int_equal(wf_core_create(&config, &core, NULL), WF_OK);
    now_ms = HOUR_MS;
    struct wf_event pool = {.kind = WF_EVENT_POOL};
    pool.pool.spec.price_nanousd_per_gpu_hour = DOLLAR;
    tell(core, pool);
    tell(core, (struct wf_event){
                   .kind = WF_EVENT_NODE_UP,
                   .node_up = {{0}, {.cpu_milli = 64000, .memory_mib = 65536, .gpus = GPUS}}});
    set_queue(core, ROOT, WF_NONE, 0, (struct wf_budget){0});
    set_queue(core, LEAF, ROOT, 0, (struct wf_budget){0});
    set_queue(core, OTHER, ROOT, 0, (struct wf_budget){0});
    return core;
}

static struct wf_job_spec job(uint64_t id, uint32_t tasks, uint8_t gpus, int64_t limit_ms)
{
    struct wf_job_spec spec = small_job(tasks, 1000, gpus, gpus > 0 ? 1000 : 0);
    spec.id.number = id;
    spec.gang = true;
    spec.wait = (struct wf_wait_spec){.queue = {LEAF}, .limit_ms = limit_ms};
    return spec;
}

static void submit(struct wf_core *core, struct wf_job_spec spec)
{
    tell(core, (struct wf_event){.kind = WF_EVENT_JOB_SUBMIT, .job_submit = spec});
}

static void end(struct wf_core *core, uint64_t id)
{
    tell(core, (struct wf_event){.kind = WF_EVENT_JOB_END, .job_end = {.id = {id}}});
}

static struct wf_wait_explanation explain(struct wf_core *core, uint64_t id)
{
    struct wf_wait_explanation explanation;
    struct wf_error err = {.status = WF_OK};
    if (wf_wait_explain(core, (wf_job_id){id}, &explanation, &err) != WF_OK) {
        fail_msg("%s", err.text);
    }
    return explanation;
}

static void what_only_somebody_can_lift(void **state)
{
    (void)state;
    struct wf_core *core = core_with("easy");
    struct wf_job_spec spec = job(1, 1, 1, HOUR_MS);
    spec.wait.held = true;
    spec.wait.begin_ms = now_ms + 5;
    submit(core, spec);
    assert_int_equal(explain(core, 1).blockers, WF_WAIT_BIT(HELD) | WF_WAIT_BIT(BEGIN));
    const struct wf_dependency after = {.job = {1}, .after = WF_AFTER_END};
    spec = job(2, 1, 1, HOUR_MS);
    spec.wait.after = &after;
    spec.wait.after_count = 1;
    submit(core, spec);
    assert_int_equal(explain(core, 2).blockers, WF_WAIT_BIT(DEPENDENCY));
    uint32_t slot = wf_cluster_find_job(wf_core_cluster(core), (wf_job_id){2});
    assert_int_equal(wf_wait_reason_now(core, slot), WF_WAIT_DEPENDENCY);
    wf_core_destroy(core);
}

static void an_array_a_limit_and_a_budget(void **state)
{
    (void)state;
    struct wf_core *core = core_with("easy");
    set_queue(core, OTHER, ROOT, 2500, (struct wf_budget){2 * DOLLAR, WF_BUDGET_HOLD});
    for (uint64_t id = 1; id <= 2; id++) {
        struct wf_job_spec spec = job(id, 1, 1, HOUR_MS);
        spec.wait.array = 7;
        spec.wait.array_max = 1;
        submit(core, spec);
    }
    struct wf_wait_explanation told = explain(core, 2);
    assert_int_equal(told.blockers, WF_WAIT_BIT(ARRAY));
    assert_int_equal(told.array_running, 1);
    struct wf_job_spec spec = job(4, 1, 1, HOUR_MS);
    spec.wait.queue.index = OTHER;
    submit(core, spec);
    spec.id.number = 3;
    spec.tasks = 3;
    submit(core, spec);
    told = explain(core, 3);
    assert_int_equal(told.blockers & ~WF_WAIT_BIT(ROOM),
                     WF_WAIT_BIT(QUEUE_LIMIT) | WF_WAIT_BIT(BUDGET));
    assert_int_equal(told.limit_count, 1);
    assert_int_equal(told.limits[0].queue.index, OTHER);
    assert_int_equal(told.limits[0].used_gpu_milli, 1000);
    assert_int_equal(told.limits[0].limit_gpu_milli, 2500);
    assert_int_equal(told.budgets[0].gone_nanousd, DOLLAR);
    assert_int_equal(told.budgets[0].cost_nanousd, 3 * DOLLAR);
    assert_int_equal(told.budgets[0].limit_nanousd, 2 * DOLLAR);
    assert_int_equal(told.budgets[0].ends_ms, 24 * HOUR_MS);
    wf_core_destroy(core);
}

static void room_and_room_that_is_kept(void **state)
{
    (void)state;
    struct wf_core *core = core_with("easy");
    submit(core, job(1, 1, 3, HOUR_MS));
    submit(core, job(2, 1, 4, HOUR_MS));     // gets a start time kept: when the first is over
    submit(core, job(3, 1, 1, 2 * HOUR_MS)); // would fit, but runs longer than until then
    submit(core, job(4, 5, 1, HOUR_MS));
    struct wf_wait_explanation told = explain(core, 2);
    assert_int_equal(told.blockers, WF_WAIT_BIT(ROOM));
    assert_int_equal(told.kept_start_ms, now_ms + HOUR_MS);
    assert_int_equal(told.nodes.blockers[WF_REASON_GPUS_FREE].short_max, 3);
    told = explain(core, 3);
    assert_int_equal(told.blockers, WF_WAIT_BIT(KEPT));
    assert_int_equal(told.kept.jobs, 1);
    assert_int_equal(told.kept.first[0].job.number, 2);
    assert_int_equal(told.kept.first[0].start_ms, now_ms + HOUR_MS);
    assert_int_equal(told.ahead.jobs[WF_AHEAD_KEPT], 1);
    told = explain(core, 4);
    assert_true(told.blockers & WF_WAIT_BIT(NEVER));
    assert_int_equal(told.tasks_slots, 4);
    wf_core_destroy(core);
}

static void a_deadline_that_is_near_moves_a_job_forward(void **state)
{
    (void)state;
    struct wf_core *core = core_with("foresight");
    int64_t begin_ms = now_ms;
    submit(core, job(1, 1, 4, 100 * HOUR_MS));
    submit(core, job(2, 1, 4, HOUR_MS)); // start times are kept for these two,
    submit(core, job(3, 1, 4, HOUR_MS));
    submit(core, job(4, 1, 4, HOUR_MS / 2));
    struct wf_job_spec spec = job(5, 1, 2, 2 * HOUR_MS);
    spec.wait.deadline_ms = begin_ms + 62 * HOUR_MS;
    submit(core, spec);
    spec.id.number = 6; // and one for whichever of these comes first
    submit(core, spec);
    struct wf_wait_explanation told = explain(core, 6);
    assert_int_equal(told.latest_ms, begin_ms + 60 * HOUR_MS);
    assert_int_equal(told.forward_ms, begin_ms + 50 * HOUR_MS);
    assert_int_equal(told.ahead.jobs[WF_AHEAD_RANK], 1); // job 4 is sooner done
    told = explain(core, 4);
    assert_int_equal(told.latest_ms, WF_NEVER);
    assert_int_equal(told.ahead.jobs[WF_AHEAD_DEADLINE], 0);
    now_ms = begin_ms + 50 * HOUR_MS;
    tell(core, (struct wf_event){.kind = WF_EVENT_TIME});
    told = explain(core, 4);
    assert_int_equal(told.ahead.jobs[WF_AHEAD_KEPT], 3);
    assert_int_equal(told.ahead.jobs[WF_AHEAD_DEADLINE], 1);
    told = explain(core, 6);
    assert_int_equal(told.ahead.jobs[WF_AHEAD_RANK], 0);
    assert_int_equal(told.ahead.jobs[WF_AHEAD_KEPT], 3);
    wf_core_destroy(core);
}

static void nobody_overtakes_in_a_plain_queue(void **state)
{
    (void)state;
    struct wf_core *core = core_with("fifo");
    submit(core, job(1, 1, 3, HOUR_MS));
    submit(core, job(2, 1, 4, HOUR_MS));
    submit(core, job(3, 1, 1, HOUR_MS));
    struct wf_wait_explanation told = explain(core, 3);
    assert_int_equal(told.blockers, WF_WAIT_BIT(AHEAD));
    assert_int_equal(told.ahead.jobs_all, 1);
    assert_int_equal(told.ahead.jobs[WF_AHEAD_ARRIVAL], 1);
    assert_int_equal(told.ahead.first[0].job.number, 2);
    struct wf_job_spec spec = told.ticket->spec;
    spec.wait.priority = 1;
    tell(core, (struct wf_event){.kind = WF_EVENT_JOB_CHANGE, .job_change = spec});
    assert_int_equal(last.count, 1);
    assert_int_equal(last.list[0].kind, WF_DECISION_PLACE);
    assert_int_equal(last.list[0].job.number, 3);
    wf_core_destroy(core);
}

static void a_changed_job_keeps_its_place(void **state)
{
    (void)state;
    struct wf_core *core = core_with("fifo");
    submit(core, job(1, 1, 4, HOUR_MS));
    submit(core, job(2, 1, 3, HOUR_MS));
    submit(core, job(3, 1, 3, HOUR_MS));
    struct wf_event change = {.kind = WF_EVENT_JOB_CHANGE, .job_change = job(2, 1, 2, HOUR_MS)};
    tell(core, change);
    assert_int_equal(explain(core, 2).ahead.jobs_all, 0);
    assert_int_equal(explain(core, 3).ahead.jobs_all, 1);
    struct wf_error err;
    change.time_ms = now_ms;
    change.job_change.id.number = 1;
    assert_int_equal(wf_core_step(core, &change, &last, &err), WF_INVALID);
    assert_string_equal(err.text, "job 1 runs: only a waiting job can be changed");
    change.job_change.id.number = 9;
    assert_int_equal(wf_core_step(core, &change, &last, &err), WF_NOTFOUND);
    change.job_change = job(2, 1, 2, HOUR_MS);
    change.job_change.wait.queue.index = ROOT;
    assert_int_equal(wf_core_step(core, &change, &last, &err), WF_INVALID);
    end(core, 1);
    assert_int_equal(last.list[last.count - 1].job.number, 2);
    wf_core_destroy(core);
}

// Waiting jobs stand in one line, and whoever starts next is the one with nobody before it: the
// rules told are those that the schedule goes by.
static void the_one_with_nobody_before_it_starts_next(void **state)
{
    (void)state;
    static const char *const disciplines[] = {"fifo", "easy", "foresight"};
    for (unsigned d = 0; d < WF_COUNT_OF(disciplines); d++) {
        struct wf_core *core = core_with(disciplines[d]);
        struct wf_random random;
        wf_random_init(&random, d + 1);
        uint64_t first = 0, running = 1;
        submit(core, job(1, 1, GPUS, 5 * HOUR_MS));
        for (uint64_t id = 2; id < 60; id++) {
            struct wf_job_spec spec =
                job(id, 1, GPUS, (int64_t)(1 + wf_random_below(&random, 9)) * HOUR_MS);
            spec.wait.queue.index = LEAF + (uint32_t)wf_random_below(&random, 2);
            spec.wait.priority = (int32_t)wf_random_below(&random, 3);
            submit(core, spec);
        }
        for (unsigned round = 0; round < 50; round++) {
            now_ms += HOUR_MS / 4;
            tell(core, (struct wf_event){.kind = WF_EVENT_TIME});
            uint32_t with_nobody = 0;
            for (uint64_t id = 2; id < 60; id++) {
                uint32_t slot = wf_cluster_find_job(wf_core_cluster(core), (wf_job_id){id});
                if (id != running && slot != WF_NONE && explain(core, id).ahead.jobs_all == 0) {
                    with_nobody++;
                    first = id;
                }
            }
            assert_int_equal(with_nobody, 1);
            end(core, running);
            if (last.list[last.count - 1].kind != WF_DECISION_PLACE) {
                now_ms += HOUR_MS; // a discipline that looks again only now and then
                tell(core, (struct wf_event){.kind = WF_EVENT_TIME});
            }
            assert_int_equal(last.list[last.count - 1].kind, WF_DECISION_PLACE);
            running = last.list[last.count - 1].job.number;
            assert_true(running == first || wf_core_schedule(core)->discipline->reservations > 1);
        }
        wf_core_destroy(core);
    }
}

// Two cores get the same events, one of them is asked all the time: both decide the same.
static void asking_changes_nothing(void **state)
{
    (void)state;
    static const char *const disciplines[] = {"easy", "conservative", "foresight", "kueue-like"};
    for (unsigned d = 0; d < WF_COUNT_OF(disciplines); d++) {
        uint64_t hashes[2];
        for (unsigned asked = 0; asked < 2; asked++) {
            struct wf_core *core = core_with(disciplines[d]);
            struct wf_random random;
            wf_random_init(&random, 3);
            for (uint64_t id = 1; id < 150; id++) {
                now_ms += (int64_t)wf_random_below(&random, 1000000);
                uint32_t tasks = 1 + (uint32_t)wf_random_below(&random, 2);
                uint8_t gpus = (uint8_t)(1 + wf_random_below(&random, 2));
                int64_t limit_ms = (int64_t)(1 + wf_random_below(&random, 9)) * HOUR_MS / 4;
                submit(core, job(id, tasks, gpus, limit_ms));
                for (uint64_t other = 1; asked == 1 && other <= id; other++) {
                    struct wf_wait_explanation told;
                    (void)!wf_wait_explain(core, (wf_job_id){other}, &told, NULL);
                }
            }
            hashes[asked] = last.hash;
            wf_core_destroy(core);
        }
        assert_int_equal(hashes[0], hashes[1]);
    }
}

static void what_does_not_wait_is_not_explained(void **state)
{
    (void)state;
    struct wf_core *core = core_with("easy");
    struct wf_wait_explanation told;
    struct wf_error err;
    submit(core, job(1, 1, 1, HOUR_MS));
    assert_int_equal(wf_wait_explain(core, (wf_job_id){1}, &told, &err), WF_INVALID);
    assert_string_equal(err.text, "job 1 runs");
    assert_int_equal(wf_wait_explain(core, (wf_job_id){2}, &told, &err), WF_NOTFOUND);
    wf_core_destroy(core);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(what_only_somebody_can_lift),
        cmocka_unit_test(an_array_a_limit_and_a_budget),
        cmocka_unit_test(room_and_room_that_is_kept),
        cmocka_unit_test(a_deadline_that_is_near_moves_a_job_forward),
        cmocka_unit_test(nobody_overtakes_in_a_plain_queue),
        cmocka_unit_test(a_changed_job_keeps_its_place),
        cmocka_unit_test(the_one_with_nobody_before_it_starts_next),
        cmocka_unit_test(asking_changes_nothing),
        cmocka_unit_test(what_does_not_wait_is_not_explained),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
