// SPDX-License-Identifier: Apache-2.0
// Work that others asked for, flow by flow, with a played cluster.
#include "cluster_bed.h"

#include <string.h>

#include "core/schedule/schedule.h"

static void others_start_it_and_it_is_in_the_books(void **unused)
{
    (void)unused;
    struct cluster cluster;
    cluster_make(&cluster, true, 1);
    struct cluster_job *job = cluster_submit(&cluster, 2, 2),
                       *next = cluster_submit(&cluster, 4, 1);
    next->held = true;
    cluster_look(&cluster);
    cluster_flush(&cluster);
    uint64_t id = cluster_id(&cluster, job);
    assert_int_equal(id, 1);
    assert_string_equal(wf_desk_foreign_key(cluster.desk, id), "4701");
    assert_string_equal(cluster_state(&cluster, 2), "held");
    cluster_settle(&cluster);
    assert_string_equal(cluster_state(&cluster, id), "running");
    cluster_check_books(&cluster);
    cluster.now_ms += 3600000;
    cluster_end(&cluster, job, WF_RUN_END_EXIT, 0);
    cluster_settle(&cluster);
    assert_string_equal(cluster_state(&cluster, id), "done");
    assert_int_equal(wf_desk_count(cluster.desk).cost_nanousd, INT64_C(4000000000));
    cluster_check_books(&cluster);
    cluster_check_journal(&cluster);
    assert_int_equal(cluster.engine->started + cluster.engine->ended, 0);
    cluster_clear(&cluster);
}

static void what_is_decided_is_started_by_key_and_nodes(void **unused)
{
    (void)unused;
    struct cluster cluster;
    cluster_make(&cluster, false, 1);
    struct cluster_job *gang = cluster_submit(&cluster, 1, 3),
                       *one = cluster_submit(&cluster, 4, 1);
    gang->apart = true;
    cluster_settle(&cluster);
    assert_int_equal(cluster.engine->started, 2);
    assert_true(gang->place_count == 3 && one->place_count == 1);
    assert_string_equal(gang->start, "j1-1");
    cluster_check_books(&cluster);
    // Its scheduler took the highest GPUs, which the core knows now.
    assert_int_equal(gang->places[0].gpu_set, 8);
    cluster_end(&cluster, gang, WF_RUN_END_EXIT, 1);
    cluster_end(&cluster, one, WF_RUN_END_TIME_LIMIT, -1);
    cluster_settle(&cluster);
    assert_string_equal(cluster_state(&cluster, 1), "failed");
    assert_string_equal(cluster_state(&cluster, 2), "failed");
    cluster_check_journal(&cluster);
    cluster_clear(&cluster);
}

static void nothing_starts_before_all_was_told(void **unused)
{
    (void)unused;
    struct cluster cluster;
    cluster_make(&cluster, false, 1);
    struct cluster_job *first = cluster_submit(&cluster, 4, 4);
    cluster_settle(&cluster);
    assert_int_equal(first->state, WF_FOREIGN_RUNS);
    cluster_close(&cluster);
    struct cluster_job *second = cluster_submit(&cluster, 4, 1);
    cluster_open(&cluster);
    cluster_flush(&cluster);
    assert_true(wf_desk_foreign_wants_all(cluster.desk));
    assert_true(wf_core_schedule(wf_desk_core(cluster.desk))->watches);
    // The first alone is told to have ended while nobody looked: that is not all.
    cluster_end(&cluster, first, WF_RUN_END_EXIT, 0);
    wf_desk_foreign_look(cluster.desk);
    struct wf_foreign_job over = {.key = first->key, .state = WF_FOREIGN_OVER, .end = &first->end};
    over.started_ms = first->started_ms;
    assert_int_equal(wf_desk_foreign_tell(cluster.desk, &over, NULL), WF_OK);
    struct wf_foreign_job unknown = {.key = "1"};
    assert_int_equal(wf_desk_foreign_tell(cluster.desk, &unknown, NULL), WF_NOTFOUND);
    wf_desk_foreign_seen(cluster.desk, false);
    cluster_flush(&cluster);
    assert_int_equal(cluster.engine->request_count, 0);
    cluster_settle(&cluster);
    assert_int_equal(second->state, WF_FOREIGN_RUNS);
    assert_string_equal(cluster_state(&cluster, 1), "done");
    // Nobody hears of the cluster: again nothing starts.
    wf_desk_foreign_blind(cluster.desk);
    assert_true(wf_core_schedule(wf_desk_core(cluster.desk))->watches);
    cluster_settle(&cluster);
    assert_false(wf_core_schedule(wf_desk_core(cluster.desk))->watches);
    cluster_check_books(&cluster);
    cluster_check_journal(&cluster);
    cluster_clear(&cluster);
}

