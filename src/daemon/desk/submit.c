// SPDX-License-Identifier: Apache-2.0
// New jobs: one, or the elements of an array, whose ids follow one another.
#include <pwd.h>
#include <stdlib.h>
#include <string.h>

#include "core/schedule/schedule.h"
#include "daemon/desk/foreign_parts.h"

// What is being submitted.
struct submission {
    struct wf_desk *desk;
    const struct wf_job_document *document;
    struct wf_desk_ask *ask;
    struct wf_job_spec spec;
    struct wf_dependency after[WF_JOB_AFTER_MAX];
    uint32_t uid, gid;
    uint32_t name;
    uint32_t count; // jobs
    char *text;     // of the document, owned
};

static enum wf_status find_user(struct submission *submission, struct wf_error *err)
{
    const struct wf_asker *actor = submission->ask->actor;
    struct passwd entry, *found = NULL;
    char buffer[4096];
    int error = actor->uid != UINT32_MAX
                    ? getpwuid_r(actor->uid, &entry, buffer, sizeof buffer, &found)
                    : getpwnam_r(actor->user, &entry, buffer, sizeof buffer, &found);
    if (error == 0 && !found && actor->uid != UINT32_MAX) {
        // A number without a name is fine: containers have such.
        submission->uid = submission->gid = actor->uid;
        return WF_OK;
    }
    if (!found) {
        submission->ask->denied = true;
        return wf_fail(err, WF_INVALID, "'%s' is no user of this machine", actor->user);
    }
    submission->uid = found->pw_uid;
    submission->gid = found->pw_gid;
    return WF_OK;
}

struct ended_job {
    uint64_t id;
    enum wf_job_state state;
    bool found;
};

static bool note_ended(void *context, const struct wf_job_row *row)
{
    struct ended_job *job = context;
    *job = (struct ended_job){.id = row->id, .state = row->state, .found = true};
    return false;
}

// A job that is over: it can be waited for no more, so either all is well or it will never be.
static enum wf_status check_ended(struct submission *submission, const struct wf_job_after *after,
                                  uint64_t id, struct wf_error *err)
{
    struct ended_job job = {.id = id};
    struct wf_job_query query = {.id = id, .limit = 1};
    enum wf_status status =
        wf_database_jobs(submission->desk->config.db, &query, note_ended, &job, err);
    if (status != WF_OK) {
        return status;
    }
    if (!job.found) {
        return wf_fail(err, WF_INVALID, "after: there is no job %llu", (unsigned long long)id);
    }
    bool well = job.state == WF_JOB_STATE_DONE;
    bool right = after->when == WF_AFTER_END || after->when == WF_AFTER_START ||
                 (after->when == WF_AFTER_SUCCESS ? well : !well);
    return right ? WF_OK
                 : wf_fail(err, WF_INVALID,
                           "after: job %llu is %s already, so this one would never start",
                           (unsigned long long)id, wf_job_state_word(job.state));
}

static enum wf_status add_after(struct submission *submission, const struct wf_job_after *after,
                                uint64_t id, struct wf_error *err)
{
    struct wf_wait_spec *wait = &submission->spec.wait;
    struct wf_book *book = &submission->desk->world.book;
    const struct wf_book_job *first = wf_book_find(book, id);
    bool is_array = false;
    // The number of an array's first job means all of the array.
    for (uint64_t of = id; of < submission->desk->world.next_job; of++) {
        const struct wf_book_job *job = wf_book_find(book, of);
        if (of > id && (!job || job->array != id)) {
            if (!job && first && first->array == id && is_array) {
                continue; // an element that is over
            }
            break;
        }
        is_array = is_array || (job && job->array == id);
        if (job && job->in_core) {
            if (wait->after_count == WF_JOB_AFTER_MAX) {
                return wf_fail(err, WF_LIMIT, "after: more than %d jobs", WF_JOB_AFTER_MAX);
            }
            submission->after[wait->after_count++] = (struct wf_dependency){{of}, after->when};
        }
    }
    return first ? WF_OK : check_ended(submission, after, id, err);
}

