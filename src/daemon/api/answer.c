// SPDX-License-Identifier: Apache-2.0
#include "base/assert.h"
#include "daemon/api/parts.h"

json_t *wf_api_object(void)
{
    json_t *object = json_object();
    WF_ASSERT(object);
    return object;
}

json_t *wf_api_list(void)
{
    json_t *list = json_array();
    WF_ASSERT(list);
    return list;
}

void wf_api_set(json_t *object, const char *name, json_t *value)
{
    WF_ASSERT(json_object_set_new(object, name, value ? value : json_null()) == 0);
}

void wf_api_add(json_t *list, json_t *value)
{
    WF_ASSERT(json_array_append_new(list, value ? value : json_null()) == 0);
}

json_t *wf_api_text(const char *text)
{
    return text ? json_string(text) : NULL;
}

json_t *wf_api_number(int64_t number)
{
    return json_integer(number);
}

json_t *wf_api_time(int64_t ms)
{
    return ms > 0 ? json_integer(ms) : NULL;
}

json_t *wf_api_parse(const char *text)
{
    return text && *text ? json_loads(text, JSON_DECODE_ANY | JSON_REJECT_DUPLICATES, NULL) : NULL;
}

void wf_api_send(struct wf_http_request *request, unsigned status, json_t *root,
                 const char *location)
{
    char *text = json_dumps(root, JSON_COMPACT);
    WF_ASSERT(text);
    json_decref(root);
    wf_http_reply(request, status, "application/json", text, strlen(text), location);
}

static unsigned status_of(enum wf_status status)
{
    switch (status) {
    case WF_INVALID:
        return 400;
    case WF_NOTFOUND:
        return 404;
    case WF_EXISTS:
        return 409;
    case WF_LIMIT:
        return 422;
    case WF_IO:
        return 507;
    case WF_NOMEM:
    case WF_UNFIT:
        return 503;
    case WF_OK:
        break;
    }
    return 500;
}

void wf_api_refuse(struct wf_http_request *request, enum wf_status status, const char *field,
                   const struct wf_error *err)
{
    wf_http_fail(request, status_of(status), field && *field ? field : NULL, "%s", err->text);
}

void wf_api_refuse_ask(struct wf_http_request *request, enum wf_status status,
                       const struct wf_desk_ask *ask, const struct wf_error *err)
{
    if (ask->denied) {
        wf_http_fail(request, 403, NULL, "%s", err->text);
    } else {
        wf_api_refuse(request, status, ask->field, err);
    }
}
