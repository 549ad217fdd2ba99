// SPDX-License-Identifier: Apache-2.0
#include "sim/rerun/rerun_jobs.h"

#include <stdlib.h>
#include <string.h>

#include "base/assert.h"
#include "base/hash.h"
#include "sim/rerun/made_up_limit.h"
#include "sim/rerun/rerun_after.h"

// Lists of names that many jobs share are looked up once.
struct known_set {
    bool known;
    bool refused;
    uint64_t set;
};

struct reader {
    struct wf_history *history;
    const struct wf_site *site;
    const struct wf_rerun_jobs_config *config;
    struct wf_rerun_jobs *jobs;
    uint32_t capacity;
    struct known_set *models, *labels; // by name of the history
    uint32_t *queues;                  // likewise: queue of the site + 1
    uint32_t names;
    bool any_after; // some job waits for others
};

static enum wf_status grow_names(struct reader *reader, struct wf_error *err)
{
    uint32_t count = wf_names_count(wf_history_names(reader->history));
    if (count <= reader->names) {
        return WF_OK;
    }
    count += count / 2 + 64;
    struct known_set *models = realloc(reader->models, count * sizeof *models);
    if (!models) {
        return wf_fail(err, WF_NOMEM, "no memory for %u names", count);
    }
    reader->models = models;
    struct known_set *labels = realloc(reader->labels, count * sizeof *labels);
    if (!labels) {
        return wf_fail(err, WF_NOMEM, "no memory for %u names", count);
    }
    reader->labels = labels;
    uint32_t *queues = realloc(reader->queues, count * sizeof *queues);
    if (!queues) {
        return wf_fail(err, WF_NOMEM, "no memory for %u names", count);
    }
    reader->queues = queues;
    uint32_t added = count - reader->names;
    memset(models + reader->names, 0, added * sizeof *models);
    memset(labels + reader->names, 0, added * sizeof *labels);
    memset(queues + reader->names, 0, added * sizeof *queues);
    reader->names = count;
    return WF_OK;
}

static enum wf_status grow_jobs(struct reader *reader, struct wf_error *err)
{
    struct wf_rerun_jobs *jobs = reader->jobs;
    if (jobs->count < reader->capacity) {
        return WF_OK;
    }
    if (jobs->count == WF_RERUN_JOBS_MAX) {
        return wf_fail(err, WF_LIMIT,
                       "the history has more than %d jobs, the limit "
                       "WF_RERUN_JOBS_MAX: take a shorter time with --from and --to",
                       WF_RERUN_JOBS_MAX);
    }
    uint32_t capacity = reader->capacity > 0 ? reader->capacity * 2 : 4096;
    struct wf_rerun_job *list = realloc(jobs->list, capacity * sizeof *list);
    if (!list) {
        return wf_fail(err, WF_NOMEM, "no memory for %u jobs", capacity);
    }
    jobs->list = list;
    struct wf_outcome_job *told = realloc(jobs->told, capacity * sizeof *told);
    if (!told) {
        return wf_fail(err, WF_NOMEM, "no memory for %u jobs", capacity);
    }
    jobs->told = told;
    reader->capacity = capacity;
    return WF_OK;
}

static const char *name_of(const struct reader *reader, uint32_t name)
{
    return wf_names_text(wf_history_names(reader->history), name);
}

// Notes that a job can never run here, and of the first one why.
static void note_impossible(struct reader *reader, const struct wf_history_job *job,
                            const char *why)
{
    if (reader->jobs->impossible++ == 0) {
        char text[WF_HISTORY_ID_BYTES];
        snprintf(reader->jobs->first_impossible, sizeof reader->jobs->first_impossible,
                 "job %s: %.180s", wf_history_id_text(reader->history, job->id, text), why);
    }
}

// Finds the sets that the job's lists of models and labels mean. Returns false, and says why, when
// the site has no such thing.
static bool find_sets(struct reader *reader, const struct wf_history_job *job,
                      struct wf_request *request)
{
    struct known_set *models = &reader->models[job->models];
    struct known_set *labels = &reader->labels[job->labels];
    struct wf_error why = {.status = WF_OK};
    if (!models->known) {
        models->refused =
            wf_site_models(reader->site, name_of(reader, job->models), &models->set, &why) != WF_OK;
        models->known = true;
    }
    if (!labels->known) {
        labels->refused =
            wf_site_labels(reader->site, name_of(reader, job->labels), &labels->set, &why) != WF_OK;
        labels->known = true;
    }
    request->models = job->models > 0 ? models->set : WF_ANY_MODEL;
    request->labels = labels->set;
    if (!reader->config->keep_places) {
        request->place = (struct wf_place){WF_ANYWHERE, WF_ANYWHERE, WF_ANYWHERE};
    }
    if (models->refused || labels->refused) {
        note_impossible(reader, job,
                        why.status != WF_OK ? why.text : "asks for what no node of the site has");
        return false;
    }
    for (uint32_t i = 0; job->vendors != 0 && i < reader->site->pool_count; i++) {
        const struct wf_pool_spec *pool = &reader->site->pools[i].spec;
        if ((job->vendors & 1U << pool->vendor) == 0) {
            request->models &= ~WF_MODEL_BIT(pool->model);
        }
    }
    return true;
}

static bool is_leaf(const struct wf_site *site, uint32_t queue)
{
    for (uint32_t i = 0; i < site->queue_count; i++) {
        if (site->queues[i].spec.parent.index == queue) {
            return false;
        }
    }
    return true;
}

