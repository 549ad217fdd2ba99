// SPDX-License-Identifier: Apache-2.0
// Where the server listens: sockets, and a daemon of microhttpd for each, whose epoll set is one
// descriptor in our loop.
#include <errno.h>
#include <netdb.h>
#include <netinet/in.h>
#include <stdarg.h>
#include <sys/stat.h>
#include <sys/un.h>
#include <unistd.h>

#include "base/assert.h"
#include "daemon/http/server.h"

enum { BACKLOG = 511, CONNECTION_BYTES = 32 * 1024 };

static void run(struct wf_http_listener *listener);

static void on_ready(uv_poll_t *poll, int status, int events)
{
    (void)status;
    (void)events;
    run(poll->data);
}

static void on_timer(uv_timer_t *timer)
{
    run(timer->data);
}

static void run(struct wf_http_listener *listener)
{
    MHD_UNSIGNED_LONG_LONG wait_ms = 0;
    listener->again = false;
    MHD_run(listener->daemon);
    if (listener->again || MHD_get_timeout(listener->daemon, &wait_ms) == MHD_YES) {
        uv_timer_start(&listener->timer, on_timer, wait_ms, 0);
    } else {
        uv_timer_stop(&listener->timer);
    }
}

void wf_http_run_again(struct wf_http_listener *listener)
{
    listener->again = true;
    if (!uv_is_closing((uv_handle_t *)&listener->timer)) {
        uv_timer_start(&listener->timer, on_timer, 0, 0);
    }
}

void wf_http_resume(struct wf_http_connection *connection)
{
    MHD_resume_connection(connection->mhd);
    wf_http_run_again(connection->listener);
}

// Paths and queries are decoded by us (target.c): here nothing is.
static size_t leave_as_it_is(void *context, struct MHD_Connection *mhd, char *text)
{
    (void)context;
    (void)mhd;
    return strlen(text);
}

WF_PRINTF(2, 0) static void on_line(void *context, const char *format, va_list arguments)
{
    struct wf_http_listener *listener = context;
    char line[256];
    vsnprintf(line, sizeof line, format, arguments);
    // What clients do wrong, or that they have gone, is told to them and counted.
    bool ours = strstr(line, "accept") || strstr(line, "epoll") || strstr(line, "allocate");
    if (ours && listener->http->lines_left > 0) {
        listener->http->lines_left--;
        wf_http_log(listener->http, "http: %s", line);
    }
}

static struct MHD_Daemon *start(struct wf_http_listener *listener, int descriptor,
                                const char *certificate, const char *key)
{
    const struct wf_http_config *config = &listener->http->config;
    unsigned flags = MHD_USE_EPOLL | MHD_ALLOW_SUSPEND_RESUME | MHD_USE_ERROR_LOG;
    struct MHD_OptionItem tls[] = {
        {MHD_OPTION_HTTPS_MEM_CERT, 0, (void *)(uintptr_t)certificate},
        {MHD_OPTION_HTTPS_MEM_KEY, 0, (void *)(uintptr_t)key},
        {MHD_OPTION_HTTPS_PRIORITIES, 0,
         (void *)(uintptr_t)"NORMAL:-VERS-ALL:+VERS-TLS1.3:+VERS-TLS1.2"},
        {MHD_OPTION_END, 0, NULL},
    };
    struct MHD_OptionItem nothing[] = {{MHD_OPTION_END, 0, NULL}};
    return MHD_start_daemon(flags | (certificate ? MHD_USE_TLS : 0), 0, NULL, NULL,
                            wf_http_on_request, listener, MHD_OPTION_EXTERNAL_LOGGER, on_line,
                            listener,                                                            //
                            MHD_OPTION_LISTEN_SOCKET, descriptor,                                //
                            MHD_OPTION_CONNECTION_LIMIT, config->connections_max,                //
                            MHD_OPTION_PER_IP_CONNECTION_LIMIT,                                  //
                            listener->over == WF_OVER_TLS ? config->connections_max / 2 + 1 : 0, //
                            MHD_OPTION_CONNECTION_MEMORY_LIMIT, (size_t)CONNECTION_BYTES,        //
                            MHD_OPTION_STRICT_FOR_CLIENT, 1,                                     //
                            MHD_OPTION_UNESCAPE_CALLBACK, leave_as_it_is, NULL,                  //
                            MHD_OPTION_URI_LOG_CALLBACK, wf_http_on_target, listener,            //
                            MHD_OPTION_NOTIFY_CONNECTION, wf_http_on_connection, listener,       //
                            MHD_OPTION_NOTIFY_COMPLETED, wf_http_on_completed, listener,         //
                            MHD_OPTION_ARRAY, certificate ? tls : nothing, MHD_OPTION_END);
}

// Of TLS; both NULL: none.
struct pair {
    const char *certificate, *key;
};

