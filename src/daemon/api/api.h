// SPDX-License-Identifier: Apache-2.0
// The daemon's API: what HTTP requests mean to the desk. One file for one noun; docs/openapi.json
// describes every route and is served as it is.
#pragma once

#include "base/error.h"
#include "daemon/daemon.h"
#include "daemon/http/http.h"

// Opens the server in the daemon's loop: TLS at the address that was asked for, and the Unix
// socket in the data folder.
extern const struct wf_daemon_front wf_api_front;

// The table of all routes.
struct wf_routes wf_api_routes(void);

// The description of them (docs/openapi.json), as text.
const char *wf_api_description(size_t *length_out);

// What the front is made of, for tests: an API without listeners. The caller owns *api_out, and
// gives its server listeners by wf_http_listen. Errors: WF_NOMEM, WF_IO; what the database says.
struct wf_api;
enum wf_status wf_api_create(const struct wf_daemon_parts *parts, struct wf_api **api_out,
                             struct wf_error *err) WF_MUST_USE;
struct wf_http *wf_api_http(struct wf_api *api);
// The token that was made because there was none, once; else "".
const char *wf_api_first_token(const struct wf_api *api);
// Stops the server; its handles are closed when the loop has run on.
void wf_api_close(struct wf_api *api);
// After the loop.
void wf_api_destroy(struct wf_api *api);
