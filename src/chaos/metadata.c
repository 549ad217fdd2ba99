// SPDX-License-Identifier: Apache-2.0
#include "chaos/metadata.h"

#include <arpa/inet.h>
#include <errno.h>
#include <netinet/in.h>
#include <pthread.h>
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>

#include <microhttpd.h>

struct wf_mock {
    struct MHD_Daemon *server;
    pthread_mutex_t lock;
    pthread_cond_t changed;
    struct wf_mock_state state;
    uint64_t version; // of the state: Google's ETag
    uint64_t token;   // the only good one
    bool closes;
    struct wf_mock_counts counts;
};

struct reply {
    unsigned int status;
    char body[1024];
    char etag[32];
};

static void say(struct reply *reply, unsigned int status, const char *body)
{
    reply->status = status;
    snprintf(reply->body, sizeof reply->body, "%s", body);
}

static bool has_header(struct MHD_Connection *connection, const char *name, const char *value)
{
    const char *told = MHD_lookup_connection_value(connection, MHD_HEADER_KIND, name);
    return told && (!value || strcmp(told, value) == 0);
}

static void write_date(int64_t ms, bool http, char *text, size_t size)
{
    time_t seconds = (time_t)(ms / 1000);
    struct tm parts;
    (void)gmtime_r(&seconds, &parts);
    (void)strftime(text, size, http ? "%a, %d %b %Y %H:%M:%S GMT" : "%Y-%m-%dT%H:%M:%SZ", &parts);
}

static void answer_aws(struct wf_mock *mock, struct MHD_Connection *connection, const char *method,
                       const char *path, struct reply *reply)
{
    char token[64], date[64];
    snprintf(token, sizeof token, "token-%llu==", (unsigned long long)mock->token);
    if (strcmp(path, "/latest/api/token") == 0) {
        bool good = strcmp(method, "PUT") == 0 &&
                    has_header(connection, "X-aws-ec2-metadata-token-ttl-seconds", NULL);
        mock->counts.tokens += good;
        say(reply, good ? 200 : 400, good ? token : "");
        return;
    }
    if (!has_header(connection, "X-aws-ec2-metadata-token", token)) {
        mock->counts.refused++;
        say(reply, 401, "");
        return;
    }
    write_date(mock->state.gone_ms, false, date, sizeof date);
    bool action = strcmp(path, "/latest/meta-data/spot/instance-action") == 0;
    bool advice = strcmp(path, "/latest/meta-data/events/recommendations/rebalance") == 0;
    say(reply, 404, "");
    if (action && mock->state.notice == WF_MOCK_GOING) {
        reply->status = 200;
        snprintf(reply->body, sizeof reply->body, "{\"action\": \"terminate\", \"time\": \"%s\"}",
                 date);
    } else if (advice && mock->state.notice != WF_MOCK_QUIET) {
        reply->status = 200;
        snprintf(reply->body, sizeof reply->body, "{\"noticeTime\": \"%s\"}", date);
    }
}

// Waits for another state than the one that the asker knows, as long as he wants.
static void wait_for_change(struct wf_mock *mock, struct MHD_Connection *connection)
{
    const char *wait =
        MHD_lookup_connection_value(connection, MHD_GET_ARGUMENT_KIND, "wait_for_change");
    const char *known = MHD_lookup_connection_value(connection, MHD_GET_ARGUMENT_KIND, "last_etag");
    const char *most =
        MHD_lookup_connection_value(connection, MHD_GET_ARGUMENT_KIND, "timeout_sec");
    struct timespec until;
    (void)clock_gettime(CLOCK_REALTIME, &until);
    until.tv_sec += most ? strtol(most, NULL, 10) : 3600;
    int error = 0;
    while (wait && strcmp(wait, "true") == 0 && known && !mock->closes && error == 0 &&
           strtoull(known, NULL, 16) == mock->version) {
        error = pthread_cond_timedwait(&mock->changed, &mock->lock, &until);
    }
}

static void answer_gcp(struct wf_mock *mock, struct MHD_Connection *connection, struct reply *reply)
{
    if (!has_header(connection, "Metadata-Flavor", "Google")) {
        mock->counts.refused++;
        say(reply, 403, "");
        return;
    }
    wait_for_change(mock, connection);
    say(reply, 200, mock->state.notice == WF_MOCK_GOING ? "TRUE" : "FALSE");
    snprintf(reply->etag, sizeof reply->etag, "%llx", (unsigned long long)mock->version);
}

static void answer_azure(struct wf_mock *mock, struct MHD_Connection *connection, const char *path,
                         struct reply *reply)
{
    if (!has_header(connection, "Metadata", "true")) {
        mock->counts.refused++;
        say(reply, 400, "");
        return;
    }
    reply->status = 200;
    if (strcmp(path, "/metadata/instance/compute/name") == 0) {
        say(reply, 200, WF_MOCK_MACHINE);
        return;
    }
    const struct wf_mock_state *state = &mock->state;
    char date[64], event[600] = "";
    write_date(state->gone_ms, true, date, sizeof date);
    if (state->notice == WF_MOCK_GOING) {
        snprintf(event, sizeof event,
                 "{\"EventId\":\"00000000-0000-0000-0000-%012x\",\"EventType\":\"Preempt\","
                 "\"ResourceType\":\"VirtualMachine\",\"Resources\":[\"%s\"],"
                 "\"EventStatus\":\"Scheduled\",\"NotBefore\":\"%s\",\"EventSource\":\"Platform\"}",
                 state->number, state->machine[0] ? state->machine : WF_MOCK_MACHINE, date);
    }
    snprintf(reply->body, sizeof reply->body, "{\"DocumentIncarnation\":%llu,\"Events\":[%s]}",
             (unsigned long long)mock->version, event);
}

