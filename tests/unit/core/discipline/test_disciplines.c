// SPDX-License-Identifier: Apache-2.0
// Who overtakes whom, under each discipline, by hand.
#include "unit/core/small_schedule.h"

#include <string.h>

#include "core/policy/policy.h"

static void the_list_names_them_all(void **unused)
{
    (void)unused;
    uint32_t count = 0;
    for (; wf_disciplines[count]; count++) {
        assert_ptr_equal(wf_discipline_find(wf_disciplines[count]->name), wf_disciplines[count]);
        assert_non_null(wf_policy_find(wf_disciplines[count]->placement));
    }
    assert_int_equal(count, 7);
    assert_null(wf_discipline_find("none"));
}

// One node of 4 GPUs: job 1 has 3 of them until 1000, job 2 wants all. Then come a short job, whose
// end is sure to be before 1000, and a long one.
static struct wf_core *one_gpu_left(const char *discipline)
{
    struct wf_core *core = small_site(discipline, 1);
    SAID(small_submit(core, 0, small_job(1, 1, 3, 1000)), "w1 p1@0");
    SAID(small_submit(core, 1, small_job(2, 1, 4, 1000)), "w2");
    return core;
}

static void fifo_lets_nobody_by(void **unused)
{
    (void)unused;
    struct wf_core *core = one_gpu_left("fifo");
    SAID(small_submit(core, 2, small_job(3, 1, 1, 10)), "w3");
    SAID(small_end(core, 500, 1), "e1@0 p2@0");
    SAID(small_end(core, 600, 2), "e2@0 p3@0");
    wf_core_destroy(core);
}

// What needs no GPU is no exception.
static void fifo_lets_no_small_work_by(void **unused)
{
    (void)unused;
    struct wf_core *core = one_gpu_left("fifo");
    SAID(small_submit(core, 2, small_job(3, 1, 0, 10)), "w3");
    struct wf_job_spec urgent = small_job(4, 1, 1, 1000);
    urgent.wait.priority = 1;
    SAID(small_submit(core, 3, urgent), "w4 p4@0"); // goes before job 2
    wf_core_destroy(core);
}

static void easy_lets_by_who_delays_nobody(void **unused)
{
    (void)unused;
    struct wf_core *core = one_gpu_left("easy");
    const struct wf_schedule *schedule = wf_core_schedule(core);
    assert_int_equal(schedule->reserved_count, 1);
    uint32_t kept = wf_future_first(schedule->future);
    assert_int_equal(wf_future_start_ms(schedule->future, kept), 1000);
    SAID(small_submit(core, 2, small_job(3, 1, 1, 999)), "w3"); // a millisecond too long
    SAID(small_submit(core, 2, small_job(4, 1, 1, 500)), "w4 p4@0");
    SAID(small_end(core, 3, 4), "e4@0");
    SAID(small_submit(core, 4, small_job(5, 1, 1, 0)), "w5");
    assert_int_equal(wf_future_start_ms(schedule->future, wf_future_first(schedule->future)), 1000);
    SAID(small_tick(core, 1000), "t1@0 p2@0");
    SAID(small_end(core, 1001, 2), "e2@0 p3@0 p5@0");
    wf_core_destroy(core);
}

// Only the first has a start time kept: the second may be delayed.
static void easy_keeps_one_start(void **unused)
{
    (void)unused;
    struct wf_core *core = small_site("easy", 2);
    small_submit(core, 0, small_job(1, 1, 4, 1000));
    small_submit(core, 0, small_job(2, 1, 2, 2000));
    SAID(small_submit(core, 1, small_job(3, 1, 4, 1000)), "w3"); // at 1000, on node 0
    SAID(small_submit(core, 2, small_job(4, 2, 4, 1000)), "w4"); // could start at 2000
    SAID(small_submit(core, 3, small_job(5, 1, 2, 5000)), "w5 p5@1");
    wf_core_destroy(core);
}

