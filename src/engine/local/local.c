// SPDX-License-Identifier: Apache-2.0
// The engine for this very machine: each run has a folder DATA/jobs/ID and a supervisor.
#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <inttypes.h>
#include <limits.h>
#include <poll.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/epoll.h>
#include <sys/eventfd.h>
#include <sys/file.h>
#include <sys/pidfd.h>
#include <sys/stat.h>
#include <sys/timerfd.h>
#include <unistd.h>

#include "base/assert.h"
#include "base/hash.h"
#include "engine/local/file.h"
#include "engine/local/local.h"
#include "engine/local/log.h"
#include "engine/local/program.h"
#include "engine/local/spec.h"

// Folders that are being removed begin with this; no run's id does.
#define FORGOTTEN ".forgotten-"

// How long the process before us may hold on to the folder: it may be in the middle of starting a
// supervisor, which has its descriptors for an instant.
#define LOCK_WAIT_MS 1000
#define FORGET_WAIT_MS 50

static struct wf_entry *find(struct wf_engine *engine, const char *id)
{
    struct wf_entry *entry = NULL;
    HASH_FIND_STR(engine->entries, id, entry);
    return entry;
}

static struct wf_entry *add(struct wf_engine *engine, const char *id)
{
    struct wf_entry *entry = calloc(1, sizeof *entry);
    if (entry) {
        snprintf(entry->id, sizeof entry->id, "%s", id);
        snprintf(entry->run.id, sizeof entry->run.id, "%s", id);
        entry->run.exit_code = -1;
        entry->end = -1;
        entry->ready = -1;
        entry->log_watch = -1;
        entry->end_source = (struct wf_source){WF_SOURCE_END, entry};
        entry->ready_source = (struct wf_source){WF_SOURCE_READY, entry};
        HASH_ADD_STR(engine->entries, id, entry);
    }
    return entry;
}

static void drop(struct wf_engine *engine, struct wf_entry *entry)
{
    wf_entry_drop(engine, entry);
    HASH_DEL(engine->entries, entry);
    free(entry);
}

// Removes a folder of plain files.
static bool remove_folder(int parent, const char *name)
{
    int folder = openat(parent, name, O_RDONLY | O_DIRECTORY | O_CLOEXEC | O_NOFOLLOW);
    DIR *listing = folder >= 0 ? fdopendir(folder) : NULL;
    if (!listing) {
        if (folder >= 0) {
            close(folder);
        }
        return errno == ENOENT;
    }
    for (struct dirent *file; (file = readdir(listing));) {
        if (strcmp(file->d_name, ".") != 0 && strcmp(file->d_name, "..") != 0) {
            (void)unlinkat(folder, file->d_name, 0);
        }
    }
    closedir(listing);
    return unlinkat(parent, name, AT_REMOVEDIR) == 0 || errno == ENOENT;
}

static enum wf_status find_runs(struct wf_engine *engine, struct wf_error *err)
{
    int again = openat(engine->jobs, ".", O_RDONLY | O_DIRECTORY | O_CLOEXEC);
    DIR *listing = again >= 0 ? fdopendir(again) : NULL;
    if (!listing) {
        return wf_fail(err, WF_IO, "%s cannot be listed: %s", engine->jobs_path, strerror(errno));
    }
    enum wf_status status = WF_OK;
    for (struct dirent *file; status == WF_OK && (file = readdir(listing));) {
        if (strncmp(file->d_name, FORGOTTEN, strlen(FORGOTTEN)) == 0) {
            (void)!remove_folder(engine->jobs, file->d_name);
        } else if (wf_run_id_is_good(file->d_name) && !add(engine, file->d_name)) {
            status = wf_fail(err, WF_NOMEM, "no memory for the runs of %s", engine->jobs_path);
        }
    }
    closedir(listing);
    struct wf_entry *entry = NULL;
    struct wf_entry *after = NULL;
    HASH_ITER(hh, engine->entries, entry, after)
    {
        wf_entry_settle(engine, entry, false);
        // A supervisor of the process before us may be about to begin.
        if (entry->run.phase == WF_RUN_INTENDED) {
            wf_entry_retry(engine, entry, LOCK_WAIT_MS);
        }
    }
    return status;
}

static bool make_path(char *path)
{
    for (char *at = path + 1;; at++) {
        if (*at == '/' || *at == '\0') {
            char kept = *at;
            *at = '\0';
            bool good = mkdir(path, 0700) == 0 || errno == EEXIST;
            *at = kept;
            if (!good || kept == '\0') {
                return good;
            }
        }
    }
}

