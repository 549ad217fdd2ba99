// SPDX-License-Identifier: Apache-2.0
#include "cluster_bed.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "core/schedule/schedule.h"

static uint32_t find_node(const struct cluster *cluster, const char *name)
{
    for (uint32_t i = 0; i < cluster->site->node_count; i++) {
        if (strcmp(cluster->site->nodes[i].name, name) == 0) {
            return i;
        }
    }
    fail_msg("there is no node %s", name);
    return 0;
}

static uint32_t find_job(const struct wf_engine *engine, const char *key)
{
    for (uint32_t i = 0; i < engine->count; i++) {
        if (strcmp(engine->jobs[i].key, key) == 0) {
            return i;
        }
    }
    fail_msg("there is no job %s", key);
    return 0;
}

static struct cluster_request *add_request(struct wf_engine *engine, uint32_t job)
{
    assert_true(engine->request_count < CLUSTER_REQUESTS_MAX);
    struct cluster_request *request = &engine->requests[engine->request_count++];
    *request = (struct cluster_request){.job = job};
    return request;
}

static enum wf_status play_start(struct wf_engine *engine, const struct wf_run_spec *spec,
                                 struct wf_error *err)
{
    uint32_t job = find_job(engine, spec->key);
    if (engine->starts_fail > 0) {
        engine->starts_fail--;
        return wf_fail(err, engine->starts_fail % 2 ? WF_IO : WF_INVALID, "no such luck");
    }
    assert_false(engine->cluster->watches);
    assert_int_equal(spec->tasks, engine->jobs[job].tasks);
    for (uint32_t i = 0; i < engine->request_count; i++) {
        if (engine->requests[i].is_start && strcmp(engine->requests[i].id, spec->id) == 0) {
            return WF_OK; // the same again: nothing
        }
    }
    struct cluster_request *request = add_request(engine, job);
    request->is_start = true;
    snprintf(request->id, sizeof request->id, "%s", spec->id);
    for (uint32_t task = 0; task < spec->tasks; task++) {
        assert_non_null(spec->nodes[task]);
        request->pins[task] = find_node(engine->cluster, spec->nodes[task]);
    }
    return WF_OK;
}

static enum wf_status play_end(struct wf_engine *engine, const char *key, enum wf_run_stop why,
                               uint32_t grace_ms, struct wf_error *err)
{
    (void)grace_ms;
    if (engine->ends_fail > 0) {
        engine->ends_fail--;
        return wf_fail(err, WF_IO, "nobody answers");
    }
    assert_false(engine->cluster->watches);
    add_request(engine, find_job(engine, key))->why = why;
    return WF_OK;
}

static void play_list(struct wf_engine *engine,
                      void (*visit)(void *context, const struct wf_run *run), void *context)
{
    (void)engine;
    (void)visit;
    (void)context;
}

static const struct wf_engine_kind cluster_engine_kind = {
    .name = "played",
    .start = play_start,
    .end_work = play_end,
    .list = play_list,
};

static int64_t now_ms(void *context)
{
    return ((struct cluster *)context)->now_ms;
}

static void make_site(struct cluster *cluster)
{
    static char pool[] = "pool", source[] = "a test", model[] = "H100", queue[] = "gpu";
    static char names[CLUSTER_NODES][8];
    struct wf_site *site = cluster->site;
    site->pools = calloc(1, sizeof *site->pools);
    site->nodes = calloc(CLUSTER_NODES, sizeof *site->nodes);
    site->queues = calloc(1, sizeof *site->queues);
    assert_true(site->pools && site->nodes && site->queues);
    site->pool_count = site->queue_count = 1;
    site->pools[0] =
        (struct wf_site_pool){.name = pool,
                              .price_source = source,
                              .spec = {.price_nanousd_per_gpu_hour = INT64_C(1000000000)}};
    site->queues[0] = (struct wf_site_queue){.name = queue, .spec = {.parent = {WF_NONE}}};
    site->node_count = CLUSTER_NODES;
    for (uint32_t i = 0; i < CLUSTER_NODES; i++) {
        snprintf(names[i], sizeof names[i], "n%u", i);
        site->nodes[i] = (struct wf_site_node){
            .name = names[i],
            .spec = {.cpu_milli = 64000, .memory_mib = 65536, .gpus = CLUSTER_GPUS}};
    }
    site->models[0] = model;
    site->model_count = 1;
}

