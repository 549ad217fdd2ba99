// SPDX-License-Identifier: Apache-2.0
// Starts that were asked for, from the request to the job that runs, or to the sentence why it does
// not. Slurm has the pin, and the picture shows it: what is kept here may be lost at any time.
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "engine/slurm/engine.h"

enum {
    ANSWER_MS = 60000,     // for the adapter, which has a time-out for each call of its own
    WAKE_AGAIN_MS = 10000, // a node that is off after power was asked for is asked for again
    REASON_MS = 2000,      // until a reason that Slurm says is one of after the pin
};

static struct wf_slurm_attempt *find(const struct wf_engine *engine, const char *key)
{
    struct wf_slurm_attempt *attempt = NULL;
    HASH_FIND_STR(engine->attempts, key, attempt);
    return attempt;
}

static void drop(struct wf_engine *engine, struct wf_slurm_attempt *attempt)
{
    HASH_DEL(engine->attempts, attempt);
    for (uint32_t i = 0; i < attempt->node_count; i++) {
        free(attempt->nodes[i]);
    }
    free(attempt->nodes);
    free(attempt);
}

void wf_slurm_forget_attempts(struct wf_engine *engine)
{
    while (engine->attempts) {
        drop(engine, engine->attempts);
    }
}

// Whoever looks at the job is to hear of it, whether Slurm has news of it or not.
static void go(struct wf_engine *engine, struct wf_slurm_attempt *attempt,
               enum wf_slurm_phase phase)
{
    uint32_t task;
    const struct wf_slurm_job *job = wf_slurm_find_key(engine, attempt->key, &task);
    if (job) {
        wf_slurm_picture_touch(engine->picture, job);
    }
    engine->fresh = true;
    attempt->phase = phase;
    attempt->since_ms = wf_slurm_now_ms();
}

static void miss(struct wf_engine *engine, struct wf_slurm_attempt *attempt, const char *why)
{
    go(engine, attempt, WF_SLURM_MISSED);
    snprintf(attempt->why, sizeof attempt->why, "%.250s", why);
}

static struct wf_slurm_attempt *add(struct wf_engine *engine, const char *key, const char *run,
                                    uint32_t nodes)
{
    struct wf_slurm_attempt *attempt = find(engine, key);
    if (attempt) {
        drop(engine, attempt);
    }
    attempt = calloc(1, sizeof *attempt);
    char **names = calloc((size_t)nodes + 1, sizeof *names);
    if (!attempt || !names) {
        free(attempt);
        free(names);
        return NULL;
    }
    snprintf(attempt->key, sizeof attempt->key, "%s", key);
    snprintf(attempt->run, sizeof attempt->run, "%s", run);
    attempt->nodes = names;
    HASH_ADD_STR(engine->attempts, key, attempt);
    return attempt;
}

// The nodes, each once.
static bool add_nodes(struct wf_slurm_attempt *attempt, const struct wf_run_spec *spec)
{
    for (uint32_t i = 0; i < spec->tasks; i++) {
        bool known = false;
        for (uint32_t j = 0; j < attempt->node_count; j++) {
            known = known || strcmp(attempt->nodes[j], spec->nodes[i]) == 0;
        }
        if (known) {
            continue;
        }
        attempt->nodes[attempt->node_count] = strdup(spec->nodes[i]);
        if (!attempt->nodes[attempt->node_count]) {
            return false;
        }
        attempt->node_count++;
    }
    return true;
}

static void ask_pin(struct wf_engine *engine, struct wf_slurm_attempt *attempt)
{
    uint32_t task;
    const struct wf_slurm_job *job = wf_slurm_find_key(engine, attempt->key, &task);
    json_t *nodes = json_array();
    if (!job || !nodes) {
        json_decref(nodes);
        miss(engine, attempt, "Slurm does not know it any more");
        return;
    }
    for (uint32_t i = 0; i < attempt->node_count; i++) {
        (void)json_array_append_new(nodes, json_string(attempt->nodes[i]));
    }
    json_t *request = json_pack("{sssIsoss}", "do", "start", "job", (json_int_t)job->id, "nodes",
                                nodes, "decision", attempt->run);
    if (request && task != WF_NONE) {
        (void)json_object_set_new(request, "task", json_integer(task));
    }
    attempt->request = wf_slurm_send(engine, request);
    if (attempt->request > 0) {
        go(engine, attempt, WF_SLURM_ASKED);
    } else {
        miss(engine, attempt, "the Slurm adapter is not there");
    }
}

