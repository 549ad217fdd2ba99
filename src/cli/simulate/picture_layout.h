// SPDX-License-Identifier: Apache-2.0
// Where everything in a picture stands. Lengths are in pixels of the picture's own width; cells are
// drawn at ten units to a pixel, so that every coordinate is an integer and no locale can turn its
// point into a comma. Internal to the picture.
#pragma once

#include "cli/simulate/picture.h"

#define WF_PICTURE_MARGIN 36u
#define WF_PICTURE_PANEL_GAP 44
#define WF_PICTURE_CELL_PITCH 8
#define WF_PICTURE_GROUP_HEAD 24 // a pool's name, above its cells
#define WF_PICTURE_PANEL_HEAD 98 // policy and figures

// Where the cells of a pool stand, from the left edge of their panel and the top of the picture.
struct wf_picture_slot {
    uint32_t x, y, columns, rows;
};

struct wf_picture_layout {
    uint32_t columns, panel_width, width;
    uint32_t order[WF_PICTURE_POOLS_MAX];               // pools as drawn
    uint32_t drawn;                                     // of them have GPUs
    struct wf_picture_slot slots[WF_PICTURE_POOLS_MAX]; // by pool
    uint32_t gathered_rows; // of cells that all that is stranded would fill, in the worse panel
    uint32_t head, cells_top, cells_bottom; // where title and legend end, and the pools stand
};

// Fills *layout whole.
void wf_picture_lay_out(const struct wf_picture *picture, struct wf_picture_layout *layout);
