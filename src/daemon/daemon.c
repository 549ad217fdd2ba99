// SPDX-License-Identifier: Apache-2.0
#include "daemon/daemon.h"

#include <errno.h>
#include <fcntl.h>
#include <pwd.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include <uv.h>

#include "base/assert.h"
#include "daemon/clock.h"
#include "daemon/desk/desk.h"
#include "daemon/hags/watch.h"
#include "daemon/host.h"
#include "daemon/saver.h"
#include "daemon/slurm/follow.h"
#include "daemon/spot.h"

enum {
    FACTS_AT_ONCE = 256, // of the engine, before others have their turn
    PATH_BYTES = 4096,
    SLEEP_MS_MAX = 60000, // the wall clock may be set meanwhile
    LOOK_MS = 2000,       // between looks at whether anything runs, where something waits for that
};

struct daemon {
    const struct wf_daemon_config *config;
    char data[PATH_BYTES], database[PATH_BYTES + 16], snapshot[PATH_BYTES + 16];
    char program[PATH_BYTES];
    char boot[40];
    int lock;
    struct wf_clock clock;
    struct wf_database *db;
    const struct wf_engine_kind *kind;
    struct wf_engine *engine;
    struct wf_host *host;     // NULL: not this machine, but
    struct wf_follow *follow; // a cluster
    struct wf_slurm_config slurm;
    struct wf_desk *desk;
    struct wf_saver *saver;
    void *front;
    struct wf_spot *spot;
    struct wf_hags_watch *hags;
    uv_loop_t loop;
    bool has_loop;
    uv_prepare_t prepare;
    uv_timer_t timer;
    uv_poll_t facts;
    uv_signal_t signals[3];
    uv_work_t work;
    const struct wf_batch *batch; // in the worker's hands
    bool probes;
    enum wf_status written;
    struct wf_error why;
    bool ends, closed;
    int64_t look_ms;       // not before
    enum wf_status status; // why it ends
    struct wf_error *err;
};

static void say(void *context, const char *line)
{
    struct daemon *daemon = context;
    if (daemon->config->out) {
        fprintf(daemon->config->out, "whaleflux: %s\n", line);
        fflush(daemon->config->out);
    }
}

static int64_t now_ms(void *context)
{
    return wf_clock_now_ms(&((struct daemon *)context)->clock);
}

static void end(struct daemon *daemon)
{
    daemon->ends = true;
}

static void write_batch(uv_work_t *work)
{
    struct daemon *daemon = work->data;
    daemon->written = daemon->probes ? wf_database_probe(daemon->db, &daemon->why) : WF_OK;
    if (daemon->written == WF_OK) {
        daemon->written = wf_database_write(daemon->db, daemon->batch, &daemon->why);
    }
}

// Back in the loop's thread.
static void take_written(struct daemon *daemon)
{
    bool was_stalled = wf_desk_probes(daemon->desk);
    daemon->batch = NULL;
    if (daemon->written != WF_OK && !was_stalled) {
        say(daemon, daemon->why.text);
    }
    wf_saver_written(daemon->saver, daemon->written == WF_OK);
    daemon->status = wf_desk_written(daemon->desk, daemon->written, &daemon->why, daemon->err);
    if (daemon->status != WF_OK) {
        end(daemon);
    } else if (was_stalled && !wf_desk_probes(daemon->desk)) {
        say(daemon, "the disk takes what is written again; new work is taken");
    }
}

static void after_write(uv_work_t *work, int cancelled)
{
    WF_ASSERT(cancelled == 0); // nothing here cancels work
    take_written(work->data);
}

static void write_next(struct daemon *daemon)
{
    if (daemon->batch || daemon->status != WF_OK) {
        return;
    }
    daemon->batch = wf_desk_batch(daemon->desk);
    if (daemon->batch) {
        daemon->probes = wf_desk_probes(daemon->desk);
        daemon->work.data = daemon;
        int error = uv_queue_work(&daemon->loop, &daemon->work, write_batch, after_write);
        WF_ASSERT(error == 0);
        wf_saver_handed(daemon->saver);
    }
}

static void close_handle(uv_handle_t *handle)
{
    if (!uv_is_closing(handle)) {
        uv_close(handle, NULL);
    }
}

