// SPDX-License-Identifier: Apache-2.0
// Who asks, how they came in, and what they may do.
#pragma once

#include <stdbool.h>
#include <stdint.h>

#define WF_ACTOR_NAME_BYTES 64 // with its final zero

// Each may do what those before it may.
enum wf_role {
    WF_ROLE_NONE,      // may do nothing; routes that anybody may ask for name this one
    WF_ROLE_VIEWER,    // sees everything but secrets
    WF_ROLE_SUBMITTER, // starts work, and changes work of its own
    WF_ROLE_OPERATOR,  // changes everybody's work, and nodes
    WF_ROLE_ADMIN,     // gives and takes tokens
    WF_ROLES,
};

enum wf_over {
    WF_OVER_SOCKET, // the Unix socket: the kernel says who it is
    WF_OVER_TLS,    // a token over TLS
    WF_OVER_PLAIN,  // a token over plain HTTP, which is served to this machine only
};

struct wf_actor {
    char name[WF_ACTOR_NAME_BYTES]; // of the token, or the user's
    char user[WF_ACTOR_NAME_BYTES]; // whose work it submits: the user of this machine; "" if none
    uint32_t uid;                   // over the socket; UINT32_MAX otherwise
    uint64_t token;                 // its id; 0 over the socket
    enum wf_role role;
    enum wf_over over;
};

// "viewer", "submitter", ...; "none". Never NULL.
const char *wf_role_name(enum wf_role role);

// Finds a role by its name, "none" not among them.
bool wf_role_find(const char *name, enum wf_role *role_out);
