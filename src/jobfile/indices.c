// SPDX-License-Identifier: Apache-2.0
// The indices of an array as text: "0-9,20-40:5%4".
#include <ctype.h>
#include <stdio.h>
#include <stdlib.h>

#include "jobfile/job_limits.h"
#include "jobfile/job_memory.h"
#include "jobfile/spelling.h"

enum { ITEM_BYTES = 40 };

struct range {
    uint32_t first, last, step;
};

static const char *read_number(const char *text, uint32_t *number_out)
{
    uint32_t number = 0;
    const char *at = text;
    for (; isdigit((unsigned char)*at); at++) {
        number = number * 10 + (uint32_t)(*at - '0');
        if (number > WF_JOB_ARRAY_INDEX_MAX) {
            number = WF_JOB_ARRAY_INDEX_MAX + 1; // and stays there
        }
    }
    *number_out = number;
    return at == text ? NULL : at;
}

// "7", "0-9", "0-9:3".
static const char *read_range(const char *text, struct range *range)
{
    range->step = 1;
    const char *at = read_number(text, &range->first);
    range->last = range->first;
    if (at && *at == '-') {
        at = read_number(at + 1, &range->last);
        if (at && *at == ':') {
            at = read_number(at + 1, &range->step);
        }
    }
    return at;
}

static enum wf_status check_range(struct range range, struct wf_error *err)
{
    if (range.last > WF_JOB_ARRAY_INDEX_MAX) {
        return wf_fail(err, WF_LIMIT, "an index is more than %d, the limit WF_JOB_ARRAY_INDEX_MAX",
                       WF_JOB_ARRAY_INDEX_MAX);
    }
    if (range.step == 0 || range.first > range.last) {
        return wf_fail(err, WF_INVALID, "%u-%u:%u is no range of indices", range.first, range.last,
                       range.step);
    }
    return WF_OK;
}

static enum wf_status add_range(struct range range, uint32_t *index, uint32_t *count,
                                struct wf_error *err)
{
    if ((range.last - range.first) / range.step >= WF_JOB_ARRAY_MAX - *count) {
        return wf_fail(err, WF_LIMIT, "there are more than %d indices, the limit WF_JOB_ARRAY_MAX",
                       WF_JOB_ARRAY_MAX);
    }
    for (uint32_t i = range.first; i <= range.last; i += range.step) {
        index[(*count)++] = i;
    }
    return WF_OK;
}

static int compare(const void *a, const void *b)
{
    uint32_t first = *(const uint32_t *)a;
    uint32_t second = *(const uint32_t *)b;
    return (first > second) - (first < second);
}

// Ascending, each once.
static uint32_t put_in_order(uint32_t *index, uint32_t count)
{
    uint32_t kept = 0;
    qsort(index, count, sizeof *index, compare);
    for (uint32_t i = 0; i < count; i++) {
        if (kept == 0 || index[kept - 1] != index[i]) {
            index[kept++] = index[i];
        }
    }
    return kept;
}

enum wf_status wf_job_indices_read(const char *text, struct wf_job_memory *memory,
                                   struct wf_job_indices *indices_out, struct wf_error *err)
{
    uint32_t *index = wf_job_memory_take(memory, WF_JOB_ARRAY_MAX * sizeof *index);
    *indices_out = (struct wf_job_indices){.index = index};
    if (!index) {
        return wf_job_memory_fail(err);
    }
    const char *at = text;
    for (;;) {
        struct range range;
        at = read_range(at, &range);
        enum wf_status status = at ? check_range(range, err) : WF_OK;
        if (at && status == WF_OK) {
            status = add_range(range, index, &indices_out->count, err);
        }
        if (status != WF_OK) {
            return status;
        }
        if (!at || *at != ',') {
            break;
        }
        at++;
    }
    if (at && *at == '%') {
        at = read_number(at + 1, &indices_out->at_most);
        // More at once than there can be is all of them.
        if (indices_out->at_most > WF_JOB_ARRAY_MAX) {
            indices_out->at_most = WF_JOB_ARRAY_MAX;
        }
    }
    if (!at || *at) {
        return wf_fail(err, WF_INVALID, "indices are written like '0-9', '1,3,5', '0-100:10%%4'");
    }
    indices_out->count = put_in_order(index, indices_out->count);
    return WF_OK;
}

// How many indices from the first on are one step apart, and the step.
static uint32_t count_run(const uint32_t *index, uint32_t count, uint32_t *step_out)
{
    uint32_t length = count > 1 ? 2 : 1;
    uint32_t step = count > 1 ? index[1] - index[0] : 1;
    while (length < count && index[length] - index[length - 1] == step) {
        length++;
    }
    *step_out = step;
    // Two that are not neighbours are no run, the second may begin one.
    return length == 2 && step > 1 ? 1 : length;
}

char *wf_job_indices_write(const uint32_t *index, uint32_t count)
{
    char *text = calloc((size_t)count + 1, ITEM_BYTES);
    size_t length = 0;
    for (uint32_t i = 0; text && i < count;) {
        uint32_t step;
        uint32_t run = count_run(index + i, count - i, &step);
        char *at = text + length;
        uint32_t last = index[i + run - 1];
        const char *comma = i > 0 ? "," : "";
        if (run == 1) {
            length += (size_t)snprintf(at, ITEM_BYTES, "%s%u", comma, index[i]);
        } else if (step == 1) {
            length += (size_t)snprintf(at, ITEM_BYTES, "%s%u-%u", comma, index[i], last);
        } else {
            length += (size_t)snprintf(at, ITEM_BYTES, "%s%u-%u:%u", comma, index[i], last, step);
        }
        i += run;
    }
    return text;
}
