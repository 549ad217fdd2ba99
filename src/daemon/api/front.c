// SPDX-License-Identifier: Apache-2.0
// The API as the daemon's front.
#include <limits.h>
#include <unistd.h>

#include "base/assert.h"
#include "daemon/api/tokens.h"
#include "daemon/http/certificate.h"

#define ADDRESS_DEFAULT "127.0.0.1:7171"

static void say(void *context, const char *line)
{
    struct wf_api *api = context;
    if (api->parts.log) {
        api->parts.log(api->parts.log_context, line);
    }
}

// The first start has no token: without one nobody could come in but over the socket.
static enum wf_status make_first_token(struct wf_api *api, struct wf_error *err)
{
    struct wf_actor self = {0};
    char hash[WF_TOKEN_HASH_BYTES];
    if (api->tokens) {
        return WF_OK;
    }
    enum wf_status status = wf_token_make(api->first_token, err);
    if (status != WF_OK) {
        return status;
    }
    wf_token_hash(api->first_token, hash);
    WF_ASSERT(wf_api_peer(api, geteuid(), &self));
    struct wf_asker asker = {.name = "daemon",
                             .role = "admin",
                             .over = "daemon",
                             .user = self.user,
                             .uid = geteuid(),
                             .all = true};
    struct wf_desk_ask ask = {.actor = &asker};
    struct wf_token_row row = {.name = "first",
                               .role = wf_role_name(WF_ROLE_ADMIN),
                               .user = self.user,
                               .hash = hash,
                               .created_ms = wf_api_now_ms(api)};
    status = wf_desk_token(api->desk, &row, &ask, err);
    if (status == WF_OK) {
        struct wf_api_token *token = calloc(1, sizeof *token);
        WF_ASSERT(token);
        *token =
            (struct wf_api_token){.id = 1, .role = WF_ROLE_ADMIN, .created_ms = row.created_ms};
        memcpy(token->hash, hash, sizeof token->hash);
        memcpy(token->user, self.user, sizeof token->user);
        snprintf(token->name, sizeof token->name, "first");
        HASH_ADD_STR(api->tokens, hash, token);
    }
    return status;
}

enum wf_status wf_api_create(const struct wf_daemon_parts *parts, struct wf_api **api_out,
                             struct wf_error *err)
{
    struct wf_api *api = calloc(1, sizeof *api);
    *api_out = NULL;
    if (!api) {
        return wf_fail(err, WF_NOMEM, "out of memory");
    }
    api->parts = *parts;
    api->desk = parts->desk;
    api->opened_ms = wf_api_now_ms(api);
    struct wf_http_config config = {.loop = parts->loop,
                                    .routes = wf_api_routes(),
                                    .context = api,
                                    .login = wf_api_login,
                                    .peer = wf_api_peer,
                                    .refused = wf_api_refused,
                                    .log = say};
    enum wf_status status = wf_api_load_tokens(api, err);
    status = status == WF_OK ? make_first_token(api, err) : status;
    status = status == WF_OK ? wf_http_create(&config, &api->http, err) : status;
    if (status != WF_OK) {
        wf_api_forget_tokens(api);
        free(api);
        return status;
    }
    WF_ASSERT(uv_timer_init(parts->loop, &api->look) == 0);
    api->look.data = api;
    wf_desk_watch(api->desk, wf_api_on_feed, api);
    *api_out = api;
    return WF_OK;
}

struct wf_http *wf_api_http(struct wf_api *api)
{
    return api->http;
}

const char *wf_api_first_token(const struct wf_api *api)
{
    return api->first_token;
}

void wf_api_close(struct wf_api *api)
{
    if (api->http) {
        wf_desk_watch(api->desk, NULL, NULL);
        wf_api_end_stories(api);
        uv_close((uv_handle_t *)&api->look, NULL);
        wf_http_destroy(api->http, NULL, NULL);
        api->http = NULL;
    }
}

void wf_api_destroy(struct wf_api *api)
{
    if (api) {
        WF_ASSERT(!api->http);
        wf_api_forget_tokens(api);
        free(api);
    }
}

