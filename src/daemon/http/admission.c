// SPDX-License-Identifier: Apache-2.0
// Who may ask what: the checks that a request's head goes through, in an order that tells nobody
// without rights what there is.
#include <strings.h>

#include "base/assert.h"
#include "daemon/http/server.h"

enum { TOKEN_BYTES_MAX = 255 };

static const char *header(const struct wf_http_request *request, const char *name)
{
    return MHD_lookup_connection_value(request->connection->mhd, MHD_HEADER_KIND, name);
}

static void tell_refused(const struct wf_http_request *request, unsigned status, const char *why)
{
    const struct wf_http_config *config = &request->http->config;
    if (config->refused) {
        config->refused(config->context, request, status, why);
    }
}

static void refuse_login(struct wf_http_request *request, const char *why)
{
    tell_refused(request, 401, why);
    request->header = MHD_HTTP_HEADER_WWW_AUTHENTICATE;
    snprintf(request->header_value, sizeof request->header_value, "Bearer realm=\"WhaleFlux\"");
    wf_http_fail(request, 401, NULL, "%s", why);
}

// Finds out who asks, by the token in this header.
static bool check_token(struct wf_http_request *request, const char *authorization)
{
    static const char scheme[] = "Bearer ";
    struct wf_http *http = request->http;
    uint64_t number = request->connection->throttle_number;
    int64_t now_ms = (int64_t)wf_http_now(http);
    int64_t wait_ms = wf_throttle_wait_ms(http->throttle, number, now_ms);
    if (wait_ms > 0) {
        request->header = MHD_HTTP_HEADER_RETRY_AFTER;
        snprintf(request->header_value, sizeof request->header_value, "%lld",
                 (long long)(wait_ms + 999) / 1000);
        wf_http_fail(request, 429, NULL,
                     "too many tokens from your address were wrong: try again in %lld s",
                     (long long)(wait_ms + 999) / 1000);
        return false;
    }
    enum wf_login login = WF_LOGIN_UNKNOWN;
    if (strncasecmp(authorization, scheme, sizeof scheme - 1) == 0 &&
        strlen(authorization) < sizeof scheme + TOKEN_BYTES_MAX) {
        const char *secret = authorization + sizeof scheme - 1;
        login =
            http->config.login(http->config.context, secret + strspn(secret, " "), &request->actor);
    }
    if (login == WF_LOGIN_UNKNOWN) {
        wf_throttle_failed(http->throttle, number, now_ms);
        http->counts.failed_logins++;
        refuse_login(request, "no such token");
    } else if (login == WF_LOGIN_EXPIRED) {
        refuse_login(request, "the token has expired");
    }
    return login == WF_LOGIN_OK;
}

static bool check_who(struct wf_http_request *request)
{
    struct wf_http *http = request->http;
    const char *authorization = header(request, MHD_HTTP_HEADER_AUTHORIZATION);
    enum wf_over over = request->connection->listener->over;
    request->actor = (struct wf_actor){.uid = request->connection->uid, .over = over};
    bool known = false;
    if (authorization) {
        known = check_token(request, authorization);
    } else if (over != WF_OVER_SOCKET) {
        refuse_login(request, "a token is needed: Authorization: Bearer wf_...");
    } else if (request->actor.uid != UINT32_MAX &&
               http->config.peer(http->config.context, request->actor.uid, &request->actor)) {
        known = true;
    } else {
        tell_refused(request, 403, "may not use the socket");
        wf_http_fail(request, 403, NULL, "user %lld of this machine may not use this socket",
                     request->actor.uid == UINT32_MAX ? -1LL : (long long)request->actor.uid);
    }
    // What the answer to "who" is does not change how they came.
    request->actor.uid = request->connection->uid;
    request->actor.over = over;
    return known;
}