void cluster_make(struct cluster *cluster, bool watches, uint64_t seed)
{
    *cluster = (struct cluster){.now_ms = INT64_C(1700000000000), .watches = watches};
    wf_random_init(&cluster->random, seed);
    snprintf(cluster->folder, sizeof cluster->folder, "/tmp/cluster-bed-XXXXXX");
    assert_non_null(mkdtemp(cluster->folder));
    snprintf(cluster->path, sizeof cluster->path, "%s/whaleflux.db", cluster->folder);
    snprintf(cluster->snapshot, sizeof cluster->snapshot, "%s/core.snapshot", cluster->folder);
    cluster->engine = calloc(1, sizeof *cluster->engine);
    cluster->site = calloc(1, sizeof *cluster->site);
    assert_true(cluster->engine && cluster->site);
    cluster->engine->cluster = cluster;
    make_site(cluster);
    cluster_open(cluster);
}

// As that of Slurm: it does not remember what was drained before it was opened.
static enum wf_desk_wish wish(void *context, const char *node, char *why, size_t size)
{
    struct cluster *cluster = context;
    uint32_t at = 0;
    while (at < CLUSTER_NODES && strcmp(cluster->site->nodes[at].name, node) != 0) {
        at++;
    }
    snprintf(why, size, "it is drained");
    return at < CLUSTER_NODES && cluster->drained >> at & 1 ? WF_DESK_WISH_CLOSED
                                                            : WF_DESK_WISH_NOTHING;
}

void cluster_open(struct cluster *cluster)
{
    struct wf_error err = {.text = ""};
    if (wf_database_open(cluster->path, &cluster->db, &err) != WF_OK) {
        fail_msg("%s", err.text);
    }
    struct wf_desk_config config = {
        .db = cluster->db,
        .database = cluster->path,
        .kind = &cluster_engine_kind,
        .engine = cluster->engine,
        .site = cluster->site,
        .program = "test",
        .data = cluster->folder,
        .snapshot = cluster->snapshot,
        .jobs_max = 512,
        .nodes_max = 16,
        .pools_max = 4,
        .tasks_max = 512,
        .watches = cluster->watches,
        .granter = &cluster->granter,
        .now_ms = now_ms,
        .context = cluster,
    };
    cluster->granter = (struct wf_desk_granter){.wish = wish, .context = cluster};
    if (wf_desk_open(&config, &cluster->desk, &err) != WF_OK) {
        fail_msg("%s", err.text);
    }
}

void cluster_close(struct cluster *cluster)
{
    wf_desk_close(cluster->desk);
    wf_database_close(cluster->db);
    cluster->desk = NULL;
    cluster->db = NULL;
    cluster->engine->request_count = 0;
}

void cluster_clear(struct cluster *cluster)
{
    static const char *const names[] = {"whaleflux.db", "whaleflux.db-wal", "whaleflux.db-shm",
                                        "core.snapshot", "core.snapshot.new"};
    cluster_close(cluster);
    for (uint32_t i = 0; i < WF_COUNT_OF(names); i++) {
        char path[160];
        snprintf(path, sizeof path, "%s/%s", cluster->folder, names[i]);
        unlink(path);
    }
    assert_int_equal(rmdir(cluster->folder), 0);
    free(cluster->site->pools);
    free(cluster->site->nodes);
    free(cluster->site->queues);
    free(cluster->site);
    free(cluster->engine);
}

bool cluster_write(struct cluster *cluster)
{
    struct wf_error why = {.text = ""}, err = {.text = ""};
    const struct wf_batch *batch = wf_desk_batch(cluster->desk);
    if (!batch) {
        return false;
    }
    cluster->batches++;
    bool saves = cluster->save_every > 0 && cluster->batches % cluster->save_every == 0 &&
                 wf_desk_unsaved(cluster->desk) > 0;
    uint64_t lines = wf_desk_lines(cluster->desk);
    if (saves && wf_desk_save(cluster->desk, &err) != WF_OK) {
        fail_msg("%s", err.text);
    }
    enum wf_status status = cluster->disk_full ? wf_fail(&why, WF_IO, "the disk is full")
                                               : wf_database_write(cluster->db, batch, &why);
    if (wf_desk_written(cluster->desk, status, &why, &err) != WF_OK) {
        fail_msg("%s", err.text);
    }
    if (status != WF_OK && !cluster->disk_full) {
        fail_msg("%s", why.text);
    }
    if (saves && status == WF_OK && wf_desk_keep_snapshot(cluster->desk, lines, &err) != WF_OK) {
        fail_msg("%s", err.text);
    }
    return true;
}

