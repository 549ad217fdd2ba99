// SPDX-License-Identifier: Apache-2.0
// Ansible's ranges in names: "ws-[01:10]", "rack-[a:f]-[1:9:2]".
#include <string.h>

#include "hags/inventory_build.h"
#include "text/decimal.h"

enum { NAME_BYTES = 512, RANGES_MAX = 4 };

struct range {
    int64_t first, last, step;
    uint32_t digits; // 0: letters
};

struct expansion {
    enum wf_status (*visit)(void *context, const char *name, struct wf_error *err);
    void *context;
    const char *pattern;
    uint32_t made;
};

static bool read_bound(const char *text, size_t length, int64_t *number_out)
{
    char digits[20];
    if (length == 0 || length >= sizeof digits) {
        return false;
    }
    memcpy(digits, text, length);
    digits[length] = '\0';
    return wf_decimal_read(digits, 0, 1000000000, number_out) == WF_DECIMAL_READ;
}

static bool is_letter(char letter)
{
    return (letter >= 'a' && letter <= 'z') || (letter >= 'A' && letter <= 'Z');
}

// inside: what stands between the brackets.
static bool read_range(const char *inside, size_t length, struct range *range)
{
    size_t first = strcspn(inside, ":]");
    if (first >= length) {
        return false;
    }
    const char *second = inside + first + 1;
    size_t second_length = strcspn(second, ":]");
    const char *third = second + second_length;
    *range = (struct range){.step = 1};
    if (*third == ':' &&
        (!read_bound(third + 1, strcspn(third + 1, "]"), &range->step) || range->step == 0)) {
        return false;
    }
    if (first == 1 && second_length == 1 && is_letter(*inside) && is_letter(*second)) {
        range->first = (unsigned char)*inside;
        range->last = (unsigned char)*second;
        return range->first <= range->last;
    }
    range->digits = inside[0] == '0' && first > 1 ? (uint32_t)first : 1;
    return read_bound(inside, first, &range->first) &&
           read_bound(second, second_length, &range->last) && range->first <= range->last;
}

static enum wf_status expand(struct expansion *expansion, const char *name, uint32_t depth,
                             struct wf_error *err);

static enum wf_status expand_range(struct expansion *expansion, const char *name, const char *open,
                                   uint32_t depth, struct wf_error *err)
{
    struct range range;
    const char *close = strchr(open, ']');
    if (!close || depth >= RANGES_MAX ||
        !read_range(open + 1, (size_t)(close - open - 1), &range)) {
        return wf_fail(err, WF_INVALID, "'%.60s' is no range of names, such as ws-[01:10]",
                       expansion->pattern);
    }
    enum wf_status status = WF_OK;
    for (int64_t at = range.first; at <= range.last && status == WF_OK; at += range.step) {
        char made[NAME_BYTES];
        char middle[24];
        if (range.digits > 0) {
            snprintf(middle, sizeof middle, "%0*lld", (int)range.digits, (long long)at);
        } else {
            snprintf(middle, sizeof middle, "%c", (int)at);
        }
        snprintf(made, sizeof made, "%.*s%s%s", (int)(open - name), name, middle, close + 1);
        status = expand(expansion, made, depth + 1, err);
    }
    return status;
}

static enum wf_status expand(struct expansion *expansion, const char *name, uint32_t depth,
                             struct wf_error *err)
{
    const char *open = strchr(name, '[');
    if (open) {
        return expand_range(expansion, name, open, depth, err);
    }
    if (++expansion->made > WF_INVENTORY_HOSTS_MAX) {
        return wf_fail(err, WF_LIMIT, "'%.60s' names more than %d hosts", expansion->pattern,
                       WF_INVENTORY_HOSTS_MAX);
    }
    return expansion->visit(expansion->context, name, err);
}

enum wf_status wf_inventory_range(const char *pattern,
                                  enum wf_status (*visit)(void *context, const char *name,
                                                          struct wf_error *err),
                                  void *context, struct wf_error *err)
{
    struct expansion expansion = {visit, context, pattern, 0};
    if (strlen(pattern) >= NAME_BYTES - 96) {
        return wf_fail(err, WF_INVALID, "the name of a host is too long");
    }
    return expand(&expansion, pattern, 0, err);
}
