// SPDX-License-Identifier: Apache-2.0
#include "desk_bed.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

static struct bed_run *find(struct wf_engine *engine, const char *id)
{
    for (uint32_t i = 0; i < engine->count; i++) {
        if (engine->runs[i].known && strcmp(engine->runs[i].run.id, id) == 0) {
            return &engine->runs[i];
        }
    }
    return NULL;
}

static bool is_over(const struct bed_run *run)
{
    return run->run.phase == WF_RUN_ENDED;
}

static void check_alone(struct wf_engine *engine, const char *id)
{
    size_t job = strcspn(id, "-");
    for (uint32_t i = 0; i < engine->count; i++) {
        const struct bed_run *run = &engine->runs[i];
        if (strcmp(run->run.id, id) == 0) {
            fail_msg("run %s is started twice", id);
        }
        if (run->known && !is_over(run) && strcspn(run->run.id, "-") == job &&
            strncmp(run->run.id, id, job) == 0) {
            fail_msg("run %s begins while %s runs", id, run->run.id);
        }
    }
}

static void take(struct wf_engine *engine, const struct bed_run *run, bool gives)
{
    for (uint32_t gpu = 0; gpu < BED_GPUS; gpu++) {
        uint32_t milli = run->gpu_milli[gpu];
        engine->gpu_used_milli[gpu] += gives ? -milli : milli;
        if (engine->gpu_used_milli[gpu] > WF_GPU_MILLI) {
            fail_msg("run %s gets GPU %u, which somebody has", run->run.id, gpu);
        }
    }
}

static enum wf_status fake_start(struct wf_engine *engine, const struct wf_run_spec *spec,
                                 struct wf_error *err)
{
    if (engine->starts_fail > 0) {
        engine->starts_fail--;
        return wf_fail(err, engine->fail, "no space left on the device");
    }
    struct bed_run *known = find(engine, spec->id);
    if (known && engine->again) {
        return WF_OK; // the same again: nothing
    }
    check_alone(engine, spec->id);
    assert_true(engine->count < BED_RUNS_MAX);
    struct bed_run *run = &engine->runs[engine->count++];
    *run =
        (struct bed_run){.known = true, .time_limit_ms = spec->time_limit_ms, .tasks = spec->tasks};
    snprintf(run->run.id, sizeof run->run.id, "%s", spec->id);
    run->run.phase = WF_RUN_STARTING;
    run->run.exit_code = -1;
    snprintf(run->command, sizeof run->command, "%s %s", spec->arguments[0],
             spec->arguments[1] ? spec->arguments[1] : "");
    for (uint32_t i = 0; i < spec->variable_count; i++) {
        unsigned gpus, milli;
        if (sscanf(spec->variables[i].text, "BED_GPUS=%u/%u", &gpus, &milli) == 2) {
            for (; gpus; gpus &= gpus - 1) {
                run->gpu_milli[__builtin_ctz(gpus)] += milli;
            }
        }
    }
    take(engine, run, false);
    return WF_OK;
}

static enum wf_status fake_stop(struct wf_engine *engine, const char *id, enum wf_run_stop why,
                                uint32_t grace_ms, struct wf_error *err)
{
    struct bed_run *run = find(engine, id);
    (void)grace_ms;
    if (!run) {
        return wf_fail(err, WF_NOTFOUND, "there is no run %s", id);
    }
    run->why = run->stopped && run->why > why ? run->why : why;
    run->stopped = true;
    run->stops++;
    return WF_OK;
}

static enum wf_status fake_checkpoint(struct wf_engine *engine, const char *id,
                                      struct wf_error *err)
{
    struct bed_run *run = find(engine, id);
    if (!run) {
        return wf_fail(err, WF_NOTFOUND, "there is no run %s", id);
    }
    run->checkpoints++;
    return WF_OK;
}