static void close_all(struct daemon *daemon)
{
    daemon->closed = true;
    if (daemon->front) {
        daemon->config->front->close(daemon->front);
    }
    wf_saver_close(daemon->saver, daemon->ends && daemon->status == WF_OK);
    daemon->saver = NULL;
    wf_spot_close(daemon->spot);
    wf_hags_watch_close(daemon->hags);
    close_handle((uv_handle_t *)&daemon->prepare);
    close_handle((uv_handle_t *)&daemon->timer);
    close_handle((uv_handle_t *)&daemon->facts);
    for (uint32_t i = 0; i < WF_COUNT_OF(daemon->signals); i++) {
        close_handle((uv_handle_t *)&daemon->signals[i]);
    }
}

static void look_when_idle(struct daemon *daemon, int64_t at_ms);

// What is due of the desk is done before the loop sleeps.
static void wake(uv_timer_t *timer)
{
    struct daemon *daemon = timer->data;
    look_when_idle(daemon, now_ms(daemon));
}

// Until when the loop may sleep.
static int64_t sleep_ms(struct daemon *daemon, int64_t at_ms)
{
    int64_t wake_ms = wf_desk_wake_ms(daemon->desk);
    int64_t due_ms = daemon->follow ? wf_follow_due_ms(daemon->follow) : INT64_MAX;
    wake_ms = due_ms < wake_ms ? due_ms : wake_ms;
    int64_t ms = wake_ms > at_ms ? wake_ms - at_ms : 1;
    ms = ms < SLEEP_MS_MAX ? ms : SLEEP_MS_MAX;
    if (daemon->host && wf_host_waits(daemon->host)) {
        int64_t look_ms = daemon->look_ms > at_ms ? daemon->look_ms - at_ms : 1;
        ms = ms < look_ms ? ms : look_ms;
    }
    return ms;
}

// Before the loop sleeps: what is due, what is to be written.
static void prepare(uv_prepare_t *handle)
{
    struct daemon *daemon = handle->data;
    int64_t at_ms = now_ms(daemon);
    if (daemon->follow && wf_follow_due_ms(daemon->follow) <= at_ms) {
        wf_follow_work(daemon->follow);
    }
    if (wf_desk_wake_ms(daemon->desk) <= at_ms) {
        wf_desk_tick(daemon->desk);
    }
    write_next(daemon);
    if (daemon->ends && !daemon->batch && !daemon->closed) {
        close_all(daemon); // what waits for the disk has got there
        return;
    }
    if (!daemon->closed) {
        (void)uv_timer_start(&daemon->timer, wake, (uint64_t)sleep_ms(daemon, at_ms), 0);
    }
}

static void hear_engine(uv_poll_t *handle, int error, int events)
{
    struct daemon *daemon = handle->data;
    struct wf_run run;
    (void)error;
    (void)events;
    for (uint32_t i = 0; i < FACTS_AT_ONCE && daemon->kind->next(daemon->engine, &run); i++) {
        wf_desk_run(daemon->desk, &run);
    }
    if (daemon->follow) {
        wf_follow_work(daemon->follow);
    }
    // Nobody has logs awaited: they are looked at from time to time.
    char id[WF_RUN_ID_MAX + 1];
    uint32_t task;
    while (daemon->kind->next_log(daemon->engine, id, &task)) {
    }
}

static bool note_run(void *context, const struct wf_job_row *row)
{
    bool *busy = context;
    *busy = *busy || (row->run.attempt > 0 && row->run.ended_ms == 0);
    return !*busy;
}

// Whether a run has not ended, as far as the disk knows: what it does not know has not begun.
static bool is_busy(void *context)
{
    struct daemon *daemon = context;
    struct wf_job_query query = {.states = WF_JOB_STATE_BIT(WF_JOB_STATE_RUNNING) |
                                           WF_JOB_STATE_BIT(WF_JOB_STATE_ENDING),
                                 .limit = UINT32_MAX};
    bool busy = false;
    return wf_database_jobs(daemon->db, &query, note_run, &busy, NULL) != WF_OK || busy;
}

static void look_again(struct daemon *daemon)
{
    struct wf_error err;
    if (daemon->follow) {
        bool good = wf_follow_renew(daemon->follow, &err) == WF_OK;
        say(daemon, good ? "read the description again" : err.text);
        return;
    }
    enum wf_status status = wf_host_look_again(daemon->host, &err);
    if (status == WF_OK) {
        status = wf_desk_site(daemon->desk, wf_host_site(daemon->host), &err);
    }
    say(daemon, status == WF_OK ? "looked at the machine and its description again" : err.text);
}