// A start that gives way after a restart is taken back: its job is not ended.
static void what_gives_way_after_a_restart_waits_again(void **unused)
{
    (void)unused;
    struct cluster cluster;
    cluster_make(&cluster, false, 1);
    struct cluster_job *wanted = cluster_submit(&cluster, 4, 1);
    cluster_look(&cluster);
    cluster_flush(&cluster);
    cluster_obey(&cluster);
    assert_true(wanted->start[0] != '\0' && wanted->state == WF_FOREIGN_WAITS);
    cluster_close(&cluster);
    struct cluster_job *other = cluster_submit(&cluster, 4, 1);
    other->by_others = true;
    assert_true(cluster_run_on(&cluster, other, wanted->pins));
    cluster_open(&cluster);
    cluster_look(&cluster);
    cluster_flush(&cluster);
    bool taken_back = false;
    for (uint32_t i = 0; i < cluster.engine->request_count; i++) {
        const struct cluster_request *request = &cluster.engine->requests[i];
        assert_true(request->is_start || request->why == WF_RUN_STOP_WITHDRAWN);
        taken_back = taken_back || !request->is_start;
    }
    assert_true(taken_back);
    cluster_settle(&cluster);
    assert_int_equal(wanted->state, WF_FOREIGN_RUNS);
    assert_false(wanted->was_cancelled);
    cluster_check_books(&cluster);
    cluster_clear(&cluster);
}

static void who_is_not_told_is_gone(void **unused)
{
    (void)unused;
    struct cluster cluster;
    cluster_make(&cluster, true, 1);
    struct cluster_job *ran = cluster_submit(&cluster, 1, 1);
    struct cluster_job *waited = cluster_submit(&cluster, 1, 1);
    waited->held = true;
    cluster_settle(&cluster);
    cluster_close(&cluster);
    ran->is_there = waited->is_there = false;
    cluster_open(&cluster);
    cluster_settle(&cluster);
    assert_string_equal(cluster_state(&cluster, 1), "lost");
    assert_string_equal(cluster_state(&cluster, 2), "cancelled");
    cluster_check_books(&cluster);
    cluster_clear(&cluster);
}

static void a_cancel_asked_here_reaches_the_cluster(void **unused)
{
    (void)unused;
    struct cluster cluster;
    cluster_make(&cluster, false, 1);
    struct cluster_job *ran = cluster_submit(&cluster, 1, 1),
                       *held = cluster_submit(&cluster, 1, 1);
    held->held = true;
    cluster_settle(&cluster);
    cluster.engine->ends_fail = 1;
    struct wf_desk_ask ask = cluster_ask("ada", false);
    assert_int_equal(wf_desk_cancel(cluster.desk, 1, &ask, NULL), WF_OK);
    assert_int_equal(wf_desk_cancel(cluster.desk, 2, &ask, NULL), WF_OK);
    cluster_flush(&cluster);
    assert_string_equal(cluster_state(&cluster, 1), "ending");
    assert_int_equal(cluster.engine->request_count, 1); // the other one failed
    cluster_close(&cluster);                            // and this one is lost
    cluster_open(&cluster);
    cluster_settle(&cluster);
    assert_true(ran->state == WF_FOREIGN_OVER && held->state == WF_FOREIGN_OVER);
    assert_string_equal(cluster_state(&cluster, 1), "cancelled");
    assert_string_equal(cluster_state(&cluster, 2), "cancelled");
    cluster_check_books(&cluster);
    cluster_check_journal(&cluster);
    cluster_clear(&cluster);
}

