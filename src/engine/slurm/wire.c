// SPDX-License-Identifier: Apache-2.0
#include "engine/slurm/wire.h"

#include <errno.h>
#include <fcntl.h>
#include <signal.h>
#include <spawn.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/epoll.h>
#include <sys/socket.h>
#include <sys/timerfd.h>
#include <sys/un.h>
#include <sys/wait.h>
#include <time.h>
#include <unistd.h>

#include "engine/slurm/line.h"

enum {
    READ_BYTES = 65536,
    READS_AT_ONCE = 64,  // before others have their turn
    AGAIN_MS_MIN = 100,  // between tries to connect, doubled with each
    AGAIN_MS_MAX = 5000, //
    START_AGAIN_MS = 5000,
};

struct wf_wire {
    struct wf_wire_config config;
    struct sockaddr_un address;
    int poll, timer, socket; // socket -1: not connected
    bool greeted;            // begin() was called for this connection
    int64_t heard_ms, beat_ms, again_ms, started_ms;
    int64_t wait_ms; // until the next try
    pid_t child;     // the adapter's starter, to be waited for; 0: none
    char *in;        // WF_SLURM_LINE_MAX + READ_BYTES
    size_t in_used, in_seen;
    char *out;
    size_t out_used, out_size;
    char trouble[256];
};

static int64_t now_ms(void)
{
    struct timespec now;
    (void)clock_gettime(CLOCK_MONOTONIC, &now);
    return (int64_t)now.tv_sec * 1000 + now.tv_nsec / 1000000;
}

static void watch(struct wf_wire *wire, uint32_t events)
{
    struct epoll_event event = {.events = events, .data.fd = wire->socket};
    if (epoll_ctl(wire->poll, EPOLL_CTL_MOD, wire->socket, &event) != 0) {
        (void)epoll_ctl(wire->poll, EPOLL_CTL_ADD, wire->socket, &event);
    }
}

static void set_timer(struct wf_wire *wire, int64_t in_ms)
{
    in_ms = in_ms > 0 ? in_ms : 1;
    struct itimerspec at = {
        .it_value = {.tv_sec = in_ms / 1000, .tv_nsec = in_ms % 1000 * 1000000}};
    (void)timerfd_settime(wire->timer, 0, &at, NULL);
}

void wf_wire_drop(struct wf_wire *wire, const char *why)
{
    if (wire->socket < 0) {
        return;
    }
    (void)close(wire->socket); // leaves the set that is polled, too
    wire->socket = -1;
    wire->in_used = wire->in_seen = wire->out_used = 0;
    wire->wait_ms = AGAIN_MS_MIN;
    wire->again_ms = now_ms() + wire->wait_ms;
    snprintf(wire->trouble, sizeof wire->trouble, "%.250s", why);
    set_timer(wire, wire->wait_ms);
    if (wire->greeted) {
        wire->greeted = false;
        wire->config.end(wire->config.context, wire->trouble);
    }
}

// As a child of nobody: it outlives the daemon, and no signal for the daemon reaches it.
static void start_adapter(struct wf_wire *wire)
{
    posix_spawn_file_actions_t files;
    posix_spawnattr_t attributes;
    sigset_t none, all;
    const char *log = wire->config.log ? wire->config.log : "/dev/null";
    wire->started_ms = now_ms();
    (void)sigemptyset(&none);
    (void)sigfillset(&all);
    (void)posix_spawn_file_actions_init(&files);
    (void)posix_spawnattr_init(&attributes);
    (void)posix_spawn_file_actions_addopen(&files, 0, "/dev/null", O_RDONLY, 0);
    (void)posix_spawn_file_actions_addopen(&files, 1, log, O_WRONLY | O_CREAT | O_APPEND, 0600);
    (void)posix_spawn_file_actions_adddup2(&files, 1, 2);
    (void)posix_spawnattr_setsigmask(&attributes, &none);
    (void)posix_spawnattr_setsigdefault(&attributes, &all);
    (void)posix_spawnattr_setflags(&attributes, POSIX_SPAWN_SETSID | POSIX_SPAWN_SETSIGMASK |
                                                    POSIX_SPAWN_SETSIGDEF);
    int error = posix_spawn(&wire->child, wire->config.program[0], &files, &attributes,
                            (char *const *)wire->config.program, environ);
    (void)posix_spawn_file_actions_destroy(&files);
    (void)posix_spawnattr_destroy(&attributes);
    if (error) {
        wire->child = 0;
        snprintf(wire->trouble, sizeof wire->trouble, "%.150s cannot be started: %s",
                 wire->config.program[0], strerror(error));
    }
}

