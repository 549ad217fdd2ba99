// SPDX-License-Identifier: Apache-2.0
// Requests that change something: they wait for the desk, which answers when it is on the disk.
#include "base/assert.h"
#include "daemon/api/parts.h"

int64_t wf_api_now_ms(const struct wf_api *api)
{
    return api->parts.now_ms(api->parts.now_context);
}

bool wf_api_is_operator(const struct wf_http_request *request)
{
    return wf_http_actor(request)->role >= WF_ROLE_OPERATOR;
}

struct wf_asker wf_api_asker(const struct wf_http_request *request)
{
    static const char *const ways[] = {
        [WF_OVER_SOCKET] = "socket", [WF_OVER_TLS] = "tls", [WF_OVER_PLAIN] = "loopback"};
    const struct wf_actor *actor = wf_http_actor(request);
    return (struct wf_asker){
        .name = actor->name,
        .role = wf_role_name(actor->role),
        .over = ways[actor->over],
        .user = actor->user,
        // A token stands for the user it was made for, whoever's process shows it.
        .uid = actor->token == 0 ? actor->uid : UINT32_MAX,
        .all = wf_api_is_operator(request),
    };
}

static void free_wait(struct wf_api_wait *wait)
{
    free(wait->secret);
    free(wait->token);
    free(wait);
}

static void done(void *context, const struct wf_desk_answer *answer)
{
    struct wf_api_wait *wait = context;
    if (answer->status == WF_OK) {
        char location[48];
        snprintf(location, sizeof location, "/v1/jobs/%llu", (unsigned long long)answer->id);
        wf_api_send(wait->request, wait->status, wait->make(wait, answer),
                    wait->status == 201 && !wait->secret ? location : NULL);
    } else {
        struct wf_error err;
        wf_api_refuse(wait->request, wf_fail(&err, answer->status, "%s", answer->why), NULL, &err);
    }
    free_wait(wait);
}

struct wf_api_wait *wf_api_wait(struct wf_api *api, struct wf_http_request *request)
{
    struct wf_api_wait *wait = calloc(1, sizeof *wait);
    WF_ASSERT(wait);
    wait->api = api;
    wait->request = request;
    wait->status = 200;
    wait->asker = wf_api_asker(request);
    wait->ask = (struct wf_desk_ask){.actor = &wait->asker, .done = done, .context = wait};
    return wait;
}

void wf_api_asked(struct wf_api_wait *wait, enum wf_status status, const struct wf_error *err)
{
    if (status != WF_OK && wait->ask.denied) {
        wf_api_refused(wait->api, wait->request, 403, err->text);
    }
    if (status != WF_OK) {
        wf_api_refuse_ask(wait->request, status, &wait->ask, err);
        free_wait(wait);
    }
}
