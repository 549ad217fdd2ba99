// SPDX-License-Identifier: Apache-2.0
// What came out of `simulate placement` as JSON. The whole of it is made in memory before the first
// byte is written.
#include <jansson.h>
#include <stdio.h>
#include <stdlib.h>

#include "cli/simulation.h"
#include "sim/price_table.h"

// Remembers whether anything failed, so that the parts need no checks of their own: jansson takes a
// NULL for a value and returns an error, which is kept here.
struct maker {
    bool failed;
};

static void set(struct maker *maker, json_t *object, const char *name, json_t *value)
{
    maker->failed |= json_object_set_new(object, name, value) != 0;
}

static void append(struct maker *maker, json_t *array, json_t *value)
{
    maker->failed |= json_array_append_new(array, value) != 0;
}

static json_t *make_point(struct maker *maker, const struct wf_placement_point *point,
                          uint32_t load)
{
    if (point->arrivals == 0) {
        return json_null();
    }
    json_t *object = json_object();
    set(maker, object, "allocated_pct", json_real(point->allocated_pct));
    set(maker, object, "unserved_pct", json_real(wf_placement_unserved_pct(point, load)));
    set(maker, object, "fragmented_pct", json_real(point->fragmented_pct));
    set(maker, object, "unusable_usd_per_hour", json_real(point->stranded_usd_per_hour));
    return object;
}

static json_t *make_curve(struct maker *maker, const struct wf_placement_result *result)
{
    json_t *curve = json_array();
    for (uint32_t load = 5; load < WF_PLACEMENT_LOADS; load += 5) {
        struct wf_placement_point point = wf_placement_at(result, load);
        if (point.arrivals == 0) {
            break;
        }
        json_t *object = make_point(maker, &point, load);
        set(maker, object, "load_pct", json_integer(load));
        append(maker, curve, object);
    }
    return curve;
}

static json_t *make_window(struct maker *maker, const struct wf_placement_result *result)
{
    const struct wf_placement_window *window = &result->window;
    json_t *object = json_object();
    set(maker, object, "hours", json_real(window->hours));
    set(maker, object, "offered_pct", json_real(window->offered_pct));
    set(maker, object, "allocated_pct", json_real(window->allocated_pct));
    set(maker, object, "refused_pct", json_real(wf_placement_refused_pct(window)));
    set(maker, object, "fragmented_pct", json_real(window->fragmented_pct));
    set(maker, object, "unusable_usd_per_hour", json_real(window->stranded_usd_per_hour));
    set(maker, object, "arrivals", json_integer(window->arrivals));
    set(maker, object, "refused", json_integer(window->refused));
    set(maker, object, "moves", json_integer(result->moves_in_window));
    return object;
}

static json_t *make_seed(struct maker *maker, const struct wf_placement_result *result,
                         uint64_t seed)
{
    char text[20];
    json_t *object = json_object();
    set(maker, object, "seed", json_integer((json_int_t)seed));
    snprintf(text, sizeof text, "%016llx", (unsigned long long)result->hash);
    set(maker, object, "hash", json_string(text));
    double seconds = result->seconds > 0 ? result->seconds : 1e-9;
    set(maker, object, "decisions_per_s", json_real(result->decisions / seconds));
    set(maker, object, "arrivals", json_integer(result->arrivals));
    set(maker, object, "refused", json_integer(result->refused));
    set(maker, object, "refused_gpu", json_integer(result->refused_gpu));
    set(maker, object, "moves", json_integer(result->moves));
    set(maker, object, "moves_usd", json_real(result->moves_usd));
    set(maker, object, "gpus_started_by_moves", json_real(result->moved_for_gpus));
    if (result->window.hours > 0) {
        set(maker, object, "window", make_window(maker, result));
        return object;
    }
    json_t *loads = json_object();
    for (uint32_t i = 0; i < WF_SIMULATION_LOAD_COUNT; i++) {
        uint32_t load = wf_simulation_loads[i];
        struct wf_placement_point point = wf_placement_at(result, load);
        snprintf(text, sizeof text, "%u", load);
        set(maker, loads, text, make_point(maker, &point, load));
    }
    set(maker, object, "loads", loads);
    set(maker, object, "arrived_gpu_milli", json_integer(result->arrived_gpu_milli));
    set(maker, object, "allocated_gpu_milli", json_integer(result->allocated_gpu_milli));
    set(maker, object, "fragmented_gpu_milli", json_real(result->fragmented_gpu_milli));
    set(maker, object, "curve", make_curve(maker, result));
    return object;
}

static void set_statistic(struct maker *maker, json_t *object, const char *name,
                          const struct wf_statistic *statistic)
{
    char deviation[64];
    snprintf(deviation, sizeof deviation, "%s_sd", name);
    set(maker, object, name, json_real(statistic->mean));
    set(maker, object, deviation, json_real(statistic->deviation));
}

static json_t *make_mean(struct maker *maker, const struct wf_simulation *simulation,
                         uint32_t contender, uint32_t load)
{
    struct wf_load_summary summary = wf_simulation_at(simulation, contender, load);
    if (summary.seeds == 0) {
        return json_null();
    }
    json_t *object = json_object();
    set_statistic(maker, object, "allocated_pct", &summary.allocated_pct);
    set_statistic(maker, object, "unserved_pct", &summary.unserved_pct);
    set_statistic(maker, object, "fragmented_pct", &summary.fragmented_pct);
    set_statistic(maker, object, "unusable_usd_per_hour", &summary.stranded_usd_per_hour);
    return object;
}

