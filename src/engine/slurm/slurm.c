// SPDX-License-Identifier: Apache-2.0
#include "engine/slurm/slurm.h"

#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/epoll.h>
#include <time.h>
#include <unistd.h>

#include "engine/slurm/engine.h"

#define ADAPTER "whaleflux-slurm"

static const char *const modes[] = {
#define MODE_WORD(name, text) text,
    WF_SLURM_MODES(MODE_WORD)
#undef MODE_WORD
};

bool wf_slurm_mode_read(const char *text, enum wf_slurm_mode *mode_out)
{
    for (uint32_t i = 0; i < WF_COUNT_OF(modes); i++) {
        if (strcmp(modes[i], text) == 0) {
            *mode_out = (enum wf_slurm_mode)i;
            return true;
        }
    }
    return false;
}

const char *wf_slurm_mode_text(enum wf_slurm_mode mode)
{
    return modes[mode];
}

bool wf_slurm_find_adapter(const char *wish, bool rest, char *path_out, size_t size)
{
    static const char *const places[] = {"", "slurm/", "../libexec/whaleflux/", "../sbin/"};
    const char *const name = rest ? ADAPTER "-rest" : ADAPTER;
    char folder[4096];
    if (wish) {
        snprintf(path_out, size, "%s", wish);
        return access(wish, X_OK) == 0;
    }
    ssize_t length = readlink("/proc/self/exe", folder, sizeof folder - 1);
    folder[length > 0 ? length : 0] = '\0';
    char *slash = strrchr(folder, '/');
    for (uint32_t i = 0; slash && i < WF_COUNT_OF(places); i++) {
        slash[1] = '\0';
        snprintf(path_out, size, "%s%s%s", folder, places[i], name);
        if (access(path_out, X_OK) == 0) {
            return true;
        }
    }
    snprintf(path_out, size, "%s%s", slash ? folder : "", name);
    return false;
}

int64_t wf_slurm_now_ms(void)
{
    struct timespec now;
    (void)clock_gettime(CLOCK_MONOTONIC, &now);
    return (int64_t)now.tv_sec * 1000 + now.tv_nsec / 1000000;
}

void wf_slurm_say(struct wf_engine *engine, const char *format, ...)
{
    char line[600];
    va_list values;
    va_start(values, format);
    (void)vsnprintf(line, sizeof line, format, values);
    va_end(values);
    // What comes again and again is said once.
    if (engine->config.say && strcmp(line, engine->said) != 0) {
        snprintf(engine->said, sizeof engine->said, "%.500s", line);
        engine->config.say(engine->config.context, line);
    }
}

static bool say_json(struct wf_engine *engine, json_t *request)
{
    char *text = request ? json_dumps(request, JSON_COMPACT) : NULL;
    bool said = text && wf_wire_say(engine->wire, text, strlen(text));
    json_decref(request);
    free(text);
    return said;
}

uint64_t wf_slurm_send(struct wf_engine *engine, json_t *request)
{
    uint64_t number = ++engine->requests;
    if (request) {
        (void)json_object_set_new(request, "request", json_integer((json_int_t)number));
    }
    return say_json(engine, request) ? number : 0;
}

const struct wf_slurm_job *wf_slurm_find_key(const struct wf_engine *engine, const char *key,
                                             uint32_t *task_out)
{
    const struct wf_slurm_job *job = wf_slurm_picture_job(engine->picture, key);
    const char *split = strchr(key, '_');
    char record[WF_SLURM_KEY_BYTES];
    *task_out = WF_NONE;
    if (job || !split) {
        return job;
    }
    snprintf(record, sizeof record, "%.*s", (int)(split - key), key);
    job = wf_slurm_picture_job(engine->picture, record);
    uint32_t wanted = (uint32_t)strtoul(split + 1, NULL, 10);
    if (!job || !wf_slurm_has_task(job->array_tasks, wanted)) {
        return NULL;
    }
    *task_out = wanted;
    return job;
}

static void say_mode(struct wf_engine *engine)
{
    json_t *partitions = json_array();
    const char *const *names = engine->config.partitions;
    for (uint32_t i = 0; names && names[i]; i++) {
        (void)json_array_append_new(partitions, json_string(names[i]));
    }
    (void)say_json(engine,
                   json_pack("{sssssosI}", "do", "mode", "mode",
                             wf_slurm_mode_text(engine->config.mode), "partitions", partitions,
                             "silence_ms", (json_int_t)engine->config.silence_ms));
}

