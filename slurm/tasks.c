// SPDX-License-Identifier: GPL-3.0-or-later
#include "slurm/tasks.h"

#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>

#include "base/assert.h"

// Slurm's own limit (MaxArraySize) is below 4,000,001.
#define TASK_MAX 4000001

struct run {
    uint32_t first, last, step;
};

static bool read_number(const char **at, uint32_t *number_out)
{
    uint32_t number = 0;
    const char *const start = *at;

    for (; **at >= '0' && **at <= '9'; (*at)++) {
        number = number * 10 + (uint32_t)(**at - '0');
        if (number > TASK_MAX) {
            return false;
        }
    }
    *number_out = number;
    return *at > start;
}

// One of "7", "5-9", "1-9:2", and the comma behind it.
static bool read_run(const char **at, struct run *run)
{
    if (!read_number(at, &run->first)) {
        return false;
    }
    run->last = run->first;
    run->step = 1;
    if (**at == '-') {
        (*at)++;
        if (!read_number(at, &run->last) || run->last < run->first) {
            return false;
        }
        if (**at == ':') {
            (*at)++;
            if (!read_number(at, &run->step) || run->step == 0) {
                return false;
            }
        }
    }
    if (**at == ',') {
        (*at)++;
        return **at != '\0';
    }
    return **at == '\0' || **at == '%';
}

static void print_run(FILE *out, const struct run *run, bool first)
{
    if (run->step == 1 || run->first == run->last) {
        fprintf(out, "%s%" PRIu32, first ? "" : ",", run->first);
        if (run->last > run->first) {
            fprintf(out, "-%" PRIu32, run->last);
        }
        return;
    }
    for (uint32_t task = run->first; task <= run->last; task += run->step, first = false) {
        fprintf(out, "%s%" PRIu32, first ? "" : ",", task);
    }
}

char *wf_tasks_plain(const char *text, uint64_t *count_out)
{
    char *plain = NULL;
    size_t length = 0;
    FILE *out = open_memstream(&plain, &length);
    uint64_t count = 0;
    bool sound = text[0] != '\0';

    WF_ASSERT(out != NULL);
    while (sound && *text != '\0' && *text != '%') {
        struct run run;
        sound = read_run(&text, &run);
        if (sound) {
            print_run(out, &run, count == 0);
            count += (run.last - run.first) / run.step + 1;
            // A step makes a list out of a range: no text of some bytes may become gigabytes.
            sound = count <= TASK_MAX;
        }
    }
    fclose(out);
    if (!sound || count == 0) {
        free(plain);
        return NULL;
    }
    if (count_out != NULL) {
        *count_out = count;
    }
    return plain;
}

bool wf_tasks_have(const char *plain, uint32_t task)
{
    struct run run;

    while (*plain != '\0' && read_run(&plain, &run)) {
        if (task >= run.first && task <= run.last) {
            return true;
        }
    }
    return false;
}
