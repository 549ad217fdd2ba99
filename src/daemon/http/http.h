// SPDX-License-Identifier: Apache-2.0
// An HTTP server in a libuv loop. It knows nothing of jobs: it says who asks, refuses what is not
// in the table of routes or what the asker may not do, and carries answers back, at once or later.
//
// Everything happens on the loop's thread, also what is called from here. A request lives until it
// is answered, whether its client is still there or not; each must be answered exactly once, by
// wf_http_reply, wf_http_fail or wf_http_stream_open.
#pragma once

#include <stdbool.h>
#include <stdint.h>

#include "base/error.h"
#include "daemon/http/actor.h"
#include "daemon/http/route.h"
#include "daemon/http/target.h"

typedef struct uv_loop_s uv_loop_t;
struct wf_http;
struct wf_http_stream;

// What it is told about a token that somebody showed.
enum wf_login {
    WF_LOGIN_OK,
    WF_LOGIN_UNKNOWN, // counts as a failed attempt
    WF_LOGIN_EXPIRED,
};

struct wf_http_config {
    uv_loop_t *loop;
    struct wf_routes routes;
    void *context; // of the routes' answers and of the functions below

    // Who shows this token; fills name, user, token and role. Tokens are at most 255 bytes.
    enum wf_login (*login)(void *context, const char *secret, struct wf_actor *actor_out);
    // Who came over the socket with that uid; fills name, user and role. False refuses.
    bool (*peer)(void *context, uint32_t uid, struct wf_actor *actor_out);
    // Somebody was refused for who they are (401, 403); the actor has what is known of them. why is
    // borrowed. NULL: unsaid.
    void (*refused)(void *context, const struct wf_http_request *request, unsigned status,
                    const char *why);
    // One line without its end, about a client or the server, for the daemon's log. NULL: unsaid.
    void (*log)(void *context, const char *line);

    // Bounds; 0 takes the default.
    uint32_t connections_max;   // 1,024 for each listener; half of that from one address
    uint32_t body_bytes_max;    // 1 MiB
    uint32_t stream_bytes_max;  // 256 KiB that wait for the reader of one stream
    uint32_t streams_max;       // 600
    uint32_t request_ms_max;    // 15 s from the connection, or the last answer, to a whole request
    uint32_t answer_ms_max;     // 60 s for a reader to take an answer that is no stream
    uint32_t heartbeat_ms;      // 15 s between signs of life on a quiet stream of events
    uint32_t failed_logins_max; // 20 from one address; one more is allowed each failed_login_ms
    uint32_t failed_login_ms;   // 3 s
};

// The caller owns *http_out. config is copied; what it points to must live as long. Errors:
// WF_NOMEM, WF_IO.
enum wf_status wf_http_create(const struct wf_http_config *config, struct wf_http **http_out,
                              struct wf_error *err) WF_MUST_USE;

// Listens at "127.0.0.1:7171", "[::1]:7171" or ":7171" (everywhere), with port 0 at a free one.
// certificate and key are PEM; without them (NULL) the server is plain, which only an address of
// this machine may be. port_out (or NULL) gets the port. Errors: WF_INVALID, WF_IO, WF_NOMEM.
enum wf_status wf_http_listen(struct wf_http *http, const char *address, const char *certificate,
                              const char *key, uint16_t *port_out,
                              struct wf_error *err) WF_MUST_USE;

// Shows another certificate to whoever connects from now on; connections that are there go on with
// the old one. Errors: WF_LIMIT (too many old ones are still in use), WF_IO, WF_NOMEM.
enum wf_status wf_http_renew(struct wf_http *http, const char *certificate, const char *key,
                             struct wf_error *err) WF_MUST_USE;

// Listens at a Unix socket with these permissions; takes over the name of a socket that nobody
// answers at. Errors: WF_EXISTS, when somebody does; WF_INVALID, WF_IO, WF_NOMEM.
enum wf_status wf_http_listen_socket(struct wf_http *http, const char *path, uint32_t mode,
                                     struct wf_error *err) WF_MUST_USE;

// Takes no more connections, ends all streams with last words, and answers every waiting request
// with 503. Whoever holds a request may still answer it, to nobody, until wf_http_destroy.
void wf_http_close(struct wf_http *http);

// After this the loop must run once more for its handles to be gone: closed is called then, with
// context. http and everything about it is freed.
void wf_http_destroy(struct wf_http *http, void (*closed)(void *context), void *context);

struct wf_http_counts {
    uint64_t connections; // open now
    uint64_t streams;     // open now
    uint64_t requests;    // since the start, as everything below
    uint64_t answers[6];  // by the first digit of their status: [2] is 200 to 299
    uint64_t failed_logins;
    uint64_t cut_streams; // readers that were too slow
};
struct wf_http_counts wf_http_count(const struct wf_http *http);

// What is asked. All of it is borrowed from the request.
// The path, decoded and without its query, as much of it as there is room for; where it came from,
// "192.0.2.7", "" over the socket. Both return text.
const char *wf_http_path(const struct wf_http_request *request, char *text, size_t size);
const char *wf_http_from(const struct wf_http_request *request, char *text, size_t size);
const char *wf_http_method(const struct wf_http_request *request);
const struct wf_route *wf_http_route(const struct wf_http_request *request);
const struct wf_actor *wf_http_actor(const struct wf_http_request *request);
const char *wf_http_segment(const struct wf_http_request *request, const char *name); // "{name}"
const char *wf_http_query(const struct wf_http_request *request, const char *name);   // or NULL
const char *wf_http_body(const struct wf_http_request *request, size_t *length_out);
const char *wf_http_last_event_id(const struct wf_http_request *request); // or NULL
struct wf_http *wf_http_server(const struct wf_http_request *request);

// Answers. body (of malloc; NULL: none) is taken over. location (or NULL) is copied.
void wf_http_reply(struct wf_http_request *request, unsigned status, const char *content_type,
                   char *body, size_t length, const char *location);

// Answers {"error":{"code":..,"field":..,"message":..}}; field may be NULL.
void wf_http_fail(struct wf_http_request *request, unsigned status, const char *field,
                  const char *format, ...) WF_PRINTF(4, 5);

// The word for a status in those answers: "invalid", "not_found", ...
const char *wf_http_code(unsigned status);

#include "daemon/http/stream.h"
