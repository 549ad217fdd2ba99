// SPDX-License-Identifier: Apache-2.0
// Room under a queue's limit is kept for the foremost: while a job is the first of its queue, the
// time at which it can start under the limit is never put off, and however many small jobs come, a
// large one starts. The same must not hold of a discipline that keeps no such room: otherwise these
// tests would show nothing.
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>

#include <cmocka.h>

#include "base/random.h"
#include "core/core.h"
#include "core/discipline/discipline.h"
#include "core/policy/policy.h"
#include "core/schedule/schedule.h"

#define MINUTE_MS INT64_C(60000)
#define HOUR_MS INT64_C(3600000)
enum {
    STREAMS = 150,
    JOBS = 600,
    LARGE_EVERY = 25,
    NODES = 8,
    GPUS = 8,
    QUEUES = 4,
    LARGEST_WAIT_H = 12, // no limit is longer than an hour
};

struct job {
    struct wf_job_spec spec;
    int64_t submit_ms, start_ms, run_ms;
    int64_t promised_ms; // as the foremost: when it can start at the latest
    bool submitted, running, over;
};

struct stream {
    struct wf_random random;
    struct wf_core *core;
    struct wf_queue_spec queues[QUEUES];
    uint32_t queue_count, submitted;
    struct job jobs[JOBS];
    int64_t now_ms, wake_ms;
};

// What went wrong in a stream.
struct faults {
    uint32_t put_off; // times
    int64_t wait_ms;  // the longest of a large job
    uint32_t promises, yields;
};

static uint32_t below(struct stream *stream, uint64_t end)
{
    return (uint32_t)wf_random_below(&stream->random, end);
}

static int64_t gpus_of(const struct job *job)
{
    return (int64_t)job->spec.tasks * job->spec.request.gpus;
}

static bool is_large(uint32_t job)
{
    return job % LARGE_EVERY == LARGE_EVERY - 1;
}

// Limits are such that jobs of a lane are expected to run equally long.
static void make_job(struct stream *stream, uint32_t index, uint32_t most)
{
    static const uint8_t minutes[] = {2, 3, 4, 6, 8, 12, 16, 24, 32, 48};
    struct job *job = &stream->jobs[index];
    bool large = is_large(index);
    *job = (struct job){.promised_ms = INT64_MAX};
    job->spec = (struct wf_job_spec){
        .id = {index + 1},
        .tasks = large ? most / 2 + 1 + below(stream, most / 2) : 1 + below(stream, 2),
        .gang = true,
        .request = {.gpus = 1,
                    .gpu_milli = WF_GPU_MILLI,
                    .models = WF_ANY_MODEL,
                    .place = {WF_ANYWHERE, WF_ANYWHERE, WF_ANYWHERE}},
        .wait = {.queue = {stream->queue_count == 2 ? 1 : 2 + below(stream, 2)},
                 .limit_ms = MINUTE_MS * minutes[below(stream, sizeof minutes)]},
    };
    job->run_ms = job->spec.wait.limit_ms - (int64_t)below(stream, (uint64_t)MINUTE_MS);
}

static const struct wf_ticket *ticket_of(const struct stream *stream, uint32_t job)
{
    uint32_t slot = wf_cluster_find_job(wf_core_cluster(stream->core), (wf_job_id){job + 1});
    return &wf_core_schedule(stream->core)->backlog.tickets[slot];
}

static int64_t rank_of(const struct stream *stream, uint32_t job)
{
    struct wf_standing standing = wf_standing_of(ticket_of(stream, job), stream->now_ms);
    return wf_discipline_foresight.rank(&standing);
}

// A job that goes before others may put them off.
static void note_start(struct stream *stream, uint32_t started)
{
    stream->jobs[started].running = true;
    stream->jobs[started].start_ms = stream->now_ms;
    for (uint32_t i = 0; i < stream->submitted; i++) {
        struct job *job = &stream->jobs[i];
        if (!job->running && !job->over && rank_of(stream, started) <= rank_of(stream, i)) {
            job->promised_ms = INT64_MAX;
        }
    }
}

static void step(struct stream *stream, struct wf_event event)
{
    struct wf_decisions decisions;
    struct wf_error err = {.text = ""};
    event.time_ms = stream->now_ms;
    if (wf_core_step(stream->core, &event, &decisions, &err) != WF_OK) {
        fail_msg("%s", err.text);
    }
    stream->wake_ms = decisions.wake_ms;
    for (uint32_t i = 0; i < decisions.count; i++) {
        uint32_t job = (uint32_t)decisions.list[i].job.number - 1;
        if (decisions.list[i].kind == WF_DECISION_PLACE && !stream->jobs[job].running) {
            note_start(stream, job);
        }
    }
}

