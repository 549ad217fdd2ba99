// SPDX-License-Identifier: GPL-3.0-or-later
// slurm/hosts.h without libslurm. A list that cannot be read, or names more than HOSTS_MAX, has
// none.
#include "slurm/hosts.h"

#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/assert.h"
#include "slurm/line.h"

#define HOSTS_MAX 100000
#define NAME_BYTES 256

struct hosts {
    char **names;
    size_t count, room;
    bool broken;
};

static void add(struct hosts *hosts, const char *name)
{
    if (hosts->count == HOSTS_MAX) {
        hosts->broken = true;
        return;
    }
    if (hosts->count == hosts->room) {
        hosts->room = hosts->room * 2 + 16;
        hosts->names = realloc(hosts->names, hosts->room * sizeof(*hosts->names));
        WF_ASSERT(hosts->names != NULL);
    }
    hosts->names[hosts->count] = strdup(name);
    WF_ASSERT(hosts->names[hosts->count++] != NULL);
}

static void finish(struct hosts *hosts)
{
    for (size_t i = 0; i < hosts->count; i++) {
        free(hosts->names[i]);
    }
    free(hosts->names);
    *hosts = (struct hosts){0};
}

static size_t digits(const char *text)
{
    return strspn(text, "0123456789");
}

static void expand(struct hosts *hosts, const char *made, const char *rest, size_t length);

// "1-3,07" between brackets, each in front of what follows them.
static void expand_ranges(struct hosts *hosts, const char *made, const char *ranges,
                          const char *rest, size_t length)
{
    char name[NAME_BYTES];

    while (!hosts->broken) {
        const size_t width = digits(ranges);
        uint64_t first = width > 0 && width < 18 ? strtoull(ranges, NULL, 10) : 1, last = first;
        ranges += width;
        hosts->broken = width == 0 || width > 17;
        if (*ranges == '-') {
            const size_t more = digits(++ranges);
            hosts->broken |= more == 0 || more > 17;
            last = more > 0 && more < 18 ? strtoull(ranges, NULL, 10) : 0;
            ranges += more;
        }
        hosts->broken |= last < first || (*ranges != ',' && *ranges != ']');
        for (; first <= last && !hosts->broken; first++) {
            const int size = snprintf(name, sizeof(name), "%s%0*" PRIu64, made, (int)width, first);
            hosts->broken |= size < 0 || (size_t)size >= sizeof(name);
            expand(hosts, name, rest, length);
        }
        if (*ranges++ == ']') {
            return;
        }
    }
}

// made is what has been put together so far, rest what is left of the entry.
static void expand(struct hosts *hosts, const char *made, const char *rest, size_t length)
{
    char name[NAME_BYTES];
    const char *const open = memchr(rest, '[', length);
    const size_t plain = open != NULL ? (size_t)(open - rest) : length;

    if (hosts->broken || strlen(made) + plain >= sizeof(name)) {
        hosts->broken = true;
        return;
    }
    snprintf(name, sizeof(name), "%s%.*s", made, (int)plain, rest);
    if (open == NULL) {
        add(hosts, name);
        return;
    }
    const char *const close = memchr(open, ']', length - plain);
    if (close == NULL) {
        hosts->broken = true;
        return;
    }
    expand_ranges(hosts, name, open + 1, close + 1, length - (size_t)(close + 1 - rest));
}

static struct hosts read_list(const char *list)
{
    struct hosts hosts = {0};

    while (list != NULL && *list != '\0' && !hosts.broken) {
        size_t length = 0;
        bool inside = false;
        for (; list[length] != '\0' && (inside || list[length] != ','); length++) {
            inside = list[length] == '[' || (inside && list[length] != ']');
        }
        if (length > 0) {
            expand(&hosts, "", list, length);
        }
        list += length;
        list += *list == ',';
    }
    if (hosts.broken) {
        finish(&hosts);
    }
    return hosts;
}

// A name is what stands before its last number, and that number.
static size_t stem(const char *name)
{
    size_t length = strlen(name);

    while (length > 0 && name[length - 1] >= '0' && name[length - 1] <= '9') {
        length--;
    }
    return strlen(name) - length > 17 ? strlen(name) : length;
}

// By stem, then by how wide the number is written, then by the number.
static int compare(const void *one, const void *two)
{
    const char *const a = *(char *const *)one, *const b = *(char *const *)two;
    const size_t stem_a = stem(a), stem_b = stem(b);
    const int order = strncmp(a, b, stem_a < stem_b ? stem_a : stem_b);

    if (order != 0 || stem_a != stem_b) {
        return order != 0 ? order : stem_a < stem_b ? -1 : 1;
    }
    const size_t width_a = strlen(a), width_b = strlen(b);
    return width_a != width_b ? (width_a < width_b ? -1 : 1) : strcmp(a, b);
}