// Whether each node is up; those that are powered down are asked for. Once is enough, but for one
// that was on its way down then.
static bool wake(struct wf_engine *engine, struct wf_slurm_attempt *attempt)
{
    int64_t now_ms = wf_slurm_now_ms();
    bool up = true, asks = attempt->woke_ms == 0 || now_ms - attempt->woke_ms > WAKE_AGAIN_MS;
    for (uint32_t i = 0; i < attempt->node_count; i++) {
        const struct wf_slurm_node *node =
            wf_slurm_picture_node(engine->picture, attempt->nodes[i]);
        if (!node || node->power == WF_SLURM_POWER_UP) {
            continue;
        }
        up = false;
        if (asks && node->power == WF_SLURM_POWER_DOWN) {
            attempt->woke_ms = now_ms;
            (void)wf_slurm_send(engine, json_pack("{ssssss}", "do", "power_up", "node", node->name,
                                                  "reason", "whaleflux"));
        }
    }
    return up;
}

enum wf_status wf_slurm_begin_start(struct wf_engine *engine, const struct wf_run_spec *spec,
                                    struct wf_error *err)
{
    uint32_t task;
    const struct wf_slurm_job *job = wf_slurm_find_key(engine, spec->key, &task);
    struct wf_slurm_attempt *attempt = find(engine, spec->key);
    if (!wf_slurm_is_seen(engine)) {
        return wf_fail(err, WF_IO, "%s", wf_slurm_unseen_why(engine));
    }
    if (engine->config.mode != WF_SLURM_DECIDE) {
        return wf_fail(err, WF_UNFIT, "jobs of this cluster are started by Slurm alone");
    }
    if (!job) {
        return wf_fail(err, WF_NOTFOUND, "Slurm has no job %s", spec->key);
    }
    if (job->state != WF_SLURM_PENDING ||
        (attempt && strcmp(attempt->run, spec->id) == 0 && attempt->phase != WF_SLURM_MISSED)) {
        return WF_OK; // it runs, or is on its way
    }
    attempt = add(engine, spec->key, spec->id, spec->tasks);
    if (!attempt || !add_nodes(attempt, spec)) {
        return wf_fail(err, WF_NOMEM, "no memory to start job %s", spec->key);
    }
    if (strcmp(job->decision, spec->id) == 0) {
        go(engine, attempt, WF_SLURM_PINNED); // before a restart of ours
    } else if (wake(engine, attempt)) {
        ask_pin(engine, attempt);
    } else {
        go(engine, attempt, WF_SLURM_WAKES);
    }
    return WF_OK;
}

// Takes the pin of a waiting job back.
static void revoke(struct wf_engine *engine, const char *key, const char *why)
{
    uint32_t task;
    const struct wf_slurm_job *job = wf_slurm_find_key(engine, key, &task);
    struct wf_slurm_attempt *attempt = find(engine, key);
    if (attempt) {
        snprintf(attempt->why, sizeof attempt->why, "%.250s", why);
    }
    bool pinned = job && task == WF_NONE && job->state == WF_SLURM_PENDING;
    uint64_t request =
        pinned
            ? wf_slurm_send(engine, json_pack("{sssI}", "do", "hold", "job", (json_int_t)job->id))
            : 0;
    if (attempt && request > 0) {
        attempt->request = request;
        go(engine, attempt, WF_SLURM_REVOKED);
    } else if (attempt && attempt->phase != WF_SLURM_ASKED) {
        go(engine, attempt, WF_SLURM_MISSED);
    }
}

