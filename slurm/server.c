// SPDX-License-Identifier: GPL-3.0-or-later
#include "slurm/server.h"

#include <errno.h>
#include <fcntl.h>
#include <limits.h>
#include <poll.h>
#include <pthread.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/file.h>
#include <sys/signalfd.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/un.h>
#include <unistd.h>

#include "base/assert.h"
#include "slurm/heartbeat.h"
#include "slurm/line.h"

struct buffer {
    char *bytes;
    size_t start, length, room; // bytes[start .. start + length) count
};

struct wf_server {
    struct wf_server_config config;
    struct wf_post *post;
    char lock_path[PATH_MAX];
    int lock, listener, signals, daemon; // daemon -1: nobody is connected
    struct buffer in, out;
    bool skips; // the rest of a line that is too long
    int64_t heard_ms, silence_ms;
    bool knows_mode, silent, beats;
    enum wf_slurm_mode mode;
    char *partitions; // of the mode, with commas; "*": all
};

static void keep(struct buffer *buffer, const char *bytes, size_t length)
{
    if (buffer->start > 0 && buffer->length == 0) {
        buffer->start = 0;
    }
    if (buffer->start > 0 && buffer->start + buffer->length + length > buffer->room) {
        memmove(buffer->bytes, buffer->bytes + buffer->start, buffer->length);
        buffer->start = 0;
    }
    if (buffer->length + length > buffer->room) {
        buffer->room = (buffer->length + length) * 2;
        buffer->bytes = realloc(buffer->bytes, buffer->room);
        WF_ASSERT(buffer->bytes != NULL);
    }
    memcpy(buffer->bytes + buffer->start + buffer->length, bytes, length);
    buffer->length += length;
}

static void take(struct buffer *buffer, size_t length)
{
    buffer->start += length;
    buffer->length -= length;
}

static enum wf_status take_lock(struct wf_server *server, struct wf_error *err)
{
    const char *const path = server->config.socket_path;

    if (snprintf(server->lock_path, sizeof(server->lock_path), "%s.lock", path) >=
        (int)sizeof(server->lock_path)) {
        return wf_fail(err, WF_INVALID, "the path %s is too long", path);
    }
    server->lock = open(server->lock_path, O_RDWR | O_CREAT | O_CLOEXEC, 0600);
    if (server->lock < 0) {
        return wf_fail(err, WF_IO, "%s cannot be opened: %s", server->lock_path, strerror(errno));
    }
    // An adapter that has just been killed may still hold it while the kernel ends it.
    for (int try = 0; flock(server->lock, LOCK_EX | LOCK_NB) != 0; try++) {
        if (try == 10) {
            return wf_fail(err, WF_EXISTS, "another whaleflux-slurm listens at %s", path);
        }
        usleep(100000);
    }
    return WF_OK;
}

static enum wf_status listen_at(struct wf_server *server, struct wf_error *err)
{
    const char *const path = server->config.socket_path;
    struct sockaddr_un address = {.sun_family = AF_UNIX};

    if (strlen(path) >= sizeof(address.sun_path)) {
        return wf_fail(err, WF_INVALID, "the socket's path %s is longer than %zu bytes", path,
                       sizeof(address.sun_path) - 1);
    }
    memcpy(address.sun_path, path, strlen(path) + 1);
    server->listener = socket(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC | SOCK_NONBLOCK, 0);
    if (server->listener < 0) {
        return wf_fail(err, WF_IO, "no socket could be made: %s", strerror(errno));
    }
    unlink(path);
    const mode_t before = umask(0177);
    const int bound = bind(server->listener, (struct sockaddr *)&address, sizeof(address));
    umask(before);
    // Who may really connect is asked of the kernel for each connection.
    if (bound != 0 || chmod(path, 0666) != 0 || listen(server->listener, 4) != 0) {
        return wf_fail(err, WF_IO, "%s cannot be listened at: %s", path, strerror(errno));
    }
    return WF_OK;
}

static enum wf_status catch_signals(struct wf_server *server, struct wf_error *err)
{
    sigset_t set;

    sigemptyset(&set);
    sigaddset(&set, SIGTERM);
    sigaddset(&set, SIGINT);
    pthread_sigmask(SIG_BLOCK, &set, NULL);
    signal(SIGPIPE, SIG_IGN);
    server->signals = signalfd(-1, &set, SFD_CLOEXEC | SFD_NONBLOCK);
    if (server->signals < 0) {
        return wf_fail(err, WF_IO, "signals cannot be waited for: %s", strerror(errno));
    }
    return WF_OK;
}

