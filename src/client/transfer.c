// SPDX-License-Identifier: Apache-2.0
#include "client/transfer.h"

#include <stdlib.h>
#include <string.h>
#include <sys/eventfd.h>
#include <unistd.h>

enum {
    CONNECT_MS = 10000,
    SILENCE_S = 60, // four signs of life of a stream of events
    ERROR_BYTES_MAX = 1 << 16,
    TURN_MS = 1000,
};

// What curl's callbacks know.
struct answering {
    struct whaleflux *handle;
    struct wf_transfer *transfer;
    CURL *curl;
    struct curl_slist *headers;
    char *complaint; // the body of an answer that is an error
    size_t complaint_length;
    bool was_stopped; // by take
    char why[CURL_ERROR_SIZE];
};

static size_t on_bytes(char *bytes, size_t one, size_t count, void *context)
{
    struct answering *answering = context;
    long status = 0;
    (void)one;
    curl_easy_getinfo(answering->curl, CURLINFO_RESPONSE_CODE, &status);
    answering->transfer->was_heard = true;
    if (status >= 200 && status < 300) {
        answering->was_stopped =
            !answering->transfer->take(answering->transfer->context, bytes, count);
        return answering->was_stopped ? 0 : count;
    }
    if (answering->complaint_length + count < ERROR_BYTES_MAX) {
        char *more = realloc(answering->complaint, answering->complaint_length + count + 1);
        if (!more) {
            return 0;
        }
        memcpy(more + answering->complaint_length, bytes, count);
        answering->complaint = more;
        answering->complaint_length += count;
        more[answering->complaint_length] = '\0';
    }
    return count;
}

static bool add_header(struct answering *answering, const char *format, const char *value)
{
    char *line = NULL;
    if (asprintf(&line, format, value) < 0) {
        return false;
    }
    struct curl_slist *more = curl_slist_append(answering->headers, line);
    free(line);
    answering->headers = more ? more : answering->headers;
    return more != NULL;
}

static bool add_headers(struct answering *answering)
{
    const struct wf_transfer *transfer = answering->transfer;
    char number[24];
    snprintf(number, sizeof number, "%llu", (unsigned long long)transfer->after);
    bool good = add_header(answering, "Expect:%s", "");
    if (answering->handle->token[0]) {
        good = good && add_header(answering, "Authorization: Bearer %s", answering->handle->token);
    }
    if (transfer->json) {
        good = good && add_header(answering, "Content-Type: %s", "application/json");
    }
    if (transfer->events && transfer->after > 0) {
        good = good && add_header(answering, "Last-Event-ID: %s", number);
    }
    return good;
}

static void set_trust(struct answering *answering)
{
    struct whaleflux *handle = answering->handle;
    CURL *curl = answering->curl;
    if (handle->pin[0]) {
        curl_easy_setopt(curl, CURLOPT_SSL_VERIFYPEER, 0L);
        curl_easy_setopt(curl, CURLOPT_SSL_VERIFYHOST, 0L);
        curl_easy_setopt(curl, CURLOPT_PINNEDPUBLICKEY, handle->pin);
    } else if (handle->authority[0]) {
        curl_easy_setopt(curl, CURLOPT_CAINFO, handle->authority);
        curl_easy_setopt(curl, CURLOPT_CAPATH, NULL);
    }
}

static void set_times(struct answering *answering)
{
    const struct wf_transfer *transfer = answering->transfer;
    CURL *curl = answering->curl;
    curl_easy_setopt(curl, CURLOPT_CONNECTTIMEOUT_MS, (long)CONNECT_MS);
    if (!transfer->stream) {
        curl_easy_setopt(curl, CURLOPT_TIMEOUT_MS, answering->handle->timeout_ms);
    } else if (transfer->events) {
        curl_easy_setopt(curl, CURLOPT_LOW_SPEED_LIMIT, 1L);
        curl_easy_setopt(curl, CURLOPT_LOW_SPEED_TIME, (long)SILENCE_S);
    } else {
        curl_easy_setopt(curl, CURLOPT_TCP_KEEPALIVE, 1L);
    }
}

