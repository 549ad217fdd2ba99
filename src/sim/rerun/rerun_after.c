// SPDX-License-Identifier: Apache-2.0
#include "sim/rerun/rerun_after.h"

#include <stdlib.h>
#include <string.h>

#include "base/assert.h"

enum {
    ID_BYTES = 64,
    SECOND_MS = 1000,  // histories count in seconds
    LEEWAY_MS = 60000, // a scheduler looks at dependencies now and then
};

// Where jobs with an id, or of an array, stand.
struct place {
    uint32_t id, job;
};

struct finder {
    const struct wf_history *history;
    struct wf_rerun_jobs *jobs;
    struct place *ids, *arrays; // by id, then job
    uint32_t array_count;
    uint32_t capacity;
};

static int compare_places(const void *left, const void *right)
{
    const struct place *a = left, *b = right;
    if (a->id != b->id) {
        return a->id < b->id ? -1 : 1;
    }
    return (a->job > b->job) - (a->job < b->job);
}

// Returns the first place that is not before the id.
static uint32_t find(const struct place *places, uint32_t count, uint32_t id)
{
    uint32_t low = 0, high = count;
    while (low < high) {
        uint32_t middle = low + (high - low) / 2;
        if (places[middle].id < id) {
            low = middle + 1;
        } else {
            high = middle;
        }
    }
    return low;
}

static enum wf_status list_places(struct finder *finder, struct wf_error *err)
{
    const struct wf_rerun_jobs *jobs = finder->jobs;
    finder->ids = calloc(jobs->count, sizeof *finder->ids);
    finder->arrays = calloc(jobs->count, sizeof *finder->arrays);
    if (!finder->ids || !finder->arrays) {
        return wf_fail(err, WF_NOMEM, "no memory for what jobs wait for");
    }
    for (uint32_t i = 0; i < jobs->count; i++) {
        finder->ids[i] = (struct place){jobs->list[i].id, i};
        if (jobs->list[i].array > 0) {
            finder->arrays[finder->array_count++] = (struct place){jobs->list[i].array, i};
        }
    }
    qsort(finder->ids, jobs->count, sizeof *finder->ids, compare_places);
    qsort(finder->arrays, finder->array_count, sizeof *finder->arrays, compare_places);
    return WF_OK;
}

// Adds one job that another waits for, if it really could have. Errors: WF_NOMEM.
static enum wf_status add(struct finder *finder, uint32_t job, uint32_t other, enum wf_after after,
                          struct wf_error *err)
{
    struct wf_rerun_jobs *jobs = finder->jobs;
    struct wf_rerun_job *waits = &jobs->list[job];
    const struct wf_rerun_job *for_it = &jobs->list[other];
    int64_t met_ms = after == WF_AFTER_START ? for_it->start_ms : for_it->end_ms;
    if (other >= job || met_ms > waits->start_ms + SECOND_MS ||
        waits->after_count == WF_JOB_AFTER_MAX || jobs->after_count == jobs->count) {
        jobs->after_dropped++;
        return WF_OK;
    }
    if ((after == WF_AFTER_SUCCESS && for_it->failed) ||
        (after == WF_AFTER_FAILURE && !for_it->failed)) {
        after = WF_AFTER_END;
    }
    if (jobs->after_count == finder->capacity) {
        uint32_t capacity = finder->capacity * 2 + 64;
        struct wf_dependency *grown = realloc(jobs->after, capacity * sizeof *grown);
        if (!grown) {
            return wf_fail(err, WF_NOMEM, "no memory for what jobs wait for");
        }
        jobs->after = grown;
        finder->capacity = capacity;
    }
    jobs->after[jobs->after_count++] = (struct wf_dependency){{other}, after};
    waits->after_count++;
    return WF_OK;
}