static bool check_route(struct wf_http_request *request, enum wf_route_match match,
                        const struct wf_route *route, const char *allow)
{
    if (match == WF_ROUTE_NO_PATH) {
        wf_http_fail(request, 404, "path",
                     "there is nothing of that name: GET /v1/openapi.json "
                     "describes what there is");
    } else if (match == WF_ROUTE_NO_METHOD) {
        request->header = MHD_HTTP_HEADER_ALLOW;
        snprintf(request->header_value, sizeof request->header_value, "%s", allow);
        wf_http_fail(request, 405, "method", "%s cannot be done with that, only %s",
                     request->method, allow);
    } else if (request->actor.role < route->role) {
        char why[64];
        snprintf(why, sizeof why, "needs the role %s", wf_role_name(route->role));
        tell_refused(request, 403, why);
        wf_http_fail(request, 403, NULL, "that needs the role %s; '%s' has the role %s",
                     wf_role_name(route->role), request->actor.name,
                     wf_role_name(request->actor.role));
    }
    return !request->answered;
}

static bool check_parameters(struct wf_http_request *request, const struct wf_route *route)
{
    const char *near = NULL;
    const char *stranger = wf_route_stranger(route, &request->target, &near);
    if (stranger) {
        wf_http_fail(request, 400, stranger, "there is no parameter '%.60s' here%s%s%s", stranger,
                     near ? "; did you mean '" : "", near ? near : "", near ? "'?" : "");
    }
    return !stranger;
}

// Reads Content-Length. microhttpd has refused what is no number.
static bool check_length(struct wf_http_request *request, unsigned long long *length_out)
{
    const char *length = header(request, MHD_HTTP_HEADER_CONTENT_LENGTH);
    *length_out = length ? strtoull(length, NULL, 10) : 0;
    if (header(request, MHD_HTTP_HEADER_TRANSFER_ENCODING)) {
        wf_http_fail(request, 411, NULL,
                     "say how long the body is (Content-Length); it is not taken in chunks");
    } else if (*length_out > request->http->config.body_bytes_max) {
        wf_http_fail(request, 413, NULL, "a body has at most %u bytes, this one has %llu",
                     request->http->config.body_bytes_max, *length_out);
    }
    return !request->answered;
}

static bool check_body(struct wf_http_request *request, const struct wf_route *route,
                       unsigned long long length)
{
    static const char json[] = "application/json";
    WF_ASSERT(route);
    if (route->body == WF_BODY_NONE) {
        if (length > 0) {
            wf_http_fail(request, 400, NULL, "that takes no body");
        }
        return length == 0;
    }
    const char *type = header(request, MHD_HTTP_HEADER_CONTENT_TYPE);
    size_t type_length = type ? strcspn(type, "; \t") : 0;
    if (type_length != sizeof json - 1 || strncasecmp(type, json, type_length) != 0) {
        wf_http_fail(request, 415, NULL,
                     "the body must be JSON and say so: "
                     "Content-Type: application/json");
        return false;
    }
    if (length == 0) {
        wf_http_fail(request, 400, NULL, "the body is missing");
    }
    return length > 0;
}

void wf_http_admit(struct wf_http_request *request)
{
    char allow[WF_ROUTE_ALLOW_BYTES] = "";
    unsigned long long length = 0;
    const struct wf_route *route = NULL;
    enum wf_route_match match = WF_ROUTE_NO_PATH;
    if (request->target_status == WF_INVALID || request->target_status == WF_LIMIT) {
        wf_http_fail(request, request->target_status == WF_LIMIT ? 414 : 400, "path", "%s",
                     request->target_err.text);
        return;
    }
    if (request->target_status == WF_OK) {
        match = wf_routes_match(&request->http->config.routes, request->method, &request->target,
                                &route, allow);
    }
    bool anybody = match == WF_ROUTE_FOUND && route->role == WF_ROLE_NONE;
    if ((anybody || check_who(request)) && check_route(request, match, route, allow) &&
        check_parameters(request, route) && check_length(request, &length) &&
        check_body(request, route, length)) {
        const char *id = header(request, "Last-Event-ID");
        snprintf(request->last_event_id, sizeof request->last_event_id, "%s", id ? id : "");
        request->route = route;
    }
}
