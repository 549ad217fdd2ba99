// SPDX-License-Identifier: Apache-2.0
// Runs of work that others asked for: started by key and nodes, found, and ended by others' word.
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/assert.h"
#include "core/schedule/schedule.h"
#include "daemon/desk/foreign_parts.h"

enum {
    BACK_OFF_MS = 10000,    // before a start is tried again that came to nothing,
    BACK_OFF_DOUBLINGS = 5, // longer with each that follows
    NODES_BYTES_MAX = 8192, // of their names in a row
};

enum wf_status wf_desk_foreign_start(struct wf_desk *desk, struct wf_book_run *run,
                                     struct wf_error *err)
{
    const struct wf_book_job *job = run->job;
    const char **nodes = calloc(job->tasks, sizeof *nodes);
    char id[WF_RUN_ID_MAX + 1];
    if (!nodes) {
        return wf_fail(err, WF_NOMEM, "no memory to start a run");
    }
    for (uint32_t task = 0; task < job->tasks; task++) {
        nodes[task] =
            wf_directory_name(&desk->world.directory, WF_JOURNAL_NODE, run->task_nodes[task]);
        WF_ASSERT(nodes[task]); // it was given out with the number
    }
    wf_desk_run_id(job->id, run->attempt, id);
    const struct wf_run_spec spec = {
        .id = id, .tasks = job->tasks, .key = job->work->key, .nodes = nodes};
    enum wf_status status = desk->config.kind->start(desk->config.engine, &spec, err);
    free(nodes);
    return status;
}

void wf_desk_foreign_name_nodes(const struct wf_desk *desk, struct wf_book_run *run)
{
    char text[NODES_BYTES_MAX];
    size_t used = 0;
    text[0] = '\0';
    for (uint32_t i = 0; i < run->place_count && used < sizeof text - 1; i++) {
        const char *name =
            wf_directory_name(&desk->world.directory, WF_JOURNAL_NODE, run->places[i].node);
        used += (size_t)snprintf(text + used, sizeof text - used, "%s%s", i > 0 ? "," : "",
                                 name ? name : "?");
    }
    char *copy = strdup(text);
    if (copy) {
        free(run->nodes);
        run->nodes = copy;
    }
}

static struct wf_book_place *add_place(struct wf_book_run *run)
{
    struct wf_book_place *places =
        realloc(run->places, (run->place_count + 1) * sizeof *run->places);
    WF_ASSERT(places); // the core has it running: there is no way back
    run->places = places;
    places[run->place_count] = (struct wf_book_place){.node = WF_NONE};
    return &places[run->place_count++];
}

void wf_desk_foreign_place(struct wf_desk *desk, struct wf_book_run *run, uint32_t node,
                           const struct wf_book_place *more)
{
    struct wf_book_place *place = NULL;
    for (uint32_t i = 0; i < run->place_count && !place; i++) {
        place = run->places[i].node == node ? &run->places[i] : NULL;
    }
    if (!place) {
        place = add_place(run);
        place->node = node;
        wf_desk_foreign_name_nodes(desk, run);
    }
    place->gpu_set |= more->gpu_set;
    place->gpu_milli = more->gpu_milli;
    place->gpus = (uint8_t)(place->gpus + more->gpus);
    place->cpu_milli += more->cpu_milli;
    place->memory_mib += more->memory_mib;
    run->gpu_set = run->places[0].gpu_set;
}

// A share of each of several GPUs is none that the core knows: it counts as all of them.
static struct wf_book_place place_of(const struct wf_desk *desk,
                                     const struct wf_foreign_place *told)
{
    const struct wf_cluster *cluster = wf_core_cluster(desk->world.core);
    struct wf_book_place place = {
        .node = wf_directory_find(&desk->world.directory, WF_JOURNAL_NODE, told->node),
        .gpus = told->gpus < WF_NODE_GPUS_MAX ? told->gpus : WF_NODE_GPUS_MAX,
        .cpu_milli = told->cpu_milli,
        .memory_mib = told->memory_mib,
    };
    bool share = place.gpus == 1 && told->gpu_milli > 0 && told->gpu_milli < WF_GPU_MILLI;
    place.gpu_milli = share ? told->gpu_milli : WF_GPU_MILLI;
    place.gpu_milli = place.gpus > 0 ? place.gpu_milli : 0;
    place.gpu_set = place.gpus > 0 ? told->gpu_set : 0;
    if (place.node != WF_NONE) {
        struct wf_request request = {.gpus = place.gpus, .gpu_milli = place.gpu_milli};
        const struct wf_pool *pool = &cluster->pools[cluster->nodes[place.node].pool.index];
        place.gpu_milli = wf_pool_request(pool, &request).gpu_milli;
    }
    return place;
}