enum wf_status wf_server_create(const struct wf_server_config *config, struct wf_post *post,
                                struct wf_server **server_out, struct wf_error *err)
{
    struct wf_server *const server = calloc(1, sizeof(*server));
    enum wf_status status;

    WF_ASSERT(server != NULL);
    *server = (struct wf_server){.config = *config,
                                 .post = post,
                                 .lock = -1,
                                 .listener = -1,
                                 .signals = -1,
                                 .daemon = -1,
                                 .heard_ms = wf_monotonic_ms(),
                                 .silence_ms = config->silence_ms};
    *server_out = NULL;
    status = take_lock(server, err);
    if (status == WF_OK) {
        status = listen_at(server, err);
    }
    if (status == WF_OK) {
        status = catch_signals(server, err);
    }
    if (status != WF_OK) {
        wf_server_destroy(server);
        return status;
    }
    *server_out = server;
    return WF_OK;
}

static void close_one(int descriptor)
{
    if (descriptor >= 0) {
        close(descriptor);
    }
}

void wf_server_destroy(struct wf_server *server)
{
    if (server == NULL) {
        return;
    }
    close_one(server->daemon);
    if (server->listener >= 0) {
        unlink(server->config.socket_path);
    }
    close_one(server->listener);
    close_one(server->signals);
    close_one(server->lock);
    free(server->partitions);
    free(server->in.bytes);
    free(server->out.bytes);
    free(server);
}

static void hang_up(struct wf_server *server)
{
    close_one(server->daemon);
    server->daemon = -1;
    server->in.length = 0;
    server->out.length = 0;
    server->skips = false;
}

static void answer(struct wf_server *server, json_t *line)
{
    char *text = json_dumps(line, JSON_COMPACT);

    WF_ASSERT(text != NULL);
    keep(&server->out, text, strlen(text));
    keep(&server->out, "\n", 1);
    free(text);
    json_decref(line);
}

// Before anything that it says is passed on, or the watchdog would undo it.
static void note_heard(struct wf_server *server)
{
    server->heard_ms = wf_monotonic_ms();
    if (server->silent) {
        wf_post_silence(server->post, false);
    }
    server->silent = false;
}

static void accept_daemon(struct wf_server *server)
{
    const int found = accept4(server->listener, NULL, NULL, SOCK_CLOEXEC | SOCK_NONBLOCK);
    struct ucred who;
    socklen_t size = sizeof(who);

    if (found < 0) {
        return;
    }
    if (getsockopt(found, SOL_SOCKET, SO_PEERCRED, &who, &size) != 0 ||
        (who.uid != 0 && who.uid != geteuid() && who.uid != server->config.daemon_uid)) {
        fprintf(stderr, "whaleflux-slurm: refused a connection of user %u\n", (unsigned)who.uid);
        close(found);
        return;
    }
    hang_up(server);
    server->daemon = found;
    note_heard(server);
    wf_post_connect(server->post);
}

static void take_mode(struct wf_server *server, const struct wf_request *request)
{
    size_t i, length = 0;
    const json_t *name;

    server->knows_mode = true;
    server->mode = request->mode;
    server->silence_ms = request->silence_ms;
    free(server->partitions);
    server->partitions = NULL;
    FILE *out = open_memstream(&server->partitions, &length);
    WF_ASSERT(out != NULL);
    for (i = 0; (name = json_array_get(request->partitions, i)) != NULL; i++) {
        fprintf(out, "%s%s", i > 0 ? "," : "", json_string_value(name));
    }
    if (json_array_size(request->partitions) == 0) {
        fputs("*", out);
    }
    WF_ASSERT(fclose(out) == 0);
}

static void take_line(struct wf_server *server, const char *text, size_t length)
{
    struct wf_request *request;
    struct wf_error err;
    int64_t number;
    const char *code;

    note_heard(server);
    if (wf_request_read(text, length, &request, &number, &code, &err) != WF_OK) {
        answer(server, wf_line_refused(number, code, 0, err.text));
        return;
    }
    if (request->what == WF_DO_ALIVE) {
        wf_request_destroy(request);
        return;
    }
    if (request->what == WF_DO_MODE) {
        take_mode(server, request);
    }
    if (!wf_post_request(server->post, request)) {
        answer(server, wf_line_refused(number, "busy", 0, "too many requests wait already"));
        wf_request_destroy(request);
    }
}

