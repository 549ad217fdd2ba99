// SPDX-License-Identifier: Apache-2.0
#include "daemon/http/route.h"

#include "base/nearest.h"

// The next segment of a pattern, its length in length_out; NULL past the last.
static const char *next_segment(const char **pattern, size_t *length_out)
{
    if (**pattern != '/') {
        return NULL;
    }
    const char *segment = *pattern + 1;
    *length_out = strcspn(segment, "/");
    *pattern = segment + *length_out;
    return *length_out > 0 ? segment : NULL;
}

static bool fits(const struct wf_route *route, const struct wf_target *target)
{
    const char *pattern = route->pattern;
    size_t length;
    uint32_t i = 0;
    for (const char *want; (want = next_segment(&pattern, &length)); i++) {
        if (i == target->segments) {
            return false;
        }
        const char *segment = target->segment[i];
        if (*want != '{' && (strlen(segment) != length || memcmp(segment, want, length) != 0)) {
            return false;
        }
    }
    return i == target->segments;
}

static void allow(char *text, const char *method)
{
    size_t length = strlen(text);
    snprintf(text + length, WF_ROUTE_ALLOW_BYTES - length, "%s%s%s", length ? ", " : "", method,
             strcmp(method, "GET") == 0 ? ", HEAD" : "");
}

enum wf_route_match wf_routes_match(const struct wf_routes *routes, const char *method,
                                    const struct wf_target *target,
                                    const struct wf_route **route_out, char *allow_out)
{
    enum wf_route_match match = WF_ROUTE_NO_PATH;
    const char *as = strcmp(method, "HEAD") == 0 ? "GET" : method;
    *allow_out = '\0';
    for (uint32_t i = 0; i < routes->count; i++) {
        const struct wf_route *route = &routes->routes[i];
        if (!fits(route, target)) {
            continue;
        }
        if (strcmp(route->method, as) == 0) {
            *route_out = route;
            return WF_ROUTE_FOUND;
        }
        allow(allow_out, route->method);
        match = WF_ROUTE_NO_METHOD;
    }
    return match;
}

const char *wf_route_stranger(const struct wf_route *route, const struct wf_target *target,
                              const char **near_out)
{
    uint32_t count = 0;
    while (route->parameters[count]) {
        count++;
    }
    for (uint32_t i = 0; i < target->parameters; i++) {
        const char *name = target->parameter[i].name;
        uint32_t known = 0;
        while (known < count && strcmp(route->parameters[known], name) != 0) {
            known++;
        }
        if (known == count) {
            uint32_t near = wf_nearest_name(name, route->parameters, count);
            *near_out = near == UINT32_MAX ? NULL : route->parameters[near];
            return name;
        }
    }
    return NULL;
}

uint32_t wf_route_segment(const struct wf_route *route, const char *name)
{
    const char *pattern = route->pattern;
    size_t length;
    uint32_t i = 0;
    for (const char *want; (want = next_segment(&pattern, &length)); i++) {
        if (length == strlen(name) + 2 && *want == '{' && memcmp(want + 1, name, length - 2) == 0) {
            return i;
        }
    }
    return UINT32_MAX;
}
