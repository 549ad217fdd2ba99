// SPDX-License-Identifier: Apache-2.0
// One request and its answer.
#pragma once

#include "client/client.h"

struct wf_transfer {
    const char *method;
    const char *path;    // from "/v1"
    const char *json;    // NULL: no body
    uint64_t after;      // of a stream of events: goes on behind this one
    bool stream;         // takes as long as it takes
    bool events;         // is never silent for long
    int64_t deadline_ms; // by wf_client_now_ms; 0: none
    // Gets the bytes of a good answer; false stops. An answer that is an error never gets here.
    bool (*take)(void *context, const char *bytes, size_t length);
    void *context;
    bool was_heard; // out: the daemon answered something
};

// Errors: what the daemon answers; WHALEFLUX_UNREACHABLE; WHALEFLUX_STOPPED; WHALEFLUX_FAILED.
enum whaleflux_status wf_transfer(struct whaleflux *handle, struct wf_transfer *transfer,
                                  struct whaleflux_error *err);