static void a_hold_asked_here_is_one_of_two(void **unused)
{
    (void)unused;
    struct cluster cluster;
    cluster_make(&cluster, false, 1);
    struct cluster_job *busy = cluster_submit(&cluster, 4, 4),
                       *job = cluster_submit(&cluster, 4, 1);
    cluster_settle(&cluster);
    struct wf_desk_ask ask = cluster_ask("ada", false);
    assert_int_equal(wf_desk_hold(cluster.desk, 2, true, &ask, NULL), WF_OK);
    cluster_settle(&cluster);
    cluster_close(&cluster);
    cluster_open(&cluster);
    cluster_end(&cluster, busy, WF_RUN_END_EXIT, 0);
    cluster_settle(&cluster);
    assert_string_equal(cluster_state(&cluster, 2), "held");
    job->held = job->is_news = true; // by its owner, too
    cluster_settle(&cluster);
    assert_int_equal(wf_desk_hold(cluster.desk, 2, false, &ask, NULL), WF_EXISTS);
    job->held = false;
    job->is_news = true;
    cluster_settle(&cluster);
    assert_int_equal(wf_desk_hold(cluster.desk, 2, false, &ask, NULL), WF_OK);
    cluster_settle(&cluster);
    assert_string_equal(cluster_state(&cluster, 2), "running");
    struct wf_job_document document;
    const char *text = "{\"command\":[\"a\"]}";
    assert_int_equal(wf_job_document_parse(text, strlen(text), &document, NULL), WF_OK);
    assert_int_equal(wf_desk_submit(cluster.desk, &document, &ask, NULL), WF_INVALID);
    wf_job_document_finish(&document);
    cluster_check_journal(&cluster);
    cluster_clear(&cluster);
}

static void who_only_watches_changes_nothing(void **unused)
{
    (void)unused;
    struct cluster cluster;
    cluster_make(&cluster, true, 1);
    struct cluster_job *job = cluster_submit(&cluster, 1, 1);
    job->by_others = false;
    cluster_settle(&cluster);
    struct wf_desk_ask ask = cluster_ask("ada", false);
    assert_int_equal(wf_desk_cancel(cluster.desk, 1, &ask, NULL), WF_EXISTS);
    assert_int_equal(wf_desk_hold(cluster.desk, 1, true, &ask, NULL), WF_EXISTS);
    struct wf_job_live live;
    assert_true(wf_desk_live(cluster.desk, 1, &live));
    assert_string_equal(live.reason_code, "watched");
    struct wf_job_start start;
    assert_true(wf_desk_expected_start(cluster.desk, 1, &start));
    // The next daemon decides, and the one after it does not.
    cluster_close(&cluster);
    cluster.watches = false;
    cluster_open(&cluster);
    cluster_settle(&cluster);
    assert_int_equal(job->state, WF_FOREIGN_RUNS);
    cluster_close(&cluster);
    cluster.watches = true;
    cluster_open(&cluster);
    cluster_submit(&cluster, 1, 1)->by_others = false;
    cluster_settle(&cluster);
    assert_string_equal(cluster_state(&cluster, 2), "waiting");
    cluster_check_books(&cluster);
    cluster_check_journal(&cluster);
    cluster_clear(&cluster);
}

static void a_node_that_changes_takes_nothing_with_it(void **unused)
{
    (void)unused;
    struct cluster cluster;
    cluster_make(&cluster, false, 1);
    struct cluster_job *job = cluster_submit(&cluster, 4, 4);
    cluster_settle(&cluster);
    cluster.site->nodes[1].spec.memory_mib = 70000;
    assert_int_equal(wf_desk_site(cluster.desk, cluster.site, NULL), WF_OK);
    cluster_flush(&cluster);
    cluster_check_books(&cluster);
    assert_int_equal(cluster.engine->request_count, 0);
    // One that is said to have less than is used there, or to be gone.
    cluster.site->nodes[1].spec.gpus = 2;
    cluster.site->node_count = 3;
    assert_int_equal(wf_desk_site(cluster.desk, cluster.site, NULL), WF_OK);
    cluster_flush(&cluster);
    assert_int_equal(wf_desk_foreign_count(cluster.desk).crooked, 1);
    assert_string_equal(cluster_state(&cluster, 1), "running");
    cluster.site->nodes[1].spec.gpus = CLUSTER_GPUS;
    cluster.site->node_count = CLUSTER_NODES;
    assert_int_equal(wf_desk_site(cluster.desk, cluster.site, NULL), WF_OK);
    cluster_flush(&cluster);
    assert_int_equal(wf_desk_foreign_count(cluster.desk).crooked, 0);
    cluster_check_books(&cluster);
    cluster_end(&cluster, job, WF_RUN_END_EXIT, 0);
    cluster_settle(&cluster);
    assert_string_equal(cluster_state(&cluster, 1), "done");
    cluster_check_journal(&cluster);
    cluster_clear(&cluster);
}