void wf_slurm_withdraw(struct wf_engine *engine, const char *key, bool leaves, const char *why)
{
    uint32_t task;
    struct wf_slurm_attempt *attempt = find(engine, key);
    (void)wf_slurm_find_key(engine, key, &task);
    bool known = task == WF_NONE;
    if (attempt) {
        attempt->withdrawn = true;
        attempt->leaves = attempt->leaves || leaves;
        snprintf(attempt->why, sizeof attempt->why, "%.250s", why);
        // A task that was pinned is not in its array's record any more; its own is told soon.
        known = known || (attempt->phase != WF_SLURM_ASKED && attempt->phase != WF_SLURM_PINNED);
    }
    if (known) {
        revoke(engine, key, why);
    }
}

void wf_slurm_answered(struct wf_engine *engine, const struct wf_slurm_news *news)
{
    struct wf_slurm_attempt *attempt = engine->attempts;
    while (attempt && attempt->request != news->request) {
        attempt = attempt->hh.next;
    }
    bool done = news->kind == WF_SLURM_NEWS_DONE;
    if (attempt && attempt->phase == WF_SLURM_ASKED && done) {
        go(engine, attempt, WF_SLURM_PINNED);
    } else if (attempt && attempt->phase == WF_SLURM_ASKED) {
        miss(engine, attempt, news->text[0] ? news->text : news->code);
    } else if (attempt && attempt->phase == WF_SLURM_REVOKED) {
        go(engine, attempt, WF_SLURM_MISSED);
    } else if (!attempt && !done) {
        wf_slurm_say(engine, "Slurm: %s", news->text[0] ? news->text : news->code);
    }
}

// What became of open requests shows when everything was told again.
void wf_slurm_lost_wire(struct wf_engine *engine)
{
    for (struct wf_slurm_attempt *attempt = engine->attempts; attempt; attempt = attempt->hh.next) {
        if (attempt->phase == WF_SLURM_ASKED || attempt->phase == WF_SLURM_REVOKED) {
            attempt->request = 0;
            miss(engine, attempt, "the connection to the Slurm adapter broke");
        }
    }
}

static void late(struct wf_engine *engine, struct wf_slurm_attempt *attempt,
                 const struct wf_slurm_job *job)
{
    char why[256];
    snprintf(why, sizeof why, "Slurm did not start it on %.60s within %d s: %.100s",
             attempt->node_count > 0 ? attempt->nodes[0] : "its nodes", WF_SLURM_CONFIRM_MS / 1000,
             job->reason[0] ? job->reason : "it says no reason");
    revoke(engine, attempt->key, why);
}

// It waits no more: it runs, or is over.
static void finish(struct wf_engine *engine, struct wf_slurm_attempt *attempt,
                   const struct wf_slurm_job *job)
{
    if (job && attempt->leaves && job->state == WF_SLURM_RUNNING) {
        (void)!wf_slurm_begin_leaving(engine, job, NULL); // whoever misses it says it again
    }
    drop(engine, attempt);
}

// Whether Slurm keeps it for something that no node cures: a limit, an account, a partition.
static bool is_kept(const struct wf_slurm_job *job)
{
    static const char *const reasons[] = {"Assoc",
                                          "QOS",
                                          "Max",
                                          "Partition",
                                          "InvalidQOS",
                                          "InvalidAccount",
                                          "Account",
                                          "BadConstraints",
                                          "Licenses",
                                          "Reservation",
                                          "JobArrayTaskLimit"};
    for (uint32_t i = 0; i < WF_COUNT_OF(reasons); i++) {
        if (strncmp(job->reason, reasons[i], strlen(reasons[i])) == 0) {
            return true;
        }
    }
    return false;
}

static void keep(struct wf_engine *engine, struct wf_slurm_attempt *attempt,
                 const struct wf_slurm_job *job)
{
    char why[256];
    snprintf(why, sizeof why, "Slurm keeps it waiting, whatever is free: %.100s", job->reason);
    revoke(engine, attempt->key, why);
}

