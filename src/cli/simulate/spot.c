// SPDX-License-Identifier: Apache-2.0
// `simulate spot`: lets policies carry one job over traces of spot.
#include "cli/simulate/spot.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "cli/simulate/spot_service.h"
#include "text/csv.h"
#include "text/decimal.h"

const struct wf_option wf_simulate_spot_options[] = {
    {"traces", "PATH", "a folder of traces, or one file"},
    {"work", "HOURS", "what the job needs on a machine, like 48h"},
    {"deadline", "HOURS", "from its start"},
    {"changeover", "HOURS", "paid without work after each start (0.2h)"},
    {"policy", "P[,P...]", "who decides; optimum and spot-only are measures; all"},
    {"zones", "each|all", "in each zone by itself (each), or over all together"},
    {"starts", "N|FILE", "spread evenly (60), or the column start_tick of a CSV file"},
    {"history", "HOURS", "watched before the first start (120h)"},
    {"on-demand", "USD", "an hour of on-demand (3.06)"},
    {"spot", "USD", "an hour of spot (0.9731)"},
    {"restart-cost", "USD", "of each start beside its changeover (0)"},
    {"move-cost", "USD", "of each start in another zone than the last (0)"},
    {"sold-out", "A-B", "hours after the start without new on-demand machines"},
    {"reserve", "HOURS", "kept free because on-demand may be sold out (0h)"},
    {"service", "N", "instead of a job: N replicas that are to be ready"},
    {"target", "PERCENT", "of the time in which a service has them (99)"},
    {"decisions", "FILE", "writes every decision"},
    {"each", NULL, "with the cost of every start, in the JSON"},
    {"json", NULL, "prints JSON instead of a table"},
    {NULL, NULL, NULL},
};

struct chosen {
    const char *traces, *policies, *zones, *starts, *sold_out, *decisions;
    int64_t work_s, deadline_s, changeover_s, history_s, reserve_s;
    int64_t on_demand, spot, restart, move; // nano-dollars
    uint64_t service;
    uint32_t target_permille;
    bool each, json;
};

static enum wf_status read_hours(const char *name, const char *text, int64_t *seconds_out,
                                 struct wf_error *err)
{
    char digits[32];
    size_t length = strlen(text);
    int64_t micro = 0;
    length -= length > 0 && text[length - 1] == 'h';
    if (length < sizeof digits) {
        memcpy(digits, text, length);
        digits[length] = 0;
        if (wf_decimal_read(digits, 6, INT64_C(8784) * 1000000, &micro) == WF_DECIMAL_READ) {
            *seconds_out = (micro * 36 + 5000) / 10000;
            return WF_OK;
        }
    }
    return wf_fail(err, WF_INVALID, "--%s is '%.30s', it must be hours from 0 to 8784, like 0.2h",
                   name, text);
}

static enum wf_status read_usd(const char *name, const char *text, int64_t *nanousd_out,
                               struct wf_error *err)
{
    if (wf_decimal_read(text, 9, INT64_C(10000000000000), nanousd_out) == WF_DECIMAL_READ) {
        return WF_OK;
    }
    return wf_fail(err, WF_INVALID, "--%s is '%.30s', it must be dollars from 0 to 10000", name,
                   text);
}

