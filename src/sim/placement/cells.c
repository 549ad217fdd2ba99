// SPDX-License-Identifier: Apache-2.0
#include "sim/placement/cells.h"

#include <stdlib.h>

#include "core/cluster.h"
#include "core/place/mix.h"

// The part of one GPU's free share that the expected tasks can use: each class that fits on the
// node uses the GPUs with room for its share, and a class for whole GPUs the free ones.
static int64_t usable_share(const struct wf_mix *mix, uint32_t model, const struct wf_state *state,
                            uint32_t gpu)
{
    int64_t usable = 0;
    for (uint32_t i = 0; i < mix->count; i++) {
        const struct wf_mix_class *class = &mix->classes[i];
        struct wf_request request = {
            .cpu_milli = class->cpu_milli,
            .gpus = class->gpus,
            .gpu_milli = class->gpu_milli,
        };
        bool runs = class->gpus > 0 && (class->models & WF_MODEL_BIT(model)) != 0;
        if (runs && wf_state_fits(state, &request) &&
            state->gpu_free_milli[gpu] >= class->gpu_milli) {
            usable += (int64_t)class->count * state->gpu_free_milli[gpu];
        }
    }
    return usable;
}

static uint32_t count_gpus(const struct wf_cluster *cluster)
{
    uint32_t count = 0;
    for (uint32_t node = 0; node < cluster->nodes_end; node++) {
        count += cluster->nodes[node].up ? cluster->states[node].gpus : 0;
    }
    return count;
}

static struct wf_cell make_cell(const struct wf_mix *mix, const struct wf_cluster *cluster,
                                uint32_t node, uint32_t gpu)
{
    const struct wf_state *state = &cluster->states[node];
    uint32_t pool = cluster->nodes[node].pool.index;
    int64_t total = mix->total > 0 ? mix->total : 1;
    int64_t free_milli = state->gpu_free_milli[gpu];
    int64_t usable = usable_share(mix, cluster->pools[pool].spec.model, state, gpu);
    int64_t stranded = (2 * (free_milli * total - usable) + total) / (2 * total);
    return (struct wf_cell){
        .pool = (uint16_t)pool,
        .free_milli = (uint16_t)free_milli,
        .stranded_milli = (uint16_t)stranded,
    };
}

enum wf_status wf_cells_make(const struct wf_replay *replay,
                             const struct wf_published_mix *published, struct wf_cell **cells_out,
                             uint32_t *count_out, struct wf_error *err)
{
    const struct wf_cluster *cluster = wf_core_cluster(wf_replay_core(replay));
    uint32_t count = count_gpus(cluster);
    struct wf_mix mix;
    struct wf_region *region = NULL;
    enum wf_status status = wf_region_create(&region, err);
    status = status == WF_OK ? wf_mix_init(&mix, region, cluster->limits.models, err) : status;
    if (status != WF_OK) {
        wf_region_destroy(region);
        return status;
    }
    wf_mix_set(&mix, published->classes, published->count);
    *cells_out = calloc(count ? count : 1, sizeof **cells_out);
    *count_out = 0;
    for (uint32_t node = 0; *cells_out && node < cluster->nodes_end; node++) {
        uint32_t gpus = cluster->nodes[node].up ? cluster->states[node].gpus : 0;
        for (uint32_t gpu = 0; gpu < gpus; gpu++) {
            (*cells_out)[(*count_out)++] = make_cell(&mix, cluster, node, gpu);
        }
    }
    wf_region_destroy(region);
    return *cells_out ? WF_OK : wf_fail(err, WF_NOMEM, "no memory for %u cells", count);
}
