// SPDX-License-Identifier: Apache-2.0
// The verb simulate: lets policies place the same tasks on the same cluster, and compares them.
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "cli/commands.h"
#include "cli/progress.h"
#include "cli/simulate/last_run.h"
#include "cli/simulate/picture.h"
#include "cli/simulate/simulation_picture.h"
#include "cli/simulate/spot.h"

static const struct wf_option options[] = {
    {"nodes", "FILE", "the cluster: a table of nodes, plain or gzipped"},
    {"pods", "FILE", "the tasks: a table of pods, plain or gzipped"},
    {"facts", "NAME", "instead of files: made from published facts (default, gpuspec33)"},
    {"policy", "P[,P...]", "who places; P:learned is P without the published forecast; all"},
    {"seeds", "A[-B]", "one run for each seed (42)"},
    {"orders", "FILE", "exact orders of tasks and nodes instead of our random ones"},
    {"load", "L", "tasks arrive until they ask for L times the GPUs (1.3)"},
    {"departures", NULL, "tasks leave; they ask for L times the GPUs at any time (1.0)"},
    {"moves", "N", "at most N running tasks are moved per thousand arrivals (0)"},
    {"move-cost", "USD", "what one move costs (0.25)"},
    {"copies", "N", "the cluster and its tasks N times over (1)"},
    {"plain", NULL, "without the caches: looks at every node for every task"},
    {"json", NULL, "prints JSON instead of a table"},
    {"picture", "FILE", "draws the cluster, every GPU a cell (SVG)"},
    {"picture-of", "P[,P]", "under these policies (the first and the last of --policy)"},
    {"picture-load", "L", "as it stands when tasks have asked for L percent of the GPUs (100)"},
    {NULL, NULL, NULL},
};

enum {
    LOAD_MILLI = 1300, // of tasks that stay, as published; of tasks that leave, all there is
    LOAD_MILLI_DEPARTURES = 1000,
    MOVES_MAX = 1000, // in a thousand arrivals
    MOVE_COST_MAX_MILLI_USD = 1000000,
};
#define MOVE_COST_NANOUSD INT64_C(250000000)

static enum wf_status take_number(const char *what, const char *value, uint32_t min, uint32_t max,
                                  uint32_t *number_out, struct wf_error *err)
{
    uint64_t number;
    enum wf_status status = wf_option_number(what, value, min, max, &number, err);
    *number_out = status == WF_OK ? (uint32_t)number : min;
    return status;
}

static enum wf_status take_move_cost(const char *value, int64_t *cost_nanousd_out,
                                     struct wf_error *err)
{
    uint32_t thousandths = 0;
    enum wf_status status =
        wf_option_thousandths("--move-cost", value, MOVE_COST_MAX_MILLI_USD, &thousandths, err);
    *cost_nanousd_out = (int64_t)thousandths * 1000000;
    return status;
}

static enum wf_status take_amount(struct wf_simulation_options *chosen, const char *name,
                                  const char *value, struct wf_error *err)
{
    struct wf_scenario_config *scenario = &chosen->scenario;
    if (strcmp(name, "load") == 0) {
        return wf_option_thousandths("--load", value, WF_WORKLOAD_LOAD_MILLI_MAX,
                                     &scenario->load_milli, err);
    }
    if (strcmp(name, "copies") == 0) {
        return take_number("--copies", value, 1, WF_NODES_MAX, &scenario->copies, err);
    }
    if (strcmp(name, "moves") == 0) {
        return take_number("--moves", value, 0, MOVES_MAX, &scenario->moves_per_thousand, err);
    }
    if (strcmp(name, "move-cost") == 0) {
        return take_move_cost(value, &scenario->move_cost_nanousd, err);
    }
    return take_number("--picture-load", value, 1, WF_WORKLOAD_LOAD_MILLI_MAX / 10,
                       &chosen->picture_load, err);
}

