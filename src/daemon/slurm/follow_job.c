// SPDX-License-Identifier: Apache-2.0
// One job of Slurm, as it is, to the desk; and what is asked of Slurm about it so that it is ours
// to decide, or is not.
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "daemon/desk/book.h"
#include "daemon/slurm/follow_parts.h"

enum { PARTS_MAX = WF_JOB_TASKS_MAX };

struct telling {
    struct wf_follow *follow;
    const struct wf_slurm_job *job;
    struct wf_slurm_words words;
    struct wf_foreign_job told;
    struct wf_foreign_place *places;
    struct wf_run end;
    char why[WF_SLURM_WHY_BYTES + 32];
    bool refused;     // the core cannot decide about it
    uint32_t granted; // tasks of an array whose licences are there and that were not told yet
};

struct wf_follow_record *wf_follow_record_of(struct wf_follow *follow, uint32_t id, bool make)
{
    struct wf_follow_record *record = NULL;
    HASH_FIND(hh, follow->records, &id, sizeof id, record);
    if (record || !make) {
        return record;
    }
    record = calloc(1, sizeof *record);
    if (record) {
        record->id = id;
        HASH_ADD(hh, follow->records, id, sizeof record->id, record);
    }
    return record;
}

static void forget_record(struct wf_follow *follow, struct wf_follow_record *record)
{
    if (record) {
        HASH_DEL(follow->records, record); // NOLINT(clang-analyzer-unix.Malloc): uthash's own
        free(record->tasks);
        free(record);
    }
}

void wf_follow_forget_records(struct wf_follow *follow)
{
    while (follow->records) {
        forget_record(follow, follow->records); // NOLINT(clang-analyzer-unix.Malloc): uthash's own
    }
}

static void hand_over(struct telling *telling, const char *key)
{
    struct wf_follow *follow = telling->follow;
    struct wf_error err;
    telling->told.key = key;
    if (follow->is_full) {
        return;
    }
    switch (wf_desk_foreign_tell(follow->desk, &telling->told, &err)) {
    case WF_OK:
    case WF_NOTFOUND: // it came and went without us
    case WF_EXISTS:
    case WF_UNFIT:
        break;
    case WF_INVALID:
        telling->refused = true;
        break;
    case WF_LIMIT:
    case WF_IO:
    case WF_NOMEM:
        follow->is_full = true;
        wf_follow_say(follow, "%s", err.text);
        break;
    }
}

static enum wf_run_end end_of(enum wf_slurm_state state, const struct wf_slurm_job *job)
{
    switch (state) {
    case WF_SLURM_COMPLETED:
        return WF_RUN_END_EXIT;
    case WF_SLURM_FAILED:
        return job->exit_signal > 0 ? WF_RUN_END_SIGNAL : WF_RUN_END_EXIT;
    case WF_SLURM_CANCELLED:
        return WF_RUN_END_CANCELLED;
    case WF_SLURM_TIMEOUT:
    case WF_SLURM_DEADLINE:
        return WF_RUN_END_TIME_LIMIT;
    case WF_SLURM_NODE_FAIL:
    case WF_SLURM_BOOT_FAIL:
        return WF_RUN_END_RESTARTED;
    case WF_SLURM_PREEMPTED:
        return WF_RUN_END_PREEMPTED;
    case WF_SLURM_OUT_OF_MEMORY:
        return WF_RUN_END_OUT_OF_MEMORY;
    case WF_SLURM_PENDING:
    case WF_SLURM_RUNNING:
    case WF_SLURM_SUSPENDED:
    case WF_SLURM_COMPLETING:
        break;
    }
    return WF_RUN_END_UNKNOWN;
}

static void set_end(struct telling *telling)
{
    const struct wf_slurm_job *job = telling->job;
    int64_t now_ms = telling->follow->config.now_ms(telling->follow->config.context);
    telling->end = (struct wf_run){
        .end = end_of(job->state, job),
        .exit_code = job->exit_signal > 0 ? -1 : job->exit_code,
        .signal = job->exit_signal,
        .started_ms = job->start_ms,
        .ended_ms = job->end_ms > 0 && job->end_ms < now_ms ? job->end_ms : now_ms,
    };
    snprintf(telling->end.detail, sizeof telling->end.detail, "Slurm: %s",
             wf_slurm_state_text(job->state));
    telling->told.end = &telling->end;
}

static uint32_t count_bits(uint32_t set)
{
    return (uint32_t)__builtin_popcount(set);
}

