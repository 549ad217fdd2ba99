// SPDX-License-Identifier: Apache-2.0
#include "daemon/slurm/licenses.h"

#include <stdio.h>
#include <string.h>

enum { COUNT_MAX = 1000000 };

struct judging {
    const struct wf_slurm_picture *picture;
    char *why;
    size_t size;
};

struct counting {
    struct wf_license_rests *rests;
    const struct wf_slurm_picture *picture;
    const struct wf_slurm_job *job;
    uint32_t times, most;
    int64_t least; // free, of its kinds
    int64_t total; // likewise
};

static bool read_count(const char *text, size_t length, uint32_t *count_out)
{
    uint32_t count = 0;
    for (size_t i = 0; i < length; i++) {
        count = count * 10 + (uint32_t)(text[i] - '0');
        if (text[i] < '0' || text[i] > '9' || count > COUNT_MAX) {
            return false;
        }
    }
    *count_out = count;
    return length > 0 && count > 0;
}

bool wf_licenses_read(const char *text,
                      bool (*see)(void *context, const char *name, uint32_t count), void *context)
{
    char name[WF_SLURM_NAME_BYTES];
    if (text[0] == '\0' || strpbrk(text, "|()[]=*")) {
        return false;
    }
    while (*text) {
        size_t length = strcspn(text, ","), end = strcspn(text, ":,");
        uint32_t count = 1;
        if (end == 0 || end >= sizeof name ||
            (end < length && !read_count(text + end + 1, length - end - 1, &count))) {
            return false;
        }
        snprintf(name, sizeof name, "%.*s", (int)end, text);
        if (!see(context, name, count)) {
            return false;
        }
        text += length + (text[length] == ',');
    }
    return true;
}

static bool judge_one(void *context, const char *name, uint32_t count)
{
    struct judging *judging = context;
    const struct wf_slurm_license *license = wf_slurm_picture_license(judging->picture, name);
    if (strchr(name, '@')) {
        snprintf(judging->why, judging->size,
                 "it asks for licences that other clusters share: %.100s", name);
    } else if (!license) {
        snprintf(judging->why, judging->size, "it asks for a licence that is not known: %.100s",
                 name);
    } else if (count > license->total) {
        snprintf(judging->why, judging->size, "it asks for more licences than there are: %.100s:%u",
                 name, count);
    }
    return true;
}

void wf_licenses_judge(const struct wf_slurm_picture *picture, const struct wf_slurm_job *job,
                       char *why, size_t size)
{
    struct judging judging = {picture, why, size};
    why[0] = '\0';
    if (!wf_licenses_read(job->licenses, judge_one, &judging)) {
        snprintf(why, size, "it asks for licences in a way that is more than a list: %.120s",
                 job->licenses);
    }
}

static struct wf_license_rest *find(struct counting *counting, const char *name)
{
    struct wf_license_rests *rests = counting->rests;
    for (uint32_t i = 0; i < rests->count; i++) {
        if (strcmp(rests->list[i].name, name) == 0) {
            return &rests->list[i];
        }
    }
    const struct wf_slurm_license *license =
        counting->picture ? wf_slurm_picture_license(counting->picture, name) : NULL;
    if (!license || rests->count == WF_LICENSES_MAX) {
        return NULL;
    }
    rests->list[rests->count] = (struct wf_license_rest){
        license->name, license->total, (int64_t)license->total - license->reserved};
    return &rests->list[rests->count++];
}

static bool use(void *context, const char *name, uint32_t count)
{
    struct counting *counting = context;
    struct wf_license_rest *rest = find(counting, name);
    if (rest) {
        rest->free -= (int64_t)count * counting->times;
    }
    return true;
}

static void see_running(void *context, const struct wf_slurm_job *job)
{
    struct counting *counting = context;
    bool runs = job->state > WF_SLURM_PENDING && !wf_slurm_is_over(job->state);
    counting->times = runs;
    if (job->licenses[0] && (runs || job->state == WF_SLURM_PENDING)) {
        (void)wf_licenses_read(job->licenses, use, counting);
    }
}

// By what is known to run, since Slurm's own count is looked at more seldom.
void wf_licenses_count(struct wf_license_rests *rests, const struct wf_slurm_picture *picture)
{
    struct counting counting = {.rests = rests, .picture = picture};
    *rests = (struct wf_license_rests){0};
    wf_slurm_picture_jobs(picture, see_running, &counting);
}

static bool measure(void *context, const char *name, uint32_t count)
{
    struct counting *counting = context;
    const struct wf_license_rest *rest = find(counting, name);
    int64_t free = rest && rest->free > 0 ? rest->free : 0;
    uint32_t times = (uint32_t)(free / count);
    counting->most = times < counting->most ? times : counting->most;
    if (free < counting->least) {
        counting->least = free;
        counting->total = rest ? rest->total : 0;
    }
    return true;
}

uint32_t wf_licenses_take(struct wf_license_rests *rests, const struct wf_slurm_job *job,
                          uint32_t most)
{
    struct counting counting = {.rests = rests, .most = most, .least = INT64_MAX};
    if (!wf_licenses_read(job->licenses, measure, &counting)) {
        return 0;
    }
    counting.times = counting.most;
    (void)wf_licenses_read(job->licenses, use, &counting);
    return counting.most;
}

void wf_licenses_keep(struct wf_license_rests *rests, const struct wf_slurm_job *job)
{
    struct counting counting = {.rests = rests, .times = 1};
    (void)wf_licenses_read(job->licenses, use, &counting);
}

void wf_licenses_say(const struct wf_license_rests *rests, const struct wf_slurm_job *job,
                     char *text, size_t size)
{
    struct wf_license_rests copy = *rests;
    struct counting counting = {.rests = &copy, .least = INT64_MAX};
    (void)wf_licenses_read(job->licenses, measure, &counting);
    snprintf(text, size, "it waits for licences: %.120s, and %lld of %lld are free", job->licenses,
             (long long)counting.least, (long long)counting.total);
}