static bool set_up(struct answering *answering)
{
    struct whaleflux *handle = answering->handle;
    const struct wf_transfer *transfer = answering->transfer;
    CURL *curl = answering->curl;
    char *url = NULL;
    if (!add_headers(answering) || asprintf(&url, "%s%s", handle->base, transfer->path) < 0) {
        return false;
    }
    bool good = curl_easy_setopt(curl, CURLOPT_URL, url) == CURLE_OK;
    free(url);
    good &= curl_easy_setopt(curl, CURLOPT_CUSTOMREQUEST, transfer->method) == CURLE_OK;
    curl_easy_setopt(curl, CURLOPT_HTTPHEADER, answering->headers);
    curl_easy_setopt(curl, CURLOPT_NOSIGNAL, 1L);
    curl_easy_setopt(curl, CURLOPT_PATH_AS_IS, 1L);
    curl_easy_setopt(curl, CURLOPT_NOPROXY, "*");
    curl_easy_setopt(curl, CURLOPT_ERRORBUFFER, answering->why);
    curl_easy_setopt(curl, CURLOPT_WRITEFUNCTION, on_bytes);
    curl_easy_setopt(curl, CURLOPT_WRITEDATA, answering);
    if (handle->socket) {
        curl_easy_setopt(curl, CURLOPT_UNIX_SOCKET_PATH, handle->socket);
    }
    if (strcmp(transfer->method, "GET") != 0) {
        // On a connection that was used before, curl may ask twice; a job must not come twice.
        const char *body = transfer->json ? transfer->json : "";
        curl_easy_setopt(curl, CURLOPT_POSTFIELDSIZE_LARGE, (curl_off_t)strlen(body));
        good &= curl_easy_setopt(curl, CURLOPT_COPYPOSTFIELDS, body) == CURLE_OK;
        curl_easy_setopt(curl, CURLOPT_FRESH_CONNECT, 1L);
    }
    set_trust(answering);
    set_times(answering);
    return good;
}

enum ending { RAN, STOPPED, BROKE };

// Lets it run until it ends, or until somebody wants it to.
static enum ending go(struct answering *answering, CURLcode *code_out)
{
    struct whaleflux *handle = answering->handle;
    struct curl_waitfd wake = {.fd = handle->wake, .events = CURL_WAIT_POLLIN};
    for (;;) {
        int running = 0;
        eventfd_t stops;
        if (curl_multi_perform(handle->multi, &running) != CURLM_OK) {
            return BROKE;
        }
        if (running == 0) {
            break;
        }
        int64_t left = TURN_MS;
        if (answering->transfer->deadline_ms > 0) {
            left = answering->transfer->deadline_ms - wf_client_now_ms();
            left = left > TURN_MS ? TURN_MS : left;
        }
        if (left <= 0 || eventfd_read(handle->wake, &stops) == 0) {
            return STOPPED;
        }
        if (curl_multi_poll(handle->multi, &wake, 1, (int)left, NULL) != CURLM_OK) {
            return BROKE;
        }
    }
    int queued;
    const CURLMsg *message = curl_multi_info_read(handle->multi, &queued);
    if (!message || message->msg != CURLMSG_DONE) {
        return BROKE;
    }
    *code_out = message->data.result;
    return answering->was_stopped ? STOPPED : RAN;
}

static enum whaleflux_status fail_transport(const struct answering *answering, CURLcode code,
                                            struct whaleflux_error *err)
{
    const struct whaleflux *handle = answering->handle;
    const char *where = whaleflux_where(handle);
    const char *why = answering->why[0] ? answering->why : curl_easy_strerror(code);
    if (code == CURLE_OUT_OF_MEMORY) {
        return wf_client_no_memory(err);
    }
    if (code == CURLE_PEER_FAILED_VERIFICATION || code == CURLE_SSL_PINNEDPUBKEYNOTMATCH ||
        code == CURLE_SSL_CACERT_BADFILE) {
        return wf_client_fail(err, WHALEFLUX_UNREACHABLE,
                              "the certificate of %s is not trusted (%.160s): name its file with "
                              "WHALEFLUX_CA or its SHA-256 with WHALEFLUX_FINGERPRINT",
                              where, why);
    }
    if (answering->transfer->was_heard || code == CURLE_RECV_ERROR || code == CURLE_GOT_NOTHING) {
        return wf_client_fail(err, WHALEFLUX_UNREACHABLE,
                              "the daemon at %s went away before its answer was complete", where);
    }
    if (handle->socket) {
        return wf_client_fail(err, WHALEFLUX_UNREACHABLE,
                              "no daemon answers at %s: start one with `whaleflux serve`, or say "
                              "where it is with --data-dir or --url",
                              where);
    }
    return wf_client_fail(err, WHALEFLUX_UNREACHABLE, "no daemon answers at %s: %.200s", where,
                          why);
}