static enum wf_status read_after(struct submission *submission, struct wf_error *err)
{
    const struct wf_job_document *document = submission->document;
    enum wf_status status = WF_OK;
    for (uint32_t i = 0; i < document->after_count && status == WF_OK; i++) {
        const struct wf_job_after *after = &document->after[i];
        uint64_t id = after->number;
        if (id == 0) {
            const struct wf_asker *actor = submission->ask->actor;
            status = wf_desk_find(submission->desk, after->name, actor->user, actor->all, &id, err);
            status = status == WF_NOTFOUND
                         ? wf_fail(err, WF_INVALID, "after: there is no job '%s'", after->name)
                         : status;
        }
        status = status == WF_OK ? add_after(submission, after, id, err) : status;
    }
    submission->spec.wait.after = submission->after;
    return status;
}

static enum wf_status check_room(const struct submission *submission, struct wf_error *err)
{
    const struct wf_desk *desk = submission->desk;
    uint32_t live = HASH_COUNT(desk->world.book.jobs);
    uint32_t max = desk->core.limits.jobs;
    if (submission->count > max - (live < max ? live : max)) {
        return wf_fail(err, WF_LIMIT,
                       "there are %u jobs that are not over, and room for %u in all; try again "
                       "when some have ended",
                       live, max);
    }
    const struct wf_schedule *schedule = wf_core_schedule(desk->world.core);
    uint64_t after = (uint64_t)submission->spec.wait.after_count * submission->count;
    if (after > UINT32_MAX ||
        !wf_dependencies_have_room(&schedule->dependencies, (uint32_t)after)) {
        return wf_fail(err, WF_LIMIT, "after: too many jobs wait for others already");
    }
    return WF_OK;
}

static enum wf_status check(struct submission *submission, struct wf_error *err)
{
    struct wf_desk *desk = submission->desk;
    const struct wf_job_document *document = submission->document;
    enum wf_status status = wf_desk_refuse_stalled(desk, err);
    if (status == WF_OK && wf_desk_is_foreign(desk)) {
        status = wf_fail(err, WF_INVALID, "work of this cluster is submitted to %s, not here",
                         desk->config.kind->name);
    }
    status = status == WF_OK ? find_user(submission, err) : status;
    if (status == WF_OK) {
        status = wf_desk_read_document(desk, document, submission->ask, &submission->spec, err);
    }
    if (status == WF_OK) {
        status = read_after(submission, err);
        status = status == WF_OK ? check_room(submission, err) : status;
        if (status != WF_OK) {
            wf_job_document_field(err, submission->ask->field, sizeof submission->ask->field);
        }
    }
    return status;
}

// Names that nobody had before get their numbers.
static enum wf_status give_numbers(struct submission *submission, struct wf_error *err)
{
    struct wf_desk *desk = submission->desk;
    const char *user = submission->ask->actor->user;
    const char *name = submission->document->name ? submission->document->name : "";
    uint32_t number = wf_directory_find(&desk->world.directory, WF_JOURNAL_USER, user);
    enum wf_status status = WF_OK;
    if (number == WF_NONE) {
        number = desk->world.directory.lists[WF_JOURNAL_USER].end;
        status = wf_desk_name_it(desk, WF_JOURNAL_USER, number, user, err);
    }
    submission->spec.wait.user = number;
    if (status == WF_OK) {
        status = wf_names_add(desk->world.names, name, strlen(name), &submission->name, err);
    }
    return status == WF_OK ? wf_job_document_write(submission->document, &submission->text, err)
                           : status;
}

static struct wf_book_job *enter(struct submission *submission, uint64_t id, uint64_t array,
                                 struct wf_error *err)
{
    struct wf_desk *desk = submission->desk;
    struct wf_book_job *job = wf_book_add(&desk->world.book, id);
    if (!job) {
        (void)!wf_fail(err, WF_NOMEM, "no memory for job %llu", (unsigned long long)id);
        return NULL;
    }
    wf_desk_fill_job(job, submission->document, &submission->spec);
    job->array = array;
    job->name = submission->name;
    job->uid = submission->uid;
    job->gid = submission->gid;
    job->in_core = true;
    job->submitted_ms = wf_desk_now_ms(desk);
    if (submission->document->hold) {
        wf_book_set_state(&desk->world.book, job, WF_JOB_STATE_HELD);
    }
    return job;
}