static void begin(void *context)
{
    say_mode(context);
}

static void end(void *context, const char *why)
{
    struct wf_engine *engine = context;
    wf_slurm_lost_wire(engine);
    wf_slurm_leaving_lost_wire(engine);
    wf_slurm_say(engine, "%s", why);
    snprintf(engine->why, sizeof engine->why, "%.500s", why);
    engine->fresh = true; // it is news that nothing is known
}

static void hear_news(struct wf_engine *engine, const struct wf_slurm_news *news)
{
    const struct wf_slurm_about *about = wf_slurm_picture_about(engine->picture);
    switch (news->kind) {
    case WF_SLURM_NEWS_HELLO:
        engine->away = false;
        if (about->protocol != 1) {
            wf_wire_drop(engine->wire, "the Slurm adapter is of another version");
            return;
        }
        wf_slurm_say(engine, "the Slurm adapter is there: cluster %s, Slurm %s, as %s%s",
                     about->cluster, about->slurm[0] ? about->slurm : "not reached yet",
                     about->user, about->is_operator ? "" : ", who may change no work of others");
        break;
    case WF_SLURM_NEWS_SYNCED:
        wf_slurm_follow_attempts(engine);
        wf_slurm_follow_leavings(engine);
        engine->fresh = true;
        break;
    case WF_SLURM_NEWS_DONE:
    case WF_SLURM_NEWS_REFUSED:
        if (!wf_slurm_leaving_answered(engine, news)) {
            wf_slurm_answered(engine, news);
        }
        engine->fresh = true;
        break;
    case WF_SLURM_NEWS_TROUBLE:
    case WF_SLURM_NEWS_WELL:
        if (strcmp(news->what, "slurmctld") == 0) {
            engine->away = news->kind == WF_SLURM_NEWS_TROUBLE;
            snprintf(engine->why, sizeof engine->why, "%.500s", news->text);
            engine->fresh = true;
        }
        wf_slurm_say(engine, "Slurm: %s%s", news->kind == WF_SLURM_NEWS_WELL ? "well again: " : "",
                     news->kind == WF_SLURM_NEWS_WELL ? news->what : news->text);
        break;
    case WF_SLURM_NEWS_FREED:
        wf_slurm_say(engine, "the watchdog had given %llu jobs back to Slurm",
                     (unsigned long long)news->jobs);
        break;
    case WF_SLURM_NEWS_NOTHING:
    case WF_SLURM_NEWS_JOB:
    case WF_SLURM_NEWS_JOB_GONE:
        break;
    }
}

static void hear(void *context, const char *line, size_t length)
{
    struct wf_engine *engine = context;
    struct wf_slurm_news news;
    struct wf_error err;
    if (wf_slurm_picture_take(engine->picture, line, length, &news, &err) != WF_OK) {
        wf_slurm_say(engine, "%s", err.text);
        return;
    }
    hear_news(engine, &news);
}

static void slurm_close(struct wf_engine *engine)
{
    if (engine) {
        wf_wire_close(engine->wire);
        wf_slurm_forget_attempts(engine);
        wf_slurm_forget_leavings(engine);
        wf_slurm_picture_destroy(engine->picture);
        free(engine);
    }
}

// The words by which the adapter is started.
static void set_arguments(struct wf_engine *engine)
{
    const struct wf_slurm_config *config = &engine->config;
    const char *const words[] = {"--socket",     engine->path,      "--conf", config->conf,
                                 "--heartbeat",  config->heartbeat, "--rest", config->rest,
                                 "--token-file", config->token_file};
    uint32_t count = 0;
    engine->arguments[count++] = engine->program;
    for (uint32_t i = 0; i < WF_COUNT_OF(words); i += 2) {
        if (words[i + 1]) {
            engine->arguments[count++] = words[i];
            engine->arguments[count++] = words[i + 1];
        }
    }
}

