// SPDX-License-Identifier: Apache-2.0
// What is done to a job or a node that is there.
#include "daemon/api/parts.h"

static json_t *tell_job(struct wf_api_wait *wait, const struct wf_desk_answer *answer)
{
    json_t *root = wf_api_object();
    wf_api_set(root, "id", wf_api_number((int64_t)answer->id));
    wf_api_set(root, "state", wf_api_text(wf_job_state_word(answer->state)));
    wf_api_set(root, "dry_run", json_boolean(wait->ask.dry_run));
    return root;
}

static json_t *tell_node(struct wf_api_wait *wait, const struct wf_desk_answer *answer)
{
    json_t *root = wf_api_object();
    (void)answer;
    wf_api_set(root, "node", wf_api_text(wait->text));
    wf_api_set(root, "dry_run", json_boolean(wait->ask.dry_run));
    return root;
}

enum verb { CANCEL, HOLD, RELEASE };

static void change_job(struct wf_api *api, struct wf_http_request *request, enum verb verb)
{
    struct wf_error err;
    bool dry_run;
    uint64_t id;
    if (!wf_api_query_flag(request, "dry_run", &dry_run) || !wf_api_find_job(api, request, &id)) {
        return;
    }
    struct wf_api_wait *wait = wf_api_wait(api, request);
    wait->make = tell_job;
    wait->ask.dry_run = dry_run;
    enum wf_status status = verb == CANCEL
                                ? wf_desk_cancel(api->desk, id, &wait->ask, &err)
                                : wf_desk_hold(api->desk, id, verb == HOLD, &wait->ask, &err);
    if (!dry_run || status != WF_OK) {
        wf_api_asked(wait, status, &err);
    }
}

void wf_api_jobs_cancel(void *context, struct wf_http_request *request)
{
    change_job(context, request, CANCEL);
}

void wf_api_jobs_hold(void *context, struct wf_http_request *request)
{
    change_job(context, request, HOLD);
}

void wf_api_jobs_release(void *context, struct wf_http_request *request)
{
    change_job(context, request, RELEASE);
}

static void close_node(struct wf_api *api, struct wf_http_request *request, bool closed)
{
    struct wf_error err;
    bool dry_run;
    if (!wf_api_query_flag(request, "dry_run", &dry_run)) {
        return;
    }
    struct wf_api_wait *wait = wf_api_wait(api, request);
    const char *node = wf_http_segment(request, "node");
    wait->make = tell_node;
    wait->ask.dry_run = dry_run;
    snprintf(wait->text, sizeof wait->text, "%s", node);
    enum wf_status status = wf_desk_drain(api->desk, node, closed, &wait->ask, &err);
    if (!dry_run || status != WF_OK) {
        wf_api_asked(wait, status, &err);
    }
}

void wf_api_nodes_drain(void *context, struct wf_http_request *request)
{
    close_node(context, request, true);
}

void wf_api_nodes_undrain(void *context, struct wf_http_request *request)
{
    close_node(context, request, false);
}