void cluster_flush(struct cluster *cluster)
{
    while (cluster_write(cluster) && !cluster->disk_full) {
    }
}

struct cluster_job *cluster_submit(struct cluster *cluster, uint32_t gpus, uint32_t tasks)
{
    struct wf_engine *engine = cluster->engine;
    assert_true(engine->count < CLUSTER_JOBS_MAX);
    struct cluster_job *job = &engine->jobs[engine->count++];
    *job = (struct cluster_job){.is_there = true,
                                .is_news = true,
                                .by_others = cluster->watches,
                                .tasks = tasks,
                                .gpus = gpus,
                                .gpu_milli = gpus > 0 ? WF_GPU_MILLI : 0,
                                .cpus = 2,
                                .submitted_ms = cluster->now_ms};
    snprintf(job->key, sizeof job->key, "%u", 4700 + engine->count);
    return job;
}

uint64_t cluster_id(const struct cluster *cluster, const struct cluster_job *job)
{
    return wf_desk_foreign_find(cluster->desk, job->key);
}

struct seen_row {
    const char *key;
    char state[16], node[64];
    uint64_t id;
};

static bool note_row(void *context, const struct wf_job_row *row)
{
    struct seen_row *seen = context;
    assert_string_equal(row->engine, "played");
    assert_true(!seen->key || strcmp(row->key, seen->key) == 0);
    snprintf(seen->state, sizeof seen->state, "%s", wf_job_state_word(row->state));
    snprintf(seen->node, sizeof seen->node, "%s", row->run.node);
    seen->id = row->id;
    return true;
}

const char *cluster_state(struct cluster *cluster, uint64_t id)
{
    static struct seen_row seen;
    seen = (struct seen_row){.state = "none"};
    struct wf_job_query query = {.id = id, .limit = 1};
    assert_int_equal(wf_database_jobs(cluster->db, &query, note_row, &seen, NULL), WF_OK);
    return seen.state;
}

// What the cluster does.

static uint32_t used_milli(const struct wf_engine *engine, uint32_t node, uint32_t gpu)
{
    uint32_t used = 0;
    for (uint32_t i = 0; i < engine->count; i++) {
        const struct cluster_job *job = &engine->jobs[i];
        for (uint32_t k = 0; k < job->place_count && job->state == WF_FOREIGN_RUNS; k++) {
            if (job->places[k].node == node && (job->places[k].gpu_set >> gpu & 1) != 0) {
                used += job->gpu_milli;
            }
        }
    }
    return used;
}

static struct cluster_place *place_on(struct cluster_job *job, uint32_t node)
{
    for (uint32_t i = 0; i < job->place_count; i++) {
        if (job->places[i].node == node) {
            return &job->places[i];
        }
    }
    job->places[job->place_count] = (struct cluster_place){.node = node};
    return &job->places[job->place_count++];
}

// The highest GPUs that are free on the node; false: there are too few.
static bool take_task(const struct wf_engine *engine, struct cluster_job *job, uint32_t node)
{
    struct cluster_place *place = place_on(job, node);
    uint32_t left = job->gpus;
    for (uint32_t gpu = CLUSTER_GPUS; gpu > 0 && left > 0; gpu--) {
        bool has = (place->gpu_set >> (gpu - 1) & 1) != 0;
        if (!has && used_milli(engine, node, gpu - 1) + job->gpu_milli <= WF_GPU_MILLI) {
            place->gpu_set |= UINT32_C(1) << (gpu - 1);
            left--;
        }
    }
    place->tasks++;
    return left == 0;
}

bool cluster_run_on(struct cluster *cluster, struct cluster_job *job, const uint32_t *nodes)
{
    bool fits = true;
    job->place_count = 0;
    for (uint32_t task = 0; task < job->tasks && fits; task++) {
        fits = take_task(cluster->engine, job, nodes[task]);
    }
    if (!fits) {
        job->place_count = 0;
        return false;
    }
    job->state = WF_FOREIGN_RUNS;
    job->started_ms = cluster->now_ms;
    job->starts++;
    job->is_news = true;
    return true;
}