// One job into the core and the book; the row follows when the core has heard of all.
static enum wf_status submit_one(struct submission *submission, uint64_t id, uint64_t array,
                                 bool more, struct wf_error *err)
{
    struct wf_desk *desk = submission->desk;
    struct wf_book_job *job = enter(submission, id, array, err);
    if (!job) {
        return WF_NOMEM;
    }
    struct wf_event event = {
        .kind = WF_EVENT_JOB_SUBMIT, .more = more, .job_submit = submission->spec};
    event.job_submit.id.number = id;
    enum wf_status status = wf_desk_step(desk, &event, err);
    if (status != WF_OK) {
        wf_book_remove(&desk->world.book, job);
        return status;
    }
    desk->world.next_job = id + 1;
    desk->counts.submitted++;
    const char *name = submission->document->name;
    if (name && name[0] != '\0') {
        // A name that no line can hold stands in the row alone.
        (void)!wf_batch_name(desk->deeds.rows, &desk->world.lines, WF_JOURNAL_JOB, id, name, NULL);
    }
    return WF_OK;
}

// What came of the jobs at once: they wait or run; one may even be over.
static void write_rows(struct submission *submission, uint64_t first, uint32_t count)
{
    struct wf_desk *desk = submission->desk;
    for (uint32_t i = 0; i < count; i++) {
        struct wf_book_job *job = wf_book_find(&desk->world.book, first + i);
        if (job) {
            if (i == 0) {
                wf_desk_write_job(desk, job, submission->text, "", "");
            }
            wf_book_touch(&desk->world.book, job);
            wf_desk_tell_job(desk, job, "submitted", "");
        }
    }
}

static void answer(struct submission *submission, uint64_t first)
{
    struct wf_desk *desk = submission->desk;
    const struct wf_book_job *job = wf_book_find(&desk->world.book, first);
    struct wf_deed *deed = wf_deeds_add(&desk->deeds, WF_DEED_ANSWER);
    deed->answer.done = submission->ask->done;
    deed->answer.context = submission->ask->context;
    deed->answer.answer.id = first;
    deed->answer.answer.count = submission->count;
    deed->answer.answer.state = job ? job->state : WF_JOB_STATE_CANCELLED;
}

static enum wf_status submit_all(struct submission *submission, struct wf_error *err)
{
    struct wf_desk *desk = submission->desk;
    uint64_t first = desk->world.next_job;
    bool is_array = submission->document->index_count > 0;
    if (is_array) {
        submission->spec.wait.array = (uint32_t)first;
        submission->spec.wait.array_max = submission->document->array_at_most;
    }
    enum wf_status status = give_numbers(submission, err);
    if (status == WF_OK) {
        wf_desk_predict(desk, submission->document, &submission->spec);
    }
    uint32_t done = 0;
    while (status == WF_OK && done < submission->count) {
        status = submit_one(submission, first + done, is_array ? first : 0,
                            done + 1 < submission->count, err);
        done += status == WF_OK;
    }
    write_rows(submission, first, done);
    if (status != WF_OK) {
        // None or all: those that are in go again.
        for (uint32_t i = 0; i < done; i++) {
            struct wf_book_job *job = wf_book_find(&desk->world.book, first + i);
            if (job) {
                wf_desk_end_in_core(desk, job, true);
                wf_desk_finish_job(desk, job, WF_JOB_STATE_CANCELLED, "refused",
                                   "its array was refused");
            }
        }
        return status;
    }
    answer(submission, first);
    return WF_OK;
}

static void answer_dry(const struct submission *submission)
{
    const struct wf_desk_ask *ask = submission->ask;
    if (ask->done) {
        ask->done(ask->context, &(struct wf_desk_answer){.status = WF_OK,
                                                         .why = "",
                                                         .count = submission->count,
                                                         .state = submission->document->hold
                                                                      ? WF_JOB_STATE_HELD
                                                                      : WF_JOB_STATE_WAITING});
    }
}

enum wf_status wf_desk_submit(struct wf_desk *desk, const struct wf_job_document *document,
                              struct wf_desk_ask *ask, struct wf_error *err)
{
    struct wf_error own = {.text = ""};
    err = err ? err : &own;
    struct submission submission = {
        .desk = desk,
        .document = document,
        .ask = ask,
        .count = document->index_count > 0 ? document->index_count : 1,
    };
    ask->field[0] = '\0';
    ask->denied = false;
    enum wf_status status = check(&submission, err);
    if (status == WF_OK && ask->dry_run) {
        answer_dry(&submission);
    } else if (status == WF_OK) {
        uint64_t first = desk->world.next_job;
        status = submit_all(&submission, err);
        char object[64];
        snprintf(object, sizeof object, "job %llu", (unsigned long long)first);
        wf_desk_audit(desk, ask->actor, "submit", object, status == WF_OK ? "ok" : "refused", "");
    }
    free(submission.text);
    return status;
}
