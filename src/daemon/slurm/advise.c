// SPDX-License-Identifier: Apache-2.0
// Advice: when a waiting job is expected to start and where, at the end of its comment in Slurm. It
// is written when it changed, and a few at a time.
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>

#include "core/schedule/schedule.h"
#include "daemon/desk/book.h"
#include "daemon/slurm/follow_parts.h"

enum {
    ROUND_MS = 300000, // expected starts change all the time; what is told is this fine
    TEXT_BYTES = 240,
    NODES_SHOWN = 4,
};

// What was written last.
struct wf_advice {
    uint32_t id;
    char text[TEXT_BYTES];
    bool is_seen; // in this look
    UT_hash_handle hh;
};

struct advising {
    struct wf_follow *follow;
    uint32_t written;
};

void wf_follow_forget_advice(struct wf_follow *follow)
{
    struct wf_advice *advice, *next;
    HASH_ITER(hh, follow->advice, advice, next)
    {
        HASH_DEL(follow->advice, advice); // NOLINT(clang-analyzer-unix.Malloc): uthash's own
        free(advice);
    }
}

// Up to the next full five minutes.
static void write_time(int64_t time_ms, char *text, size_t size)
{
    time_t seconds = (time_t)((time_ms + ROUND_MS - 1) / ROUND_MS * (ROUND_MS / 1000));
    struct tm parts;
    if (!gmtime_r(&seconds, &parts) || strftime(text, size, "%Y-%m-%dT%H:%MZ", &parts) == 0) {
        snprintf(text, size, "?");
    }
}

// The nodes on which a start is kept for the job; "": none is.
static void write_nodes(const struct wf_desk *desk, uint64_t id, char *text, size_t size)
{
    const struct wf_core *core = wf_desk_core(desk);
    const struct wf_schedule *schedule = wf_core_schedule(core);
    uint32_t slot = wf_cluster_find_job(wf_core_cluster(core), (wf_job_id){id});
    size_t used = 0;
    text[0] = '\0';
    if (slot == WF_NONE || schedule->backlog.tickets[slot].phase != WF_PHASE_WAITING ||
        schedule->backlog.tickets[slot].reservation == WF_NONE) {
        return;
    }
    uint32_t reservation = schedule->backlog.tickets[slot].reservation;
    uint32_t task = wf_future_first_task(schedule->future, reservation), before = WF_NONE;
    for (uint32_t shown = 0; task != WF_NONE && used < size;) {
        struct wf_future_task planned = wf_future_task(schedule->future, task);
        const char *name = wf_desk_name(desk, WF_JOURNAL_NODE, planned.node);
        task = planned.next;
        if (planned.node == before || !name) {
            continue;
        }
        if (shown == NODES_SHOWN) {
            snprintf(text + used, size - used, ",...");
            return;
        }
        used += (size_t)snprintf(text + used, size - used, "%s%.40s", shown++ > 0 ? "," : "", name);
        before = planned.node;
    }
}

static void compose(const struct wf_follow *follow, uint64_t id, char *text, size_t size)
{
    struct wf_job_live live;
    struct wf_job_start start;
    char when[32], nodes[160];
    int64_t now_ms = follow->config.now_ms(follow->config.context);
    text[0] = '\0';
    if (!wf_desk_live(follow->desk, id, &live)) {
        return;
    }
    write_nodes(follow->desk, id, nodes, sizeof nodes);
    if (live.state == WF_JOB_STATE_HELD) {
        snprintf(text, size, "%.150s", live.reason ? live.reason : "held");
    } else if (live.kept_start_ms > 0 && live.kept_start_ms <= now_ms + ROUND_MS) {
        snprintf(text, size, "could start now%s%.150s", nodes[0] ? " on " : "", nodes);
    } else if (live.kept_start_ms > 0) {
        write_time(live.kept_start_ms, when, sizeof when);
        snprintf(text, size, "expected start %s%s%.150s", when, nodes[0] ? " on " : "", nodes);
    } else if (strcmp(live.reason_code, "watched") == 0) {
        snprintf(text, size, "could start now");
    } else if (wf_desk_expected_start(follow->desk, id, &start)) {
        write_time(start.middle_ms, when, sizeof when);
        snprintf(text, size, "expected start %s", when);
    } else if (live.reason) {
        snprintf(text, size, "waits: it %.150s", live.reason);
    }
}

static bool first_task(void *context, uint32_t task)
{
    *(uint32_t *)context = task;
    return false;
}

static void advise(void *context, const struct wf_slurm_job *job)
{
    struct advising *advising = context;
    struct wf_follow *follow = advising->follow;
    struct wf_advice *advice = NULL;
    char text[TEXT_BYTES], key[WF_SLURM_KEY_BYTES];
    uint32_t task = 0;
    snprintf(key, sizeof key, "%s", job->key);
    if (job->array_tasks[0]) { // of those that wait, the first
        (void)wf_slurm_read_tasks(job->array_tasks, first_task, &task);
        snprintf(key, sizeof key, "%u_%u", job->id, task);
    }
    uint64_t id = job->state == WF_SLURM_PENDING ? wf_desk_foreign_find(follow->desk, key) : 0;
    if (id == 0) {
        return;
    }
    HASH_FIND(hh, follow->advice, &job->id, sizeof job->id, advice);
    if (!advice) {
        advice = calloc(1, sizeof *advice);
        if (!advice) {
            return;
        }
        advice->id = job->id;
        HASH_ADD(hh, follow->advice, id, sizeof advice->id, advice);
    }
    advice->is_seen = true;
    compose(follow, id, text, sizeof text);
    if (text[0] == '\0' || strcmp(text, advice->text) == 0 ||
        advising->written == WF_FOLLOW_ADVICE_MAX) {
        return;
    }
    if (wf_slurm_advise(follow->config.engine, job->id, text, NULL) == WF_OK) {
        memcpy(advice->text, text, sizeof advice->text);
        advising->written++;
    }
}

void wf_follow_advise(struct wf_follow *follow)
{
    struct advising advising = {.follow = follow};
    struct wf_advice *advice, *next;
    for (advice = follow->advice; advice; advice = advice->hh.next) {
        advice->is_seen = false;
    }
    wf_slurm_picture_jobs(wf_slurm_picture_of(follow->config.engine), advise, &advising);
    HASH_ITER(hh, follow->advice, advice, next)
    {
        if (!advice->is_seen) {
            HASH_DEL(follow->advice, advice); // NOLINT(clang-analyzer-unix.Malloc): uthash's own
            free(advice);
        }
    }
}