// Returns the leaf of that name, or one past the site's queues: the queue of all others.
static uint32_t find_queue(struct reader *reader, uint32_t name)
{
    const struct wf_site *site = reader->site;
    WF_ASSERT(reader->queues && name < reader->names);
    if (reader->queues[name] == 0) {
        uint32_t queue = 0;
        while (queue < site->queue_count &&
               (strcmp(site->queues[queue].name, name_of(reader, name)) != 0 ||
                !is_leaf(site, queue))) {
            queue++;
        }
        reader->queues[name] = queue + 1;
    }
    return reader->queues[name] - 1;
}

// Whether the job can be run again, in the time asked for; counts why not.
static bool is_wanted(struct reader *reader, const struct wf_history_job *job)
{
    const struct wf_rerun_jobs_config *config = reader->config;
    if ((config->from_ms != WF_TIME_UNKNOWN && job->submit_ms < config->from_ms) ||
        (config->to_ms != WF_TIME_UNKNOWN && job->submit_ms >= config->to_ms)) {
        reader->jobs->outside++;
        return false;
    }
    if (job->start_ms == WF_TIME_UNKNOWN) {
        reader->jobs->never_started++;
        return false;
    }
    if (job->end_ms == WF_TIME_UNKNOWN || job->end_ms < job->start_ms) {
        reader->jobs->never_ended++;
        return false;
    }
    return true;
}

static void add(struct reader *reader, const struct wf_history_job *job)
{
    struct wf_rerun_jobs *jobs = reader->jobs;
    int64_t eligible_ms = job->eligible_ms > job->start_ms ? job->submit_ms : job->eligible_ms;
    // Runs that were lost count as if they had been right before the one that was not.
    int64_t room_ms = job->start_ms - eligible_ms;
    int64_t start_ms = job->start_ms - (job->lost_ms < room_ms ? job->lost_ms : room_ms);
    int64_t run_ms = job->end_ms - start_ms;
    int64_t limit_ms = job->limit_ms;
    if (limit_ms == 0 && reader->config->make_up_limits) {
        limit_ms = wf_made_up_limit_ms(reader->config->limit_seed, jobs->count, run_ms);
        jobs->limits_made_up++;
    }
    WF_ASSERT(jobs->list && jobs->told && jobs->count < reader->capacity);
    struct wf_rerun_job *to = &jobs->list[jobs->count];
    *to = (struct wf_rerun_job){
        .request = job->request,
        .id = job->id,
        .user = job->user,
        .name = job->name,
        .queue = find_queue(reader, job->queue),
        .tasks = job->tasks,
        .priority = job->priority,
        .submit_ms = job->submit_ms,
        .eligible_ms = eligible_ms,
        .start_ms = start_ms,
        .end_ms = job->end_ms,
        .limit_ms = limit_ms,
        .lost_ms = job->start_ms - start_ms,
        .nodes = job->nodes,
        .deadline_ms = job->deadline_ms,
        .timed_out = job->end == WF_ENDED_TIMEOUT,
        .failed = job->end != WF_ENDED_WELL,
        .array = job->array,
        .array_max = job->array > 0 ? job->array_max : 0,
        .within = job->within,
        .after = job->after,
    };
    to->arrival_ms = to->eligible_ms;
    reader->any_after = reader->any_after || job->after > 0;
    to->impossible = !find_sets(reader, job, &to->request);
    jobs->without_queue += reader->site->queue_count > 0 && to->queue == reader->site->queue_count;
    jobs->told[jobs->count] = (struct wf_outcome_job){
        .id = job->id,
        .user = job->user,
        .queue = job->queue,
        .submit_ms = job->submit_ms,
        .eligible_ms = to->eligible_ms,
        .run_ms = run_ms,
        .deadline_ms = job->deadline_ms,
        .gpu_milli = (uint32_t)job->request.gpus * job->request.gpu_milli * job->tasks,
    };
    jobs->count++;
}

static enum wf_status read_all(struct reader *reader, struct wf_error *err)
{
    for (;;) {
        struct wf_history_job job;
        bool more;
        enum wf_status status = wf_history_next(reader->history, &job, &more, err);
        if (status != WF_OK || !more) {
            return status;
        }
        if (!is_wanted(reader, &job)) {
            continue;
        }
        status = grow_names(reader, err);
        status = status == WF_OK ? grow_jobs(reader, err) : status;
        if (status != WF_OK) {
            return status;
        }
        add(reader, &job);
    }
}

enum wf_status wf_rerun_jobs_read(struct wf_history *history, const struct wf_site *site,
                                  const struct wf_rerun_jobs_config *config,
                                  struct wf_rerun_jobs *jobs_out, struct wf_error *err)
{
    *jobs_out = (struct wf_rerun_jobs){0};
    struct reader reader = {.history = history, .site = site, .config = config, .jobs = jobs_out};
    enum wf_status status = read_all(&reader, err);
    if (status == WF_OK && reader.any_after) {
        status = wf_rerun_after_find(history, jobs_out, err);
    }
    free(reader.models);
    free(reader.labels);
    free(reader.queues);
    if (status != WF_OK) {
        wf_rerun_jobs_finish(jobs_out);
    }
    return status;
}

void wf_rerun_jobs_finish(struct wf_rerun_jobs *jobs)
{
    free(jobs->list);
    free(jobs->told);
    free(jobs->after);
    *jobs = (struct wf_rerun_jobs){0};
}

struct wf_run_time_key wf_rerun_job_key(const struct wf_rerun_job *job)
{
    uint64_t shape =
        wf_hash_add(0, (uint64_t)job->request.cpu_milli << 32 | job->request.memory_mib);
    shape = wf_hash_add(shape, (uint64_t)job->request.gpus << 32 | job->request.gpu_milli);
    shape = wf_hash_add(shape, job->tasks);
    return (struct wf_run_time_key){
        .user = job->user, .name = job->name, .queue = job->queue + 1, .shape = shape};
}
