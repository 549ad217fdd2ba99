// SPDX-License-Identifier: Apache-2.0
#include "daemon/desk/view.h"

#include <stdlib.h>
#include <string.h>

#include "core/schedule/schedule.h"
#include "core/schedule/wait_explain.h"
#include "daemon/desk/foreign_parts.h"

struct wf_database *wf_desk_database(const struct wf_desk *desk)
{
    return desk->config.db;
}

struct search {
    uint64_t live, any;
};

static bool note(void *context, const struct wf_job_row *row)
{
    struct search *search = context;
    bool live = (WF_JOB_STATE_BIT(row->state) & WF_JOB_STATES_LIVE) != 0;
    search->any = search->any > 0 ? search->any : row->id;
    search->live = live && search->live == 0 ? row->id : search->live;
    return search->live == 0;
}

static enum wf_status search_name(struct wf_desk *desk, const char *name, const char *user,
                                  uint64_t *id_out, struct wf_error *err)
{
    struct search search = {0};
    struct wf_job_query query = {.name = name, .user = user, .newest_first = true, .limit = 1000};
    enum wf_status status = wf_database_jobs(desk->config.db, &query, note, &search, err);
    *id_out = search.live > 0 ? search.live : search.any;
    return status;
}

static bool note_newest(void *context, const struct wf_job_row *row)
{
    *(uint64_t *)context = row->id;
    return false;
}

// "slurm:4711", as the engine calls it: the live one, else the newest. False: no such name.
static bool find_key(struct wf_desk *desk, const char *job, uint64_t *id_out,
                     enum wf_status *status_out, struct wf_error *err)
{
    const char *kind = desk->config.kind->name;
    size_t length = strlen(kind);
    if (!wf_desk_is_foreign(desk) || strncmp(job, kind, length) != 0 || job[length] != ':') {
        return false;
    }
    *id_out = wf_desk_foreign_find(desk, job + length + 1);
    *status_out = WF_OK;
    if (*id_out == 0) {
        struct wf_job_query query = {.key = job + length + 1, .newest_first = true, .limit = 1};
        *status_out = wf_database_jobs(desk->config.db, &query, note_newest, id_out, err);
    }
    if (*status_out == WF_OK && *id_out == 0) {
        *status_out = wf_fail(err, WF_NOTFOUND, "no job '%s' is known here", job);
    }
    return true;
}

enum wf_status wf_desk_find(struct wf_desk *desk, const char *job, const char *user, bool all,
                            uint64_t *id_out, struct wf_error *err)
{
    char *end = NULL;
    enum wf_status found;
    if (find_key(desk, job, id_out, &found, err)) {
        return found;
    }
    if (job[0] >= '1' && job[0] <= '9') {
        unsigned long long number = strtoull(job, &end, 10);
        if (*end == '\0' && strlen(job) < 20) {
            *id_out = number;
            return number < desk->world.next_job
                       ? WF_OK
                       : wf_fail(err, WF_NOTFOUND, "there is no job %s", job);
        }
    }
    enum wf_status status = search_name(desk, job, user, id_out, err);
    if (status == WF_OK && *id_out == 0 && all) {
        status = search_name(desk, job, NULL, id_out, err);
    }
    if (status == WF_OK && *id_out == 0) {
        status = wf_fail(err, WF_NOTFOUND, "there is no job '%s'", job);
    }
    return status;
}

static void fill_wait(const struct wf_desk *desk, uint64_t id, struct wf_job_live *live)
{
    const struct wf_core *core = desk->world.core;
    uint32_t slot = wf_cluster_find_job(wf_core_cluster(core), (wf_job_id){id});
    if (slot == WF_NONE) {
        return;
    }
    const struct wf_schedule *schedule = wf_core_schedule(core);
    const struct wf_ticket *ticket = &schedule->backlog.tickets[slot];
    enum wf_wait_reason reason = wf_wait_reason_now(core, slot);
    live->reason_code = wf_wait_reason_name(reason);
    live->reason = wf_wait_reason_text(reason);
    if (desk->notice.gone_ms > 0 && live->state == WF_JOB_STATE_WAITING) {
        live->reason_code = "machine-goes";
        live->reason = desk->notice.reason;
    }
    if (ticket->phase == WF_PHASE_WAITING && ticket->reservation != WF_NONE) {
        live->kept_start_ms = wf_future_start_ms(schedule->future, ticket->reservation);
    }
}

bool wf_desk_sharing(const struct wf_desk *desk, uint32_t node, struct wf_desk_sharing *out)
{
    const struct wf_desk_granter *granter = desk->config.granter;
    const char *name = wf_directory_name(&desk->world.directory, WF_JOURNAL_NODE, node);
    return granter && granter->sharing && name && granter->sharing(granter->context, name, out);
}

void wf_desk_closed_why(const struct wf_desk *desk, uint32_t node, char *why, size_t size)
{
    const struct wf_desk_granter *granter = desk->config.granter;
    const char *name = wf_directory_name(&desk->world.directory, WF_JOURNAL_NODE, node);
    snprintf(why, size, "%s", "");
    if (granter && granter->wish && name) {
        (void)granter->wish(granter->context, name, why, size);
    }
}

// Where it runs, or, while it waits, on the worst of the nodes that it may come to.
static void fill_sharing(const struct wf_desk *desk, const struct wf_book_job *job,
                         const struct wf_book_run *run, struct wf_job_live *live)
{
    const struct wf_cluster *cluster = wf_core_cluster(desk->world.core);
    if (job->request.gpus == 0 || job->request.gpu_milli >= WF_GPU_MILLI) {
        return;
    }
    for (uint32_t i = 0; i < cluster->nodes_end; i++) {
        struct wf_desk_sharing sharing;
        bool may_be =
            run ? run->node == i
                : cluster->nodes[i].up && cluster->nodes[i].spec.gpus > 0 &&
                      wf_pool_admits(&cluster->pools[cluster->nodes[i].pool.index], &job->request);
        if (may_be && wf_desk_sharing(desk, i, &sharing) &&
            (!live->shares || sharing.level < live->sharing.level)) {
            live->shares = true;
            live->sharing = sharing;
        }
    }
}

