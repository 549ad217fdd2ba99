// SPDX-License-Identifier: Apache-2.0
#include "cli/simulation_picture.h"

#include <stdlib.h>

#include "cli/picture.h"
#include "sim/cells.h"
#include "sim/price_table.h"

enum { NAME_BYTES = 96 };

struct wf_simulation_picture {
    struct wf_picture_panel panels[WF_PICTURE_PANELS_MAX];
    uint32_t panel_count;
    struct wf_picture_gpu *gpus[WF_PICTURE_PANELS_MAX];
    struct wf_picture_pool pools[WF_PICTURE_POOLS_MAX];
    char names[WF_PICTURE_POOLS_MAX][NAME_BYTES];
    uint32_t pool_count;
};

enum wf_status wf_simulation_picture_create(struct wf_simulation_picture **picture_out,
                                            struct wf_error *err)
{
    *picture_out = calloc(1, sizeof **picture_out);
    return *picture_out ? WF_OK : wf_fail(err, WF_NOMEM, "no memory for the picture");
}

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

enum wf_status wf_simulation_picture_add(struct wf_simulation_picture *picture,
                                         const struct wf_simulation *simulation, const char *policy,
                                         const struct wf_replay *replay, struct wf_error *err)
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
        .load_pct = wf_simulation_headline(simulation),
        .gpus = gpus,
        .gpu_count = count,
    };
    return WF_OK;
}

enum wf_status wf_simulation_picture_write(const struct wf_simulation_picture *picture,
                                           const struct wf_simulation *simulation,
                                           struct wf_error *err)
{
    char subtitle[96];
    char footnote[1024];
    snprintf(subtitle, sizeof subtitle, "seed %llu, at the end of the run",
             (unsigned long long)simulation->options.seed_first);
    snprintf(footnote, sizeof footnote, "%s. Prices: %s.", simulation->scenario.trace.origin,
             wf_price_rule);
    struct wf_picture drawn = {
        .title = "Where the GPUs went",
        .subtitle = subtitle,
        .footnote = footnote,
        .pools = picture->pools,
        .pool_count = picture->pool_count,
        .panel_count = picture->panel_count,
    };
    for (uint32_t i = 0; i < picture->panel_count; i++) {
        drawn.panels[i] = picture->panels[i];
        drawn.panels[i].load_pct = wf_simulation_headline(simulation);
    }
    return wf_picture_write(&drawn, simulation->options.picture_path, err);
}
