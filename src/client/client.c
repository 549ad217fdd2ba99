// SPDX-License-Identifier: Apache-2.0
// Finds the daemon: what the program says goes before the environment, that before what is usual.
#include "client/client.h"

#include <errno.h>
#include <poll.h>
#include <pthread.h>
#include <pwd.h>
#include <stdarg.h>
#include <stdlib.h>
#include <string.h>
#include <sys/eventfd.h>
#include <time.h>
#include <unistd.h>

#define OF_THE_MACHINE "/var/lib/whaleflux" // the data folder of a daemon that root runs

enum { TIMEOUT_MS = 60000 };

static pthread_once_t once = PTHREAD_ONCE_INIT;

static void begin(void)
{
    (void)curl_global_init(CURL_GLOBAL_DEFAULT);
}

int whaleflux_api_version(void)
{
    return WHALEFLUX_API_VERSION;
}

enum whaleflux_status wf_client_fail(struct whaleflux_error *err, enum whaleflux_status status,
                                     const char *format, ...)
{
    if (err) {
        va_list arguments;
        *err = (struct whaleflux_error){.status = status};
        va_start(arguments, format);
        vsnprintf(err->text, sizeof err->text, format, arguments);
        va_end(arguments);
    }
    return status;
}

enum whaleflux_status wf_client_no_memory(struct whaleflux_error *err)
{
    return wf_client_fail(err, WHALEFLUX_FAILED, "there is no memory to ask the daemon");
}

int64_t wf_client_now_ms(void)
{
    struct timespec now;
    clock_gettime(CLOCK_MONOTONIC, &now);
    return (int64_t)now.tv_sec * 1000 + now.tv_nsec / 1000000;
}

bool wf_client_sleep(struct whaleflux *handle, int64_t ms)
{
    int64_t end = wf_client_now_ms() + ms;
    for (int64_t left = ms; left > 0; left = end - wf_client_now_ms()) {
        struct pollfd wake = {.fd = handle->wake, .events = POLLIN};
        eventfd_t stops;
        if (poll(&wake, 1, (int)left) > 0 && eventfd_read(handle->wake, &stops) == 0) {
            return false;
        }
    }
    return true;
}

void whaleflux_stop(struct whaleflux *handle)
{
    int saved = errno;
    (void)!eventfd_write(handle->wake, 1);
    errno = saved;
}

static const char *first_of(const char *told, const char *variable)
{
    const char *set = told ? told : getenv(variable);
    return set ? set : "";
}

static char *home(void)
{
    const char *set = getenv("HOME");
    if (set && set[0]) {
        return strdup(set);
    }
    char text[4096];
    struct passwd entry;
    struct passwd *found = NULL;
    (void)getpwuid_r(getuid(), &entry, text, sizeof text, &found);
    return strdup(found ? found->pw_dir : "/");
}

static char *joined(const char *folder, const char *name)
{
    char *path = NULL;
    return asprintf(&path, "%s/%s", folder, name) < 0 ? NULL : path;
}

// The user's own daemon, or else the machine's.
static char *usual_folder(void)
{
    char *at_home = home();
    char *own = at_home ? joined(at_home, ".whaleflux") : NULL;
    char *socket = own ? joined(own, "socket") : NULL;
    if (socket && access(socket, F_OK) != 0 && access(OF_THE_MACHINE "/socket", F_OK) == 0) {
        free(own);
        own = strdup(OF_THE_MACHINE);
    }
    free(socket);
    free(at_home);
    return own;
}

static bool is_here(const char *url)
{
    static const char *const hosts[] = {"localhost", "127.0.0.1", "[::1]"};
    const char *host = strstr(url, "://") + 3;
    for (size_t i = 0; i < WF_COUNT_OF(hosts); i++) {
        size_t length = strlen(hosts[i]);
        if (strncmp(host, hosts[i], length) == 0 && strchr(":/", host[length])) {
            return true;
        }
    }
    return false;
}

