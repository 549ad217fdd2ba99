// SPDX-License-Identifier: Apache-2.0
// Whether this machine is to be taken away: a provider's watch in the daemon's loop, and what it
// says told to the desk.
#pragma once

#include <stdint.h>
#include <stdio.h>

#include "base/error.h"

typedef struct uv_loop_s uv_loop_t;
struct wf_desk;
struct wf_spot;

struct wf_spot_config {
    const char *source; // "aws", "gcp:http://127.0.0.1:8080", "file:/run/notice", "none"
    uv_loop_t *loop;    // borrowed, like the rest
    struct wf_desk *desk;
    int64_t (*now_ms)(void *context);
    void (*log)(void *context, const char *line);
    void *context;
};

// Errors: WF_INVALID (no such source). *spot_out is NULL for "none" and for NULL.
enum wf_status wf_spot_open(const struct wf_spot_config *config, struct wf_spot **spot_out,
                            struct wf_error *err) WF_MUST_USE;
void wf_spot_close(struct wf_spot *spot);   // its handles close when the loop has run on
void wf_spot_destroy(struct wf_spot *spot); // NULL is allowed, in both
