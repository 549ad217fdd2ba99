// SPDX-License-Identifier: Apache-2.0
#include "sim/rerun/outages.h"

#include <stdlib.h>
#include <string.h>

#include "base/names.h"
#include "sim/history/table.h"
#include "sim/history/text.h"
#include "text/source.h"

enum column { NODE, FROM, UNTIL, STATE, COLUMNS };
static const char *const columns[COLUMNS] = {
    [NODE] = "NodeName",
    [FROM] = "TimeStart",
    [UNTIL] = "TimeEnd",
    [STATE] = "State",
};

struct reader {
    const struct wf_site *site;
    struct wf_names *nodes; // of the site
    struct wf_table table;
    struct wf_outages *outages;
    uint32_t capacity;
};

static bool has(const char *text, const char *word)
{
    for (; *text; text++) {
        if (wf_text_begins(text, word)) {
            return true;
        }
    }
    return false;
}

static enum wf_status add(struct reader *reader, struct wf_outage_change change,
                          struct wf_error *err)
{
    struct wf_outages *outages = reader->outages;
    if (outages->count == reader->capacity) {
        uint32_t capacity = reader->capacity * 2 + 256;
        struct wf_outage_change *grown =
            capacity <= WF_OUTAGES_MAX ? realloc(outages->list, capacity * sizeof *grown) : NULL;
        if (!grown) {
            return wf_fail(err, WF_LIMIT, "there is no room for more than %u outages",
                           outages->count);
        }
        outages->list = grown;
        reader->capacity = capacity;
    }
    outages->list[outages->count++] = change;
    return WF_OK;
}

// A state that lets a node take work, such as that of the whole cluster when it was registered.
static bool is_well(const char *state)
{
    return !has(state, "DOWN") && !has(state, "DRAIN") && !has(state, "FAIL") &&
           !has(state, "NO_RESPOND");
}

static enum wf_status take_line(struct reader *reader, char *line, struct wf_error *err)
{
    struct wf_table *table = &reader->table;
    enum wf_status status = wf_table_split(table, line, COLUMNS, err);
    if (status != WF_OK) {
        return status;
    }
    const char *name = wf_table_text(table, NODE);
    const char *state = wf_table_text(table, STATE);
    const char *until = wf_table_text(table, UNTIL);
    int64_t from_ms, until_ms = WF_TIME_UNKNOWN;
    if (name[0] == '\0' || is_well(state)) {
        return WF_OK;
    }
    if (!wf_text_time(wf_table_text(table, FROM), &from_ms)) {
        return wf_table_fail(table, FROM, "no time", err);
    }
    if (strcmp(until, "Unknown") != 0 && !wf_text_time(until, &until_ms)) {
        return wf_table_fail(table, UNTIL, "no time", err);
    }
    uint32_t known = wf_names_find(reader->nodes, name);
    reader->outages->strange += known == UINT32_MAX;
    for (uint32_t i = 0; i < reader->site->node_count && known != UINT32_MAX; i++) {
        if (strcmp(reader->site->nodes[i].name, name) != 0) {
            continue;
        }
        struct wf_outage_change change = {
            .at_ms = from_ms, .node = i, .away = true, .drains = !has(state, "DOWN")};
        status = add(reader, change, err);
        if (status == WF_OK && until_ms != WF_TIME_UNKNOWN) {
            change.at_ms = until_ms > from_ms ? until_ms : from_ms;
            change.away = false;
            status = add(reader, change, err);
        }
        if (status != WF_OK) {
            return status;
        }
    }
    return WF_OK;
}

static enum wf_status take_all(struct reader *reader, char *text, const char *shown,
                               struct wf_error *err)
{
    struct wf_table *table = &reader->table;
    *table = (struct wf_table){.columns = columns, .column_count = COLUMNS, .separator = '|'};
    uint64_t number = 0;
    for (char *line = text, *next; line; line = next) {
        next = strchr(line, '\n');
        if (next) {
            *next++ = '\0';
        }
        line[strcspn(line, "\r")] = '\0';
        number++;
        enum wf_status status = WF_OK;
        if (line[0] != '\0' && table->header_fields == 0) {
            status = wf_table_head(table, line, err);
            for (uint32_t i = 0; i < COLUMNS && status == WF_OK; i++) {
                status = wf_table_has(table, i)
                             ? WF_OK
                             : wf_fail(err, WF_NOTFOUND, "the header lacks %s", columns[i]);
            }
        } else if (line[0] != '\0') {
            status = take_line(reader, line, err);
        }
        if (status != WF_OK) {
            return wf_error_prefix(err, status, "%s, line %llu: ", shown,
                                   (unsigned long long)number);
        }
    }
    return WF_OK;
}

static int compare(const void *left, const void *right)
{
    const struct wf_outage_change *a = left, *b = right;
    if (a->at_ms != b->at_ms) {
        return a->at_ms < b->at_ms ? -1 : 1;
    }
    if (a->away != b->away) {
        return a->away ? 1 : -1;
    }
    return (a->node > b->node) - (a->node < b->node);
}

enum wf_status wf_outages_read(const char *path, const struct wf_site *site,
                               struct wf_outages *outages_out, struct wf_error *err)
{
    struct wf_source source;
    *outages_out = (struct wf_outages){0};
    struct reader reader = {.site = site, .outages = outages_out};
    enum wf_status status = wf_source_read(path, &source, err);
    if (status != WF_OK) {
        return status;
    }
    status = wf_names_create(&reader.nodes, err);
    for (uint32_t i = 0; i < site->node_count && status == WF_OK; i++) {
        uint32_t number;
        const char *name = site->nodes[i].name;
        status = wf_names_add(reader.nodes, name, strlen(name), &number, err);
    }
    status = status == WF_OK ? take_all(&reader, source.text, source.shown, err) : status;
    if (status == WF_OK && outages_out->count > 0) {
        qsort(outages_out->list, outages_out->count, sizeof *outages_out->list, compare);
    }
    wf_names_destroy(reader.nodes);
    wf_source_finish(&source);
    if (status != WF_OK) {
        wf_outages_finish(outages_out);
    }
    return status;
}

void wf_outages_finish(struct wf_outages *outages)
{
    free(outages->list);
    *outages = (struct wf_outages){0};
}
