// SPDX-License-Identifier: Apache-2.0
#include "sim/history/shelf.h"

#include <stdlib.h>

#include "base/assert.h"

enum { FIRST_JOBS = 256 };

struct wf_shelf_place {
    int64_t submit_ms;
    uint64_t line;
    uint32_t index;
};

static int compare(int64_t ms, uint64_t line, int64_t other_ms, uint64_t other_line)
{
    if (ms != other_ms) {
        return ms < other_ms ? -1 : 1;
    }
    return (line > other_line) - (line < other_line);
}

enum wf_status wf_shelf_add(struct wf_shelf *shelf, const struct wf_history_job *job,
                            uint32_t jobs_max, struct wf_error *err)
{
    if (shelf->count == jobs_max) {
        return wf_fail(err, WF_LIMIT, "there are more jobs than can be kept, which is %u",
                       jobs_max);
    }
    if (shelf->count == shelf->capacity) {
        size_t capacity = shelf->capacity ? (size_t)shelf->capacity * 3 / 2 : FIRST_JOBS;
        struct wf_history_job *jobs = realloc(shelf->jobs, capacity * sizeof *jobs);
        if (!jobs) {
            return wf_fail(err, WF_NOMEM, "no memory for more than %u jobs", shelf->count);
        }
        shelf->jobs = jobs;
        shelf->capacity = (uint32_t)capacity;
    }
    shelf->jobs[shelf->count++] = *job;
    return WF_OK;
}

static int compare_places(const void *left, const void *right)
{
    const struct wf_shelf_place *a = left;
    const struct wf_shelf_place *b = right;
    int order = compare(a->submit_ms, a->line, b->submit_ms, b->line);
    return order ? order : (a->index > b->index) - (a->index < b->index);
}

enum wf_status wf_shelf_arrange(struct wf_shelf *shelf, struct wf_error *err)
{
    WF_ASSERT(!shelf->order);
    struct wf_shelf_place *order = malloc(((size_t)shelf->count + 1) * sizeof *order);
    if (!order) {
        return wf_fail(err, WF_NOMEM, "no memory to put %u jobs in order", shelf->count);
    }
    uint32_t count = 0;
    bool sorted = true;
    for (uint32_t i = 0; i < shelf->count; i++) {
        const struct wf_history_job *job = &shelf->jobs[i];
        if (job->tasks > 0) {
            struct wf_shelf_place place = {job->submit_ms, job->line, i};
            sorted = sorted && (count == 0 || compare_places(&order[count - 1], &place) < 0);
            order[count++] = place;
        }
    }
    if (!sorted) {
        qsort(order, count, sizeof *order, compare_places);
    }
    shelf->order = order;
    shelf->order_count = count;
    return WF_OK;
}

const struct wf_history_job *wf_shelf_next(struct wf_shelf *shelf)
{
    if (shelf->taken == shelf->order_count) {
        return NULL;
    }
    return &shelf->jobs[shelf->order[shelf->taken++].index];
}

static bool before(const struct wf_history_job *job, const struct wf_history_job *other)
{
    return compare(job->submit_ms, job->line, other->submit_ms, other->line) < 0;
}

enum wf_status wf_shelf_push(struct wf_shelf *shelf, const struct wf_history_job *job,
                             struct wf_error *err)
{
    enum wf_status status = wf_shelf_add(shelf, job, UINT32_MAX, err);
    if (status != WF_OK) {
        return status;
    }
    uint32_t hole = shelf->count - 1;
    while (hole > 0 && before(job, &shelf->jobs[(hole - 1) / 2])) {
        shelf->jobs[hole] = shelf->jobs[(hole - 1) / 2];
        hole = (hole - 1) / 2;
    }
    shelf->jobs[hole] = *job;
    return WF_OK;
}

void wf_shelf_pop(struct wf_shelf *shelf, struct wf_history_job *job_out)
{
    WF_ASSERT(shelf->count > 0);
    *job_out = shelf->jobs[0];
    const struct wf_history_job *last = &shelf->jobs[--shelf->count];
    uint32_t hole = 0;
    for (uint32_t child = 1; child < shelf->count; child = 2 * hole + 1) {
        if (child + 1 < shelf->count && before(&shelf->jobs[child + 1], &shelf->jobs[child])) {
            child++;
        }
        if (!before(&shelf->jobs[child], last)) {
            break;
        }
        shelf->jobs[hole] = shelf->jobs[child];
        hole = child;
    }
    shelf->jobs[hole] = *last;
}

void wf_shelf_finish(struct wf_shelf *shelf)
{
    free(shelf->jobs);
    free(shelf->order);
    *shelf = (struct wf_shelf){0};
}
