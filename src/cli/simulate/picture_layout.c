// SPDX-License-Identifier: Apache-2.0
#include "cli/simulate/picture_layout.h"

#include "cli/simulate/picture_count.h"

#define COLUMNS_ALONE 132 // cells in a row of the only panel
#define COLUMNS_BESIDE 72 // of each of two
#define GROUP_GAP 14
#define SMALL_ROWS 2 // a pool that needs no more at half the width gets half the width
#define HEAD 118     // title, subtitle, legend
#define VERDICT 28   // the second policy against the first

// Counts the GPUs of each pool, in the panel that has more of them, and puts the pools in order.
static void order_pools(const struct wf_picture *picture, struct wf_picture_layout *layout,
                        uint32_t gpus[])
{
    for (uint32_t pool = 0; pool < picture->pool_count; pool++) {
        gpus[pool] = 0;
        for (uint32_t panel = 0; panel < picture->panel_count; panel++) {
            uint32_t count = wf_picture_count(picture, panel, pool).gpus;
            gpus[pool] = count > gpus[pool] ? count : gpus[pool];
        }
        if (gpus[pool] == 0) {
            continue;
        }
        uint32_t at = layout->drawn++;
        for (; at > 0 && gpus[layout->order[at - 1]] < gpus[pool]; at--) {
            layout->order[at] = layout->order[at - 1];
        }
        layout->order[at] = pool;
    }
}

// Gives each pool its place: the large ones a band of their own, small ones two to a band. Large
// ones come first, so once a pool is small all others are.
static void place_pools(struct wf_picture_layout *layout, const uint32_t gpus[])
{
    const uint32_t half = layout->columns / 2 - 2;
    uint32_t y = layout->cells_top;
    uint32_t band_rows = 0; // of the small pool on the left that waits for its neighbour
    for (uint32_t i = 0; i < layout->drawn; i++) {
        uint32_t pool = layout->order[i];
        bool small = gpus[pool] <= SMALL_ROWS * half;
        uint32_t columns = small ? half : layout->columns;
        uint32_t rows = (gpus[pool] + columns - 1) / columns;
        bool right = band_rows > 0;
        layout->slots[pool] = (struct wf_picture_slot){
            right ? (layout->columns - half) * WF_PICTURE_CELL_PITCH : 0, y, columns, rows};
        if (small && !right && i + 1 < layout->drawn) {
            band_rows = rows;
            continue;
        }
        y += WF_PICTURE_GROUP_HEAD + (rows > band_rows ? rows : band_rows) * WF_PICTURE_CELL_PITCH +
             GROUP_GAP;
        band_rows = 0;
    }
    layout->cells_bottom = y;
}

void wf_picture_lay_out(const struct wf_picture *picture, struct wf_picture_layout *layout)
{
    *layout = (struct wf_picture_layout){0};
    layout->head = HEAD + (picture->panel_count == 2 ? VERDICT : 0);
    layout->columns = picture->panel_count == 1 ? COLUMNS_ALONE : COLUMNS_BESIDE;
    layout->panel_width = layout->columns * WF_PICTURE_CELL_PITCH;
    layout->width = 2 * WF_PICTURE_MARGIN + picture->panel_count * layout->panel_width +
                    (picture->panel_count - 1) * WF_PICTURE_PANEL_GAP;
    for (uint32_t panel = 0; panel < picture->panel_count; panel++) {
        struct wf_picture_count all = wf_picture_count(picture, panel, WF_PICTURE_POOLS_MAX);
        uint32_t rows = (wf_picture_stranded_gpus(&all) + layout->columns - 1) / layout->columns;
        layout->gathered_rows = rows > layout->gathered_rows ? rows : layout->gathered_rows;
    }
    layout->cells_top = layout->head + WF_PICTURE_PANEL_HEAD + WF_PICTURE_GROUP_HEAD +
                        layout->gathered_rows * WF_PICTURE_CELL_PITCH + GROUP_GAP;
    uint32_t gpus[WF_PICTURE_POOLS_MAX];
    order_pools(picture, layout, gpus);
    place_pools(layout, gpus);
}