static bool fill_place(struct telling *telling, const struct wf_slurm_part *part,
                       struct wf_foreign_place *place)
{
    const struct wf_slurm_cluster *cluster = &telling->follow->cluster;
    const struct wf_site_node *node = wf_slurm_find_node(cluster, part->node);
    const struct wf_slurm_node *known =
        wf_slurm_picture_node(wf_slurm_picture_of(telling->follow->config.engine), part->node);
    uint32_t set = 0, gpus = part->gpu_count;
    *place = (struct wf_foreign_place){.node = part->node, .gpu_milli = WF_GPU_MILLI};
    (void)wf_slurm_read_set(part->gpus, &set);
    uint32_t there = node ? node->spec.gpus : WF_NODE_GPUS_MAX;
    set &= there < 32 ? (UINT32_C(1) << there) - 1 : UINT32_MAX;
    if (part->shards > 0 && known && known->gpus_count == 1 && known->gpus[0].count > 0 &&
        known->shards >= known->gpus[0].count) {
        uint32_t per_gpu = known->shards / known->gpus[0].count;
        gpus = count_bits(set) > 0 ? count_bits(set) : 1;
        uint32_t milli = part->shards * WF_GPU_MILLI / per_gpu / gpus;
        milli = milli > WF_GPU_MILLI ? WF_GPU_MILLI : milli;
        place->gpu_milli = (uint16_t)(milli > 0 ? milli : 1);
    }
    place->gpus = (uint8_t)(gpus < there ? gpus : there);
    place->gpu_set = count_bits(set) > place->gpus ? 0 : set;
    place->gpu_milli = place->gpus > 0 ? place->gpu_milli : 0;
    place->cpu_milli =
        (part->cpus < WF_CPU_MILLI_MAX / 1000 ? part->cpus : WF_CPU_MILLI_MAX / 1000) * 1000;
    place->memory_mib = part->memory_mib;
    return node != NULL;
}

// What it has on our nodes. A line that was too long has none: then by what it asked for.
static void set_places(struct telling *telling)
{
    const struct wf_slurm_job *job = telling->job;
    const struct wf_job_document *document = &telling->words.document;
    uint32_t count = job->part_count > 0 ? job->part_count : job->node_count;
    count = count < PARTS_MAX ? count : PARTS_MAX;
    telling->places = calloc((size_t)count + 1, sizeof *telling->places);
    if (!telling->places) {
        telling->follow->is_full = true;
        return;
    }
    for (uint32_t i = 0; i < count; i++) {
        struct wf_slurm_part guess = {.node = job->part_count > 0 ? "" : job->nodes[i],
                                      .gpus = "",
                                      .gpu_type = "",
                                      .cpus = document->cpu_milli / 1000,
                                      .memory_mib = document->memory_mib,
                                      .gpu_count = document->gpus.gpus};
        const struct wf_slurm_part *part = job->part_count > 0 ? &job->parts[i] : &guess;
        struct wf_foreign_place *place = &telling->places[telling->told.place_count];
        telling->told.place_count += fill_place(telling, part, place);
    }
    telling->told.places = telling->places;
    int64_t now_ms = telling->follow->config.now_ms(telling->follow->config.context);
    telling->told.started_ms = job->start_ms < now_ms ? job->start_ms : now_ms;
}

// Whether it is on its way back into the queue, and still has its nodes.
static bool returns(const struct wf_slurm_job *job)
{
    return job->state == WF_SLURM_COMPLETING && job->base == WF_SLURM_PENDING;
}

static void set_request(struct telling *telling)
{
    const struct wf_slurm_job *job = telling->job;
    struct wf_foreign_job *told = &telling->told;
    told->document = &telling->words.document;
    told->user = job->user[0] ? job->user : "unknown";
    told->uid = told->gid = job->uid;
    told->submitted_ms = job->submit_ms;
    told->array = job->array;
    told->array_at_most = job->array_at_most;
    // The next run is counted before this one is over.
    told->restarts = job->restarts - (returns(job) && job->restarts > 0);
}

// Asks Slurm for what makes it ours, or nobody's. Not for every line that comes.
static void ask(struct telling *telling, enum wf_status (*what)(struct wf_engine *engine,
                                                                uint32_t job, struct wf_error *err))
{
    struct wf_follow *follow = telling->follow;
    struct wf_follow_record *record = wf_follow_record_of(follow, telling->job->id, true);
    int64_t now_ms = follow->config.now_ms(follow->config.context);
    struct wf_error err;
    if (record && now_ms >= record->ask_ms) {
        record->ask_ms = now_ms + WF_FOLLOW_ASK_MS;
        if (what(follow->config.engine, telling->job->id, &err) != WF_OK) {
            wf_follow_say(follow, "%s", err.text);
        }
    }
}

static bool lacks_licenses(struct telling *telling)
{
    const struct wf_follow_record *record =
        wf_follow_record_of(telling->follow, telling->job->id, false);
    telling->granted = record ? record->granted : 0;
    return telling->job->licenses[0] && telling->granted == 0;
}

