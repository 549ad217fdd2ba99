// SPDX-License-Identifier: Apache-2.0
// Answers that go on: logs, events, and waiting for a job's end, which is told by an event.
#include <string.h>

#include "client/path.h"
#include "client/sse.h"
#include "client/transfer.h"

enum { RETRY_MS = 250 };

enum whaleflux_status whaleflux_logs(struct whaleflux *handle, const char *job,
                                     const struct whaleflux_log *log, whaleflux_log_fn *fn,
                                     void *context, struct whaleflux_error *err)
{
    struct whaleflux_log known = {.size = sizeof known};
    struct wf_path path;
    if (log) {
        memcpy(&known, log, log->size < sizeof known ? log->size : sizeof known);
    }
    enum whaleflux_status status = wf_path_job(&path, job, "/logs?task=", err);
    if (status != WHALEFLUX_OK) {
        return status;
    }
    wf_path_number(&path, known.task);
    if (known.attempt > 0) {
        wf_path_add(&path, "&run=");
        wf_path_number(&path, known.attempt);
    }
    if (known.offset > 0) {
        wf_path_add(&path, "&offset=");
        wf_path_number(&path, known.offset);
    }
    wf_path_add(&path, known.follow ? "&follow=true" : "");
    if (path.too_long) {
        return wf_client_fail(err, WHALEFLUX_INVALID, "no job has such a long name");
    }
    struct wf_transfer transfer = {
        .method = "GET", .path = path.text, .stream = true, .take = fn, .context = context};
    return wf_transfer(handle, &transfer, err);
}

static bool take_events(void *context, const char *bytes, size_t length)
{
    return wf_sse_take(context, bytes, length);
}

// One connection, for as long as it lasts.
static enum whaleflux_status connect_once(struct whaleflux *handle, const char *job,
                                          struct wf_sse *sse, int64_t deadline_ms,
                                          bool *was_heard_out, struct whaleflux_error *err)
{
    struct wf_path path = {.length = 0};
    wf_path_add(&path, "/v1/events");
    if (sse->number != WHALEFLUX_FROM_NOW) {
        wf_path_add(&path, "?after=");
        wf_path_number(&path, (int64_t)sse->number);
    }
    if (job) {
        wf_path_add(&path, sse->number != WHALEFLUX_FROM_NOW ? "&job=" : "?job=");
        wf_path_escape(&path, job);
    }
    struct wf_transfer transfer = {.method = "GET",
                                   .path = path.text,
                                   .after = sse->number == WHALEFLUX_FROM_NOW ? 0 : sse->number,
                                   .stream = true,
                                   .events = true,
                                   .deadline_ms = deadline_ms,
                                   .take = take_events,
                                   .context = sse};
    enum whaleflux_status status = wf_transfer(handle, &transfer, err);
    wf_sse_restart(sse);
    *was_heard_out = transfer.was_heard;
    if (sse->too_long) {
        return wf_client_fail(err, WHALEFLUX_FAILED, "an event is longer than %u bytes",
                              WF_SSE_EVENT_BYTES_MAX);
    }
    return status;
}

static bool may_come_back(enum whaleflux_status status)
{
    return status == WHALEFLUX_OK || status == WHALEFLUX_UNREACHABLE || status == WHALEFLUX_FAILED;
}

static enum whaleflux_status follow(struct whaleflux *handle, const char *job, struct wf_sse *sse,
                                    int64_t lost_ms, int64_t deadline_ms,
                                    struct whaleflux_error *err)
{
    bool was_ever_heard = false;
    int64_t heard_ms = 0;
    for (;;) {
        bool was_heard = false;
        enum whaleflux_status status = connect_once(handle, job, sse, deadline_ms, &was_heard, err);
        int64_t now_ms = wf_client_now_ms();
        was_ever_heard |= was_heard;
        heard_ms = was_heard ? now_ms : heard_ms;
        if (!may_come_back(status) || !was_ever_heard || sse->too_long ||
            now_ms - heard_ms >= lost_ms) {
            return status;
        }
        if (!wf_client_sleep(handle, RETRY_MS)) {
            return wf_client_fail(err, WHALEFLUX_STOPPED, "stopped");
        }
        if (deadline_ms > 0 && wf_client_now_ms() >= deadline_ms) {
            return wf_client_fail(err, WHALEFLUX_STOPPED, "it took too long");
        }
    }
}

