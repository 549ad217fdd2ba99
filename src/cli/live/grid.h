// SPDX-License-Identifier: Apache-2.0
// A table for a terminal: columns as wide as what is in them. Cells are made harmless first; colour
// is used on a terminal only, and not where NO_COLOR is set.
#pragma once

#include <stdbool.h>
#include <stdint.h>
#include <stdio.h>

#include "base/error.h"

#define WF_GRID_COLUMNS_MAX 16

enum wf_shade { WF_SHADE_NONE, WF_SHADE_GOOD, WF_SHADE_BAD, WF_SHADE_WAIT, WF_SHADE_FAINT };

struct wf_grid_column {
    const char *head;
    bool right;         // its cells end where it ends
    uint32_t width_max; // glyphs; 0: as many as there are
};

struct wf_grid {
    const struct wf_grid_column *columns;
    uint32_t column_count;
    struct wf_grid_cell *cells; // row by row
    uint32_t cell_count, cell_room;
    bool failed; // no memory
};

void wf_grid_init(struct wf_grid *grid, const struct wf_grid_column *columns, uint32_t count);
void wf_grid_finish(struct wf_grid *grid);

// Adds the next cell, from left to right.
void wf_grid_add(struct wf_grid *grid, const char *text);
void wf_grid_add_shaded(struct wf_grid *grid, const char *text, enum wf_shade shade);

// Errors: WF_NOMEM; nothing is printed then.
enum wf_status wf_grid_print(const struct wf_grid *grid, FILE *out,
                             struct wf_error *err) WF_MUST_USE;

// The shade of a job's state, and what switches a shade on and off on that file ("" where it is no
// terminal).
enum wf_shade wf_shade_of_state(const char *state);
const char *wf_shade_on(FILE *out, enum wf_shade shade);
const char *wf_shade_off(FILE *out);
