// SPDX-License-Identifier: Apache-2.0
#include "sim/offer/offer.h"

#include <stdlib.h>
#include <string.h>

#include "base/assert.h"
#include "core/discipline/discipline.h"
#include "core/schedule/schedule.h"

enum { KINDS_MAX = 200000 }; // of jobs, in the run-time model

// Learning.

struct ending {
    int64_t end_ms;
    uint32_t job;
};

static int compare_endings(const void *left, const void *right)
{
    const struct ending *a = left, *b = right;
    if (a->end_ms != b->end_ms) {
        return a->end_ms < b->end_ms ? -1 : 1;
    }
    return (a->job > b->job) - (a->job < b->job);
}

// Learns from the runs that were over by then, in the order of their ends.
static void learn(const struct wf_offer_question *question, struct wf_run_time_model *model,
                  struct ending *endings, struct wf_offer *offer)
{
    const struct wf_rerun_jobs *jobs = question->jobs;
    uint32_t count = 0;
    WF_ASSERT(endings);
    for (uint32_t i = 0; i < jobs->count; i++) {
        if (!offer->is_busy || jobs->list[i].end_ms <= offer->now_ms) {
            endings[count++] = (struct ending){jobs->list[i].end_ms, i};
        }
    }
    qsort(endings, count, sizeof *endings, compare_endings);
    for (uint32_t i = 0; i < count; i++) {
        const struct wf_rerun_job *job = &jobs->list[endings[i].job];
        struct wf_run_time_key key = wf_rerun_job_key(job);
        wf_run_time_learn(model, &key, job->limit_ms, job->end_ms - job->start_ms, job->timed_out);
        bool same_user = job->user == question->user && job->user != 0;
        offer->runs++;
        offer->runs_of_user += same_user;
        offer->runs_of_name += same_user && job->name == question->name && job->name != 0;
    }
}

static uint32_t known_name(uint32_t name)
{
    return name == UINT32_MAX ? 0 : name;
}

static enum wf_status foretell(const struct wf_offer_question *question, struct wf_offer *offer,
                               struct wf_error *err)
{
    const struct wf_rerun_job asked = {
        .request = question->job.request,
        .user = known_name(question->user),
        .name = known_name(question->name),
        .queue = question->job.wait.queue.index,
        .tasks = question->job.tasks,
    };
    struct wf_run_time_model *model = NULL;
    struct ending *endings = calloc((size_t)question->jobs->count + 1, sizeof *endings);
    enum wf_status status =
        endings ? wf_run_time_create(KINDS_MAX, &model, err)
                : wf_fail(err, WF_NOMEM, "no memory for %u jobs", question->jobs->count);
    if (status == WF_OK) {
        learn(question, model, endings, offer);
    }
    if (status == WF_OK && offer->runs > 0) {
        struct wf_run_time_key key = wf_rerun_job_key(&asked);
        struct wf_run_time_points points;
        wf_run_time_predict(model, &key, question->job.wait.limit_ms, &points);
        memcpy(offer->job.wait.run.ms, points.ms, sizeof points.ms);
        offer->job.run_minutes = (uint32_t)(points.mean_ms / 60000 + 1);
        offer->source = WF_OFFER_LEARNED;
    }
    wf_run_time_destroy(model);
    free(endings);
    return status;
}

// Fills how long the job is expected to run, and whence that is known.
static enum wf_status expect_run(const struct wf_offer_question *question, struct wf_offer *offer,
                                 struct wf_error *err)
{
    struct wf_wait_spec *wait = &offer->job.wait;
    memset(&wait->run, 0, sizeof wait->run);
    offer->source = wait->limit_ms > 0 ? WF_OFFER_LIMIT : WF_OFFER_NOTHING;
    if (question->run_ms > 0) {
        int64_t run_ms = wait->limit_ms > 0 && wait->limit_ms < question->run_ms ? wait->limit_ms
                                                                                 : question->run_ms;
        for (uint32_t i = 0; i < WF_RUN_TIME_POINTS; i++) {
            wait->run.ms[i] = run_ms;
        }
        offer->job.run_minutes = (uint32_t)(run_ms / 60000 + 1);
        offer->source = WF_OFFER_TOLD;
        return WF_OK;
    }
    return question->jobs ? foretell(question, offer, err) : WF_OK;
}

// Asking.

static void count_jobs(const struct wf_core *core, struct wf_offer *offer)
{
    const struct wf_backlog *backlog = &wf_core_schedule(core)->backlog;
    const struct wf_cluster *cluster = wf_core_cluster(core);
    offer->jobs_waiting = backlog->waiting;
    for (uint32_t i = 0; i < cluster->limits.jobs; i++) {
        offer->jobs_running += cluster->jobs[i].first_placement != WF_NONE;
    }
}