static enum wf_status open_folder(struct wf_engine *engine, const char *data, struct wf_error *err)
{
    char path[PATH_MAX];
    if (snprintf(path, sizeof path, "%s/jobs", data) >= (int)sizeof path - 256) {
        return wf_fail(err, WF_INVALID, "the path %.100s is too long", data);
    }
    engine->jobs_path = make_path(path) ? realpath(path, NULL) : NULL;
    if (!engine->jobs_path) {
        return wf_fail(err, WF_IO, "%s cannot be made: %s", path, strerror(errno));
    }
    engine->jobs = open(engine->jobs_path, O_RDONLY | O_DIRECTORY | O_CLOEXEC);
    if (engine->jobs >= 0) {
        engine->lock = openat(engine->jobs, ".lock", O_RDWR | O_CREAT | O_CLOEXEC, 0600);
    }
    for (int waited = 0; engine->lock >= 0 && flock(engine->lock, LOCK_EX | LOCK_NB) != 0;
         waited += 10) {
        if (errno != EWOULDBLOCK || waited >= LOCK_WAIT_MS) {
            return wf_fail(err, WF_EXISTS, "%s is in use by another engine", engine->jobs_path);
        }
        (void)poll(NULL, 0, 10);
    }
    return engine->lock >= 0
               ? WF_OK
               : wf_fail(err, WF_IO, "%s cannot be used: %s", engine->jobs_path, strerror(errno));
}

static enum wf_status open_sources(struct wf_engine *engine, struct wf_error *err)
{
    engine->epoll = epoll_create1(EPOLL_CLOEXEC);
    engine->wake = eventfd(0, EFD_CLOEXEC | EFD_NONBLOCK);
    engine->timer = timerfd_create(CLOCK_BOOTTIME, TFD_CLOEXEC | TFD_NONBLOCK);
    engine->wake_source.kind = WF_SOURCE_WAKE;
    engine->timer_source.kind = WF_SOURCE_TIMER;
    struct epoll_event wake = {.events = EPOLLIN, .data.ptr = &engine->wake_source};
    struct epoll_event timer = {.events = EPOLLIN, .data.ptr = &engine->timer_source};
    if (epoll_ctl(engine->epoll, EPOLL_CTL_ADD, engine->wake, &wake) != 0 ||
        epoll_ctl(engine->epoll, EPOLL_CTL_ADD, engine->timer, &timer) != 0 ||
        !wf_waits_open(engine)) {
        return wf_fail(err, WF_IO, "no descriptors for an engine: %s", strerror(errno));
    }
    return WF_OK;
}

static void find_cgroup(struct wf_engine *engine, const char *wish)
{
    // Engines of one machine, told apart by where their data is.
    char name[40];
    WF_ASSERT(engine->jobs_path);
    snprintf(name, sizeof name, "whaleflux-%016" PRIx64, wf_hash_text(engine->jobs_path));
    (void)!wf_cgroup_find_parent(wish, name, engine->cgroup_parent, engine->cgroup_reason);
}

static void close_one(int descriptor)
{
    if (descriptor >= 0) {
        close(descriptor);
    }
}

static void local_close(struct wf_engine *engine)
{
    if (!engine) {
        return;
    }
    struct wf_entry *entry = NULL;
    struct wf_entry *after = NULL;
    HASH_ITER(hh, engine->entries, entry, after)
    {
        drop(engine, entry);
    }
    if (engine->cgroup_parent[0] != '\0') {
        (void)rmdir(engine->cgroup_parent); // stays when a run is in it
    }
    wf_waits_close(engine);
    close_one(engine->wake);
    close_one(engine->timer);
    close_one(engine->epoll);
    close_one(engine->jobs);
    close_one(engine->lock);
    close_one(engine->program);
    free(engine->jobs_path);
    free(engine);
}