static void what_runs_nowhere_that_is_known_is_not_started_twice(void **unused)
{
    (void)unused;
    struct cluster cluster;
    cluster_make(&cluster, false, 1);
    struct cluster_job *job = cluster_submit(&cluster, 1, 1);
    cluster.site->node_count = 3;
    assert_int_equal(wf_desk_site(cluster.desk, cluster.site, NULL), WF_OK);
    cluster.site->node_count = CLUSTER_NODES; // the desk was not told yet
    const uint32_t last = CLUSTER_NODES - 1;
    assert_true(cluster_run_on(&cluster, job, &last));
    cluster_settle(&cluster);
    assert_int_equal(cluster.engine->started, 0);
    assert_string_equal(cluster_state(&cluster, 1), "running");
    assert_int_equal(wf_desk_foreign_count(cluster.desk).crooked, 1);
    cluster_close(&cluster);
    cluster_open(&cluster); // with all nodes
    cluster_settle(&cluster);
    assert_int_equal(wf_desk_foreign_count(cluster.desk).crooked, 0);
    assert_int_equal(cluster.engine->started, 0);
    cluster_check_books(&cluster);
    cluster_check_journal(&cluster);
    cluster_clear(&cluster);
}

static void a_start_that_comes_to_nothing_is_tried_later(void **unused)
{
    (void)unused;
    struct cluster cluster;
    cluster_make(&cluster, false, 1);
    struct cluster_job *job = cluster_submit(&cluster, 1, 1);
    cluster_look(&cluster);
    cluster_flush(&cluster);
    assert_int_equal(cluster.engine->request_count, 1);
    cluster.engine->request_count = 0; // refused
    cluster_look(&cluster);            // and nothing is new
    job->is_news = true;
    cluster_look(&cluster);
    cluster_flush(&cluster);
    assert_int_equal(wf_desk_foreign_count(cluster.desk).lost_starts, 1);
    assert_string_equal(cluster_state(&cluster, 1), "waiting");
    cluster_settle(&cluster);
    assert_int_equal(cluster.engine->started, 0);
    cluster.now_ms += 10001;
    cluster_settle(&cluster);
    assert_int_equal(job->state, WF_FOREIGN_RUNS);
    assert_string_equal(job->start, "j1-2");
    cluster_check_books(&cluster);
    cluster_check_journal(&cluster);
    cluster_clear(&cluster);
}

static uint32_t node_of(const struct cluster_job *job)
{
    return job->place_count > 0 ? job->places[0].node : CLUSTER_NODES;
}

static void notice(struct cluster *cluster, uint32_t node, int64_t gone_ms)
{
    wf_desk_foreign_look(cluster->desk);
    wf_desk_foreign_notice(cluster->desk, cluster->site->nodes[node].name, gone_ms, "reclaim");
    wf_desk_foreign_seen(cluster->desk, false);
}

static void work_leaves_a_node_that_goes_unless_it_may_not_run_anew(void **unused)
{
    (void)unused;
    struct cluster cluster;
    cluster_make(&cluster, false, 1);
    struct cluster_job *stays = cluster_submit(&cluster, 2, 1),
                       *leaves = cluster_submit(&cluster, 2, 1);
    leaves->preemptible = true;
    cluster_settle(&cluster);
    uint32_t node = node_of(stays);
    assert_int_equal(node_of(leaves), node);
    cluster.now_ms += 60000;
    notice(&cluster, node, cluster.now_ms + 30000);
    assert_true(wf_core_cluster(wf_desk_core(cluster.desk))->nodes[node].closed);
    cluster_settle(&cluster);
    assert_int_equal(cluster.engine->ended, 1);
    assert_true(leaves->restarts == 1 && stays->restarts == 0);
    assert_true(node_of(leaves) != node && node_of(leaves) < CLUSTER_NODES);
    assert_int_equal(node_of(stays), node);
    cluster_check_books(&cluster);
    // Told again, and later as over: nothing new.
    notice(&cluster, node, cluster.now_ms + 30000);
    cluster.now_ms += 60000;
    notice(&cluster, node, cluster.now_ms - 30000);
    cluster_settle(&cluster);
    assert_int_equal(cluster.engine->ended, 1);
    cluster_check_books(&cluster);
    notice(&cluster, node, 0);
    assert_false(wf_core_cluster(wf_desk_core(cluster.desk))->nodes[node].closed);
    cluster_settle(&cluster);
    assert_true(leaves->restarts == 1 && stays->restarts == 0);
    cluster_check_books(&cluster);
    cluster_check_journal(&cluster);
    cluster_clear(&cluster);
}

