// SPDX-License-Identifier: Apache-2.0
// Inside the server: what its files share. Outsiders include http.h.
#pragma once

#include <microhttpd.h>
#include <sys/socket.h>
#include <uv.h>

#include "daemon/http/http.h"
#include "daemon/http/throttle.h"

enum {
    WF_LISTENERS_MAX = 8,
    WF_SOCKET_PATH_BYTES = 108,
    WF_HEADER_BYTES = 160,
    WF_EVENT_ID_BYTES = 24,
};

struct wf_http_listener {
    struct wf_http *http;
    enum wf_over over;
    struct MHD_Daemon *daemon;
    bool again;              // once more at once
    bool retired;            // it serves the connections it has, and takes no more
    uint32_t handles_closed; // of poll and timer, once it has none
    int quiet_socket;        // after wf_http_close: the listening socket; else -1
    uv_poll_t poll;
    uv_timer_t timer;
    struct wf_http_connection *first; // open ones
    char path[WF_SOCKET_PATH_BYTES];  // of the Unix socket, ours to remove; else ""
};

// What a connection does, which says how long it may take.
enum wf_phase {
    WF_PHASE_ASKING,    // a request is awaited or on its way: request_ms_max
    WF_PHASE_WAITING,   // for us
    WF_PHASE_TAKING,    // the client takes an answer: answer_ms_max
    WF_PHASE_STREAMING, // as long as it likes
};

struct wf_http_connection {
    struct wf_http_listener *listener;
    struct wf_http_connection *next;
    struct wf_http_connection **link; // what points here
    struct MHD_Connection *mhd;
    struct wf_http_stream *stream; // while it streams
    int descriptor;
    enum wf_phase phase;
    uint64_t since_ms;
    uint32_t uid; // over the socket
    uint64_t throttle_number;
};

struct wf_http_request {
    struct wf_http *http;
    struct wf_http_request *next;
    struct wf_http_request **link;         // what points here; NULL when not in a list
    struct wf_http_connection *connection; // NULL when the client has gone
    const struct wf_route *route;          // NULL: refused
    struct wf_actor actor;
    enum wf_status target_status;
    struct wf_error target_err;
    struct wf_target target;
    uintptr_t target_at; // where microhttpd has the target's text
    size_t target_length;
    char method[16];
    char last_event_id[WF_EVENT_ID_BYTES];
    char *body;
    size_t body_length;
    size_t body_room;
    bool begun;   // the head has been looked at
    bool refused; // the answer is there before the body
    bool handed;  // to the route's answer
    bool answered;
    bool dismissed; // answered by us since the daemon stops; whoever holds it does not know
    bool suspended;
    unsigned status;
    struct MHD_Response *response;
    const char *header; // one more of the answer, or NULL
    char header_value[WF_HEADER_BYTES];
};

struct wf_http {
    struct wf_http_config config;
    struct wf_http_listener *listeners[WF_LISTENERS_MAX];
    uint32_t listener_count;
    struct wf_throttle *throttle;
    struct wf_http_request *waiting; // handed to a route and not answered by it
    struct wf_http_stream *streams;
    size_t stream_bytes; // that wait in all streams
    struct wf_http_counts counts;
    uv_timer_t sweep;
    uint32_t lines_left; // of microhttpd's, for the log until the next sweep
    bool closing;
    uint32_t handles_open;
    void (*closed)(void *context);
    void *closed_context;
};

// server.c
void wf_http_log(struct wf_http *http, const char *format, ...) WF_PRINTF(2, 3);
uint64_t wf_http_now(const struct wf_http *http);

// listen.c. microhttpd looks at resumed connections, and whether it may take new ones again after
// one has ended, when it is run next, and has nobody to wake it up for that.
void wf_http_run_again(struct wf_http_listener *listener);
void wf_http_resume(struct wf_http_connection *connection);

// connection.c: callbacks of microhttpd, and what is done once a second.
void wf_http_on_connection(void *listener, struct MHD_Connection *mhd, void **connection,
                           enum MHD_ConnectionNotificationCode what);
void wf_http_enter_phase(struct wf_http_connection *connection, enum wf_phase phase);
void wf_http_sweep_connections(struct wf_http_listener *listener);

// request.c: callbacks of microhttpd.
void *wf_http_on_target(void *listener, const char *target, struct MHD_Connection *mhd);
enum MHD_Result wf_http_on_request(void *listener, struct MHD_Connection *mhd, const char *target,
                                   const char *method, const char *version, const char *data,
                                   size_t *length, void **request);
void wf_http_on_completed(void *listener, struct MHD_Connection *mhd, void **request,
                          enum MHD_RequestTerminationCode why);

// admission.c: looks at a request's head; refuses it by wf_http_fail, or sets its route and actor.
void wf_http_admit(struct wf_http_request *request);

// reply.c: gives the request its answer (taken over) and lets its connection go on.
void wf_http_answer(struct wf_http_request *request, unsigned status,
                    struct MHD_Response *response);
void wf_http_request_free(struct wf_http_request *request);

// stream.c
void wf_http_stream_lose(struct wf_http_stream *stream);   // its reader has gone
void wf_http_stream_detach(struct wf_http_stream *stream); // its connection ends
void wf_http_sweep_streams(struct wf_http *http);
void wf_http_close_streams(struct wf_http *http);