void cluster_end(struct cluster *cluster, struct cluster_job *job, enum wf_run_end end,
                 int32_t exit_code)
{
    job->state = WF_FOREIGN_OVER;
    job->ended_ms = cluster->now_ms;
    job->end = (struct wf_run){.end = end, .exit_code = exit_code, .ended_ms = cluster->now_ms};
    job->start[0] = '\0';
    job->is_news = true;
}

void cluster_requeue(struct cluster *cluster, struct cluster_job *job, bool held)
{
    (void)cluster;
    job->restarts += job->state == WF_FOREIGN_RUNS;
    job->state = WF_FOREIGN_WAITS;
    job->start[0] = '\0';
    job->held = held;
    job->place_count = 0;
    job->is_news = true;
}

void cluster_obey(struct cluster *cluster)
{
    struct wf_engine *engine = cluster->engine;
    for (uint32_t i = 0; i < engine->request_count; i++) {
        const struct cluster_request *request = &engine->requests[i];
        struct cluster_job *job = &engine->jobs[request->job];
        if (!job->is_there || job->state == WF_FOREIGN_OVER) {
            continue;
        }
        if (request->is_start && job->state == WF_FOREIGN_WAITS) {
            memcpy(job->start, request->id, sizeof job->start);
            memcpy(job->pins, request->pins, sizeof job->pins);
            engine->started++;
        } else if (!request->is_start && request->why == WF_RUN_STOP_CANCELLED) {
            cluster_end(cluster, job, WF_RUN_END_CANCELLED, -1);
            engine->ended++;
        } else if (request->why == WF_RUN_STOP_WITHDRAWN && !request->is_start) {
            job->start[0] = '\0';
        } else if (!request->is_start) {
            cluster_requeue(cluster, job, false);
            engine->ended++;
        }
        job->is_news = true;
    }
    engine->request_count = 0;
}

void cluster_schedule(struct cluster *cluster)
{
    struct wf_engine *engine = cluster->engine;
    for (uint32_t i = 0; i < engine->count; i++) {
        struct cluster_job *job = &engine->jobs[i];
        if (!job->is_there || job->state != WF_FOREIGN_WAITS || job->held) {
            continue;
        }
        if (job->start[0]) {
            (void)cluster_run_on(cluster, job, job->pins);
        } else if (job->by_others) {
            uint32_t nodes[CLUSTER_TASKS_MAX] = {0};
            uint32_t first = (uint32_t)wf_random_below(&cluster->random, CLUSTER_NODES);
            for (uint32_t task = 0; task < job->tasks; task++) {
                nodes[task] = (first + task) % CLUSTER_NODES;
            }
            (void)cluster_run_on(cluster, job, nodes);
        }
    }
}

// Telling.

static const char *start_of(const struct wf_engine *engine, uint32_t index)
{
    for (uint32_t i = engine->request_count; i > 0; i--) {
        const struct cluster_request *request = &engine->requests[i - 1];
        if (request->job == index) {
            return request->is_start ? request->id : NULL; // asked for after it: not any more
        }
    }
    return engine->jobs[index].start[0] ? engine->jobs[index].start : NULL;
}

static enum wf_status tell(struct cluster *cluster, uint32_t index, struct wf_error *err)
{
    struct cluster_job *job = &cluster->engine->jobs[index];
    struct wf_foreign_place places[CLUSTER_NODES];
    char json[512];
    snprintf(json, sizeof json,
             "{\"name\":\"work\",\"command\":[\"job.sh\"],\"gpus\":%g,\"cpus\":%u,\"tasks\":%u,"
             "\"queue\":\"gpu\",\"priority\":%u,\"apart\":%s,\"preemptible\":%s,\"limit\":3600000}",
             (double)(job->gpus * job->gpu_milli) / 1000, job->cpus, job->tasks, job->priority,
             job->apart ? "true" : "false", job->preemptible ? "true" : "false");
    struct wf_job_document document;
    if (wf_job_document_parse(json, strlen(json), &document, err) != WF_OK) {
        fail_msg("%s: %s", json, err->text);
    }
    struct wf_foreign_job told = {
        .key = job->key,
        .state = job->state,
        .document = &document,
        .user = "ada",
        .uid = 1000,
        .gid = 1000,
        .submitted_ms = job->submitted_ms,
        .held = job->held || job->by_others,
        .why = job->held ? "held by its owner" : (job->by_others ? "left to others" : NULL),
        .start = start_of(cluster->engine, index),
        .started_ms = job->starts > 0 ? job->started_ms : 0,
        .restarts = job->restarts,
        .places = places,
        .place_count = job->place_count,
        .end = job->state == WF_FOREIGN_OVER ? &job->end : NULL,
    };
    for (uint32_t i = 0; i < job->place_count; i++) {
        const struct cluster_place *place = &job->places[i];
        places[i] = (struct wf_foreign_place){
            .node = cluster->site->nodes[place->node].name,
            .gpu_set = place->gpu_set,
            .gpus = (uint8_t)(job->gpus * place->tasks),
            .gpu_milli = (uint16_t)job->gpu_milli,
            .cpu_milli = job->cpus * 1000 * place->tasks,
        };
    }
    enum wf_status status = wf_desk_foreign_tell(cluster->desk, &told, err);
    wf_job_document_finish(&document);
    return status;
}

