// SPDX-License-Identifier: Apache-2.0
// Requests with one answer.
#include <stdlib.h>
#include <string.h>

#include "client/path.h"
#include "client/transfer.h"

enum { ANSWER_BYTES_MAX = 64 << 20 };

struct gathered {
    char *text;
    size_t length;
    bool failed;
};

static bool gather(void *context, const char *bytes, size_t length)
{
    struct gathered *gathered = context;
    char *more = gathered->length + length > ANSWER_BYTES_MAX
                     ? NULL
                     : realloc(gathered->text, gathered->length + length + 1);
    gathered->failed = !more;
    if (gathered->failed) {
        return false;
    }
    memcpy(more + gathered->length, bytes, length);
    gathered->text = more;
    gathered->length += length;
    more[gathered->length] = '\0';
    return true;
}

enum whaleflux_status whaleflux_ask(struct whaleflux *handle, const char *method, const char *path,
                                    const char *json, struct whaleflux_answer **answer_out,
                                    struct whaleflux_error *err)
{
    struct gathered gathered = {.text = NULL};
    struct whaleflux_answer *answer = NULL;
    struct wf_transfer transfer = {
        .method = method, .path = path, .json = json, .take = gather, .context = &gathered};
    if (answer_out) {
        *answer_out = NULL;
    }
    enum whaleflux_status status = wf_transfer(handle, &transfer, err);
    if (gathered.failed) {
        status = wf_client_fail(err, WHALEFLUX_FAILED, "the answer is too long");
    }
    if (status != WHALEFLUX_OK) {
        free(gathered.text);
        return status;
    }
    if (gathered.length == 0) {
        free(gathered.text);
        gathered.text = strdup("null");
    }
    status = wf_client_answer(gathered.text, &answer, err);
    if (status == WHALEFLUX_OK && answer_out) {
        *answer_out = answer;
    } else {
        whaleflux_answer_free(answer);
    }
    return status;
}

enum whaleflux_status whaleflux_submit(struct whaleflux *handle, const char *document,
                                       bool only_checked, struct whaleflux_answer **answer_out,
                                       struct whaleflux_error *err)
{
    return whaleflux_ask(handle, "POST", only_checked ? "/v1/jobs?dry_run=true" : "/v1/jobs",
                         document, answer_out, err);
}

static enum whaleflux_status ask_job(struct whaleflux *handle, const char *method, const char *job,
                                     const char *after, struct whaleflux_answer **answer_out,
                                     struct whaleflux_error *err)
{
    struct wf_path path;
    enum whaleflux_status status = wf_path_job(&path, job, after, err);
    if (status != WHALEFLUX_OK) {
        if (answer_out) {
            *answer_out = NULL;
        }
        return status;
    }
    return whaleflux_ask(handle, method, path.text, NULL, answer_out, err);
}

enum whaleflux_status whaleflux_get(struct whaleflux *handle, const char *job,
                                    struct whaleflux_answer **answer_out,
                                    struct whaleflux_error *err)
{
    return ask_job(handle, "GET", job, "", answer_out, err);
}

enum whaleflux_status whaleflux_explain(struct whaleflux *handle, const char *job,
                                        struct whaleflux_answer **answer_out,
                                        struct whaleflux_error *err)
{
    return ask_job(handle, "GET", job, "/explain", answer_out, err);
}

enum whaleflux_status whaleflux_change(struct whaleflux *handle, const char *job,
                                       const char *change, struct whaleflux_answer **answer_out,
                                       struct whaleflux_error *err)
{
    char after[32];
    if (strcmp(change, "cancel") != 0 && strcmp(change, "hold") != 0 &&
        strcmp(change, "release") != 0) {
        return wf_client_fail(err, WHALEFLUX_INVALID,
                              "'%.40s' is no change of a job: cancel, hold or release", change);
    }
    snprintf(after, sizeof after, "/%s", change);
    return ask_job(handle, "POST", job, after, answer_out, err);
}

enum whaleflux_status whaleflux_list(struct whaleflux *handle, const char *query,
                                     struct whaleflux_answer **answer_out,
                                     struct whaleflux_error *err)
{
    struct wf_path path = {.length = 0};
    wf_path_add(&path, "/v1/jobs");
    wf_path_add(&path, query && query[0] ? "?" : "");
    wf_path_add(&path, query ? query : "");
    if (path.too_long) {
        return wf_client_fail(err, WHALEFLUX_INVALID, "the query is too long");
    }
    return whaleflux_ask(handle, "GET", path.text, NULL, answer_out, err);
}

enum whaleflux_status whaleflux_cost(struct whaleflux *handle, const char *by, int64_t since_ms,
                                     int64_t until_ms, struct whaleflux_answer **answer_out,
                                     struct whaleflux_error *err)
{
    struct wf_path path = {.length = 0};
    wf_path_add(&path, "/v1/cost?by=");
    wf_path_escape(&path, by);
    wf_path_add(&path, "&since=");
    wf_path_number(&path, since_ms);
    wf_path_add(&path, "&until=");
    wf_path_number(&path, until_ms);
    if (path.too_long) {
        return wf_client_fail(err, WHALEFLUX_INVALID, "'%.40s...' is nothing to sum up by", by);
    }
    return whaleflux_ask(handle, "GET", path.text, NULL, answer_out, err);
}
