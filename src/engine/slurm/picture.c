// SPDX-License-Identifier: Apache-2.0
#include "engine/slurm/picture.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

// The usual one falls through between its cases, which clang tells again and again.
#define HASH_FUNCTION HASH_FNV
#include <uthash.h>
#include <utlist.h>

#include "engine/slurm/line.h"

struct job {
    struct wf_slurm_job *job; // owned, as one block
    uint32_t id;
    bool stale; // not told since the adapter began anew
    bool gone, changed;
    struct job *next_changed;
    UT_hash_handle hh, by_key;
};

// A node, partition, account, QOS, reservation or licence.
struct thing {
    union {
        void *block; // owned
        struct wf_slurm_node *node;
        struct wf_slurm_partition *partition;
        struct wf_slurm_account *account;
        struct wf_slurm_qos *qos;
        struct wf_slurm_reservation *reservation;
        struct wf_slurm_license *license;
    };
    bool stale;
    UT_hash_handle hh;
};

enum things { NODES, PARTITIONS, ACCOUNTS, QOS, RESERVATIONS, LICENSES, THINGS };

struct wf_slurm_picture {
    struct job *jobs, *jobs_by_key;
    struct job *changed, *changed_last;
    struct thing *things[THINGS];
    bool cluster_changed;
    struct wf_slurm_about about;
};

enum wf_status wf_slurm_picture_create(struct wf_slurm_picture **picture_out, struct wf_error *err)
{
    *picture_out = calloc(1, sizeof **picture_out);
    return *picture_out ? WF_OK : wf_fail(err, WF_NOMEM, "no memory for a picture of Slurm");
}

static void remove_thing(struct thing **all, struct thing *thing)
{
    HASH_DEL(*all, thing);
    free(thing->block);
    free(thing);
}

static void drop_key(struct wf_slurm_picture *picture, struct job *job)
{
    struct job *known = NULL;
    HASH_FIND(by_key, picture->jobs_by_key, job->job->key, strlen(job->job->key), known);
    if (known == job) {
        HASH_DELETE(by_key, picture->jobs_by_key, job);
    }
}

static void remove_job(struct wf_slurm_picture *picture, struct job *job)
{
    drop_key(picture, job);
    HASH_DEL(picture->jobs, job); // NOLINT(clang-analyzer-core.NullDereference): uthash's own
    free(job->job);
    free(job);
}

void wf_slurm_picture_destroy(struct wf_slurm_picture *picture)
{
    if (!picture) {
        return;
    }
    while (picture->jobs) {
        remove_job(picture, picture->jobs);
    }
    for (uint32_t i = 0; i < THINGS; i++) {
        while (picture->things[i]) {
            remove_thing(&picture->things[i], picture->things[i]);
        }
    }
    free(picture);
}

static void note_change(struct wf_slurm_picture *picture, struct job *job)
{
    if (job->changed) {
        return;
    }
    job->changed = true;
    job->next_changed = NULL;
    if (picture->changed) {
        picture->changed_last->next_changed = job;
    } else {
        picture->changed = job;
    }
    picture->changed_last = job;
}

void wf_slurm_picture_touch(struct wf_slurm_picture *picture, const struct wf_slurm_job *told)
{
    struct job *job = NULL;
    HASH_FIND(hh, picture->jobs, &told->id, sizeof told->id, job);
    if (job) {
        note_change(picture, job);
    }
}

static void lose_job(struct wf_slurm_picture *picture, struct job *job)
{
    if (!job->gone) {
        job->gone = true;
        picture->about.jobs--;
        drop_key(picture, job); // another may come with its key
        note_change(picture, job);
    }
}

