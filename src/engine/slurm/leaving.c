// SPDX-License-Identifier: Apache-2.0
// Jobs that run and have to leave: told to save their work where they want to be told, and after
// that requeued. What is kept here may be lost at any time: whoever wants a job to leave says it
// again.
#include <stdlib.h>
#include <string.h>
#include <time.h>

#include "engine/slurm/engine.h"
#include "engine/slurm/wish.h"

enum { AGAIN_MS = 1000 };

static struct wf_slurm_leaving *find(const struct wf_engine *engine, const char *key)
{
    struct wf_slurm_leaving *leaving = NULL;
    HASH_FIND_STR(engine->leavings, key, leaving);
    return leaving;
}

static void drop(struct wf_engine *engine, struct wf_slurm_leaving *leaving)
{
    HASH_DEL(engine->leavings, leaving); // NOLINT(clang-analyzer-unix.Malloc): uthash's own
    free(leaving);
}

void wf_slurm_forget_leavings(struct wf_engine *engine)
{
    while (engine->leavings) {
        drop(engine, engine->leavings);
    }
}

// It is not worth saving what takes longer than the job's nodes are there.
static int64_t save_ms(const struct wf_engine *engine, const struct wf_slurm_job *job,
                       int64_t wished_ms)
{
    struct timespec now;
    (void)clock_gettime(CLOCK_REALTIME, &now);
    int64_t now_ms = (int64_t)now.tv_sec * 1000 + now.tv_nsec / 1000000;
    for (uint32_t i = 0; i < job->node_count; i++) {
        const struct wf_slurm_node *node = wf_slurm_picture_node(engine->picture, job->nodes[i]);
        int64_t gone_ms = node ? wf_slurm_gone_ms(node) : 0;
        if (gone_ms > 0 && gone_ms - now_ms < wished_ms) {
            wished_ms = gone_ms > now_ms ? gone_ms - now_ms : 0;
        }
    }
    return wished_ms;
}

static bool ask_requeue(struct wf_engine *engine, struct wf_slurm_leaving *leaving)
{
    json_t *request = json_pack("{sssI}", "do", "requeue", "job", (json_int_t)leaving->job);
    leaving->request = wf_slurm_send(engine, request);
    // A requeue is answered when it is over.
    leaving->due_ms = leaving->request > 0 ? INT64_MAX : wf_slurm_now_ms() + AGAIN_MS;
    leaving->saves = false;
    return leaving->request > 0;
}

static bool ask_to_save(struct wf_engine *engine, struct wf_slurm_leaving *leaving,
                        const struct wf_slurm_checkpoint *wish, int64_t time_ms)
{
    json_t *request =
        json_pack("{sssIsiss}", "do", "signal", "job", (json_int_t)leaving->job, "signal",
                  (int)wish->signal, "to", wish->to_batch ? "batch" : "steps");
    leaving->request = wf_slurm_send(engine, request);
    leaving->due_ms = wf_slurm_now_ms() + time_ms;
    leaving->saves = true;
    return leaving->request > 0;
}

enum wf_status wf_slurm_begin_leaving(struct wf_engine *engine, const struct wf_slurm_job *job,
                                      struct wf_error *err)
{
    struct wf_slurm_checkpoint wish = wf_slurm_read_checkpoint(job->comment);
    struct wf_slurm_leaving *leaving = find(engine, job->key);
    if (leaving) {
        return WF_OK;
    }
    leaving = calloc(1, sizeof *leaving);
    if (!leaving) {
        return wf_fail(err, WF_NOMEM, "no memory to end job %s", job->key);
    }
    memcpy(leaving->key, job->key, sizeof leaving->key);
    leaving->job = job->id;
    HASH_ADD_STR(engine->leavings, key, leaving);
    int64_t time_ms = wish.signal > 0 ? save_ms(engine, job, wish.save_ms) : 0;
    bool asked =
        time_ms > 0 ? ask_to_save(engine, leaving, &wish, time_ms) : ask_requeue(engine, leaving);
    if (!asked) {
        drop(engine, leaving);
        return wf_fail(err, WF_IO, "the Slurm adapter is not there");
    }
    return WF_OK;
}

bool wf_slurm_leaving_answered(struct wf_engine *engine, const struct wf_slurm_news *news)
{
    struct wf_slurm_leaving *leaving = engine->leavings;
    while (leaving && leaving->request != news->request) {
        leaving = leaving->hh.next;
    }
    if (!leaving) {
        return false;
    }
    leaving->request = 0;
    if (news->kind == WF_SLURM_NEWS_DONE) {
        if (!leaving->saves) {
            drop(engine, leaving);
        }
        return true;
    }
    wf_slurm_say(engine, "job %s has to leave: %s", leaving->key,
                 news->text[0] ? news->text : news->code);
    // A signal that does not reach it saves nothing; what keeps it from being requeued may pass.
    leaving->due_ms = wf_slurm_now_ms() + (leaving->saves ? 0 : AGAIN_MS);
    if (strcmp(news->code, "unfit") == 0 || strcmp(news->code, "not-ours") == 0) {
        drop(engine, leaving);
    }
    return true;
}

// Requests that were open when the connection broke are made again.
void wf_slurm_leaving_lost_wire(struct wf_engine *engine)
{
    struct wf_slurm_leaving *leaving;
    for (leaving = engine->leavings; leaving; leaving = leaving->hh.next) {
        leaving->request = 0;
        leaving->due_ms = leaving->due_ms == INT64_MAX ? 0 : leaving->due_ms;
    }
}

void wf_slurm_follow_leavings(struct wf_engine *engine)
{
    struct wf_slurm_leaving *leaving, *next;
    int64_t now_ms = wf_slurm_now_ms();
    for (leaving = engine->leavings; leaving; leaving = next) {
        next = leaving->hh.next;
        const struct wf_slurm_job *job = wf_slurm_picture_job(engine->picture, leaving->key);
        bool runs = job && (job->state == WF_SLURM_RUNNING || job->state == WF_SLURM_SUSPENDED);
        if (!runs && leaving->request == 0) {
            drop(engine, leaving);
        } else if (runs && now_ms >= leaving->due_ms) {
            (void)ask_requeue(engine, leaving);
        }
    }
}

int64_t wf_slurm_wait_ms(const struct wf_engine *engine)
{
    int64_t wait_ms = INT64_MAX, now_ms = wf_slurm_now_ms();
    const struct wf_slurm_leaving *leaving;
    for (leaving = engine->leavings; leaving; leaving = leaving->hh.next) {
        if (leaving->due_ms != INT64_MAX) {
            int64_t left_ms = leaving->due_ms > now_ms ? leaving->due_ms - now_ms : 0;
            wait_ms = left_ms < wait_ms ? left_ms : wait_ms;
        }
    }
    return wait_ms;
}

void wf_slurm_tick(struct wf_engine *engine)
{
    if (wf_slurm_is_seen(engine)) {
        wf_slurm_follow_leavings(engine);
    }
}