static void conservative_keeps_all(void **unused)
{
    (void)unused;
    struct wf_core *core = small_site("conservative", 2);
    small_submit(core, 0, small_job(1, 1, 4, 1000));
    small_submit(core, 0, small_job(2, 1, 2, 2000));
    small_submit(core, 1, small_job(3, 1, 4, 1000));
    small_submit(core, 2, small_job(4, 2, 4, 1000));
    assert_int_equal(wf_core_schedule(core)->reserved_count, 2);
    SAID(small_submit(core, 3, small_job(5, 1, 2, 5000)), "w5"); // would delay job 4
    SAID(small_submit(core, 4, small_job(6, 1, 2, 1996)), "w6 p6@1");
    SAID(small_tick(core, 1000), "t1@0 p3@0");
    SAID(small_tick(core, 2000), "t2@1 t3@0 t6@1 p4@1 p4@0");
    SAID(small_end(core, 2500, 4), "e4@0 e4@1 p5@0");
    wf_core_destroy(core);
}

// Node 0 has two GPUs left until 1000, node 1 none until 2000; job 3 is to start on node 0 at 1000.
static struct wf_core *two_gpus_left(const char *discipline)
{
    struct wf_core *core = small_site(discipline, 2);
    SAID(small_submit(core, 0, small_job(1, 1, 4, 2000)), "w1 p1@0");
    SAID(small_submit(core, 0, small_job(2, 1, 2, 1000)), "w2 p2@1");
    SAID(small_submit(core, 1, small_job(3, 1, 3, 1000)), "w3");
    return core;
}

// What it leaves of its node is nobody's who would still be there, as Slurm's plan knows no parts.
static void slurm_like_keeps_whole_nodes(void **unused)
{
    (void)unused;
    struct wf_core *core = two_gpus_left("conservative");
    SAID(small_submit(core, 2, small_job(4, 1, 1, 5000)), "w4 p4@1");
    wf_core_destroy(core);

    core = two_gpus_left("slurm-like");
    SAID(small_submit(core, 2, small_job(4, 1, 1, 5000)), "w4");
    SAID(small_submit(core, 3, small_job(5, 1, 1, 997)), "w5 p5@1");
    SAID(small_submit(core, 4, small_job(6, 1, 1, 997)), "w6");
    SAID(small_tick(core, 1000), "t2@1 t5@1 p3@1 p4@1");
    wf_core_destroy(core);
}

// Who came first gets the better start when room comes free, whatever the others were told before.
static void slurm_like_plans_anew(void **unused)
{
    (void)unused;
    struct wf_core *core = two_gpus_left("slurm-like");
    SAID(small_submit(core, 2, small_job(4, 1, 4, 1000)), "w4"); // at 2000, on either
    SAID(small_submit(core, 3, small_job(5, 1, 4, 1000)), "w5");
    assert_int_equal(wf_core_schedule(core)->reserved_count, 3);
    SAID(small_end(core, 10, 1), "e1@0 p3@0"); // job 4 waits for job 2 now
    SAID(small_end(core, 20, 2), "e2@1 p4@1");
    SAID(small_end(core, 30, 3), "e3@0 p5@0");
    wf_core_destroy(core);
}

// A stream of small jobs that come as others leave keeps the gang out, which no other discipline
// lets happen.
static void a_stream_of_small_jobs(const char *discipline, bool starves)
{
    struct wf_core *core = small_site(discipline, 1);
    uint64_t id = 0;
    for (int64_t at_ms = 0; at_ms < 400; at_ms += 100) {
        small_submit(core, at_ms, small_job(++id, 1, 1, 400));
    }
    small_submit(core, 400, small_job(1000, 1, 4, 400));
    bool started = false;
    for (int64_t at_ms = 400; at_ms < 10000; at_ms += 100) {
        (void)small_tick(core, at_ms); // one ends
        started = started || small_view(core, 0).used_gpu_milli == 0;
        struct wf_decisions decisions = small_submit(core, at_ms, small_job(++id, 1, 1, 400));
        for (uint32_t i = 0; i < decisions.count; i++) {
            started = started || (decisions.list[i].kind == WF_DECISION_PLACE &&
                                  decisions.list[i].job.number == 1000);
        }
        uint32_t gang = wf_cluster_find_job(wf_core_cluster(core), (wf_job_id){1000});
        started = started || gang == WF_NONE ||
                  wf_core_schedule(core)->backlog.tickets[gang].phase == WF_PHASE_RUNNING;
        if (id >= 60) {
            break;
        }
    }
    assert_int_equal(started, !starves);
    wf_core_destroy(core);
}