static enum wf_status put_job(struct wf_slurm_picture *picture, struct wf_slurm_job *told,
                              struct wf_error *err)
{
    struct job *job = NULL, *same = NULL;
    HASH_FIND(hh, picture->jobs, &told->id, sizeof told->id, job);
    if (!job) {
        job = calloc(1, sizeof *job);
        if (!job) {
            free(told);
            return wf_fail(err, WF_NOMEM, "no memory for a job of Slurm");
        }
        job->id = told->id;
        HASH_ADD(hh, picture->jobs, id, sizeof job->id, job);
        picture->about.jobs++;
    } else {
        if (!job->gone) {
            drop_key(picture, job);
        }
        picture->about.jobs += job->gone;
        free(job->job);
    }
    job->job = told;
    job->stale = job->gone = false;
    // Two jobs of one key are no Slurm's: the later one is believed.
    HASH_FIND(by_key, picture->jobs_by_key, told->key, strlen(told->key), same);
    if (same) {
        HASH_DELETE(by_key, picture->jobs_by_key, same);
    }
    HASH_ADD_KEYPTR(by_key, picture->jobs_by_key, told->key, strlen(told->key), job);
    note_change(picture, job);
    return WF_OK;
}

// What it is known by: a name, or the bytes of an id.
static enum wf_status put_thing(struct wf_slurm_picture *picture, enum things which, void *block,
                                const void *key, size_t length, struct wf_error *err)
{
    struct thing *thing = NULL, **all = &picture->things[which];
    HASH_FIND(hh, *all, key, length, thing);
    picture->cluster_changed = true;
    if (thing) {
        // In its place, so that the order stays; its key lies in what is replaced.
        void *old = thing->block;
        thing->block = block;
        thing->hh.key = key;
        thing->stale = false;
        free(old);
        return WF_OK;
    }
    thing = calloc(1, sizeof *thing);
    if (!thing) {
        free(block);
        return wf_fail(err, WF_NOMEM, "no memory for a node of Slurm");
    }
    thing->block = block;
    HASH_ADD_KEYPTR(hh, *all, key, length, thing);
    return WF_OK;
}

static void lose_thing(struct wf_slurm_picture *picture, enum things which, const void *key,
                       size_t length)
{
    struct thing *thing = NULL;
    HASH_FIND(hh, picture->things[which], key, length, thing);
    if (thing) {
        remove_thing(&picture->things[which], thing);
        picture->cluster_changed = true;
    }
}

// Everything is about to be told again.
static void begin(struct wf_slurm_picture *picture, const struct wf_slurm_message *message)
{
    struct wf_slurm_about *about = &picture->about;
    for (struct job *job = picture->jobs; job; job = job->hh.next) {
        job->stale = true;
    }
    for (uint32_t i = 0; i < THINGS; i++) {
        for (struct thing *thing = picture->things[i]; thing; thing = thing->hh.next) {
            thing->stale = true;
        }
    }
    about->synced = false;
    about->protocol = message->protocol;
    about->is_operator = message->is_operator;
    snprintf(about->slurm, sizeof about->slurm, "%.31s", message->slurm);
    snprintf(about->cluster, sizeof about->cluster, "%.63s", message->cluster);
    snprintf(about->user, sizeof about->user, "%.63s", message->user);
}

// What was not told again is gone.
static void complete(struct wf_slurm_picture *picture, const struct wf_slurm_message *message)
{
    struct thing *thing, *next;
    for (struct job *job = picture->jobs; job; job = job->hh.next) {
        if (job->stale) {
            lose_job(picture, job);
        }
    }
    for (uint32_t i = 0; i < THINGS && !picture->about.synced; i++) {
        for (thing = picture->things[i]; thing; thing = next) {
            next = thing->hh.next;
            if (thing->stale) {
                remove_thing(&picture->things[i], thing);
                picture->cluster_changed = true;
            }
        }
    }
    picture->about.synced = true;
    picture->about.rounds++;
    picture->about.took_ms = message->took_ms;
    picture->about.behind_ms = message->behind_ms;
}

static void copy_message(const struct wf_slurm_message *message, struct wf_slurm_news *news)
{
    news->request = message->request;
    news->jobs = message->jobs;
    snprintf(news->code, sizeof news->code, "%.31s", message->code);
    snprintf(news->what, sizeof news->what, "%.31s", message->what);
    snprintf(news->text, sizeof news->text, "%.511s", message->text);
}