static enum whaleflux_status set_url(struct whaleflux *handle, const char *url, const char *folder,
                                     struct whaleflux_error *err)
{
    bool secret = strncmp(url, "https://", 8) == 0;
    size_t length = strlen(url);
    if (!secret && strncmp(url, "http://", 7) != 0) {
        return wf_client_fail(err, WHALEFLUX_INVALID,
                              "'%.80s' is no URL of a daemon: it is like https://host:7171", url);
    }
    if (!secret && !is_here(url)) {
        return wf_client_fail(err, WHALEFLUX_INVALID,
                              "%.80s would carry the token in the open: use https", url);
    }
    while (length > 0 && url[length - 1] == '/') {
        length--;
    }
    handle->base = strndup(url, length);
    if (secret && !handle->authority[0] && !handle->fingerprint[0] && is_here(url)) {
        char *own = joined(folder, "tls/cert.pem");
        if (own && access(own, R_OK) == 0) {
            free(handle->authority);
            handle->authority = own;
            own = NULL;
        }
        free(own);
    }
    return handle->base && handle->authority ? WHALEFLUX_OK : wf_client_no_memory(err);
}

static bool has_all(const struct whaleflux *handle)
{
    return handle->token && handle->authority && handle->fingerprint && handle->multi &&
           handle->wake >= 0;
}

static enum whaleflux_status set_socket(struct whaleflux *handle, const char *folder,
                                        struct whaleflux_error *err)
{
    handle->socket = joined(folder, "socket");
    handle->base = strdup("http://localhost");
    handle->token[0] = '\0'; // the kernel says who it is
    handle->fingerprint[0] = '\0';
    return handle->socket && handle->base ? WHALEFLUX_OK : wf_client_no_memory(err);
}

static enum whaleflux_status set_up(struct whaleflux *handle, const struct whaleflux_config *config,
                                    struct whaleflux_error *err)
{
    char *usual = config->data_folder ? NULL : usual_folder();
    const char *folder = config->data_folder ? config->data_folder : usual;
    // Who names a folder means the daemon there, whatever the environment says.
    const char *url =
        config->data_folder && !config->url ? "" : first_of(config->url, "WHALEFLUX_URL");
    handle->token = strdup(first_of(config->token, "WHALEFLUX_TOKEN"));
    handle->authority = strdup(first_of(config->authority, "WHALEFLUX_CA"));
    handle->fingerprint = strdup(first_of(config->fingerprint, "WHALEFLUX_FINGERPRINT"));
    handle->timeout_ms = config->timeout_ms > 0 ? config->timeout_ms : TIMEOUT_MS;
    handle->multi = curl_multi_init();
    handle->wake = eventfd(0, EFD_NONBLOCK | EFD_CLOEXEC);
    enum whaleflux_status status = WHALEFLUX_OK;
    if (!folder || !has_all(handle)) {
        status = wf_client_no_memory(err);
    } else if (strpbrk(handle->token, "\r\n")) {
        status = wf_client_fail(err, WHALEFLUX_INVALID, "the token has more than one line");
    } else if (url[0]) {
        status = set_url(handle, url, folder, err);
    } else {
        status = set_socket(handle, folder, err);
    }
    free(usual);
    return status;
}

enum whaleflux_status whaleflux_open(const struct whaleflux_config *config,
                                     struct whaleflux **handle_out, struct whaleflux_error *err)
{
    struct whaleflux_config known = {.size = sizeof known};
    *handle_out = NULL;
    if (config) {
        // A program that was built with an older header knows fewer fields.
        memcpy(&known, config, config->size < sizeof known ? config->size : sizeof known);
    }
    (void)pthread_once(&once, begin);
    struct whaleflux *handle = calloc(1, sizeof *handle);
    if (!handle) {
        return wf_client_no_memory(err);
    }
    handle->wake = -1;
    enum whaleflux_status status = set_up(handle, &known, err);
    if (status != WHALEFLUX_OK) {
        whaleflux_close(handle);
        return status;
    }
    *handle_out = handle;
    return WHALEFLUX_OK;
}

void whaleflux_close(struct whaleflux *handle)
{
    if (!handle) {
        return;
    }
    if (handle->multi) {
        curl_multi_cleanup(handle->multi);
    }
    if (handle->wake >= 0) {
        close(handle->wake);
    }
    free(handle->base);
    free(handle->socket);
    free(handle->token);
    free(handle->authority);
    free(handle->fingerprint);
    free(handle);
}

const char *whaleflux_where(const struct whaleflux *handle)
{
    return handle->socket ? handle->socket : handle->base;
}