static json_t *make_window_mean(struct maker *maker, const struct wf_simulation *simulation,
                                uint32_t contender)
{
    struct wf_window_summary summary = wf_simulation_window(simulation, contender);
    json_t *object = json_object();
    set_statistic(maker, object, "offered_pct", &summary.offered_pct);
    set_statistic(maker, object, "allocated_pct", &summary.allocated_pct);
    set_statistic(maker, object, "refused_pct", &summary.refused_pct);
    set_statistic(maker, object, "refused_tasks", &summary.refused_tasks);
    set_statistic(maker, object, "fragmented_pct", &summary.fragmented_pct);
    set_statistic(maker, object, "unusable_usd_per_hour", &summary.stranded_usd_per_hour);
    return object;
}

static json_t *make_policy(struct maker *maker, const struct wf_simulation *simulation,
                           uint32_t contender)
{
    const struct wf_contender *facts = &simulation->contenders.list[contender];
    json_t *object = json_object();
    set(maker, object, "policy", json_string(facts->name));
    const char *mix = !facts->policy->uses_mix ? "unused" : facts->learned ? "learned" : "given";
    set(maker, object, "mix", json_string(mix));
    json_t *seeds = json_array();
    for (uint32_t i = 0; i < simulation->seed_count; i++) {
        append(maker, seeds,
               make_seed(maker, wf_simulation_result(simulation, contender, i),
                         simulation->options.seed_first + i));
    }
    set(maker, object, "seeds", seeds);
    if (simulation->options.scenario.departures) {
        set(maker, object, "mean", make_window_mean(maker, simulation, contender));
        return object;
    }
    json_t *mean = json_object();
    for (uint32_t i = 0; i < WF_SIMULATION_LOAD_COUNT; i++) {
        char text[20];
        snprintf(text, sizeof text, "%u", wf_simulation_loads[i]);
        set(maker, mean, text, make_mean(maker, simulation, contender, wf_simulation_loads[i]));
    }
    set(maker, object, "mean", mean);
    return object;
}

static json_t *make_prices(struct maker *maker, const struct wf_trace *trace)
{
    json_t *prices = json_array();
    for (uint32_t i = 0; i < trace->model_count; i++) {
        const struct wf_price_fact *price = wf_price_fact_find(trace->models[i]);
        json_t *object = json_object();
        set(maker, object, "model", json_string(trace->models[i]));
        if (price) {
            set(maker, object, "usd_per_gpu_hour",
                json_real((double)price->price_nanousd_per_gpu_hour / 1e9));
            set(maker, object, "date", json_string(price->date));
            set(maker, object, "source", json_string(price->source));
            set(maker, object, "assumed", json_boolean(price->assumed));
        } else {
            set(maker, object, "usd_per_gpu_hour", json_null());
        }
        append(maker, prices, object);
    }
    return prices;
}

static json_t *make_cluster(struct maker *maker, const struct wf_simulation *simulation)
{
    const struct wf_trace *trace = &simulation->scenario.trace;
    uint32_t copies = simulation->options.scenario.copies;
    int64_t gpus = 0;
    for (uint32_t i = 0; i < trace->node_count; i++) {
        gpus += trace->nodes[i].gpus;
    }
    json_t *object = json_object();
    set(maker, object, "origin", json_string(trace->origin));
    set(maker, object, "nodes", json_integer((json_int_t)trace->node_count * copies));
    set(maker, object, "gpus", json_integer(gpus * copies));
    set(maker, object, "tasks", json_integer((json_int_t)trace->task_count * copies));
    set(maker, object, "request_classes", json_integer(simulation->scenario.published.distinct));
    set(maker, object, "mix_classes", json_integer(simulation->scenario.published.count));
    return object;
}

enum wf_status wf_simulation_print_json(const struct wf_simulation *simulation,
                                        struct wf_error *err)
{
    struct maker maker = {0};
    json_t *root = json_object();
    json_t *policies = json_array();
    for (uint32_t i = 0; i < simulation->contenders.count; i++) {
        append(&maker, policies, make_policy(&maker, simulation, i));
    }
    set(&maker, root, "policies", policies);
    set(&maker, root, "trace", make_cluster(&maker, simulation));
    set(&maker, root, "plain", json_boolean(simulation->options.plain));
    set(&maker, root, "departures", json_boolean(simulation->options.scenario.departures));
    set(&maker, root, "moves_per_thousand",
        json_integer(simulation->options.scenario.moves_per_thousand));
    set(&maker, root, "move_cost_usd",
        json_real((double)simulation->options.scenario.move_cost_nanousd * 1e-9));
    set(&maker, root, "prices", make_prices(&maker, &simulation->scenario.trace));
    set(&maker, root, "price_rule", json_string(wf_price_rule));
    char *text = maker.failed ? NULL : json_dumps(root, JSON_INDENT(2) | JSON_REAL_PRECISION(10));
    json_decref(root);
    if (!text) {
        return wf_fail(err, WF_NOMEM, "the results cannot be written as JSON");
    }
    puts(text);
    free(text);
    return WF_OK;
}
