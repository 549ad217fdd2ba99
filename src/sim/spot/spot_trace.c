// SPDX-License-Identifier: Apache-2.0
#include "sim/spot/spot_trace.h"

#include <dirent.h>
#include <errno.h>
#include <limits.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>

#include "sim/spot/spot_trace_parts.h"

#define FILE_BYTES_MAX (256L << 20)
enum { FILES_MAX = 64 };

enum wf_status wf_spot_trace_add(const char *name, struct wf_spot_trace *trace, uint32_t count,
                                 struct wf_error *err)
{
    if (trace->ticks == WF_SPOT_TRACE_TICKS_MAX) {
        return wf_fail(err, WF_LIMIT, "%s has more than %d ticks", name, WF_SPOT_TRACE_TICKS_MAX);
    }
    // Grows whenever the number of ticks is a power of two.
    if ((trace->ticks & (trace->ticks - 1)) == 0) {
        size_t room = trace->ticks ? (size_t)trace->ticks * 2 : 1;
        uint32_t *counts = realloc(trace->counts, room * sizeof *counts);
        if (!counts) {
            return wf_fail(err, WF_NOMEM, "%s: no memory for its ticks", name);
        }
        trace->counts = counts;
    }
    trace->counts[trace->ticks++] = count;
    trace->count_max = count > trace->count_max ? count : trace->count_max;
    return WF_OK;
}

void wf_spot_trace_finish(struct wf_spot_trace *trace)
{
    if (trace) {
        free(trace->counts);
        *trace = (struct wf_spot_trace){0};
    }
}

static bool holds(const char *line, size_t length, const char *word)
{
    const char *found = strstr(line, word);
    return found && found < line + length;
}

enum wf_status wf_spot_trace_parse(const char *name, const char *text, size_t length,
                                   struct wf_spot_trace *trace_out, struct wf_error *err)
{
    *trace_out = (struct wf_spot_trace){0};
    if (length > (size_t)FILE_BYTES_MAX) {
        return wf_fail(err, WF_LIMIT, "%s has more than %ld bytes", name, FILE_BYTES_MAX);
    }
    char *copy = malloc(length + 1);
    if (!copy) {
        return wf_fail(err, WF_NOMEM, "%s: no memory for its %zu bytes", name, length);
    }
    if (length > 0) {
        memcpy(copy, text, length);
    }
    copy[length] = 0;
    const char *base = strrchr(name, '/');
    base = base ? base + 1 : name;
    snprintf(trace_out->name, sizeof trace_out->name, "%.*s", (int)strcspn(base, "."), base);
    enum wf_status status;
    const char *first = copy + strspn(copy, " \r\n\t");
    size_t line = strcspn(first, "\n");
    if (strlen(copy) != length) {
        status = wf_fail(err, WF_INVALID, "%s: line 1: there is a 0 byte", name);
    } else if (*first == '{') {
        status = wf_spot_trace_json(name, copy, trace_out, err);
    } else if (holds(first, line, ",add,") || holds(first, line, ",remove,")) {
        status = wf_spot_trace_events(name, copy, trace_out, err);
    } else {
        status = wf_spot_trace_counts(name, copy, trace_out, err);
    }
    free(copy);
    if (status != WF_OK) {
        wf_spot_trace_finish(trace_out);
    }
    return status;
}

enum wf_status wf_spot_trace_read(const char *path, struct wf_spot_trace *trace_out,
                                  struct wf_error *err)
{
    *trace_out = (struct wf_spot_trace){0};
    FILE *file = fopen(path, "rb");
    if (!file) {
        return wf_fail(err, WF_IO, "%s cannot be read: %s", path, strerror(errno));
    }
    char *text = NULL;
    size_t length = 0;
    enum wf_status status = WF_OK;
    long size = fseek(file, 0, SEEK_END) == 0 ? ftell(file) : -1;
    if (size < 0 || fseek(file, 0, SEEK_SET) != 0) {
        status = wf_fail(err, WF_IO, "%s cannot be read: it is no plain file", path);
    } else if (size > FILE_BYTES_MAX) {
        status = wf_fail(err, WF_LIMIT, "%s has more than %ld bytes", path, FILE_BYTES_MAX);
    } else {
        text = malloc((size_t)size + 1);
        length = text ? fread(text, 1, (size_t)size, file) : 0;
        status = !text          ? wf_fail(err, WF_NOMEM, "%s: no memory for it", path)
                 : ferror(file) ? wf_fail(err, WF_IO, "%s cannot be read", path)
                                : WF_OK;
    }
    fclose(file);
    if (status == WF_OK) {
        status = wf_spot_trace_parse(path, text, length, trace_out, err);
    }
    free(text);
    return status;
}