// A queue with a limit, or two below one with a limit that have limits, too; room for all of them.
static void open_stream(struct stream *stream, const struct wf_discipline *discipline,
                        uint64_t seed, bool tree)
{
    *stream = (struct stream){.queue_count = tree ? 4 : 2, .wake_ms = INT64_MAX};
    wf_random_init(&stream->random, seed);
    const struct wf_core_config config = {
        .limits = {.models = 1,
                   .pools = 1,
                   .nodes = NODES,
                   .jobs = JOBS,
                   .placements = JOBS * 32,
                   .classes = 4,
                   .queues = QUEUES,
                   .lanes = JOBS,
                   .reservations = 8},
        .policy = wf_policy_find("best-fit"),
        .discipline = discipline,
    };
    assert_int_equal(wf_core_create(&config, &stream->core, NULL), WF_OK);
    step(stream, (struct wf_event){.kind = WF_EVENT_POOL});
    for (uint32_t node = 0; node < NODES; node++) {
        step(stream,
             (struct wf_event){.kind = WF_EVENT_NODE_UP, .node_up = {{node}, {.gpus = GPUS}}});
    }
    uint32_t most = 8 + below(stream, 16);
    for (uint32_t i = 0; i < stream->queue_count; i++) {
        struct wf_queue_spec *spec = &stream->queues[i];
        spec->parent.index = i == 0 ? WF_NONE : i == 1 ? 0 : 1;
        spec->limit_gpu_milli = INT64_C(1000) * (i == 0 ? 0 : i == 1 ? most + most / 2 : most);
        step(stream, (struct wf_event){.kind = WF_EVENT_QUEUE, .queue = {{i}, *spec}});
    }
    for (uint32_t i = 0; i < JOBS; i++) {
        make_job(stream, i, most);
    }
}

// The one that goes first of those that wait in the only queue.
static uint32_t find_foremost(const struct stream *stream)
{
    uint32_t foremost = WF_NONE;
    int64_t least = INT64_MAX;
    for (uint32_t i = 0; i < stream->submitted; i++) {
        if (!stream->jobs[i].running && !stream->jobs[i].over) {
            int64_t rank = rank_of(stream, i);
            foremost = rank < least ? i : foremost;
            least = rank < least ? rank : least;
        }
    }
    return foremost;
}

// When the jobs that run will have left enough for another at the latest, by their limits.
static int64_t reckon_start_ms(const struct stream *stream, int64_t gpus)
{
    int64_t limit = stream->queues[1].limit_gpu_milli / WF_GPU_MILLI;
    int64_t at_ms = stream->now_ms;
    for (;;) {
        int64_t used = 0, next_ms = INT64_MAX;
        for (uint32_t i = 0; i < stream->submitted; i++) {
            const struct job *job = &stream->jobs[i];
            int64_t end_ms = job->start_ms + job->spec.wait.limit_ms;
            if (job->running && end_ms > at_ms) {
                used += gpus_of(job);
                next_ms = end_ms < next_ms ? end_ms : next_ms;
            }
        }
        if (used + gpus <= limit) {
            return at_ms;
        }
        at_ms = next_ms;
    }
}

static void check_promises(struct stream *stream, struct faults *faults)
{
    uint32_t foremost = find_foremost(stream);
    for (uint32_t i = 0; i < stream->submitted; i++) {
        if (i != foremost) {
            stream->jobs[i].promised_ms = INT64_MAX;
        }
    }
    if (foremost != WF_NONE) {
        struct job *job = &stream->jobs[foremost];
        int64_t start_ms = reckon_start_ms(stream, gpus_of(job));
        faults->put_off += start_ms > job->promised_ms;
        faults->promises++;
        job->promised_ms = start_ms < job->promised_ms ? start_ms : job->promised_ms;
    }
}

static void end_job(struct stream *stream, uint32_t index)
{
    struct job *job = &stream->jobs[index];
    job->running = false;
    job->over = true;
    step(stream, (struct wf_event){.kind = WF_EVENT_JOB_END, .job_end = {.id = {index + 1}}});
}

