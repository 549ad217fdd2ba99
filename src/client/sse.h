// SPDX-License-Identifier: Apache-2.0
// Takes a stream of server-sent events apart, however its bytes come in pieces.
#pragma once

#include <stdbool.h>
#include <stddef.h>
#include <whaleflux.h>

#define WF_SSE_EVENT_BYTES_MAX (1u << 20)

struct wf_sse {
    char *line;
    size_t line_length, line_room;
    char *data;
    size_t data_length, data_room;
    char kind[64];
    uint64_t number; // the id of the last event
    bool has_data;
    bool after_return; // the last byte was a carriage return
    bool too_long;     // an event was longer than may be, or there was no memory for it
    whaleflux_event_fn *fn;
    void *context;
};

void wf_sse_init(struct wf_sse *sse, whaleflux_event_fn *fn, void *context);
void wf_sse_finish(struct wf_sse *sse);

// Hands each event that is complete to fn. Returns false when fn did, or once too_long is set.
bool wf_sse_take(struct wf_sse *sse, const char *bytes, size_t length);

// Forgets an event that is not complete: the stream ended.
void wf_sse_restart(struct wf_sse *sse);
