// SPDX-License-Identifier: Apache-2.0
// A copy of a core in a file, so that a restart need not step the whole journal again: the bytes of
// its region, which go back to the very addresses they had. It saves time and is never the truth:
// one that does not fit in every respect, made by another build of the program, for another
// config, damaged or at addresses that are not free, is refused with a sentence, and whoever asked
// steps the journal from its beginning.
//
// PATH.new is written first and becomes PATH when it is whole and what it was made after is
// durable.
#pragma once

#include <stddef.h>

#include "core/core.h"

#define WF_SNAPSHOT_NOTES_MAX ((size_t)16 * 1024 * 1024)

// After what the copy was made, as the journal has it: its last line is the hash of the decisions.
struct wf_snapshot_mark {
    uint64_t lines, events, hash;
    int64_t time_ms; // of the last event
    int64_t wake_ms; // when the core wants to be asked again
};

struct wf_snapshot {
    struct wf_core *core;
    struct wf_snapshot_mark mark;
    char *notes; // what the writer added
    size_t notes_bytes;
};

// Writes PATH.new, which is on the disk when this returns. The core may be that of a copied
// process. Errors: WF_IO; WF_UNFIT (the program does not know its own build); WF_NOMEM.
enum wf_status wf_snapshot_write(const char *path, const struct wf_snapshot *snapshot,
                                 struct wf_error *err) WF_MUST_USE;
// Makes PATH.new PATH. Errors: WF_IO.
enum wf_status wf_snapshot_keep(const char *path, struct wf_error *err) WF_MUST_USE;

// Makes a core of PATH. The caller owns the core and the notes. No core of this program may lie
// where the copied one did. Errors: WF_NOTFOUND (there is no such file); WF_INVALID, WF_UNFIT (it
// does not fit); WF_EXISTS (its addresses are taken); WF_IO; WF_NOMEM.
enum wf_status wf_snapshot_read(const char *path, const struct wf_core_config *config,
                                struct wf_snapshot *snapshot_out, struct wf_error *err) WF_MUST_USE;
