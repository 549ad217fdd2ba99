// SPDX-License-Identifier: Apache-2.0
#include "sim/outcome/comparison.h"

#include <math.h>
#include <stdlib.h>
#include <string.h>

#include "sim/history/history.h"
#include "sim/outcome/measures.h"

#define MS_PER_HOUR 3600000.0

// How much sooner a job that started in both ends here than there.
static int64_t sooner_ms(const struct wf_outcome *here, const struct wf_outcome *there)
{
    bool ended = here->end_ms != WF_TIME_UNKNOWN && there->end_ms != WF_TIME_UNKNOWN;
    return ended ? there->end_ms - here->end_ms : there->start_ms - here->start_ms;
}

static void add_to_group(struct wf_group_change *group, int64_t sooner)
{
    group->jobs++;
    group->gaining += sooner >= WF_COMPARISON_NOTABLE_MS;
    group->losing += sooner <= -WF_COMPARISON_NOTABLE_MS;
    group->sooner_hours += (double)sooner / MS_PER_HOUR;
}

// Puts a change into its place in a list of the largest.
static void list_job(struct wf_job_change *list, uint32_t *count, uint32_t job, int64_t sooner)
{
    int64_t size = sooner < 0 ? -sooner : sooner;
    uint32_t at = *count;
    if (at == WF_COMPARISON_LIST) {
        at--;
        if (llabs(list[at].sooner_ms) >= size) {
            return;
        }
    } else {
        *count += 1;
    }
    for (; at > 0 && llabs(list[at - 1].sooner_ms) < size; at--) {
        list[at] = list[at - 1];
    }
    list[at] = (struct wf_job_change){job, sooner};
}

static void list_user(struct wf_user_change *list, uint32_t *count, uint32_t user,
                      const struct wf_group_change *change)
{
    double size = fabs(change->sooner_hours);
    uint32_t at = *count;
    if (at == WF_COMPARISON_LIST) {
        at--;
        if (fabs(list[at].change.sooner_hours) >= size) {
            return;
        }
    } else {
        *count += 1;
    }
    for (; at > 0 && fabs(list[at - 1].change.sooner_hours) < size; at--) {
        list[at] = list[at - 1];
    }
    list[at] = (struct wf_user_change){user, *change};
}

static void compare_job(struct wf_comparison *comparison, uint32_t job,
                        const struct wf_outcome *here, const struct wf_outcome *there,
                        double *difference_ms)
{
    int64_t sooner = sooner_ms(here, there);
    double hours = (double)sooner / MS_PER_HOUR;
    comparison->compared++;
    *difference_ms += fabs((double)(wf_measures_wait_ms(here) - wf_measures_wait_ms(there)));
    if (sooner >= WF_COMPARISON_NOTABLE_MS) {
        comparison->gaining++;
        comparison->gained_hours += hours;
        list_job(comparison->gains, &comparison->gain_count, job, sooner);
    } else if (sooner <= -WF_COMPARISON_NOTABLE_MS) {
        comparison->losing++;
        comparison->lost_hours -= hours;
        list_job(comparison->losses, &comparison->loss_count, job, sooner);
    }
}

static void list_users(struct wf_comparison *comparison, const struct wf_group_change *users,
                       uint32_t count)
{
    const double notable_hours = WF_COMPARISON_NOTABLE_MS / MS_PER_HOUR;
    for (uint32_t i = 0; i < count; i++) {
        if (users[i].sooner_hours >= notable_hours) {
            comparison->users_gaining++;
            list_user(comparison->user_gains, &comparison->user_gain_count, i, &users[i]);
        } else if (users[i].sooner_hours <= -notable_hours) {
            comparison->users_losing++;
            list_user(comparison->user_losses, &comparison->user_loss_count, i, &users[i]);
        }
    }
}

enum wf_status wf_comparison_make(const struct wf_outcome_job *jobs, uint32_t job_count,
                                  const struct wf_outcome_run *run,
                                  const struct wf_outcome_run *against,
                                  struct wf_comparison *comparison_out, struct wf_error *err)
{
    uint32_t user_count = 0;
    double difference_ms = 0;
    memset(comparison_out, 0, sizeof *comparison_out);
    for (uint32_t i = 0; i < job_count; i++) {
        user_count = jobs[i].user >= user_count ? jobs[i].user + 1 : user_count;
    }
    struct wf_group_change *users = calloc((size_t)user_count + 1, sizeof *users);
    if (!users) {
        return wf_fail(err, WF_NOMEM, "no memory to compare the jobs of %u users", user_count);
    }
    for (uint32_t i = 0; i < job_count; i++) {
        const struct wf_outcome *here = &run->jobs[i];
        const struct wf_outcome *there = &against->jobs[i];
        bool started_here = wf_measures_wait_ms(here) >= 0;
        bool started_there = wf_measures_wait_ms(there) >= 0;
        comparison_out->only_here += started_here && !started_there;
        comparison_out->only_there += started_there && !started_here;
        if (started_here && started_there) {
            int64_t sooner = sooner_ms(here, there);
            compare_job(comparison_out, i, here, there, &difference_ms);
            add_to_group(&users[jobs[i].user], sooner);
            add_to_group(&comparison_out->sizes[wf_size_class_of(jobs[i].gpu_milli)], sooner);
        }
    }
    if (comparison_out->compared > 0) {
        comparison_out->mean_difference_ms = difference_ms / (double)comparison_out->compared;
    }
    list_users(comparison_out, users, user_count);
    free(users);
    return WF_OK;
}