static enum wf_status take(void *context, const char *name, const char *value, struct wf_error *err)
{
    struct chosen *chosen = context;
    const struct {
        const char *name;
        const char **text;
        int64_t *hours, *usd;
    } places[] = {
        {"traces", &chosen->traces, NULL, NULL},
        {"policy", &chosen->policies, NULL, NULL},
        {"zones", &chosen->zones, NULL, NULL},
        {"starts", &chosen->starts, NULL, NULL},
        {"sold-out", &chosen->sold_out, NULL, NULL},
        {"decisions", &chosen->decisions, NULL, NULL},
        {"work", NULL, &chosen->work_s, NULL},
        {"deadline", NULL, &chosen->deadline_s, NULL},
        {"changeover", NULL, &chosen->changeover_s, NULL},
        {"history", NULL, &chosen->history_s, NULL},
        {"reserve", NULL, &chosen->reserve_s, NULL},
        {"on-demand", NULL, NULL, &chosen->on_demand},
        {"spot", NULL, NULL, &chosen->spot},
        {"restart-cost", NULL, NULL, &chosen->restart},
        {"move-cost", NULL, NULL, &chosen->move},
    };
    for (uint32_t i = 0; i < WF_COUNT_OF(places); i++) {
        if (strcmp(name, places[i].name) != 0) {
            continue;
        }
        if (places[i].text) {
            *places[i].text = value;
            return WF_OK;
        }
        return places[i].hours ? read_hours(name, value, places[i].hours, err)
                               : read_usd(name, value, places[i].usd, err);
    }
    if (strcmp(name, "service") == 0) {
        return wf_option_number("--service", value, 1, WF_SERVICE_REPLICAS_MAX, &chosen->service,
                                err);
    }
    if (strcmp(name, "target") == 0) {
        enum wf_status status =
            wf_option_thousandths("--target", value, 100000, &chosen->target_permille, err);
        chosen->target_permille /= 100;
        return status;
    }
    chosen->each = chosen->each || strcmp(name, "each") == 0;
    chosen->json = chosen->json || strcmp(name, "json") == 0;
    return WF_OK;
}

static enum wf_status add_policy(const char *name, struct wf_spot_study *study,
                                 struct wf_error *err)
{
    if (study->contender_count == WF_SPOT_CONTENDERS_MAX) {
        return wf_fail(err, WF_LIMIT, "--policy names more than %d", WF_SPOT_CONTENDERS_MAX);
    }
    return wf_spot_contender_find(name, &study->contenders[study->contender_count++], err);
}

static enum wf_status read_policies(const char *text, struct wf_spot_study *study,
                                    struct wf_error *err)
{
    enum wf_status status = WF_OK;
    bool all = strcmp(text, "all") == 0;
    for (uint32_t i = 0; all && wf_spot_policies[i] && status == WF_OK; i++) {
        status = add_policy(wf_spot_policies[i]->name, study, err);
    }
    if (all) {
        return status == WF_OK ? add_policy("optimum", study, err) : status;
    }
    while (status == WF_OK) {
        char name[48];
        size_t length = strcspn(text, ",");
        snprintf(name, sizeof name, "%.*s", (int)(length < 47 ? length : 47), text);
        status = add_policy(name, study, err);
        if (!text[length]) {
            break;
        }
        text += length + 1;
    }
    return status;
}

static enum wf_status read_start_file(const char *path, struct wf_spot_study *study,
                                      uint32_t **starts_out, struct wf_error *err)
{
    static const struct wf_csv_column columns[] = {{"start_tick", false}};
    const struct wf_csv_range range = {WF_SPOT_TRACE_TICKS_MAX, NULL};
    struct wf_csv *csv = NULL;
    uint32_t *starts = calloc(WF_SPOT_STARTS_MAX, sizeof *starts);
    if (!starts) {
        return wf_fail(err, WF_NOMEM, "no memory for the starts");
    }
    enum wf_status status = wf_csv_open(path, columns, 1, &csv, err);
    uint32_t count = 0;
    for (bool row = true; status == WF_OK && row;) {
        int64_t number = 0;
        status = wf_csv_next(csv, &row, err);
        if (status != WF_OK || !row) {
            break;
        }
        status = wf_csv_number(csv, 0, range, &number, err);
        if (status == WF_OK &&
            (count == WF_SPOT_STARTS_MAX || (count > 0 && (uint32_t)number < starts[count - 1]))) {
            status = wf_csv_fail(csv, 0, err, WF_INVALID,
                                 "goes back, or is past the %d starts that are taken",
                                 WF_SPOT_STARTS_MAX);
        }
        if (status == WF_OK) {
            starts[count++] = (uint32_t)number;
        }
    }
    wf_csv_close(csv);
    if (status == WF_OK && count == 0) {
        status = wf_fail(err, WF_INVALID, "%s: line 1: names no start", path);
    }
    study->starts = starts;
    study->start_count = count;
    *starts_out = starts;
    return status;
}

