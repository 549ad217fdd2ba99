// SPDX-License-Identifier: Apache-2.0
#include "cli/simulate/simulation_picture.h"

#include <stdlib.h>
#include <string.h>

#include "base/number.h"
#include "cli/simulate/picture.h"
#include "sim/placement/cells.h"
#include "site/price_table.h"

enum { NAME_BYTES = 96 };

struct wf_simulation_picture {
    struct wf_picture_panel panels[WF_PICTURE_PANELS_MAX];
    uint32_t panel_count;
    struct wf_picture_gpu *gpus[WF_PICTURE_PANELS_MAX];
    struct wf_picture_pool pools[WF_PICTURE_POOLS_MAX];
    char names[WF_PICTURE_POOLS_MAX][NAME_BYTES];
    uint32_t pool_count;
    uint32_t arrived, arrivals; // tasks, until the load and in the whole run
};

void wf_simulation_picture_destroy(struct wf_simulation_picture *picture)
{
    if (picture) {
        for (uint32_t i = 0; i < picture->panel_count; i++) {
            free(picture->gpus[i]);
        }
        free(picture);
    }
}

static enum wf_status name_pools(struct wf_simulation_picture *picture,
                                 const struct wf_trace *trace, const struct wf_replay *replay,
                                 struct wf_error *err)
{
    uint32_t count = wf_replay_pool_count(replay);
    if (count > WF_PICTURE_POOLS_MAX) {
        return wf_fail(err, WF_LIMIT,
                       "a picture of %u pools is past the limit "
                       "WF_PICTURE_POOLS_MAX of %d",
                       count, WF_PICTURE_POOLS_MAX);
    }
    picture->pool_count = count;
    for (uint32_t i = 0; i < count; i++) {
        const struct wf_trace_node *node = wf_replay_pool_node(replay, i);
        const char *model = node->gpus > 0 ? trace->models[node->model] : "no GPU";
        const struct wf_price_fact *price = wf_price_fact_find(model);
        snprintf(picture->names[i], NAME_BYTES, "%u x %.40s, %u cores", node->gpus, model,
                 node->cpu_milli / 1000);
        picture->pools[i] = (struct wf_picture_pool){
            .name = picture->names[i],
            .price_nanousd_per_gpu_hour = price ? price->price_nanousd_per_gpu_hour : 0,
            .assumed = price && price->assumed,
        };
    }
    return WF_OK;
}

static enum wf_status add_panel(struct wf_simulation_picture *picture,
                                const struct wf_simulation *simulation, const char *policy,
                                uint32_t load, const struct wf_replay *replay, struct wf_error *err)
{
    struct wf_cell *cells;
    uint32_t count;
    enum wf_status status = name_pools(picture, &simulation->scenario.trace, replay, err);
    if (status != WF_OK) {
        return status;
    }
    status = wf_cells_make(replay, &simulation->scenario.published, &cells, &count, err);
    if (status != WF_OK) {
        return status;
    }
    struct wf_picture_gpu *gpus = calloc(count ? count : 1, sizeof *gpus);
    if (!gpus) {
        free(cells);
        return wf_fail(err, WF_NOMEM, "no memory for a picture of %u GPUs", count);
    }
    for (uint32_t i = 0; i < count; i++) {
        gpus[i] = (struct wf_picture_gpu){
            .pool = cells[i].pool,
            .free_milli = cells[i].free_milli,
            .stranded_milli = cells[i].stranded_milli,
        };
    }
    free(cells);
    picture->gpus[picture->panel_count] = gpus;
    picture->panels[picture->panel_count++] = (struct wf_picture_panel){
        .policy = policy,
        .load_pct = load,
        .gpus = gpus,
        .gpu_count = count,
    };
    return WF_OK;
}

// Offers tasks as long as what has arrived stays within the load. *load_out gets what it came to.
static enum wf_status run_to_load(struct wf_replay *replay, uint32_t load, uint32_t *load_out,
                                  struct wf_error *err)
{
    const struct wf_trace *trace = wf_replay_trace(replay);
    const struct wf_workload *workload = wf_replay_workload(replay);
    int64_t capacity = workload->capacity_gpu_milli;
    int64_t arrived = 0;
    enum wf_status status = WF_OK;
    while (status == WF_OK && wf_replay_position(replay) < workload->arrival_count) {
        uint32_t next = workload->arrivals[wf_replay_position(replay)];
        int64_t more = (int64_t)trace->tasks[next].gpus * trace->tasks[next].gpu_milli;
        if ((arrived + more) * 100 > load * capacity) {
            break;
        }
        struct wf_decisions decisions;
        arrived += more;
        status = wf_replay_step(replay, &decisions, err);
    }
    *load_out = (uint32_t)((200 * arrived + capacity) / (2 * capacity));
    return status;
}

// Where tasks leave: takes all steps to the end of the window. *load_out gets the mean demand.
static enum wf_status run_window(struct wf_replay *replay, uint32_t *load_out, struct wf_error *err)
{
    const struct wf_workload *workload = wf_replay_workload(replay);
    int64_t capacity = workload->capacity_gpu_milli;
    struct wf_decisions decisions;
    enum wf_status status = WF_OK;
    while (status == WF_OK &&
           wf_replay_next_ms(replay) < WF_WORKLOAD_WARM_UP_MS + WF_WORKLOAD_WINDOW_MS) {
        status = wf_replay_step(replay, &decisions, err);
    }
    *load_out = (uint32_t)((200 * workload->offered_gpu_milli + capacity) / (2 * capacity));
    return status;
}