// Takes descriptor over, also when it fails.
static enum wf_status add_listener(struct wf_http *http, int descriptor, enum wf_over over,
                                   const struct pair *pair, struct wf_http_listener **listener_out,
                                   struct wf_error *err)
{
    struct wf_http_listener *listener = calloc(1, sizeof *listener);
    if (!listener || http->listener_count == WF_LISTENERS_MAX) {
        free(listener);
        close(descriptor);
        return wf_fail(err, WF_NOMEM, "out of memory, or of places for listeners");
    }
    *listener = (struct wf_http_listener){.http = http, .over = over, .quiet_socket = -1};
    listener->daemon = start(listener, descriptor, pair->certificate, pair->key);
    if (!listener->daemon) {
        free(listener);
        close(descriptor);
        return wf_fail(err, WF_IO, "the HTTP server does not start%s",
                       pair->certificate ? ": perhaps its certificate or key is not as it should be"
                                         : "");
    }
    const union MHD_DaemonInfo *info =
        MHD_get_daemon_info(listener->daemon, MHD_DAEMON_INFO_EPOLL_FD);
    WF_ASSERT(info && info->epoll_fd >= 0);
    WF_ASSERT(uv_poll_init(http->config.loop, &listener->poll, info->epoll_fd) == 0);
    WF_ASSERT(uv_timer_init(http->config.loop, &listener->timer) == 0);
    listener->poll.data = listener;
    listener->timer.data = listener;
    WF_ASSERT(uv_poll_start(&listener->poll, UV_READABLE, on_ready) == 0);
    http->listeners[http->listener_count++] = listener;
    http->handles_open += 2;
    *listener_out = listener;
    return WF_OK;
}

// Splits "host:port"; host_out has room for the whole text.
static bool split(const char *address, char *host_out, const char **port_out)
{
    const char *colon = strrchr(address, ':');
    if (!colon || !colon[1] || strspn(colon + 1, "0123456789") != strlen(colon + 1)) {
        return false;
    }
    size_t length = (size_t)(colon - address);
    if (length >= 2 && *address == '[' && colon[-1] == ']') {
        address++;
        length -= 2;
    } else if (memchr(address, ':', length)) {
        return false; // IPv6 without its brackets
    }
    memcpy(host_out, address, length);
    host_out[length] = '\0';
    *port_out = colon + 1;
    return true;
}

static bool is_this_machine(const struct sockaddr *address)
{
    if (address->sa_family == AF_INET) {
        struct sockaddr_in in;
        memcpy(&in, address, sizeof in);
        return ntohl(in.sin_addr.s_addr) >> 24 == 127;
    }
    struct sockaddr_in6 in6;
    memcpy(&in6, address, sizeof in6);
    return IN6_IS_ADDR_LOOPBACK(&in6.sin6_addr);
}

static int bind_first(const struct addrinfo *found, bool here_only)
{
    int one = 1;
    int zero = 0;
    for (; found; found = found->ai_next) {
        if (here_only && !is_this_machine(found->ai_addr)) {
            errno = EACCES;
            continue;
        }
        int descriptor = socket(found->ai_family, SOCK_STREAM | SOCK_NONBLOCK | SOCK_CLOEXEC, 0);
        if (descriptor < 0) {
            continue;
        }
        setsockopt(descriptor, SOL_SOCKET, SO_REUSEADDR, &one, sizeof one);
        if (found->ai_family == AF_INET6) {
            setsockopt(descriptor, IPPROTO_IPV6, IPV6_V6ONLY, &zero, sizeof zero);
        }
        if (bind(descriptor, found->ai_addr, found->ai_addrlen) == 0 &&
            listen(descriptor, BACKLOG) == 0) {
            return descriptor;
        }
        int why = errno;
        close(descriptor);
        errno = why;
    }
    return -1;
}

static uint16_t port_of(int descriptor)
{
    struct sockaddr_storage address = {0};
    socklen_t size = sizeof address;
    WF_ASSERT(getsockname(descriptor, (struct sockaddr *)&address, &size) == 0);
    struct sockaddr_in in; // the port stands at the same place in both families
    memcpy(&in, &address, sizeof in);
    return ntohs(in.sin_port);
}