static enum whaleflux_status status_of(long http)
{
    switch (http) {
    case 404:
        return WHALEFLUX_NOTFOUND;
    case 401:
    case 403:
    case 409:
        return WHALEFLUX_REFUSED;
    case 429:
        return WHALEFLUX_FAILED;
    default:
        return http >= 400 && http < 500 ? WHALEFLUX_INVALID : WHALEFLUX_FAILED;
    }
}

static void keep(char *out, size_t size, const json_t *value)
{
    const char *text = json_string_value(value);
    snprintf(out, size, "%s", text ? text : "");
}

static enum whaleflux_status fail_answer(const struct answering *answering, long http,
                                         struct whaleflux_error *err)
{
    struct whaleflux_error ours = {.status = WHALEFLUX_FAILED};
    err = err ? err : &ours;
    json_t *tree = answering->complaint ? json_loads(answering->complaint, 0, NULL) : NULL;
    const json_t *told = json_object_get(tree, "error");
    const char *message = json_string_value(json_object_get(told, "message"));
    if (message) {
        (void)wf_client_fail(err, status_of(http), "%s", message);
    } else {
        (void)wf_client_fail(err, status_of(http), "%s answered with HTTP status %ld",
                             whaleflux_where(answering->handle), http);
    }
    keep(err->code, sizeof err->code, json_object_get(told, "code"));
    keep(err->field, sizeof err->field, json_object_get(told, "field"));
    err->http_status = (int)http;
    json_decref(tree);
    return err->status;
}

static enum whaleflux_status judge(struct answering *answering, enum ending ending, CURLcode code,
                                   struct whaleflux_error *err)
{
    long http = 0;
    curl_easy_getinfo(answering->curl, CURLINFO_RESPONSE_CODE, &http);
    answering->transfer->was_heard |= http > 0;
    if (ending == STOPPED) {
        return wf_client_fail(err, WHALEFLUX_STOPPED, "stopped before the answer was complete");
    }
    if (ending == BROKE) {
        return wf_client_no_memory(err);
    }
    if (http >= 300 && (code == CURLE_OK || code == CURLE_WRITE_ERROR)) {
        return fail_answer(answering, http, err);
    }
    return code == CURLE_OK ? WHALEFLUX_OK : fail_transport(answering, code, err);
}

enum whaleflux_status wf_transfer(struct whaleflux *handle, struct wf_transfer *transfer,
                                  struct whaleflux_error *err)
{
    struct answering answering = {.handle = handle, .transfer = transfer};
    enum whaleflux_status status = WHALEFLUX_OK;
    transfer->was_heard = false;
    if (handle->fingerprint[0] && !handle->pin[0]) {
        status = wf_client_pin(handle, err);
    }
    if (status != WHALEFLUX_OK) {
        return status;
    }
    answering.curl = curl_easy_init();
    if (!answering.curl || !set_up(&answering) ||
        curl_multi_add_handle(handle->multi, answering.curl) != CURLM_OK) {
        status = wf_client_no_memory(err);
    } else {
        CURLcode code = CURLE_OK;
        enum ending ending = go(&answering, &code);
        status = judge(&answering, ending, code, err);
        curl_multi_remove_handle(handle->multi, answering.curl);
    }
    curl_easy_cleanup(answering.curl);
    curl_slist_free_all(answering.headers);
    free(answering.complaint);
    return status;
}