// GPUs that came or went while work ran are taken up when none does.
static void look_when_idle(struct daemon *daemon, int64_t at_ms)
{
    if (daemon->host && wf_host_waits(daemon->host) && at_ms >= daemon->look_ms) {
        daemon->look_ms = at_ms + LOOK_MS;
        if (!is_busy(daemon)) {
            look_again(daemon);
        }
    }
}

static void renew_front(struct daemon *daemon)
{
    const struct wf_daemon_front *front = daemon->config->front;
    struct wf_error err;
    if (daemon->front && front->renew && front->renew(daemon->front, &err) != WF_OK) {
        say(daemon, err.text);
    }
}

static void hear_signal(uv_signal_t *handle, int number)
{
    struct daemon *daemon = handle->data;
    if (number == SIGHUP) {
        look_again(daemon);
        renew_front(daemon);
        wf_hags_watch_renew(daemon->hags);
    } else {
        say(daemon, "ends; what runs goes on");
        wf_desk_leave(daemon->desk);
        end(daemon);
    }
}

static enum wf_status find_data(struct daemon *daemon, struct wf_error *err)
{
    const char *home = getenv("HOME");
    const struct passwd *user = home && home[0] ? NULL : getpwuid(geteuid());
    home = user ? user->pw_dir : home;
    if (!daemon->config->data && (!home || !home[0])) {
        return wf_fail(err, WF_INVALID, "there is no home folder: name a folder by --data-dir");
    }
    char path[PATH_BYTES];
    int length = daemon->config->data ? snprintf(path, sizeof path, "%s", daemon->config->data)
                                      : snprintf(path, sizeof path, "%s/.whaleflux", home);
    if (length <= 0 || (size_t)length >= sizeof path - 300) {
        return wf_fail(err, WF_INVALID, "the data folder's path is empty or too long");
    }
    // Others come to the socket where work is theirs; what is secret in it is closed to them.
    if (mkdir(path, geteuid() == 0 ? 0711 : 0700) != 0 && errno != EEXIST) {
        return wf_fail(err, WF_IO, "%s cannot be made: %s", path, strerror(errno));
    }
    if (!realpath(path, daemon->data)) {
        return wf_fail(err, WF_IO, "%s cannot be used: %s", path, strerror(errno));
    }
    snprintf(daemon->database, sizeof daemon->database, "%s/whaleflux.db", daemon->data);
    snprintf(daemon->snapshot, sizeof daemon->snapshot, "%s/core.snapshot", daemon->data);
    return WF_OK;
}

static enum wf_status lock_data(struct daemon *daemon, struct wf_error *err)
{
    char path[PATH_BYTES + 16];
    snprintf(path, sizeof path, "%s/serve.lock", daemon->data);
    daemon->lock = open(path, O_RDWR | O_CREAT | O_CLOEXEC, 0600);
    if (daemon->lock < 0) {
        return wf_fail(err, WF_IO, "%s cannot be opened: %s", path, strerror(errno));
    }
    // A record lock, for it dies with the daemon: flock's would live on in a child that has not
    // called exec yet, and keep the next daemon away.
    struct flock whole = {.l_type = F_WRLCK, .l_whence = SEEK_SET};
    if (fcntl(daemon->lock, F_SETLK, &whole) != 0) {
        return wf_fail(err, WF_EXISTS, "another daemon serves %s", daemon->data);
    }
    return WF_OK;
}

// Since when this machine is up, by the wall clock.
static int64_t booted_ms(struct daemon *daemon)
{
    struct timespec up;
    bool good = clock_gettime(CLOCK_BOOTTIME, &up) == 0;
    return good ? now_ms(daemon) - ((int64_t)up.tv_sec * 1000 + up.tv_nsec / 1000000) : 0;
}

// The kernel's id of this boot: another one is another machine, or this one started anew.
static void find_boot(struct daemon *daemon)
{
    const char *sysroot = daemon->config->sysroot;
    char path[PATH_BYTES];
    snprintf(path, sizeof path, "%s/proc/sys/kernel/random/boot_id", sysroot ? sysroot : "");
    FILE *file = fopen(path, "re");
    if (file && fgets(daemon->boot, sizeof daemon->boot, file)) {
        daemon->boot[strcspn(daemon->boot, "\n")] = '\0';
    }
    if (file) {
        (void)fclose(file);
    }
}

