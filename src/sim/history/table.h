// SPDX-License-Identifier: Apache-2.0
// Lines of fields with a separator between them and no quotes, whose header names the columns in
// any order, in capitals or not.
#pragma once

#include <stdbool.h>
#include <stdint.h>

#include "base/error.h"

#define WF_TABLE_COLUMNS_MAX 48
#define WF_TABLE_FIELDS_MAX 256 // of one line

struct wf_table {
    const char *const *columns; // names that a reader asks for; others in the header are skipped
    uint32_t column_count;
    char separator;
    uint32_t field_of[WF_TABLE_COLUMNS_MAX]; // UINT32_MAX: the header does not have it
    uint32_t header_fields;                  // 0: no header so far
    uint32_t field_count;
    char *fields[WF_TABLE_FIELDS_MAX]; // of the current line
};

// Reads a header, which it writes to. Errors: WF_NOTFOUND (a column twice, too many fields: this is
// no header that columns could be found by).
enum wf_status wf_table_head(struct wf_table *table, char *line, struct wf_error *err) WF_MUST_USE;

// Splits a line, which it writes to; the fields point into it. Separators that are too many belong
// to the last column if that is rest, which may hold any text. Errors: WF_INVALID (the number of
// fields is not that of the header).
enum wf_status wf_table_split(struct wf_table *table, char *line, uint32_t rest,
                              struct wf_error *err) WF_MUST_USE;

bool wf_table_has(const struct wf_table *table, uint32_t column);

// The field of a column; "" when the header does not have it.
const char *wf_table_text(const struct wf_table *table, uint32_t column);

// Fails about a field that is no such thing as it should be: "Submit 'yesterday' is no time".
enum wf_status wf_table_fail(const struct wf_table *table, uint32_t column, const char *what,
                             struct wf_error *err) WF_MUST_USE;

// Reads a whole number of digits from 0 to max. Errors: WF_INVALID.
enum wf_status wf_table_whole(const struct wf_table *table, uint32_t column, int64_t max,
                              int64_t *number_out, struct wf_error *err) WF_MUST_USE;
