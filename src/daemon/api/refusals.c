// SPDX-License-Identifier: Apache-2.0
// Who was refused for their role or their token stands in the audit, too. Whoever asks again and
// again must not fill the disk: past some at once there is one row for so many a second, and the
// next row says how many are not told.
#include "daemon/api/parts.h"

enum { AT_ONCE_MAX = 60, ONE_IN_MS = 1000 };

static bool may_be_told(struct wf_api *api)
{
    int64_t now_ms = wf_api_now_ms(api);
    int64_t more = (now_ms - api->refusal_ms) / ONE_IN_MS;
    if (api->refusal_ms == 0 || more >= AT_ONCE_MAX - (int64_t)api->refusals_left) {
        api->refusals_left = AT_ONCE_MAX;
        api->refusal_ms = now_ms;
    } else if (more > 0) {
        api->refusals_left += (uint32_t)more;
        api->refusal_ms += more * ONE_IN_MS;
    }
    if (api->refusals_left == 0) {
        api->refusals_untold++;
        return false;
    }
    api->refusals_left--;
    return true;
}

void wf_api_refused(void *context, const struct wf_http_request *request, unsigned status,
                    const char *why)
{
    struct wf_api *api = context;
    char path[256];
    char object[300];
    char from[64];
    if (!may_be_told(api)) {
        return;
    }
    struct wf_asker asker = wf_api_asker(request);
    asker.name = asker.name[0] ? asker.name : "(nobody known)";
    wf_http_from(request, from, sizeof from);
    snprintf(object, sizeof object, "%s %s", wf_http_method(request),
             wf_http_path(request, path, sizeof path));
    json_t *detail = wf_api_object();
    wf_api_set(detail, "status", wf_api_number(status));
    wf_api_set(detail, "why", wf_api_text(why));
    wf_api_set(detail, "from", from[0] ? wf_api_text(from) : NULL);
    wf_api_set(detail, "untold_before", wf_api_number(api->refusals_untold));
    api->refusals_untold = 0;
    char *text = json_dumps(detail, JSON_COMPACT);
    json_decref(detail);
    wf_desk_audit(api->desk, &asker, "ask", object, "refused", text ? text : "");
    free(text);
}
