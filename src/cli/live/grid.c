// SPDX-License-Identifier: Apache-2.0
#include "cli/live/grid.h"

#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "base/assert.h"
#include "cli/clean.h"

enum { CELL_BYTES = 256, CELL_GLYPHS = 160 };

struct wf_grid_cell {
    char text[CELL_BYTES];
    enum wf_shade shade;
};

void wf_grid_init(struct wf_grid *grid, const struct wf_grid_column *columns, uint32_t count)
{
    *grid = (struct wf_grid){.columns = columns, .column_count = count};
}

void wf_grid_finish(struct wf_grid *grid)
{
    free(grid->cells);
    grid->cells = NULL;
}

void wf_grid_add_shaded(struct wf_grid *grid, const char *text, enum wf_shade shade)
{
    uint32_t columns = grid->column_count;
    WF_ASSERT(columns > 0);
    if (grid->cell_count == grid->cell_room) {
        uint32_t room = grid->cell_room * 2 + 64;
        struct wf_grid_cell *more = grid->failed ? NULL : realloc(grid->cells, room * sizeof *more);
        grid->failed = !more;
        if (grid->failed) {
            return;
        }
        grid->cells = more;
        grid->cell_room = room;
    }
    const struct wf_grid_column *column = &grid->columns[grid->cell_count % columns];
    struct wf_grid_cell *cell = &grid->cells[grid->cell_count++];
    wf_clean_text(cell->text, sizeof cell->text, text,
                  column->width_max > 0 ? column->width_max : CELL_GLYPHS);
    cell->shade = shade;
}

void wf_grid_add(struct wf_grid *grid, const char *text)
{
    wf_grid_add_shaded(grid, text, WF_SHADE_NONE);
}

static void print_cell(const struct wf_grid *grid, uint32_t column, const char *text,
                       enum wf_shade shade, uint32_t width, FILE *out)
{
    bool last = column + 1 == grid->column_count;
    shade = text[0] ? shade : WF_SHADE_NONE;
    int space = (int)(width - wf_clean_width(text));
    bool right = grid->columns[column].right;
    fprintf(out, "%s%*s%s%s%s%*s", column > 0 ? "  " : "", right ? space : 0, "",
            wf_shade_on(out, shade), text, shade != WF_SHADE_NONE ? wf_shade_off(out) : "",
            right || last ? 0 : space, "");
}

enum wf_status wf_grid_print(const struct wf_grid *grid, FILE *out, struct wf_error *err)
{
    uint32_t widths[WF_GRID_COLUMNS_MAX];
    uint32_t columns = grid->column_count;
    WF_ASSERT(columns > 0 && columns <= WF_GRID_COLUMNS_MAX);
    if (grid->failed) {
        return wf_fail(err, WF_NOMEM, "there is no memory for the table");
    }
    for (uint32_t i = 0; i < columns; i++) {
        widths[i] = wf_clean_width(grid->columns[i].head);
    }
    for (uint32_t i = 0; i < grid->cell_count; i++) {
        uint32_t width = wf_clean_width(grid->cells[i].text);
        uint32_t *widest = &widths[i % columns];
        *widest = width > *widest ? width : *widest;
    }
    for (uint32_t i = 0; i < columns; i++) {
        print_cell(grid, i, grid->columns[i].head, WF_SHADE_FAINT, widths[i], out);
    }
    fputc('\n', out);
    for (uint32_t i = 0; i < grid->cell_count; i++) {
        uint32_t column = i % columns;
        print_cell(grid, column, grid->cells[i].text, grid->cells[i].shade, widths[column], out);
        fputs(column + 1 == columns ? "\n" : "", out);
    }
    return WF_OK;
}

enum wf_shade wf_shade_of_state(const char *state)
{
    static const struct {
        const char *state;
        enum wf_shade shade;
    } shades[] = {
        {"running", WF_SHADE_GOOD},    {"up", WF_SHADE_GOOD},     {"failed", WF_SHADE_BAD},
        {"lost", WF_SHADE_BAD},        {"down", WF_SHADE_BAD},    {"waiting", WF_SHADE_WAIT},
        {"held", WF_SHADE_WAIT},       {"ending", WF_SHADE_WAIT}, {"drained", WF_SHADE_WAIT},
        {"cancelled", WF_SHADE_FAINT},
    };
    for (size_t i = 0; i < WF_COUNT_OF(shades); i++) {
        if (strcmp(state, shades[i].state) == 0) {
            return shades[i].shade;
        }
    }
    return WF_SHADE_NONE;
}

static bool has_colour(FILE *out)
{
    const char *no = getenv("NO_COLOR");
    return !(no && no[0]) && isatty(fileno(out));
}

const char *wf_shade_on(FILE *out, enum wf_shade shade)
{
    static const char *const codes[] = {"", "\033[32m", "\033[31m", "\033[33m", "\033[2m"};
    return shade != WF_SHADE_NONE && has_colour(out) ? codes[shade] : "";
}

const char *wf_shade_off(FILE *out)
{
    return has_colour(out) ? "\033[0m" : "";
}
