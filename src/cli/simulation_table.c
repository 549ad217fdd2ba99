// SPDX-License-Identifier: Apache-2.0
// What came out of `simulate placement` as a table for people.
#include <stdio.h>
#include <string.h>

#include "cli/simulation.h"
#include "sim/price_table.h"

// "1,234" into text, which holds NUMBER_BYTES.
enum { NUMBER_BYTES = 32 };
static const char *number(char *text, double value)
{
    char digits[NUMBER_BYTES];
    snprintf(digits, sizeof digits, "%.0f", value);
    size_t length = strlen(digits);
    size_t at = 0;
    for (size_t i = 0; i < length && at + 2 < NUMBER_BYTES; i++) {
        if (i > 0 && (length - i) % 3 == 0) {
            text[at++] = ',';
        }
        text[at++] = digits[i];
    }
    text[at] = '\0';
    return text;
}

// A column with a mean and, for several seeds, its deviation: "  4.61 ±0.08".
static int spread_width(uint32_t seeds)
{
    return seeds > 1 ? 12 : 11;
}

static void print_spread(const struct wf_statistic *statistic, uint32_t seeds)
{
    if (seeds > 1) {
        printf("  %6.2f ±%-4.2f", statistic->mean, statistic->deviation);
    } else {
        printf("  %11.2f", statistic->mean);
    }
}

static void print_head(const struct wf_simulation *simulation, uint32_t headline)
{
    const struct wf_trace *trace = &simulation->scenario.trace;
    const struct wf_simulation_options *options = &simulation->options;
    char text[3][NUMBER_BYTES];
    int64_t gpus = 0;
    for (uint32_t i = 0; i < trace->node_count; i++) {
        gpus += trace->nodes[i].gpus;
    }
    uint32_t copies = options->scenario.copies;
    printf("%s\n", trace->origin);
    if (options->scenario.departures) {
        printf("%s nodes, %s GPUs; tasks arrive and leave, and ask for %.3g %% of the GPUs at any "
               "time (%s come in the run of seed %llu)\n\n",
               number(text[0], (double)trace->node_count * copies),
               number(text[1], (double)gpus * copies), options->scenario.load_milli / 10.0,
               number(text[2], simulation->results[0].arrivals),
               (unsigned long long)options->seed_first);
        return;
    }
    printf("%s nodes, %s GPUs; tasks arrive until they ask for %u %% of the GPUs (%s in the run of "
           "seed %llu) and none leaves\n\n",
           number(text[0], (double)trace->node_count * copies),
           number(text[1], (double)gpus * copies), headline,
           number(text[2], simulation->results[0].arrivals),
           (unsigned long long)options->seed_first);
}

static void print_window_columns(uint32_t seeds, int width)
{
    int spread = spread_width(seeds);
    printf("%-*s  %7s  %9s  %*s  %8s  %*s  %8s  %11s\n", width, "", "offered", "allocated", spread,
           "refused", "refused", spread, "fragmented", "unusable", "decisions");
    printf("%-*s  %7s  %9s  %*s  %8s  %*s  %8s  %11s\n", width, "policy", "%", "%", spread,
           "% of it", "tasks", spread, "%", "$/hour", "per second");
}

static void print_window_row(const struct wf_simulation *simulation, uint32_t contender, int width)
{
    char text[NUMBER_BYTES];
    struct wf_window_summary summary = wf_simulation_window(simulation, contender);
    printf("%-*s", width, simulation->contenders.list[contender].name);
    printf("  %7.2f  %9.2f", summary.offered_pct.mean, summary.allocated_pct.mean);
    print_spread(&summary.refused_pct, simulation->seed_count);
    printf("  %8s", number(text, summary.refused_tasks.mean));
    print_spread(&summary.fragmented_pct, simulation->seed_count);
    printf("  %8s", number(text, summary.stranded_usd_per_hour.mean));
    printf("  %11s\n", number(text, wf_simulation_decisions_per_s(simulation, contender).mean));
}

static void print_moves(const struct wf_simulation *simulation)
{
    const struct wf_scenario_config *config = &simulation->options.scenario;
    if (config->moves_per_thousand == 0) {
        return;
    }
    printf("\nMoves of running tasks, at most %u per thousand arrivals at $%.3g each:",
           config->moves_per_thousand, (double)config->move_cost_nanousd * 1e-9);
    for (uint32_t i = 0; i < simulation->contenders.count; i++) {
        struct wf_moves_summary summary = wf_simulation_moves(simulation, i);
        printf("%s %s %.1f ($%.2f)", i > 0 ? "," : "", simulation->contenders.list[i].name,
               summary.moves.mean, summary.usd.mean);
    }
    printf(".\n");
}

