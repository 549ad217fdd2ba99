// SPDX-License-Identifier: Apache-2.0
// Work that others asked for under everything at once: jobs come and change, the cluster starts
// some by itself, ends and requeues them, the desk decides about others, the disk is full for a
// while, the daemon is killed at any instant and comes back, in the other mode now and then, nodes
// change, and what is told is told in any order, twice, late. In the end the books are as the
// cluster is, every job that the desk heard of has one row, and the journal, stepped anew, gives
// the same decisions.
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "../unit/daemon/cluster_bed.h"

enum { HISTORIES = 40, STEPS = 250, PURGE_MS = 100000 };

static struct {
    uint32_t jobs, crashes, unheard, full, started, ended, looks, modes, cancels;
    uint64_t found, elsewhere, lost_starts, crooked, preempted;
} seen;

static struct cluster cluster;
static uint64_t seed;

static uint32_t below(uint32_t end)
{
    return (uint32_t)wf_random_below(&cluster.random, end);
}

static bool one_in(uint32_t chances)
{
    return below(chances) == 0;
}

static struct cluster_job *any_job(enum wf_foreign_state state)
{
    uint32_t count = cluster.engine->count;
    for (uint32_t i = 0, at = count > 0 ? below(count) : 0; i < count; i++) {
        struct cluster_job *job = &cluster.engine->jobs[(at + i) % count];
        if (job->is_there && job->state == state) {
            return job;
        }
    }
    return NULL;
}

static void submit(void)
{
    static const uint32_t gpus[] = {0, 1, 1, 2, 4};
    if (cluster.engine->count >= CLUSTER_JOBS_MAX) {
        return;
    }
    struct cluster_job *job = cluster_submit(&cluster, gpus[below(5)], 1);
    if (one_in(4)) {
        job->tasks = 2 + below(CLUSTER_NODES - 1);
        job->apart = one_in(2);
        job->gpus = job->gpus > 2 ? 2 : job->gpus;
    } else if (job->gpus == 1 && one_in(3)) {
        job->gpu_milli = 100 * (1 + below(9));
    }
    job->cpus = 1 + below(8);
    job->priority = below(3);
    job->preemptible = one_in(2);
    job->by_others = cluster.watches || one_in(4);
    job->held = one_in(8);
}

static void change_job(void)
{
    struct cluster_job *job = any_job(WF_FOREIGN_WAITS);
    if (!job) {
        return;
    }
    job->is_news = true;
    if (one_in(3)) {
        job->held = !job->held;
    } else if (one_in(2)) {
        job->priority = below(3);
    } else if (one_in(2)) {
        cluster_end(&cluster, job, WF_RUN_END_CANCELLED, -1);
        job->started_ms = job->starts > 0 ? job->started_ms : 0;
    } else {
        job->cpus = 1 + below(8);
    }
}

static void ask(void)
{
    struct wf_desk_ask ask = cluster_ask("ada", false);
    struct wf_error err;
    uint64_t job = 1 + below(cluster.engine->count + 1);
    if (one_in(3)) {
        seen.cancels += wf_desk_cancel(cluster.desk, job, &ask, &err) == WF_OK;
    } else {
        (void)!wf_desk_hold(cluster.desk, job, one_in(2), &ask, &err);
    }
}

static void move_run(void)
{
    static const enum wf_run_end ends[] = {WF_RUN_END_EXIT, WF_RUN_END_SIGNAL,
                                           WF_RUN_END_TIME_LIMIT, WF_RUN_END_RESTARTED};
    struct cluster_job *job = any_job(WF_FOREIGN_RUNS);
    if (job && one_in(4)) {
        cluster_requeue(&cluster, job, one_in(8));
    } else if (job) {
        cluster_end(&cluster, job, ends[below(4)], one_in(2) ? 0 : 1);
    }
}

// An operator has one start wherever he likes, whatever the desk thinks.
static void seize(void)
{
    struct cluster_job *job = any_job(WF_FOREIGN_WAITS);
    uint32_t nodes[CLUSTER_TASKS_MAX];
    uint32_t first = below(CLUSTER_NODES);
    for (uint32_t task = 0; task < CLUSTER_TASKS_MAX; task++) {
        nodes[task] = (first + task) % CLUSTER_NODES;
    }
    if (job) {
        (void)cluster_run_on(&cluster, job, nodes);
    }
}

// A pin that its scheduler takes off again: an operator, a refusal.
static void lose_pin(void)
{
    struct cluster_job *job = any_job(WF_FOREIGN_WAITS);
    if (job && job->start[0] != '\0') {
        job->start[0] = '\0';
        job->is_news = true;
    }
}

static void change_site(void)
{
    struct wf_site_node *node = &cluster.site->nodes[below(CLUSTER_NODES)];
    struct wf_error err;
    node->spec.memory_mib = 65536 + 1024 * below(3);
    if (one_in(3)) {
        node->spec.gpus = node->spec.gpus == CLUSTER_GPUS ? 2 : CLUSTER_GPUS;
    }
    (void)!wf_desk_site(cluster.desk, cluster.site, &err);
}

static void purge(void)
{
    for (uint32_t i = 0; i < cluster.engine->count; i++) {
        struct cluster_job *job = &cluster.engine->jobs[i];
        job->is_there = job->is_there && (job->state != WF_FOREIGN_OVER ||
                                          cluster.now_ms - job->ended_ms < PURGE_MS);
    }
}

static void count_desk(void)
{
    struct wf_foreign_counts counts = wf_desk_foreign_count(cluster.desk);
    seen.found += counts.found;
    seen.elsewhere += counts.elsewhere;
    seen.lost_starts += counts.lost_starts;
    seen.preempted += wf_desk_count(cluster.desk).preemptions;
}

