// SPDX-License-Identifier: Apache-2.0
// Which Windows hosts the daemon looks at, and how often: the file of `serve --watch`.
#pragma once

#include <stdbool.h>
#include <stdint.h>

#include "base/error.h"

#define WF_HAGS_WATCHES_MAX 64
#define WF_HAGS_WATCH_NAME_BYTES 65
#define WF_HAGS_EVERY_MS_MIN 1000
#define WF_HAGS_EVERY_MS_MAX (INT64_C(30) * 24 * 3600 * 1000)

struct wf_hags_order {
    char name[WF_HAGS_WATCH_NAME_BYTES]; // letters, digits, '-', '_', '.'
    char *inventory;                     // as a path that does not depend on where one is
    // NULL: not told, as the verb `hags status` then has it.
    char *cluster, *os, *user, *key, *jump, *state_folder;
    int64_t every_ms, limit_ms; // from one look to the next; how long one may take
};

struct wf_hags_plan {
    struct wf_hags_order *orders;
    uint32_t count;
};

// Reads a file. The caller finishes *plan_out, also after a failure. Errors: WF_IO, WF_INVALID,
// WF_LIMIT, WF_NOMEM; the sentence names the file and, where there is one, the line.
enum wf_status wf_hags_plan_read(const char *path, struct wf_hags_plan *plan_out,
                                 struct wf_error *err) WF_MUST_USE;
void wf_hags_plan_finish(struct wf_hags_plan *plan);

// Whether they look at the same hosts in the same way; how often does not count.
bool wf_hags_order_same(const struct wf_hags_order *left, const struct wf_hags_order *right);
void wf_hags_order_finish(struct wf_hags_order *order);
