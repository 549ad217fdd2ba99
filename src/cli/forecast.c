// SPDX-License-Identifier: Apache-2.0
// The verb forecast: how good our forecasts are, on later data than they were made from.
#include <stdio.h>
#include <string.h>

#include "cli/commands.h"
#include "cli/json.h"
#include "sim/spot/spot_score.h"
#include "text/decimal.h"

enum { HORIZONS_MAX = 8, SAMPLE_S = 900 };

static const struct wf_option options[] = {
    {"traces", "PATH", "a folder of spot traces, or one file"},
    {"within", "H[,H...]", "hours ahead (1,4,12)"},
    {"json", NULL, "prints JSON instead of a table"},
    {NULL, NULL, NULL},
};

struct chosen {
    const char *traces, *within;
    bool json;
};

static enum wf_status take(void *context, const char *name, const char *value, struct wf_error *err)
{
    struct chosen *chosen = context;
    (void)err;
    if (strcmp(name, "traces") == 0) {
        chosen->traces = value;
    } else if (strcmp(name, "within") == 0) {
        chosen->within = value;
    } else {
        chosen->json = true;
    }
    return WF_OK;
}

static enum wf_status read_horizons(const char *text, uint32_t *seconds, uint32_t *count_out,
                                    struct wf_error *err)
{
    *count_out = 0;
    for (;;) {
        char word[16];
        int64_t milli = 0;
        size_t length = strcspn(text, ",");
        snprintf(word, sizeof word, "%.*s", (int)(length < 15 ? length : 15), text);
        if (wf_decimal_read(word, 3, 240000, &milli) != WF_DECIMAL_READ || milli == 0 ||
            *count_out == HORIZONS_MAX) {
            return wf_fail(err, WF_INVALID,
                           "--within names '%s'; it must name up to %d numbers of hours, at most "
                           "240 each",
                           word, HORIZONS_MAX);
        }
        seconds[(*count_out)++] = (uint32_t)(milli * 36 / 10);
        if (!text[length]) {
            return WF_OK;
        }
        text += length + 1;
    }
}

static void print_line(uint32_t within_s, bool up, const struct wf_spot_score *score)
{
    printf("%8.1f  %-6s %8llu %9.3f %8.4f %8.3f %12.3f\n", within_s / 3600.0, up ? "there" : "away",
           (unsigned long long)score->samples, score->happened, score->brier, score->skill,
           score->calibration);
}

static json_t *make_score(struct wf_json *json, uint32_t within_s, bool up,
                          const struct wf_spot_score *score)
{
    json_t *object = json_object();
    json_t *bins = json_array();
    wf_json_set(json, object, "within_s", json_integer(within_s));
    wf_json_set(json, object, "spot", json_string(up ? "there" : "away"));
    wf_json_set(json, object, "samples", json_integer((json_int_t)score->samples));
    wf_json_set(json, object, "happened", json_real(score->happened));
    wf_json_set(json, object, "brier", json_real(score->brier));
    wf_json_set(json, object, "skill", json_real(score->skill));
    wf_json_set(json, object, "calibration_error", json_real(score->calibration));
    for (uint32_t i = 0; i < WF_SPOT_SCORE_BINS; i++) {
        json_t *bin = json_object();
        wf_json_set(json, bin, "samples", json_integer((json_int_t)score->count[i]));
        wf_json_set(json, bin, "said", json_real(score->said[i]));
        wf_json_set(json, bin, "was", json_real(score->was[i]));
        wf_json_append(json, bins, bin);
    }
    wf_json_set(json, object, "bins", bins);
    return object;
}

static enum wf_status score_all(const struct wf_spot_set *set, const struct chosen *chosen,
                                struct wf_error *err)
{
    uint32_t seconds[HORIZONS_MAX];
    uint32_t count = 0;
    struct wf_spot_score scores[HORIZONS_MAX][2];
    enum wf_status status =
        read_horizons(chosen->within ? chosen->within : "1,4,12", seconds, &count, err);
    for (uint32_t i = 0; i < count && status == WF_OK; i++) {
        const struct wf_spot_score_config config = {set, seconds[i], SAMPLE_S};
        status = wf_spot_score_run(&config, scores[i], err);
    }
    if (status != WF_OK) {
        return status;
    }
    if (chosen->json) {
        struct wf_json json = {.failed = false};
        json_t *list = json_array();
        for (uint32_t i = 0; i < 2 * count; i++) {
            bool up = i % 2 == 0;
            wf_json_append(&json, list, make_score(&json, seconds[i / 2], up, &scores[i / 2][up]));
        }
        return wf_json_print(&json, list, err);
    }
    printf("That spot stays as it is, there or away, forecast on the second half of %u traces\n"
           "from what had been seen by then.\n\n",
           set->count);
    printf("hours on  spot    samples  happened    Brier    skill  calibration\n");
    for (uint32_t i = 0; i < 2 * count; i++) {
        bool up = i % 2 == 0;
        print_line(seconds[i / 2], up, &scores[i / 2][up]);
    }
    return WF_OK;
}

static enum wf_status run(int argc, char **argv, struct wf_error *err)
{
    struct chosen chosen = {NULL, NULL, false};
    struct wf_spot_set set = {0};
    int words = 0;
    if (argc < 2 || strcmp(argv[1], "score") != 0) {
        return wf_fail(err, WF_INVALID, "what to do with forecasts is '%.60s', it must be score",
                       argc < 2 ? "" : argv[1]);
    }
    const struct wf_option_reader reader = {options, take, &chosen};
    enum wf_status status = wf_options_parse(&reader, argc - 1, argv + 1, &words, err);
    if (status == WF_OK && words < argc - 1) {
        status = wf_fail(err, WF_INVALID, "'%.60s' is one word too many", argv[1 + words]);
    }
    if (status == WF_OK && !chosen.traces) {
        status = wf_fail(err, WF_INVALID, "--traces PATH is missing");
    }
    status = status == WF_OK ? wf_spot_set_read(chosen.traces, &set, err) : status;
    status = status == WF_OK ? score_all(&set, &chosen, err) : status;
    wf_spot_set_finish(&set);
    return status;
}

const struct wf_command wf_command_forecast = {
    .name = "forecast",
    .usage = "score --traces PATH [--within H[,H...]] [--json]",
    .summary = "tells how good the forecasts of spot are, on later data",
    .options = options,
    .more = "",
    .run = run,
};