static enum wf_status take(void *context, const char *name, const char *value, struct wf_error *err)
{
    struct wf_simulation_options *chosen = context;
    const struct {
        const char *name;
        const char **place;
    } texts[] = {
        {"nodes", &chosen->scenario.nodes_path},   {"pods", &chosen->scenario.pods_path},
        {"facts", &chosen->scenario.facts},        {"policy", &chosen->policies},
        {"orders", &chosen->scenario.orders_path}, {"picture", &chosen->picture_path},
        {"picture-of", &chosen->picture_policies},
    };
    for (uint32_t i = 0; i < WF_COUNT_OF(texts); i++) {
        if (strcmp(name, texts[i].name) == 0) {
            *texts[i].place = value;
            return WF_OK;
        }
    }
    if (strcmp(name, "seeds") == 0) {
        return wf_option_seeds(value, &chosen->seed_first, &chosen->seed_last, err);
    }
    if (value) {
        return take_amount(chosen, name, value, err);
    }
    bool *departures = &chosen->scenario.departures;
    *departures = *departures || strcmp(name, "departures") == 0;
    chosen->plain = chosen->plain || strcmp(name, "plain") == 0;
    chosen->json = chosen->json || strcmp(name, "json") == 0;
    return WF_OK;
}

static enum wf_status check_options(const struct wf_simulation_options *chosen,
                                    struct wf_error *err)
{
    const struct wf_scenario_config *scenario = &chosen->scenario;
    bool files = scenario->nodes_path || scenario->pods_path;
    if (files && scenario->facts) {
        return wf_fail(err, WF_INVALID, "--facts stands for --nodes and --pods, not beside them");
    }
    if (!scenario->facts && !scenario->nodes_path) {
        return wf_fail(err, WF_INVALID, "--nodes FILE is missing");
    }
    if (!scenario->facts && !scenario->pods_path) {
        return wf_fail(err, WF_INVALID, "--pods FILE is missing");
    }
    if (!chosen->policies) {
        return wf_fail(err, WF_INVALID, "--policy NAME is missing");
    }
    if (scenario->orders_path && (scenario->copies != 1 || scenario->facts)) {
        return wf_fail(err, WF_INVALID, "--orders goes with --nodes and --pods and one copy only");
    }
    if (scenario->orders_path && scenario->departures) {
        return wf_fail(err, WF_INVALID,
                       "--orders says nothing about times, so that it cannot go with "
                       "--departures");
    }
    return WF_OK;
}

// The runs while they go on.
struct runs {
    struct wf_simulation *simulation;
    struct wf_progress progress;
};

static enum wf_status run_one(struct runs *runs, uint32_t contender, uint32_t seed,
                              const struct wf_workload *workload, struct wf_error *err)
{
    struct wf_simulation *simulation = runs->simulation;
    const struct wf_contender *who = &simulation->contenders.list[contender];
    uint64_t number = simulation->options.seed_first + seed;
    struct wf_placement_config config = {
        .replay = wf_scenario_replay(&simulation->scenario, workload, who, number),
        .published = &simulation->scenario.published,
        .progress = wf_progress_tell,
        .context = &runs->progress,
    };
    config.replay.plain = simulation->options.plain;
    wf_progress_begin(&runs->progress, "%s, seed %llu", who->name, (unsigned long long)number);
    return wf_placement_run(
        &config, &simulation->results[contender * simulation->seed_count + seed], NULL, err);
}

static enum wf_status run_all(struct wf_simulation *simulation, struct wf_error *err)
{
    struct runs runs = {.simulation = simulation};
    enum wf_status status = WF_OK;
    wf_progress_init(&runs.progress, simulation->contenders.count * simulation->seed_count);
    for (uint32_t seed = 0; seed < simulation->seed_count && status == WF_OK; seed++) {
        struct wf_workload workload;
        status = wf_scenario_workload(&simulation->scenario, simulation->options.seed_first + seed,
                                      &workload, err);
        for (uint32_t i = 0; i < simulation->contenders.count && status == WF_OK; i++) {
            status = run_one(&runs, i, seed, &workload, err);
        }
        wf_workload_finish(&workload);
    }
    wf_progress_finish(&runs.progress);
    return status;
}

// Picture, then record, then what is printed: nothing is left half done.
static enum wf_status hand_over(const struct wf_simulation *simulation,
                                const struct wf_simulation_picture *picture, struct wf_error *err)
{
    enum wf_status status = WF_OK;
    if (simulation->options.picture_path) {
        status = wf_simulation_picture_write(picture, simulation, err);
    }
    if (status != WF_OK) {
        return status;
    }
    struct wf_error note = {0};
    if (wf_last_run_keep(&simulation->options, &note) != WF_OK) {
        // The results are good all the same; only explain will not know of them.
        fprintf(stderr, "whaleflux: explain will not know this run: %s\n", note.text);
    }
    if (simulation->options.json) {
        return wf_simulation_print_json(simulation, err);
    }
    wf_simulation_print_table(simulation);
    return WF_OK;
}