// Small jobs come faster than they are done, as long as there are any.
static bool next(struct stream *stream)
{
    uint32_t first = WF_NONE;
    int64_t end_ms = INT64_MAX, submit_ms = INT64_MAX;
    for (uint32_t i = 0; i < stream->submitted; i++) {
        const struct job *job = &stream->jobs[i];
        if (job->running && job->start_ms + job->run_ms < end_ms) {
            end_ms = job->start_ms + job->run_ms;
            first = i;
        }
    }
    if (stream->submitted < JOBS) {
        submit_ms = (int64_t)stream->submitted * 2 * MINUTE_MS;
    }
    if (end_ms == INT64_MAX && submit_ms == INT64_MAX && stream->wake_ms == INT64_MAX) {
        return false;
    }
    if (end_ms <= submit_ms && end_ms <= stream->wake_ms) {
        stream->now_ms = end_ms;
        end_job(stream, first);
    } else if (submit_ms <= stream->wake_ms) {
        struct job *job = &stream->jobs[stream->submitted++];
        stream->now_ms = submit_ms;
        job->submit_ms = submit_ms;
        step(stream, (struct wf_event){.kind = WF_EVENT_JOB_SUBMIT, .job_submit = job->spec});
    } else {
        stream->now_ms = stream->wake_ms;
        step(stream, (struct wf_event){.kind = WF_EVENT_TIME});
    }
    return true;
}

static struct faults run_stream(const struct wf_discipline *discipline, uint64_t seed, bool tree)
{
    static struct stream stream;
    struct faults faults = {0};
    open_stream(&stream, discipline, seed, tree);
    while (next(&stream)) {
        const struct wf_schedule *schedule = wf_core_schedule(stream.core);
        for (uint32_t i = 0; i < schedule->backlog.used_count; i++) {
            const struct wf_lane *lane = &schedule->backlog.lanes[schedule->backlog.used[i]];
            faults.yields += lane->block == WF_BLOCK_SHARE &&
                             wf_job_gpu_milli(&schedule->backlog.tickets[lane->first].spec) <=
                                 wf_queues_left_gpu_milli(schedule->queues, lane->blocked_at);
        }
        if (!tree) {
            check_promises(&stream, &faults);
        }
    }
    for (uint32_t i = 0; i < JOBS; i++) {
        const struct job *job = &stream.jobs[i];
        assert_true(job->over); // nobody is forgotten
        int64_t wait_ms = job->start_ms - job->submit_ms;
        // While there is a stream to starve in.
        if (is_large(i) && i < JOBS / 2 && wait_ms > faults.wait_ms) {
            faults.wait_ms = wait_ms;
        }
    }
    wf_core_destroy(stream.core);
    return faults;
}

static struct faults run_streams(const struct wf_discipline *discipline, bool tree)
{
    struct faults all = {0};
    for (uint64_t seed = 1; seed <= STREAMS; seed++) {
        struct faults faults = run_stream(discipline, seed, tree);
        all.put_off += faults.put_off;
        all.promises += faults.promises;
        all.yields += faults.yields;
        all.wait_ms = faults.wait_ms > all.wait_ms ? faults.wait_ms : all.wait_ms;
    }
    print_message("# %s, limits %s: put off %u of %u times, longest wait of a large job %.1f h, "
                  "room was left to others %u times\n",
                  tree ? "tree" : "one queue", discipline->keeps_limits ? "kept" : "not kept",
                  all.put_off, all.promises, (double)all.wait_ms / (double)HOUR_MS, all.yields);
    return all;
}

static struct wf_discipline without(void)
{
    struct wf_discipline without = wf_discipline_foresight;
    without.keeps_limits = false;
    return without;
}

static void the_foremost_is_not_put_off(void **unused)
{
    (void)unused;
    const struct wf_discipline plain = without();
    struct faults faults = run_streams(&wf_discipline_foresight, false);
    assert_int_equal(faults.put_off, 0);
    assert_true(faults.promises > 10000 && faults.yields > 10000);
    assert_true(run_streams(&plain, false).put_off > 100);
}

static void a_large_job_starts_however_many_small_ones_come(void **unused)
{
    (void)unused;
    const struct wf_discipline plain = without();
    for (uint32_t tree = 0; tree < 2; tree++) {
        assert_true(run_streams(&wf_discipline_foresight, tree).wait_ms <=
                    LARGEST_WAIT_H * HOUR_MS);
        assert_true(run_streams(&plain, tree).wait_ms > LARGEST_WAIT_H * HOUR_MS);
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(the_foremost_is_not_put_off),
        cmocka_unit_test(a_large_job_starts_however_many_small_ones_come),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