static void follow_pinned(struct wf_engine *engine, struct wf_slurm_attempt *attempt,
                          const struct wf_slurm_job *job, uint32_t task)
{
    int64_t waits_ms = wf_slurm_now_ms() - attempt->since_ms;
    bool pinned = strcmp(job->decision, attempt->run) == 0;
    if (attempt->withdrawn && task == WF_NONE) {
        revoke(engine, attempt->key, attempt->why);
    } else if (pinned && waits_ms > REASON_MS && is_kept(job)) {
        keep(engine, attempt, job);
    } else if (waits_ms > WF_SLURM_CONFIRM_MS && !job->configuring) {
        late(engine, attempt, job);
    }
}

static void follow(struct wf_engine *engine, struct wf_slurm_attempt *attempt)
{
    uint32_t task;
    const struct wf_slurm_job *job = wf_slurm_find_key(engine, attempt->key, &task);
    int64_t waits_ms = wf_slurm_now_ms() - attempt->since_ms;
    if (!job || job->state != WF_SLURM_PENDING) {
        finish(engine, attempt, job);
        return;
    }
    bool pinned = strcmp(job->decision, attempt->run) == 0;
    switch (attempt->phase) {
    case WF_SLURM_WAKES:
        if (wake(engine, attempt)) {
            ask_pin(engine, attempt);
        } else if (waits_ms > WF_SLURM_WAKE_MS) {
            miss(engine, attempt, "a node of its did not come up");
        }
        break;
    case WF_SLURM_ASKED:
        if (waits_ms > ANSWER_MS) {
            miss(engine, attempt, "the Slurm adapter did not answer");
        }
        break;
    case WF_SLURM_PINNED:
        follow_pinned(engine, attempt, job, task);
        break;
    case WF_SLURM_REVOKED:
        if (waits_ms > ANSWER_MS) {
            go(engine, attempt, WF_SLURM_MISSED);
        }
        break;
    case WF_SLURM_MISSED:
        // The pin is there after all: nobody had heard of it, or it could not be taken back.
        if (pinned && !job->edited && job->held == WF_SLURM_NOT_HELD && waits_ms > ANSWER_MS) {
            go(engine, attempt, WF_SLURM_PINNED);
        }
        break;
    }
}

void wf_slurm_follow_attempts(struct wf_engine *engine)
{
    struct wf_slurm_attempt *attempt, *next;
    for (attempt = engine->attempts; attempt; attempt = next) {
        next = attempt->hh.next;
        follow(engine, attempt);
    }
}

// A job that carries a pin of ours which nobody here remembers: we were started again.
static struct wf_slurm_attempt *remember(struct wf_engine *engine, const struct wf_slurm_job *job)
{
    struct wf_slurm_attempt *attempt =
        add(engine, job->key, job->decision, job->required_count > 0 ? job->required_count : 1);
    for (uint32_t i = 0; attempt && i < job->required_count; i++) {
        attempt->nodes[attempt->node_count] = strdup(job->required_nodes[i]);
        attempt->node_count += attempt->nodes[attempt->node_count] != NULL;
    }
    if (attempt) {
        go(engine, attempt, WF_SLURM_PINNED);
    }
    return attempt;
}

struct wf_slurm_start wf_slurm_start_of(struct wf_engine *engine, const char *key)
{
    uint32_t task;
    const struct wf_slurm_job *job = wf_slurm_find_key(engine, key, &task);
    struct wf_slurm_attempt *attempt = find(engine, key);
    bool pinned = job && task == WF_NONE && job->state == WF_SLURM_PENDING && job->ours &&
                  job->decision[0] && !job->edited && job->held == WF_SLURM_NOT_HELD;
    if (!attempt && pinned && strlen(job->decision) <= WF_RUN_ID_MAX) {
        attempt = remember(engine, job);
    }
    if (!attempt) {
        return (struct wf_slurm_start){NULL, ""};
    }
    // A pin that is still there may come true, whatever was answered.
    bool may_come =
        attempt->phase != WF_SLURM_MISSED || (pinned && strcmp(job->decision, attempt->run) == 0);
    return (struct wf_slurm_start){may_come ? attempt->run : NULL, attempt->why};
}
