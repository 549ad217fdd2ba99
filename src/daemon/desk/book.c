// SPDX-License-Identifier: Apache-2.0
#include "daemon/desk/book.h"

#include <stdlib.h>
#include <string.h>
#include <utlist.h>

#include "base/assert.h"

struct wf_book_job *wf_book_find(const struct wf_book *book, uint64_t id)
{
    struct wf_book_job *job = NULL;
    HASH_FIND(hh, book->jobs, &id, sizeof id, job);
    return job;
}

struct wf_book_job *wf_book_add(struct wf_book *book, uint64_t id)
{
    struct wf_book_job *job = calloc(1, sizeof *job);
    if (job) {
        job->id = id;
        job->state = WF_JOB_STATE_WAITING;
        HASH_ADD(hh, book->jobs, id, sizeof job->id, job);
        book->states[job->state]++;
    }
    return job;
}

void wf_book_set_state(struct wf_book *book, struct wf_book_job *job, enum wf_job_state state)
{
    book->states[job->state]--;
    job->state = state;
    book->states[job->state]++;
    wf_book_touch(book, job);
}

void wf_book_touch(struct wf_book *book, struct wf_book_job *job)
{
    if (!job->is_dirty) {
        job->is_dirty = true;
        job->next_dirty = book->dirty;
        book->dirty = job;
    }
}

struct wf_book_job *wf_book_take_dirty(struct wf_book *book)
{
    struct wf_book_job *job = book->dirty;
    if (job) {
        book->dirty = job->next_dirty;
        job->is_dirty = false;
    }
    return job;
}

struct wf_book_work *wf_book_add_work(struct wf_book *book, struct wf_book_job *job,
                                      const char *key)
{
    WF_ASSERT(!job->work);
    struct wf_book_work *work = calloc(1, sizeof *work);
    char *copy = strdup(key);
    if (!work || !copy) {
        free(work);
        free(copy);
        return NULL;
    }
    work->key = copy;
    work->job = job;
    job->work = work;
    HASH_ADD_KEYPTR(hh, book->works, work->key, strlen(work->key), work);
    return work;
}

struct wf_book_work *wf_book_find_work(const struct wf_book *book, const char *key)
{
    struct wf_book_work *work = NULL;
    HASH_FIND_STR(book->works, key, work);
    return work;
}

static void free_work(struct wf_book_work *work)
{
    if (work) {
        free(work->key);
        free(work);
    }
}

void wf_book_remove(struct wf_book *book, struct wf_book_job *job)
{
    WF_ASSERT(!job->run && !job->old);
    for (struct wf_book_job **at = &book->dirty; job->is_dirty && *at; at = &(*at)->next_dirty) {
        if (*at == job) {
            *at = job->next_dirty;
            break;
        }
    }
    book->states[job->state]--;
    HASH_DEL(book->jobs, job);
    if (job->work) {
        HASH_DEL(book->works, job->work);
        free_work(job->work);
    }
    free(job);
}

struct wf_book_run *wf_book_add_run(struct wf_book *book, struct wf_book_job *job, uint32_t attempt)
{
    WF_ASSERT(!job->run);
    struct wf_book_run *run = calloc(1, sizeof *run);
    uint32_t *task_gpus = calloc(job->tasks, sizeof *task_gpus);
    uint32_t *task_nodes = job->work ? calloc(job->tasks, sizeof *task_nodes) : NULL;
    if (!run || !task_gpus || (job->work && !task_nodes)) {
        free(run);
        free(task_gpus);
        free(task_nodes);
        return NULL;
    }
    *run = (struct wf_book_run){.job = job,
                                .attempt = attempt,
                                .node = WF_NONE,
                                .task_gpus = task_gpus,
                                .task_nodes = task_nodes};
    job->run = run;
    DL_APPEND(book->runs, run);
    return run;
}

static void free_run(struct wf_book_run *run)
{
    free(run->task_gpus);
    free(run->task_nodes);
    free(run->places);
    free(run->nodes);
    free(run->warnings);
    free(run);
}

void wf_book_remove_run(struct wf_book *book, struct wf_book_run *run)
{
    struct wf_book_job *job = run->job;
    if (job->run == run) {
        job->run = NULL;
    } else if (job->old == run) {
        job->old = NULL;
    }
    DL_DELETE(book->runs, run);
    free_run(run);
}

bool wf_book_parse_id(const char *id, uint64_t *job_out, uint32_t *attempt_out)
{
    char *end = NULL;
    if (id[0] != 'j' || id[1] < '1' || id[1] > '9') {
        return false;
    }
    unsigned long long job = strtoull(id + 1, &end, 10);
    if (*end != '-' || end[1] < '1' || end[1] > '9') {
        return false;
    }
    unsigned long attempt = strtoul(end + 1, &end, 10);
    *job_out = job;
    *attempt_out = (uint32_t)attempt;
    return *end == '\0' && job < UINT64_MAX && attempt < UINT32_MAX;
}

struct wf_book_run *wf_book_find_run(const struct wf_book *book, const char *id)
{
    uint64_t number;
    uint32_t attempt;
    struct wf_book_job *job =
        wf_book_parse_id(id, &number, &attempt) ? wf_book_find(book, number) : NULL;
    if (job && job->run && job->run->attempt == attempt) {
        return job->run;
    }
    return job && job->old && job->old->attempt == attempt ? job->old : NULL;
}

void wf_book_finish(struct wf_book *book)
{
    for (struct wf_book_run *run = book->runs, *after; run; run = after) {
        after = run->next;
        free_run(run);
    }
    struct wf_book_job *job = book->jobs;
    HASH_CLEAR(hh, book->works);
    HASH_CLEAR(hh, book->jobs); // the table; the jobs still know who comes next
    while (job) {
        struct wf_book_job *next = job->hh.next;
        free_work(job->work);
        free(job);
        job = next;
    }
    *book = (struct wf_book){0};
}