static enum wf_status open_machine(struct daemon *daemon, struct wf_error *err)
{
    const struct wf_daemon_config *config = daemon->config;
    struct wf_host_config host = {.is_busy = is_busy,
                                  .context = daemon,
                                  .site = config->site,
                                  .sysroot = config->sysroot,
                                  .nvml_path = config->nvml_path,
                                  .open = config->cgroup && strcmp(config->cgroup, "none") == 0,
                                  .data = daemon->data,
                                  .program = daemon->program};
    struct wf_engine_config engine = {
        .data = daemon->data, .program = config->supervisor, .cgroup = config->cgroup};
    daemon->kind = &wf_engine_local;
    find_boot(daemon);
    enum wf_status status = wf_host_open(&host, &daemon->host, err);
    return status == WF_OK ? daemon->kind->open(&engine, &daemon->engine, err) : status;
}

static enum wf_status open_cluster(struct daemon *daemon, struct wf_error *err)
{
    daemon->kind = &wf_engine_slurm;
    daemon->slurm = *daemon->config->slurm;
    daemon->slurm.say = say;
    daemon->slurm.context = daemon;
    struct wf_engine_config engine = {.data = daemon->data, .slurm = &daemon->slurm};
    enum wf_status status = daemon->kind->open(&engine, &daemon->engine, err);
    struct wf_follow_config follow = {.engine = daemon->engine,
                                      .slurm = &daemon->slurm,
                                      .site = daemon->config->site,
                                      .now_ms = now_ms,
                                      .say = say,
                                      .context = daemon};
    return status == WF_OK ? wf_follow_open(&follow, &daemon->follow, err) : status;
}

static enum wf_status open_desk(struct daemon *daemon, struct wf_error *err)
{
    const struct wf_daemon_config *config = daemon->config;
    struct wf_desk_config desk = {
        .db = daemon->db,
        .database = daemon->database,
        .snapshot = daemon->snapshot,
        .say = say,
        .kind = daemon->kind,
        .engine = daemon->engine,
        .program = config->version,
        .data = daemon->data,
        .policy = config->policy,
        .discipline = config->discipline,
        .core_price_nanousd_per_hour = config->core_price_nanousd_per_hour,
        .moves = config->moves,
        .move_cost_max_nanousd = config->move_cost_max_nanousd,
        .boot = daemon->boot,
        .users = geteuid() == 0,
        .now_ms = now_ms,
        .context = daemon,
    };
    if (daemon->follow) {
        desk.granter = wf_follow_granter(daemon->follow);
        desk.watches = daemon->slurm.mode != WF_SLURM_DECIDE;
    } else {
        desk.site = wf_host_site(daemon->host);
        desk.model_memory_mib = wf_host_model_memory_mib(daemon->host);
        desk.granter = wf_host_granter(daemon->host);
        desk.spot = config->spot && strcmp(config->spot, "none") != 0;
        desk.booted_ms = booted_ms(daemon);
    }
    enum wf_status status = wf_desk_open(&desk, &daemon->desk, err);
    if (status == WF_OK && daemon->follow) {
        wf_follow_set_desk(daemon->follow, daemon->desk);
    }
    return status;
}

static enum wf_status open_parts(struct daemon *daemon, struct wf_error *err)
{
    ssize_t length = readlink("/proc/self/exe", daemon->program, sizeof daemon->program - 1);
    snprintf(daemon->program + (length > 0 ? length : 0), 1, "%s", "");
    enum wf_status status = wf_database_open(daemon->database, &daemon->db, err);
    if (status == WF_OK) {
        status = daemon->config->slurm ? open_cluster(daemon, err) : open_machine(daemon, err);
    }
    return status == WF_OK ? open_desk(daemon, err) : status;
}

static enum wf_status open_loop(struct daemon *daemon, struct wf_error *err)
{
    static const int numbers[] = {SIGTERM, SIGINT, SIGHUP};
    int error = uv_loop_init(&daemon->loop);
    daemon->has_loop = error == 0;
    error = error ? error : uv_prepare_init(&daemon->loop, &daemon->prepare);
    error = error ? error : uv_timer_init(&daemon->loop, &daemon->timer);
    int facts = daemon->kind->descriptor(daemon->engine);
    error = error ? error : uv_poll_init(&daemon->loop, &daemon->facts, facts);
    daemon->prepare.data = daemon->timer.data = daemon->facts.data = daemon;
    error = error ? error : uv_prepare_start(&daemon->prepare, prepare);
    error = error ? error : uv_poll_start(&daemon->facts, UV_READABLE, hear_engine);
    for (uint32_t i = 0; i < WF_COUNT_OF(numbers) && !error; i++) {
        error = uv_signal_init(&daemon->loop, &daemon->signals[i]);
        daemon->signals[i].data = daemon;
        error = error ? error : uv_signal_start(&daemon->signals[i], hear_signal, numbers[i]);
    }
    if (error) {
        return wf_fail(err, WF_IO, "no loop: %s", uv_strerror(error));
    }
    struct wf_saver_config saver = {.loop = &daemon->loop,
                                    .desk = daemon->desk,
                                    .lines = daemon->config->snapshot_lines,
                                    .now_ms = now_ms,
                                    .say = say,
                                    .context = daemon};
    return wf_saver_open(&saver, &daemon->saver, err);
}

