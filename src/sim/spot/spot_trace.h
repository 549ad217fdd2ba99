// SPDX-License-Identifier: Apache-2.0
// Traces of spot: how many machines could be had, or were held, in each tick. 1 is "available"; the
// raw logs that such traces were made from have it the other way round.
//
// Read are JSON ({"metadata": {"gap_seconds": g}, "data": [counts]}), a table of additions and
// removals ("milliseconds,add|remove,node") and a table of counts ("date, time, machines").
#pragma once

#include <stdbool.h>
#include <stdint.h>

#include "base/error.h"

#define WF_SPOT_TRACE_NAME 96
#define WF_SPOT_COUNT_MAX 1000000
#define WF_SPOT_TRACE_TICKS_MAX 10000000

struct wf_spot_trace {
    char name[WF_SPOT_TRACE_NAME]; // of the file, without its ending
    uint32_t tick_s;
    uint32_t ticks;
    uint32_t count_max;
    uint32_t *counts;
};

// Traces whose ticks are the same moments: those of one folder.
struct wf_spot_set {
    struct wf_spot_trace *traces;
    uint32_t count;
    uint32_t ticks; // of the shortest
};

// Reads one file. The caller finishes *trace_out. Errors: WF_IO, WF_NOMEM, WF_LIMIT, WF_INVALID
// with a sentence that names file, line and field.
enum wf_status wf_spot_trace_read(const char *path, struct wf_spot_trace *trace_out,
                                  struct wf_error *err) WF_MUST_USE;
void wf_spot_trace_finish(struct wf_spot_trace *trace);

// The same from text; name is for sentences and for the trace.
enum wf_status wf_spot_trace_parse(const char *name, const char *text, size_t length,
                                   struct wf_spot_trace *trace_out,
                                   struct wf_error *err) WF_MUST_USE;

// Reads all files of a folder (or one file), sorted by name. Errors: as above, and WF_INVALID when
// their ticks are not of one length.
enum wf_status wf_spot_set_read(const char *path, struct wf_spot_set *set_out,
                                struct wf_error *err) WF_MUST_USE;
void wf_spot_set_finish(struct wf_spot_set *set);
