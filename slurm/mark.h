// SPDX-License-Identifier: GPL-3.0-or-later
// The mark by which we know our jobs again: the first word of a job's admin_comment.
//   whaleflux:held    whaleflux:j17-1;pin=n[1-2];was=n[1-4];span=1-4
#pragma once

#include <stdbool.h>
#include <stdint.h>

#include "base/error.h"

#define WF_MARK_DECISION_BYTES 64

struct wf_mark {
    bool ours;  // there is a mark at all; else all is empty but rest
    bool users; // "whaleflux:user-held": held by its owner, told by job_submit.lua; not ours
    char decision[WF_MARK_DECISION_BYTES]; // "" while it is only held
    char *pin, *was;                       // Slurm's lists of nodes; NULL: none
    bool spans; // a pin changes how many nodes it may have; these were asked for:
    uint32_t nodes_min, nodes_max;
    char *rest; // what stood in admin_comment beside the mark; NULL: nothing
};

// comment may be NULL. What looks like a mark and is none is left standing in rest.
void wf_mark_read(const char *comment, struct wf_mark *mark);
void wf_mark_finish(struct wf_mark *mark);

// Returns the whole admin_comment, to be freed by the caller; "" where there is nothing to say.
char *wf_mark_write(const struct wf_mark *mark);

// Letters, digits, "-", "_", "."; not "held", not "user-held"; at most 48.
bool wf_mark_is_decision(const char *text);