static bool goes_on_until_the_end(void *context, const struct whaleflux_event *event)
{
    bool *ended = context;
    *ended = strcmp(event->kind, "ended") == 0;
    return !*ended;
}

static bool is_over(const struct whaleflux_answer *job)
{
    return whaleflux_answer_number(job, "ended_ms", 0) > 0;
}

// The job by its id: what a name means may change while one waits.
static enum whaleflux_status look(struct whaleflux *handle, char *id, size_t size, const char *job,
                                  struct whaleflux_answer **answer_out, struct whaleflux_error *err)
{
    enum whaleflux_status status = whaleflux_get(handle, job, answer_out, err);
    if (status == WHALEFLUX_OK) {
        snprintf(id, size, "%lld", (long long)whaleflux_answer_number(*answer_out, "id", 0));
    }
    return status;
}

enum whaleflux_status whaleflux_events(struct whaleflux *handle,
                                       const struct whaleflux_watch *watch, whaleflux_event_fn *fn,
                                       void *context, struct whaleflux_error *err)
{
    char id[24];
    struct wf_sse sse;
    struct whaleflux_answer *answer = NULL;
    struct whaleflux_watch known = {.size = sizeof known};
    if (watch) {
        memcpy(&known, watch, watch->size < sizeof known ? watch->size : sizeof known);
    }
    enum whaleflux_status status =
        known.job ? look(handle, id, sizeof id, known.job, &answer, err) : WHALEFLUX_OK;
    whaleflux_answer_free(answer);
    if (status != WHALEFLUX_OK) {
        return status;
    }
    wf_sse_init(&sse, fn, context);
    sse.number = known.after;
    status = follow(handle, known.job ? id : NULL, &sse, known.lost_ms, 0, err);
    wf_sse_finish(&sse);
    return status;
}

// The daemon may go away between the event and this.
static enum whaleflux_status look_again(struct whaleflux *handle, const char *id,
                                        int64_t deadline_ms, struct whaleflux_answer **answer_out,
                                        struct whaleflux_error *err)
{
    for (;;) {
        enum whaleflux_status status = whaleflux_get(handle, id, answer_out, err);
        bool is_late = deadline_ms > 0 && wf_client_now_ms() >= deadline_ms;
        if (!may_come_back(status) || status == WHALEFLUX_OK || is_late) {
            return status;
        }
        if (!wf_client_sleep(handle, RETRY_MS)) {
            return wf_client_fail(err, WHALEFLUX_STOPPED, "stopped");
        }
    }
}

enum whaleflux_status whaleflux_wait(struct whaleflux *handle, const char *job, int64_t timeout_ms,
                                     struct whaleflux_answer **answer_out,
                                     struct whaleflux_error *err)
{
    char id[24];
    struct wf_sse sse;
    struct whaleflux_answer *answer = NULL;
    bool ended = false;
    int64_t deadline_ms = timeout_ms < 0 ? 0 : wf_client_now_ms() + timeout_ms;
    if (answer_out) {
        *answer_out = NULL;
    }
    wf_sse_init(&sse, goes_on_until_the_end, &ended);
    enum whaleflux_status status = look(handle, id, sizeof id, job, &answer, err);
    while (status == WHALEFLUX_OK && !is_over(answer)) {
        whaleflux_answer_free(answer);
        answer = NULL;
        ended = false;
        status = follow(handle, id, &sse, INT64_MAX, deadline_ms, err);
        status = ended ? look_again(handle, id, deadline_ms, &answer, err) : status;
    }
    wf_sse_finish(&sse);
    if (status == WHALEFLUX_OK && answer_out) {
        *answer_out = answer;
    } else {
        whaleflux_answer_free(answer);
    }
    return status;
}
