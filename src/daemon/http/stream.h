// SPDX-License-Identifier: Apache-2.0
// Answers without an end: events (server-sent, text/event-stream) and followed logs. What waits for
// a slow reader is bounded; a reader of events that is slower than that is cut with a last event
// that says so, and comes back with Last-Event-ID.
#pragma once

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

struct wf_http_request;
struct wf_http_stream;

enum wf_stream_kind {
    WF_STREAM_EVENTS, // text/event-stream, with signs of life
    WF_STREAM_TEXT,   // text/plain; charset=utf-8, in chunks
};

struct wf_stream_watcher {
    // Its reader has taken everything that waited: there is room again. May be NULL. Not called
    // from within wf_http_stream_send.
    void (*drained)(void *context, struct wf_http_stream *stream);
    // It is over: cut, closed, or its reader has gone. The stream is freed after this.
    void (*closed)(void *context);
    void *context;
};

// Answers the request with a stream. Returns NULL, with the request answered (503) and closed not
// called, when there are too many or no memory.
struct wf_http_stream *wf_http_stream_open(struct wf_http_request *request,
                                           enum wf_stream_kind kind,
                                           const struct wf_stream_watcher *watcher);

// How many bytes may be sent before the reader is too slow.
size_t wf_http_stream_room(const struct wf_http_stream *stream);

// Sends text as it is; more than there is room for cuts the stream. Never calls closed itself;
// after a cut it does nothing.
void wf_http_stream_send(struct wf_http_stream *stream, const char *text, size_t length);

// Sends one event. data may have several lines; name is NULL for an event without a type.
void wf_http_stream_event(struct wf_http_stream *stream, uint64_t id, const char *name,
                          const char *data);

// Ends it after what was sent; closed is called once the reader has taken it or has gone.
void wf_http_stream_close(struct wf_http_stream *stream);