bool wf_desk_live(const struct wf_desk *desk, uint64_t id, struct wf_job_live *live_out)
{
    const struct wf_book_job *job = wf_book_find(&desk->world.book, id);
    if (!job) {
        return false;
    }
    const struct wf_book_run *run = job->run ? job->run : job->old;
    *live_out = (struct wf_job_live){
        .state = job->state,
        .reason_code = "",
        .reason = "",
        .attempt = job->attempts,
        .cost_nanousd = job->cost_nanousd,
        .gpu_ms = job->gpu_ms,
    };
    if (run) {
        struct wf_charge charge = wf_desk_charge(desk, run, wf_desk_now_ms(desk));
        live_out->node =
            run->nodes ? run->nodes
                       : wf_directory_name(&desk->world.directory, WF_JOURNAL_NODE, run->node);
        live_out->gpu_set = run->gpu_set;
        live_out->gpu_milli = run->gpu_milli;
        live_out->started_ms = run->started_ms;
        live_out->cost_nanousd += charge.cost_nanousd;
        live_out->gpu_ms += charge.gpu_ms;
        wf_desk_run_id(id, run->attempt, live_out->run);
    }
    fill_sharing(desk, job, run, live_out);
    if (job->state == WF_JOB_STATE_WAITING || job->state == WF_JOB_STATE_HELD) {
        fill_wait(desk, id, live_out);
        live_out->told = job->work && job->work->why[0] ? job->work->why : NULL;
        if (job->state == WF_JOB_STATE_HELD && job->work && job->work->why[0]) {
            live_out->reason = job->work->why;
        }
    } else if (job->run && job->run->phase != WF_BOOK_STARTED) {
        live_out->reason_code = "room-ending";
        live_out->reason = "starts when those before it on its node have ended";
    }
    return true;
}

static bool can_be_estimated(enum wf_wait_reason reason)
{
    return reason != WF_WAIT_NEVER && reason != WF_WAIT_HELD && reason != WF_WAIT_DEPENDENCY;
}

bool wf_desk_expected_start(const struct wf_desk *desk, uint64_t id, struct wf_job_start *out)
{
    const struct wf_core *core = desk->world.core;
    const struct wf_schedule *schedule = wf_core_schedule(core);
    uint32_t slot = wf_cluster_find_job(wf_core_cluster(core), (wf_job_id){id});
    if (slot == WF_NONE || schedule->backlog.tickets[slot].phase == WF_PHASE_RUNNING ||
        !can_be_estimated(wf_wait_reason_now(core, slot))) {
        return false;
    }
    struct wf_start_time_points points;
    wf_start_watch_tell(desk->world.starts, core, slot, &points);
    int64_t now_ms = wf_desk_now_ms(desk);
    // The core stands where its last event left it: what it tells of the past is to come any
    // moment.
    const int64_t told[] = {points.low_ms, points.middle_ms, points.high_ms};
    int64_t *const into[] = {&out->low_ms, &out->middle_ms, &out->high_ms};
    for (uint32_t i = 0; i < WF_COUNT_OF(told); i++) {
        int64_t at_ms = schedule->now_ms + told[i];
        *into[i] = at_ms > now_ms ? at_ms : now_ms;
    }
    return true;
}

const struct wf_diary_page *wf_desk_diary(const struct wf_desk *desk, uint64_t job)
{
    return wf_diary_read(desk->world.diary, job);
}

const struct wf_core *wf_desk_core(const struct wf_desk *desk)
{
    return desk->world.core;
}

const char *wf_desk_name(const struct wf_desk *desk, enum wf_journal_named what, uint32_t number)
{
    return wf_directory_name(&desk->world.directory, what, number);
}

uint32_t wf_desk_number(const struct wf_desk *desk, enum wf_journal_named what, const char *name)
{
    return wf_directory_find(&desk->world.directory, what, name);
}

uint32_t wf_desk_name_count(const struct wf_desk *desk, enum wf_journal_named what)
{
    return desk->world.directory.lists[what].end;
}

const char *wf_desk_price_source(const struct wf_desk *desk, wf_pool_id pool)
{
    bool known = pool.index < desk->core.limits.pools && desk->price_sources[pool.index];
    return known ? desk->price_sources[pool.index] : "";
}

int64_t wf_desk_core_price(const struct wf_desk *desk)
{
    return desk->config.core_price_nanousd_per_hour;
}

const struct wf_engine_kind *wf_desk_engine_kind(const struct wf_desk *desk)
{
    return desk->config.kind;
}

struct wf_engine *wf_desk_engine(const struct wf_desk *desk)
{
    return desk->config.engine;
}

struct wf_desk_counts wf_desk_count(const struct wf_desk *desk)
{
    struct wf_desk_counts counts = desk->counts;
    for (uint32_t i = 0; i < WF_JOB_STATE_COUNT; i++) {
        counts.live[i] = desk->world.book.states[i];
    }
    counts.events = desk->world.events;
    counts.hash = desk->world.hash;
    counts.feed = desk->world.feed;
    return counts;
}

void wf_desk_watch(struct wf_desk *desk, void (*fn)(void *context, const struct wf_feed_row *row),
                   void *context)
{
    desk->watch = fn;
    desk->watch_context = context;
}