// Who decides about a waiting job, and why not we.
static void set_hold(struct telling *telling)
{
    const struct wf_slurm_job *job = telling->job;
    struct wf_foreign_job *told = &telling->told;
    bool is_held = job->held != WF_SLURM_NOT_HELD && !job->ours;
    told->held = true;
    told->why = telling->why;
    if (telling->words.left) {
        snprintf(telling->why, sizeof telling->why, "left to Slurm: %s", telling->words.why);
    } else if (is_held) {
        snprintf(telling->why, sizeof telling->why, "%s holds it in Slurm",
                 job->held == WF_SLURM_HELD_USER ? "its owner" : "an administrator");
    } else if (telling->words.waits) {
        snprintf(telling->why, sizeof telling->why, "%s", telling->words.why);
    } else if (lacks_licenses(telling)) {
        wf_licenses_say(&telling->follow->licenses, job, telling->why, sizeof telling->why);
    } else {
        told->held = false;
        told->why = NULL;
    }
}

// Has Slurm give a waiting job to us, or takes it back.
static void settle_hold(struct telling *telling)
{
    const struct wf_slurm_job *job = telling->job;
    bool is_ours_to_start = !telling->told.held || lacks_licenses(telling);
    if (telling->follow->config.slurm->mode != WF_SLURM_DECIDE) {
        return;
    }
    if (telling->words.left && job->ours && !job->edited) {
        ask(telling, wf_slurm_leave);
    } else if (is_ours_to_start && !telling->words.left && !job->ours &&
               job->held == WF_SLURM_NOT_HELD) {
        ask(telling, wf_slurm_hold);
    }
}

static bool is_managed(struct wf_follow *follow, const struct wf_slurm_job *job)
{
    struct wf_slurm_view view = wf_follow_view(follow);
    char first[WF_SLURM_NAME_BYTES];
    snprintf(first, sizeof first, "%.*s", (int)strcspn(job->partition, ","), job->partition);
    return wf_slurm_is_ours(&view, first);
}

static void tell_one_waiting(struct telling *telling, const char *key)
{
    struct wf_foreign_job *told = &telling->told;
    struct wf_slurm_start start = wf_slurm_start_of(telling->follow->config.engine, key);
    const char *why = told->why;
    told->start = start.run;
    if (!why && start.why[0]) {
        told->why = start.why;
    }
    hand_over(telling, key);
    told->why = why;
}

static bool tell_task(void *context, uint32_t task)
{
    struct telling *telling = context;
    char key[WF_SLURM_KEY_BYTES];
    snprintf(key, sizeof key, "%u_%u", telling->job->id, task);
    if (telling->job->licenses[0] && !telling->told.held && telling->granted-- == 0) {
        wf_licenses_say(&telling->follow->licenses, telling->job, telling->why,
                        sizeof telling->why);
        telling->told.held = true; // and so are those that follow
    }
    tell_one_waiting(telling, key);
    return !telling->follow->is_full;
}

static bool lose_task(void *context, uint32_t task)
{
    struct telling *telling = context;
    const struct wf_slurm_picture *picture = wf_slurm_picture_of(telling->follow->config.engine);
    char key[WF_SLURM_KEY_BYTES];
    snprintf(key, sizeof key, "%u_%u", telling->job->id, task);
    if (!wf_slurm_picture_job(picture, key) && wf_desk_foreign_find(telling->follow->desk, key)) {
        struct telling lost = {
            .follow = telling->follow, .job = telling->job, .told = {.state = WF_FOREIGN_OVER}};
        hand_over(&lost, key);
    }
    return true;
}

struct subtraction {
    struct telling *telling;
    const char *now; // those that still wait
};

static bool lose_if_left(void *context, uint32_t task)
{
    struct subtraction *subtraction = context;
    return wf_slurm_has_task(subtraction->now, task) || lose_task(subtraction->telling, task);
}

// An array's record: each of its tasks that wait, and those that do not wait any more and have no
// record of their own.
static void tell_record(struct telling *telling)
{
    struct wf_follow *follow = telling->follow;
    const struct wf_slurm_job *job = telling->job;
    struct wf_follow_record *record = wf_follow_record_of(follow, job->id, true);
    bool waits = job->state == WF_SLURM_PENDING && job->array_task == WF_NONE;
    const char *now = waits ? job->array_tasks : "";
    if (record && record->tasks && strcmp(record->tasks, now) != 0) {
        struct subtraction subtraction = {telling, now};
        (void)wf_slurm_read_tasks(record->tasks, lose_if_left, &subtraction);
    }
    if (record && (!record->tasks || strcmp(record->tasks, now) != 0)) {
        free(record->tasks);
        record->tasks = now[0] ? strdup(now) : NULL;
    }
    if (now[0]) {
        (void)wf_slurm_read_tasks(now, tell_task, telling);
    }
}

