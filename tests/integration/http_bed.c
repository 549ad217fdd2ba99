// SPDX-License-Identifier: Apache-2.0
#include "integration/http_bed.h"

#include <arpa/inet.h>
#include <errno.h>
#include <netinet/in.h>
#include <poll.h>
#include <pthread.h>
#include <semaphore.h>
#include <sys/socket.h>
#include <unistd.h>
#include <uv.h>

#include "base/assert.h"
#include "daemon/http/certificate.h"

enum { STREAMS_MAX = 1024, CLOSED_BY_US_MS = 3000 };

enum order { ORDER_NONE, ORDER_EVENT, ORDER_LATER, ORDER_COUNT, ORDER_STOP };

struct http_bed {
    uv_loop_t loop;
    uv_async_t wake;
    uv_timer_t grace;
    pthread_t thread;
    sem_t done; // an order is
    enum order order;
    uint64_t id;
    size_t bytes;
    struct wf_http *http;
    struct wf_certificate certificate;
    struct wf_http_counts counts;
    struct wf_http_stream *streams[STREAMS_MAX];
    struct wf_http_request *later;
    uint16_t port;
    bool tls;
    char folder[64];
    char socket[96];
    struct answer answer;
};

// One stream of a client, told apart by its place.
struct place {
    struct http_bed *bed;
    uint32_t number;
};

static void answer_text(struct wf_http_request *request, unsigned status, const char *text)
{
    char *body = strdup(text);
    WF_ASSERT(body);
    wf_http_reply(request, status, "text/plain", body, strlen(body), NULL);
}

// GET /who: name, role, user and way of whoever asks.
static void who(void *context, struct wf_http_request *request)
{
    const struct wf_actor *actor = wf_http_actor(request);
    char text[256];
    (void)context;
    snprintf(text, sizeof text, "%s %s %s %d %d", actor->name, wf_role_name(actor->role),
             actor->user, (int)actor->over, actor->uid != UINT32_MAX);
    answer_text(request, 200, text);
}

static void open_to_all(void *context, struct wf_http_request *request)
{
    (void)context;
    answer_text(request, 200, "open");
}

// POST /echo: the body; "GET /echo/{text}?more=": both texts.
static void echo(void *context, struct wf_http_request *request)
{
    size_t length;
    const char *body = wf_http_body(request, &length);
    (void)context;
    char *copy = malloc(length + 1);
    WF_ASSERT(copy);
    memcpy(copy, body, length);
    wf_http_reply(request, 200, "application/json", copy, length, "/echo/1");
}

static void echo_text(void *context, struct wf_http_request *request)
{
    const char *more = wf_http_query(request, "more");
    char text[WF_TARGET_BYTES_MAX + 2];
    (void)context;
    snprintf(text, sizeof text, "%s|%s", wf_http_segment(request, "text"), more ? more : "-");
    answer_text(request, 200, text);
}

// GET /later: answered when the test says so.
static void later(void *context, struct wf_http_request *request)
{
    struct http_bed *bed = context;
    WF_ASSERT(!bed->later);
    bed->later = request;
}

// GET /big: eight megabytes.
static void big(void *context, struct wf_http_request *request)
{
    size_t length = 8 * 1024 * 1024;
    char *body = malloc(length);
    (void)context;
    WF_ASSERT(body);
    memset(body, 'x', length);
    wf_http_reply(request, 200, "text/plain", body, length, NULL);
}

static void on_stream_closed(void *context)
{
    struct place *place = context;
    place->bed->streams[place->number] = NULL;
    free(place);
}

static void stream(void *context, struct wf_http_request *request)
{
    struct http_bed *bed = context;
    struct place *place = malloc(sizeof *place);
    const char *last = wf_http_last_event_id(request);
    uint32_t number = 0;
    WF_ASSERT(place);
    while (bed->streams[number]) {
        number++;
    }
    *place = (struct place){bed, number};
    struct wf_stream_watcher watcher = {.closed = on_stream_closed, .context = place};
    bed->streams[number] = wf_http_stream_open(request, WF_STREAM_EVENTS, &watcher);
    if (!bed->streams[number]) {
        free(place);
        return;
    }
    wf_http_stream_event(bed->streams[number], last ? strtoull(last, NULL, 10) + 1 : 1, "hello",
                         "two\nlines");
}

// GET /log: a text in pieces, as fast as it is taken.
struct log {
    uint64_t pieces_left;
};

static void on_log_drained(void *context, struct wf_http_stream *out)
{
    struct log *log = context;
    char piece[1000];
    if (log->pieces_left == 0) {
        wf_http_stream_close(out);
        return;
    }
    memset(piece, 'l', sizeof piece);
    piece[sizeof piece - 1] = '\n';
    while (log->pieces_left > 0 && wf_http_stream_room(out) >= sizeof piece) {
        wf_http_stream_send(out, piece, sizeof piece);
        log->pieces_left--;
    }
}