enum wf_status wf_http_listen(struct wf_http *http, const char *address, const char *certificate,
                              const char *key, uint16_t *port_out, struct wf_error *err)
{
    char host[256];
    const char *port = NULL;
    struct addrinfo *found = NULL;
    struct addrinfo hints = {
        .ai_family = AF_UNSPEC, .ai_socktype = SOCK_STREAM, .ai_flags = AI_PASSIVE};
    struct wf_http_listener *listener;
    if (strlen(address) >= sizeof host || !split(address, host, &port)) {
        return wf_fail(err, WF_INVALID, "'%.100s' is no address like 127.0.0.1:7171 or [::1]:7171",
                       address);
    }
    if (!*host) {
        // Everywhere: IPv6's "any" takes IPv4, too, where there is IPv6 at all.
        hints.ai_family = access("/proc/net/if_inet6", F_OK) == 0 ? AF_INET6 : AF_INET;
    }
    int failed = getaddrinfo(*host ? host : NULL, port, &hints, &found);
    if (failed != 0) {
        return wf_fail(err, WF_INVALID, "cannot listen at '%s': %s", address, gai_strerror(failed));
    }
    errno = 0;
    int descriptor = bind_first(found, !certificate);
    int why = errno;
    freeaddrinfo(found);
    if (descriptor < 0) {
        return !certificate && why == EACCES
                   ? wf_fail(err, WF_INVALID,
                             "'%s' can be reached from outside: it is served with TLS only",
                             address)
                   : wf_fail(err, WF_IO, "cannot listen at '%s': %s", address, strerror(why));
    }
    uint16_t port_number = port_of(descriptor);
    struct pair pair = {certificate, key};
    enum wf_status status = add_listener(
        http, descriptor, certificate ? WF_OVER_TLS : WF_OVER_PLAIN, &pair, &listener, err);
    if (status == WF_OK && port_out) {
        *port_out = port_number;
    }
    return status;
}

enum wf_status wf_http_renew(struct wf_http *http, const char *certificate, const char *key,
                             struct wf_error *err)
{
    const struct pair pair = {certificate, key};
    uint32_t count = http->listener_count;
    for (uint32_t i = 0; i < count; i++) {
        struct wf_http_listener *old = http->listeners[i];
        struct wf_http_listener *listener;
        if (old->over != WF_OVER_TLS || old->retired) {
            continue;
        }
        if (http->listener_count == WF_LISTENERS_MAX) {
            return wf_fail(err, WF_LIMIT,
                           "connections with the certificates before it are still open");
        }
        int descriptor = MHD_quiesce_daemon(old->daemon);
        if (descriptor < 0) {
            return wf_fail(err, WF_IO, "the HTTP server does not let go of its socket");
        }
        old->retired = true;
        enum wf_status status = add_listener(http, descriptor, WF_OVER_TLS, &pair, &listener, err);
        if (status != WF_OK) {
            return status;
        }
    }
    return WF_OK;
}

static bool somebody_answers(const struct sockaddr_un *address)
{
    int descriptor = socket(AF_UNIX, SOCK_STREAM | SOCK_NONBLOCK | SOCK_CLOEXEC, 0);
    if (descriptor < 0) {
        return false;
    }
    bool answers = connect(descriptor, (const struct sockaddr *)address, sizeof *address) == 0 ||
                   errno == EAGAIN;
    close(descriptor);
    return answers;
}

enum wf_status wf_http_listen_socket(struct wf_http *http, const char *path, uint32_t mode,
                                     struct wf_error *err)
{
    struct sockaddr_un address = {.sun_family = AF_UNIX};
    struct wf_http_listener *listener = NULL;
    struct stat there;
    if (strlen(path) >= sizeof address.sun_path) {
        return wf_fail(err, WF_INVALID,
                       "the socket's name %.60s... has more than %zu bytes; use a shorter folder",
                       path, sizeof address.sun_path - 1);
    }
    memcpy(address.sun_path, path, strlen(path) + 1);
    if (lstat(path, &there) == 0) {
        if (!S_ISSOCK(there.st_mode)) {
            return wf_fail(err, WF_EXISTS, "%s is there and is no socket", path);
        }
        if (somebody_answers(&address)) {
            return wf_fail(err, WF_EXISTS, "somebody answers at %s already", path);
        }
        unlink(path);
    }
    int descriptor = socket(AF_UNIX, SOCK_STREAM | SOCK_NONBLOCK | SOCK_CLOEXEC, 0);
    if (descriptor < 0) {
        return wf_fail(err, WF_IO, "cannot make a socket: %s", strerror(errno));
    }
    // Before bind, so that it is open to nobody at first (Linux takes over these permissions).
    fchmod(descriptor, 0600);
    if (bind(descriptor, (struct sockaddr *)&address, sizeof address) != 0 ||
        chmod(path, mode) != 0 || listen(descriptor, BACKLOG) != 0) {
        int why = errno;
        close(descriptor);
        return wf_fail(err, WF_IO, "cannot listen at %s: %s", path, strerror(why));
    }
    enum wf_status status =
        add_listener(http, descriptor, WF_OVER_SOCKET, &(struct pair){0}, &listener, err);
    if (status == WF_OK) {
        WF_ASSERT(listener);
        memcpy(listener->path, path, strlen(path) + 1);
    }
    return status;
}