// Opens a run that stands at the time asked for, or one on machines where nothing runs.
static enum wf_status open_run(const struct wf_offer_question *question,
                               const struct wf_rerun_jobs *jobs, int64_t at_ms,
                               struct wf_rerun_stepper **run_out, struct wf_error *err)
{
    const struct wf_rerun_config config = {
        .jobs = jobs,
        .site = question->site,
        .discipline = question->discipline,
        .placement = question->placement,
        .name = "offers",
        .preemptible = question->preemptible,
        .guest_tasks = question->job.tasks,
    };
    enum wf_status status = wf_rerun_open(&config, run_out, err);
    return status == WF_OK && jobs->count > 0 ? wf_rerun_to(*run_out, at_ms, err) : status;
}

// It waits, and nobody knows for how long: the room that it gets is then told by what the core does
// with it when nothing else runs.
static enum wf_status try_empty(const struct wf_offer_question *question,
                                const struct wf_offer *offer, struct wf_quote_trial *trial,
                                struct wf_error *err)
{
    static const struct wf_rerun_jobs none = {.count = 0};
    struct wf_rerun_stepper *run = NULL;
    struct wf_quote_trial *alone = malloc(sizeof *alone);
    if (!alone) {
        return wf_fail(err, WF_NOMEM, "no memory for an offer");
    }
    struct wf_job_spec job = offer->job;
    job.id.number = 0;
    job.wait.queue.index = question->site->queue_count; // that of no limit and no budget
    enum wf_status status = open_run(question, &none, 0, &run, err);
    if (status == WF_OK) {
        status = wf_quote_try(wf_rerun_lend_core(run), &job, offer->now_ms, alone, err);
    }
    if (status == WF_OK && alone->start == WF_QUOTE_STARTS) {
        memcpy(trial->tasks, alone->tasks, sizeof trial->tasks);
    }
    wf_rerun_close(run);
    free(alone);
    return status;
}

static enum wf_status ask(const struct wf_offer_question *question, struct wf_rerun_stepper *run,
                          struct wf_offer *offer, struct wf_error *err)
{
    const struct wf_core *core = wf_rerun_core(run);
    uint32_t pools = wf_core_cluster(core)->limits.pools;
    struct wf_quote_trial *trial = malloc(sizeof *trial);
    offer->rows = calloc(pools, sizeof *offer->rows);
    if (!trial || !offer->rows) {
        free(trial);
        return wf_fail(err, WF_NOMEM, "no memory for the offers of %u pools", pools);
    }
    count_jobs(core, offer);
    const struct wf_event event = {.time_ms = offer->now_ms, .kind = WF_EVENT_TIME};
    struct wf_decisions decisions;
    enum wf_status status = wf_core_step(wf_rerun_lend_core(run), &event, &decisions, err);
    status = status == WF_OK ? wf_quote_make(core, &offer->job, offer->rows, &offer->quote, err)
                             : status;
    if (status == WF_OK) {
        status = wf_quote_try(wf_rerun_lend_core(run), &offer->job, offer->now_ms, trial, err);
    }
    if (status == WF_OK && trial->start == WF_QUOTE_WAITS) {
        status = try_empty(question, offer, trial, err);
    }
    if (status == WF_OK) {
        wf_quote_choose(&offer->job, trial, &offer->quote);
    }
    free(trial);
    return status;
}

// Whether any job had come by the time that is asked for.
static bool has_begun(const struct wf_offer_question *question)
{
    const struct wf_rerun_jobs *jobs = question->jobs;
    for (uint32_t i = 0; i < jobs->count; i++) {
        if (jobs->list[i].arrival_ms <= question->at_ms) {
            return true;
        }
    }
    return false;
}

enum wf_status wf_offer_make(const struct wf_offer_question *question, struct wf_offer *offer_out,
                             struct wf_error *err)
{
    static const struct wf_rerun_jobs none = {.count = 0};
    bool is_busy = question->jobs && question->at_ms != WF_TIME_UNKNOWN;
    const struct wf_rerun_jobs *jobs = is_busy && has_begun(question) ? question->jobs : &none;
    *offer_out = (struct wf_offer){.job = question->job,
                                   .is_busy = is_busy,
                                   .now_ms = is_busy ? question->at_ms : question->now_ms};
    offer_out->job.id.number = jobs->count;
    struct wf_rerun_stepper *run = NULL;
    enum wf_status status = expect_run(question, offer_out, err);
    status = status == WF_OK ? open_run(question, jobs, question->at_ms, &run, err) : status;
    status = status == WF_OK ? ask(question, run, offer_out, err) : status;
    wf_rerun_close(run);
    if (status != WF_OK) {
        wf_offer_finish(offer_out);
    }
    return status;
}

void wf_offer_finish(struct wf_offer *offer)
{
    free(offer->rows);
    offer->rows = NULL;
}