static void reap(struct wf_wire *wire)
{
    int status;
    if (wire->child > 0 && waitpid(wire->child, &status, WNOHANG) == wire->child) {
        wire->child = 0;
    }
}

static void try_later(struct wf_wire *wire, int error)
{
    (void)close(wire->socket);
    wire->socket = -1;
    snprintf(wire->trouble, sizeof wire->trouble, "nobody listens at %.150s: %s",
             wire->config.socket, strerror(error));
    reap(wire);
    bool may = wire->config.program && wire->child == 0 &&
               (error == ECONNREFUSED || error == ENOENT) &&
               (wire->started_ms == 0 || now_ms() - wire->started_ms >= START_AGAIN_MS);
    if (may) {
        start_adapter(wire);
        wire->wait_ms = AGAIN_MS_MIN;
    }
    wire->again_ms = now_ms() + wire->wait_ms;
    set_timer(wire, wire->wait_ms);
    wire->wait_ms = wire->wait_ms * 2 < AGAIN_MS_MAX ? wire->wait_ms * 2 : AGAIN_MS_MAX;
}

static void connect_socket(struct wf_wire *wire)
{
    wire->socket = socket(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC | SOCK_NONBLOCK, 0);
    if (wire->socket < 0) {
        wire->again_ms = now_ms() + AGAIN_MS_MAX;
        set_timer(wire, AGAIN_MS_MAX);
        return;
    }
    if (connect(wire->socket, (const struct sockaddr *)&wire->address, sizeof wire->address) != 0) {
        try_later(wire, errno); // a Unix socket connects at once, or EAGAIN: too many want to
        return;
    }
    wire->trouble[0] = '\0';
    wire->greeted = true;
    wire->wait_ms = AGAIN_MS_MIN;
    wire->heard_ms = wire->beat_ms = now_ms();
    watch(wire, EPOLLIN);
    set_timer(wire, WF_WIRE_BEAT_MS);
    wire->config.begin(wire->config.context);
}

static void send_out(struct wf_wire *wire)
{
    size_t sent = 0;
    while (wire->socket >= 0 && sent < wire->out_used) {
        ssize_t length = send(wire->socket, wire->out + sent, wire->out_used - sent, MSG_NOSIGNAL);
        if (length < 0 && errno == EINTR) {
            continue;
        }
        if (length < 0 && errno != EAGAIN) {
            wf_wire_drop(wire, "the Slurm adapter hung up");
            return;
        }
        if (length < 0) {
            break;
        }
        sent += (size_t)length;
    }
    if (wire->socket >= 0) {
        memmove(wire->out, wire->out + sent, wire->out_used - sent);
        wire->out_used -= sent;
        watch(wire, wire->out_used > 0 ? EPOLLIN | EPOLLOUT : EPOLLIN);
    }
}

bool wf_wire_say(struct wf_wire *wire, const char *line, size_t length)
{
    if (wire->socket < 0) {
        return false;
    }
    size_t wanted = wire->out_used + length + 1;
    if (wanted > wire->out_size) {
        size_t size = wanted * 2;
        char *more = size <= WF_WIRE_OUT_MAX ? realloc(wire->out, size) : NULL;
        if (!more) {
            wf_wire_drop(wire, "the Slurm adapter does not read what it is told");
            return false;
        }
        wire->out = more;
        wire->out_size = size;
    }
    bool idle = wire->out_used == 0;
    memcpy(wire->out + wire->out_used, line, length);
    wire->out[wire->out_used + length] = '\n';
    wire->out_used = wanted;
    if (idle) {
        send_out(wire);
    }
    return wire->socket >= 0;
}

// Hands over the whole lines that were read.
static void hand_over(struct wf_wire *wire)
{
    size_t begin = 0;
    char *stop = NULL;
    while (wire->socket >= 0 &&
           (stop = memchr(wire->in + wire->in_seen, '\n', wire->in_used - wire->in_seen)) != NULL) {
        size_t end = (size_t)(stop - wire->in);
        wire->in_seen = end + 1;
        wire->config.hear(wire->config.context, wire->in + begin, end - begin);
        begin = end + 1;
    }
    if (wire->socket < 0) {
        return; // it was dropped, and all that was read with it
    }
    memmove(wire->in, wire->in + begin, wire->in_used - begin);
    wire->in_used -= begin;
    wire->in_seen = wire->in_used;
    if (wire->in_used > WF_SLURM_LINE_MAX) {
        wf_wire_drop(wire, "the Slurm adapter says a line past the limit of 1 MiB");
    }
}

