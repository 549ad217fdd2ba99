// SPDX-License-Identifier: Apache-2.0
// How long a client may take. microhttpd knows a time without any byte only, which who sends one
// byte now and then never reaches; so each connection has its own clock here.
#include <poll.h>

#include "base/assert.h"
#include "daemon/http/server.h"

enum { POLL_AT_ONCE = 64 };

// Who is at the other end of a Unix socket; UINT32_MAX when the kernel does not say.
static uint32_t peer_of(int descriptor)
{
    struct ucred peer = {0};
    socklen_t size = sizeof peer;
    return getsockopt(descriptor, SOL_SOCKET, SO_PEERCRED, &peer, &size) == 0 ? peer.uid
                                                                              : UINT32_MAX;
}

static struct wf_http_connection *open_connection(struct wf_http_listener *listener,
                                                  struct MHD_Connection *mhd)
{
    const union MHD_ConnectionInfo *info =
        MHD_get_connection_info(mhd, MHD_CONNECTION_INFO_CONNECTION_FD);
    struct wf_http_connection *connection = calloc(1, sizeof *connection);
    if (!connection || !info) {
        free(connection);
        return NULL;
    }
    connection->listener = listener;
    connection->mhd = mhd;
    connection->descriptor = info->connect_fd;
    connection->uid = UINT32_MAX;
    if (listener->over == WF_OVER_SOCKET) {
        connection->uid = peer_of(info->connect_fd);
        connection->throttle_number = wf_throttle_user(connection->uid);
    } else {
        info = MHD_get_connection_info(mhd, MHD_CONNECTION_INFO_CLIENT_ADDRESS);
        connection->throttle_number =
            info && info->client_addr ? wf_throttle_address(info->client_addr) : 1;
    }
    connection->next = listener->first;
    connection->link = &listener->first;
    if (connection->next) {
        connection->next->link = &connection->next;
    }
    listener->first = connection;
    listener->http->counts.connections++;
    wf_http_enter_phase(connection, WF_PHASE_ASKING);
    return connection;
}

void wf_http_on_connection(void *context, struct MHD_Connection *mhd, void **connection_out,
                           enum MHD_ConnectionNotificationCode what)
{
    struct wf_http_listener *listener = context;
    struct wf_http_connection *connection = *connection_out;
    if (what == MHD_CONNECTION_NOTIFY_STARTED) {
        // Without one (out of memory) each of its requests is turned away.
        *connection_out = open_connection(listener, mhd);
        return;
    }
    if (!connection) {
        return;
    }
    *connection->link = connection->next;
    if (connection->next) {
        connection->next->link = connection->link;
    }
    listener->http->counts.connections--;
    free(connection);
    *connection_out = NULL;
    wf_http_run_again(listener);
}

void wf_http_enter_phase(struct wf_http_connection *connection, enum wf_phase phase)
{
    connection->phase = phase;
    connection->since_ms = wf_http_now(connection->listener->http);
}

static bool is_late(const struct wf_http_connection *connection)
{
    const struct wf_http *http = connection->listener->http;
    uint64_t passed_ms = wf_http_now(http) - connection->since_ms;
    switch (connection->phase) {
    case WF_PHASE_ASKING:
        return passed_ms > http->config.request_ms_max;
    case WF_PHASE_TAKING:
        return passed_ms > http->config.answer_ms_max;
    case WF_PHASE_WAITING:
    case WF_PHASE_STREAMING:
        break;
    }
    return false;
}

// A connection that rests because its stream has nothing to say is in nobody's epoll set: whether
// its client is still there has to be asked.
static void look_after(struct wf_http_connection **streaming, struct pollfd *polled, nfds_t count)
{
    if (count == 0 || poll(polled, count, 0) <= 0) {
        return;
    }
    for (nfds_t i = 0; i < count; i++) {
        if (polled[i].revents & (POLLRDHUP | POLLHUP | POLLERR | POLLNVAL)) {
            wf_http_stream_lose(streaming[i]->stream);
        }
    }
}

void wf_http_sweep_connections(struct wf_http_listener *listener)
{
    struct pollfd polled[POLL_AT_ONCE];
    struct wf_http_connection *streaming[POLL_AT_ONCE];
    nfds_t count = 0;
    for (struct wf_http_connection *c = listener->first; c; c = c->next) {
        if (is_late(c)) {
            // microhttpd sees the end of the connection, and closes it. A stream that rests is
            // woken up for that.
            shutdown(c->descriptor, SHUT_RDWR);
            if (c->stream) {
                wf_http_stream_lose(c->stream);
            }
        } else if (c->stream) {
            polled[count] = (struct pollfd){.fd = c->descriptor, .events = POLLRDHUP};
            streaming[count++] = c;
            if (count == POLL_AT_ONCE) {
                look_after(streaming, polled, count);
                count = 0;
            }
        }
    }
    look_after(streaming, polled, count);
}