static void who_starts_on_a_node_that_goes_leaves_it_too(void **unused)
{
    (void)unused;
    struct cluster cluster;
    cluster_make(&cluster, false, 1);
    struct cluster_job *job = cluster_submit(&cluster, 2, 1),
                       *stays = cluster_submit(&cluster, 2, 1);
    job->preemptible = true;
    const int64_t gone_ms = cluster.now_ms + 30000;
    notice(&cluster, 1, gone_ms);
    // Its scheduler starts both there, whatever was decided.
    const uint32_t node = 1;
    assert_true(cluster_run_on(&cluster, job, &node));
    assert_true(cluster_run_on(&cluster, stays, &node));
    cluster_look(&cluster);
    cluster_flush(&cluster);
    for (int i = 0; i < 3; i++) {
        notice(&cluster, 1, gone_ms);
        cluster_settle(&cluster);
    }
    assert_true(job->restarts == 1 && node_of(job) != 1);
    assert_true(stays->restarts == 0 && node_of(stays) == 1);
    cluster_check_books(&cluster);
    cluster_check_journal(&cluster);
    cluster_clear(&cluster);
}

static void work_that_waited_again_and_is_over_is_not_new(void **unused)
{
    (void)unused;
    struct cluster cluster;
    cluster_make(&cluster, false, 1);
    struct cluster_job *job = cluster_submit(&cluster, 1, 1);
    cluster_settle(&cluster);
    cluster.now_ms += 5000;
    cluster_requeue(&cluster, job, false);
    job->submitted_ms = cluster.now_ms; // its scheduler counts from here
    cluster_settle(&cluster);
    cluster.now_ms += 5000;
    cluster_end(&cluster, job, WF_RUN_END_EXIT, 0);
    for (int i = 0; i < 3; i++) {
        cluster_settle(&cluster);
        job->is_news = true; // told again
        cluster_look(&cluster);
    }
    cluster_flush(&cluster);
    assert_int_equal(wf_desk_count(cluster.desk).submitted, 1);
    cluster_check_journal(&cluster);
    cluster_clear(&cluster);
}

static void work_of_a_cluster_whose_clock_is_ahead_is_taken_once(void **unused)
{
    (void)unused;
    struct cluster cluster;
    cluster_make(&cluster, false, 1);
    struct cluster_job *job = cluster_submit(&cluster, 1, 1);
    job->submitted_ms = cluster.now_ms + 90000;
    cluster_settle(&cluster);
    cluster.now_ms += 5000;
    cluster_end(&cluster, job, WF_RUN_END_EXIT, 0);
    for (int i = 0; i < 3; i++) {
        cluster_settle(&cluster);
        job->is_news = true; // told again
        cluster_look(&cluster);
    }
    cluster_flush(&cluster);
    assert_int_equal(wf_desk_count(cluster.desk).submitted, 1);
    cluster_check_journal(&cluster);
    cluster_clear(&cluster);
}