static void on_log_closed(void *context)
{
    free(context);
}

static void follow_log(void *context, struct wf_http_request *request)
{
    struct log *log = malloc(sizeof *log);
    (void)context;
    WF_ASSERT(log);
    log->pieces_left = 3000;
    struct wf_stream_watcher watcher = {on_log_drained, on_log_closed, log};
    if (!wf_http_stream_open(request, WF_STREAM_TEXT, &watcher)) {
        free(log);
    }
}

static const struct wf_route table[] = {
    {.method = "GET", .pattern = "/open", .answer = open_to_all},
    {.method = "GET", .pattern = "/who", .role = WF_ROLE_VIEWER, .answer = who},
    {.method = "POST",
     .pattern = "/echo",
     .role = WF_ROLE_SUBMITTER,
     .body = WF_BODY_JSON,
     .answer = echo},
    {.method = "GET",
     .pattern = "/echo/{text}",
     .role = WF_ROLE_VIEWER,
     .parameters = {"more"},
     .answer = echo_text},
    {.method = "GET", .pattern = "/later", .role = WF_ROLE_VIEWER, .answer = later},
    {.method = "GET", .pattern = "/big", .role = WF_ROLE_VIEWER, .answer = big},
    {.method = "GET", .pattern = "/stream", .role = WF_ROLE_VIEWER, .answer = stream},
    {.method = "GET", .pattern = "/log", .role = WF_ROLE_VIEWER, .answer = follow_log},
    {.method = "DELETE", .pattern = "/all", .role = WF_ROLE_ADMIN, .answer = who},
};

static enum wf_login login(void *context, const char *secret, struct wf_actor *actor)
{
    (void)context;
    if (strcmp(secret, "wf_old") == 0) {
        return WF_LOGIN_EXPIRED;
    }
    if (strncmp(secret, "wf_", 3) != 0 || !wf_role_find(secret + 3, &actor->role)) {
        return WF_LOGIN_UNKNOWN;
    }
    snprintf(actor->name, sizeof actor->name, "token-%.40s", secret + 3);
    snprintf(actor->user, sizeof actor->user, "ada");
    actor->token = 7;
    return WF_LOGIN_OK;
}

static bool peer(void *context, uint32_t uid, struct wf_actor *actor)
{
    (void)context;
    actor->role = WF_ROLE_SUBMITTER;
    snprintf(actor->name, sizeof actor->name, "peer");
    snprintf(actor->user, sizeof actor->user, "self");
    return uid == getuid();
}

static void say(void *context, const char *line)
{
    (void)context;
    fprintf(stderr, "# %s\n", line);
}

static void on_http_closed(void *context)
{
    struct http_bed *bed = context;
    uv_close((uv_handle_t *)&bed->wake, NULL);
    uv_close((uv_handle_t *)&bed->grace, NULL);
}

static void on_grace_over(uv_timer_t *timer)
{
    struct http_bed *bed = timer->data;
    wf_http_destroy(bed->http, on_http_closed, bed);
}

static void send_events(struct http_bed *bed)
{
    char *data = malloc(bed->bytes + 1);
    WF_ASSERT(data);
    memset(data, 'e', bed->bytes);
    data[bed->bytes] = '\0';
    for (int i = 0; i < STREAMS_MAX; i++) {
        if (bed->streams[i]) {
            wf_http_stream_event(bed->streams[i], bed->id, NULL, data);
        }
    }
    free(data);
}

static void on_wake(uv_async_t *wake)
{
    struct http_bed *bed = wake->data;
    enum order order = bed->order;
    bed->order = ORDER_NONE;
    switch (order) {
    case ORDER_NONE:
        return;
    case ORDER_EVENT:
        send_events(bed);
        break;
    case ORDER_LATER:
        if (bed->later) {
            answer_text(bed->later, 200, "late");
            bed->later = NULL;
        }
        break;
    case ORDER_COUNT:
        bed->counts = wf_http_count(bed->http);
        break;
    case ORDER_STOP:
        wf_http_close(bed->http);
        uv_timer_start(&bed->grace, on_grace_over, 300, 0);
        break;
    }
    sem_post(&bed->done);
}

static void *run(void *context)
{
    struct http_bed *bed = context;
    uv_run(&bed->loop, UV_RUN_DEFAULT);
    return NULL;
}

static void give_order(struct http_bed *bed, enum order order)
{
    bed->order = order;
    uv_async_send(&bed->wake);
    while (sem_wait(&bed->done) != 0) {
        WF_ASSERT(errno == EINTR);
    }
}

static void must(enum wf_status status, const struct wf_error *err)
{
    if (status != WF_OK) {
        fprintf(stderr, "%s\n", err->text);
        exit(99);
    }
}