static void crash(void)
{
    const struct wf_batch *batch = wf_desk_batch(cluster.desk);
    if (batch && one_in(2) && !cluster.disk_full && !wf_desk_probes(cluster.desk)) {
        assert_int_equal(wf_database_write(cluster.db, batch, NULL), WF_OK);
        seen.unheard++;
    }
    count_desk();
    cluster_close(&cluster);
    if (one_in(4)) {
        cluster.watches = !cluster.watches;
        seen.modes++;
    }
    cluster_open(&cluster);
    seen.crashes++;
}

static void look(void)
{
    if (one_in(20)) {
        wf_desk_foreign_blind(cluster.desk);
    }
    cluster_look(&cluster);
    seen.looks++;
    seen.crooked += wf_desk_foreign_count(cluster.desk).crooked;
}

static void happen(uint32_t what)
{
    if (what < 20) {
        submit();
    } else if (what < 28) {
        change_job();
    } else if (what < 33) {
        ask();
    } else if (what < 50) {
        move_run();
    } else if (what < 52) {
        crash();
    } else if (what < 54) {
        cluster.disk_full = true;
        seen.full++;
    } else if (what < 56) {
        change_site();
    } else if (what < 58) {
        cluster.engine->ends_fail = below(3);
        cluster.engine->starts_fail = below(3);
    } else if (what < 60) {
        lose_pin();
    } else if (what < 63) {
        seize();
    } else {
        cluster.now_ms += below(one_in(10) ? 60000 : 500);
        purge();
    }
}

static void one_step(void)
{
    happen(below(100));
    cluster.disk_full = cluster.disk_full && !one_in(8);
    if (one_in(2)) {
        cluster_obey(&cluster);
    }
    if (one_in(2)) {
        cluster_schedule(&cluster);
    }
    if (one_in(2)) {
        look();
    }
    if (one_in(2) && wf_desk_wake_ms(cluster.desk) <= cluster.now_ms) {
        wf_desk_tick(cluster.desk);
    }
    if (one_in(2)) {
        (void)cluster_write(&cluster);
    }
}

static void calm_down(void)
{
    cluster.disk_full = false;
    cluster.engine->ends_fail = cluster.engine->starts_fail = 0;
    for (uint32_t i = 0; i < CLUSTER_NODES; i++) {
        cluster.site->nodes[i].spec.gpus = CLUSTER_GPUS;
    }
    cluster.now_ms += 5000;
    wf_desk_tick(cluster.desk);
    cluster_flush(&cluster);
    assert_int_equal(wf_desk_site(cluster.desk, cluster.site, NULL), WF_OK);
    cluster_settle(&cluster);
    for (uint32_t i = 0; i < 40; i++) {
        cluster.now_ms += 20000;
        cluster_settle(&cluster);
    }
}

struct account {
    uint32_t over, rows;
};

static bool note_row(void *context, const struct wf_job_row *row)
{
    struct account *account = context;
    account->rows++;
    account->over += row->state >= WF_JOB_STATE_DONE;
    assert_true(row->run.attempt == 0 || row->run.ended_ms > 0 || row->state < WF_JOB_STATE_DONE);
    return true;
}

static void check_end(void)
{
    struct account account = {0};
    struct wf_job_query query = {.limit = 4 * CLUSTER_JOBS_MAX};
    cluster_check_books(&cluster);
    cluster_check_journal(&cluster);
    assert_int_equal(wf_desk_foreign_count(cluster.desk).crooked, 0);
    assert_int_equal(wf_database_jobs(cluster.db, &query, note_row, &account, NULL), WF_OK);
    // One row for each job that was heard of, and no more.
    assert_true(account.rows <= cluster.engine->count);
    assert_int_equal(account.rows - account.over, wf_desk_foreign_count(cluster.desk).jobs);
    seen.jobs += account.rows;
    seen.started += cluster.engine->started;
    seen.ended += cluster.engine->ended;
    count_desk();
}

static void play(void)
{
    cluster_make(&cluster, seed % 3 == 0, seed);
    cluster.save_every = seed % 4 == 0 ? 0 : 7;
    cluster.shuffled = true;
    cluster_flush(&cluster); // a journal that cannot be begun ends the daemon
    for (uint32_t step = 0; step < STEPS; step++) {
        one_step();
    }
    calm_down();
    check_end();
    cluster_clear(&cluster);
}

static void the_books_are_as_the_cluster_is(void **unused)
{
    (void)unused;
    const char *only = getenv("WHALEFLUX_TEST_SEED");
    for (seed = 1; seed <= HISTORIES; seed++) {
        if (only && strtoull(only, NULL, 10) != seed) {
            continue;
        }
        play();
    }
    print_message("# %u jobs, %u crashes, %u batches unheard of, %u times full, %u looks, %u "
                  "changes of mode, %u cancelled here; %u started and %u ended by the desk, %llu "
                  "found, %llu elsewhere, %llu starts lost, %llu crooked, %llu preempted\n",
                  seen.jobs, seen.crashes, seen.unheard, seen.full, seen.looks, seen.modes,
                  seen.cancels, seen.started, seen.ended, (unsigned long long)seen.found,
                  (unsigned long long)seen.elsewhere, (unsigned long long)seen.lost_starts,
                  (unsigned long long)seen.crooked, (unsigned long long)seen.preempted);
    if (!only) {
        assert_true(seen.jobs > 1000 && seen.crashes > 100 && seen.unheard > 20);
        assert_true(seen.started > 200 && seen.ended > 20 && seen.found > 200);
        assert_true(seen.lost_starts > 20 && seen.crooked > 100 && seen.modes > 20);
        assert_true(seen.elsewhere > 5 && seen.preempted > 20);
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(the_books_are_as_the_cluster_is),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
