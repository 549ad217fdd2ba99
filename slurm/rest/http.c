// SPDX-License-Identifier: GPL-3.0-or-later
#include "slurm/rest/http.h"

#include <errno.h>
#include <pwd.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/un.h>
#include <unistd.h>

#include <curl/curl.h>

#include "base/assert.h"
#include "slurm/rest/read.h"
#include "slurm/rest/token.h"

#define ANSWER_MAX ((size_t)1 << 30)
#define CONNECT_MS 5000L
#define ANSWER_MS 60000L
#define NEWEST 59 // as far as newer data parsers are looked for
#define PATH_BYTES 1024

struct buffer {
    char *bytes;
    size_t length, room;
};

static struct {
    CURL *curl;
    const char *socket_path, *base, *token_file;
    char token[8192], first_token[8192], version[16];
    int parser; // 0: not known yet
    int errnum;
    char text[600];
} rest;

static int fail(int errnum, const char *text)
{
    rest.errnum = errnum;
    snprintf(rest.text, sizeof(rest.text), "%s", text);
    return errnum;
}

const char *slurm_strerror(int errnum)
{
    static _Thread_local char plain[32];

    if (errnum == rest.errnum && rest.text[0] != '\0') {
        return rest.text;
    }
    if (errnum == ESLURM_NOT_SUPPORTED) {
        return "slurmrestd cannot do this";
    }
    snprintf(plain, sizeof(plain), "error %d", errnum);
    return plain;
}

enum wf_status wf_rest_open(const char *url, const char *token_file, struct wf_error *err)
{
    const char *const token = getenv("SLURM_JWT");

    rest.token_file = token_file;
    rest.base = url;
    if (strncmp(url, "unix:/", 6) == 0) {
        rest.socket_path = url + 5;
        rest.base = "http://localhost";
    } else if (strncmp(url, "http://", 7) != 0 && strncmp(url, "https://", 8) != 0) {
        return wf_fail(err, WF_INVALID, "--rest takes unix:/PATH or http://HOST:PORT, not %.300s",
                       url);
    }
    if (token_file == NULL && token != NULL) {
        snprintf(rest.token, sizeof(rest.token), "%s", token);
    }
    if (token_file != NULL && !wf_token_read(token_file, rest.token, sizeof(rest.token))) {
        return wf_fail(err, WF_IO, "no token can be read from %.300s", token_file);
    }
    snprintf(rest.first_token, sizeof(rest.first_token), "%s", rest.token);
    rest.curl = curl_easy_init();
    WF_ASSERT(rest.curl != NULL);
    return WF_OK;
}

void wf_rest_close(void)
{
    curl_easy_cleanup(rest.curl);
    rest.curl = NULL;
}

const char *wf_rest_version(void)
{
    snprintf(rest.version, sizeof(rest.version), "0.0.%d", rest.parser);
    return rest.parser > 0 ? rest.version : "";
}

static bool ask_peer(uid_t *user_out)
{
    struct sockaddr_un address = {.sun_family = AF_UNIX};
    struct ucred who;
    socklen_t size = sizeof(who);

    if (rest.socket_path == NULL || strlen(rest.socket_path) >= sizeof(address.sun_path)) {
        return false;
    }
    memcpy(address.sun_path, rest.socket_path, strlen(rest.socket_path));
    const int peer = socket(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0);
    const bool known = peer >= 0 &&
                       connect(peer, (const struct sockaddr *)&address, sizeof(address)) == 0 &&
                       getsockopt(peer, SOL_SOCKET, SO_PEERCRED, &who, &size) == 0;
    if (peer >= 0) {
        close(peer);
    }
    if (known) {
        *user_out = who.uid;
    }
    return known;
}

static bool find_user(const char *name, uid_t *user_out)
{
    char space[4096];
    struct passwd entry, *found = NULL;

    if (getpwnam_r(name, &entry, space, sizeof(space), &found) != 0 || found == NULL) {
        return false;
    }
    *user_out = entry.pw_uid;
    return true;
}

// Two threads ask.
uid_t wf_rest_user(void)
{
    static _Atomic int64_t known = -1;
    uid_t user = geteuid();
    char name[64];

    if (known < 0 && (wf_token_user(rest.first_token, name, sizeof(name)) ? find_user(name, &user)
                                                                          : ask_peer(&user))) {
        known = user;
    }
    return known < 0 ? user : (uid_t)known;
}

static size_t take(char *bytes, size_t size, size_t count, void *context)
{
    struct buffer *const buffer = context;

    size *= count;
    if (buffer->length + size > ANSWER_MAX) {
        return 0;
    }
    if (buffer->room < buffer->length + size) {
        buffer->room = (buffer->length + size) * 2;
        buffer->bytes = realloc(buffer->bytes, buffer->room);
        WF_ASSERT(buffer->bytes != NULL);
    }
    memcpy(buffer->bytes + buffer->length, bytes, size);
    buffer->length += size;
    return size;
}

static struct curl_slist *headers(void)
{
    char line[sizeof(rest.token) + 32];
    struct curl_slist *list = curl_slist_append(NULL, "Content-Type: application/json");

    if (rest.token_file != NULL) {
        // Tokens are short-lived: whoever renews the file does so at any time.
        wf_token_read(rest.token_file, rest.token, sizeof(rest.token));
    }
    if (rest.token[0] != '\0') {
        snprintf(line, sizeof(line), "X-SLURM-USER-TOKEN: %s", rest.token);
        list = curl_slist_append(list, line);
    }
    return list;
}