static void fake_list(struct wf_engine *engine,
                      void (*visit)(void *context, const struct wf_run *run), void *context)
{
    for (uint32_t i = 0; i < engine->count; i++) {
        if (engine->runs[i].known) {
            visit(context, &engine->runs[i].run);
        }
    }
}

static bool fake_next(struct wf_engine *engine, struct wf_run *run_out)
{
    for (uint32_t i = 0; i < engine->count; i++) {
        struct bed_run *run = &engine->runs[i];
        if (run->known && !run->told && run->run.phase >= WF_RUN_RUNNING) {
            run->told = true;
            *run_out = run->run;
            return true;
        }
    }
    return false;
}

static enum wf_status fake_forget(struct wf_engine *engine, const char *id, struct wf_error *err)
{
    struct bed_run *run = find(engine, id);
    if (run && !is_over(run)) {
        return wf_fail(err, WF_INVALID, "run %s has not ended", id);
    }
    if (run) {
        run->known = false;
    }
    return WF_OK;
}

// Every task writes ENGINE->logs/ID-TASK.log, which the test does.
static enum wf_status fake_log_read(struct wf_engine *engine, const char *id,
                                    struct wf_log_piece *piece, struct wf_error *err)
{
    char path[256];
    snprintf(path, sizeof path, "%s/%s-%u.log", engine->logs, id, piece->task);
    FILE *file = fopen(path, "re");
    if (!file) {
        return wf_fail(err, WF_NOTFOUND, "there is no log %s", path);
    }
    piece->length = fseek(file, (long)piece->offset, SEEK_SET) == 0
                        ? (uint32_t)fread(piece->bytes, 1, piece->bytes_max, file)
                        : 0;
    fclose(file);
    return WF_OK;
}

const struct wf_engine_kind bed_engine_kind = {
    .name = "fake",
    .log_read = fake_log_read,
    .start = fake_start,
    .stop = fake_stop,
    .checkpoint = fake_checkpoint,
    .list = fake_list,
    .next = fake_next,
    .forget = fake_forget,
};

static enum wf_status grant(void *context, const struct wf_desk_want *want,
                            struct wf_desk_made *made_out, struct wf_error *err)
{
    (void)context;
    (void)err;
    made_out->variables = calloc(want->tasks, sizeof *made_out->variables);
    assert_non_null(made_out->variables);
    for (uint32_t task = 0; task < want->tasks; task++) {
        char *text = malloc(64);
        assert_non_null(text);
        snprintf(text, 64, "BED_GPUS=%u/%u", want->task_gpus[task], want->gpu_milli);
        made_out->variables[made_out->variable_count++] = (struct wf_run_variable){task, text};
    }
    return WF_OK;
}

static const struct wf_desk_granter granter = {.grant = grant};

static int64_t now_ms(void *context)
{
    return ((struct bed *)context)->now_ms;
}

void bed_make(struct bed *bed, uint32_t gpus)
{
    *bed = (struct bed){.now_ms = INT64_C(1700000000000)};
    snprintf(bed->folder, sizeof bed->folder, "/tmp/desk-bed-XXXXXX");
    assert_non_null(mkdtemp(bed->folder));
    snprintf(bed->path, sizeof bed->path, "%s/whaleflux.db", bed->folder);
    snprintf(bed->snapshot, sizeof bed->snapshot, "%s/core.snapshot", bed->folder);
    bed->engine = calloc(1, sizeof *bed->engine);
    bed->site = calloc(1, sizeof *bed->site);
    assert_true(bed->engine && bed->site);
    bed->engine->logs = bed->folder;
    static char pool[] = "pool", source[] = "a test", node[] = "here", model[] = "H100";
    struct wf_site *site = bed->site;
    site->pools = calloc(1, sizeof *site->pools);
    site->nodes = calloc(1, sizeof *site->nodes);
    assert_true(site->pools && site->nodes);
    site->pool_count = site->node_count = 1;
    site->pools[0] =
        (struct wf_site_pool){.name = pool,
                              .price_source = source,
                              .spec = {.price_nanousd_per_gpu_hour = INT64_C(1000000000)}};
    site->nodes[0] = (struct wf_site_node){
        .name = node, .spec = {.cpu_milli = 16000, .memory_mib = 65536, .gpus = (uint8_t)gpus}};
    static char usual[] = "default", owned[] = "owned";
    site->queues = calloc(2, sizeof *site->queues);
    assert_non_null(site->queues);
    site->queue_count = 2;
    site->queues[0] = (struct wf_site_queue){.name = usual, .spec = {.parent = {WF_NONE}}};
    site->queues[1] = (struct wf_site_queue){
        .name = owned, .spec = {.parent = {WF_NONE}, .guarantee_gpu_milli = gpus > 0 ? 2000 : 0}};
    site->models[0] = model;
    site->model_count = 1;
    bed_open(bed);
}

