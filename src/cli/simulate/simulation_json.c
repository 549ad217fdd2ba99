// SPDX-License-Identifier: Apache-2.0
// What came out of `simulate placement` as JSON.
#include <stdio.h>

#include "cli/json.h"
#include "cli/simulate/simulation.h"
#include "site/price_table.h"

static json_t *make_point(struct wf_json *json, const struct wf_placement_point *point,
                          uint32_t load)
{
    if (point->arrivals == 0) {
        return json_null();
    }
    json_t *object = json_object();
    wf_json_set(json, object, "allocated_pct", json_real(point->allocated_pct));
    wf_json_set(json, object, "unserved_pct", json_real(wf_placement_unserved_pct(point, load)));
    wf_json_set(json, object, "fragmented_pct", json_real(point->fragmented_pct));
    wf_json_set(json, object, "unusable_usd_per_hour", json_real(point->stranded_usd_per_hour));
    wf_json_set(json, object, "used_usd_per_hour", json_real(point->used_usd_per_hour));
    return object;
}

static json_t *make_curve(struct wf_json *json, const struct wf_placement_result *result)
{
    json_t *curve = json_array();
    for (uint32_t load = 5; load < WF_PLACEMENT_LOADS; load += 5) {
        struct wf_placement_point point = wf_placement_at(result, load);
        if (point.arrivals == 0) {
            break;
        }
        json_t *object = make_point(json, &point, load);
        wf_json_set(json, object, "load_pct", json_integer(load));
        wf_json_append(json, curve, object);
    }
    return curve;
}

static json_t *make_window(struct wf_json *json, const struct wf_placement_result *result)
{
    const struct wf_placement_window *window = &result->window;
    json_t *object = json_object();
    wf_json_set(json, object, "hours", json_real(window->hours));
    wf_json_set(json, object, "offered_pct", json_real(window->offered_pct));
    wf_json_set(json, object, "allocated_pct", json_real(window->allocated_pct));
    wf_json_set(json, object, "refused_pct", json_real(wf_placement_refused_pct(window)));
    wf_json_set(json, object, "fragmented_pct", json_real(window->fragmented_pct));
    wf_json_set(json, object, "unusable_usd_per_hour", json_real(window->stranded_usd_per_hour));
    wf_json_set(json, object, "used_usd_per_hour", json_real(window->used_usd_per_hour));
    wf_json_set(json, object, "arrivals", json_integer(window->arrivals));
    wf_json_set(json, object, "refused", json_integer(window->refused));
    wf_json_set(json, object, "moves", json_integer(result->moves_in_window));
    return object;
}

static json_t *make_seed(struct wf_json *json, const struct wf_placement_result *result,
                         uint64_t seed)
{
    char text[20];
    json_t *object = json_object();
    wf_json_set(json, object, "seed", json_integer((json_int_t)seed));
    snprintf(text, sizeof text, "%016llx", (unsigned long long)result->hash);
    wf_json_set(json, object, "hash", json_string(text));
    double seconds = result->seconds > 0 ? result->seconds : 1e-9;
    wf_json_set(json, object, "decisions_per_s", json_real(result->decisions / seconds));
    wf_json_set(json, object, "arrivals", json_integer(result->arrivals));
    wf_json_set(json, object, "refused", json_integer(result->refused));
    wf_json_set(json, object, "refused_gpu", json_integer(result->refused_gpu));
    wf_json_set(json, object, "moves", json_integer(result->moves));
    wf_json_set(json, object, "moves_usd", json_real(result->moves_usd));
    wf_json_set(json, object, "gpus_started_by_moves", json_real(result->moved_for_gpus));
    if (result->window.hours > 0) {
        wf_json_set(json, object, "window", make_window(json, result));
        return object;
    }
    json_t *loads = json_object();
    for (uint32_t i = 0; i < WF_SIMULATION_LOAD_COUNT; i++) {
        uint32_t load = wf_simulation_loads[i];
        struct wf_placement_point point = wf_placement_at(result, load);
        snprintf(text, sizeof text, "%u", load);
        wf_json_set(json, loads, text, make_point(json, &point, load));
    }
    wf_json_set(json, object, "loads", loads);
    wf_json_set(json, object, "arrived_gpu_milli", json_integer(result->arrived_gpu_milli));
    wf_json_set(json, object, "allocated_gpu_milli", json_integer(result->allocated_gpu_milli));
    wf_json_set(json, object, "fragmented_gpu_milli", json_real(result->fragmented_gpu_milli));
    wf_json_set(json, object, "curve", make_curve(json, result));
    return object;
}

