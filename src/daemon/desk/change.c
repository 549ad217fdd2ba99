// SPDX-License-Identifier: Apache-2.0
// What people ask of jobs and nodes that are there: cancel, hold, release, drain; tokens, audit.
#include <stdio.h>
#include <string.h>

#include "base/assert.h"
#include "daemon/desk/foreign_parts.h"

static void promise(struct wf_desk *desk, const struct wf_desk_ask *ask, uint64_t id,
                    enum wf_job_state state)
{
    struct wf_desk_answer told = {.status = WF_OK, .why = "", .id = id, .count = 1, .state = state};
    if (ask->dry_run) {
        if (ask->done) {
            ask->done(ask->context, &told);
        }
        return;
    }
    struct wf_deed *deed = wf_deeds_add(&desk->deeds, WF_DEED_ANSWER);
    deed->answer.done = ask->done;
    deed->answer.context = ask->context;
    deed->answer.answer = told;
}

void wf_desk_audit(struct wf_desk *desk, const struct wf_asker *actor, const char *action,
                   const char *object, const char *outcome, const char *detail)
{
    wf_batch_audit(desk->deeds.rows, &(struct wf_audit_row){
                                         .time_ms = wf_desk_now_ms(desk),
                                         .actor = actor->name,
                                         .role = actor->role,
                                         .over = actor->over,
                                         .action = action,
                                         .object = object,
                                         .outcome = outcome,
                                         .detail = detail,
                                     });
}

static void audit_job(struct wf_desk *desk, const struct wf_desk_ask *ask, const char *action,
                      uint64_t id)
{
    char object[64];
    snprintf(object, sizeof object, "job %llu", (unsigned long long)id);
    wf_desk_audit(desk, ask->actor, action, object, "ok", "");
}

struct found_job {
    bool found;
    enum wf_job_state state;
};

static bool note_job(void *context, const struct wf_job_row *row)
{
    struct found_job *job = context;
    job->found = true;
    job->state = row->state;
    return false;
}

// The live job that somebody wants to change, if he may.
static enum wf_status find_mine(struct wf_desk *desk, uint64_t id, struct wf_desk_ask *ask,
                                struct wf_book_job **job_out, struct wf_error *err)
{
    ask->field[0] = '\0';
    ask->denied = false;
    enum wf_status status = wf_desk_refuse_stalled(desk, err);
    if (status != WF_OK) {
        return status;
    }
    *job_out = wf_book_find(&desk->world.book, id);
    if (!*job_out) {
        struct found_job job = {0};
        struct wf_job_query query = {.id = id, .limit = 1};
        status = wf_database_jobs(desk->config.db, &query, note_job, &job, err);
        if (status != WF_OK) {
            return status;
        }
        return job.found
                   ? wf_fail(err, WF_EXISTS, "job %llu is over: it is %s", (unsigned long long)id,
                             wf_job_state_word(job.state))
                   : wf_fail(err, WF_NOTFOUND, "there is no job %llu", (unsigned long long)id);
    }
    const char *user = wf_directory_name(&desk->world.directory, WF_JOURNAL_USER, (*job_out)->user);
    if (!ask->actor->all && (!user || strcmp(user, ask->actor->user) != 0)) {
        ask->denied = true;
        return wf_fail(err, WF_INVALID, "job %llu is %s's", (unsigned long long)id,
                       user ? user : "somebody else");
    }
    return WF_OK;
}

// Where others decide nothing is done here that they would not hear of.
static enum wf_status refuse_watched(const struct wf_desk *desk, struct wf_error *err)
{
    if (!wf_desk_only_watches(desk)) {
        return WF_OK;
    }
    return wf_fail(err, WF_EXISTS, "this daemon only watches %s: ask there",
                   desk->config.kind->name);
}

// Holds or releases work that others asked for: they have a word in it, too.
static enum wf_status hold_work(struct wf_desk *desk, struct wf_book_job *job, bool held,
                                struct wf_desk_ask *ask, struct wf_error *err)
{
    enum wf_status status = refuse_watched(desk, err);
    if (status == WF_OK && !held && (job->work->held || job->work->is_odd)) {
        status = wf_fail(err, WF_EXISTS, "job %llu is held in %s: %s", (unsigned long long)job->id,
                         desk->config.kind->name, job->work->why);
    }
    if (status == WF_OK && !ask->dry_run && job->work->held_here != held) {
        job->work->held_here = held;
        wf_book_set_state(&desk->world.book, job, held ? WF_JOB_STATE_HELD : WF_JOB_STATE_WAITING);
        wf_desk_foreign_settle_hold(desk, job);
        audit_job(desk, ask, held ? "hold" : "release", job->id);
        wf_desk_tell_job(desk, job, held ? "held" : "released", "");
    }
    if (status == WF_OK) {
        enum wf_job_state state = held ? WF_JOB_STATE_HELD : WF_JOB_STATE_WAITING;
        promise(desk, ask, job->id, ask->dry_run ? state : job->state);
    }
    return status;
}