static void say(void *context, const char *line)
{
    struct bed *bed = context;
    snprintf(bed->said, sizeof bed->said, "%s", line);
}

void bed_open(struct bed *bed)
{
    struct wf_error err = {.text = ""};
    if (wf_database_open(bed->path, &bed->db, &err) != WF_OK) {
        fail_msg("%s", err.text);
    }
    struct wf_desk_config config = {
        .db = bed->db,
        .database = bed->path,
        .kind = &bed_engine_kind,
        .engine = bed->engine,
        .site = bed->site,
        .granter = &granter,
        .program = "test",
        .data = bed->folder,
        .snapshot = bed->snapshot,
        .say = say,
        .core_price_nanousd_per_hour = 0,
        .jobs_max = 512,
        .moves = bed->moves,
        .spot = bed->spot,
        .booted_ms = bed->booted_ms,
        .boot = bed->boot,
        .now_ms = now_ms,
        .context = bed,
    };
    for (uint32_t i = 0; i < bed->engine->count; i++) {
        bed->engine->runs[i].told = false; // a new engine tells each run there is
    }
    if (wf_desk_open(&config, &bed->desk, &err) != WF_OK) {
        fail_msg("%s", err.text);
    }
}

void bed_close(struct bed *bed)
{
    wf_desk_close(bed->desk);
    wf_database_close(bed->db);
    bed->desk = NULL;
    bed->db = NULL;
}

// Of runs that never ended.
static void remove_checkpoints(const struct bed *bed)
{
    static const char *const files[] = {"done", "advice", ""};
    char path[300];
    for (uint32_t i = 0; i < bed->engine->count; i++) {
        for (uint32_t k = 0; k < WF_COUNT_OF(files); k++) {
            snprintf(path, sizeof path, "%s/checkpoints/%s/%s", bed->folder,
                     bed->engine->runs[i].run.id, files[k]);
            (void)(files[k][0] ? unlink(path) : rmdir(path));
        }
    }
}

void bed_clear(struct bed *bed)
{
    static const char *const names[] = {"whaleflux.db", "whaleflux.db-wal", "whaleflux.db-shm",
                                        "core.snapshot", "core.snapshot.new"};
    bed_close(bed);
    for (uint32_t i = 0; i < WF_COUNT_OF(names); i++) {
        char path[160];
        snprintf(path, sizeof path, "%s/%s", bed->folder, names[i]);
        unlink(path);
    }
    char inside[160];
    snprintf(inside, sizeof inside, "%s/scripts", bed->folder);
    rmdir(inside);
    remove_checkpoints(bed);
    snprintf(inside, sizeof inside, "%s/checkpoints", bed->folder);
    rmdir(inside);
    assert_int_equal(rmdir(bed->folder), 0);
    free(bed->site->pools);
    free(bed->site->nodes);
    free(bed->site->queues);
    free(bed->site);
    free(bed->engine);
}