static void what_gives_way_after_a_restart_is_not_cancelled(void **unused)
{
    (void)unused;
    struct cluster cluster;
    cluster_make(&cluster, false, 1);
    struct cluster_job *job = cluster_submit(&cluster, 1, 1);
    cluster_look(&cluster);
    cluster_flush(&cluster);
    cluster_obey(&cluster); // it may start at any moment
    assert_string_equal(job->start, "j1-1");
    cluster_close(&cluster);
    cluster_open(&cluster);
    cluster_look(&cluster);
    cluster_flush(&cluster);
    // Before it does, others take all there is.
    for (uint32_t node = 0; node < CLUSTER_NODES; node++) {
        assert_true(cluster_run_on(&cluster, cluster_submit(&cluster, CLUSTER_GPUS, 1), &node));
    }
    cluster_look(&cluster);
    cluster_flush(&cluster);
    assert_int_equal(cluster.engine->request_count, 1);
    assert_false(cluster.engine->requests[0].is_start);
    assert_int_equal(cluster.engine->requests[0].why, WF_RUN_STOP_WITHDRAWN);
    cluster_settle(&cluster);
    assert_string_equal(cluster_state(&cluster, 1), "waiting");
    cluster_check_books(&cluster);
    cluster_clear(&cluster);
}

static void a_start_that_comes_before_it_is_taken_back_goes_on(void **unused)
{
    (void)unused;
    struct cluster cluster;
    cluster_make(&cluster, false, 1);
    struct cluster_job *job = cluster_submit(&cluster, 1, 1);
    cluster_look(&cluster);
    cluster_flush(&cluster);
    cluster_obey(&cluster);
    uint32_t pin = job->pins[0];
    // Others take all of every node, as far as was told; then one of them ends, and it starts.
    struct cluster_job *others[CLUSTER_NODES];
    for (uint32_t node = 0; node < CLUSTER_NODES; node++) {
        others[node] = cluster_submit(&cluster, CLUSTER_GPUS, 1);
        assert_true(cluster_run_on(&cluster, others[node], &node));
    }
    cluster_look(&cluster);
    cluster_end(&cluster, others[pin], WF_RUN_END_EXIT, 0);
    assert_true(cluster_run_on(&cluster, job, &pin));
    cluster_flush(&cluster);
    cluster_obey(&cluster);
    cluster_settle(&cluster);
    assert_int_equal(job->state, WF_FOREIGN_RUNS);
    assert_true(job->starts == 1 && job->restarts == 0);
    assert_string_equal(cluster_state(&cluster, 1), "running");
    cluster_check_books(&cluster);
    cluster_check_journal(&cluster);
    cluster_clear(&cluster);
}

static void a_start_on_a_node_that_was_down_for_a_moment_goes_on(void **unused)
{
    (void)unused;
    struct cluster cluster;
    cluster_make(&cluster, false, 1);
    struct cluster_job *job = cluster_submit(&cluster, 1, 1);
    cluster_look(&cluster);
    cluster_flush(&cluster);
    cluster_obey(&cluster);
    const uint32_t pin = job->pins[0], last = CLUSTER_NODES - 1;
    // The desk hears that the node is down when its scheduler has it back already, and starts it.
    const struct wf_site_node node = cluster.site->nodes[pin];
    cluster.site->nodes[pin] = cluster.site->nodes[last];
    cluster.site->node_count = last;
    assert_int_equal(wf_desk_site(cluster.desk, cluster.site, NULL), WF_OK);
    cluster.site->nodes[pin] = node;
    cluster.site->node_count = CLUSTER_NODES;
    assert_true(cluster_run_on(&cluster, job, &pin));
    cluster_flush(&cluster);
    assert_int_equal(cluster.engine->request_count, 1);
    assert_int_equal(cluster.engine->requests[0].why, WF_RUN_STOP_WITHDRAWN);
    cluster_obey(&cluster);
    cluster_settle(&cluster);
    assert_int_equal(wf_desk_site(cluster.desk, cluster.site, NULL), WF_OK);
    cluster_settle(&cluster);
    assert_true(job->starts == 1 && job->restarts == 0);
    assert_string_equal(cluster_state(&cluster, 1), "running");
    cluster_check_books(&cluster);
    cluster_check_journal(&cluster);
    cluster_clear(&cluster);
}

static bool is_closed(struct cluster *cluster, uint32_t node)
{
    assert_int_equal(wf_desk_site(cluster->desk, cluster->site, NULL), WF_OK);
    cluster_flush(cluster);
    return wf_core_cluster(wf_desk_core(cluster->desk))->nodes[node].closed;
}

