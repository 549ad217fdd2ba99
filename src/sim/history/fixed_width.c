// SPDX-License-Identifier: Apache-2.0
#include "sim/history/fixed_width.h"

#include <string.h>

bool wf_fixed_width_is_rule(const char *line)
{
    return strchr(line, '-') && line[strspn(line, "- \r")] == '\0';
}

enum wf_status wf_fixed_width_learn(struct wf_fixed_width *fixed, const char *rule,
                                    struct wf_error *err)
{
    fixed->count = 0;
    for (size_t at = strcspn(rule, "-"); rule[at] == '-'; at += strcspn(rule + at, "-")) {
        size_t width = strspn(rule + at, "-");
        if (fixed->count == WF_FIXED_COLUMNS_MAX) {
            return wf_fail(err, WF_LIMIT, "the table has more than %d columns",
                           WF_FIXED_COLUMNS_MAX);
        }
        fixed->begin[fixed->count] = (uint32_t)at;
        fixed->width[fixed->count++] = (uint32_t)width;
        at += width;
    }
    return WF_OK;
}

void wf_fixed_width_cut(const struct wf_fixed_width *fixed, char separator, char *line)
{
    size_t length = strlen(line);
    char *to = line;
    for (uint32_t i = 0; i < fixed->count; i++) {
        size_t begin = fixed->begin[i] < length ? fixed->begin[i] : length;
        size_t end = i + 1 < fixed->count ? (size_t)fixed->begin[i] + fixed->width[i] : length;
        end = end < length ? end : length;
        while (begin < end && line[begin] == ' ') {
            begin++;
        }
        while (end > begin && (line[end - 1] == ' ' || line[end - 1] == '\r')) {
            end--;
        }
        memmove(to, line + begin, end - begin);
        to += end - begin;
        if (i + 1 < fixed->count && begin < length) {
            *to++ = separator;
        }
    }
    *to = '\0';
}