bool bed_write(struct bed *bed)
{
    struct wf_error why = {.text = ""}, err = {.text = ""};
    const struct wf_batch *batch = wf_desk_batch(bed->desk);
    if (!batch) {
        return false;
    }
    bed->batches++;
    bool saves = bed->save_every > 0 && bed->batches % bed->save_every == 0 &&
                 wf_desk_unsaved(bed->desk) > 0;
    uint64_t lines = wf_desk_lines(bed->desk);
    if (saves && wf_desk_save(bed->desk, &err) != WF_OK) {
        fail_msg("%s", err.text);
    }
    enum wf_status status = bed->disk_full ? wf_fail(&why, WF_IO, "the disk is full")
                                           : wf_database_write(bed->db, batch, &why);
    if (wf_desk_written(bed->desk, status, &why, &err) != WF_OK) {
        fail_msg("%s", err.text);
    }
    if (status != WF_OK && !bed->disk_full) {
        fail_msg("%s", why.text);
    }
    if (saves && status == WF_OK && wf_desk_keep_snapshot(bed->desk, lines, &err) != WF_OK) {
        fail_msg("%s", err.text);
    }
    return true;
}

void bed_settle(struct bed *bed)
{
    bool calm = false;
    for (uint32_t i = 0; i < 10000 && !calm; i++) {
        struct wf_run run;
        calm = !bed_write(bed);
        while (bed_engine_kind.next(bed->engine, &run)) {
            wf_desk_run(bed->desk, &run);
            calm = false;
        }
        if (wf_desk_wake_ms(bed->desk) <= bed->now_ms) {
            wf_desk_tick(bed->desk);
            calm = calm && bed->disk_full;
        }
    }
    if (!calm) {
        fail_msg("the desk does not come to rest");
    }
}

void bed_later(struct bed *bed, int64_t ms)
{
    int64_t until_ms = bed->now_ms + ms;
    bed_settle(bed);
    while (wf_desk_wake_ms(bed->desk) < until_ms) {
        int64_t wake_ms = wf_desk_wake_ms(bed->desk);
        bed->now_ms = wake_ms > bed->now_ms ? wake_ms : bed->now_ms + 1;
        bed_settle(bed);
    }
    bed->now_ms = until_ms;
    bed_settle(bed);
}

static void note_answer(void *context, const struct wf_desk_answer *answer)
{
    struct bed *bed = context;
    bed->answers[bed->answered++ % BED_ANSWERS_MAX] = *answer;
}

struct wf_desk_ask bed_ask(struct bed *bed, const char *user, bool all)
{
    static struct wf_asker actor;
    actor = (struct wf_asker){.name = user,
                              .role = all ? "operator" : "submitter",
                              .over = "socket",
                              .user = user,
                              .uid = (uint32_t)getuid(),
                              .all = all};
    return (struct wf_desk_ask){.actor = &actor, .done = note_answer, .context = bed};
}

static enum wf_status submit(struct bed *bed, const char *user, const char *json,
                             struct wf_desk_ask *ask, struct wf_error *err)
{
    struct wf_job_document document;
    enum wf_status status = wf_job_document_parse(json, strlen(json), &document, err);
    if (status != WF_OK) {
        fail_msg("%s: %s", json, err->text);
    }
    *ask = bed_ask(bed, user, false);
    status = wf_desk_submit(bed->desk, &document, ask, err);
    wf_job_document_finish(&document);
    return status;
}

uint64_t bed_submit(struct bed *bed, const char *user, const char *json)
{
    struct wf_error err = {.text = ""};
    struct wf_desk_ask ask;
    uint64_t before = wf_desk_count(bed->desk).submitted;
    if (submit(bed, user, json, &ask, &err) != WF_OK) {
        fail_msg("%s: %s", json, err.text);
    }
    bed->asked++;
    assert_true(wf_desk_count(bed->desk).submitted > before);
    uint32_t answered = bed->answered;
    while (bed_write(bed)) {
    }
    assert_true(bed->answered > answered);
    return bed->answers[(bed->answered - 1) % BED_ANSWERS_MAX].id;
}