// Which of them is gone, and what is said of requests and troubles.
static void take_message(struct wf_slurm_picture *picture, const struct wf_slurm_line *line,
                         struct wf_slurm_news *news)
{
    const struct wf_slurm_message *message = line->message;
    struct job *job = NULL;
    copy_message(message, news);
    switch (line->kind) {
    case WF_SLURM_LINE_HELLO:
        begin(picture, message);
        news->kind = WF_SLURM_NEWS_HELLO;
        break;
    case WF_SLURM_LINE_JOB_GONE:
        HASH_FIND(hh, picture->jobs, &message->id, sizeof message->id, job);
        if (job && !job->gone) {
            lose_job(picture, job);
            news->kind = WF_SLURM_NEWS_JOB_GONE;
            news->job = job->job;
        }
        break;
    case WF_SLURM_LINE_NODE_GONE:
        lose_thing(picture, NODES, message->name, strlen(message->name));
        break;
    case WF_SLURM_LINE_PARTITION_GONE:
        lose_thing(picture, PARTITIONS, message->name, strlen(message->name));
        break;
    case WF_SLURM_LINE_ACCOUNT_GONE:
        lose_thing(picture, ACCOUNTS, &message->id, sizeof message->id);
        break;
    case WF_SLURM_LINE_QOS_GONE:
        lose_thing(picture, QOS, &message->id, sizeof message->id);
        break;
    case WF_SLURM_LINE_RESERVATION_GONE:
        lose_thing(picture, RESERVATIONS, message->name, strlen(message->name));
        break;
    case WF_SLURM_LINE_LICENSE_GONE:
        lose_thing(picture, LICENSES, message->name, strlen(message->name));
        break;
    case WF_SLURM_LINE_SYNCED:
        complete(picture, message);
        news->kind = WF_SLURM_NEWS_SYNCED;
        break;
    case WF_SLURM_LINE_DONE:
        news->kind = WF_SLURM_NEWS_DONE;
        break;
    case WF_SLURM_LINE_REFUSED:
        news->kind = WF_SLURM_NEWS_REFUSED;
        break;
    case WF_SLURM_LINE_TROUBLE:
        news->kind = WF_SLURM_NEWS_TROUBLE;
        break;
    case WF_SLURM_LINE_WELL:
        news->kind = WF_SLURM_NEWS_WELL;
        break;
    case WF_SLURM_LINE_FREED:
        news->kind = WF_SLURM_NEWS_FREED;
        break;
    case WF_SLURM_LINE_OTHER:
    case WF_SLURM_LINE_NODE:
    case WF_SLURM_LINE_PARTITION:
    case WF_SLURM_LINE_JOB:
    case WF_SLURM_LINE_ACCOUNT:
    case WF_SLURM_LINE_QOS:
    case WF_SLURM_LINE_RESERVATION:
    case WF_SLURM_LINE_LICENSE:
        break;
    }
}

// Of things that are known by their names, which one a line tells.
static bool find_name(const struct wf_slurm_line *line, enum things *which_out,
                      const char **name_out)
{
    if (line->node) {
        *which_out = NODES;
        *name_out = line->node->name;
    } else if (line->partition) {
        *which_out = PARTITIONS;
        *name_out = line->partition->name;
    } else if (line->reservation) {
        *which_out = RESERVATIONS;
        *name_out = line->reservation->name;
    } else if (line->license) {
        *which_out = LICENSES;
        *name_out = line->license->name;
    }
    return line->node || line->partition || line->reservation || line->license;
}

enum wf_status wf_slurm_picture_take(struct wf_slurm_picture *picture, const char *text,
                                     size_t length, struct wf_slurm_news *news_out,
                                     struct wf_error *err)
{
    struct wf_slurm_line line;
    enum things which;
    const char *name;
    *news_out = (struct wf_slurm_news){.kind = WF_SLURM_NEWS_NOTHING};
    enum wf_status status = wf_slurm_line_read(text, length, &line, err);
    if (status != WF_OK) {
        return status;
    }
    if (line.job) {
        news_out->kind = WF_SLURM_NEWS_JOB;
        news_out->job = line.job;
        return put_job(picture, line.job, err);
    }
    if (line.kind == WF_SLURM_LINE_ACCOUNT) {
        return put_thing(picture, ACCOUNTS, line.account, &line.account->id,
                         sizeof line.account->id, err);
    }
    if (line.qos) {
        return put_thing(picture, QOS, line.qos, &line.qos->id, sizeof line.qos->id, err);
    }
    if (find_name(&line, &which, &name)) {
        return put_thing(picture, which, line.block, name, strlen(name), err);
    }
    if (line.message) {
        take_message(picture, &line, news_out);
    }
    free(line.block);
    return WF_OK;
}