static enum wf_status slurm_open(const struct wf_engine_config *config,
                                 struct wf_engine **engine_out, struct wf_error *err)
{
    struct wf_engine *engine = calloc(1, sizeof *engine);
    if (!engine || !config->slurm) {
        free(engine);
        return wf_fail(err, WF_NOMEM, "no memory for the Slurm engine");
    }
    engine->config = *config->slurm;
    snprintf(engine->why, sizeof engine->why, "the Slurm adapter has not told anything yet");
    snprintf(engine->log, sizeof engine->log, "%.4096s/slurm.log", config->data);
    if (engine->config.socket) {
        snprintf(engine->path, sizeof engine->path, "%.4100s", engine->config.socket);
    } else {
        snprintf(engine->path, sizeof engine->path, "%.4096s/slurm.sock", config->data);
    }
    bool found = wf_slurm_find_adapter(engine->config.adapter, engine->config.rest != NULL,
                                       engine->program, sizeof engine->program);
    set_arguments(engine);
    struct wf_wire_config wire = {.socket = engine->path,
                                  .program = found ? engine->arguments : NULL,
                                  .log = engine->log,
                                  .begin = begin,
                                  .end = end,
                                  .hear = hear,
                                  .context = engine};
    enum wf_status status = WF_OK;
    if (!found && access(engine->path, F_OK) != 0) {
        status = wf_fail(err, WF_NOTFOUND,
                         "the Slurm adapter %.300s is not there, and none listens at %.150s",
                         engine->program, engine->path);
    }
    status = status == WF_OK ? wf_slurm_picture_create(&engine->picture, err) : status;
    status = status == WF_OK ? wf_wire_open(&wire, &engine->wire, err) : status;
    if (status != WF_OK) {
        slurm_close(engine);
        return status;
    }
    *engine_out = engine;
    return WF_OK;
}

static enum wf_status slurm_start(struct wf_engine *engine, const struct wf_run_spec *spec,
                                  struct wf_error *err)
{
    if (!spec->key || !spec->nodes) {
        return wf_fail(err, WF_INVALID, "Slurm runs what was submitted to it, and nothing else");
    }
    return wf_slurm_begin_start(engine, spec, err);
}

static enum wf_status slurm_end_work(struct wf_engine *engine, const char *key,
                                     enum wf_run_stop why, uint32_t grace_ms, struct wf_error *err)
{
    uint32_t task;
    const struct wf_slurm_job *job = wf_slurm_find_key(engine, key, &task);
    (void)grace_ms; // Slurm has its own: KillWait
    if (!wf_slurm_is_seen(engine)) {
        return wf_fail(err, WF_IO, "%s", wf_slurm_unseen_why(engine));
    }
    if (!job || wf_slurm_is_over(job->state)) {
        return wf_fail(err, WF_NOTFOUND, "Slurm has no job %s", key);
    }
    if (engine->config.mode != WF_SLURM_DECIDE) {
        return wf_fail(err, WF_UNFIT, "jobs of this cluster are ended by Slurm alone");
    }
    if (why != WF_RUN_STOP_CANCELLED && job->state == WF_SLURM_PENDING) {
        wf_slurm_withdraw(engine, key, why == WF_RUN_STOP_PREEMPTED,
                          "it gave way before Slurm had started it");
        return WF_OK;
    }
    if (why == WF_RUN_STOP_WITHDRAWN) {
        return WF_OK;
    }
    if (why == WF_RUN_STOP_PREEMPTED) {
        return wf_slurm_begin_leaving(engine, job, err);
    }
    json_t *request = json_pack("{sssI}", "do", "cancel", "job", (json_int_t)job->id);
    if (request && task != WF_NONE) {
        (void)json_object_set_new(request, "task", json_integer(task));
    }
    return wf_slurm_send(engine, request) > 0
               ? WF_OK
               : wf_fail(err, WF_IO, "the Slurm adapter is not there");
}

static enum wf_status slurm_stop(struct wf_engine *engine, const char *id, enum wf_run_stop why,
                                 uint32_t grace_ms, struct wf_error *err)
{
    for (struct wf_slurm_attempt *attempt = engine->attempts; attempt; attempt = attempt->hh.next) {
        if (strcmp(attempt->run, id) == 0) {
            return slurm_end_work(engine, attempt->key, why, grace_ms, err);
        }
    }
    return wf_fail(err, WF_NOTFOUND, "no start of a job of Slurm is called %s", id);
}