static enum wf_status local_open(const struct wf_engine_config *config,
                                 struct wf_engine **engine_out, struct wf_error *err)
{
    struct wf_engine *engine = calloc(1, sizeof *engine);
    if (!engine) {
        return wf_fail(err, WF_NOMEM, "no memory for an engine");
    }
    engine->jobs = engine->lock = engine->epoll = engine->wake = engine->timer = engine->logs = -1;
    struct wf_error why = {0};
    engine->program = wf_program_open(config->program, &why);
    enum wf_status status = engine->program >= 0 ? WF_OK : wf_fail(err, why.status, "%s", why.text);
    if (status == WF_OK && !wf_process_can_open()) {
        status = wf_fail(err, WF_IO,
                         "processes cannot be held by pidfds (Linux 5.3 has them; a "
                         "container's seccomp filter may refuse them)");
    }
    if (status == WF_OK) {
        status = open_folder(engine, config->data, err);
    }
    if (status == WF_OK) {
        status = open_sources(engine, err);
    }
    if (status == WF_OK) {
        find_cgroup(engine, config->cgroup);
        status = find_runs(engine, err);
    }
    if (status != WF_OK) {
        local_close(engine);
        return wf_error_prefix(err, status, "local engine: ");
    }
    *engine_out = engine;
    return WF_OK;
}

// Whether the run's folder holds this very spec. An unreadable one is not it.
static bool has_spec(int folder, const struct wf_sheet *sheet)
{
    char *text = NULL;
    size_t length = 0;
    bool same =
        wf_small_file_read(folder, WF_SPEC_FILE, WF_RUN_SPEC_MAX, &text, &length, NULL) == WF_OK &&
        length == sheet->length && memcmp(text, sheet->text, length) == 0;
    free(text);
    return same;
}

static bool has_any_spec(int folder)
{
    char *text = NULL;
    size_t length = 0;
    struct wf_spec_store store;
    bool good =
        wf_small_file_read(folder, WF_SPEC_FILE, WF_RUN_SPEC_MAX, &text, &length, NULL) == WF_OK &&
        wf_spec_read(&store, text, length, NULL) == WF_OK;
    if (good) {
        wf_spec_finish(&store);
    }
    return good;
}

static enum wf_status start_again(struct wf_engine *engine, struct wf_entry *entry,
                                  const struct wf_sheet *sheet, struct wf_error *err)
{
    int folder = wf_entry_open(engine, entry);
    bool same = has_spec(folder, sheet);
    // A crash of the machine may have cut the spec off before anything began.
    bool none = !same && entry->run.phase == WF_RUN_INTENDED && !has_any_spec(folder);
    enum wf_status status = WF_OK;
    if (none) {
        status = wf_small_file_write(folder, WF_SPEC_FILE, sheet->text, sheet->length,
                                     WF_KEEP_LATER, err);
    } else if (!same) {
        status = wf_fail(err, WF_EXISTS, "run %s was started with another spec", entry->id);
    }
    close_one(folder);
    bool refused = entry->run.phase == WF_RUN_ENDED && entry->refusal[0] != '\0';
    if (status == WF_OK && entry->end < 0 && (refused || entry->run.phase == WF_RUN_INTENDED)) {
        if (refused) {
            entry->run = (struct wf_run){.exit_code = -1};
            memcpy(entry->run.id, entry->id, sizeof entry->id);
        }
        entry->told = WF_RUN_INTENDED;
        entry->wanted = true;
        entry->attempts = 0;
        status = wf_entry_supervise(engine, entry, err);
    }
    return status;
}

static enum wf_status start_new(struct wf_engine *engine, const char *id,
                                const struct wf_sheet *sheet, struct wf_error *err)
{
    if (mkdirat(engine->jobs, id, 0700) != 0) {
        return wf_fail(err, WF_IO, "run %s gets no folder: %s", id, strerror(errno));
    }
    struct wf_entry *entry = add(engine, id);
    if (!entry) {
        (void)!remove_folder(engine->jobs, id);
        return wf_fail(err, WF_NOMEM, "no memory for run %s", id);
    }
    // The disk need not have it yet: whoever lost it to a crash says it again.
    int folder = wf_entry_open(engine, entry);
    enum wf_status status =
        wf_small_file_write(folder, WF_SPEC_FILE, sheet->text, sheet->length, WF_KEEP_LATER, err);
    close_one(folder);
    if (status == WF_OK) {
        entry->wanted = true;
        status = wf_entry_supervise(engine, entry, err);
    }
    if (status != WF_OK) {
        drop(engine, entry);
        (void)!remove_folder(engine->jobs, id);
        return wf_error_prefix(err, status, "run %s: ", id);
    }
    return WF_OK;
}

