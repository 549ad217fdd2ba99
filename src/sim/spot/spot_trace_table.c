// SPDX-License-Identifier: Apache-2.0
// Tables of what happened to many machines, made into ticks of a minute.
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "sim/spot/spot_trace_parts.h"

enum { TICK_S = 60, GAP_S_MAX = 1800, LINE_BYTES = 128 };

// Copies the next line that is not empty; false at the end. A line that is too long is cut, and
// then is no line of these tables.
static bool next_line(const char **at, uint32_t *number, char line[LINE_BYTES])
{
    while (**at) {
        size_t length = strcspn(*at, "\n");
        size_t kept = length < LINE_BYTES - 1 ? length : LINE_BYTES - 1;
        memcpy(line, *at, kept);
        line[kept] = 0;
        *at += length + ((*at)[length] == '\n');
        ++*number;
        if (strspn(line, " \r\t") < kept) {
            return true;
        }
    }
    return false;
}

// The number that a field is, all of it; -1: none.
static int64_t whole(const char *field, int64_t max)
{
    field += strspn(field, " ");
    size_t digits = strspn(field, "0123456789");
    size_t rest = digits + strspn(field + digits, " \r");
    if (digits == 0 || digits > 15 || field[rest] != 0) {
        return -1;
    }
    int64_t number = strtoll(field, NULL, 10);
    return number <= max ? number : -1;
}

// Splits at commas; returns how many fields there are, at most max + 1.
static uint32_t split(char *line, char **fields, uint32_t max)
{
    uint32_t count = 0;
    for (char *at = line; at && count <= max; count++) {
        char *comma = strchr(at, ',');
        if (count < max) {
            fields[count] = at;
        }
        if (comma) {
            *comma++ = 0;
        }
        at = comma;
    }
    return count;
}

static enum wf_status fill_until(const char *name, struct wf_spot_trace *trace, int64_t second,
                                 uint32_t count, struct wf_error *err)
{
    enum wf_status status = WF_OK;
    while ((int64_t)trace->ticks * TICK_S < second && status == WF_OK) {
        status = wf_spot_trace_add(name, trace, count, err);
    }
    return status;
}

enum wf_status wf_spot_trace_events(const char *name, const char *text, struct wf_spot_trace *trace,
                                    struct wf_error *err)
{
    char line[LINE_BYTES];
    char *fields[3] = {NULL, NULL, NULL};
    uint32_t number = 0, count = 0;
    int64_t last_ms = 0;
    enum wf_status status = WF_OK;
    trace->tick_s = TICK_S;
    while (status == WF_OK && next_line(&text, &number, line)) {
        uint32_t found = split(line, fields, 3);
        int64_t ms = whole(fields[0], INT64_C(1000) * WF_SPOT_TRACE_TICKS_MAX);
        bool adds = found == 3 && strcmp(fields[1], "add") == 0;
        if (ms < last_ms) {
            return wf_fail(err, WF_INVALID,
                           "%s: line %u: field 1, milliseconds, is '%.20s'; it must be a number "
                           "that does not go back",
                           name, number, fields[0]);
        }
        if (found != 3 || (!adds && strcmp(fields[1], "remove") != 0)) {
            return wf_fail(err, WF_INVALID, "%s: line %u: field 2 must be add or remove", name,
                           number);
        }
        if (!adds && count == 0) {
            return wf_fail(err, WF_INVALID, "%s: line %u: field 2 removes a node, there is none",
                           name, number);
        }
        status = fill_until(name, trace, ms / 1000, count, err);
        count = adds ? count + 1 : count - 1;
        last_ms = ms;
    }
    return status == WF_OK ? wf_spot_trace_add(name, trace, count, err) : status;
}

struct sample {
    int64_t second;
    uint32_t count, line;
};

// Days since some day long ago, by the proleptic Gregorian calendar.
static int64_t day_number(int64_t year, int64_t month, int64_t day)
{
    year -= month <= 2;
    int64_t shifted = month + (month > 2 ? -3 : 9);
    return 365 * year + year / 4 - year / 100 + year / 400 + (153 * shifted + 2) / 5 + day;
}