static enum wf_status choose_pictured(struct wf_simulation *simulation, struct wf_error *err)
{
    const struct wf_contenders *all = &simulation->contenders;
    struct wf_contenders *pictured = &simulation->pictured;
    const char *named = simulation->options.picture_policies;
    if (named) {
        enum wf_status status = wf_contenders_parse(named, pictured, err);
        if (status == WF_OK && pictured->count > WF_PICTURE_PANELS_MAX) {
            status = wf_fail(err, WF_INVALID, "--picture-of names %u policies, it may name %d",
                             pictured->count, WF_PICTURE_PANELS_MAX);
        }
        return status;
    }
    pictured->list[pictured->count++] = all->list[0];
    if (all->count > 1) {
        pictured->list[pictured->count++] = all->list[all->count - 1];
    }
    return WF_OK;
}

static enum wf_status simulate(struct wf_simulation *simulation, struct wf_error *err)
{
    struct wf_simulation_picture *picture = NULL;
    simulation->seed_count =
        (uint32_t)(simulation->options.seed_last - simulation->options.seed_first) + 1;
    enum wf_status status =
        wf_scenario_open(&simulation->options.scenario, &simulation->scenario, err);
    if (status != WF_OK) {
        return status;
    }
    size_t runs = (size_t)simulation->contenders.count * simulation->seed_count;
    simulation->results = calloc(runs, sizeof *simulation->results);
    if (!simulation->results) {
        status = wf_fail(err, WF_NOMEM, "no memory for the results of %zu runs", runs);
    }
    if (status == WF_OK && simulation->options.picture_path) {
        status = wf_simulation_picture_create(simulation, &picture, err);
    }
    if (status == WF_OK) {
        status = run_all(simulation, err);
    }
    if (status == WF_OK) {
        status = hand_over(simulation, picture, err);
    }
    wf_simulation_picture_destroy(picture);
    free(simulation->results);
    wf_scenario_close(&simulation->scenario);
    return status;
}

static enum wf_status run(int argc, char **argv, struct wf_error *err)
{
    struct wf_simulation simulation = {
        .options =
            {
                .scenario = {.copies = 1, .move_cost_nanousd = MOVE_COST_NANOUSD},
                .seed_first = 42,
                .seed_last = 42,
                .picture_load = 100,
            },
    };
    if (argc >= 2 && strcmp(argv[1], "spot") == 0) {
        return wf_simulate_spot(argc - 1, argv + 1, err);
    }
    if (argc < 2 || strcmp(argv[1], "placement") != 0) {
        return wf_fail(err, WF_INVALID, "what to simulate is '%.60s', it must be placement or spot",
                       argc < 2 ? "" : argv[1]);
    }
    const struct wf_option_reader reader = {options, take, &simulation.options};
    int words = 0;
    enum wf_status status = wf_options_parse(&reader, argc - 1, argv + 1, &words, err);
    if (status == WF_OK && words < argc - 1) {
        status = wf_fail(err, WF_INVALID, "'%.60s' is one word too many", argv[1 + words]);
    }
    if (status == WF_OK) {
        status = check_options(&simulation.options, err);
    }
    struct wf_scenario_config *scenario = &simulation.options.scenario;
    if (scenario->load_milli == 0) {
        scenario->load_milli = scenario->departures ? LOAD_MILLI_DEPARTURES : LOAD_MILLI;
    }
    if (status == WF_OK) {
        status = wf_contenders_parse(simulation.options.policies, &simulation.contenders, err);
    }
    if (status == WF_OK) {
        status = choose_pictured(&simulation, err);
    }
    return status == WF_OK ? simulate(&simulation, err) : status;
}

const struct wf_command wf_command_simulate = {
    .name = "simulate",
    .usage = "placement --nodes FILE --pods FILE --policy P[,P...] [OPTION...]\n"
             "       whaleflux simulate spot --traces PATH --work H --deadline H --policy P[,P...] "
             "[OPTION...]",
    .summary = "compares policies: for the same tasks on a cluster, or a job on spot traces",
    .options = options,
    .more = "Example: whaleflux simulate placement --facts default --policy all --seeds 42-46\n"
            "The options of `simulate spot` are in whaleflux(1).\n",
    .run = run,
};
