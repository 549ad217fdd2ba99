// SPDX-License-Identifier: Apache-2.0
// Who comes in: tokens, which are rows of the database, and users of this machine. Inside the API.
#pragma once

#include "daemon/api/parts.h"

enum wf_status wf_api_load_tokens(struct wf_api *api, struct wf_error *err) WF_MUST_USE;
void wf_api_forget_tokens(struct wf_api *api);
enum wf_login wf_api_login(void *api, const char *secret, struct wf_actor *actor_out);
bool wf_api_peer(void *api, uint32_t uid, struct wf_actor *actor_out);

// The answers of routes.
void wf_api_tokens_list(void *api, struct wf_http_request *request);
void wf_api_tokens_make(void *api, struct wf_http_request *request);
void wf_api_tokens_revoke(void *api, struct wf_http_request *request);