struct http_bed *http_bed_start(const struct http_bed_setup *setup)
{
    struct http_bed *bed = calloc(1, sizeof *bed);
    struct wf_error err;
    WF_ASSERT(bed);
    snprintf(bed->folder, sizeof bed->folder, "/tmp/whaleflux-http-XXXXXX");
    WF_ASSERT(mkdtemp(bed->folder));
    snprintf(bed->socket, sizeof bed->socket, "%s/socket", bed->folder);
    WF_ASSERT(uv_loop_init(&bed->loop) == 0 && sem_init(&bed->done, 0, 0) == 0);
    WF_ASSERT(uv_async_init(&bed->loop, &bed->wake, on_wake) == 0);
    WF_ASSERT(uv_timer_init(&bed->loop, &bed->grace) == 0);
    bed->wake.data = bed;
    bed->grace.data = bed;
    struct wf_http_config config = {.loop = &bed->loop,
                                    .routes = {table, WF_COUNT_OF(table)},
                                    .context = bed,
                                    .login = login,
                                    .peer = peer,
                                    .log = say,
                                    .connections_max = setup->connections_max,
                                    .stream_bytes_max = setup->stream_bytes_max,
                                    .request_ms_max = setup->request_ms_max,
                                    .answer_ms_max = setup->answer_ms_max,
                                    .heartbeat_ms = setup->heartbeat_ms,
                                    .failed_logins_max = setup->failed_logins_max};
    must(wf_http_create(&config, &bed->http, &err), &err);
    bed->tls = setup->tls;
    if (setup->tls) {
        must(wf_certificate_load(bed->folder, NULL, (int64_t)time(NULL) * 1000, &bed->certificate,
                                 &err),
             &err);
    }
    must(wf_http_listen(bed->http, "127.0.0.1:0", bed->certificate.certificate,
                        bed->certificate.key, &bed->port, &err),
         &err);
    must(wf_http_listen_socket(bed->http, bed->socket, 0600, &err), &err);
    WF_ASSERT(pthread_create(&bed->thread, NULL, run, bed) == 0);
    return bed;
}

void http_bed_stop(struct http_bed *bed)
{
    char path[128];
    give_order(bed, ORDER_STOP);
    WF_ASSERT(pthread_join(bed->thread, NULL) == 0);
    WF_ASSERT(uv_loop_close(&bed->loop) == 0);
    wf_certificate_finish(&bed->certificate);
    snprintf(path, sizeof path, "%s/cert.pem", bed->folder);
    (void)unlink(path);
    snprintf(path, sizeof path, "%s/key.pem", bed->folder);
    (void)unlink(path);
    WF_ASSERT(rmdir(bed->folder) == 0); // the socket is gone, too
    sem_destroy(&bed->done);
    free(bed);
}

uint16_t http_bed_port(const struct http_bed *bed)
{
    return bed->port;
}

const char *http_bed_socket(const struct http_bed *bed)
{
    return bed->socket;
}

const char *http_bed_folder(const struct http_bed *bed)
{
    return bed->folder;
}

struct wf_http_counts http_bed_count(struct http_bed *bed)
{
    give_order(bed, ORDER_COUNT);
    return bed->counts;
}

void http_bed_event(struct http_bed *bed, uint64_t id, size_t bytes)
{
    bed->id = id;
    bed->bytes = bytes;
    give_order(bed, ORDER_EVENT);
}

void http_bed_answer_later(struct http_bed *bed)
{
    give_order(bed, ORDER_LATER);
}

static size_t take(char *place, size_t room, size_t *length, const char *data, size_t size)
{
    size_t fits = size < room - 1 - *length ? size : room - 1 - *length;
    memcpy(place + *length, data, fits);
    *length += fits;
    place[*length] = '\0';
    return size;
}

static size_t on_body(char *data, size_t one, size_t size, void *context)
{
    struct answer *answer = context;
    (void)one;
    answer->body_total += size;
    return take(answer->body, sizeof answer->body, &answer->body_length, data, size);
}

static size_t on_head(char *data, size_t one, size_t size, void *context)
{
    struct answer *answer = context;
    (void)one;
    return take(answer->head, sizeof answer->head, &answer->head_length, data, size);
}

static struct curl_slist *headers_of(const struct asking *asking)
{
    struct curl_slist *headers = NULL;
    char line[512];
    if (asking->token) {
        snprintf(line, sizeof line, "Authorization: Bearer %s", asking->token);
        headers = curl_slist_append(headers, line);
    }
    if (asking->body) {
        snprintf(line, sizeof line, "Content-Type: %s",
                 asking->type ? asking->type : "application/json");
        headers = curl_slist_append(headers, line);
    }
    if (asking->header) {
        headers = curl_slist_append(headers, asking->header);
    }
    return headers;
}

