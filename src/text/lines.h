// SPDX-License-Identifier: Apache-2.0
// Reads text files, plain or gzipped, line by line in bounded memory.
//
// Lines end with LF or CRLF; a byte order mark at the start and empty lines are skipped.
#pragma once

#include <stddef.h>
#include <stdint.h>

#include "base/error.h"

struct wf_lines;

// Opens a file whose lines have at most bytes_max bytes without their ends. The caller owns
// *lines_out. Errors: WF_IO (the sentence names the file), WF_NOMEM.
enum wf_status wf_lines_open(const char *path, uint32_t bytes_max, struct wf_lines **lines_out,
                             struct wf_error *err) WF_MUST_USE;
void wf_lines_close(struct wf_lines *lines);

// The same for text that does not lie in a file as it is. read gives the next bytes, at most size
// of them, and 0 at the end; its sentence then stands alone. The lines close the source, also when
// they cannot be opened; path is only shown.
struct wf_lines_source {
    enum wf_status (*read)(void *context, char *buffer, size_t size, size_t *length_out,
                           struct wf_error *err);
    void (*close)(void *context);
    void *context;
};
enum wf_status wf_lines_open_source(const char *path, const struct wf_lines_source *source,
                                    uint32_t bytes_max, struct wf_lines **lines_out,
                                    struct wf_error *err) WF_MUST_USE;

// Goes to the next line that is not empty; *line_out is NULL at the end of the file. The line ends
// with a zero, may be written to, and is gone with the next call; length_out may be NULL. After a
// failure err holds the reason alone, for the caller to say where. Errors: WF_IO, WF_INVALID (gzip
// data that is damaged or stops early), WF_LIMIT (the line is too long). All of them are final.
enum wf_status wf_lines_next(struct wf_lines *lines, char **line_out, size_t *length_out,
                             struct wf_error *err) WF_MUST_USE;

// Number of the current line in the file, from 1; after a failure the line at which reading
// stopped; 0 before the first.
uint64_t wf_lines_number(const struct wf_lines *lines);

// After a failure: in which field, from 1, of a line with such separators reading stopped.
uint32_t wf_lines_field(const struct wf_lines *lines, char separator);

// The file's path as it can stand in a sentence; borrowed while the file is open.
const char *wf_lines_path(const struct wf_lines *lines);

// Copies text as it can stand in a sentence: cut to fit, '?' for what is not printable.
void wf_lines_quote(const char *text, char *quoted_out, uint32_t size);
