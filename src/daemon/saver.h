// SPDX-License-Identifier: Apache-2.0
// Keeps a snapshot of the core in the data folder, so that a restart of the daemon takes no longer
// however old its journal is: one after so many lines or so long, written by a copy of the process
// while the loop goes on, and one at a clean end.
#pragma once

#include <uv.h>

#include "daemon/desk/desk.h"

// A restart steps some 270,000 lines in a second, and learns run times for 0.2 s anyhow.
#define WF_SAVER_LINES 100000
#define WF_SAVER_MS INT64_C(600000) // and, where there were at least so many lines:
#define WF_SAVER_LINES_MIN 1000

struct wf_saver_config {
    uv_loop_t *loop;
    struct wf_desk *desk;
    uint64_t lines; // 0: WF_SAVER_LINES
    int64_t (*now_ms)(void *context);
    void (*say)(void *context, const char *line);
    void *context;
};

struct wf_saver;

// Errors: WF_NOMEM.
enum wf_status wf_saver_open(const struct wf_saver_config *config, struct wf_saver **saver_out,
                             struct wf_error *err) WF_MUST_USE;

// A batch was just handed out: the core is as the journal will have it. Begins a snapshot if it is
// time.
void wf_saver_handed(struct wf_saver *saver);
// That batch is on the disk, or it is not.
void wf_saver_written(struct wf_saver *saver, bool good);

// Before the loop ends: a snapshot under way is given up. With clean, all that was handed out is on
// the disk and nothing came since: one is made now. Frees the saver once the loop has run on.
void wf_saver_close(struct wf_saver *saver, bool clean);