void bed_refused(struct bed *bed, const char *json, enum wf_status status, const char *field)
{
    struct wf_error err = {.text = ""};
    struct wf_desk_ask ask;
    uint32_t answered = bed->answered;
    enum wf_status told = submit(bed, "ada", json, &ask, &err);
    if (told != status || strcmp(ask.field, field) != 0) {
        fail_msg("%s is told %s, field '%s': %s", json, wf_status_text(told), ask.field, err.text);
    }
    while (bed_write(bed)) {
    }
    assert_int_equal(bed->answered, answered);
}

struct bed_run *bed_run(struct bed *bed, const char *id)
{
    struct bed_run *run = find(bed->engine, id);
    if (!run) {
        fail_msg("the engine has no run %s", id);
        abort();
    }
    return run;
}

bool bed_has(const struct bed *bed, const char *id)
{
    const struct bed_run *run = find(bed->engine, id);
    return run && !is_over(run);
}

void bed_begin(struct bed *bed, const char *id)
{
    struct bed_run *run = bed_run(bed, id);
    assert_true(run->run.phase == WF_RUN_STARTING);
    run->run.phase = WF_RUN_RUNNING;
    run->run.started_ms = bed->now_ms;
    run->told = false;
}

void bed_end(struct bed *bed, const char *id, enum wf_run_end end, int32_t exit_code)
{
    struct bed_run *run = bed_run(bed, id);
    if (run->run.phase == WF_RUN_STARTING && end != WF_RUN_END_NOT_STARTED) {
        bed_begin(bed, id);
    }
    assert_false(is_over(run));
    run->run.phase = WF_RUN_ENDED;
    run->run.end = end;
    run->run.exit_code = exit_code;
    run->run.signal = end == WF_RUN_END_SIGNAL ? 9 : 0;
    run->run.ended_ms = bed->now_ms;
    run->told = false;
    take(bed->engine, run, true);
}

struct seen_row {
    char state[32], code[64];
};

static bool note_row(void *context, const struct wf_job_row *row)
{
    struct seen_row *seen = context;
    snprintf(seen->state, sizeof seen->state, "%s", wf_job_state_word(row->state));
    snprintf(seen->code, sizeof seen->code, "%s", row->reason_code);
    return true;
}

static const struct seen_row *row_of(struct bed *bed, uint64_t job)
{
    static struct seen_row seen;
    seen = (struct seen_row){.state = "none"};
    struct wf_job_query query = {.id = job, .limit = 1};
    assert_int_equal(wf_database_jobs(bed->db, &query, note_row, &seen, NULL), WF_OK);
    return &seen;
}

const char *bed_state(struct bed *bed, uint64_t job)
{
    return row_of(bed, job)->state;
}

const char *bed_code(struct bed *bed, uint64_t job)
{
    return row_of(bed, job)->code;
}

void bed_check_journal(struct bed *bed)
{
    struct wf_journal_reader *reader = NULL;
    struct wf_error err = {.text = ""};
    struct wf_core_config config;
    struct wf_core *core = NULL;
    if (wf_journal_open(bed->path, false, &reader, &err) != WF_OK) {
        fail_msg("%s", err.text);
    }
    const struct wf_journal_maker *maker = wf_journal_reader_maker(reader);
    assert_int_equal(wf_journal_core_config(maker, &config, NULL), WF_OK);
    assert_int_equal(wf_core_create(&config, &core, NULL), WF_OK);
    struct wf_decisions decisions = {0};
    uint64_t events = 0;
    for (bool more = true; more;) {
        struct wf_journal_record record;
        assert_int_equal(wf_journal_next(reader, &record, &more, NULL), WF_OK);
        if (more && record.kind == WF_JOURNAL_EVENT) {
            assert_int_equal(wf_core_step(core, &record.event, &decisions, NULL), WF_OK);
            events++;
        }
    }
    assert_int_equal(events, wf_desk_count(bed->desk).events);
    assert_true(decisions.hash == wf_desk_count(bed->desk).hash);
    wf_core_destroy(core);
    wf_journal_reader_close(reader);
}