// For the core it is over at once, so that it makes no plans with it any more; for people when its
// last process is gone.
static void cancel(struct wf_desk *desk, struct wf_book_job *job)
{
    job->cancelled = true;
    if (job->run && job->run->phase != WF_BOOK_STARTED) {
        wf_desk_drop_run(desk, job->run, WF_RUN_END_CANCELLED);
    }
    wf_desk_end_in_core(desk, job, true);
    if (job->work) {
        wf_book_set_state(&desk->world.book, job, WF_JOB_STATE_ENDING);
        wf_deeds_add(&desk->deeds, WF_DEED_END)->run.job = job->id;
        wf_desk_tell_job(desk, job, "cancelling", "");
        return;
    }
    struct wf_book_run *run = job->run ? job->run : job->old;
    if (run) {
        wf_book_set_state(&desk->world.book, job, WF_JOB_STATE_ENDING);
        wf_desk_stop_run(desk, run, WF_RUN_STOP_CANCELLED);
        wf_desk_tell_job(desk, job, "cancelling", "");
    } else {
        wf_desk_finish_job(desk, job, WF_JOB_STATE_CANCELLED, "cancelled", "cancelled");
    }
}

enum wf_status wf_desk_cancel(struct wf_desk *desk, uint64_t id, struct wf_desk_ask *ask,
                              struct wf_error *err)
{
    struct wf_book_job *job = NULL;
    enum wf_status status = find_mine(desk, id, ask, &job, err);
    status = status == WF_OK ? refuse_watched(desk, err) : status;
    if (status != WF_OK) {
        return status;
    }
    if (!ask->dry_run && job->in_core) {
        audit_job(desk, ask, "cancel", id);
        cancel(desk, job);
        job = wf_book_find(&desk->world.book, id);
    }
    promise(desk, ask, id, job ? job->state : WF_JOB_STATE_CANCELLED);
    return WF_OK;
}

enum wf_status wf_desk_hold(struct wf_desk *desk, uint64_t id, bool held, struct wf_desk_ask *ask,
                            struct wf_error *err)
{
    struct wf_book_job *job = NULL;
    enum wf_status status = find_mine(desk, id, ask, &job, err);
    if (status != WF_OK) {
        return status;
    }
    if (job->state != WF_JOB_STATE_WAITING && job->state != WF_JOB_STATE_HELD) {
        return wf_fail(err, WF_EXISTS, "job %llu is %s: only a waiting job is held or released",
                       (unsigned long long)id, wf_job_state_word(job->state));
    }
    if (job->work) {
        return hold_work(desk, job, held, ask, err);
    }
    enum wf_job_state state = held ? WF_JOB_STATE_HELD : WF_JOB_STATE_WAITING;
    if (!ask->dry_run && job->state != state) {
        struct wf_event event = {.kind = WF_EVENT_JOB_HOLD, .job_hold = {{id}, held}};
        wf_book_set_state(&desk->world.book, job, state);
        status = wf_desk_step(desk, &event, err);
        WF_ASSERT(status == WF_OK); // it waits in the core, too
        audit_job(desk, ask, held ? "hold" : "release", id);
        wf_desk_tell_job(desk, job, held ? "held" : "released", "");
    }
    promise(desk, ask, id, ask->dry_run ? state : job->state);
    return WF_OK;
}

enum wf_status wf_desk_drain(struct wf_desk *desk, const char *node, bool closed,
                             struct wf_desk_ask *ask, struct wf_error *err)
{
    ask->field[0] = '\0';
    ask->denied = !ask->actor->all;
    if (ask->denied) {
        return wf_fail(err, WF_INVALID, "nodes are an operator's to open and close");
    }
    enum wf_status status = wf_desk_refuse_stalled(desk, err);
    status = status == WF_OK ? refuse_watched(desk, err) : status;
    uint32_t number = wf_directory_find(&desk->world.directory, WF_JOURNAL_NODE, node);
    const struct wf_cluster *cluster = wf_core_cluster(desk->world.core);
    if (status == WF_OK && (number == WF_NONE || !cluster->nodes[number].up)) {
        status = wf_fail(err, WF_NOTFOUND, "there is no node '%s'", node);
    }
    if (status == WF_OK && !ask->dry_run && cluster->nodes[number].drained != closed) {
        struct wf_event event = {.kind = WF_EVENT_NODE_DRAIN, .node_drain = {{number}, closed}};
        status = wf_desk_step(desk, &event, err);
        if (status == WF_OK) {
            char object[300];
            snprintf(object, sizeof object, "node %.255s", node);
            wf_desk_audit(desk, ask->actor, closed ? "drain" : "undrain", object, "ok", "");
            wf_desk_note_wish(desk, node, false);
            wf_desk_tell_node(desk, node, closed ? "drained" : "undrained");
        }
    }
    if (status == WF_OK) {
        promise(desk, ask, 0, WF_JOB_STATE_WAITING);
    }
    return status;
}

enum wf_status wf_desk_token(struct wf_desk *desk, const struct wf_token_row *row,
                             struct wf_desk_ask *ask, struct wf_error *err)
{
    ask->field[0] = '\0';
    ask->denied = false;
    enum wf_status status = wf_desk_refuse_stalled(desk, err);
    if (status != WF_OK) {
        return status;
    }
    struct wf_token_row kept = *row;
    kept.id = row->id > 0 ? row->id : desk->world.next_token;
    if (!ask->dry_run) {
        char object[64];
        desk->world.next_token += row->id == 0;
        wf_batch_token(desk->deeds.rows, &kept);
        snprintf(object, sizeof object, "token %llu", (unsigned long long)kept.id);
        const char *action = row->id == 0 ? "token-add" : "token-change";
        wf_desk_audit(desk, ask->actor, row->revoked_ms > 0 ? "token-revoke" : action, object, "ok",
                      "");
    }
    promise(desk, ask, kept.id, WF_JOB_STATE_WAITING);
    return WF_OK;
}
