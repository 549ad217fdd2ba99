// SPDX-License-Identifier: Apache-2.0
// What a task wrote, from where one likes, and on as it writes. Its log is kept in files: the
// newest has the plain name, older parts have ".1", ".2" and so on behind it. A follower that holds
// an open file goes on reading it when it is put aside, and then looks for the next younger one.
#include <fcntl.h>
#include <limits.h>
#include <sys/stat.h>
#include <unistd.h>

#include "base/assert.h"
#include "daemon/api/parts.h"

enum {
    PIECE_BYTES = 32 * 1024,
    PARTS_MAX = 1000,
    LOOK_MS = 200,
    LAST_LOOKS = 2, // after the run has ended, for what was still on its way
};

struct wf_api_follow {
    struct wf_api *api;
    struct wf_http_stream *stream;
    struct wf_api_follow *next;
    struct wf_api_follow **link;
    uint64_t job;
    uint32_t attempt; // 0: the next one, whenever it begins
    uint32_t task;
    uint64_t skip_bytes; // to be passed over
    uint64_t left_bytes; // to be sent
    bool follow;
    bool begun; // a file of it was open
    int file;   // -1: none is open
    uint32_t looks_left;
};

static bool path_of(const struct wf_api_follow *follow, char *path)
{
    char run[WF_RUN_ID_MAX + 1];
    struct wf_error err;
    wf_desk_run_id(follow->job, follow->attempt, run);
    return wf_desk_engine_kind(follow->api->desk)
               ->log_path(wf_desk_engine(follow->api->desk), run, follow->task, path, PATH_MAX,
                          &err) == WF_OK;
}

static const char *part_path(const char *path, uint32_t age, char *text)
{
    if (age == 0) {
        return path;
    }
    snprintf(text, PATH_MAX + 16, "%s.%u", path, age);
    return text;
}

// How old the part is that has this file; UINT32_MAX: it is gone. Without a file: the oldest.
static uint32_t find_part(const char *path, const struct stat *file)
{
    char text[PATH_MAX + 16];
    struct stat status;
    uint32_t age = 0;
    for (; age < PARTS_MAX && stat(part_path(path, age, text), &status) == 0; age++) {
        if (file && status.st_ino == file->st_ino && status.st_dev == file->st_dev) {
            return age;
        }
    }
    return !file && age > 0 ? age - 1 : UINT32_MAX;
}

// Opens the oldest part there is, or the one after the part that has been read. Returns whether
// there is a new one.
static bool open_next(struct wf_api_follow *follow)
{
    char path[PATH_MAX];
    char text[PATH_MAX + 16];
    struct stat status;
    if (follow->attempt == 0 || !path_of(follow, path)) {
        return false;
    }
    bool is_open = follow->file >= 0 && fstat(follow->file, &status) == 0;
    uint32_t age = find_part(path, is_open ? &status : NULL);
    if (is_open && age == 0) {
        return false; // it is the newest
    }
    if (is_open) {
        // One that is gone was older than all there are.
        age = age == UINT32_MAX ? find_part(path, NULL) : age - 1;
    }
    if (age == UINT32_MAX) {
        return false;
    }
    int file = open(part_path(path, age, text), O_RDONLY | O_CLOEXEC | O_NOFOLLOW);
    if (file < 0) {
        return false;
    }
    if (follow->file >= 0) {
        close(follow->file);
    }
    follow->file = file;
    follow->begun = true;
    return true;
}

// Sends what is there as far as there is room. Returns whether the reader is to be waited for.
static bool send_more(struct wf_api_follow *follow)
{
    char piece[PIECE_BYTES];
    while (follow->left_bytes > 0) {
        size_t room = wf_http_stream_room(follow->stream);
        size_t wanted = room < sizeof piece ? room : sizeof piece;
        wanted = wanted < follow->left_bytes ? wanted : (size_t)follow->left_bytes;
        if (room == 0) {
            return true;
        }
        ssize_t got = follow->file >= 0 ? read(follow->file, piece, wanted) : 0;
        if (got <= 0) {
            if (!open_next(follow)) {
                return false;
            }
            continue;
        }
        uint64_t skipped = follow->skip_bytes < (uint64_t)got ? follow->skip_bytes : (uint64_t)got;
        follow->skip_bytes -= skipped;
        follow->left_bytes -= (uint64_t)got - skipped;
        wf_http_stream_send(follow->stream, piece + skipped, (size_t)got - (size_t)skipped);
    }
    return false;
}

