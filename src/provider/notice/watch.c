// SPDX-License-Identifier: Apache-2.0
// Carries a provider's questions out, one at a time: libcurl within the loop, or a look at a file.
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <curl/curl.h>
#include <uv.h>

#include "base/assert.h"
#include "provider/notice/probe.h"

enum { CONNECT_MS = 2000, TROUBLE_AFTER = 3 };

struct wf_watch {
    struct wf_watch_config config;
    char *where;
    struct wf_probe probe;
    struct wf_question question;
    CURLM *multi;
    CURL *curl; // reused, so that a connection is
    struct curl_slist *headers;
    uv_timer_t pause, timeout; // until the next question; what libcurl wants
    uv_poll_t poll;
    int descriptor; // that poll watches; -1: none
    bool has_poll;  // it was made once, and is to be closed before another is
    bool poll_closes;
    int wanted, wanted_events; // while the last poll still closes
    char body[WF_PROBE_BODY_BYTES + 1];
    size_t length;
    bool too_long;
    char etag[sizeof((struct wf_probe *)0)->etag];
    struct wf_notice told;
    bool has_told, in_trouble, closed;
    uint32_t failures; // in a row
    struct wf_watch_counts counts;
};

static void ask_next(struct wf_watch *watch);

static void on_pause(uv_timer_t *timer)
{
    ask_next(timer->data);
}

static void sleep_for(struct wf_watch *watch, uint64_t ms)
{
    if (!watch->closed) {
        (void)uv_timer_start(&watch->pause, on_pause, ms, 0);
    }
}

// Times that differ by less than a clock's tick are one.
static bool is_same(const struct wf_notice *a, const struct wf_notice *b)
{
    return a->kind == b->kind && a->gone_ms == b->gone_ms && strcmp(a->what, b->what) == 0;
}

static void tell(struct wf_watch *watch, const struct wf_notice *notice)
{
    if (watch->has_told && is_same(&watch->told, notice)) {
        return;
    }
    watch->has_told = true;
    watch->told = *notice;
    watch->counts.notices += notice->kind != WF_NOTICE_NONE;
    watch->config.hear(watch->config.context, notice);
}

static void tell_trouble(struct wf_watch *watch, bool good)
{
    watch->failures = good ? 0 : watch->failures + 1;
    watch->counts.failed += !good;
    bool trouble = watch->failures >= TROUBLE_AFTER || (watch->in_trouble && !good);
    if (trouble == watch->in_trouble) {
        return;
    }
    watch->in_trouble = trouble;
    if (watch->config.trouble) {
        char text[400];
        snprintf(text, sizeof text,
                 trouble ? "%s at %s gives no good answer: a notice may be missed"
                         : "%s at %s answers again",
                 watch->config.provider->name, watch->where);
        watch->config.trouble(watch->config.context, text);
    }
}

static void take_answer(struct wf_watch *watch, const struct wf_answer *answer)
{
    struct wf_notice notice = {0};
    const struct wf_provider *provider = watch->config.provider;
    watch->probe.now_ms = watch->config.now_ms(watch->config.context);
    switch (provider->hear(&watch->probe, answer, &notice)) {
    case WF_HEARD_MORE:
        sleep_for(watch, 0);
        return;
    case WF_HEARD_NOTICE:
        tell_trouble(watch, true);
        tell(watch, &notice);
        break;
    case WF_HEARD_NOTHING:
        tell_trouble(watch, false);
        break;
    }
    sleep_for(watch, watch->probe.at_once ? 0 : watch->config.period_ms);
}

static size_t on_bytes(char *bytes, size_t one, size_t count, void *context)
{
    struct wf_watch *watch = context;
    (void)one;
    if (watch->length + count > WF_PROBE_BODY_BYTES) {
        watch->too_long = true;
        return 0;
    }
    memcpy(watch->body + watch->length, bytes, count);
    watch->length += count;
    watch->body[watch->length] = '\0';
    return count;
}

static size_t on_header(char *bytes, size_t one, size_t count, void *context)
{
    static const char name[] = "etag:";
    struct wf_watch *watch = context;
    (void)one;
    if (count > sizeof name && strncasecmp(bytes, name, sizeof name - 1) == 0) {
        size_t from = sizeof name - 1, to = count;
        while (from < to && (bytes[from] == ' ' || bytes[from] == '"')) {
            from++;
        }
        while (to > from && strchr(" \"\r\n", bytes[to - 1])) {
            to--;
        }
        if (to - from < sizeof watch->etag) {
            memcpy(watch->etag, bytes + from, to - from);
            watch->etag[to - from] = '\0';
        }
    }
    return count;
}

