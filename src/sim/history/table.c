// SPDX-License-Identifier: Apache-2.0
#include "sim/history/table.h"

#include <string.h>

#include "base/assert.h"
#include "sim/history/text.h"
#include "text/lines.h"

enum { QUOTE_SHOWN = 48 };

// Cuts a line at its separators, at most fields_max times.
static bool cut(struct wf_table *table, char *line, uint32_t fields_max)
{
    table->field_count = 0;
    for (char *at = line;; *at++ = '\0') {
        table->fields[table->field_count++] = at;
        at = strchr(at, table->separator);
        if (!at) {
            return true;
        }
        if (table->field_count == fields_max) {
            return false; // the last field goes on to the end of the line
        }
    }
}

enum wf_status wf_table_head(struct wf_table *table, char *line, struct wf_error *err)
{
    WF_ASSERT(table->column_count <= WF_TABLE_COLUMNS_MAX);
    if (!cut(table, line, WF_TABLE_FIELDS_MAX)) {
        return wf_fail(err, WF_NOTFOUND, "the header has more than %d fields", WF_TABLE_FIELDS_MAX);
    }
    for (uint32_t column = 0; column < table->column_count; column++) {
        table->field_of[column] = UINT32_MAX;
        for (uint32_t field = 0; field < table->field_count; field++) {
            if (!wf_text_same(table->fields[field], table->columns[column])) {
                continue;
            }
            if (table->field_of[column] != UINT32_MAX) {
                return wf_fail(err, WF_NOTFOUND, "the header has %s twice", table->columns[column]);
            }
            table->field_of[column] = field;
        }
    }
    table->header_fields = table->field_count;
    return WF_OK;
}

enum wf_status wf_table_split(struct wf_table *table, char *line, uint32_t rest,
                              struct wf_error *err)
{
    WF_ASSERT(table->header_fields > 0);
    uint32_t most = WF_TABLE_FIELDS_MAX;
    bool open = rest < table->column_count && table->field_of[rest] == table->header_fields - 1;
    if (open) {
        most = table->header_fields;
    }
    bool whole = cut(table, line, most);
    if (!whole && !open) {
        return wf_fail(err, WF_INVALID, "the line has more than %u fields, the header has %u", most,
                       table->header_fields);
    }
    if (table->field_count != table->header_fields) {
        return wf_fail(err, WF_INVALID, "the line has %u fields, the header has %u",
                       table->field_count, table->header_fields);
    }
    return WF_OK;
}

bool wf_table_has(const struct wf_table *table, uint32_t column)
{
    return table->field_of[column] != UINT32_MAX;
}

const char *wf_table_text(const struct wf_table *table, uint32_t column)
{
    uint32_t field = table->field_of[column];
    return field == UINT32_MAX ? "" : table->fields[field];
}

enum wf_status wf_table_fail(const struct wf_table *table, uint32_t column, const char *what,
                             struct wf_error *err)
{
    char quoted[QUOTE_SHOWN];
    wf_lines_quote(wf_table_text(table, column), quoted, sizeof quoted);
    return wf_fail(err, WF_INVALID, "%s '%s' is %s", table->columns[column], quoted, what);
}

enum wf_status wf_table_whole(const struct wf_table *table, uint32_t column, int64_t max,
                              int64_t *number_out, struct wf_error *err)
{
    char what[64];
    if (wf_text_whole(wf_table_text(table, column), max, number_out)) {
        return WF_OK;
    }
    snprintf(what, sizeof what, "no whole number from 0 to %lld", (long long)max);
    return wf_table_fail(table, column, what, err);
}