static void shuffle(struct cluster *cluster, uint32_t *order, uint32_t count)
{
    for (uint32_t i = count; i > 1; i--) {
        uint32_t other = (uint32_t)wf_random_below(&cluster->random, i);
        uint32_t kept = order[i - 1];
        order[i - 1] = order[other];
        order[other] = kept;
    }
}

// False: the disk is full.
static bool tell_well(struct cluster *cluster, uint32_t index)
{
    struct wf_error err = {.text = ""};
    enum wf_status status = tell(cluster, index, &err);
    if (status != WF_OK && !cluster->disk_full && status != WF_IO) {
        fail_msg("job %s: %s", cluster->engine->jobs[index].key, err.text);
    }
    return status == WF_OK;
}

void cluster_look(struct cluster *cluster)
{
    struct wf_engine *engine = cluster->engine;
    uint32_t order[CLUSTER_JOBS_MAX] = {0};
    bool all = wf_desk_foreign_wants_all(cluster->desk), good = true;
    for (uint32_t i = 0; i < engine->count; i++) {
        order[i] = i;
    }
    if (cluster->shuffled) {
        shuffle(cluster, order, engine->count);
    }
    wf_desk_foreign_look(cluster->desk);
    for (uint32_t i = 0; i < engine->count && good; i++) {
        struct cluster_job *job = &engine->jobs[order[i]];
        bool again = cluster->shuffled && wf_random_below(&cluster->random, 8) == 0;
        if (job->is_there && (all || job->is_news || again)) {
            good = tell_well(cluster, order[i]) && (!again || tell_well(cluster, order[i]));
        }
        job->is_news = job->is_news && !good;
    }
    wf_desk_foreign_seen(cluster->desk, all && good);
}

void cluster_settle(struct cluster *cluster)
{
    uint32_t calm = 0;
    for (uint32_t i = 0; i < 200 && calm < 3; i++) {
        uint32_t batches = cluster->batches;
        cluster_obey(cluster);
        cluster_schedule(cluster);
        cluster_look(cluster);
        cluster_flush(cluster);
        if (wf_desk_wake_ms(cluster->desk) <= cluster->now_ms) {
            wf_desk_tick(cluster->desk);
            cluster_flush(cluster);
        }
        calm = cluster->batches == batches && cluster->engine->request_count == 0 ? calm + 1 : 0;
    }
}

// Checks.

static void check_runs(struct cluster *cluster, const struct cluster_job *job, uint32_t slot)
{
    const struct wf_core *core = wf_desk_core(cluster->desk);
    const struct wf_cluster *books = wf_core_cluster(core);
    struct cluster_place left[CLUSTER_NODES];
    int64_t cpu_milli = (int64_t)job->cpus * 1000 * job->tasks;
    memcpy(left, job->places, sizeof left);
    if (wf_core_schedule(core)->backlog.tickets[slot].phase != WF_PHASE_RUNNING) {
        fail_msg("job %s runs, and not in the core", job->key);
    }
    for (uint32_t at = books->jobs[slot].first_placement; at != WF_NONE;
         at = books->placements[at].next_of_job) {
        const struct wf_placement *placement = &books->placements[at];
        const char *name = wf_desk_name(cluster->desk, WF_JOURNAL_NODE, placement->node);
        uint32_t node = find_node(cluster, name), k = 0;
        while (k < job->place_count && left[k].node != node) {
            k++;
        }
        if (k == job->place_count || (placement->gpu_set & ~left[k].gpu_set) != 0) {
            fail_msg("job %s has GPUs %x of %s in the core, which it has not", job->key,
                     placement->gpu_set, name);
        }
        left[k].gpu_set &= ~placement->gpu_set;
        cpu_milli -= placement->cpu_milli;
    }
    for (uint32_t k = 0; k < job->place_count; k++) {
        if (left[k].gpu_set != 0) {
            fail_msg("job %s has GPUs %x of node %u, and not in the core", job->key,
                     left[k].gpu_set, left[k].node);
        }
    }
    assert_int_equal(cpu_milli, 0);
}