static enum wf_status add_policy(struct wf_simulation_picture *picture,
                                 const struct wf_simulation *simulation,
                                 const struct wf_workload *workload,
                                 const struct wf_contender *contender, struct wf_error *err)
{
    struct wf_replay_config config = wf_scenario_replay(&simulation->scenario, workload, contender,
                                                        simulation->options.seed_first);
    struct wf_replay *replay = NULL;
    uint32_t load = 0;
    enum wf_status status = wf_replay_create(&config, &replay, err);
    if (status == WF_OK && workload->run_ms) {
        status = run_window(replay, &load, err);
    } else if (status == WF_OK) {
        status = run_to_load(replay, simulation->options.picture_load, &load, err);
    }
    if (status == WF_OK) {
        picture->arrived = wf_replay_position(replay);
        status = add_panel(picture, simulation, contender->name, load, replay, err);
    }
    wf_replay_destroy(replay);
    return status;
}

// Before hours of work for a picture that cannot be drawn.
static enum wf_status check_size(const struct wf_simulation *simulation, struct wf_error *err)
{
    uint32_t gpus = wf_simulation_gpus(simulation);
    if (gpus > WF_PICTURE_GPUS_MAX) {
        return wf_fail(err, WF_LIMIT,
                       "a picture of %u GPUs is past the limit WF_PICTURE_GPUS_MAX of %d", gpus,
                       WF_PICTURE_GPUS_MAX);
    }
    return WF_OK;
}

enum wf_status wf_simulation_picture_create(const struct wf_simulation *simulation,
                                            struct wf_simulation_picture **picture_out,
                                            struct wf_error *err)
{
    struct wf_workload workload;
    enum wf_status status = check_size(simulation, err);
    if (status != WF_OK) {
        return status;
    }
    status =
        wf_scenario_workload(&simulation->scenario, simulation->options.seed_first, &workload, err);
    if (status != WF_OK) {
        return status;
    }
    struct wf_simulation_picture *picture = calloc(1, sizeof *picture);
    if (!picture) {
        wf_workload_finish(&workload);
        return wf_fail(err, WF_NOMEM, "no memory for the picture");
    }
    picture->arrivals = workload.arrival_count;
    for (uint32_t i = 0; i < simulation->pictured.count && status == WF_OK; i++) {
        status = add_policy(picture, simulation, &workload, &simulation->pictured.list[i], err);
    }
    wf_workload_finish(&workload);
    if (status != WF_OK) {
        wf_simulation_picture_destroy(picture);
        return status;
    }
    *picture_out = picture;
    return WF_OK;
}

static const char *base_name(const char *path)
{
    const char *slash = strrchr(path, '/');
    return slash ? slash + 1 : path;
}

// The file's name without folder and endings, or the name of the facts.
static const char *variant_of(const struct wf_scenario_config *config, char *text, size_t size)
{
    static const char *const endings[] = {".gz", ".csv"};
    if (config->facts) {
        snprintf(text, size, "%s, made from published counts", config->facts);
        return text;
    }
    snprintf(text, size, "%s", base_name(config->pods_path));
    for (uint32_t i = 0; i < WF_COUNT_OF(endings); i++) {
        size_t length = strlen(text);
        size_t ending = strlen(endings[i]);
        if (length > ending && strcmp(text + length - ending, endings[i]) == 0) {
            text[length - ending] = '\0';
        }
    }
    return text;
}

// Where cluster, tasks and prices are from. A picture travels, so that it names no folders.
static const char *footnote_of(const struct wf_simulation *simulation, char *text, size_t size)
{
    const struct wf_scenario_config *config = &simulation->options.scenario;
    if (config->facts) {
        snprintf(text, size, "%s. Prices: %s.", simulation->scenario.trace.origin, wf_price_rule);
    } else {
        snprintf(text, size, "Tasks: %s; nodes: %s. Prices: %s.", base_name(config->pods_path),
                 base_name(config->nodes_path), wf_price_rule);
    }
    return text;
}

enum wf_status wf_simulation_picture_write(const struct wf_simulation_picture *picture,
                                           const struct wf_simulation *simulation,
                                           struct wf_error *err)
{
    char variant[128];
    char title[192];
    char subtitle[256];
    char footnote[1024];
    char number[4][WF_NUMBER_BYTES];
    const struct wf_scenario_config *config = &simulation->options.scenario;
    int64_t nodes = (int64_t)simulation->scenario.trace.node_count * config->copies;
    snprintf(title, sizeof title, "Where the GPUs went: %s",
             variant_of(config, variant, sizeof variant));
    snprintf(subtitle, sizeof subtitle,
             "%s nodes, %s GPUs; %s of the run's %s tasks have arrived (seed %llu)",
             wf_number_count(number[0], nodes),
             wf_number_count(number[1], wf_simulation_gpus(simulation)),
             wf_number_count(number[2], picture->arrived),
             wf_number_count(number[3], picture->arrivals),
             (unsigned long long)simulation->options.seed_first);
    struct wf_picture drawn = {
        .title = title,
        .subtitle = subtitle,
        .footnote = footnote_of(simulation, footnote, sizeof footnote),
        .pools = picture->pools,
        .pool_count = picture->pool_count,
        .panel_count = picture->panel_count,
    };
    for (uint32_t i = 0; i < picture->panel_count; i++) {
        drawn.panels[i] = picture->panels[i];
    }
    return wf_picture_write(&drawn, simulation->options.picture_path, err);
}