static void finish_question(struct wf_watch *watch, CURLcode code)
{
    long status = 0;
    curl_easy_getinfo(watch->curl, CURLINFO_RESPONSE_CODE, &status);
    (void)curl_multi_remove_handle(watch->multi, watch->curl);
    bool good = code == CURLE_OK && !watch->too_long && status > 0;
    struct wf_answer answer = {.status = good ? (int32_t)status : 0,
                               .body = watch->body,
                               .length = watch->length,
                               .etag = watch->etag};
    take_answer(watch, &answer);
}

static void look_for_ends(struct wf_watch *watch)
{
    int queued;
    const CURLMsg *message = curl_multi_info_read(watch->multi, &queued);
    if (message && message->msg == CURLMSG_DONE) {
        finish_question(watch, message->data.result);
    }
}

static void on_socket(uv_poll_t *poll, int error, int events)
{
    struct wf_watch *watch = poll->data;
    int running, what = (events & UV_READABLE ? CURL_CSELECT_IN : 0) |
                        (events & UV_WRITABLE ? CURL_CSELECT_OUT : 0) |
                        (error < 0 ? CURL_CSELECT_ERR : 0);
    (void)curl_multi_socket_action(watch->multi, watch->descriptor, what, &running);
    look_for_ends(watch);
}

static void on_timeout(uv_timer_t *timer)
{
    struct wf_watch *watch = timer->data;
    int running;
    (void)curl_multi_socket_action(watch->multi, CURL_SOCKET_TIMEOUT, 0, &running);
    look_for_ends(watch);
}

static int want_timeout(CURLM *multi, long ms, void *context)
{
    struct wf_watch *watch = context;
    (void)multi;
    if (watch->closed || ms < 0) {
        (void)uv_timer_stop(&watch->timeout);
    } else {
        // Never from within libcurl's own call.
        (void)uv_timer_start(&watch->timeout, on_timeout, ms > 0 ? (uint64_t)ms : 1, 0);
    }
    return 0;
}

static void begin_poll(struct wf_watch *watch, int descriptor, int events)
{
    if (watch->descriptor != descriptor) {
        int error = uv_poll_init(watch->config.loop, &watch->poll, descriptor);
        if (error != 0) {
            return; // the question runs into its timeout
        }
        watch->poll.data = watch;
        watch->has_poll = true;
        watch->descriptor = descriptor;
    }
    (void)uv_poll_start(&watch->poll, events, on_socket);
}

static void on_poll_closed(uv_handle_t *handle)
{
    struct wf_watch *watch = handle->data;
    watch->poll_closes = false;
    if (watch->wanted >= 0 && !watch->closed) {
        begin_poll(watch, watch->wanted, watch->wanted_events);
    }
    watch->wanted = -1;
}

static void end_poll(struct wf_watch *watch)
{
    watch->wanted = -1;
    if (watch->has_poll) {
        watch->has_poll = false;
        watch->descriptor = -1;
        watch->poll_closes = true;
        uv_close((uv_handle_t *)&watch->poll, on_poll_closed);
    }
}

static int want_socket(CURL *curl, curl_socket_t descriptor, int what, void *context, void *own)
{
    struct wf_watch *watch = context;
    (void)curl;
    (void)own;
    if (what == CURL_POLL_REMOVE) {
        if (descriptor == watch->descriptor || descriptor == watch->wanted) {
            end_poll(watch);
        }
        return 0;
    }
    int events = (what & CURL_POLL_IN ? UV_READABLE : 0) | (what & CURL_POLL_OUT ? UV_WRITABLE : 0);
    if (watch->has_poll && watch->descriptor != descriptor) {
        end_poll(watch);
    }
    if (watch->poll_closes) {
        watch->wanted = descriptor;
        watch->wanted_events = events;
    } else if (!watch->closed) {
        begin_poll(watch, descriptor, events);
    }
    return 0;
}

static bool set_up(struct wf_watch *watch)
{
    char url[WF_PROBE_TEXT_BYTES * 2];
    CURL *curl = watch->curl;
    curl_slist_free_all(watch->headers);
    watch->headers = NULL;
    for (uint32_t i = 0; i < watch->question.header_count; i++) {
        struct curl_slist *more = curl_slist_append(watch->headers, watch->question.headers[i]);
        if (!more) {
            return false;
        }
        watch->headers = more;
    }
    curl_easy_reset(curl);
    snprintf(url, sizeof url, "%s%s", watch->where, watch->question.path);
    bool good = curl_easy_setopt(curl, CURLOPT_URL, url) == CURLE_OK;
    good &= curl_easy_setopt(curl, CURLOPT_CUSTOMREQUEST, watch->question.method) == CURLE_OK;
    curl_easy_setopt(curl, CURLOPT_HTTPHEADER, watch->headers);
    curl_easy_setopt(curl, CURLOPT_NOSIGNAL, 1L);
    curl_easy_setopt(curl, CURLOPT_NOPROXY, "*"); // it is this very machine's business
    curl_easy_setopt(curl, CURLOPT_CONNECTTIMEOUT_MS, (long)CONNECT_MS);
    curl_easy_setopt(curl, CURLOPT_TIMEOUT_MS, (long)watch->question.timeout_ms);
    curl_easy_setopt(curl, CURLOPT_WRITEFUNCTION, on_bytes);
    curl_easy_setopt(curl, CURLOPT_WRITEDATA, watch);
    curl_easy_setopt(curl, CURLOPT_HEADERFUNCTION, on_header);
    curl_easy_setopt(curl, CURLOPT_HEADERDATA, watch);
    return good;
}