static void a_node_that_is_opened_while_nobody_looks_is_open(void **unused)
{
    (void)unused;
    struct cluster cluster;
    cluster_make(&cluster, false, 1);
    const char *mine = cluster.site->nodes[2].name;
    struct wf_desk_ask ask = cluster_ask("root", true);
    cluster.drained = 1 << 1;
    assert_int_equal(wf_desk_drain(cluster.desk, mine, true, &ask, NULL), WF_OK);
    assert_true(is_closed(&cluster, 1) && is_closed(&cluster, 2));
    cluster_close(&cluster);
    cluster_open(&cluster);
    assert_true(is_closed(&cluster, 1) && is_closed(&cluster, 2));
    cluster_close(&cluster);
    cluster.drained = 0;
    cluster_open(&cluster);
    assert_false(is_closed(&cluster, 1));
    assert_true(is_closed(&cluster, 2)); // that was an operator
    // What an operator closes after that is theirs, whoever closed it before.
    const char *other = cluster.site->nodes[1].name;
    assert_int_equal(wf_desk_drain(cluster.desk, other, true, &ask, NULL), WF_OK);
    cluster_flush(&cluster);
    cluster_close(&cluster);
    cluster_open(&cluster);
    assert_true(is_closed(&cluster, 1));
    cluster_check_journal(&cluster);
    cluster_clear(&cluster);
}

static void the_number_of_a_lost_job_is_another_job_s(void **unused)
{
    (void)unused;
    struct cluster cluster;
    cluster_make(&cluster, false, 1);
    struct cluster_job *job = cluster_submit(&cluster, 1, 1);
    cluster_look(&cluster);
    cluster_flush(&cluster);
    cluster_obey(&cluster);
    assert_string_equal(job->start, "j1-1");
    // Its scheduler is killed, has lost it, and takes in another one before anybody looks.
    cluster.now_ms += 2000;
    job->submitted_ms = cluster.now_ms;
    job->start[0] = '\0';
    job->is_news = true;
    cluster_look(&cluster);
    cluster_flush(&cluster);
    assert_int_equal(cluster_id(&cluster, job), 2);
    // The new one is decided about at once: no start of it came to nothing.
    assert_int_equal(cluster.engine->request_count, 1);
    assert_string_equal(cluster.engine->requests[0].id, "j2-1");
    cluster_settle(&cluster);
    assert_int_equal(job->state, WF_FOREIGN_RUNS);
    assert_int_equal(wf_desk_count(cluster.desk).submitted, 2);
    cluster_check_books(&cluster);
    cluster_check_journal(&cluster);
    cluster_clear(&cluster);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(others_start_it_and_it_is_in_the_books),
        cmocka_unit_test(what_is_decided_is_started_by_key_and_nodes),
        cmocka_unit_test(work_leaves_a_node_that_goes_unless_it_may_not_run_anew),
        cmocka_unit_test(who_starts_on_a_node_that_goes_leaves_it_too),
        cmocka_unit_test(work_that_waited_again_and_is_over_is_not_new),
        cmocka_unit_test(work_of_a_cluster_whose_clock_is_ahead_is_taken_once),
        cmocka_unit_test(nothing_starts_before_all_was_told),
        cmocka_unit_test(what_gives_way_after_a_restart_waits_again),
        cmocka_unit_test(who_is_not_told_is_gone),
        cmocka_unit_test(a_cancel_asked_here_reaches_the_cluster),
        cmocka_unit_test(a_hold_asked_here_is_one_of_two),
        cmocka_unit_test(who_only_watches_changes_nothing),
        cmocka_unit_test(a_node_that_changes_takes_nothing_with_it),
        cmocka_unit_test(what_runs_nowhere_that_is_known_is_not_started_twice),
        cmocka_unit_test(a_start_that_comes_to_nothing_is_tried_later),
        cmocka_unit_test(what_gives_way_after_a_restart_is_not_cancelled),
        cmocka_unit_test(a_start_that_comes_before_it_is_taken_back_goes_on),
        cmocka_unit_test(a_start_on_a_node_that_was_down_for_a_moment_goes_on),
        cmocka_unit_test(a_node_that_is_opened_while_nobody_looks_is_open),
        cmocka_unit_test(the_number_of_a_lost_job_is_another_job_s),
    };
    return cmocka_run_group_tests_name("foreign work", tests, NULL, NULL);
}