// The host of "host:port", for the certificate; NULL where it names none.
static const char *host_of(const char *address, char *host)
{
    const char *colon = strrchr(address, ':');
    size_t length = colon ? (size_t)(colon - address) : 0;
    if (length >= 2 && *address == '[') {
        address++;
        length -= 2;
    }
    if (length == 0 || length > 255) {
        return NULL;
    }
    memcpy(host, address, length);
    host[length] = '\0';
    return host;
}

static enum wf_status listen_at(struct wf_api *api, struct wf_error *err)
{
    struct wf_certificate certificate;
    char path[PATH_MAX];
    char host[256];
    snprintf(api->address, sizeof api->address, "%s",
             api->parts.listen ? api->parts.listen : ADDRESS_DEFAULT);
    snprintf(path, sizeof path, "%s/tls", api->parts.data);
    enum wf_status status = wf_certificate_load(path, host_of(api->address, host),
                                                wf_api_now_ms(api), &certificate, err);
    if (status != WF_OK) {
        return status;
    }
    memcpy(api->fingerprint, certificate.fingerprint, sizeof api->fingerprint);
    status = wf_http_listen(api->http, api->address, certificate.certificate, certificate.key,
                            &api->port, err);
    wf_certificate_finish(&certificate);
    if (status == WF_OK) {
        snprintf(path, sizeof path, "%s/socket", api->parts.data);
        status = wf_http_listen_socket(api->http, path, api->parts.users ? 0666 : 0600, err);
    }
    return status;
}

static enum wf_status open_front(const struct wf_daemon_parts *parts, void **front_out,
                                 struct wf_error *err)
{
    struct wf_api *api;
    enum wf_status status = wf_api_create(parts, &api, err);
    if (status == WF_OK) {
        WF_ASSERT(api);
        status = listen_at(api, err);
        if (status != WF_OK) {
            wf_api_close(api);
        }
    }
    // Also when it failed: the loop has to run before it can be destroyed.
    *front_out = api;
    return status;
}

static void greet(void *front, FILE *out)
{
    const struct wf_api *api = front;
    const char *colon = strrchr(api->address, ':');
    int host = colon ? (int)(colon - api->address) : 0;
    fprintf(out, "URL:         https://%.*s:%u\n", host > 0 ? host : 9,
            host > 0 ? api->address : "localhost", api->port);
    fprintf(out, "Certificate: %s/tls/cert.pem, made by itself; its SHA-256 is\n             %s\n",
            api->parts.data, api->fingerprint);
    fprintf(out, "Socket:      %s/socket\n", api->parts.data);
    if (*api->first_token) {
        fprintf(out, "Token:       %s\n             for everything, and shown this once only\n",
                api->first_token);
    }
}

// Another certificate in the folder is shown from now on; ours is made anew when its end is near.
static enum wf_status renew_front(void *front, struct wf_error *err)
{
    struct wf_api *api = front;
    struct wf_certificate certificate;
    char path[PATH_MAX];
    char host[256];
    snprintf(path, sizeof path, "%s/tls", api->parts.data);
    enum wf_status status = wf_certificate_load(path, host_of(api->address, host),
                                                wf_api_now_ms(api), &certificate, err);
    if (status != WF_OK) {
        return status;
    }
    if (strcmp(certificate.fingerprint, api->fingerprint) != 0) {
        status = wf_http_renew(api->http, certificate.certificate, certificate.key, err);
    }
    if (status == WF_OK && strcmp(certificate.fingerprint, api->fingerprint) != 0) {
        char line[sizeof api->fingerprint + 64];
        memcpy(api->fingerprint, certificate.fingerprint, sizeof api->fingerprint);
        snprintf(line, sizeof line, "another certificate is shown now: %s", api->fingerprint);
        say(api, line);
    }
    wf_certificate_finish(&certificate);
    return status;
}

static void close_front(void *front)
{
    wf_api_close(front);
}

static void destroy_front(void *front)
{
    wf_api_destroy(front);
}

const struct wf_daemon_front wf_api_front = {open_front, greet, renew_front, close_front,
                                             destroy_front};