static void ask_next(struct wf_watch *watch)
{
    const struct wf_provider *provider = watch->config.provider;
    watch->question = (struct wf_question){0};
    watch->probe.now_ms = watch->config.now_ms(watch->config.context);
    watch->counts.asked++;
    provider->ask(&watch->probe, &watch->question);
    watch->length = 0;
    watch->too_long = false;
    watch->body[0] = watch->etag[0] = '\0';
    if (!watch->question.method) {
        struct wf_answer answer = wf_answer_of_file(watch->question.path, watch->body);
        take_answer(watch, &answer);
        return;
    }
    if (!set_up(watch) || curl_multi_add_handle(watch->multi, watch->curl) != CURLM_OK) {
        struct wf_answer none = {.body = "", .etag = ""};
        take_answer(watch, &none);
    }
}

static enum wf_status open_curl(struct wf_watch *watch, struct wf_error *err)
{
    watch->multi = curl_multi_init();
    watch->curl = curl_easy_init();
    if (!watch->multi || !watch->curl) {
        return wf_fail(err, WF_NOMEM, "no memory to ask for notices");
    }
    curl_multi_setopt(watch->multi, CURLMOPT_SOCKETFUNCTION, want_socket);
    curl_multi_setopt(watch->multi, CURLMOPT_SOCKETDATA, watch);
    curl_multi_setopt(watch->multi, CURLMOPT_TIMERFUNCTION, want_timeout);
    curl_multi_setopt(watch->multi, CURLMOPT_TIMERDATA, watch);
    return WF_OK;
}

static enum wf_status check(const struct wf_watch_config *config, struct wf_error *err)
{
    const char *where = config->where;
    if (!config->provider->address) {
        return where && where[0] && strlen(where) < WF_PROBE_TEXT_BYTES
                   ? WF_OK
                   : wf_fail(err, WF_INVALID, "the path of a notice file is empty or too long");
    }
    if (where && (strncmp(where, "http://", 7) != 0 || strlen(where) >= WF_PROBE_TEXT_BYTES ||
                  where[7] == '\0' || strpbrk(where + 7, "/?#@ "))) {
        return wf_fail(err, WF_INVALID,
                       "'%.200s' is no address of a metadata server: it must be "
                       "http://HOST[:PORT]",
                       where);
    }
    return WF_OK;
}

enum wf_status wf_watch_open(const struct wf_watch_config *config, struct wf_watch **watch_out,
                             struct wf_error *err)
{
    enum wf_status status = check(config, err);
    if (status != WF_OK) {
        return status;
    }
    struct wf_watch *watch = calloc(1, sizeof *watch);
    const char *where = config->where ? config->where : config->provider->address;
    if (watch) {
        watch->where = strdup(where);
    }
    if (!watch || !watch->where) {
        free(watch);
        return wf_fail(err, WF_NOMEM, "no memory to watch for notices");
    }
    watch->config = *config;
    watch->config.period_ms =
        config->period_ms > 0 ? config->period_ms : config->provider->period_ms;
    watch->probe.file = watch->where;
    watch->descriptor = watch->wanted = -1;
    status = config->provider->address ? open_curl(watch, err) : WF_OK;
    if (status != WF_OK) {
        watch->closed = true;
        wf_watch_destroy(watch);
        return status;
    }
    (void)uv_timer_init(config->loop, &watch->pause);
    (void)uv_timer_init(config->loop, &watch->timeout);
    watch->pause.data = watch->timeout.data = watch;
    sleep_for(watch, 0);
    *watch_out = watch;
    return WF_OK;
}

struct wf_watch_counts wf_watch_count(const struct wf_watch *watch)
{
    return watch->counts;
}

void wf_watch_close(struct wf_watch *watch)
{
    if (watch->closed) {
        return;
    }
    watch->closed = true;
    if (watch->multi) {
        (void)curl_multi_remove_handle(watch->multi, watch->curl);
    }
    end_poll(watch);
    uv_close((uv_handle_t *)&watch->pause, NULL);
    uv_close((uv_handle_t *)&watch->timeout, NULL);
}

void wf_watch_destroy(struct wf_watch *watch)
{
    if (!watch) {
        return;
    }
    WF_ASSERT(watch->closed);
    curl_easy_cleanup(watch->curl);
    if (watch->multi) {
        (void)curl_multi_cleanup(watch->multi);
    }
    curl_slist_free_all(watch->headers);
    free(watch->where);
    free(watch);
}
