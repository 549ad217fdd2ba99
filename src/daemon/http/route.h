// SPDX-License-Identifier: Apache-2.0
// Which requests there are: a table that says of each who may ask it, which parameters it takes
// and who answers. Everything that is not in the table is refused before an answerer hears of it.
#pragma once

#include <stdbool.h>
#include <stdint.h>

#include "daemon/http/actor.h"
#include "daemon/http/target.h"

struct wf_http_request;

#define WF_ROUTE_PARAMETERS_MAX 10
#define WF_ROUTE_ALLOW_BYTES 128

// What a request carries.
enum wf_route_body {
    WF_BODY_NONE, // a body is refused, an empty one is not
    WF_BODY_JSON, // there must be one, and it says that it is application/json
};

struct wf_route {
    const char *method;  // "GET" answers HEAD, too
    const char *pattern; // "/v1/jobs/{job}/cancel": a segment in braces takes any text
    enum wf_role role;   // the least that may
    enum wf_route_body body;
    const char *parameters[WF_ROUTE_PARAMETERS_MAX + 1]; // of the query; ends with NULL
    // Answers, now or later (http.h).
    void (*answer)(void *context, struct wf_http_request *request);
    const char *operation; // its name in the description of all routes
};

struct wf_routes {
    const struct wf_route *routes;
    uint32_t count;
};

enum wf_route_match {
    WF_ROUTE_FOUND,
    WF_ROUTE_NO_PATH,   // nothing of that name
    WF_ROUTE_NO_METHOD, // something, but one cannot do that with it
};

// Finds the route of a request; of two patterns that fit, the first in the table. Where the method
// does not fit, allow_out (WF_ROUTE_ALLOW_BYTES) gets those that would ("GET, HEAD, POST"). The
// route is given with WF_ROUTE_FOUND only.
enum wf_route_match wf_routes_match(const struct wf_routes *routes, const char *method,
                                    const struct wf_target *target,
                                    const struct wf_route **route_out, char *allow_out);

// Returns the first parameter that the route does not take, or NULL; near_out is what was perhaps
// meant, or NULL.
const char *wf_route_stranger(const struct wf_route *route, const struct wf_target *target,
                              const char **near_out);

// Returns which segment of the pattern is "{name}", or UINT32_MAX.
uint32_t wf_route_segment(const struct wf_route *route, const char *name);