static enum wf_status open_front(struct daemon *daemon, struct wf_error *err)
{
    const struct wf_daemon_config *config = daemon->config;
    if (!config->front) {
        return WF_OK;
    }
    struct wf_daemon_parts parts = {.loop = &daemon->loop,
                                    .desk = daemon->desk,
                                    .hags = daemon->hags,
                                    .data = daemon->data,
                                    .listen = config->listen,
                                    .version = config->version,
                                    .users = geteuid() == 0,
                                    .log = say,
                                    .log_context = daemon,
                                    .now_ms = now_ms,
                                    .now_context = daemon};
    return config->front->open(&parts, &daemon->front, err);
}

static enum wf_status open_spot(struct daemon *daemon, struct wf_error *err)
{
    struct wf_spot_config config = {.source = daemon->config->spot,
                                    .loop = &daemon->loop,
                                    .desk = daemon->desk,
                                    .now_ms = now_ms,
                                    .log = say,
                                    .context = daemon};
    return wf_spot_open(&config, &daemon->spot, err);
}

static enum wf_status open_hags(struct daemon *daemon, struct wf_error *err)
{
    struct wf_hags_watch_config config = {.plan = daemon->config->watch,
                                          .data = daemon->data,
                                          .program = daemon->program,
                                          .loop = &daemon->loop,
                                          .now_ms = now_ms,
                                          .log = say,
                                          .context = daemon};
    return wf_hags_watch_open(&config, &daemon->hags, err);
}

static void run(struct daemon *daemon)
{
    const struct wf_daemon_config *config = daemon->config;
    if (daemon->front && config->out) {
        config->front->greet(daemon->front, config->out);
        fflush(config->out);
    }
    if (config->ready >= 0) {
        (void)!write(config->ready, "", 1);
    }
    (void)uv_run(&daemon->loop, UV_RUN_DEFAULT);
}

static void close_parts(struct daemon *daemon)
{
    if (daemon->has_loop) {
        if (!daemon->closed && daemon->desk) {
            close_all(daemon); // it never ran
            (void)uv_run(&daemon->loop, UV_RUN_DEFAULT);
        }
        (void)uv_loop_close(&daemon->loop);
    }
    if (daemon->front) {
        daemon->config->front->destroy(daemon->front);
    }
    wf_spot_destroy(daemon->spot);
    wf_hags_watch_destroy(daemon->hags);
    wf_desk_close(daemon->desk);
    if (daemon->engine) {
        daemon->kind->close(daemon->engine);
    }
    wf_follow_close(daemon->follow);
    wf_host_close(daemon->host);
    wf_database_close(daemon->db);
    if (daemon->lock >= 0) {
        (void)close(daemon->lock);
    }
    free(daemon);
}

enum wf_status wf_daemon_serve(const struct wf_daemon_config *config, struct wf_error *err)
{
    struct daemon *daemon = calloc(1, sizeof *daemon);
    if (!daemon) {
        return wf_fail(err, WF_NOMEM, "no memory for the daemon");
    }
    daemon->config = config;
    daemon->lock = -1;
    daemon->err = err;
    wf_clock_init(&daemon->clock);
    (void)signal(SIGPIPE, SIG_IGN);
    enum wf_status status = find_data(daemon, err);
    status = status == WF_OK ? lock_data(daemon, err) : status;
    status = status == WF_OK ? open_parts(daemon, err) : status;
    status = status == WF_OK ? open_loop(daemon, err) : status;
    status = status == WF_OK ? open_spot(daemon, err) : status;
    status = status == WF_OK ? open_hags(daemon, err) : status;
    status = status == WF_OK ? open_front(daemon, err) : status;
    if (status == WF_OK) {
        run(daemon);
        status = daemon->status;
    }
    close_parts(daemon);
    return status;
}
