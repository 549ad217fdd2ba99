// SPDX-License-Identifier: Apache-2.0
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "cli/json.h"
#include "cli/simulate/spot.h"

static int by_cost(const void *left, const void *right)
{
    int64_t a = *(const int64_t *)left, b = *(const int64_t *)right;
    return a < b ? -1 : a > b;
}

// The cost that so many in a hundred starts do not pass.
static double percentile(const int64_t *sorted, uint64_t count, uint64_t percent)
{
    uint64_t rank = (count * percent + 99) / 100;
    return count ? (double)sorted[rank ? rank - 1 : 0] / 1e9 : 0;
}

static void add_up(const struct wf_spot_tally *tally, int64_t *costs,
                   struct wf_spot_summary *summary)
{
    uint64_t ticks = tally->spot_ticks + tally->on_demand_ticks;
    for (uint32_t i = 0; i < tally->count; i++) {
        costs[summary->count++] = tally->costs_nanousd[i];
        summary->mean_usd += (double)tally->costs_nanousd[i] / 1e9;
    }
    summary->misses += tally->misses;
    summary->restarts += (double)(tally->starts - (tally->starts ? tally->count : 0));
    summary->spot_share += ticks ? (double)tally->spot_ticks / (double)ticks : 0;
    summary->known = summary->known && tally->known;
}

struct wf_spot_summary wf_spot_summarize(const struct wf_spot_study *study,
                                         const struct wf_spot_findings *findings,
                                         uint32_t contender, uint32_t course)
{
    struct wf_spot_summary summary = {.known = true};
    uint32_t first = course == UINT32_MAX ? 0 : course;
    uint32_t last = course == UINT32_MAX ? findings->courses : course + 1;
    int64_t *costs = calloc((size_t)findings->courses * findings->start_count + 1, sizeof *costs);
    for (uint32_t i = first; i < last && costs; i++) {
        add_up(&findings->tallies[(size_t)contender * findings->courses + i], costs, &summary);
    }
    double count = summary.count ? (double)summary.count : 1;
    if (costs) {
        qsort(costs, summary.count, sizeof *costs, by_cost);
        summary.p90_usd = percentile(costs, summary.count, 90);
        summary.p99_usd = percentile(costs, summary.count, 99);
    }
    free(costs);
    summary.mean_usd /= count;
    summary.restarts /= count;
    summary.spot_share /= last - first;
    summary.of_on_demand = summary.mean_usd * 1e9 / (double)wf_spot_on_demand_nanousd(&study->job);
    summary.known = summary.known && summary.count > 0;
    return summary;
}

static double optimum_usd(const struct wf_spot_study *study,
                          const struct wf_spot_findings *findings, uint32_t course)
{
    for (uint32_t i = 0; i < study->contender_count; i++) {
        struct wf_spot_summary summary = wf_spot_summarize(study, findings, i, course);
        if (!study->contenders[i].policy && study->contenders[i].optimum && summary.known) {
            return summary.mean_usd;
        }
    }
    return 0;
}

static void print_line(const char *name, const struct wf_spot_summary *summary, double optimum)
{
    if (!summary->known) {
        printf("%-17s %9s\n", name, "-");
        return;
    }
    printf("%-17s %9.2f %9.2f %9.2f %10.1f ", name, summary->mean_usd, summary->p90_usd,
           summary->p99_usd, 100 * summary->of_on_demand);
    if (optimum > 0) {
        printf("%9.1f ", 100 * (summary->mean_usd / optimum - 1));
    } else {
        printf("%9s ", "-");
    }
    printf("%8.1f %6.1f %6llu\n", summary->restarts, 100 * summary->spot_share,
           (unsigned long long)summary->misses);
}

void wf_simulate_spot_print(const struct wf_spot_study *study,
                            const struct wf_spot_findings *findings)
{
    const struct wf_spot_job *job = &study->job;
    printf("%u %s of %u s ticks, %u starts %s; work %.1f h, deadline %.1f h, changeover %.2f h\n",
           study->set->count, study->set->count == 1 ? "zone" : "zones", job->tick_s,
           findings->start_count, study->together ? "over all zones together" : "in each zone",
           job->work_s / 3600.0, job->deadline_s / 3600.0, job->changeover_s / 3600.0);
    printf("on-demand alone costs $%.2f a start\n\n", (double)wf_spot_on_demand_nanousd(job) / 1e9);
    printf("%-17s %9s %9s %9s %10s %9s %8s %6s %6s\n", "policy", "mean $", "p90 $", "p99 $",
           "on-demand%", "optimum+%", "restarts", "spot%", "missed");
    for (uint32_t i = 0; i < study->contender_count; i++) {
        struct wf_spot_summary summary = wf_spot_summarize(study, findings, i, UINT32_MAX);
        print_line(study->contenders[i].name, &summary, optimum_usd(study, findings, UINT32_MAX));
    }
}

