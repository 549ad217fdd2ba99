// SPDX-License-Identifier: Apache-2.0
// What happens, as a stream of events: first what was missed, from the database, then what comes.
#include <errno.h>

#include "base/assert.h"
#include "daemon/api/parts.h"

enum {
    ROWS_AT_ONCE = 256,
    ROOM_FOR_ROW = 32 * 1024, // less room than this, and the reader is waited for
};

struct wf_api_watch {
    struct wf_api *api;
    struct wf_http_stream *stream;
    struct wf_api_watch *next;
    struct wf_api_watch **link;
    uint64_t job; // 0: all
    uint64_t seq; // of the last one sent, or passed over
    bool live;    // nothing in the database is newer
};

static void send_row(struct wf_api_watch *watch, const struct wf_feed_row *row)
{
    json_t *root = wf_api_object();
    wf_api_set(root, "seq", wf_api_number((int64_t)row->seq));
    wf_api_set(root, "time_ms", wf_api_number(row->time_ms));
    wf_api_set(root, "job", row->job > 0 ? wf_api_number((int64_t)row->job) : NULL);
    wf_api_set(root, "kind", wf_api_text(row->kind));
    wf_api_set(root, "data", wf_api_parse(row->data));
    char *text = json_dumps(root, JSON_COMPACT);
    WF_ASSERT(text);
    json_decref(root);
    wf_http_stream_event(watch->stream, row->seq, row->kind, text);
    free(text);
    watch->seq = row->seq;
}

struct past {
    struct wf_api_watch *watch;
    uint32_t rows;
};

static bool send_past(void *context, const struct wf_feed_row *row)
{
    struct past *past = context;
    if (wf_http_stream_room(past->watch->stream) < ROOM_FOR_ROW) {
        past->rows = ROWS_AT_ONCE; // there is more
        return false;
    }
    send_row(past->watch, row);
    past->rows++;
    return true;
}

// The reader has taken what there was: more of the past, until there is none.
static void on_drained(void *context, struct wf_http_stream *stream)
{
    struct wf_api_watch *watch = context;
    struct past past = {.watch = watch};
    struct wf_error err;
    watch->stream = stream;
    if (watch->live) {
        return;
    }
    struct wf_feed_query query = {watch->seq, watch->job, ROWS_AT_ONCE};
    if (wf_database_feed(wf_desk_database(watch->api->desk), &query, send_past, &past, &err) !=
        WF_OK) {
        wf_http_stream_close(stream);
        return;
    }
    watch->live = past.rows < ROWS_AT_ONCE;
}

static void on_closed(void *context)
{
    struct wf_api_watch *watch = context;
    *watch->link = watch->next;
    if (watch->next) {
        watch->next->link = watch->link;
    }
    free(watch);
}

void wf_api_on_feed(void *context, const struct wf_feed_row *row)
{
    struct wf_api *api = context;
    for (struct wf_api_watch *watch = api->watches; watch; watch = watch->next) {
        if (watch->live && row->seq > watch->seq && (watch->job == 0 || watch->job == row->job)) {
            send_row(watch, row);
        }
    }
}

// After which event: what the client says it has seen, or from now on.
static bool read_after(struct wf_api *api, struct wf_http_request *request, uint64_t *seq_out)
{
    const char *last = wf_http_last_event_id(request);
    if (!last) {
        return wf_api_query_number(request, "after", INT64_MAX, wf_desk_count(api->desk).feed,
                                   seq_out);
    }
    errno = 0;
    *seq_out = strtoull(last, NULL, 10);
    if (!*last || last[strspn(last, "0123456789")] != '\0' || errno != 0 || *seq_out > INT64_MAX) {
        wf_http_fail(request, 400, "Last-Event-ID", "'%.20s' is the number of no event", last);
        return false;
    }
    return true;
}

void wf_api_events(void *context, struct wf_http_request *request)
{
    struct wf_api *api = context;
    uint64_t job = 0, seq;
    if (!wf_api_query_number(request, "job", INT64_MAX, 0, &job) ||
        !read_after(api, request, &seq)) {
        return;
    }
    struct wf_api_watch *watch = calloc(1, sizeof *watch);
    WF_ASSERT(watch);
    *watch = (struct wf_api_watch){
        .api = api, .next = api->watches, .link = &api->watches, .job = job, .seq = seq};
    struct wf_stream_watcher watcher = {on_drained, on_closed, watch};
    watch->stream = wf_http_stream_open(request, WF_STREAM_EVENTS, &watcher);
    if (!watch->stream) {
        free(watch);
        return;
    }
    if (watch->next) {
        watch->next->link = &watch->next;
    }
    api->watches = watch;
    // An id without an event: whoever sees nothing before the connection breaks comes back to here.
    char here[40];
    int length = snprintf(here, sizeof here, "id: %llu\n\n", (unsigned long long)seq);
    wf_http_stream_send(watch->stream, here, (size_t)length);
}