static void sort(struct hosts *hosts)
{
    size_t kept = 0;

    if (hosts->count > 0) {
        qsort(hosts->names, hosts->count, sizeof(*hosts->names), compare);
    }
    for (size_t i = 0; i < hosts->count; i++) {
        if (kept > 0 && strcmp(hosts->names[kept - 1], hosts->names[i]) == 0) {
            free(hosts->names[i]);
        } else {
            hosts->names[kept++] = hosts->names[i];
        }
    }
    hosts->count = kept;
}

// Whether b's number is the one after a's, with the same stem and written as wide, or without
// zeros.
static bool follows(const char *a, const char *b)
{
    const size_t length = stem(a);

    return length == stem(b) && a[length] != '\0' && strncmp(a, b, length) == 0 &&
           (strlen(a) == strlen(b) || (a[length] != '0' && b[length] != '0')) &&
           strtoull(a + length, NULL, 10) + 1 == strtoull(b + length, NULL, 10);
}

static bool shares_stem(const char *a, const char *b)
{
    const size_t length = stem(a);

    return a[length] != '\0' && b[stem(b)] != '\0' && length == stem(b) &&
           strncmp(a, b, length) == 0;
}

// Prints those of one stem, from i on; returns where the next begin.
static size_t print_stem(FILE *out, const struct hosts *hosts, size_t i)
{
    const char *const first = hosts->names[i];
    const size_t length = stem(first);
    size_t end = i + 1;

    while (end < hosts->count && shares_stem(first, hosts->names[end])) {
        end++;
    }
    if (end == i + 1) {
        fputs(first, out);
        return end;
    }
    fprintf(out, "%.*s[", (int)length, first);
    for (size_t from = i; from < end;) {
        size_t to = from;
        while (to + 1 < end && follows(hosts->names[to], hosts->names[to + 1])) {
            to++;
        }
        fprintf(out, "%s%s", from > i ? "," : "", hosts->names[from] + length);
        if (to > from) {
            fprintf(out, "-%s", hosts->names[to] + length);
        }
        from = to + 1;
    }
    fputc(']', out);
    return end;
}

static char *print_sorted(struct hosts *hosts)
{
    char *text = NULL;
    size_t length = 0;

    sort(hosts);
    if (hosts->count == 0) {
        finish(hosts);
        return NULL;
    }
    FILE *out = open_memstream(&text, &length);
    WF_ASSERT(out != NULL);
    for (size_t i = 0; i < hosts->count;) {
        fputs(i > 0 ? "," : "", out);
        i = print_stem(out, hosts, i);
    }
    WF_ASSERT(fclose(out) == 0);
    finish(hosts);
    return text;
}

json_t *wf_hosts_names(const char *list)
{
    struct hosts hosts = read_list(list);
    json_t *names = json_array();

    WF_ASSERT(names != NULL);
    for (size_t i = 0; i < hosts.count; i++) {
        WF_ASSERT(json_array_append_new(
                      names, wf_line_string(hosts.names[i], strlen(hosts.names[i]))) == 0);
    }
    finish(&hosts);
    return names;
}

char *wf_hosts_pack(const json_t *names)
{
    struct hosts hosts = {0};
    size_t i;
    const json_t *name;

    for (i = 0; (name = json_array_get(names, i)) != NULL; i++) {
        add(&hosts, json_string_value(name));
    }
    return print_sorted(&hosts);
}

char *wf_hosts_sorted(const char *list)
{
    struct hosts hosts = read_list(list);

    return print_sorted(&hosts);
}

uint32_t wf_hosts_count(const char *list)
{
    struct hosts hosts = read_list(list);
    const size_t count = hosts.count;

    finish(&hosts);
    return (uint32_t)count;
}

bool wf_hosts_same(const char *list, const char *other)
{
    char *const one = wf_hosts_sorted(list), *const two = wf_hosts_sorted(other);
    const bool same = one == NULL || two == NULL ? one == two : strcmp(one, two) == 0;

    free(one);
    free(two);
    return same;
}

static bool have(const char *list, const char *others, bool all)
{
    struct hosts hosts = read_list(list), wanted = read_list(others);
    bool found = all;

    sort(&hosts);
    for (size_t i = 0; i < wanted.count && found == all; i++) {
        found = hosts.count > 0 && bsearch(&wanted.names[i], hosts.names, hosts.count,
                                           sizeof(*hosts.names), compare) != NULL;
    }
    finish(&hosts);
    finish(&wanted);
    return found;
}

bool wf_hosts_have_all(const char *list, const char *others)
{
    return have(list, others, true);
}

bool wf_hosts_have_any(const char *list, const char *others)
{
    return have(list, others, false);
}
