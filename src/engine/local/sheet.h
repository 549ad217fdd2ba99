// SPDX-License-Identifier: Apache-2.0
// How specs, states and requests are written down: one "name value" per line, names may repeat, a
// head that says the kind, a last line with a sum over all before it, so that a file that was cut
// or scribbled on is told from a good one. People can read it; values may hold any byte but zero.
#pragma once

#include <stddef.h>
#include <stdint.h>

#include "base/error.h"

struct wf_sheet {
    char *text; // NULL once memory ran out
    size_t length;
    size_t capacity;
};

// kind: one word. wf_sheet_finish frees.
void wf_sheet_init(struct wf_sheet *sheet, const char *kind);
void wf_sheet_finish(struct wf_sheet *sheet);

// name: one word. A failed allocation is remembered until wf_sheet_seal.
void wf_sheet_add(struct wf_sheet *sheet, const char *name, const char *value);
void wf_sheet_add_number(struct wf_sheet *sheet, const char *name, int64_t number);

// Adds the last line; text and length are then complete.
enum wf_status wf_sheet_seal(struct wf_sheet *sheet, struct wf_error *err) WF_MUST_USE;

struct wf_sheet_reader {
    char *next;
    char *end;
};

// Checks the whole of text (which need not end with a zero) before anything of it is read; text is
// changed by reading and must live as long as the values are used.
enum wf_status wf_sheet_open(struct wf_sheet_reader *reader, char *text, size_t length,
                             const char *kind, struct wf_error *err) WF_MUST_USE;

// Returns the name of the next line and its value, or NULL at the end.
const char *wf_sheet_next(struct wf_sheet_reader *reader, const char **value_out);

// Reads a whole value as a number from min to max.
enum wf_status wf_sheet_number(const char *name, const char *value, int64_t min, int64_t max,
                               int64_t *number_out, struct wf_error *err) WF_MUST_USE;
