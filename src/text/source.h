// SPDX-License-Identifier: Apache-2.0
// A file as text in memory, plain or gzipped.
#pragma once

#include <stddef.h>
#include <stdint.h>

#include "base/error.h"

#define WF_SOURCE_BYTES_MAX 268435456 // of one file, unpacked

struct wf_source {
    const char *path; // borrowed
    char shown[176];  // the path as sentences show it
    char *text;       // ends with a zero, holds no other
    size_t length;
};

// The caller finishes *source_out. A byte order mark at the start is left out. Errors: WF_IO,
// WF_INVALID (empty, holds a zero byte, damaged gzip data), WF_LIMIT, WF_NOMEM.
enum wf_status wf_source_read(const char *path, struct wf_source *source_out,
                              struct wf_error *err) WF_MUST_USE;
void wf_source_finish(struct wf_source *source);

// Takes the next line from *at: its start, its length without its end, and its number in
// *line. Returns NULL at the end of the text.
const char *wf_source_line(const char **at, size_t *length_out, uint64_t *line);