static json_t *make_summary(struct wf_json *json, const struct wf_spot_study *study,
                            const struct wf_spot_findings *findings, uint32_t contender,
                            uint32_t course)
{
    struct wf_spot_summary summary = wf_spot_summarize(study, findings, contender, course);
    double optimum = optimum_usd(study, findings, course);
    json_t *object = json_object();
    wf_json_set(json, object, "starts", json_integer((json_int_t)summary.count));
    wf_json_set(json, object, "missed", json_integer((json_int_t)summary.misses));
    if (!summary.known) {
        wf_json_set(json, object, "mean_usd", json_null());
        return object;
    }
    wf_json_set(json, object, "mean_usd", json_real(summary.mean_usd));
    wf_json_set(json, object, "p90_usd", json_real(summary.p90_usd));
    wf_json_set(json, object, "p99_usd", json_real(summary.p99_usd));
    wf_json_set(json, object, "of_on_demand", json_real(summary.of_on_demand));
    wf_json_set(json, object, "over_optimum",
                optimum > 0 ? json_real(summary.mean_usd / optimum - 1) : json_null());
    wf_json_set(json, object, "restarts", json_real(summary.restarts));
    wf_json_set(json, object, "spot_share", json_real(summary.spot_share));
    return object;
}

static json_t *make_costs(struct wf_json *json, const struct wf_spot_tally *tally)
{
    json_t *list = json_array();
    for (uint32_t i = 0; i < tally->count; i++) {
        wf_json_append(json, list, json_real((double)tally->costs_nanousd[i] / 1e9));
    }
    return list;
}

static json_t *make_contender(struct wf_json *json, const struct wf_spot_study *study,
                              const struct wf_spot_findings *findings, uint32_t contender,
                              bool each)
{
    json_t *object = make_summary(json, study, findings, contender, UINT32_MAX);
    json_t *courses = json_array();
    wf_json_set(json, object, "policy", json_string(study->contenders[contender].name));
    for (uint32_t i = 0; i < findings->courses; i++) {
        json_t *course = make_summary(json, study, findings, contender, i);
        wf_json_set(json, course, "zone",
                    json_string(study->together ? "all" : study->set->traces[i].name));
        if (each) {
            size_t at = (size_t)contender * findings->courses + i;
            wf_json_set(json, course, "costs_usd", make_costs(json, &findings->tallies[at]));
        }
        wf_json_append(json, courses, course);
    }
    wf_json_set(json, object, "zones", courses);
    return object;
}

enum wf_status wf_simulate_spot_print_json(const struct wf_spot_study *study,
                                           const struct wf_spot_findings *findings, bool each,
                                           struct wf_error *err)
{
    const struct wf_spot_job *job = &study->job;
    struct wf_json json = {.failed = false};
    json_t *root = json_object();
    json_t *policies = json_array();
    json_t *starts = json_array();
    wf_json_set(&json, root, "tick_s", json_integer(job->tick_s));
    wf_json_set(&json, root, "work_s", json_integer(job->work_s));
    wf_json_set(&json, root, "deadline_s", json_integer(job->deadline_s));
    wf_json_set(&json, root, "changeover_s", json_integer(job->changeover_s));
    wf_json_set(&json, root, "on_demand_usd",
                json_real((double)wf_spot_on_demand_nanousd(job) / 1e9));
    for (uint32_t i = 0; i < findings->start_count; i++) {
        wf_json_append(&json, starts, json_integer(findings->starts[i]));
    }
    wf_json_set(&json, root, "start_ticks", starts);
    for (uint32_t i = 0; i < study->contender_count; i++) {
        wf_json_append(&json, policies, make_contender(&json, study, findings, i, each));
    }
    wf_json_set(&json, root, "policies", policies);
    return wf_json_print(&json, root, err);
}