static int as_slurm(CURLcode code)
{
    char text[300];

    snprintf(text, sizeof(text), "slurmrestd at %.150s: %s",
             rest.socket_path != NULL ? rest.socket_path : rest.base, curl_easy_strerror(code));
    return fail(code == CURLE_COULDNT_CONNECT || code == CURLE_COULDNT_RESOLVE_HOST
                    ? SLURMCTLD_COMMUNICATIONS_CONNECTION_ERROR
                : code == CURLE_OPERATION_TIMEDOUT ? SLURM_PROTOCOL_SOCKET_IMPL_TIMEOUT
                                                   : SLURMCTLD_COMMUNICATIONS_RECEIVE_ERROR,
                text);
}

// One exchange; the caller frees buffer->bytes.
static CURLcode exchange(const char *method, const char *path, const char *body,
                         struct buffer *buffer, long *status_out)
{
    char url[PATH_BYTES + 300];
    struct curl_slist *const list = headers();

    snprintf(url, sizeof(url), "%s%s", rest.base, path);
    curl_easy_reset(rest.curl); // what is open stays open
    curl_easy_setopt(rest.curl, CURLOPT_URL, url);
    curl_easy_setopt(rest.curl, CURLOPT_UNIX_SOCKET_PATH, rest.socket_path);
    curl_easy_setopt(rest.curl, CURLOPT_PROXY, ""); // none, whatever the environment says
    curl_easy_setopt(rest.curl, CURLOPT_HTTPHEADER, list);
    if (body != NULL) {
        curl_easy_setopt(rest.curl, CURLOPT_POSTFIELDS, body);
    }
    curl_easy_setopt(rest.curl, CURLOPT_CUSTOMREQUEST, method);
    curl_easy_setopt(rest.curl, CURLOPT_CONNECTTIMEOUT_MS, CONNECT_MS);
    curl_easy_setopt(rest.curl, CURLOPT_TIMEOUT_MS, ANSWER_MS);
    curl_easy_setopt(rest.curl, CURLOPT_NOSIGNAL, 1L);
    curl_easy_setopt(rest.curl, CURLOPT_WRITEFUNCTION, take);
    curl_easy_setopt(rest.curl, CURLOPT_WRITEDATA, buffer);
    const CURLcode code = curl_easy_perform(rest.curl);
    curl_easy_getinfo(rest.curl, CURLINFO_RESPONSE_CODE, status_out);
    curl_slist_free_all(list);
    return code;
}

// A newer slurmrestd may have dropped the data parser that we know best: then the oldest after it.
static int find_parser(void)
{
    char path[64];
    long status = 0;

    for (int parser = WF_REST_OLDEST; parser <= NEWEST; parser++) {
        struct buffer buffer = {0};
        snprintf(path, sizeof(path), "/slurm/v0.0.%d/ping/", parser);
        const CURLcode code = exchange("GET", path, NULL, &buffer, &status);
        free(buffer.bytes);
        if (code != CURLE_OK) {
            return as_slurm(code);
        }
        if (status != 404) {
            rest.parser = parser;
            return 0;
        }
    }
    return fail(SLURM_PROTOCOL_VERSION_ERROR,
                "slurmrestd has no data parser from v0.0.45 on: Slurm 26.05 and later have it");
}

// What the answer says, where it says it in words; else what its status does.
static int judge(const struct buffer *buffer, long status, json_t **answer_out)
{
    char text[400];
    const char *sentence = NULL;
    json_t *const answer =
        buffer->length > 0 ? json_loadb(buffer->bytes, buffer->length, 0, NULL) : NULL;
    const int errnum = wf_rest_read_error(answer, &sentence);

    if (status == 304) {
        json_decref(answer);
        return SLURM_NO_CHANGE_IN_DATA;
    }
    if (status == 401 || status == 403) {
        json_decref(answer);
        return fail(SLURM_PROTOCOL_AUTHENTICATION_ERROR,
                    "slurmrestd does not take us for anybody: is the token there, and of today");
    }
    if (errnum != 0) {
        fail(errnum, sentence);
        json_decref(answer);
        return errnum;
    }
    if (answer == NULL || status < 200 || status > 299) {
        json_decref(answer);
        snprintf(text, sizeof(text), "slurmrestd answers with status %ld and without sense",
                 status);
        return fail(SLURMCTLD_COMMUNICATIONS_RECEIVE_ERROR, text);
    }
    *answer_out = answer;
    return 0;
}

int wf_rest_call(const char *method, const char *path, const json_t *change, json_t **answer_out)
{
    char whole[PATH_BYTES];
    struct buffer buffer = {0};
    long status = 0;
    const char *const rest_of_path = strchr(path + 1, '/');

    *answer_out = NULL;
    const int errnum = rest.parser == 0 ? find_parser() : 0;
    if (errnum != 0) {
        return errnum;
    }
    // "/slurm/nodes/" becomes "/slurm/v0.0.45/nodes/".
    snprintf(whole, sizeof(whole), "%.*s/v0.0.%d%s", (int)(rest_of_path - path), path, rest.parser,
             rest_of_path);
    char *const body = change != NULL ? json_dumps(change, JSON_COMPACT) : NULL;
    const CURLcode code = exchange(method, whole, body, &buffer, &status);
    free(body);
    const int found = code == CURLE_OK ? judge(&buffer, status, answer_out) : as_slurm(code);
    free(buffer.bytes);
    if (code != CURLE_OK) {
        rest.parser = 0; // it may come back as another one
    }
    return found;
}