static bool same_places(const struct wf_book_run *run, const struct wf_book_place *places,
                        uint32_t count)
{
    bool same = run->place_count == count;
    for (uint32_t i = 0; i < count && same; i++) {
        const struct wf_book_place *a = &run->places[i], *b = &places[i];
        same = a->node == b->node && a->gpu_set == b->gpu_set && a->gpus == b->gpus &&
               a->gpu_milli == b->gpu_milli && a->cpu_milli == b->cpu_milli &&
               a->memory_mib == b->memory_mib;
    }
    return same;
}

static bool has_node(const struct wf_book_run *run, uint32_t node)
{
    bool has = false;
    for (uint32_t i = 0; i < run->place_count; i++) {
        has = has || run->places[i].node == node;
    }
    return has;
}

// What its GPUs cost an hour, each as much as all in the mean.
static void set_price(const struct wf_desk *desk, struct wf_book_run *run)
{
    const struct wf_cluster *cluster = wf_core_cluster(desk->world.core);
    wf_int128 cost = 0;
    int64_t gpus = 0;
    for (uint32_t i = 0; i < run->place_count; i++) {
        const struct wf_book_place *place = &run->places[i];
        if (place->node != WF_NONE) {
            uint32_t pool = cluster->nodes[place->node].pool.index;
            cost += (wf_int128)cluster->pools[pool].spec.price_nanousd_per_gpu_hour * place->gpus;
            gpus += place->gpus;
        }
    }
    run->price_nanousd_per_gpu_hour = gpus > 0 ? (int64_t)(cost / gpus) : 0;
}

static void use_places(struct wf_desk *desk, struct wf_book_run *run, struct wf_book_place *places,
                       uint32_t count)
{
    free(run->places);
    run->places = places;
    run->place_count = count;
    run->is_told = true;
    run->is_dirty = true;
    run->node = places[0].node;
    run->gpu_set = places[0].gpu_set;
    run->gpu_milli = places[0].gpu_milli;
    set_price(desk, run);
    wf_desk_foreign_name_nodes(desk, run);
    wf_book_touch(&desk->world.book, run->job);
}

void wf_desk_foreign_take_places(struct wf_desk *desk, struct wf_book_run *run,
                                 const struct wf_foreign_job *told)
{
    struct wf_book_place *places =
        told->place_count > 0 ? calloc(told->place_count, sizeof *places) : NULL;
    bool moved = false;
    if (!places) {
        return; // it is told again
    }
    for (uint32_t i = 0; i < told->place_count; i++) {
        places[i] = place_of(desk, &told->places[i]);
        moved = moved || !has_node(run, places[i].node);
    }
    desk->foreign.elsewhere += moved && run->place_count > 0 && !run->is_told;
    if (run->is_told && same_places(run, places, told->place_count)) {
        free(places);
    } else {
        use_places(desk, run, places, told->place_count);
        run->is_fresh = true;
    }
    run->is_crooked =
        run->job->run == run && run->job->in_core && !wf_desk_foreign_is_straight(desk, run);
    run->is_fresh = run->is_fresh && run->is_crooked;
}

void wf_desk_foreign_sum(const struct wf_book_run *run, wf_int128 *gpu_milli, wf_int128 *cpu_milli)
{
    *gpu_milli = *cpu_milli = 0;
    for (uint32_t i = 0; i < run->place_count; i++) {
        *gpu_milli += (wf_int128)run->places[i].gpus * run->places[i].gpu_milli;
        *cpu_milli += run->places[i].cpu_milli;
    }
}

void wf_desk_foreign_read_places(struct wf_desk *desk, struct wf_book_run *run)
{
    const struct wf_cluster *cluster = wf_core_cluster(desk->world.core);
    uint32_t slot = wf_cluster_find_job(cluster, (wf_job_id){run->job->id});
    uint32_t at = slot == WF_NONE ? WF_NONE : cluster->jobs[slot].first_placement;
    run->place_count = 0;
    for (; at != WF_NONE; at = cluster->placements[at].next_of_job) {
        const struct wf_placement *placement = &cluster->placements[at];
        struct wf_book_place more = {.gpu_set = placement->gpu_set,
                                     .gpu_milli = placement->gpu_milli,
                                     .gpus = placement->gpus,
                                     .cpu_milli = placement->cpu_milli,
                                     .memory_mib = placement->memory_mib};
        if (placement->task < run->job->tasks) {
            run->task_nodes[placement->task] = placement->node;
        }
        wf_desk_foreign_place(desk, run, placement->node, &more);
    }
}

