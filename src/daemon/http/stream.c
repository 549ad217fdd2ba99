// SPDX-License-Identifier: Apache-2.0
// What waits for a stream's reader is a run of bytes in memory; its connection rests while there is
// nothing. microhttpd asks for bytes when the reader can take some.
#include <stdarg.h>

#include "base/assert.h"
#include "daemon/http/server.h"

enum {
    PIECE_BYTES = 32 * 1024,          // what microhttpd asks for at most
    ALL_BYTES_MAX = 16 * 1024 * 1024, // past this, in all streams together, each gets less
    FEW_BYTES = 16 * 1024,
    LAST_WORDS_BYTES = 256,
};

struct wf_http_stream {
    struct wf_http *http;
    struct wf_http_connection *connection; // NULL when it has ended
    struct wf_http_stream *next;
    struct wf_http_stream **link;
    enum wf_stream_kind kind;
    struct wf_stream_watcher watcher;
    char *text; // from start on, length bytes wait
    size_t start;
    size_t length;
    size_t room;
    uint64_t sent_ms; // when something was sent last
    bool resting;     // its connection does
    bool told;        // that it is drained, since something was sent
    bool ending;
    bool broken; // it ends in the middle: out of memory, or the reader has gone
};

static void wake(struct wf_http_stream *stream)
{
    if (stream->resting && stream->connection) {
        stream->resting = false;
        wf_http_resume(stream->connection);
    }
}

static void forget_text(struct wf_http_stream *stream)
{
    stream->http->stream_bytes -= stream->length;
    free(stream->text);
    stream->text = NULL;
    stream->start = stream->length = stream->room = 0;
}

// microhttpd's: gives the next bytes.
static ssize_t give(void *context, uint64_t position, char *buffer, size_t size)
{
    struct wf_http_stream *stream = context;
    (void)position;
    if (stream->length == 0 && !stream->ending && !stream->broken && !stream->told) {
        stream->told = true;
        if (stream->watcher.drained) {
            stream->watcher.drained(stream->watcher.context, stream);
        }
    }
    if (stream->broken) {
        return MHD_CONTENT_READER_END_WITH_ERROR;
    }
    if (stream->length > 0) {
        size_t taken = stream->length < size ? stream->length : size;
        memcpy(buffer, stream->text + stream->start, taken);
        stream->start += taken;
        stream->length -= taken;
        stream->http->stream_bytes -= taken;
        if (stream->length == 0) {
            forget_text(stream);
        }
        return (ssize_t)taken;
    }
    if (stream->ending) {
        return MHD_CONTENT_READER_END_OF_STREAM;
    }
    stream->resting = true;
    MHD_suspend_connection(stream->connection->mhd);
    return 0;
}

// microhttpd's: nobody asks for more.
static void finish(void *context)
{
    struct wf_http_stream *stream = context;
    forget_text(stream);
    *stream->link = stream->next;
    if (stream->next) {
        stream->next->link = stream->link;
    }
    if (stream->connection) {
        stream->connection->stream = NULL;
    }
    stream->http->counts.streams--;
    if (stream->watcher.closed) {
        stream->watcher.closed(stream->watcher.context);
    }
    free(stream);
}

static struct MHD_Response *make_response(struct wf_http_stream *stream)
{
    struct MHD_Response *response =
        MHD_create_response_from_callback(MHD_SIZE_UNKNOWN, PIECE_BYTES, give, stream, finish);
    const char *type =
        stream->kind == WF_STREAM_EVENTS ? "text/event-stream" : "text/plain; charset=utf-8";
    if (!response) {
        return NULL;
    }
    // The second keeps a proxy in front from collecting events before it passes them on.
    if (MHD_add_response_header(response, MHD_HTTP_HEADER_CONTENT_TYPE, type) != MHD_YES ||
        MHD_add_response_header(response, "X-Accel-Buffering", "no") != MHD_YES ||
        MHD_add_response_header(response, MHD_HTTP_HEADER_CACHE_CONTROL, "no-store") != MHD_YES ||
        MHD_add_response_header(response, "X-Content-Type-Options", "nosniff") != MHD_YES) {
        return response; // for lack of memory; the stream is of use without them
    }
    return response;
}

struct wf_http_stream *wf_http_stream_open(struct wf_http_request *request,
                                           enum wf_stream_kind kind,
                                           const struct wf_stream_watcher *watcher)
{
    struct wf_http *http = request->http;
    bool possible =
        request->connection && !http->closing && http->counts.streams < http->config.streams_max;
    struct wf_http_stream *stream = possible ? calloc(1, sizeof *stream) : NULL;
    if (!stream) {
        wf_http_fail(request, 503, NULL, "there are %llu open streams already; try again later",
                     (unsigned long long)http->counts.streams);
        return NULL;
    }
    *stream = (struct wf_http_stream){
        .http = http, .connection = request->connection, .kind = kind, .watcher = *watcher};
    struct MHD_Response *response = make_response(stream);
    if (!response) {
        free(stream);
        wf_http_fail(request, 503, NULL, "out of memory");
        return NULL;
    }
    stream->sent_ms = wf_http_now(http);
    stream->next = http->streams;
    stream->link = &http->streams;
    if (stream->next) {
        stream->next->link = &stream->next;
    }
    http->streams = stream;
    http->counts.streams++;
    request->connection->stream = stream;
    wf_http_answer(request, 200, response);
    return stream;
}

