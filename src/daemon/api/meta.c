// SPDX-License-Identifier: Apache-2.0
// About the daemon itself.
#include "base/assert.h"
#include "daemon/api/parts.h"

void wf_api_version(void *context, struct wf_http_request *request)
{
    struct wf_api *api = context;
    json_t *root = wf_api_object();
    wf_api_set(root, "name", wf_api_text("WhaleFlux"));
    wf_api_set(root, "version", wf_api_text(api->parts.version));
    wf_api_set(root, "api", wf_api_text("v1"));
    wf_api_send(request, 200, root, NULL);
}

void wf_api_health(void *context, struct wf_http_request *request)
{
    struct wf_api *api = context;
    struct wf_error why = {0};
    bool accepts = wf_desk_accepts(api->desk, &why);
    json_t *root = wf_api_object();
    wf_api_set(root, "status", wf_api_text(accepts ? "ok" : "refuses"));
    wf_api_set(root, "message", accepts ? NULL : wf_api_text(why.text));
    wf_api_set(root, "up_ms", wf_api_number(wf_api_now_ms(api) - api->opened_ms));
    wf_api_send(request, accepts ? 200 : 503, root, NULL);
}

void wf_api_openapi(void *context, struct wf_http_request *request)
{
    size_t length;
    const char *text = wf_api_description(&length);
    char *copy = malloc(length);
    (void)context;
    WF_ASSERT(copy);
    memcpy(copy, text, length);
    wf_http_reply(request, 200, "application/json", copy, length, NULL);
}