static enum wf_status read_starts(const char *text, struct wf_spot_study *study,
                                  uint32_t **starts_out, struct wf_error *err)
{
    uint64_t number = 60;
    if (text && strspn(text, "0123456789") < strlen(text)) {
        return read_start_file(text, study, starts_out, err);
    }
    enum wf_status status =
        text ? wf_option_number("--starts", text, 1, WF_SPOT_STARTS_MAX, &number, err) : WF_OK;
    study->start_count = (uint32_t)number;
    return status;
}

static enum wf_status read_sold_out(const char *text, struct wf_spot_study *study,
                                    struct wf_error *err)
{
    char from[32];
    int64_t from_s = 0, until_s = 0;
    if (!text) {
        return WF_OK;
    }
    size_t length = strcspn(text, "-");
    snprintf(from, sizeof from, "%.*s", (int)(length < 31 ? length : 31), text);
    enum wf_status status = read_hours("sold-out", from, &from_s, err);
    if (status == WF_OK) {
        status = read_hours("sold-out", text[length] ? text + length + 1 : "", &until_s, err);
    }
    if (status != WF_OK || from_s >= until_s) {
        return wf_fail(
            err, WF_INVALID,
            "--sold-out is '%.40s', it must be two numbers of hours after the start, the "
            "smaller one first, like 10-16",
            text);
    }
    study->sold_out_from = (uint32_t)(from_s / study->job.tick_s);
    study->sold_out_until = (uint32_t)(until_s / study->job.tick_s);
    return status;
}

static enum wf_status make_job(const struct chosen *chosen, struct wf_spot_study *study,
                               struct wf_error *err)
{
    uint32_t tick_s = study->set->traces[0].tick_s;
    study->job = (struct wf_spot_job){
        .tick_s = tick_s,
        .ticks = (uint32_t)(chosen->deadline_s / tick_s),
        .work_s = (uint32_t)chosen->work_s,
        .deadline_s = (uint32_t)chosen->deadline_s,
        .changeover_s = (uint32_t)chosen->changeover_s,
        .reserve_s = (uint32_t)chosen->reserve_s,
        .on_demand_nanousd_per_hour = chosen->on_demand,
        .restart_nanousd = chosen->restart,
        .move_nanousd = chosen->move,
    };
    if (chosen->work_s < 1 || chosen->deadline_s < 1) {
        return wf_fail(err, WF_INVALID, "--work HOURS and --deadline HOURS must be more than 0");
    }
    int64_t room_s = (int64_t)study->job.ticks * tick_s;
    if (room_s < chosen->work_s + chosen->changeover_s + chosen->reserve_s) {
        return wf_fail(err, WF_INVALID,
                       "--deadline leaves %lld s in whole ticks: too little for the work, a "
                       "changeover and the reserve",
                       (long long)room_s);
    }
    if (chosen->on_demand < 1 || chosen->spot < 1) {
        return wf_fail(err, WF_INVALID, "--%s is $0: a price of nothing is never used",
                       chosen->spot < 1 ? "spot" : "on-demand");
    }
    return WF_OK;
}

static void write_decision(void *context, const char *policy, uint32_t zone,
                           const struct wf_spot_decision *decision)
{
    static const char *const modes[] = {"idle", "spot", "on-demand"};
    fprintf(context, "%s,%u,%u,%u,%s,%u\n", policy, zone, decision->start, decision->tick,
            modes[decision->action.mode],
            decision->action.mode == WF_SPOT_HELD ? decision->action.zone : 0);
}

