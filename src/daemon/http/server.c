// SPDX-License-Identifier: Apache-2.0
#include <stdarg.h>
#include <unistd.h>

#include "base/assert.h"
#include "daemon/http/server.h"

enum { SWEEP_MS = 1000, LOG_LINES = 5, LAST_ROUNDS = 4 };

void wf_http_log(struct wf_http *http, const char *format, ...)
{
    char line[512];
    va_list arguments;
    if (!http->config.log) {
        return;
    }
    va_start(arguments, format);
    vsnprintf(line, sizeof line, format, arguments);
    va_end(arguments);
    line[strcspn(line, "\r\n")] = '\0';
    http->config.log(http->config.context, line);
}

uint64_t wf_http_now(const struct wf_http *http)
{
    return uv_now(http->config.loop);
}

static void default_to(uint32_t *value, uint32_t otherwise)
{
    *value = *value > 0 ? *value : otherwise;
}

static void fill_defaults(struct wf_http_config *config)
{
    default_to(&config->connections_max, 1024);
    default_to(&config->body_bytes_max, 1024 * 1024);
    default_to(&config->stream_bytes_max, 256 * 1024);
    default_to(&config->streams_max, 600);
    default_to(&config->request_ms_max, 15 * 1000);
    default_to(&config->answer_ms_max, 60 * 1000);
    default_to(&config->heartbeat_ms, 15 * 1000);
    default_to(&config->failed_logins_max, 20);
    default_to(&config->failed_login_ms, 3000);
}

static void on_retired_closed(uv_handle_t *handle)
{
    struct wf_http_listener *listener = handle->data;
    if (++listener->handles_closed == 2) { // in which order, libuv does not promise
        free(listener);
    }
}

// Those whose last connection has ended go.
static void sweep_retired(struct wf_http *http)
{
    uint32_t kept = 0;
    for (uint32_t i = 0; i < http->listener_count; i++) {
        struct wf_http_listener *listener = http->listeners[i];
        if (!listener->retired || listener->first) {
            http->listeners[kept++] = listener;
            continue;
        }
        http->handles_open -= 2;
        uv_close((uv_handle_t *)&listener->poll, on_retired_closed);
        uv_close((uv_handle_t *)&listener->timer, on_retired_closed);
        MHD_stop_daemon(listener->daemon);
    }
    http->listener_count = kept;
}

static void sweep(uv_timer_t *timer)
{
    struct wf_http *http = timer->data;
    http->lines_left = LOG_LINES;
    if (!http->closing) {
        sweep_retired(http);
    }
    for (uint32_t i = 0; i < http->listener_count; i++) {
        wf_http_sweep_connections(http->listeners[i]);
    }
    wf_http_sweep_streams(http);
}

enum wf_status wf_http_create(const struct wf_http_config *config, struct wf_http **http_out,
                              struct wf_error *err)
{
    struct wf_http *http = calloc(1, sizeof *http);
    *http_out = NULL;
    if (!http) {
        return wf_fail(err, WF_NOMEM, "out of memory");
    }
    http->config = *config;
    fill_defaults(&http->config);
    http->throttle =
        wf_throttle_create(http->config.failed_logins_max, http->config.failed_login_ms);
    if (!http->throttle) {
        free(http);
        return wf_fail(err, WF_NOMEM, "out of memory");
    }
    http->lines_left = LOG_LINES;
    // Neither can fail on a loop that is there.
    WF_ASSERT(uv_timer_init(config->loop, &http->sweep) == 0);
    http->sweep.data = http;
    WF_ASSERT(uv_timer_start(&http->sweep, sweep, SWEEP_MS, SWEEP_MS) == 0);
    http->handles_open = 1;
    *http_out = http;
    return WF_OK;
}

void wf_http_close(struct wf_http *http)
{
    if (http->closing) {
        return;
    }
    http->closing = true;
    for (uint32_t i = 0; i < http->listener_count; i++) {
        struct wf_http_listener *listener = http->listeners[i];
        listener->quiet_socket = MHD_quiesce_daemon(listener->daemon);
        if (*listener->path) {
            unlink(listener->path);
        }
    }
    wf_http_close_streams(http);
    // They stay in the list: whoever holds one answers it, to nobody.
    for (struct wf_http_request *request = http->waiting; request; request = request->next) {
        request->dismissed = true;
        wf_http_fail(request, 503, NULL, "the daemon stops");
    }
}

static void on_handle_closed(uv_handle_t *handle)
{
    struct wf_http *http = handle->data;
    if (--http->handles_open > 0) {
        return;
    }
    for (uint32_t i = 0; i < http->listener_count; i++) {
        free(http->listeners[i]);
    }
    wf_throttle_destroy(http->throttle);
    if (http->closed) {
        http->closed(http->closed_context);
    }
    free(http);
}

void wf_http_destroy(struct wf_http *http, void (*closed)(void *context), void *context)
{
    if (!http) {
        return;
    }
    wf_http_close(http);
    http->closed = closed;
    http->closed_context = context;
    for (uint32_t i = 0; i < http->listener_count; i++) {
        struct wf_http_listener *listener = http->listeners[i];
        // Connections that were resumed just now are let go, and last words sent, by some rounds.
        for (int round = 0; round < LAST_ROUNDS; round++) {
            MHD_run(listener->daemon);
        }
        listener->poll.data = http;
        listener->timer.data = http;
        uv_close((uv_handle_t *)&listener->poll, on_handle_closed);
        uv_close((uv_handle_t *)&listener->timer, on_handle_closed);
        MHD_stop_daemon(listener->daemon);
        if (listener->quiet_socket >= 0) {
            close(listener->quiet_socket);
        }
    }
    while (http->waiting) {
        wf_http_request_free(http->waiting);
    }
    uv_close((uv_handle_t *)&http->sweep, on_handle_closed);
}

struct wf_http_counts wf_http_count(const struct wf_http *http)
{
    return http->counts;
}
