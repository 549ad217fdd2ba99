// SPDX-License-Identifier: Apache-2.0
// The life of a request: its head is looked at, its body read, its route's answer called. Its
// connection rests while an answer is awaited.
#include "base/assert.h"
#include "daemon/http/server.h"

enum { BODY_ROOM_FIRST = 4096, FIRST_LINE_BYTES_MAX = 64 * 1024 };

void *wf_http_on_target(void *context, const char *target, struct MHD_Connection *mhd)
{
    struct wf_http_listener *listener = context;
    const union MHD_ConnectionInfo *info =
        MHD_get_connection_info(mhd, MHD_CONNECTION_INFO_SOCKET_CONTEXT);
    struct wf_http_request *request = calloc(1, sizeof *request);
    if (!request || !info || !info->socket_context) {
        free(request);
        return NULL;
    }
    request->http = listener->http;
    request->connection = info->socket_context;
    request->target_status =
        wf_target_parse(target, strlen(target), &request->target, &request->target_err);
    request->target_at = (uintptr_t)target;
    request->target_length = strlen(target);
    listener->http->counts.requests++;
    return request;
}

// Gives the answer to microhttpd, which keeps a reference of its own.
static enum MHD_Result send_answer(struct wf_http_request *request)
{
    struct wf_http_connection *connection = request->connection;
    WF_ASSERT(request->response);
    wf_http_enter_phase(connection, connection->stream ? WF_PHASE_STREAMING : WF_PHASE_TAKING);
    enum MHD_Result result =
        MHD_queue_response(connection->mhd, request->status, request->response);
    MHD_destroy_response(request->response);
    request->response = NULL;
    return result;
}

// microhttpd takes a NUL in the target for its end. Target and version stand in one line in memory,
// so that what is between them shows.
static void check_first_line(struct wf_http_request *request, const char *version)
{
    uintptr_t apart = (uintptr_t)version - request->target_at;
    if (apart <= FIRST_LINE_BYTES_MAX && apart != request->target_length + 1) {
        request->target_status = wf_fail(&request->target_err, WF_INVALID,
                                         "the path has a NUL byte, or more than a space after it");
    }
}

static enum MHD_Result look_at_head(struct wf_http_request *request, const char *method,
                                    const char *version)
{
    struct wf_http *http = request->http;
    request->begun = true;
    check_first_line(request, version);
    snprintf(request->method, sizeof request->method, "%s", method);
    if (http->closing) {
        wf_http_fail(request, 503, NULL, "the daemon stops");
    } else {
        wf_http_admit(request);
    }
    request->refused = request->answered;
    // A small body is read and dropped, so that the connection can go on; a great one is not read
    // at all: the answer goes out now and the connection is closed after it.
    const char *length = MHD_lookup_connection_value(request->connection->mhd, MHD_HEADER_KIND,
                                                     MHD_HTTP_HEADER_CONTENT_LENGTH);
    const char *chunks = MHD_lookup_connection_value(request->connection->mhd, MHD_HEADER_KIND,
                                                     MHD_HTTP_HEADER_TRANSFER_ENCODING);
    bool small = !length || strtoull(length, NULL, 10) <= http->config.body_bytes_max;
    return request->refused && (chunks || !small) ? send_answer(request) : MHD_YES;
}

static enum MHD_Result take_body(struct wf_http_request *request, const char *data, size_t length)
{
    size_t needed = request->body_length + length + 1; // and a final zero
    if (request->refused) {
        return MHD_YES;
    }
    if (needed > (size_t)request->http->config.body_bytes_max + 1) {
        return MHD_NO; // more than it said
    }
    if (needed > request->body_room) {
        size_t room = request->body_room > 0 ? request->body_room : BODY_ROOM_FIRST;
        while (room < needed) {
            room *= 2;
        }
        char *body = realloc(request->body, room);
        if (!body) {
            return MHD_NO;
        }
        request->body = body;
        request->body_room = room;
    }
    memcpy(request->body + request->body_length, data, length);
    request->body_length += length;
    request->body[request->body_length] = '\0';
    return MHD_YES;
}

// Hands the request to its route, and lets the connection rest when no answer comes at once.
static enum MHD_Result hand_over(struct wf_http_request *request)
{
    struct wf_http *http = request->http;
    if (!request->handed && !request->answered) {
        request->handed = true;
        request->next = http->waiting;
        request->link = &http->waiting;
        if (request->next) {
            request->next->link = &request->next;
        }
        http->waiting = request;
        wf_http_enter_phase(request->connection, WF_PHASE_WAITING);
        request->route->answer(http->config.context, request);
    }
    if (request->answered) {
        return send_answer(request);
    }
    if (!request->suspended) {
        request->suspended = true;
        MHD_suspend_connection(request->connection->mhd);
    }
    return MHD_YES;
}

// NOLINTNEXTLINE(readability-function-size): microhttpd's
enum MHD_Result wf_http_on_request(void *context, struct MHD_Connection *mhd, const char *target,
                                   const char *method, const char *version, const char *data,
                                   size_t *length, void **request_out)
{
    struct wf_http_request *request = *request_out;
    (void)context;
    (void)mhd;
    (void)target;
    if (!request) {
        return MHD_NO;
    }
    if (!request->begun) {
        return look_at_head(request, method, version);
    }
    if (*length > 0) {
        enum MHD_Result result = take_body(request, data, *length);
        *length = 0;
        return result;
    }
    return hand_over(request);
}

void wf_http_on_completed(void *context, struct MHD_Connection *mhd, void **request_out,
                          enum MHD_RequestTerminationCode why)
{
    struct wf_http_request *request = *request_out;
    (void)context;
    (void)mhd;
    (void)why;
    if (!request) {
        return;
    }
    *request_out = NULL;
    wf_http_enter_phase(request->connection, WF_PHASE_ASKING);
    if (request->connection->stream) {
        wf_http_stream_detach(request->connection->stream);
        request->connection->stream = NULL;
    }
    request->connection = NULL;
    // Whoever answers later answers nobody; the request lives until then.
    if (!request->link) {
        wf_http_request_free(request);
    }
}
