// SPDX-License-Identifier: Apache-2.0
#include "gpu/gpu_parts.h"

static int64_t divide_up(int64_t number, int64_t divisor)
{
    return (number + divisor - 1) / divisor;
}

void wf_gpu_parts_add(struct wf_gpu_parts *parts, const struct wf_gpu_name *name, int64_t count)
{
    int64_t units = name->part_units ? name->part_units : 1;
    int64_t slices = wf_gpu_units(name) / units;
    if (name->memory_gib > 0 && name->part_gib > 0 && name->memory_gib / name->part_gib < slices) {
        slices = name->memory_gib / name->part_gib; // "1g.20gb" of 80 GiB: 4, not 7
    }
    slices = slices > 0 ? slices : 1;
    parts->parts += count;
    parts->units += count * units;
    parts->slices = parts->slices == 0 || parts->slices == slices ? slices : -1;
}

void wf_gpu_parts_sum(const struct wf_gpu_parts *parts, const struct wf_gpu_name *name,
                      int64_t *gpus_out, int64_t *slices_out)
{
    int64_t grid = wf_gpu_units(name);
    *gpus_out = parts->whole;
    *slices_out = 0;
    if (parts->parts > 0) {
        *gpus_out += parts->slices > 0 ? divide_up(parts->parts, parts->slices)
                                       : divide_up(parts->units, grid);
        *slices_out = parts->slices > 0 && parts->whole == 0 ? parts->slices : grid;
    }
}
