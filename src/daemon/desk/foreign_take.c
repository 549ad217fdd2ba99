// SPDX-License-Identifier: Apache-2.0
// Takes in work that others asked for, and what they ask for otherwise later.
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/hash.h"
#include "daemon/desk/foreign_parts.h"

// What is told, as the desk has it.
struct intake {
    const struct wf_foreign_job *told;
    struct wf_job_spec spec;
    uint32_t name;
    char *text; // of the document, owned
    bool is_odd;
    struct wf_error why;
};

uint64_t wf_desk_foreign_hash(const char *text)
{
    uint64_t hash = 0;
    for (const char *at = text; *at; at++) {
        hash = wf_hash_add(hash, (unsigned char)*at);
    }
    return hash;
}

static enum wf_status number_user(struct wf_desk *desk, const char *user, uint32_t *number_out,
                                  struct wf_error *err)
{
    *number_out = wf_directory_find(&desk->world.directory, WF_JOURNAL_USER, user);
    if (*number_out != WF_NONE) {
        return WF_OK;
    }
    *number_out = desk->world.directory.lists[WF_JOURNAL_USER].end;
    return wf_desk_name_it(desk, WF_JOURNAL_USER, *number_out, user, err);
}

static enum wf_status read(struct wf_desk *desk, struct intake *intake, struct wf_error *err)
{
    const struct wf_foreign_job *told = intake->told;
    const char *name = told->document->name ? told->document->name : "";
    struct wf_job_spec *spec = &intake->spec;
    intake->is_odd = !wf_desk_read_foreign(desk, told->document, spec, &intake->why);
    spec->wait.array = told->array;
    spec->wait.array_max = told->array > 0 ? told->array_at_most : 0;
    enum wf_status status = number_user(desk, told->user ? told->user : "", &spec->wait.user, err);
    status = status == WF_OK
                 ? wf_names_add(desk->world.names, name, strlen(name), &intake->name, err)
                 : status;
    status = status == WF_OK ? wf_job_document_write(told->document, &intake->text, err) : status;
    if (status == WF_OK) {
        wf_desk_predict(desk, told->document, spec);
    }
    return status;
}

static void fill(struct wf_book_job *job, const struct intake *intake)
{
    struct wf_book_work *work = job->work;
    uint32_t tasks = job->tasks;
    wf_desk_fill_job(job, intake->told->document, &intake->spec);
    job->tasks = tasks > 0 ? tasks : job->tasks; // the core's, until it is told otherwise
    job->saves = false;                          // that is between it and its own scheduler
    job->name = intake->name;
    work->wanted = intake->spec;
    work->wanted.id.number = job->id;
    work->facts = wf_desk_foreign_hash(intake->text);
    work->is_odd = intake->is_odd;
    if (intake->is_odd) {
        snprintf(work->why, sizeof work->why, "%.*s", (int)sizeof work->why - 1, intake->why.text);
    }
}

static void audit(struct wf_desk *desk, const struct wf_book_job *job,
                  const struct wf_foreign_job *told)
{
    char object[64], detail[256];
    const struct wf_asker asker = {
        .name = told->user ? told->user : "", .role = "submitter", .over = desk->config.kind->name};
    snprintf(object, sizeof object, "job %llu", (unsigned long long)job->id);
    // Keys are the engine's, and may have anything in them.
    bool plain = strspn(told->key, "0123456789abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ"
                                   "-_.@:+[],") == strlen(told->key);
    snprintf(detail, sizeof detail, "{\"key\":\"%.200s\"}", plain ? told->key : "?");
    wf_desk_audit(desk, &asker, "submit", object, "ok", detail);
}

static void write_down(struct wf_desk *desk, struct wf_book_job *job, const struct intake *intake)
{
    const char *name = intake->told->document->name;
    desk->world.next_job = job->id + 1;
    desk->counts.submitted++;
    if (name && name[0] != '\0') {
        // A name that no line can hold stands in the row alone.
        (void)!wf_batch_name(desk->deeds.rows, &desk->world.lines, WF_JOURNAL_JOB, job->id, name,
                             NULL);
    }
    wf_batch_work(desk->deeds.rows, job->id, desk->config.kind->name, job->work->key);
    wf_desk_write_job(desk, job, intake->text, "", "");
    wf_book_touch(&desk->world.book, job);
    wf_desk_tell_job(desk, job, "submitted", "");
    audit(desk, job, intake->told);
}

