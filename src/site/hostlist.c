// SPDX-License-Identifier: Apache-2.0
#include "site/hostlist.h"

#include <stdbool.h>
#include <stdio.h>
#include <string.h>

#include "text/csv.h"

enum { NAME_BYTES = WF_SITE_NAME_BYTES_MAX + 1, DIGITS_MAX = 9, BRACKETS_MAX = 3 };

struct hostlist {
    const char *text; // all of it, for sentences
    uint32_t left;    // how many more names there may be
    const struct wf_site_builder *builder;
    wf_hostlist_take *take;
    void *context;
    const char *end;       // of the item that is being spread
    char name[NAME_BYTES]; // as far as it is made
};

static enum wf_status fail(const struct hostlist *list, struct wf_error *err, const char *why)
{
    char quoted[64];
    wf_csv_quote(list->text, quoted, sizeof quoted);
    return wf_site_fail(list->builder, err, WF_INVALID, "'%s' is no list of nodes: %s", quoted,
                        why);
}

// Reads digits; *digits_out is how many there are, zeros in front counted.
static bool take_number(const char **at, uint32_t *number_out, uint32_t *digits_out)
{
    uint32_t number = 0;
    uint32_t digits = 0;
    for (; **at >= '0' && **at <= '9' && digits <= DIGITS_MAX; ++*at, digits++) {
        number = number * 10 + (uint32_t)(**at - '0');
    }
    *number_out = number;
    *digits_out = digits;
    return digits > 0 && digits <= DIGITS_MAX;
}

static enum wf_status expand(struct hostlist *list, size_t length, const char *at, unsigned depth,
                             struct wf_error *err);

// One "001-016" between brackets; the rest of the name begins behind them, at rest.
static enum wf_status expand_range(struct hostlist *list, size_t length, const char **at,
                                   const char *rest, unsigned depth, struct wf_error *err)
{
    uint32_t from;
    uint32_t digits;
    uint32_t to_digits;
    if (!take_number(at, &from, &digits)) {
        return fail(list, err, "a range must be of numbers of up to nine digits, as in [001-016]");
    }
    uint32_t to = from;
    if (**at == '-') {
        ++*at;
        if (!take_number(at, &to, &to_digits)) {
            return fail(list, err, "a range has no end");
        }
    }
    if (to < from) {
        return fail(list, err, "a range ends before it begins");
    }
    enum wf_status status = WF_OK;
    for (uint32_t number = from; number <= to && status == WF_OK; number++) {
        size_t more =
            (size_t)snprintf(list->name + length, NAME_BYTES - length, "%0*u", (int)digits, number);
        if (length + more >= NAME_BYTES) {
            return fail(list, err, "a name is too long");
        }
        status = expand(list, length + more, rest, depth + 1, err);
    }
    return status;
}

// Appends what is left of one name, and takes each name that its brackets make.
static enum wf_status expand(struct hostlist *list, size_t length, const char *at, unsigned depth,
                             struct wf_error *err)
{
    for (; at < list->end && *at != '['; at++) {
        if (length + 1 >= NAME_BYTES) {
            return fail(list, err, "a name is too long");
        }
        list->name[length++] = *at;
    }
    if (at == list->end) {
        list->name[length] = '\0';
        if (list->left == 0) {
            return wf_site_fail(list->builder, err, WF_LIMIT,
                                "there are more than %d nodes, the limit WF_SITE_NODES_MAX",
                                WF_SITE_NODES_MAX);
        }
        list->left--;
        return list->take(list->context, list->name, err);
    }
    if (depth == BRACKETS_MAX) {
        return fail(list, err, "a name has more than three brackets");
    }
    const char *close = memchr(at, ']', (size_t)(list->end - at));
    enum wf_status status = WF_OK;
    do {
        at++;
        status = expand_range(list, length, &at, close + 1, depth, err);
    } while (status == WF_OK && *at == ',');
    if (status == WF_OK && at != close) {
        return fail(list, err, "between brackets stand numbers, '-' and ','");
    }
    return status;
}

enum wf_status wf_hostlist_read(const struct wf_site_builder *builder, const char *text,
                                wf_hostlist_take *take, void *context, struct wf_error *err)
{
    struct hostlist list = {.text = text,
                            .left = WF_SITE_NODES_MAX,
                            .builder = builder,
                            .take = take,
                            .context = context};
    for (const char *at = text;; at++) {
        const char *end = at;
        bool inside = false;
        for (; *end && (inside || *end != ','); end++) {
            if (*end == (inside ? '[' : ']') || (unsigned char)*end <= ' ') {
                return fail(&list, err, "a bracket or a space stands where none may");
            }
            inside = *end == '[' || (inside && *end != ']');
        }
        if (inside) {
            return fail(&list, err, "a bracket is not closed");
        }
        if (end == at) {
            return fail(&list, err, "a name is missing");
        }
        list.end = end;
        enum wf_status status = expand(&list, 0, at, 0, err);
        if (status != WF_OK || *end == '\0') {
            return status;
        }
        at = end;
    }
}
