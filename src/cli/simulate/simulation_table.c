// SPDX-License-Identifier: Apache-2.0
// What came out of `simulate placement` as a table for people.
#include <math.h>
#include <stdio.h>
#include <string.h>

#include "base/number.h"
#include "cli/paragraph.h"
#include "cli/simulate/simulation.h"
#include "site/price_table.h"

enum {
    SPREAD_WIDTH = 11, // a column with a mean and, for several seeds, its deviation: " 4.61 ±0.08"
    LINE_WIDTH = 104,  // of sentences
};

static void print_spread(const struct wf_statistic *statistic, uint32_t seeds)
{
    if (seeds > 1) {
        printf("  %5.2f ±%-4.2f", statistic->mean, statistic->deviation);
    } else {
        printf("  %*.2f", SPREAD_WIDTH, statistic->mean);
    }
}

static void tell_head(FILE *out, const void *context)
{
    const struct wf_simulation *simulation = context;
    char text[3][WF_NUMBER_BYTES];
    const struct wf_simulation_options *options = &simulation->options;
    const struct wf_scenario_config *scenario = &options->scenario;
    int64_t nodes = (int64_t)simulation->scenario.trace.node_count * scenario->copies;
    wf_number_count(text[2], simulation->results[0].arrivals);
    fprintf(out, "%s nodes, %s GPUs; ", wf_number_count(text[0], nodes),
            wf_number_count(text[1], wf_simulation_gpus(simulation)));
    if (scenario->departures) {
        fprintf(out,
                "tasks arrive and leave, and ask for %.3g %% of the GPUs at any time (%s come in "
                "the run of seed %llu)",
                scenario->load_milli / 10.0, text[2], (unsigned long long)options->seed_first);
    } else {
        fprintf(out,
                "tasks arrive until they ask for %u %% of the GPUs (%s in the run of seed %llu) "
                "and none leaves",
                wf_simulation_headline(simulation), text[2],
                (unsigned long long)options->seed_first);
    }
}

static void print_window_columns(int width)
{
    printf("%-*s  %7s  %9s  %*s  %7s  %*s  %8s  %9s\n", width, "", "offered", "allocated",
           SPREAD_WIDTH, "refused", "refused", SPREAD_WIDTH, "fragmented", "unusable", "decisions");
    printf("%-*s  %7s  %9s  %*s  %7s  %*s  %8s  %9s\n", width, "policy", "%", "%", SPREAD_WIDTH,
           "% of it", "tasks", SPREAD_WIDTH, "%", "$/hour", "/second");
}

static void print_window_row(const struct wf_simulation *simulation, uint32_t contender, int width)
{
    char text[WF_NUMBER_BYTES];
    struct wf_window_summary summary = wf_simulation_window(simulation, contender);
    printf("%-*s", width, simulation->contenders.list[contender].name);
    printf("  %7.2f  %9.2f", summary.offered_pct.mean, summary.allocated_pct.mean);
    print_spread(&summary.refused_pct, simulation->seed_count);
    printf("  %7s", wf_number_count(text, llround(summary.refused_tasks.mean)));
    print_spread(&summary.fragmented_pct, simulation->seed_count);
    printf("  %8s", wf_number_count(text, llround(summary.stranded_usd_per_hour.mean)));
    printf(
        "  %9s\n",
        wf_number_count(text, llround(wf_simulation_decisions_per_s(simulation, contender).mean)));
}

static void tell_moves(FILE *out, const void *context)
{
    const struct wf_simulation *simulation = context;
    char cost[WF_NUMBER_BYTES];
    const struct wf_scenario_config *config = &simulation->options.scenario;
    fprintf(out, "Moves of running tasks, at most %u per thousand arrivals at $%s each:",
            config->moves_per_thousand,
            wf_number_thousandths(cost, (uint64_t)config->move_cost_nanousd / 1000000));
    for (uint32_t i = 0; i < simulation->contenders.count; i++) {
        struct wf_moves_summary summary = wf_simulation_moves(simulation, i);
        fprintf(out, "%s %s %.1f (%s)", i > 0 ? "," : "", simulation->contenders.list[i].name,
                summary.moves.mean, wf_number_dollars(cost, llround(summary.usd.mean * 1e9)));
    }
    fputs(".", out);
}

static void print_columns(int width)
{
    printf("%-*s  %9s  %*s  %*s  %7s  %21s  %8s  %9s\n", width, "", "allocated", SPREAD_WIDTH,
           "unallocated", SPREAD_WIDTH, "fragmented", "refused", "unserved at a load of",
           "unusable", "decisions");
    printf("%-*s  %9s  %*s  %*s  %7s", width, "policy", "%", SPREAD_WIDTH, "%", SPREAD_WIDTH, "%",
           "tasks");
    for (uint32_t i = 0; i < WF_SIMULATION_LOAD_COUNT; i++) {
        printf("  %3u %%", wf_simulation_loads[i]);
    }
    printf("    %8s  %9s\n", "$/hour", "/second");
}