static enum wf_status local_start(struct wf_engine *engine, const struct wf_run_spec *spec,
                                  struct wf_error *err)
{
    enum wf_status status = wf_spec_check(spec, err);
    if (status != WF_OK) {
        return status;
    }
    if (spec->switch_user && geteuid() != 0) {
        return wf_fail(err, WF_INVALID, "run %s: only root may run work as another user", spec->id);
    }
    struct wf_sheet sheet;
    status = wf_spec_write(spec, &sheet, err);
    if (status == WF_OK) {
        struct wf_entry *entry = find(engine, spec->id);
        status = entry ? start_again(engine, entry, &sheet, err)
                       : start_new(engine, spec->id, &sheet, err);
    }
    wf_sheet_finish(&sheet);
    return status;
}

// Changes what is wanted of a run and has its supervisor look.
static enum wf_status ask(struct wf_engine *engine, struct wf_entry *entry,
                          const struct wf_run_request *change, struct wf_error *err)
{
    int folder = wf_entry_open(engine, entry);
    struct wf_run_request request = {0};
    (void)!wf_run_request_read(folder, &request, NULL);
    if (change->stop) {
        bool first = !request.stop;
        request.stop = true;
        request.why = first || change->why > request.why ? change->why : request.why;
        request.grace_ms =
            first || change->grace_ms < request.grace_ms ? change->grace_ms : request.grace_ms;
    } else if (change->checkpoints > 0) {
        request.checkpoints++;
    } else {
        request.paused = change->paused;
    }
    enum wf_status status = wf_run_request_write(folder, &request, err);
    close_one(folder);
    if (status != WF_OK) {
        return wf_error_prefix(err, status, "run %s: ", entry->id);
    }
    if (entry->end >= 0) {
        (void)pidfd_send_signal(entry->end, SIGUSR1, NULL, 0);
    } else if (change->stop) {
        // Nobody is there to obey: one that comes now ends it at once.
        entry->wanted = true;
        status = wf_entry_supervise(engine, entry, err);
    }
    return status;
}

static struct wf_entry *find_or_fail(struct wf_engine *engine, const char *id, struct wf_error *err)
{
    struct wf_entry *entry = find(engine, id);
    if (!entry) {
        (void)!wf_fail(err, WF_NOTFOUND, "there is no run %.120s", id);
    }
    return entry;
}

static enum wf_status local_stop(struct wf_engine *engine, const char *id, enum wf_run_stop why,
                                 uint32_t grace_ms, struct wf_error *err)
{
    struct wf_entry *entry = find_or_fail(engine, id, err);
    if (!entry) {
        return WF_NOTFOUND;
    }
    struct wf_run_request change = {.stop = true, .why = why, .grace_ms = grace_ms};
    return entry->run.phase == WF_RUN_ENDED ? WF_OK : ask(engine, entry, &change, err);
}

static enum wf_status local_pause(struct wf_engine *engine, const char *id, bool paused,
                                  struct wf_error *err)
{
    struct wf_entry *entry = find_or_fail(engine, id, err);
    if (!entry) {
        return WF_NOTFOUND;
    }
    struct wf_run_request change = {.paused = paused};
    return entry->run.phase == WF_RUN_ENDED ? WF_OK : ask(engine, entry, &change, err);
}

static enum wf_status local_checkpoint(struct wf_engine *engine, const char *id,
                                       struct wf_error *err)
{
    struct wf_entry *entry = find_or_fail(engine, id, err);
    if (!entry) {
        return WF_NOTFOUND;
    }
    struct wf_run_request change = {.checkpoints = 1};
    return entry->run.phase == WF_RUN_ENDED ? WF_OK : ask(engine, entry, &change, err);
}

static int by_id(const struct wf_entry *a, const struct wf_entry *b)
{
    return strcmp(a->id, b->id);
}

static void local_list(struct wf_engine *engine,
                       void (*visit)(void *context, const struct wf_run *run), void *context)
{
    HASH_SORT(engine->entries, by_id);
    for (const struct wf_entry *entry = engine->entries; entry; entry = entry->hh.next) {
        visit(context, &entry->run);
    }
}

static int local_descriptor(const struct wf_engine *engine)
{
    return engine->epoll;
}

static bool local_next(struct wf_engine *engine, struct wf_run *run_out)
{
    if (!engine->first) {
        wf_engine_follow(engine);
    }
    struct wf_entry *entry = engine->first;
    if (!entry) {
        wf_engine_quiet(engine);
        return false;
    }
    engine->first = entry->next;
    engine->last = engine->first ? engine->last : NULL;
    entry->queued = false;
    entry->was_told = true;
    entry->told = entry->run.phase;
    *run_out = entry->run;
    return true;
}

