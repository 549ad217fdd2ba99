// SPDX-License-Identifier: Apache-2.0
// The path and query of a request, put together from text of any kind.
#pragma once

#include <stdbool.h>
#include <stdint.h>
#include <whaleflux.h>

struct wf_path {
    char text[4096];
    size_t length;
    bool too_long;
};

// Adds text as it is, escaped so that it stays one segment or one value, and as a number.
void wf_path_add(struct wf_path *path, const char *text);
void wf_path_escape(struct wf_path *path, const char *text);
void wf_path_number(struct wf_path *path, int64_t number);

// "/v1/jobs/JOB" and what follows. Errors: WHALEFLUX_INVALID (no name, or too long).
enum whaleflux_status wf_path_job(struct wf_path *path, const char *job, const char *after,
                                  struct whaleflux_error *err);