// Adds the job of that id, or all of the array.
static enum wf_status add_all(struct finder *finder, uint32_t job, const char *id,
                              enum wf_after after, struct wf_error *err)
{
    uint32_t number = wf_history_id_find(finder->history, id);
    uint32_t array = wf_names_find(wf_history_names(finder->history), id);
    const struct wf_rerun_jobs *jobs = finder->jobs;
    enum wf_status status = WF_OK;
    uint32_t found = 0;
    for (uint32_t at = find(finder->ids, jobs->count, number);
         at < jobs->count && finder->ids[at].id == number && status == WF_OK; at++, found++) {
        status = add(finder, job, finder->ids[at].job, after, err);
    }
    for (uint32_t at = find(finder->arrays, finder->array_count, array);
         at < finder->array_count && finder->arrays[at].id == array && status == WF_OK;
         at++, found++) {
        status = add(finder, job, finder->arrays[at].job, after, err);
    }
    finder->jobs->after_dropped += found == 0;
    return status;
}

// Reads "ok:123 end:124".
static enum wf_status read_words(struct finder *finder, uint32_t job, const char *text,
                                 struct wf_error *err)
{
    static const char *const words[] = {[WF_AFTER_END] = "end",
                                        [WF_AFTER_SUCCESS] = "ok",
                                        [WF_AFTER_FAILURE] = "fail",
                                        [WF_AFTER_START] = "start"};
    enum wf_status status = WF_OK;
    while (*text && status == WF_OK) {
        char id[ID_BYTES];
        size_t word = strcspn(text, ":"), length = strcspn(text, " ");
        for (uint32_t i = 0; i < WF_COUNT_OF(words) && word < length; i++) {
            if (strlen(words[i]) == word && strncmp(text, words[i], word) == 0) {
                snprintf(id, sizeof id, "%.*s", (int)(length - word - 1), text + word + 1);
                status = add_all(finder, job, id, (enum wf_after)i, err);
            }
        }
        text += length + (text[length] == ' ');
    }
    return status;
}

// When the job really could have started, and when it is to be submitted: at once, if what it
// waited for explains since when it could start, and never before what it waits for.
static void set_times(struct wf_rerun_jobs *jobs, uint32_t job)
{
    struct wf_rerun_job *waits = &jobs->list[job];
    int64_t met_ms = INT64_MIN, known_ms = INT64_MIN;
    for (uint32_t i = 0; i < waits->after_count; i++) {
        const struct wf_dependency *after = &jobs->after[waits->after_first + i];
        const struct wf_rerun_job *other = &jobs->list[after->job.number];
        int64_t ms = after->after == WF_AFTER_START ? other->start_ms : other->end_ms;
        met_ms = ms > met_ms ? ms : met_ms;
        known_ms = other->arrival_ms > known_ms ? other->arrival_ms : known_ms;
    }
    bool explained = waits->eligible_ms <= met_ms + LEEWAY_MS;
    waits->arrival_ms = explained ? waits->submit_ms : waits->eligible_ms;
    waits->arrival_ms = known_ms > waits->arrival_ms ? known_ms : waits->arrival_ms;
    if (met_ms > waits->eligible_ms) {
        waits->eligible_ms = met_ms < waits->start_ms ? met_ms : waits->start_ms;
        jobs->told[job].eligible_ms = waits->eligible_ms;
    }
}

enum wf_status wf_rerun_after_find(const struct wf_history *history, struct wf_rerun_jobs *jobs,
                                   struct wf_error *err)
{
    struct finder finder = {.history = history, .jobs = jobs};
    enum wf_status status = list_places(&finder, err);
    for (uint32_t i = 0; i < jobs->count && status == WF_OK; i++) {
        struct wf_rerun_job *job = &jobs->list[i];
        if (job->after == 0) {
            continue;
        }
        job->after_first = jobs->after_count;
        status = read_words(&finder, i, wf_names_text(wf_history_names(history), job->after), err);
        if (status == WF_OK && job->after_count > 0) {
            set_times(jobs, i);
        }
    }
    free(finder.ids);
    free(finder.arrays);
    return status;
}