static enum wf_status local_log_read(struct wf_engine *engine, const char *id,
                                     struct wf_log_piece *piece, struct wf_error *err)
{
    const struct wf_entry *entry = find_or_fail(engine, id, err);
    if (!entry) {
        return WF_NOTFOUND;
    }
    // Asked first: what an ended run wrote is all there.
    bool ended = entry->run.phase == WF_RUN_ENDED;
    int folder = wf_entry_open(engine, entry);
    enum wf_status status =
        folder < 0 ? wf_fail(err, WF_IO, "its folder cannot be opened: %s", strerror(errno))
                   : wf_log_read(folder, piece, err);
    close_one(folder);
    if (status != WF_OK) {
        return wf_error_prefix(err, status, "run %s: ", id);
    }
    piece->complete = ended && piece->offset + piece->length >= piece->end;
    return WF_OK;
}

static enum wf_status local_log_await(struct wf_engine *engine, const char *id, uint32_t task,
                                      uint64_t offset, struct wf_error *err)
{
    struct wf_entry *entry = find_or_fail(engine, id, err);
    return entry ? wf_entry_await_log(engine, entry, task, offset, err) : WF_NOTFOUND;
}

static bool local_next_log(struct wf_engine *engine, char id_out[WF_RUN_ID_MAX + 1],
                           uint32_t *task_out)
{
    bool told = wf_waits_next(engine, id_out, task_out);
    if (!told) {
        wf_engine_quiet(engine);
    }
    return told;
}

// A supervisor that a killed caller started may be looking at the run just now: it sees that there
// is nothing to do, and goes.
static bool lock_run(int lock)
{
    for (int waited = 0; flock(lock, LOCK_EX | LOCK_NB) != 0; waited += 2) {
        if (errno != EWOULDBLOCK || waited >= FORGET_WAIT_MS) {
            return false;
        }
        (void)poll(NULL, 0, 2);
    }
    return true;
}

// Holding the lock, so that no supervisor can begin while the folder goes.
static enum wf_status remove_run(struct wf_engine *engine, struct wf_entry *entry,
                                 struct wf_error *err)
{
    int folder = wf_entry_open(engine, entry);
    int lock = openat(folder, WF_LOCK_FILE, O_RDWR | O_CREAT | O_CLOEXEC, 0600);
    enum wf_status status = WF_OK;
    if (folder >= 0 && (lock < 0 || !lock_run(lock))) {
        status = wf_fail(err, WF_INVALID, "run %s is still looked after", entry->id);
    }
    struct wf_run_state state = {0};
    if (status == WF_OK && wf_state_read(folder, &state, NULL) == WF_OK) {
        (void)!wf_cgroup_remove(state.cgroup);
    }
    char name[sizeof FORGOTTEN + WF_RUN_ID_MAX];
    snprintf(name, sizeof name, FORGOTTEN "%s", entry->id);
    // Gone as a whole first: half a folder must not be taken for a run.
    if (status == WF_OK && renameat(engine->jobs, entry->id, engine->jobs, name) != 0 &&
        errno != ENOENT) {
        status = wf_fail(err, WF_IO, "run %s cannot be forgotten: %s", entry->id, strerror(errno));
    }
    if (status == WF_OK) {
        (void)!remove_folder(engine->jobs, name);
    }
    close_one(lock);
    close_one(folder);
    return status;
}

static enum wf_status local_forget(struct wf_engine *engine, const char *id, struct wf_error *err)
{
    struct wf_entry *entry = find(engine, id);
    if (!entry) {
        return WF_OK;
    }
    bool over = entry->run.phase == WF_RUN_ENDED || entry->run.phase == WF_RUN_INTENDED;
    if (!over || entry->end >= 0) {
        return wf_fail(err, WF_INVALID, "run %s has not ended", id);
    }
    enum wf_status status = remove_run(engine, entry, err);
    if (status == WF_OK) {
        drop(engine, entry);
    }
    return status;
}

const struct wf_engine_kind wf_engine_local = {
    .name = "local",
    .open = local_open,
    .close = local_close,
    .start = local_start,
    .stop = local_stop,
    .pause = local_pause,
    .checkpoint = local_checkpoint,
    .list = local_list,
    .descriptor = local_descriptor,
    .next = local_next,
    .log_read = local_log_read,
    .log_await = local_log_await,
    .next_log = local_next_log,
    .forget = local_forget,
};