static void print_columns(uint32_t seeds, int width)
{
    int spread = spread_width(seeds);
    printf("%-*s  %9s  %*s  %*s  %8s  %21s  %8s  %11s\n", width, "", "allocated", spread,
           "unallocated", spread, "fragmented", "refused", "unserved at a load of", "unusable",
           "decisions");
    printf("%-*s  %9s  %*s  %*s  %8s", width, "policy", "%", spread, "%", spread, "%", "tasks");
    for (uint32_t i = 0; i < WF_SIMULATION_LOAD_COUNT; i++) {
        printf("  %3u %%", wf_simulation_loads[i]);
    }
    printf("    %8s  %11s\n", "$/hour", "per second");
}

static void print_row(const struct wf_simulation *simulation, uint32_t contender, uint32_t headline,
                      int width)
{
    char text[NUMBER_BYTES];
    struct wf_load_summary summary = wf_simulation_at(simulation, contender, headline);
    struct wf_statistic unallocated = summary.allocated_pct;
    unallocated.mean = 100 - unallocated.mean;
    printf("%-*s", width, simulation->contenders.list[contender].name);
    printf("  %9.2f", summary.allocated_pct.mean);
    print_spread(&unallocated, simulation->seed_count);
    print_spread(&summary.fragmented_pct, simulation->seed_count);
    printf("  %8s", number(text, wf_simulation_refused(simulation, contender).mean));
    for (uint32_t i = 0; i < WF_SIMULATION_LOAD_COUNT; i++) {
        struct wf_load_summary at = wf_simulation_at(simulation, contender, wf_simulation_loads[i]);
        if (at.seeds > 0) {
            printf("  %5.2f", at.unserved_pct.mean);
        } else {
            printf("  %5s", "-");
        }
    }
    printf("    %8s", number(text, summary.stranded_usd_per_hour.mean));
    printf("  %11s\n", number(text, wf_simulation_decisions_per_s(simulation, contender).mean));
}

// Names the models whose price is an assumption, or is not known.
static void print_models(const struct wf_trace *trace, bool unknown, const char *words)
{
    bool any = false;
    for (uint32_t i = 0; i < trace->model_count; i++) {
        const struct wf_price_fact *price = wf_price_fact_find(trace->models[i]);
        if (unknown ? !price : price && price->assumed) {
            printf("%s%s", any ? ", " : words, trace->models[i]);
            any = true;
        }
    }
}

static void print_prices(const struct wf_trace *trace)
{
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
        printf("Prices: none is known for these GPU models.\n");
        return;
    }
    printf("Prices: %s.\nThey are of %s", wf_price_rule, oldest);
    if (strcmp(oldest, newest) != 0) {
        printf(" to %s", newest);
    }
    print_models(trace, false, "; assumed for ");
    print_models(trace, true, "; not known, and counted as 0, for ");
    printf(". --json lists each with its source.\n");
}

void wf_simulation_print_table(const struct wf_simulation *simulation)
{
    uint32_t headline = wf_simulation_headline(simulation);
    uint32_t seeds = simulation->seed_count;
    int width = 6;
    for (uint32_t i = 0; i < simulation->contenders.count; i++) {
        int length = (int)strlen(simulation->contenders.list[i].name);
        width = length > width ? length : width;
    }
    print_head(simulation, headline);
    bool departures = simulation->options.scenario.departures;
    if (departures) {
        print_window_columns(seeds, width);
    } else {
        print_columns(seeds, width);
    }
    for (uint32_t i = 0; i < simulation->contenders.count; i++) {
        if (departures) {
            print_window_row(simulation, i, width);
        } else {
            print_row(simulation, i, headline, width);
        }
    }
    print_moves(simulation);
    printf("\nAll %% are of the cluster's GPUs. ");
    if (seeds > 1) {
        printf("Means of %u seeds, ± their standard deviation. ", seeds);
    }
    printf("Fragmented: free, but on GPUs or nodes where the expected tasks do not fit.\n"
           "%s Unusable: what the fragmented GPUs cost at list "
           "prices. Decisions: on one core.\n",
           departures ? "Offered: GPU-hours wanted in the week measured. Refused: those of tasks "
                        "that found no node."
                      : "Unserved: demand that got no GPU.");
    print_prices(&simulation->scenario.trace);
}
