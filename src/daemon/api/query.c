// SPDX-License-Identifier: Apache-2.0
#include <errno.h>

#include "daemon/api/parts.h"

bool wf_api_query_number(struct wf_http_request *request, const char *name, uint64_t max,
                         uint64_t otherwise, uint64_t *number_out)
{
    const char *text = wf_http_query(request, name);
    *number_out = otherwise;
    if (!text) {
        return true;
    }
    errno = 0;
    bool digits = *text && text[strspn(text, "0123456789")] == '\0';
    unsigned long long number = digits ? strtoull(text, NULL, 10) : 0;
    if (!digits || errno != 0 || number > max) {
        wf_http_fail(request, 400, name, "'%.40s' is no whole number from 0 to %llu", text,
                     (unsigned long long)max);
        return false;
    }
    *number_out = number;
    return true;
}

bool wf_api_query_flag(struct wf_http_request *request, const char *name, bool *flag_out)
{
    const char *text = wf_http_query(request, name);
    *flag_out = text && strcmp(text, "false") != 0;
    if (text && *text && strcmp(text, "true") != 0 && strcmp(text, "false") != 0) {
        wf_http_fail(request, 400, name, "'%.40s' is neither true nor false", text);
        return false;
    }
    return true;
}

bool wf_api_query_page(struct wf_http_request *request, uint64_t *after_out, uint32_t *limit_out)
{
    uint64_t limit;
    if (!wf_api_query_number(request, "after", INT64_MAX, 0, after_out) ||
        !wf_api_query_number(request, "limit", WF_API_PAGE_MAX, WF_API_PAGE_DEFAULT, &limit)) {
        return false;
    }
    if (limit == 0) {
        wf_http_fail(request, 400, "limit", "a page has at least one entry");
        return false;
    }
    *limit_out = (uint32_t)limit;
    return true;
}

bool wf_api_find_job(struct wf_api *api, struct wf_http_request *request, uint64_t *id_out)
{
    struct wf_error err;
    enum wf_status status = wf_desk_find(api->desk, wf_http_segment(request, "job"),
                                         wf_http_actor(request)->user, true, id_out, &err);
    if (status != WF_OK) {
        wf_api_refuse(request, status, "job", &err);
    }
    return status == WF_OK;
}
