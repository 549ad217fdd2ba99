// SPDX-License-Identifier: GPL-3.0-or-later
// The side that talks with the daemon: socket, lines, the watch over its silence, the heartbeat
// file.
#pragma once

#include <stdint.h>
#include <sys/types.h>

#include "base/error.h"
#include "slurm/post.h"

struct wf_server_config {
    const char *socket_path;
    const char *heartbeat_path; // NULL: none
    uid_t daemon_uid;           // may connect, beside root and ourselves
    uid_t (*slurm_user)(void);  // whom Slurm takes us for
    int64_t silence_ms;         // while no daemon has said its own
    int64_t stall_ms;           // a call of Slurm that lasts longer never comes back
};

struct wf_server;

// The caller owns *server_out. Errors: WF_EXISTS (another adapter listens there), WF_IO, WF_INVALID
// (a path that is too long).
enum wf_status wf_server_create(const struct wf_server_config *config, struct wf_post *post,
                                struct wf_server **server_out, struct wf_error *err) WF_MUST_USE;
void wf_server_destroy(struct wf_server *server);

enum wf_server_end {
    WF_SERVER_STOPPED, // by SIGTERM or SIGINT
    WF_SERVER_STALLED, // libslurm does not come back: only a new process helps
};
// Until one of these.
enum wf_server_end wf_server_run(struct wf_server *server);
