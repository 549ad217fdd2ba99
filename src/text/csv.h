// SPDX-License-Identifier: Apache-2.0
// Reads tables of comma-separated values, plain or gzipped, line by line in bounded memory. Every
// sentence about what is wrong names the file, the line and the column.
//
// Lines are those of text/lines.h. A field may stand in double quotes, with "" for a quote inside;
// it may not go on in the next line. The first line names the columns, in any order.
#pragma once

#include <stdbool.h>
#include <stdint.h>

#include "base/error.h"
#include "text/lines.h"

#define WF_CSV_LINE_BYTES_MAX 65536 // of one line, without its end
#define WF_CSV_FIELDS_MAX 256       // of one line
#define WF_CSV_COLUMNS_MAX 32       // columns that a reader may ask for

struct wf_csv;

struct wf_csv_column {
    const char *name;
    bool optional; // may be missing; its text is then "" on every line
};

// Opens a file and reads its header. columns is borrowed while the file is open; a column is spoken
// of by its place in it from here on. Columns of the file that are not in it are skipped. The
// caller owns *csv_out. Errors: WF_IO (cannot be read), WF_INVALID (not such a table), WF_NOMEM.
enum wf_status wf_csv_open(const char *path, const struct wf_csv_column *columns, uint32_t count,
                           struct wf_csv **csv_out, struct wf_error *err) WF_MUST_USE;
void wf_csv_close(struct wf_csv *csv);

// Goes to the next line; *row_out is false when there is none. What wf_csv_text returned before is
// gone. Errors: WF_IO, WF_INVALID, WF_LIMIT (a line or its number of fields is past the limit).
enum wf_status wf_csv_next(struct wf_csv *csv, bool *row_out, struct wf_error *err) WF_MUST_USE;

// Number of the current line in the file, from 1.
uint64_t wf_csv_line(const struct wf_csv *csv);

// The field of a column in the current line, borrowed until the next line; never NULL.
const char *wf_csv_text(const struct wf_csv *csv, uint32_t column);

// What a number may be: from 0 to max. limit names the rule that sets max, or is NULL.
struct wf_csv_range {
    int64_t max;
    const char *limit;
};

// Reads a whole number of digits only. A field that is empty, negative, no number or past the range
// is refused.
enum wf_status wf_csv_number(const struct wf_csv *csv, uint32_t column, struct wf_csv_range range,
                             int64_t *number_out, struct wf_error *err) WF_MUST_USE;

// Says what is wrong with a field of the current line: puts the file, the line and the column
// before the printed words.
enum wf_status wf_csv_fail(const struct wf_csv *csv, uint32_t column, struct wf_error *err,
                           enum wf_status status, const char *format, ...) WF_PRINTF(5, 6);

// The same about another line than the current one.
enum wf_status wf_csv_fail_at(const struct wf_csv *csv, uint64_t line, uint32_t column,
                              struct wf_error *err, const char *text);

// See wf_lines_quote.
static inline void wf_csv_quote(const char *text, char *quoted_out, uint32_t size)
{
    wf_lines_quote(text, quoted_out, size);
}