static int by_name(const void *left, const void *right)
{
    return strcmp(*(char *const *)left, *(char *const *)right);
}

static enum wf_status add_trace(struct wf_spot_set *set, const char *path, struct wf_error *err)
{
    struct wf_spot_trace *trace = &set->traces[set->count];
    enum wf_status status = wf_spot_trace_read(path, trace, err);
    if (status != WF_OK) {
        return status;
    }
    set->count++;
    set->ticks = set->count == 1 || trace->ticks < set->ticks ? trace->ticks : set->ticks;
    if (trace->tick_s != set->traces[0].tick_s) {
        return wf_fail(err, WF_INVALID,
                       "%s: line 1: metadata.gap_seconds is %u, in %s it is %u; the traces of a "
                       "folder must have ticks of one length",
                       path, trace->tick_s, set->traces[0].name, set->traces[0].tick_s);
    }
    return WF_OK;
}

static enum wf_status list_files(const char *folder, char *names[FILES_MAX], uint32_t *count_out,
                                 struct wf_error *err)
{
    DIR *open = opendir(folder);
    if (!open) {
        return wf_fail(err, WF_IO, "%s cannot be read: %s", folder, strerror(errno));
    }
    enum wf_status status = WF_OK;
    const struct dirent *entry;
    while ((entry = readdir(open)) != NULL) {
        const char *dot = strrchr(entry->d_name, '.');
        if (entry->d_name[0] == '.' || !dot ||
            (strcmp(dot, ".json") != 0 && strcmp(dot, ".csv") != 0)) {
            continue;
        }
        if (*count_out == FILES_MAX) {
            status = wf_fail(err, WF_LIMIT, "%s has more than %d traces", folder, FILES_MAX);
            break;
        }
        names[*count_out] = strdup(entry->d_name);
        if (!names[*count_out]) {
            status = wf_fail(err, WF_NOMEM, "no memory for the names in %s", folder);
            break;
        }
        ++*count_out;
    }
    closedir(open);
    qsort(names, *count_out, sizeof *names, by_name);
    return status;
}

static enum wf_status read_folder(const char *path, struct wf_spot_set *set, struct wf_error *err)
{
    char *names[FILES_MAX];
    uint32_t count = 0;
    enum wf_status status = list_files(path, names, &count, err);
    if (status == WF_OK && count == 0) {
        status = wf_fail(err, WF_INVALID, "%s holds no trace (.json or .csv)", path);
    }
    for (uint32_t i = 0; i < count; i++) {
        char full[PATH_MAX];
        int length = snprintf(full, sizeof full, "%s/%s", path, names[i]);
        if (status == WF_OK) {
            status = length < (int)sizeof full ? add_trace(set, full, err)
                                               : wf_fail(err, WF_IO, "%s is too long a name", path);
        }
        free(names[i]);
    }
    return status;
}

enum wf_status wf_spot_set_read(const char *path, struct wf_spot_set *set_out, struct wf_error *err)
{
    struct stat about;
    *set_out = (struct wf_spot_set){.traces = calloc(FILES_MAX, sizeof *set_out->traces)};
    if (!set_out->traces) {
        return wf_fail(err, WF_NOMEM, "no memory for the traces of %s", path);
    }
    bool is_folder = stat(path, &about) == 0 && S_ISDIR(about.st_mode);
    enum wf_status status =
        is_folder ? read_folder(path, set_out, err) : add_trace(set_out, path, err);
    if (status != WF_OK) {
        wf_spot_set_finish(set_out);
    }
    return status;
}

void wf_spot_set_finish(struct wf_spot_set *set)
{
    for (uint32_t i = 0; set->traces && i < set->count; i++) {
        wf_spot_trace_finish(&set->traces[i]);
    }
    free(set->traces);
    *set = (struct wf_spot_set){0};
}