size_t wf_http_stream_room(const struct wf_http_stream *stream)
{
    size_t max = stream->http->config.stream_bytes_max;
    if (stream->http->stream_bytes > ALL_BYTES_MAX && max > FEW_BYTES) {
        max = FEW_BYTES;
    }
    return stream->ending || stream->broken || stream->length >= max ? 0 : max - stream->length;
}

static void append(struct wf_http_stream *stream, const char *text, size_t length)
{
    if (stream->start + stream->length + length > stream->room) {
        if (stream->length > 0) {
            memmove(stream->text, stream->text + stream->start, stream->length);
        }
        stream->start = 0;
        if (stream->length + length > stream->room) {
            size_t room = stream->room > 0 ? stream->room : 512;
            while (room < stream->length + length) {
                room *= 2;
            }
            char *larger = realloc(stream->text, room);
            if (!larger) {
                stream->broken = true;
                wake(stream);
                return;
            }
            stream->text = larger;
            stream->room = room;
        }
    }
    memcpy(stream->text + stream->start + stream->length, text, length);
    stream->length += length;
    stream->http->stream_bytes += length;
    stream->told = false;
    stream->sent_ms = wf_http_now(stream->http);
    wake(stream);
}

// Ends the stream; a reader that does not take the rest within the time for an answer is left.
static void end(struct wf_http_stream *stream, const char *event, const char *message)
{
    char words[LAST_WORDS_BYTES];
    if (stream->ending) {
        return;
    }
    if (event && stream->kind == WF_STREAM_EVENTS) {
        int length = snprintf(words, sizeof words, "event: %s\ndata: {\"message\":\"%s\"}\n\n",
                              event, message);
        WF_ASSERT(length > 0 && (size_t)length < sizeof words);
        append(stream, words, (size_t)length);
    } else if (event) {
        stream->broken = true; // so that its reader sees that something is missing
    }
    stream->ending = true;
    if (stream->connection) {
        wf_http_enter_phase(stream->connection, WF_PHASE_TAKING);
    }
    wake(stream);
}

// Whether there is room for so much; otherwise the stream is cut.
static bool make_room(struct wf_http_stream *stream, size_t length)
{
    if (stream->ending || stream->broken) {
        return false;
    }
    if (length > wf_http_stream_room(stream)) {
        stream->http->counts.cut_streams++;
        end(stream, "cut", "too much waited to be read: come back with Last-Event-ID");
        return false;
    }
    return true;
}

void wf_http_stream_send(struct wf_http_stream *stream, const char *text, size_t length)
{
    if (length > 0 && make_room(stream, length)) {
        append(stream, text, length);
    }
}

// How much a text takes as lines of data.
static size_t data_bytes(const char *data)
{
    size_t lines = 1;
    for (const char *at = data; (at = strchr(at, '\n')); at++) {
        lines++;
    }
    return strlen(data) + lines * sizeof "data: ";
}

void wf_http_stream_event(struct wf_http_stream *stream, uint64_t id, const char *name,
                          const char *data)
{
    char head[96];
    WF_ASSERT(stream->kind == WF_STREAM_EVENTS);
    int length = snprintf(head, sizeof head, "id: %llu\n%s%.48s%s", (unsigned long long)id,
                          name ? "event: " : "", name ? name : "", name ? "\n" : "");
    WF_ASSERT(length > 0 && (size_t)length < sizeof head);
    if (!make_room(stream, (size_t)length + data_bytes(data) + 1)) {
        return;
    }
    append(stream, head, (size_t)length);
    for (const char *line = data; line;) {
        size_t line_length = strcspn(line, "\n");
        append(stream, "data: ", 6);
        append(stream, line, line_length);
        append(stream, "\n", 1);
        line = line[line_length] ? line + line_length + 1 : NULL;
    }
    append(stream, "\n", 1);
}

void wf_http_stream_close(struct wf_http_stream *stream)
{
    end(stream, NULL, NULL);
}

void wf_http_stream_lose(struct wf_http_stream *stream)
{
    stream->broken = true;
    wake(stream);
}

void wf_http_stream_detach(struct wf_http_stream *stream)
{
    stream->connection = NULL;
}

void wf_http_sweep_streams(struct wf_http *http)
{
    uint64_t now_ms = wf_http_now(http);
    for (struct wf_http_stream *stream = http->streams; stream; stream = stream->next) {
        if (stream->kind == WF_STREAM_EVENTS && stream->length == 0 && !stream->ending &&
            !stream->broken && now_ms - stream->sent_ms >= http->config.heartbeat_ms) {
            append(stream, ":\n\n", 3);
        }
    }
}

void wf_http_close_streams(struct wf_http *http)
{
    for (struct wf_http_stream *stream = http->streams; stream; stream = stream->next) {
        end(stream, "end", "the daemon stops: come back with Last-Event-ID");
    }
}