static int by_second(const void *left, const void *right)
{
    const struct sample *a = left, *b = right;
    if (a->second != b->second) {
        return a->second < b->second ? -1 : 1;
    }
    return a->line < b->line ? -1 : a->line > b->line;
}

static enum wf_status read_sample(const char *name, char *line, uint32_t number,
                                  struct sample *sample_out, struct wf_error *err)
{
    char *fields[3] = {NULL, NULL, NULL};
    unsigned part[6];
    char rest = 0;
    uint32_t found = split(line, fields, 3);
    if (found != 3 ||
        sscanf(fields[0], " %4u-%2u-%2u %c", &part[0], &part[1], &part[2], &rest) != 3 ||
        part[1] < 1 || part[1] > 12 || part[2] < 1 || part[2] > 31) {
        return wf_fail(err, WF_INVALID, "%s: line %u: field 1 must be a date like 2021-12-10", name,
                       number);
    }
    if (sscanf(fields[1], " %2u:%2u:%2u %c", &part[3], &part[4], &part[5], &rest) != 3 ||
        part[3] > 23 || part[4] > 59 || part[5] > 60) {
        return wf_fail(err, WF_INVALID, "%s: line %u: field 2 must be a time like 13:07:45", name,
                       number);
    }
    int64_t count = whole(fields[2], WF_SPOT_COUNT_MAX);
    if (count < 0) {
        return wf_fail(err, WF_INVALID,
                       "%s: line %u: field 3 is '%.20s'; it must be a number of machines, 0 to %d",
                       name, number, fields[2], WF_SPOT_COUNT_MAX);
    }
    int64_t days = day_number(part[0], part[1], part[2]);
    sample_out->second = days * 86400 + (int64_t)part[3] * 3600 + (int64_t)part[4] * 60 + part[5];
    sample_out->count = (uint32_t)count;
    sample_out->line = number;
    return WF_OK;
}

static enum wf_status make_ticks(const char *name, struct sample *samples, size_t count,
                                 struct wf_spot_trace *trace, struct wf_error *err)
{
    qsort(samples, count, sizeof *samples, by_second);
    enum wf_status status = WF_OK;
    for (size_t i = 0; i < count && status == WF_OK; i++) {
        if (i > 0 && samples[i].second - samples[i - 1].second > GAP_S_MAX) {
            return wf_fail(err, WF_INVALID,
                           "%s: line %u: field 2 comes %lld s after the time before: a gap of more "
                           "than %d s, of which nothing is known",
                           name, samples[i].line,
                           (long long)(samples[i].second - samples[i - 1].second), GAP_S_MAX);
        }
        uint32_t before = samples[i > 0 ? i - 1 : 0].count;
        status = fill_until(name, trace, samples[i].second - samples[0].second, before, err);
    }
    return status == WF_OK ? wf_spot_trace_add(name, trace, samples[count - 1].count, err) : status;
}

enum wf_status wf_spot_trace_counts(const char *name, const char *text, struct wf_spot_trace *trace,
                                    struct wf_error *err)
{
    char line[LINE_BYTES];
    uint32_t number = 0;
    size_t count = 0;
    size_t most = 1;
    for (const char *c = text; *c; c++) {
        most += *c == '\n';
    }
    struct sample *samples = calloc(most, sizeof *samples);
    enum wf_status status = WF_OK;
    if (!samples) {
        return wf_fail(err, WF_NOMEM, "%s: no memory for %zu lines", name, most);
    }
    while (status == WF_OK && next_line(&text, &number, line)) {
        status = read_sample(name, line, number, &samples[count++], err);
    }
    trace->tick_s = TICK_S;
    if (status == WF_OK) {
        status = count > 0 ? make_ticks(name, samples, count, trace, err)
                           : wf_fail(err, WF_INVALID, "%s: line 1: there is no line", name);
    }
    free(samples);
    return status;
}
