// SPDX-License-Identifier: Apache-2.0
#include <jansson.h>
#include <stdarg.h>

#include <netdb.h>
#include <netinet/in.h>

#include "base/assert.h"
#include "daemon/http/server.h"

const char *wf_http_code(unsigned status)
{
    switch (status) {
    case 400:
        return "invalid";
    case 401:
        return "unauthenticated";
    case 403:
        return "forbidden";
    case 404:
        return "not_found";
    case 405:
        return "method_not_allowed";
    case 409:
        return "conflict";
    case 411:
        return "length_required";
    case 413:
    case 414:
        return "too_large";
    case 415:
        return "unsupported_type";
    case 422:
        return "impossible";
    case 429:
        return "too_many";
    case 503:
        return "unavailable";
    case 507:
        return "storage_full";
    default:
        return "internal";
    }
}

static void leave_list(struct wf_http_request *request)
{
    if (!request->link) {
        return;
    }
    *request->link = request->next;
    if (request->next) {
        request->next->link = request->link;
    }
    request->link = NULL;
}

void wf_http_request_free(struct wf_http_request *request)
{
    leave_list(request);
    if (request->response) {
        MHD_destroy_response(request->response);
    }
    free(request->body);
    free(request);
}

void wf_http_answer(struct wf_http_request *request, unsigned status, struct MHD_Response *response)
{
    struct wf_http *http = request->http;
    if (!request->dismissed) {
        leave_list(request);
    }
    // The daemon stops and has said so; what comes now comes too late.
    if (request->answered) {
        WF_ASSERT(request->dismissed);
        request->dismissed = false;
        leave_list(request);
        MHD_destroy_response(response);
        if (!request->connection) {
            wf_http_request_free(request);
        }
        return;
    }
    http->counts.answers[status / 100 % WF_COUNT_OF(http->counts.answers)]++;
    request->answered = true;
    request->status = status;
    request->response = response;
    if (!request->connection && !request->dismissed) {
        wf_http_request_free(request);
    } else if (request->suspended) {
        request->suspended = false;
        wf_http_resume(request->connection);
    }
}

static void add_header(struct MHD_Response *response, const char *name, const char *value)
{
    // It fails for lack of memory only; an answer without its header is better than none.
    if (MHD_add_response_header(response, name, value) != MHD_YES) {
        return;
    }
}

void wf_http_reply(struct wf_http_request *request, unsigned status, const char *content_type,
                   char *body, size_t length, const char *location)
{
    static char nothing[1] = "";
    struct MHD_Response *response = MHD_create_response_from_buffer(
        length, body ? body : nothing, body ? MHD_RESPMEM_MUST_FREE : MHD_RESPMEM_PERSISTENT);
    WF_ASSERT(response); // as good as never: there is nothing left to say it with
    if (content_type) {
        add_header(response, MHD_HTTP_HEADER_CONTENT_TYPE, content_type);
    }
    add_header(response, MHD_HTTP_HEADER_CACHE_CONTROL, "no-store");
    add_header(response, "X-Content-Type-Options", "nosniff");
    if (location) {
        add_header(response, MHD_HTTP_HEADER_LOCATION, location);
    }
    if (request->header) {
        add_header(response, request->header, request->header_value);
    }
    wf_http_answer(request, status, response);
}

void wf_http_fail(struct wf_http_request *request, unsigned status, const char *field,
                  const char *format, ...)
{
    char message[640];
    va_list arguments;
    va_start(arguments, format);
    vsnprintf(message, sizeof message, format, arguments);
    va_end(arguments);
    json_t *root = json_pack("{s:{s:s, s:s*, s:s}}", "error", "code", wf_http_code(status), "field",
                             field, "message", message);
    if (!root) {
        // What an outsider wrote and is not UTF-8 stands in the sentence.
        root = json_pack("{s:{s:s, s:s}}", "error", "code", wf_http_code(status), "message",
                         "it holds bytes that are no UTF-8 text");
    }
    char *text = json_dumps(root, JSON_COMPACT);
    json_decref(root);
    wf_http_reply(request, status, "application/json", text, text ? strlen(text) : 0, NULL);
}

const char *wf_http_path(const struct wf_http_request *request, char *text, size_t size)
{
    size_t length = 0;
    snprintf(text, size, "/");
    for (uint32_t i = 0; i < request->target.segments && length < size; i++) {
        length += (size_t)snprintf(text + length, size - length, "/%s", request->target.segment[i]);
    }
    return text;
}

const char *wf_http_from(const struct wf_http_request *request, char *text, size_t size)
{
    text[0] = '\0';
    if (request->connection && request->connection->listener->over != WF_OVER_SOCKET) {
        const union MHD_ConnectionInfo *info =
            MHD_get_connection_info(request->connection->mhd, MHD_CONNECTION_INFO_CLIENT_ADDRESS);
        const struct sockaddr *address = info ? info->client_addr : NULL;
        socklen_t length = address && address->sa_family == AF_INET6 ? sizeof(struct sockaddr_in6)
                                                                     : sizeof(struct sockaddr_in);
        if (!address ||
            getnameinfo(address, length, text, (socklen_t)size, NULL, 0, NI_NUMERICHOST) != 0) {
            text[0] = '\0';
        }
    }
    return text;
}

const char *wf_http_method(const struct wf_http_request *request)
{
    return request->method;
}

const struct wf_route *wf_http_route(const struct wf_http_request *request)
{
    return request->route;
}

const struct wf_actor *wf_http_actor(const struct wf_http_request *request)
{
    return &request->actor;
}

const char *wf_http_segment(const struct wf_http_request *request, const char *name)
{
    uint32_t i = wf_route_segment(request->route, name);
    WF_ASSERT(i < request->target.segments);
    return request->target.segment[i];
}

const char *wf_http_query(const struct wf_http_request *request, const char *name)
{
    return wf_target_find(&request->target, name);
}

const char *wf_http_body(const struct wf_http_request *request, size_t *length_out)
{
    *length_out = request->body_length;
    return request->body ? request->body : "";
}

const char *wf_http_last_event_id(const struct wf_http_request *request)
{
    return *request->last_event_id ? request->last_event_id : NULL;
}

struct wf_http *wf_http_server(const struct wf_http_request *request)
{
    return request->http;
}