static enum wf_status run_study(const struct chosen *chosen, struct wf_spot_study *study,
                                struct wf_error *err)
{
    struct wf_spot_findings findings = {0};
    FILE *decisions = NULL;
    if (chosen->decisions) {
        decisions = fopen(chosen->decisions, "w");
        if (!decisions) {
            return wf_fail(err, WF_IO, "%s cannot be written", chosen->decisions);
        }
        fputs("policy,course,start_tick,tick,action,zone\n", decisions);
        study->told = write_decision;
        study->context = decisions;
    }
    enum wf_status status = wf_spot_study_run(study, &findings, err);
    if (decisions && fclose(decisions) != 0 && status == WF_OK) {
        status = wf_fail(err, WF_IO, "%s cannot be written", chosen->decisions);
    }
    if (status == WF_OK && chosen->json) {
        status = wf_simulate_spot_print_json(study, &findings, chosen->each, err);
    } else if (status == WF_OK) {
        wf_simulate_spot_print(study, &findings);
    }
    wf_spot_findings_finish(&findings, study->contender_count);
    return status;
}

static enum wf_status run_job(const struct chosen *chosen, const struct wf_spot_set *set,
                              struct wf_error *err)
{
    struct wf_spot_study study = {.set = set};
    int64_t prices[WF_SPOT_ZONES_MAX];
    uint32_t *starts = NULL;
    for (uint32_t i = 0; i < set->count; i++) {
        prices[i] = chosen->spot;
    }
    study.spot_nanousd_per_hour = prices;
    study.together = chosen->zones && strcmp(chosen->zones, "all") == 0;
    enum wf_status status = make_job(chosen, &study, err);
    if (status == WF_OK && chosen->zones && !study.together && strcmp(chosen->zones, "each") != 0) {
        status =
            wf_fail(err, WF_INVALID, "--zones is '%.20s', it must be each or all", chosen->zones);
    }
    study.history_ticks = (uint32_t)(chosen->history_s / set->traces[0].tick_s);
    status = status == WF_OK ? read_policies(chosen->policies, &study, err) : status;
    status = status == WF_OK ? read_sold_out(chosen->sold_out, &study, err) : status;
    status = status == WF_OK ? read_starts(chosen->starts, &study, &starts, err) : status;
    status = status == WF_OK ? run_study(chosen, &study, err) : status;
    free(starts);
    return status;
}

enum wf_status wf_simulate_spot(int argc, char **argv, struct wf_error *err)
{
    struct chosen chosen = {
        .changeover_s = 720,
        .history_s = INT64_C(5) * 86400,
        .on_demand = 3060000000,
        .spot = 973100000,
        .target_permille = 990,
    };
    const struct wf_option_reader reader = {wf_simulate_spot_options, take, &chosen};
    int words = 0;
    struct wf_spot_set set = {0};
    enum wf_status status = wf_options_parse(&reader, argc, argv, &words, err);
    if (status == WF_OK && words < argc) {
        status = wf_fail(err, WF_INVALID, "'%.60s' is one word too many", argv[words]);
    }
    if (status == WF_OK && (!chosen.traces || !chosen.policies)) {
        status = wf_fail(err, WF_INVALID, "--%s is missing",
                         chosen.traces ? "policy P[,P...]" : "traces PATH");
    }
    status = status == WF_OK ? wf_spot_set_read(chosen.traces, &set, err) : status;
    if (status == WF_OK && chosen.service) {
        const struct wf_service_wish wish = {
            .replicas = (uint32_t)chosen.service,
            .target_permille = chosen.target_permille,
            .on_demand_nanousd_per_hour = chosen.on_demand,
            .spot_nanousd_per_hour = chosen.spot,
        };
        status = wf_simulate_spot_service(&set, &wish, chosen.policies, chosen.json, err);
    } else if (status == WF_OK) {
        status = run_job(&chosen, &set, err);
    }
    wf_spot_set_finish(&set);
    return status;
}