// Enters the job in book and core. Errors: the core's; WF_NOMEM. Nothing is entered then.
static enum wf_status enter(struct wf_desk *desk, const struct intake *intake,
                            struct wf_book_job **job_out, struct wf_error *err)
{
    const struct wf_foreign_job *told = intake->told;
    struct wf_book_job *job = wf_book_add(&desk->world.book, desk->world.next_job);
    if (!job || !wf_book_add_work(&desk->world.book, job, told->key)) {
        if (job) {
            wf_book_remove(&desk->world.book, job);
        }
        return wf_fail(err, WF_NOMEM, "no memory for job %s", told->key);
    }
    fill(job, intake);
    job->uid = told->uid;
    job->gid = told->gid;
    job->in_core = true;
    job->submitted_ms = told->submitted_ms > 0 ? told->submitted_ms : wf_desk_now_ms(desk);
    struct wf_event event = {.kind = WF_EVENT_JOB_SUBMIT, .job_submit = intake->spec};
    event.job_submit.id.number = job->id;
    // What becomes of it is known before the core decides anything.
    event.job_submit.wait.held = true;
    enum wf_status status = wf_desk_step(desk, &event, err);
    if (status != WF_OK) {
        wf_book_remove(&desk->world.book, job);
        return status;
    }
    *job_out = job;
    return WF_OK;
}

// What the core refuses whole is taken in as little as there can be, to be seen and not decided.
static enum wf_status enter_anyhow(struct wf_desk *desk, struct intake *intake,
                                   struct wf_book_job **job_out, struct wf_error *err)
{
    enum wf_status status = enter(desk, intake, job_out, &intake->why);
    if (status != WF_INVALID && status != WF_LIMIT) {
        return status == WF_OK ? status : wf_fail(err, status, "%s", intake->why.text);
    }
    intake->is_odd = true;
    intake->spec.tasks = 1;
    intake->spec.request.gpus = 0;
    intake->spec.request.gpu_milli = 0;
    intake->spec.wait = (struct wf_wait_spec){
        .queue = intake->spec.wait.queue, .user = intake->spec.wait.user, .overruns = true};
    return enter(desk, intake, job_out, err);
}

enum wf_status wf_desk_foreign_take_in(struct wf_desk *desk, const struct wf_foreign_job *told,
                                       struct wf_book_job **job_out, struct wf_error *err)
{
    struct intake intake = {.told = told};
    if (!told->document) {
        return wf_fail(err, WF_NOTFOUND, "nothing is known of job %s, and nothing told", told->key);
    }
    if (HASH_COUNT(desk->world.book.jobs) >= desk->core.limits.jobs) {
        return wf_fail(err, WF_LIMIT, "job %s is past the limit of %u jobs that are not over",
                       told->key, desk->core.limits.jobs);
    }
    enum wf_status status = read(desk, &intake, err);
    status = status == WF_OK ? enter_anyhow(desk, &intake, job_out, err) : status;
    if (status == WF_OK) {
        write_down(desk, *job_out, &intake);
    }
    free(intake.text);
    return status;
}

enum wf_status wf_desk_foreign_take_facts(struct wf_desk *desk, struct wf_book_job *job,
                                          const struct wf_foreign_job *told, struct wf_error *err)
{
    struct intake intake = {.told = told};
    struct wf_book_work *work = job->work;
    enum wf_status status = read(desk, &intake, err);
    bool changed = status == WF_OK && wf_desk_foreign_hash(intake.text) != work->facts;
    if (status == WF_OK) {
        // What is learned of how long it runs is no change.
        intake.spec.wait.run = changed ? intake.spec.wait.run : work->wanted.wait.run;
        fill(job, &intake);
    }
    if (changed) {
        const struct wf_directory *names = &desk->world.directory;
        const char *queue = wf_directory_name(names, WF_JOURNAL_QUEUE, job->queue);
        wf_desk_write_job(desk, job, intake.text, "", "");
        wf_batch_move(desk->deeds.rows, job->id, wf_names_text(desk->world.names, job->name),
                      queue ? queue : "");
        wf_book_touch(&desk->world.book, job);
        wf_desk_tell_job(desk, job, "changed", "");
        desk->foreign.told++;
    }
    free(intake.text);
    return status;
}