static bool begins(const char *text, const char *with)
{
    return strncmp(text, with, strlen(with)) == 0;
}

// With the lock.
static void answer(struct wf_mock *mock, struct MHD_Connection *connection, const char *method,
                   const char *path, struct reply *reply)
{
    mock->counts.asked++;
    while (mock->state.fault == WF_MOCK_SILENT && !mock->closes) {
        (void)pthread_cond_wait(&mock->changed, &mock->lock);
    }
    say(reply, 404, "");
    if (mock->state.fault == WF_MOCK_DOWN || mock->closes) {
        say(reply, 503, "");
    } else if (mock->state.fault == WF_MOCK_GARBAGE) {
        say(reply, 200, "{\"action\": \"termi");
    } else if (begins(path, "/latest/")) {
        answer_aws(mock, connection, method, path, reply);
    } else if (strcmp(path, "/computeMetadata/v1/instance/preempted") == 0) {
        answer_gcp(mock, connection, reply);
    } else if (begins(path, "/metadata/")) {
        answer_azure(mock, connection, path, reply);
    }
}

// NOLINTNEXTLINE(readability-non-const-parameter,readability-function-size): libmicrohttpd's own
static enum MHD_Result on_request(void *context, struct MHD_Connection *connection,
                                  const char *path, const char *method, const char *version,
                                  const char *upload, size_t *upload_size, void **own)
{
    static int seen;
    struct wf_mock *mock = context;
    struct reply reply = {.status = 404};
    (void)version;
    (void)upload;
    if (!*own) {
        *own = &seen; // the head alone: what is sent with it is looked at by nobody
        return MHD_YES;
    }
    if (*upload_size > 0) {
        *upload_size = 0;
        return MHD_YES;
    }
    (void)pthread_mutex_lock(&mock->lock);
    answer(mock, connection, method, path, &reply);
    (void)pthread_mutex_unlock(&mock->lock);
    struct MHD_Response *response =
        MHD_create_response_from_buffer(strlen(reply.body), reply.body, MHD_RESPMEM_MUST_COPY);
    if (!response) {
        return MHD_NO;
    }
    if (reply.etag[0]) {
        (void)MHD_add_response_header(response, "ETag", reply.etag);
    }
    enum MHD_Result result = MHD_queue_response(connection, reply.status, response);
    MHD_destroy_response(response);
    return result;
}

enum wf_status wf_mock_open(uint16_t port, struct wf_mock **mock_out, struct wf_error *err)
{
    struct wf_mock *mock = calloc(1, sizeof *mock);
    if (!mock) {
        return wf_fail(err, WF_NOMEM, "no memory for a metadata server");
    }
    struct sockaddr_in address = {
        .sin_family = AF_INET, .sin_port = htons(port), .sin_addr.s_addr = htonl(INADDR_LOOPBACK)};
    (void)pthread_mutex_init(&mock->lock, NULL);
    (void)pthread_cond_init(&mock->changed, NULL);
    mock->version = 1;
    mock->token = 1;
    mock->server = MHD_start_daemon(MHD_USE_INTERNAL_POLLING_THREAD | MHD_USE_THREAD_PER_CONNECTION,
                                    port, NULL, NULL, on_request, mock, MHD_OPTION_SOCK_ADDR,
                                    &address, MHD_OPTION_END);
    if (!mock->server) {
        int why = errno;
        wf_mock_close(mock);
        return wf_fail(err, WF_IO, "no metadata server on port %u: %s", port, strerror(why));
    }
    *mock_out = mock;
    return WF_OK;
}

uint16_t wf_mock_port(const struct wf_mock *mock)
{
    const union MHD_DaemonInfo *info = MHD_get_daemon_info(mock->server, MHD_DAEMON_INFO_BIND_PORT);
    return info ? info->port : 0;
}

struct wf_mock_state wf_mock_state(struct wf_mock *mock)
{
    (void)pthread_mutex_lock(&mock->lock);
    struct wf_mock_state state = mock->state;
    (void)pthread_mutex_unlock(&mock->lock);
    return state;
}

void wf_mock_set(struct wf_mock *mock, const struct wf_mock_state *state)
{
    (void)pthread_mutex_lock(&mock->lock);
    mock->state = *state;
    mock->version++;
    (void)pthread_cond_broadcast(&mock->changed);
    (void)pthread_mutex_unlock(&mock->lock);
}

void wf_mock_expire_tokens(struct wf_mock *mock)
{
    (void)pthread_mutex_lock(&mock->lock);
    mock->token++;
    (void)pthread_mutex_unlock(&mock->lock);
}

struct wf_mock_counts wf_mock_count(struct wf_mock *mock)
{
    (void)pthread_mutex_lock(&mock->lock);
    struct wf_mock_counts counts = mock->counts;
    (void)pthread_mutex_unlock(&mock->lock);
    return counts;
}

void wf_mock_close(struct wf_mock *mock)
{
    if (!mock) {
        return;
    }
    (void)pthread_mutex_lock(&mock->lock);
    mock->closes = true;
    (void)pthread_cond_broadcast(&mock->changed);
    (void)pthread_mutex_unlock(&mock->lock);
    if (mock->server) {
        MHD_stop_daemon(mock->server);
    }
    (void)pthread_cond_destroy(&mock->changed);
    (void)pthread_mutex_destroy(&mock->lock);
    free(mock);
}
