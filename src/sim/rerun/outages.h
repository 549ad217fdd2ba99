// SPDX-License-Identifier: Apache-2.0
// When nodes were away while a history was made, as Slurm's accounting keeps it: what
// `sacctmgr show event` prints, with --parsable or --parsable2.
#pragma once

#include "sim/history/history.h"
#include "site/site.h"

#define WF_OUTAGES_MAX 4000000

// A node goes, or takes no new work, and later is as it was.
struct wf_outage_change {
    int64_t at_ms;
    uint32_t node; // of the site
    bool away;     // from now on; false: it is back
    bool drains;   // what runs there may go on
};

struct wf_outages {
    struct wf_outage_change *list; // in the order of time; ends before beginnings
    uint32_t count;
    uint64_t strange; // lines about nodes that the site does not have
};

// The caller finishes *outages_out. Errors: WF_IO, WF_NOTFOUND (the header lacks a column),
// WF_INVALID (a line, named with its number), WF_LIMIT, WF_NOMEM.
enum wf_status wf_outages_read(const char *path, const struct wf_site *site,
                               struct wf_outages *outages_out, struct wf_error *err) WF_MUST_USE;
void wf_outages_finish(struct wf_outages *outages);