// Whether its run may still write.
static bool goes_on(struct wf_api_follow *follow)
{
    struct wf_job_live live;
    if (follow->left_bytes == 0 || !follow->follow) {
        return false;
    }
    bool is_live = wf_desk_live(follow->api->desk, follow->job, &live);
    if (follow->attempt == 0 && is_live && live.attempt > 0) {
        follow->attempt = live.attempt;
    }
    if (is_live && (follow->attempt == 0 || live.attempt == follow->attempt)) {
        return true;
    }
    return follow->looks_left-- > 0;
}

static void go_on(struct wf_api_follow *follow)
{
    if (!send_more(follow) && !goes_on(follow)) {
        wf_http_stream_close(follow->stream);
    }
}

static void on_drained(void *context, struct wf_http_stream *stream)
{
    struct wf_api_follow *follow = context;
    follow->stream = stream;
    go_on(follow);
}

static void on_closed(void *context)
{
    struct wf_api_follow *follow = context;
    *follow->link = follow->next;
    if (follow->next) {
        follow->next->link = follow->link;
    }
    if (follow->file >= 0) {
        close(follow->file);
    }
    if (!follow->api->follows && follow->api->looking) {
        follow->api->looking = false;
        uv_timer_stop(&follow->api->look);
    }
    free(follow);
}

void wf_api_on_look(uv_timer_t *timer)
{
    struct wf_api *api = timer->data;
    for (struct wf_api_follow *follow = api->follows; follow; follow = follow->next) {
        go_on(follow);
    }
}

static void begin(struct wf_api_follow *follow, struct wf_http_request *request)
{
    struct wf_api *api = follow->api;
    struct wf_stream_watcher watcher = {on_drained, on_closed, follow};
    follow->next = api->follows;
    follow->link = &api->follows;
    follow->stream = wf_http_stream_open(request, WF_STREAM_TEXT, &watcher);
    if (!follow->stream) {
        free(follow);
        return;
    }
    if (follow->next) {
        follow->next->link = &follow->next;
    }
    api->follows = follow;
    if (!api->looking) {
        api->looking = true;
        uv_timer_start(&api->look, wf_api_on_look, LOOK_MS, LOOK_MS);
    }
}

struct owner {
    const struct wf_http_request *request;
    bool known, own;
    uint32_t attempts;
};

static bool take_owner(void *context, const struct wf_job_row *row)
{
    struct owner *owner = context;
    owner->known = true;
    owner->own = strcmp(row->user, wf_http_actor(owner->request)->user) == 0;
    owner->attempts = row->attempts;
    return false;
}

// What a job writes may be secret: it is for whoever owns it, and for operators.
static bool check_owner(struct wf_api *api, struct wf_http_request *request, uint64_t id,
                        uint32_t *attempts_out)
{
    struct owner owner = {.request = request};
    struct wf_job_live live;
    if (!wf_api_read_job(api, request, id, take_owner, &owner)) {
        return false;
    }
    if (!owner.known) {
        wf_http_fail(request, 404, "job", "there is no job %llu", (unsigned long long)id);
        return false;
    }
    if (!owner.own && !wf_api_is_operator(request)) {
        wf_http_fail(request, 403, NULL, "the logs of job %llu are for its owner and for operators",
                     (unsigned long long)id);
        return false;
    }
    bool newer = wf_desk_live(api->desk, id, &live) && live.attempt > owner.attempts;
    *attempts_out = newer ? live.attempt : owner.attempts;
    return true;
}

void wf_api_jobs_logs(void *context, struct wf_http_request *request)
{
    struct wf_api *api = context;
    uint64_t id, task, run, offset, limit;
    uint32_t attempts;
    bool follow;
    if (!wf_api_query_number(request, "task", UINT32_MAX, 0, &task) ||
        !wf_api_query_number(request, "offset", INT64_MAX, 0, &offset) ||
        !wf_api_query_number(request, "limit", INT64_MAX, INT64_MAX, &limit) ||
        !wf_api_query_flag(request, "follow", &follow) || !wf_api_find_job(api, request, &id) ||
        !check_owner(api, request, id, &attempts) ||
        !wf_api_query_number(request, "run", UINT32_MAX, attempts, &run)) {
        return;
    }
    if (run > attempts || (run == 0 && wf_http_query(request, "run"))) {
        wf_http_fail(request, 404, "run", "job %llu has had %u runs", (unsigned long long)id,
                     attempts);
        return;
    }
    struct wf_api_follow *follower = calloc(1, sizeof *follower);
    WF_ASSERT(follower);
    *follower = (struct wf_api_follow){.api = api,
                                       .job = id,
                                       .attempt = (uint32_t)run,
                                       .task = (uint32_t)task,
                                       .skip_bytes = offset,
                                       .left_bytes = limit,
                                       .follow = follow,
                                       .file = -1,
                                       .looks_left = LAST_LOOKS};
    begin(follower, request);
}