static void take_lines(struct wf_server *server)
{
    for (;;) {
        const char *const start = server->in.bytes + server->in.start;
        const char *const end =
            server->in.length > 0 ? memchr(start, '\n', server->in.length) : NULL;
        if (end == NULL) {
            break;
        }
        const size_t length = (size_t)(end - start);
        if (!server->skips && length > 0) {
            take_line(server, start, length);
        }
        server->skips = false;
        take(&server->in, length + 1);
    }
    if (server->in.length <= WF_LINE_MAX) {
        return;
    }
    if (!server->skips) {
        answer(server, wf_line_refused(0, "malformed", 0, "the line is longer than 1 MiB"));
    }
    server->skips = true;
    server->in.length = 0;
}

static void read_daemon(struct wf_server *server)
{
    char bytes[65536];

    // At most a MiB at once, so that a daemon that never stops talking is not all we do.
    for (int i = 0; i < 16 && server->daemon >= 0; i++) {
        const ssize_t length = read(server->daemon, bytes, sizeof(bytes));
        if (length > 0) {
            keep(&server->in, bytes, (size_t)length);
            take_lines(server);
        } else if (length == 0 || (errno != EAGAIN && errno != EINTR)) {
            hang_up(server);
        } else {
            return;
        }
    }
}

static void write_daemon(struct wf_server *server)
{
    while (server->daemon >= 0 && server->out.length > 0) {
        const ssize_t length =
            write(server->daemon, server->out.bytes + server->out.start, server->out.length);
        if (length > 0) {
            take(&server->out, (size_t)length);
        } else if (errno == EAGAIN) {
            break;
        } else if (errno != EINTR) {
            hang_up(server);
        }
    }
    wf_post_unsent(server->post, server->out.length);
}

static void fetch_lines(struct wf_server *server)
{
    size_t length;
    char *lines = wf_post_lines(server->post, &length);

    if (lines != NULL && server->daemon >= 0) {
        keep(&server->out, lines, length);
    }
    free(lines);
}

// A daemon that decides must be heard; at our start also one that decided before.
static void judge_silence(struct wf_server *server)
{
    const bool decides = !server->knows_mode || server->mode == WF_DECIDE;
    const bool silent = decides && wf_monotonic_ms() - server->heard_ms > server->silence_ms;
    const bool beats = server->knows_mode && server->mode == WF_DECIDE && !silent;

    if (silent != server->silent) {
        wf_post_silence(server->post, silent);
    }
    server->silent = silent;
    if (server->config.heartbeat_path != NULL) {
        if (beats) {
            wf_heartbeat_write(server->config.heartbeat_path, server->config.slurm_user(),
                               server->partitions);
        } else if (server->beats) {
            wf_heartbeat_remove(server->config.heartbeat_path);
        }
    }
    server->beats = beats;
    // A new daemon must say mode decide again before silence counts from its word.
    if (silent && server->knows_mode) {
        server->knows_mode = false;
        server->mode = WF_OBSERVE;
    }
}

static bool is_told_to_stop(struct wf_server *server)
{
    struct signalfd_siginfo info;

    return read(server->signals, &info, sizeof(info)) == (ssize_t)sizeof(info);
}

enum wf_server_end wf_server_run(struct wf_server *server)
{
    enum wf_server_end end = WF_SERVER_STOPPED;
    int64_t judge_ms = 0;

    while (!is_told_to_stop(server)) {
        struct pollfd waits[] = {
            {.fd = server->signals, .events = POLLIN},
            {.fd = server->listener, .events = POLLIN},
            {.fd = wf_post_descriptor(server->post), .events = POLLIN},
            {.fd = server->daemon,
             .events = (short)(POLLIN | (server->out.length > 0 ? POLLOUT : 0))},
        };
        if (poll(waits, WF_COUNT_OF(waits), 250) < 0 && errno != EINTR) {
            break;
        }
        if ((waits[1].revents & POLLIN) != 0) {
            accept_daemon(server);
        }
        read_daemon(server);
        fetch_lines(server);
        write_daemon(server);
        if (wf_monotonic_ms() >= judge_ms) {
            judge_silence(server);
            judge_ms = wf_monotonic_ms() + (server->beats ? 1000 : 250);
        }
        const int64_t since = wf_post_call_since(server->post);
        if (since > 0 && wf_monotonic_ms() - since > server->config.stall_ms) {
            end = WF_SERVER_STALLED;
            break;
        }
    }
    if (server->config.heartbeat_path != NULL && server->beats && end == WF_SERVER_STOPPED) {
        wf_heartbeat_remove(server->config.heartbeat_path);
    }
    return end;
}