static void set_statistic(struct wf_json *json, json_t *object, const char *name,
                          const struct wf_statistic *statistic)
{
    char deviation[64];
    snprintf(deviation, sizeof deviation, "%s_sd", name);
    wf_json_set(json, object, name, json_real(statistic->mean));
    wf_json_set(json, object, deviation, json_real(statistic->deviation));
}

static json_t *make_mean(struct wf_json *json, const struct wf_simulation *simulation,
                         uint32_t contender, uint32_t load)
{
    struct wf_load_summary summary = wf_simulation_at(simulation, contender, load);
    if (summary.seeds == 0) {
        return json_null();
    }
    json_t *object = json_object();
    set_statistic(json, object, "allocated_pct", &summary.allocated_pct);
    set_statistic(json, object, "unserved_pct", &summary.unserved_pct);
    set_statistic(json, object, "fragmented_pct", &summary.fragmented_pct);
    set_statistic(json, object, "unusable_usd_per_hour", &summary.stranded_usd_per_hour);
    set_statistic(json, object, "used_usd_per_hour", &summary.used_usd_per_hour);
    return object;
}

static json_t *make_window_mean(struct wf_json *json, const struct wf_simulation *simulation,
                                uint32_t contender)
{
    struct wf_window_summary summary = wf_simulation_window(simulation, contender);
    json_t *object = json_object();
    set_statistic(json, object, "offered_pct", &summary.offered_pct);
    set_statistic(json, object, "allocated_pct", &summary.allocated_pct);
    set_statistic(json, object, "refused_pct", &summary.refused_pct);
    set_statistic(json, object, "refused_tasks", &summary.refused_tasks);
    set_statistic(json, object, "fragmented_pct", &summary.fragmented_pct);
    set_statistic(json, object, "unusable_usd_per_hour", &summary.stranded_usd_per_hour);
    set_statistic(json, object, "used_usd_per_hour", &summary.used_usd_per_hour);
    return object;
}

static json_t *make_policy(struct wf_json *json, const struct wf_simulation *simulation,
                           uint32_t contender)
{
    const struct wf_contender *facts = &simulation->contenders.list[contender];
    json_t *object = json_object();
    wf_json_set(json, object, "policy", json_string(facts->name));
    const char *mix = !facts->policy->uses_mix ? "unused" : facts->learned ? "learned" : "given";
    wf_json_set(json, object, "mix", json_string(mix));
    json_t *seeds = json_array();
    for (uint32_t i = 0; i < simulation->seed_count; i++) {
        wf_json_append(json, seeds,
                       make_seed(json, wf_simulation_result(simulation, contender, i),
                                 simulation->options.seed_first + i));
    }
    wf_json_set(json, object, "seeds", seeds);
    if (simulation->options.scenario.departures) {
        wf_json_set(json, object, "mean", make_window_mean(json, simulation, contender));
        return object;
    }
    json_t *mean = json_object();
    for (uint32_t i = 0; i < WF_SIMULATION_LOAD_COUNT; i++) {
        char text[20];
        snprintf(text, sizeof text, "%u", wf_simulation_loads[i]);
        wf_json_set(json, mean, text,
                    make_mean(json, simulation, contender, wf_simulation_loads[i]));
    }
    wf_json_set(json, object, "mean", mean);
    return object;
}