static void read_in(struct wf_wire *wire)
{
    for (int i = 0; i < READS_AT_ONCE && wire->socket >= 0; i++) {
        ssize_t length = recv(wire->socket, wire->in + wire->in_used, READ_BYTES, 0);
        if (length < 0 && errno == EINTR) {
            continue;
        }
        if (length < 0 && errno == EAGAIN) {
            return;
        }
        if (length <= 0) {
            wf_wire_drop(wire, length == 0 ? "the Slurm adapter ended or serves another daemon"
                                           : "the Slurm adapter hung up");
            return;
        }
        wire->heard_ms = now_ms();
        wire->in_used += (size_t)length;
        hand_over(wire);
    }
}

static void keep_time(struct wf_wire *wire)
{
    static const char alive[] = "{\"do\":\"alive\"}";
    int64_t at_ms = now_ms();
    reap(wire);
    if (wire->socket < 0) {
        if (at_ms >= wire->again_ms) {
            connect_socket(wire);
        } else {
            set_timer(wire, wire->again_ms - at_ms);
        }
        return;
    }
    if (at_ms - wire->heard_ms > WF_WIRE_DEAD_MS) {
        wf_wire_drop(wire, "the Slurm adapter says nothing");
        return;
    }
    if (at_ms - wire->beat_ms >= WF_WIRE_BEAT_MS) {
        wire->beat_ms = at_ms;
        (void)wf_wire_say(wire, alive, sizeof alive - 1);
    }
    if (wire->socket >= 0) {
        set_timer(wire, wire->beat_ms + WF_WIRE_BEAT_MS - at_ms);
    }
}

void wf_wire_work(struct wf_wire *wire)
{
    struct epoll_event events[4];
    int count = epoll_wait(wire->poll, events, (int)(sizeof events / sizeof *events), 0);
    for (int i = 0; i < count; i++) {
        uint64_t ticks;
        if (events[i].data.fd == wire->timer) {
            (void)!read(wire->timer, &ticks, sizeof ticks);
            keep_time(wire);
        } else if (events[i].data.fd == wire->socket) {
            if (events[i].events & EPOLLOUT) {
                send_out(wire);
            }
            if (events[i].events & ~(uint32_t)EPOLLOUT) {
                read_in(wire);
            }
        }
    }
}

enum wf_status wf_wire_open(const struct wf_wire_config *config, struct wf_wire **wire_out,
                            struct wf_error *err)
{
    struct wf_wire *wire = calloc(1, sizeof *wire);
    char *in = malloc(WF_SLURM_LINE_MAX + 2 * READ_BYTES);
    if (!wire || !in) {
        free(wire);
        free(in);
        return wf_fail(err, WF_NOMEM, "no memory for the Slurm adapter");
    }
    wire->config = *config;
    wire->in = in;
    wire->socket = -1;
    wire->wait_ms = AGAIN_MS_MIN;
    wire->address.sun_family = AF_UNIX;
    size_t length = strlen(config->socket);
    wire->poll = epoll_create1(EPOLL_CLOEXEC);
    wire->timer = timerfd_create(CLOCK_MONOTONIC, TFD_CLOEXEC | TFD_NONBLOCK);
    struct epoll_event event = {.events = EPOLLIN, .data.fd = wire->timer};
    enum wf_status status = WF_OK;
    if (length >= sizeof wire->address.sun_path) {
        status =
            wf_fail(err, WF_LIMIT, "the socket's path %.200s is past the limit of %zu characters",
                    config->socket, sizeof wire->address.sun_path - 1);
    } else if (wire->poll < 0 || wire->timer < 0 ||
               epoll_ctl(wire->poll, EPOLL_CTL_ADD, wire->timer, &event) != 0) {
        status = wf_fail(err, WF_IO, "no descriptors for the Slurm adapter: %s", strerror(errno));
    }
    if (status != WF_OK) {
        wf_wire_close(wire);
        return status;
    }
    memcpy(wire->address.sun_path, config->socket, length);
    set_timer(wire, 1);
    *wire_out = wire;
    return WF_OK;
}

void wf_wire_close(struct wf_wire *wire)
{
    if (!wire) {
        return;
    }
    const int descriptors[] = {wire->socket, wire->timer, wire->poll};
    for (size_t i = 0; i < WF_COUNT_OF(descriptors); i++) {
        if (descriptors[i] >= 0) {
            (void)close(descriptors[i]);
        }
    }
    free(wire->in);
    free(wire->out);
    free(wire);
}

int wf_wire_descriptor(const struct wf_wire *wire)
{
    return wire->poll;
}

bool wf_wire_is_up(const struct wf_wire *wire)
{
    return wire->greeted;
}

const char *wf_wire_trouble(const struct wf_wire *wire)
{
    return wire->trouble;
}