static enum wf_status slurm_pause(struct wf_engine *engine, const char *id, bool paused,
                                  struct wf_error *err)
{
    (void)engine;
    (void)paused;
    return wf_fail(err, WF_UNFIT, "%s is Slurm's: scontrol suspend holds its processes", id);
}

// The picture tells what runs; there are no runs beside it.
static void slurm_list(struct wf_engine *engine,
                       void (*visit)(void *context, const struct wf_run *run), void *context)
{
    (void)engine;
    (void)visit;
    (void)context;
}

static int slurm_descriptor(const struct wf_engine *engine)
{
    return wf_wire_descriptor(engine->wire);
}

static bool slurm_next(struct wf_engine *engine, struct wf_run *run_out)
{
    (void)run_out;
    wf_wire_work(engine->wire);
    return false;
}

static enum wf_status slurm_log_await(struct wf_engine *engine, const char *id, uint32_t task,
                                      uint64_t offset, struct wf_error *err)
{
    (void)engine;
    (void)task;
    (void)offset;
    return wf_fail(err, WF_UNFIT, "nobody tells when %s writes", id);
}

static bool slurm_next_log(struct wf_engine *engine, char id_out[WF_RUN_ID_MAX + 1],
                           uint32_t *task_out)
{
    (void)engine;
    (void)id_out;
    (void)task_out;
    return false;
}

static enum wf_status slurm_forget(struct wf_engine *engine, const char *id, struct wf_error *err)
{
    (void)engine;
    (void)id;
    (void)err;
    return WF_OK;
}

const struct wf_engine_kind wf_engine_slurm = {
    .name = "slurm",
    .open = slurm_open,
    .close = slurm_close,
    .start = slurm_start,
    .stop = slurm_stop,
    .pause = slurm_pause,
    .list = slurm_list,
    .descriptor = slurm_descriptor,
    .next = slurm_next,
    .log_read = wf_slurm_read_output,
    .log_await = slurm_log_await,
    .next_log = slurm_next_log,
    .forget = slurm_forget,
    .end_work = slurm_end_work,
};

struct wf_slurm_picture *wf_slurm_picture_of(struct wf_engine *engine)
{
    return engine->picture;
}

bool wf_slurm_is_fresh(struct wf_engine *engine)
{
    bool fresh = engine->fresh;
    engine->fresh = false;
    return fresh;
}

bool wf_slurm_is_seen(const struct wf_engine *engine)
{
    return wf_wire_is_up(engine->wire) && !engine->away &&
           wf_slurm_picture_about(engine->picture)->synced;
}

const char *wf_slurm_unseen_why(const struct wf_engine *engine)
{
    if (!wf_wire_is_up(engine->wire) && wf_wire_trouble(engine->wire)[0]) {
        return wf_wire_trouble(engine->wire);
    }
    return engine->why[0] ? engine->why : "the Slurm adapter has not told everything yet";
}

static enum wf_status ask(struct wf_engine *engine, json_t *request, struct wf_error *err)
{
    return wf_slurm_send(engine, request) > 0
               ? WF_OK
               : wf_fail(err, WF_IO, "the Slurm adapter is not there");
}

enum wf_status wf_slurm_hold(struct wf_engine *engine, uint32_t job, struct wf_error *err)
{
    return ask(engine, json_pack("{sssI}", "do", "hold", "job", (json_int_t)job), err);
}

enum wf_status wf_slurm_leave(struct wf_engine *engine, uint32_t job, struct wf_error *err)
{
    return ask(engine, json_pack("{sssI}", "do", "leave", "job", (json_int_t)job), err);
}

enum wf_status wf_slurm_power(struct wf_engine *engine, const char *node, bool up,
                              struct wf_error *err)
{
    return ask(engine,
               json_pack("{ssssss}", "do", up ? "power_up" : "power_down", "node", node, "reason",
                         "whaleflux"),
               err);
}

enum wf_status wf_slurm_advise(struct wf_engine *engine, uint32_t job, const char *text,
                               struct wf_error *err)
{
    return ask(engine, json_pack("{sssIss}", "do", "advise", "job", (json_int_t)job, "text", text),
               err);
}