static void print_row(const struct wf_simulation *simulation, uint32_t contender, uint32_t headline,
                      int width)
{
    char text[WF_NUMBER_BYTES];
    struct wf_load_summary summary = wf_simulation_at(simulation, contender, headline);
    struct wf_statistic unallocated = summary.allocated_pct;
    unallocated.mean = 100 - unallocated.mean;
    printf("%-*s", width, simulation->contenders.list[contender].name);
    printf("  %9.2f", summary.allocated_pct.mean);
    print_spread(&unallocated, simulation->seed_count);
    print_spread(&summary.fragmented_pct, simulation->seed_count);
    printf("  %7s",
           wf_number_count(text, llround(wf_simulation_refused(simulation, contender).mean)));
    for (uint32_t i = 0; i < WF_SIMULATION_LOAD_COUNT; i++) {
        struct wf_load_summary at = wf_simulation_at(simulation, contender, wf_simulation_loads[i]);
        if (at.seeds > 0) {
            printf("  %5.2f", at.unserved_pct.mean);
        } else {
            printf("  %5s", "-");
        }
    }
    printf("    %8s", wf_number_count(text, llround(summary.stranded_usd_per_hour.mean)));
    printf(
        "  %9s\n",
        wf_number_count(text, llround(wf_simulation_decisions_per_s(simulation, contender).mean)));
}

// Names the models whose price is an assumption, or is not known.
static void tell_models(FILE *out, const struct wf_trace *trace, bool unknown, const char *words)
{
    bool any = false;
    for (uint32_t i = 0; i < trace->model_count; i++) {
        const struct wf_price_fact *price = wf_price_fact_find(trace->models[i]);
        if (unknown ? !price : price && price->assumed) {
            fprintf(out, "%s%s", any ? ", " : words, trace->models[i]);
            any = true;
        }
    }
}

static void tell_prices(FILE *out, const void *context)
{
    const struct wf_simulation *simulation = context;
    const struct wf_trace *trace = &simulation->scenario.trace;
    const char *oldest = NULL;
    const char *newest = NULL;
    for (uint32_t i = 0; i < trace->model_count; i++) {
        const struct wf_price_fact *price = wf_price_fact_find(trace->models[i]);
        if (price) {
            oldest = !oldest || strcmp(price->date, oldest) < 0 ? price->date : oldest;
            newest = !newest || strcmp(price->date, newest) > 0 ? price->date : newest;
        }
    }
    if (!oldest) {
        fputs("Prices: none is known for these GPU models.", out);
        return;
    }
    fprintf(out, "Prices: %s. They are of %s", wf_price_rule, oldest);
    if (strcmp(oldest, newest) != 0) {
        fprintf(out, " to %s", newest);
    }
    tell_models(out, trace, false, "; assumed for ");
    tell_models(out, trace, true, "; not known, and counted as 0, for ");
    fputs(". --json lists each with its source.", out);
}

static void tell_words(FILE *out, const void *context)
{
    const struct wf_simulation *simulation = context;
    uint32_t seeds = simulation->seed_count;
    fputs("All % are of the cluster's GPUs. ", out);
    if (seeds > 1) {
        fprintf(out, "Means of %u seeds, ± their standard deviation. ", seeds);
    }
    fputs("Fragmented: free, but on GPUs or nodes where the expected tasks do not fit. ", out);
    fputs(
        simulation->options.scenario.departures
            ? "Offered: GPU-hours wanted in the week measured. Refused: those of tasks that found "
              "no node. "
            : "Unserved: demand that got no GPU. ",
        out);
    fputs("Unusable: what the fragmented GPUs cost at list prices. Decisions: on one core.", out);
}

static void print_told(wf_tell_function *tell, const struct wf_simulation *simulation)
{
    wf_paragraph_print_told(stdout, tell, simulation, LINE_WIDTH);
}

static void print_verdict(const struct wf_simulation *simulation)
{
    char difference[WF_DIFFERENCE_BYTES];
    char text[WF_DIFFERENCE_BYTES + 32];
    struct wf_simulation_verdict verdict = wf_simulation_verdict(simulation);
    for (uint32_t i = 0; i < verdict.count; i++) {
        snprintf(text, sizeof text, "At %u %% load %s.", verdict.load,
                 wf_difference_text(difference, &verdict.list[i]));
        wf_paragraph_print(stdout, text, LINE_WIDTH);
    }
    printf("%s", verdict.count > 0 ? "\n" : "");
}

static void print_rows(const struct wf_simulation *simulation, int width)
{
    uint32_t headline = wf_simulation_headline(simulation);
    bool departures = simulation->options.scenario.departures;
    if (departures) {
        print_window_columns(width);
    } else {
        print_columns(width);
    }
    for (uint32_t i = 0; i < simulation->contenders.count; i++) {
        if (departures) {
            print_window_row(simulation, i, width);
        } else {
            print_row(simulation, i, headline, width);
        }
    }
}

void wf_simulation_print_table(const struct wf_simulation *simulation)
{
    int width = 6;
    for (uint32_t i = 0; i < simulation->contenders.count; i++) {
        int length = (int)strlen(simulation->contenders.list[i].name);
        width = length > width ? length : width;
    }
    printf("%s\n", simulation->scenario.trace.origin);
    print_told(tell_head, simulation);
    putchar('\n');
    print_rows(simulation, width);
    putchar('\n');
    print_verdict(simulation);
    if (simulation->options.scenario.moves_per_thousand > 0) {
        print_told(tell_moves, simulation);
        putchar('\n');
    }
    print_told(tell_words, simulation);
    print_told(tell_prices, simulation);
}