static void only_kubernetes_like_starves_the_gang(void **unused)
{
    (void)unused;
    a_stream_of_small_jobs("kubernetes-like", true);
    a_stream_of_small_jobs("fifo", false);
    a_stream_of_small_jobs("easy", false);
    a_stream_of_small_jobs("conservative", false);
    a_stream_of_small_jobs("slurm-like", false);
    a_stream_of_small_jobs("foresight", false);
}

static void kubernetes_like_starts_what_fits(void **unused)
{
    (void)unused;
    struct wf_core *core = one_gpu_left("kubernetes-like");
    SAID(small_submit(core, 2, small_job(3, 1, 1, 0)), "w3 p3@0"); // delays job 2 for good
    wf_core_destroy(core);
}

static void kueue_like_admits_one_of_each_queue_in_a_cycle(void **unused)
{
    (void)unused;
    struct wf_core *core = small_site("kueue-like", 2);
    small_queue(core, 0, 1, WF_NONE, (struct wf_queue_spec){0});
    struct wf_job_spec job = small_job(1, 1, 1, 0);
    (void)small_tick(core, 1); // a cycle: the next is at 2401
    for (uint64_t id = 1; id <= 5; id++) {
        job.id.number = id;
        job.wait.queue.index = id > 3;
        assert_int_equal(small_submit(core, 2, job).count, 1);
    }
    assert_int_equal(small_tick(core, 3).wake_ms, 2400);
    SAID(small_tick(core, 2400), "p1@0 p4@0");
    SAID(small_tick(core, 4799), "");
    SAID(small_tick(core, 4800), "p2@0 p5@0");
    struct wf_decisions decisions = small_tick(core, 7200);
    SAID(decisions, "p3@1");
    assert_true(decisions.wake_ms == INT64_MAX);
    wf_core_destroy(core);
}

// One that cannot start steps aside, and is tried when room came free, without any further event
// but the one that was asked for.
static void kueue_like_tries_again_when_room_came_free(void **unused)
{
    (void)unused;
    struct wf_core *core = small_site("kueue-like", 1);
    small_submit(core, 2400, small_job(1, 1, 3, 0));
    small_submit(core, 2400, small_job(2, 1, 2, 0));
    small_submit(core, 2400, small_job(3, 1, 1, 0));
    SAID(small_tick(core, 4800), ""); // the first in the queue is job 2
    SAID(small_tick(core, 7200), "p3@0");
    int64_t wake_ms = small_end(core, 7300, 1).wake_ms;
    assert_int_equal(wake_ms, 9600);
    SAID(small_tick(core, wake_ms), "p2@0");
    wf_core_destroy(core);
}

// Among those that fit beside the one with a start time, the soonest done goes first.
static void foresight_fills_with_the_soonest_done(void **unused)
{
    (void)unused;
    struct wf_core_config config = small_config("foresight");
    struct wf_core *core = small_core(&config);
    small_node(core, 0, 0, 0, 4);
    struct wf_job_spec job = small_job(1, 1, 4, 0);
    small_submit(core, 0, job);
    struct wf_job_spec longer = small_job(2, 1, 4, HOUR_MS);
    struct wf_job_spec shorter = small_job(3, 1, 4, MINUTE_MS);
    struct wf_job_spec first = small_job(4, 1, 4, HOUR_MS);
    small_submit(core, 1, first);
    small_submit(core, 2, longer);
    small_submit(core, 3, shorter);
    const char *said = small_text(small_end(core, 4, 1));
    assert_true(strcmp(said, "e1@0 p4@0") == 0 || strcmp(said, "e1@0 p3@0") == 0);
    wf_core_destroy(core);
}

