// SPDX-License-Identifier: Apache-2.0
#include "cli/simulate/spot_service.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "cli/json.h"

enum { LINES_MAX = 16 };

struct line {
    char name[48];
    const struct wf_service_policy *policy;
    struct wf_service_wish wish;
    struct wf_service_outcome outcome;
};

static enum wf_status add_line(const char *word, const struct wf_service_wish *wish,
                               struct line *line, struct wf_error *err)
{
    char name[48];
    snprintf(name, sizeof name, "%s", word);
    char *extra = strchr(name, ':');
    line->wish = *wish;
    if (extra) {
        *extra++ = 0;
        size_t digits = strspn(extra, "0123456789");
        line->wish.extra = digits > 0 && digits < 3 ? (uint32_t)strtoul(extra, NULL, 10) : 1000;
        if (extra[digits] || line->wish.extra > WF_SERVICE_REPLICAS_MAX) {
            return wf_fail(err, WF_INVALID, "'%.40s' asks for extra replicas: 0 to %d", word,
                           WF_SERVICE_REPLICAS_MAX);
        }
    }
    snprintf(line->name, sizeof line->name, "%s", word);
    line->policy = wf_service_policy_find(name);
    return line->policy ? WF_OK
                        : wf_fail(err, WF_NOTFOUND,
                                  "there is no policy '%.40s' for services (round-robin, "
                                  "spothedge, hedge)",
                                  name);
}

static enum wf_status run_all(const struct wf_spot_set *set, const struct wf_service_wish *wish,
                              const char *policies, struct line *lines, uint32_t *count_out,
                              struct wf_error *err)
{
    const char *text =
        strcmp(policies, "all") == 0 ? "round-robin,spothedge:0,spothedge:1,hedge" : policies;
    enum wf_status status = WF_OK;
    while (status == WF_OK) {
        char word[48];
        size_t length = strcspn(text, ",");
        if (*count_out == LINES_MAX) {
            return wf_fail(err, WF_LIMIT, "--policy names more than %d", LINES_MAX);
        }
        snprintf(word, sizeof word, "%.*s", (int)(length < 47 ? length : 47), text);
        struct line *line = &lines[*count_out];
        status = add_line(word, wish, line, err);
        if (status == WF_OK) {
            status = wf_service_run(set, &line->wish, line->policy, &line->outcome, err);
            ++*count_out;
        }
        if (!text[length]) {
            break;
        }
        text += length + 1;
    }
    return status;
}

static double part(uint64_t of, uint64_t whole)
{
    return whole ? (double)of / (double)whole : 0;
}

static void print_table(const struct wf_spot_set *set, const struct wf_service_wish *wish,
                        const struct line *lines, uint32_t count)
{
    printf("%u replicas over %u zones, %u ticks of %u s; target %.1f %%\n\n", wish->replicas,
           set->count, set->ticks, set->traces[0].tick_s, wish->target_permille / 10.0);
    printf("%-17s %8s %10s %11s %9s %8s\n", "policy", "ready%", "shortfall%", "on-demand%",
           "launches", "lost");
    for (uint32_t i = 0; i < count; i++) {
        const struct wf_service_outcome *outcome = &lines[i].outcome;
        printf("%-17s %8.2f %10.2f %11.1f %9llu %8llu\n", lines[i].name,
               100 - 100 * part(outcome->short_ticks, outcome->ticks),
               100 * part(outcome->missing, outcome->ticks * wish->replicas),
               100 * (double)outcome->cost_nanousd / (double)outcome->on_demand_nanousd,
               (unsigned long long)outcome->launches, (unsigned long long)outcome->losses);
    }
}

static enum wf_status print_json(const struct wf_spot_set *set, const struct wf_service_wish *wish,
                                 const struct line *lines, uint32_t count, struct wf_error *err)
{
    struct wf_json json = {.failed = false};
    json_t *root = json_object();
    json_t *list = json_array();
    wf_json_set(&json, root, "replicas", json_integer(wish->replicas));
    wf_json_set(&json, root, "zones", json_integer(set->count));
    wf_json_set(&json, root, "ticks", json_integer(set->ticks));
    for (uint32_t i = 0; i < count; i++) {
        const struct wf_service_outcome *outcome = &lines[i].outcome;
        json_t *object = json_object();
        wf_json_set(&json, object, "policy", json_string(lines[i].name));
        wf_json_set(&json, object, "ready",
                    json_real(1 - part(outcome->short_ticks, outcome->ticks)));
        wf_json_set(&json, object, "shortfall",
                    json_real(part(outcome->missing, outcome->ticks * wish->replicas)));
        wf_json_set(&json, object, "of_on_demand",
                    json_real((double)outcome->cost_nanousd / (double)outcome->on_demand_nanousd));
        wf_json_set(&json, object, "launches", json_integer((json_int_t)outcome->launches));
        wf_json_set(&json, object, "lost", json_integer((json_int_t)outcome->losses));
        wf_json_append(&json, list, object);
    }
    wf_json_set(&json, root, "policies", list);
    return wf_json_print(&json, root, err);
}

enum wf_status wf_simulate_spot_service(const struct wf_spot_set *set,
                                        const struct wf_service_wish *wish, const char *policies,
                                        bool json, struct wf_error *err)
{
    struct line lines[LINES_MAX] = {0};
    uint32_t count = 0;
    enum wf_status status = run_all(set, wish, policies, lines, &count, err);
    if (status != WF_OK) {
        return status;
    }
    if (json) {
        return print_json(set, wish, lines, count, err);
    }
    print_table(set, wish, lines, count);
    return WF_OK;
}