static void check_live(struct cluster *cluster, const struct cluster_job *job, uint64_t id)
{
    const struct wf_core *core = wf_desk_core(cluster->desk);
    uint32_t slot = wf_cluster_find_job(wf_core_cluster(core), (wf_job_id){id});
    struct wf_job_live live;
    assert_true(wf_desk_live(cluster->desk, id, &live));
    assert_string_equal(cluster_state(cluster, id), wf_job_state_word(live.state));
    if (live.state == WF_JOB_STATE_ENDING) {
        return;
    }
    if (slot == WF_NONE) {
        fail_msg("job %s lives, and not in the core", job->key);
    }
    bool waits = wf_core_schedule(core)->backlog.tickets[slot].phase != WF_PHASE_RUNNING;
    if (job->state == WF_FOREIGN_RUNS) {
        check_runs(cluster, job, slot);
        assert_int_equal(live.state, WF_JOB_STATE_RUNNING);
    } else if (job->start[0] == '\0') {
        if (!waits) {
            fail_msg("job %s waits, and the core has it running: %s", job->key, live.reason);
        }
        // Somebody may have held it here.
        assert_true(live.state == WF_JOB_STATE_HELD ||
                    (live.state == WF_JOB_STATE_WAITING && !job->held && !job->by_others));
    }
}

void cluster_check_books(struct cluster *cluster)
{
    uint64_t live = 0;
    for (uint32_t i = 0; i < cluster->engine->count; i++) {
        const struct cluster_job *job = &cluster->engine->jobs[i];
        uint64_t id = cluster_id(cluster, job);
        bool lives = job->is_there && job->state != WF_FOREIGN_OVER;
        if (lives != (id > 0)) {
            fail_msg("job %s is %s for the desk", job->key, lives ? "over" : "not over");
        }
        if (lives) {
            check_live(cluster, job, id);
            live++;
        }
        struct seen_row seen = {.key = job->key, .state = "none"};
        struct wf_job_query query = {.key = job->key, .limit = 8};
        assert_int_equal(wf_database_jobs(cluster->db, &query, note_row, &seen, NULL), WF_OK);
        assert_true(seen.id > 0 || !job->is_there);
    }
    assert_int_equal(wf_desk_foreign_count(cluster->desk).jobs, live);
}

void cluster_check_journal(struct cluster *cluster)
{
    struct wf_journal_reader *reader = NULL;
    struct wf_core_config config;
    struct wf_core *core = NULL;
    assert_int_equal(wf_journal_open(cluster->path, false, &reader, NULL), WF_OK);
    assert_int_equal(wf_journal_core_config(wf_journal_reader_maker(reader), &config, NULL), WF_OK);
    assert_int_equal(wf_core_create(&config, &core, NULL), WF_OK);
    struct wf_decisions decisions = {0};
    for (bool more = true; more;) {
        struct wf_journal_record record;
        assert_int_equal(wf_journal_next(reader, &record, &more, NULL), WF_OK);
        if (more && record.kind == WF_JOURNAL_EVENT) {
            assert_int_equal(wf_core_step(core, &record.event, &decisions, NULL), WF_OK);
        }
    }
    assert_true(decisions.hash == wf_desk_count(cluster->desk).hash);
    wf_core_destroy(core);
    wf_journal_reader_close(reader);
}

struct wf_desk_ask cluster_ask(const char *user, bool all)
{
    static struct wf_asker actor;
    actor = (struct wf_asker){
        .name = user, .role = "operator", .over = "socket", .user = user, .all = all};
    return (struct wf_desk_ask){.actor = &actor};
}
