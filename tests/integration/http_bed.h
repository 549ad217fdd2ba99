// SPDX-License-Identifier: Apache-2.0
// A server with small routes of its own in a thread, and clients for it.
//
// Tokens: "wf_viewer", "wf_submitter", "wf_admin", "wf_old" (expired). Routes: see http_bed.c.
#pragma once

#include <curl/curl.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "daemon/http/http.h"

struct http_bed;

struct http_bed_setup {
    uint32_t request_ms_max;
    uint32_t answer_ms_max;
    uint32_t heartbeat_ms;
    uint32_t connections_max;
    uint32_t stream_bytes_max;
    uint32_t failed_logins_max;
    bool tls;
};

// Starts it; ends the program where that fails. Stopping it answers what waits.
struct http_bed *http_bed_start(const struct http_bed_setup *setup);
void http_bed_stop(struct http_bed *bed);

uint16_t http_bed_port(const struct http_bed *bed);
const char *http_bed_socket(const struct http_bed *bed);
const char *http_bed_folder(const struct http_bed *bed); // cert.pem is there
struct wf_http_counts http_bed_count(struct http_bed *bed);

// Sends an event of so many bytes to every open stream.
void http_bed_event(struct http_bed *bed, uint64_t id, size_t bytes);
// Ends the route that waits ("/later").
void http_bed_answer_later(struct http_bed *bed);

struct answer {
    CURLcode curl;
    long status;
    char head[4096];
    char body[65536];
    size_t head_length, body_length;
    size_t body_total; // also what does not fit
};

struct asking {
    const char *method; // NULL: GET, or POST with a body
    const char *path;   // as it is sent
    const char *token;  // NULL: none
    const char *type;   // of the body; NULL: application/json
    const char *body;
    size_t body_length;
    const char *header; // one more
    bool socket;        // over the Unix socket
};
struct answer *http_ask(struct http_bed *bed, const struct asking *asking); // valid until the next

// A connection without any protocol; -1 when it is refused.
int http_connect(const struct http_bed *bed);
// Sends all of it; false when the other end has gone.
bool http_send(int descriptor, const void *data, size_t length);
// Reads until the other end closes or the time is over; returns the bytes. text has its final zero.
size_t http_read(int descriptor, char *text, size_t size, int wait_ms);
// Reads until the text has come. False when the other end closes or the time is over.
bool http_read_until(int descriptor, const char *wanted, int wait_ms);
int64_t http_now_ms(void);