struct answer *http_ask(struct http_bed *bed, const struct asking *asking)
{
    CURL *curl = curl_easy_init();
    char url[256];
    char authority[128];
    WF_ASSERT(curl);
    bed->answer = (struct answer){0};
    snprintf(url, sizeof url, "http%s://localhost:%u/", bed->tls && !asking->socket ? "s" : "",
             bed->port);
    snprintf(authority, sizeof authority, "%s/cert.pem", bed->folder);
    struct curl_slist *headers = headers_of(asking);
    curl_easy_setopt(curl, CURLOPT_URL, url);
    // As it is: no tidying of "..".
    curl_easy_setopt(curl, CURLOPT_REQUEST_TARGET, asking->path);
    curl_easy_setopt(curl, CURLOPT_PATH_AS_IS, 1L);
    curl_easy_setopt(curl, CURLOPT_CAINFO, authority);
    curl_easy_setopt(curl, CURLOPT_HTTPHEADER, headers);
    curl_easy_setopt(curl, CURLOPT_TIMEOUT_MS, 30000L);
    curl_easy_setopt(curl, CURLOPT_NOSIGNAL, 1L);
    curl_easy_setopt(curl, CURLOPT_WRITEFUNCTION, on_body);
    curl_easy_setopt(curl, CURLOPT_WRITEDATA, &bed->answer);
    curl_easy_setopt(curl, CURLOPT_HEADERFUNCTION, on_head);
    curl_easy_setopt(curl, CURLOPT_HEADERDATA, &bed->answer);
    if (asking->body) {
        curl_easy_setopt(curl, CURLOPT_POSTFIELDSIZE_LARGE, (curl_off_t)asking->body_length);
        curl_easy_setopt(curl, CURLOPT_POSTFIELDS, asking->body);
    }
    if (asking->method && strcmp(asking->method, "HEAD") == 0) {
        curl_easy_setopt(curl, CURLOPT_NOBODY, 1L);
    } else if (asking->method) {
        curl_easy_setopt(curl, CURLOPT_CUSTOMREQUEST, asking->method);
    }
    if (asking->socket) {
        curl_easy_setopt(curl, CURLOPT_UNIX_SOCKET_PATH, bed->socket);
    }
    bed->answer.curl = curl_easy_perform(curl);
    curl_easy_getinfo(curl, CURLINFO_RESPONSE_CODE, &bed->answer.status);
    curl_slist_free_all(headers);
    curl_easy_cleanup(curl);
    return &bed->answer;
}

int http_connect(const struct http_bed *bed)
{
    struct sockaddr_in address = {.sin_family = AF_INET,
                                  .sin_port = htons(bed->port),
                                  .sin_addr.s_addr = htonl(INADDR_LOOPBACK)};
    int descriptor = socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0);
    WF_ASSERT(descriptor >= 0);
    if (connect(descriptor, (struct sockaddr *)&address, sizeof address) != 0) {
        close(descriptor);
        return -1;
    }
    return descriptor;
}

bool http_send(int descriptor, const void *data, size_t length)
{
    const char *at = data;
    while (length > 0) {
        ssize_t sent = send(descriptor, at, length, MSG_NOSIGNAL);
        if (sent <= 0) {
            return false;
        }
        at += sent;
        length -= (size_t)sent;
    }
    return true;
}

int64_t http_now_ms(void)
{
    return (int64_t)(uv_hrtime() / 1000000);
}

size_t http_read(int descriptor, char *text, size_t size, int wait_ms)
{
    int64_t until_ms = http_now_ms() + wait_ms;
    size_t length = 0;
    for (int64_t left_ms = wait_ms; left_ms > 0 && length + 1 < size;
         left_ms = until_ms - http_now_ms()) {
        struct pollfd polled = {.fd = descriptor, .events = POLLIN};
        if (poll(&polled, 1, (int)left_ms) <= 0) {
            break;
        }
        ssize_t got = recv(descriptor, text + length, size - 1 - length, 0);
        if (got <= 0) {
            break;
        }
        length += (size_t)got;
    }
    text[length] = '\0';
    return length;
}

bool http_read_until(int descriptor, const char *wanted, int wait_ms)
{
    char text[16384];
    size_t length = 0;
    int64_t until_ms = http_now_ms() + wait_ms;
    text[0] = '\0';
    while (!strstr(text, wanted)) {
        struct pollfd polled = {.fd = descriptor, .events = POLLIN};
        int64_t left_ms = until_ms - http_now_ms();
        if (left_ms <= 0 || poll(&polled, 1, (int)left_ms) <= 0) {
            return false;
        }
        ssize_t got = recv(descriptor, text + length, sizeof text - 1 - length, 0);
        if (got <= 0) {
            return false;
        }
        length += (size_t)got;
        text[length] = '\0';
    }
    return true;
}
