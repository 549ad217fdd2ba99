// SPDX-License-Identifier: Apache-2.0
// The elements of a long list in JSON, one by one in bounded memory, plain or gzipped: what the
// command lines of clouds print, where one list holds a hundred thousand records.
//
// The list is the document itself, or the value of a key of the document that is named below. All
// else of the document is passed over. Several documents may follow each other, as pages do that
// were printed one after the other.
#pragma once

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "base/error.h"

#define WF_RECORD_BYTES_MAX ((size_t)4 << 20) // of one element
#define WF_RECORD_DEPTH_MAX 64                // lists and objects within each other

struct wf_records;

// Opens a file; keys are those whose value is the list, ends with NULL, borrowed while it is open.
// The caller owns *records_out. Errors: WF_IO, WF_NOMEM.
enum wf_status wf_records_open(const char *path, const char *const *keys,
                               struct wf_records **records_out, struct wf_error *err) WF_MUST_USE;
void wf_records_close(struct wf_records *records); // NULL is fine

// Goes to the next element; *text_out is NULL at the end. The text ends with a zero and is gone
// with the next call. It is one value as to its brackets and quotes, and not looked at otherwise.
// The sentence names the file and the line. Errors, all of them final: WF_IO, WF_INVALID, WF_LIMIT,
// WF_NOMEM.
enum wf_status wf_records_next(struct wf_records *records, const char **text_out,
                               size_t *length_out, struct wf_error *err) WF_MUST_USE;

// The line on which the current element begins, from 1, and the path as sentences show it.
uint64_t wf_records_line(const struct wf_records *records);
const char *wf_records_path(const struct wf_records *records);

// Whether a list was met at all, once the end is reached.
bool wf_records_met_list(const struct wf_records *records);