void wf_desk_foreign_restore_run(struct wf_desk *desk, struct wf_book_run *run, const char *nodes)
{
    const struct wf_cluster *cluster = wf_core_cluster(desk->world.core);
    if (run->job->run == run) {
        wf_desk_foreign_read_places(desk, run);
    }
    // Where it was placed first, as its row has it.
    char first[256] = "";
    size_t length = strcspn(nodes, ",");
    memcpy(first, nodes, length < sizeof first ? length : sizeof first - 1);
    run->node = wf_directory_find(&desk->world.directory, WF_JOURNAL_NODE, first);
    free(run->nodes);
    run->nodes = strdup(nodes);
    if (run->place_count > 0) {
        set_price(desk, run);
    } else if (run->node != WF_NONE) {
        uint32_t pool = cluster->nodes[run->node].pool.index;
        run->price_nanousd_per_gpu_hour = cluster->pools[pool].spec.price_nanousd_per_gpu_hour;
    }
}

static struct wf_book_run *add_run(struct wf_desk *desk, struct wf_book_job *job)
{
    struct wf_book_run *run = wf_book_add_run(&desk->world.book, job, ++job->attempts);
    WF_ASSERT(run); // it runs
    run->granted_ms = wf_desk_now_ms(desk);
    run->phase = WF_BOOK_STARTED;
    run->is_dirty = true;
    run->is_fresh = run->is_crooked = true;
    desk->foreign.found++;
    return run;
}

// Whether the run that is in the book began before the one that is told.
static bool is_another(const struct wf_book_work *work, const struct wf_book_run *run,
                       const struct wf_foreign_job *told)
{
    if (run->started_ms == 0) {
        return false;
    }
    return work->knows_restarts ? work->restarts != told->restarts
                                : told->started_ms > run->started_ms;
}

struct wf_book_run *wf_desk_foreign_find_run(struct wf_desk *desk, struct wf_book_job *job,
                                             const struct wf_foreign_job *told)
{
    struct wf_book_run *run = job->old ? job->old : job->run;
    const struct wf_foreign_job gone = {.why = "another run of it began",
                                        .started_ms = told->started_ms};
    if (job->old && job->old->started_ms == 0 && job->old->stop_why == WF_RUN_STOP_WITHDRAWN) {
        const struct wf_foreign_job came = {.why = "its start came before it was taken back"};
        wf_desk_foreign_end_run(desk, job->old, WF_RUN_END_NOT_STARTED, &came);
        run = job->run;
    }
    while (run && is_another(job->work, run, told)) {
        wf_desk_foreign_end_run(desk, run, WF_RUN_END_UNKNOWN, &gone);
        run = job->old ? job->old : job->run;
    }
    job->work->restarts = told->restarts;
    job->work->knows_restarts = true;
    if (!run) {
        run = add_run(desk, job);
    }
    run->phase = WF_BOOK_STARTED;
    run->has_room = true;
    return run;
}

static void put_off(struct wf_desk *desk, struct wf_book_work *work)
{
    uint32_t doublings = work->failures < BACK_OFF_DOUBLINGS ? work->failures : BACK_OFF_DOUBLINGS;
    work->failures++;
    work->not_before_ms = wf_desk_now_ms(desk) + ((int64_t)BACK_OFF_MS << doublings);
    desk->foreign.lost_starts++;
}

void wf_desk_foreign_end_run(struct wf_desk *desk, struct wf_book_run *run, enum wf_run_end end,
                             const struct wf_foreign_job *told)
{
    struct wf_book_job *job = run->job;
    struct wf_run fact = {.end = end, .exit_code = -1};
    if (told->end) {
        fact = *told->end;
    } else if (told->why) {
        snprintf(fact.detail, sizeof fact.detail, "%s", told->why);
    }
    int64_t now_ms = wf_desk_now_ms(desk);
    bool current = job->run == run;
    // A run that another one follows ended before that, though nobody says when.
    int64_t ended_ms = told->end ? fact.ended_ms : told->started_ms;
    wf_desk_run_id(job->id, run->attempt, fact.id);
    fact.phase = WF_RUN_ENDED;
    fact.started_ms = run->started_ms;
    fact.ended_ms = ended_ms > run->started_ms && ended_ms < now_ms ? ended_ms : now_ms;
    if (run->started_ms == 0 && !run->stop_wanted && run->phase == WF_BOOK_STARTED && current) {
        put_off(desk, job->work);
    } else {
        desk->counts.requeues += job->in_core && current && told->state != WF_FOREIGN_OVER;
    }
    wf_desk_close_run(desk, run, &fact);
    if (current && told->state != WF_FOREIGN_OVER && job->in_core) {
        wf_desk_tell_job(desk, job, "requeued", fact.detail);
        wf_desk_foreign_again(desk, job);
        wf_desk_foreign_settle_wish(desk, job);
    }
}