static void note_waiting(struct telling *telling)
{
    struct wf_follow *follow = telling->follow;
    struct wf_follow_record *record =
        wf_follow_record_of(follow, telling->job->id, telling->words.waits);
    if (record) {
        snprintf(record->waits, sizeof record->waits, "%s",
                 telling->words.waits ? telling->job->key : "");
    }
}

void wf_follow_tell_waiting(struct wf_follow *follow)
{
    struct wf_follow_record *record, *next;
    const struct wf_slurm_picture *picture = wf_slurm_picture_of(follow->config.engine);
    HASH_ITER(hh, follow->records, record, next)
    {
        const struct wf_slurm_job *job =
            record->waits[0] ? wf_slurm_picture_job(picture, record->waits) : NULL;
        if (job && job->state == WF_SLURM_PENDING) {
            wf_follow_tell(follow, job, false);
        }
    }
}

static void tell_waiting(struct telling *telling)
{
    const struct wf_slurm_job *job = telling->job;
    if (!is_managed(telling->follow, job)) {
        telling->told = (struct wf_foreign_job){.state = WF_FOREIGN_OVER};
        if (wf_desk_foreign_find(telling->follow->desk, job->key) != 0) {
            hand_over(telling, job->key); // it was moved out of our partitions
        }
        if (job->ours && telling->follow->config.slurm->mode == WF_SLURM_DECIDE) {
            ask(telling, wf_slurm_leave); // nobody else would release it there
        }
        return;
    }
    telling->told.state = WF_FOREIGN_WAITS;
    set_hold(telling);
    settle_hold(telling);
    note_waiting(telling);
    if (job->array_tasks[0]) {
        tell_record(telling);
    } else {
        tell_one_waiting(telling, job->key);
    }
    // What the core will never place is Slurm's to judge; a node that is down may come back.
    if (telling->refused && telling->follow->config.slurm->mode == WF_SLURM_DECIDE && job->ours &&
        !job->edited && telling->follow->cluster.nodes_down == 0) {
        ask(telling, wf_slurm_leave);
    }
}

static void tell_running(struct telling *telling)
{
    bool known = wf_desk_foreign_find(telling->follow->desk, telling->job->key) != 0;
    telling->told.state = WF_FOREIGN_RUNS;
    set_places(telling);
    if (known && returns(telling->job)) {
        telling->told.place_count = 0; // Slurm tells no GPUs of it any more
    }
    if (telling->told.place_count > 0 || known) {
        hand_over(telling, telling->job->key);
    }
}

static void tell_over(struct telling *telling)
{
    telling->told.state = WF_FOREIGN_OVER;
    set_places(telling);
    set_end(telling);
    bool known = wf_desk_foreign_find(telling->follow->desk, telling->job->key) != 0;
    if (known || (is_managed(telling->follow, telling->job) && telling->told.place_count > 0)) {
        hand_over(telling, telling->job->key);
    }
}

// Slurm forgot it: how it ended was told before, if it was ever told.
static void tell_gone(struct telling *telling)
{
    struct wf_follow_record *record = wf_follow_record_of(telling->follow, telling->job->id, false);
    telling->told = (struct wf_foreign_job){.state = WF_FOREIGN_OVER};
    if (record && record->tasks) {
        struct subtraction subtraction = {telling, ""};
        (void)wf_slurm_read_tasks(record->tasks, lose_if_left, &subtraction);
    }
    if (wf_desk_foreign_find(telling->follow->desk, telling->job->key) &&
        !wf_slurm_picture_job(wf_slurm_picture_of(telling->follow->config.engine),
                              telling->job->key)) {
        hand_over(telling, telling->job->key);
    }
    forget_record(telling->follow, record);
}

void wf_follow_tell(struct wf_follow *follow, const struct wf_slurm_job *job, bool gone)
{
    struct telling telling = {.follow = follow, .job = job};
    struct wf_slurm_view view = wf_follow_view(follow);
    struct wf_error err;
    if (follow->is_full) {
        return;
    }
    if (gone) {
        tell_gone(&telling);
        return;
    }
    enum wf_status status = wf_slurm_translate(&follow->cluster, &view, job, &telling.words, &err);
    if (status != WF_OK) {
        wf_follow_say(follow, "job %s is not shown: %s", job->key, err.text);
        wf_job_document_finish(&telling.words.document);
        return;
    }
    set_request(&telling);
    if (wf_slurm_is_over(job->state)) {
        tell_over(&telling);
    } else if (job->state == WF_SLURM_PENDING) {
        tell_waiting(&telling);
    } else {
        tell_running(&telling);
    }
    if (!job->array_tasks[0] && wf_follow_record_of(follow, job->id, false)) {
        tell_record(&telling); // it was the record of an array
    }
    free(telling.places);
    wf_job_document_finish(&telling.words.document);
}
