// SPDX-License-Identifier: Apache-2.0
// Any bytes as the target of a request: no crash; an error has its sentence; what comes out is
// plain text within its bounds and finds its way through a table of routes.
#include <stdint.h>
#include <string.h>

#include "base/assert.h"
#include "base/utf8.h"
#include "daemon/http/route.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

static const struct wf_route table[] = {
    {.method = "GET", .pattern = "/v1/jobs", .parameters = {"state", "limit"}},
    {.method = "GET", .pattern = "/v1/jobs/{job}"},
    {.method = "POST", .pattern = "/v1/jobs/{job}/cancel"},
    {.method = "GET", .pattern = "/{any}/{two}/{three}/{four}"},
};
static const struct wf_routes routes = {table, WF_COUNT_OF(table)};

static void check_text(const struct wf_target *target, const char *text)
{
    WF_ASSERT(wf_utf8_is_plain(text, strlen(text)));
    WF_ASSERT(!*text ||
              (text >= target->text && text + strlen(text) < target->text + sizeof target->text));
}

static void check(const struct wf_target *target)
{
    char allow[WF_ROUTE_ALLOW_BYTES];
    const struct wf_route *route;
    const char *near;
    WF_ASSERT(target->segments <= WF_TARGET_SEGMENTS_MAX);
    for (uint32_t i = 0; i < target->segments; i++) {
        check_text(target, target->segment[i]);
        WF_ASSERT(target->segment[i][0] && !strchr(target->segment[i], '/'));
        WF_ASSERT(strcmp(target->segment[i], "..") != 0);
    }
    WF_ASSERT(target->parameters <= WF_TARGET_PARAMETERS_MAX);
    for (uint32_t i = 0; i < target->parameters; i++) {
        check_text(target, target->parameter[i].name);
        check_text(target, target->parameter[i].value);
        WF_ASSERT(wf_target_find(target, target->parameter[i].name) == target->parameter[i].value);
    }
    if (wf_routes_match(&routes, "GET", target, &route, allow) == WF_ROUTE_FOUND) {
        const char *stranger = wf_route_stranger(route, target, &near);
        WF_ASSERT(!stranger || wf_target_find(target, stranger));
    }
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    static struct wf_target target;
    struct wf_error err = {0};
    enum wf_status status = wf_target_parse((const char *)data, size, &target, &err);
    if (status == WF_OK) {
        check(&target);
    }
    WF_ASSERT(status == WF_OK || (err.status == status && err.text[0] != '\0'));
    return 0;
}