const struct wf_slurm_about *wf_slurm_picture_about(const struct wf_slurm_picture *picture)
{
    struct wf_slurm_about *about = &((struct wf_slurm_picture *)picture)->about;
    about->nodes = HASH_COUNT(picture->things[NODES]);
    return about;
}

const struct wf_slurm_job *wf_slurm_picture_job(const struct wf_slurm_picture *picture,
                                                const char *key)
{
    struct job *job = NULL;
    HASH_FIND(by_key, picture->jobs_by_key, key, strlen(key), job);
    return job ? job->job : NULL;
}

const struct wf_slurm_node *wf_slurm_picture_node(const struct wf_slurm_picture *picture,
                                                  const char *name)
{
    struct thing *thing = NULL;
    HASH_FIND(hh, picture->things[NODES], name, strlen(name), thing);
    return thing ? thing->node : NULL;
}

void wf_slurm_picture_jobs(const struct wf_slurm_picture *picture, wf_slurm_see_job see,
                           void *context)
{
    for (const struct job *job = picture->jobs; job; job = job->hh.next) {
        if (!job->gone) {
            see(context, job->job);
        }
    }
}

void wf_slurm_picture_nodes(const struct wf_slurm_picture *picture,
                            void (*see)(void *context, const struct wf_slurm_node *node),
                            void *context)
{
    for (const struct thing *thing = picture->things[NODES]; thing; thing = thing->hh.next) {
        see(context, thing->node);
    }
}

void wf_slurm_picture_partitions(const struct wf_slurm_picture *picture,
                                 void (*see)(void *context,
                                             const struct wf_slurm_partition *partition),
                                 void *context)
{
    for (const struct thing *thing = picture->things[PARTITIONS]; thing; thing = thing->hh.next) {
        see(context, thing->partition);
    }
}

void wf_slurm_picture_accounts(const struct wf_slurm_picture *picture,
                               void (*see)(void *context, const struct wf_slurm_account *account),
                               void *context)
{
    for (const struct thing *thing = picture->things[ACCOUNTS]; thing; thing = thing->hh.next) {
        see(context, thing->account);
    }
}

void wf_slurm_picture_reservations(const struct wf_slurm_picture *picture,
                                   void (*see)(void *context,
                                               const struct wf_slurm_reservation *reservation),
                                   void *context)
{
    for (const struct thing *thing = picture->things[RESERVATIONS]; thing; thing = thing->hh.next) {
        see(context, thing->reservation);
    }
}

const struct wf_slurm_reservation *
wf_slurm_picture_reservation(const struct wf_slurm_picture *picture, const char *name)
{
    struct thing *thing = NULL;
    HASH_FIND(hh, picture->things[RESERVATIONS], name, strlen(name), thing);
    return thing ? thing->reservation : NULL;
}

const struct wf_slurm_license *wf_slurm_picture_license(const struct wf_slurm_picture *picture,
                                                        const char *name)
{
    struct thing *thing = NULL;
    HASH_FIND(hh, picture->things[LICENSES], name, strlen(name), thing);
    return thing ? thing->license : NULL;
}

uint32_t wf_slurm_picture_qos_priority(const struct wf_slurm_picture *picture, const char *qos)
{
    for (const struct thing *thing = picture->things[QOS]; thing; thing = thing->hh.next) {
        if (strcmp(thing->qos->name, qos) == 0) {
            return thing->qos->priority;
        }
    }
    return 0;
}

void wf_slurm_picture_changed(struct wf_slurm_picture *picture,
                              void (*see)(void *context, const struct wf_slurm_job *job, bool gone),
                              void *context)
{
    while (picture->changed) {
        struct job *job = picture->changed;
        picture->changed = job->next_changed;
        job->changed = false;
        see(context, job->job, job->gone);
        if (job->gone) {
            remove_job(picture, job);
        }
    }
}

bool wf_slurm_picture_cluster_changed(struct wf_slurm_picture *picture)
{
    bool changed = picture->cluster_changed;
    picture->cluster_changed = false;
    return changed;
}