// Who is cancelled, held or found elsewhere gives back what was kept for him, to all at once.
static void a_start_time_that_is_given_up_serves_others_at_once(void **unused)
{
    (void)unused;
    struct wf_core *core = one_gpu_left("easy");
    SAID(small_submit(core, 2, small_job(3, 1, 1, 0)), "w3");
    SAID(small_end(core, 3, 2), "p3@0");
    wf_core_destroy(core);

    core = one_gpu_left("easy");
    SAID(small_submit(core, 2, small_job(3, 1, 1, 0)), "w3");
    SAID(small_hold(core, 3, 2, true), "p3@0");
    wf_core_destroy(core);
}

// When the start moves to other nodes, the ones it was to have are free for long work again.
static void a_start_time_that_moves_serves_others_at_once(void **unused)
{
    (void)unused;
    struct wf_core_config config = small_config("easy");
    struct wf_core *core = small_core(&config);
    small_node(core, 0, 0, 0, 4);
    small_node(core, 0, 1, 1, 4);
    small_submit(core, 0, small_job(1, 1, 3, 1000)); // node 0: one GPU left
    small_submit(core, 0, small_job(2, 1, 4, 5000)); // node 1
    SAID(small_submit(core, 1, small_job(3, 1, 4, 1000)), "w3");
    struct wf_job_spec here = small_job(4, 1, 1, 0);
    here.request.place.zone = 0; // where nothing comes free
    SAID(small_submit(core, 2, here), "w4");
    SAID(small_end(core, 3, 2), "e2@1 p3@1 p4@0");
    wf_core_destroy(core);
}

// A job that starts lets others in that waited for its start, wherever in the pass that is.
static void who_waits_for_a_start_is_let_in_with_it(void **unused)
{
    (void)unused;
    static const char *const names[] = {
        "fifo", "easy", "conservative", "slurm-like", "kubernetes-like", "foresight"};
    for (uint32_t i = 0; i < WF_COUNT_OF(names); i++) {
        struct wf_core *core = small_site(names[i], 1);
        small_submit(core, 0, small_job(1, 1, 2, 0));
        struct wf_job_spec job = small_job(2, 1, 3, 0);
        small_submit(core, 0, job);
        struct wf_dependency start = {{2}, WF_AFTER_START};
        job = small_job(3, 1, 1, 0);
        job.wait.after = &start;
        job.wait.after_count = 1;
        small_submit(core, 0, job);
        SAID(small_end(core, 1, 1), "e1@0 p2@0 p3@0");
        wf_core_destroy(core);
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(the_list_names_them_all),
        cmocka_unit_test(fifo_lets_nobody_by),
        cmocka_unit_test(fifo_lets_no_small_work_by),
        cmocka_unit_test(easy_lets_by_who_delays_nobody),
        cmocka_unit_test(easy_keeps_one_start),
        cmocka_unit_test(conservative_keeps_all),
        cmocka_unit_test(slurm_like_keeps_whole_nodes),
        cmocka_unit_test(slurm_like_plans_anew),
        cmocka_unit_test(only_kubernetes_like_starves_the_gang),
        cmocka_unit_test(kubernetes_like_starts_what_fits),
        cmocka_unit_test(kueue_like_admits_one_of_each_queue_in_a_cycle),
        cmocka_unit_test(kueue_like_tries_again_when_room_came_free),
        cmocka_unit_test(foresight_fills_with_the_soonest_done),
        cmocka_unit_test(a_start_time_that_is_given_up_serves_others_at_once),
        cmocka_unit_test(a_start_time_that_moves_serves_others_at_once),
        cmocka_unit_test(who_waits_for_a_start_is_let_in_with_it),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
