// SPDX-License-Identifier: Apache-2.0
// What a task wrote, from where one likes, and on as it writes. The engine knows its log as one row
// of bytes, whatever parts of it are kept in which files.
#include "base/assert.h"
#include "daemon/api/parts.h"

enum {
    PIECE_BYTES = 32 * 1024,
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
    char *key;           // by which the engine knows work that others asked for; NULL: our own
    uint64_t offset;     // of the next byte
    uint64_t left_bytes; // to be sent
    bool follow;
    uint32_t looks_left;
};

static enum wf_status ask_engine(struct wf_api_follow *follow, struct wf_log_piece *piece,
                                 struct wf_error *err)
{
    char run[WF_RUN_ID_MAX + 1];
    struct wf_desk *desk = follow->api->desk;
    wf_desk_run_id(follow->job, follow->attempt, run);
    piece->task = follow->task;
    piece->offset = follow->offset;
    return wf_desk_engine_kind(desk)->log_read(wf_desk_engine(desk),
                                               follow->key ? follow->key : run, piece, err);
}

// Reads the next piece; an empty one where there is nothing yet.
static void read_piece(struct wf_api_follow *follow, struct wf_log_piece *piece)
{
    if (follow->attempt == 0 || ask_engine(follow, piece, NULL) != WF_OK) {
        piece->length = 0; // it has not begun, or it is forgotten
    } else {
        follow->offset = piece->offset + piece->length;
    }
}

// Sends what is there as far as there is room. Returns whether the reader is to be waited for.
static bool send_more(struct wf_api_follow *follow)
{
    char bytes[PIECE_BYTES];
    while (follow->left_bytes > 0) {
        size_t room = wf_http_stream_room(follow->stream);
        size_t wanted = room < sizeof bytes ? room : sizeof bytes;
        wanted = wanted < follow->left_bytes ? wanted : (size_t)follow->left_bytes;
        if (room == 0) {
            return true;
        }
        struct wf_log_piece piece = {.bytes = bytes, .bytes_max = (uint32_t)wanted};
        read_piece(follow, &piece);
        if (piece.length == 0) {
            return false;
        }
        follow->left_bytes -= piece.length;
        wf_http_stream_send(follow->stream, bytes, piece.length);
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

static void forget(struct wf_api_follow *follow)
{
    free(follow->key);
    free(follow);
}

static void on_closed(void *context)
{
    struct wf_api_follow *follow = context;
    *follow->link = follow->next;
    if (follow->next) {
        follow->next->link = follow->link;
    }
    if (!follow->api->follows && follow->api->looking) {
        follow->api->looking = false;
        uv_timer_stop(&follow->api->look);
    }
    forget(follow);
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
        forget(follow);
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
    char *key; // of malloc; NULL: our own work
};

static bool take_owner(void *context, const struct wf_job_row *row)
{
    struct owner *owner = context;
    owner->known = true;
    owner->own = strcmp(row->user, wf_http_actor(owner->request)->user) == 0;
    owner->attempts = row->attempts;
    owner->key = row->key && *row->key ? strdup(row->key) : NULL;
    return false;
}

// What a job writes may be secret: it is for whoever owns it, and for operators. The key in owner
// is the caller's.
static bool check_owner(struct wf_api *api, struct wf_http_request *request, uint64_t id,
                        struct owner *owner)
{
    struct wf_job_live live;
    *owner = (struct owner){.request = request};
    if (!wf_api_read_job(api, request, id, take_owner, owner)) {
        return false;
    }
    if (!owner->known) {
        wf_http_fail(request, 404, "job", "there is no job %llu", (unsigned long long)id);
    } else if (!owner->own && !wf_api_is_operator(request)) {
        wf_http_fail(request, 403, NULL, "the logs of job %llu are for its owner and for operators",
                     (unsigned long long)id);
    } else {
        bool newer = wf_desk_live(api->desk, id, &live) && live.attempt > owner->attempts;
        owner->attempts = newer ? live.attempt : owner->attempts;
        return true;
    }
    free(owner->key);
    return false;
}

// Whether the output of work that others asked for can be read here; else it is said why not.
static bool check_output(struct wf_api_follow *follow, struct wf_http_request *request)
{
    struct wf_error err;
    struct wf_log_piece piece = {.task = 0};
    if (follow->key && follow->attempt > 0 && ask_engine(follow, &piece, &err) != WF_OK) {
        wf_http_fail(request, 404, "job", "%s", err.text);
        return false;
    }
    return true;
}

void wf_api_jobs_logs(void *context, struct wf_http_request *request)
{
    struct wf_api *api = context;
    uint64_t id, task, run, offset, limit;
    struct owner owner;
    bool follow;
    if (!wf_api_query_number(request, "task", UINT32_MAX, 0, &task) ||
        !wf_api_query_number(request, "offset", INT64_MAX, 0, &offset) ||
        !wf_api_query_number(request, "limit", INT64_MAX, INT64_MAX, &limit) ||
        !wf_api_query_flag(request, "follow", &follow) || !wf_api_find_job(api, request, &id) ||
        !check_owner(api, request, id, &owner)) {
        return;
    }
    if (!wf_api_query_number(request, "run", UINT32_MAX, owner.attempts, &run)) {
        free(owner.key);
        return;
    }
    if (run > owner.attempts || (run == 0 && wf_http_query(request, "run"))) {
        wf_http_fail(request, 404, "run", "job %llu has had %u runs", (unsigned long long)id,
                     owner.attempts);
        free(owner.key);
        return;
    }
    struct wf_api_follow *follower = calloc(1, sizeof *follower);
    WF_ASSERT(follower);
    *follower = (struct wf_api_follow){.api = api,
                                       .job = id,
                                       .attempt = (uint32_t)run,
                                       .task = (uint32_t)task,
                                       .key = owner.key,
                                       .offset = offset,
                                       .left_bytes = limit,
                                       .follow = follow,
                                       .looks_left = LAST_LOOKS};
    if (check_output(follower, request)) {
        begin(follower, request);
    } else {
        forget(follower);
    }
}