static json_t *make_prices(struct wf_json *json, const struct wf_trace *trace)
{
    json_t *prices = json_array();
    for (uint32_t i = 0; i < trace->model_count; i++) {
        const struct wf_price_fact *price = wf_price_fact_find(trace->models[i]);
        json_t *object = json_object();
        wf_json_set(json, object, "model", json_string(trace->models[i]));
        if (price) {
            wf_json_set(json, object, "usd_per_gpu_hour",
                        json_real((double)price->price_nanousd_per_gpu_hour / 1e9));
            wf_json_set(json, object, "date", json_string(price->date));
            wf_json_set(json, object, "source", json_string(price->source));
            wf_json_set(json, object, "assumed", json_boolean(price->assumed));
        } else {
            wf_json_set(json, object, "usd_per_gpu_hour", json_null());
        }
        wf_json_append(json, prices, object);
    }
    return prices;
}

static json_t *make_cluster(struct wf_json *json, const struct wf_simulation *simulation)
{
    const struct wf_trace *trace = &simulation->scenario.trace;
    uint32_t copies = simulation->options.scenario.copies;
    json_t *object = json_object();
    wf_json_set(json, object, "origin", json_string(trace->origin));
    wf_json_set(json, object, "nodes", json_integer((json_int_t)trace->node_count * copies));
    wf_json_set(json, object, "gpus", json_integer(wf_simulation_gpus(simulation)));
    wf_json_set(json, object, "tasks", json_integer((json_int_t)trace->task_count * copies));
    wf_json_set(json, object, "request_classes",
                json_integer(simulation->scenario.published.distinct));
    wf_json_set(json, object, "mix_classes", json_integer(simulation->scenario.published.count));
    return object;
}

static json_t *make_verdict(struct wf_json *json, const struct wf_simulation *simulation)
{
    struct wf_simulation_verdict verdict = wf_simulation_verdict(simulation);
    json_t *list = json_array();
    for (uint32_t i = 0; i < verdict.count; i++) {
        const struct wf_difference *difference = &verdict.list[i];
        json_t *object = json_object();
        wf_json_set(json, object, "policy", json_string(difference->policy));
        wf_json_set(json, object, "against", json_string(difference->against));
        wf_json_set(json, object, "load_pct", json_integer(verdict.load));
        wf_json_set(json, object, "more_gpus",
                    json_real((double)difference->more_gpu_milli / 1000));
        wf_json_set(json, object, "more_usd_per_hour",
                    json_real((double)difference->more_nanousd_per_hour / 1e9));
        wf_json_append(json, list, object);
    }
    return list;
}

enum wf_status wf_simulation_print_json(const struct wf_simulation *simulation,
                                        struct wf_error *err)
{
    struct wf_json json = {.failed = false};
    json_t *root = json_object();
    json_t *policies = json_array();
    for (uint32_t i = 0; i < simulation->contenders.count; i++) {
        wf_json_append(&json, policies, make_policy(&json, simulation, i));
    }
    wf_json_set(&json, root, "policies", policies);
    wf_json_set(&json, root, "verdict", make_verdict(&json, simulation));
    wf_json_set(&json, root, "trace", make_cluster(&json, simulation));
    wf_json_set(&json, root, "plain", json_boolean(simulation->options.plain));
    wf_json_set(&json, root, "departures", json_boolean(simulation->options.scenario.departures));
    wf_json_set(&json, root, "moves_per_thousand",
                json_integer(simulation->options.scenario.moves_per_thousand));
    wf_json_set(&json, root, "move_cost_usd",
                json_real((double)simulation->options.scenario.move_cost_nanousd * 1e-9));
    wf_json_set(&json, root, "prices", make_prices(&json, &simulation->scenario.trace));
    wf_json_set(&json, root, "price_rule", json_string(wf_price_rule));
    return wf_json_print(&json, root, err);
}
