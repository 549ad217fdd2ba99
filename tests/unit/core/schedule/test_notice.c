// SPDX-License-Identifier: Apache-2.0
#include "../small_schedule.h"

static struct wf_event notice(int64_t at_ms, uint32_t node, int64_t gone_ms, int64_t shun_ms)
{
    return (struct wf_event){
        .time_ms = at_ms, .kind = WF_EVENT_NODE_NOTICE, .node_notice = {{node}, gone_ms, shun_ms}};
}

static struct wf_decisions tell(struct wf_core *core, int64_t at_ms, uint32_t node, int64_t gone_ms,
                                int64_t shun_ms)
{
    struct wf_event event = notice(at_ms, node, gone_ms, shun_ms);
    return small_step(core, &event);
}

// Two pools, the second dearer: nodes 0 and 1 in the first, 2 in the second.
static struct wf_core *two_pools(void)
{
    struct wf_core *core = small_site("easy", 2);
    small_node(core, 0, 2, 1, 4);
    return core;
}

static void what_runs_starts_in_another_pool_at_once(void **unused)
{
    (void)unused;
    struct wf_core *core = two_pools();
    SAID(small_submit(core, 0, small_job(1, 1, 4, 0)), "w1 p1@0");
    // Node 1 is free, but in the pool that is being taken.
    SAID(tell(core, 1000, 0, 121000, 601000), "x1@0 w1 p1@2");
    assert_true(wf_core_cluster(core)->nodes[0].closed && wf_core_cluster(core)->nodes[1].closed);
    wf_core_destroy(core);
}

static void without_shunning_the_pool_serves(void **unused)
{
    (void)unused;
    struct wf_core *core = two_pools();
    SAID(small_submit(core, 0, small_job(1, 1, 4, 0)), "w1 p1@0");
    SAID(tell(core, 1000, 0, 31000, 0), "x1@0 w1 p1@1");
    wf_core_destroy(core);
}

static void a_shunned_pool_opens_by_itself(void **unused)
{
    (void)unused;
    struct wf_core *core = small_site("easy", 2);
    SAID(small_submit(core, 0, small_job(1, 1, 4, 0)), "w1 p1@0");
    struct wf_decisions told = tell(core, 1000, 0, 121000, 601000);
    SAID(told, "x1@0 w1");
    assert_true(told.wake_ms == 601000);
    SAID(small_node_down(core, 121000, 0), "");
    // One that comes in its place is of the same pool.
    SAID(small_node(core, 130000, 0, 0, 4), "");
    SAID(small_tick(core, 600999), "");
    SAID(small_tick(core, 601000), "p1@0");
    wf_core_destroy(core);
}

static void a_notice_that_is_withdrawn_opens_what_it_closed(void **unused)
{
    (void)unused;
    struct wf_core *core = small_site("easy", 1);
    SAID(small_submit(core, 0, small_job(1, 1, 4, 0)), "w1 p1@0");
    SAID(tell(core, 1000, 0, 31000, 601000), "x1@0 w1");
    SAID(tell(core, 1500, 0, 32000, 602000), ""); // again, with another time
    SAID(tell(core, 2000, 0, 0, 0), "p1@0");
    SAID(tell(core, 2001, 0, 0, 0), ""); // and again
    assert_false(wf_core_cluster(core)->nodes[0].closed);
    wf_core_destroy(core);
}

static void an_operators_word_stays(void **unused)
{
    (void)unused;
    struct wf_core *core = small_site("easy", 1);
    small_drain(core, 0, 0, true);
    SAID(small_submit(core, 0, small_job(1, 1, 4, 0)), "w1");
    tell(core, 1000, 0, 31000, 0);
    SAID(tell(core, 2000, 0, 0, 0), "");
    SAID(small_drain(core, 3000, 0, false), "p1@0");
    tell(core, 4000, 0, 31000, 0);
    SAID(small_drain(core, 5000, 0, true), "");
    SAID(small_drain(core, 6000, 0, false), ""); // it still is to go
    assert_true(wf_core_cluster(core)->nodes[0].closed);
    wf_core_destroy(core);
}

static void of_a_gang_that_allows_it_only_one_task_is_replaced(void **unused)
{
    (void)unused;
    struct wf_core *core = small_site("easy", 3);
    struct wf_job_spec job = small_job(1, 2, 4, HOUR_MS);
    job.wait.replaceable = true;
    SAID(small_submit(core, 0, job), "w1 p1@0 p1@1");
    SAID(tell(core, 1000, 0, 31000, 0), "x1@0 p1@2");
    SAID(small_node_down(core, 31000, 0), "");
    // No room for one alone: all wait.
    SAID(tell(core, 40000, 2, 70000, 0), "x1@2 x1@1 w1");
    // Its limit began with its second start.
    SAID(small_node(core, 50000, 0, 0, 4), "p1@0 p1@1");
    SAID(small_tick(core, 50000 + HOUR_MS), "t1@1 t1@0");
    wf_core_destroy(core);
}

static void a_member_whose_node_is_lost_is_replaced_too(void **unused)
{
    (void)unused;
    struct wf_core *core = small_site("easy", 3);
    struct wf_job_spec job = small_job(1, 2, 4, 0);
    job.wait.replaceable = true;
    small_submit(core, 0, job);
    SAID(small_node_down(core, 1000, 1), "l1@1 p1@2");
    small_end(core, 2000, 1);
    wf_core_destroy(core);
}

static void what_makes_no_sense_is_refused(void **unused)
{
    (void)unused;
    struct wf_core *core = small_site("easy", 1);
    struct wf_event none = notice(0, 7, 1000, 0);
    small_refused(core, &none, WF_NOTFOUND);
    struct wf_event past = notice(0, 0, -1, 0);
    small_refused(core, &past, WF_INVALID);
    struct wf_event far = notice(0, 0, 1000, INT64_MAX);
    small_refused(core, &far, WF_INVALID);
    struct wf_event idle = notice(0, 0, 0, 1000);
    small_refused(core, &idle, WF_INVALID);
    wf_core_destroy(core);
    struct wf_core_config config = small_config("easy");
    config.limits.queues = 0;
    config.discipline = NULL;
    assert_int_equal(wf_core_create(&config, &core, NULL), WF_OK);
    struct wf_event plain = notice(0, 0, 1000, 0);
    small_refused(core, &plain, WF_INVALID);
    wf_core_destroy(core);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(what_runs_starts_in_another_pool_at_once),
        cmocka_unit_test(without_shunning_the_pool_serves),
        cmocka_unit_test(a_shunned_pool_opens_by_itself),
        cmocka_unit_test(a_notice_that_is_withdrawn_opens_what_it_closed),
        cmocka_unit_test(an_operators_word_stays),
        cmocka_unit_test(of_a_gang_that_allows_it_only_one_task_is_replaced),
        cmocka_unit_test(a_member_whose_node_is_lost_is_replaced_too),
        cmocka_unit_test(what_makes_no_sense_is_refused),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
