// SPDX-License-Identifier: Apache-2.0
#include "cli/simulate/picture_draw.h"

#include <string.h>

#include "base/compat.h"
#include "base/number.h"
#include "cli/simulate/difference.h"
#include "cli/simulate/picture_count.h"
#include "cli/simulate/picture_layout.h"
#include "cli/xml.h"

#define FIGURE_WIDTH 148 // from one figure to the next
#define NOTE_LINE 16
#define NOTE_LINES_MAX 4
#define GLYPHS_PER_LINE(width) ((uint32_t)(width) * 10 / 61) // of small text in a wide font

static void put_line(FILE *out, uint32_t x, uint32_t y, const char *class, const char *text,
                     uint32_t glyphs_max)
{
    fprintf(out, "<text x=\"%u\" y=\"%u\" class=\"%s\">", x, y, class);
    wf_xml_put(out, text, glyphs_max);
    fputs("</text>\n", out);
}

enum part { PART_USED, PART_USABLE, PART_STRANDED, PARTS };

static const char part_class[PARTS] = {'u', 'f', 's'};

// Returns where a part of the cell begins and ends, from the cell's bottom, in units.
static void part_span(const struct wf_picture_gpu *gpu, enum part part, uint32_t *from,
                      uint32_t *to)
{
    const uint32_t height = (WF_PICTURE_CELL_PITCH - 1) * 10;
    uint32_t used = (1000u - gpu->free_milli) * height / 1000;
    uint32_t stranded_from = height - gpu->stranded_milli * height / 1000u;
    *from = part == PART_USED ? 0 : part == PART_USABLE ? used : stranded_from;
    *to = part == PART_USED ? used : part == PART_USABLE ? stranded_from : height;
}

static bool same_cell(const struct wf_picture_gpu *a, const struct wf_picture_gpu *b)
{
    return a->free_milli == b->free_milli && a->stranded_milli == b->stranded_milli;
}

// Draws one part of all cells of a pool as one path; equal neighbours are one rectangle, and the
// lines between cells are drawn over it later.
static void put_part(FILE *out, const struct wf_picture_gpu *gpus, uint32_t count, uint32_t columns,
                     enum part part)
{
    bool open = false;
    uint32_t run;
    for (uint32_t i = 0; i < count; i += run) {
        run = 1;
        while (i + run < count && (i + run) % columns != 0 && same_cell(&gpus[i], &gpus[i + run])) {
            run++;
        }
        uint32_t from, to;
        part_span(&gpus[i], part, &from, &to);
        if (from >= to) {
            continue;
        }
        if (!open) {
            fprintf(out, "<path class=\"%c\" d=\"", part_class[part]);
            open = true;
        }
        uint32_t bottom = (i / columns * WF_PICTURE_CELL_PITCH + WF_PICTURE_CELL_PITCH - 1) * 10;
        uint32_t width = (run * WF_PICTURE_CELL_PITCH - 1) * 10;
        fprintf(out, "M%u %uh%uv%uh-%uz", i % columns * WF_PICTURE_CELL_PITCH * 10, bottom - to,
                width, to - from, width);
    }
    if (open) {
        fputs("\"/>\n", out);
    }
}

static void put_grid(FILE *out, uint32_t columns, uint32_t rows)
{
    fputs("<path class=\"g\" d=\"", out);
    for (uint32_t column = 1; column < columns; column++) {
        fprintf(out, "M%u 0v%u", column * WF_PICTURE_CELL_PITCH * 10 - 5,
                rows * WF_PICTURE_CELL_PITCH * 10);
    }
    fputs("\"/>\n", out);
}

// Draws a row of whole cells from the left.
static void put_run(FILE *out, uint32_t cells, uint32_t row)
{
    uint32_t width = (cells * WF_PICTURE_CELL_PITCH - 1) * 10,
             height = (WF_PICTURE_CELL_PITCH - 1) * 10;
    fprintf(out, "M0 %uh%uv%uh-%uz", row * WF_PICTURE_CELL_PITCH * 10, width, height, width);
}

// Draws all that is stranded in the panel as if it were put together into whole GPUs, in cells of
// the same size as the others: slivers are seen one by one only in a large picture.
static void put_gathered(FILE *out, const struct wf_picture *picture,
                         const struct wf_picture_layout *layout, uint32_t panel, uint32_t x,
                         uint32_t y)
{
    char number[WF_NUMBER_BYTES];
    struct wf_picture_count count = wf_picture_count(picture, panel, WF_PICTURE_POOLS_MAX);
    uint32_t gpus = wf_picture_stranded_gpus(&count);
    uint32_t whole_rows = gpus / layout->columns, rest = gpus % layout->columns;
    fprintf(out,
            "<text x=\"%u\" y=\"%u\" class=\"n\">Stranded<tspan class=\"q\" dx=\"8\">all slivers "
            "put together, at the scale of the cells below</tspan></text>\n"
            "<text x=\"%u\" y=\"%u\" class=\"q e\">worth %s GPU%s</text>\n",
            x, y + WF_PICTURE_GROUP_HEAD - 8, x + layout->panel_width,
            y + WF_PICTURE_GROUP_HEAD - 8, wf_number_count(number, gpus), gpus == 1 ? "" : "s");
    fprintf(out, "<g transform=\"translate(%u %u) scale(.1)\">\n<path class=\"s\" d=\"", x,
            y + WF_PICTURE_GROUP_HEAD);
    for (uint32_t row = 0; row < whole_rows; row++) {
        put_run(out, layout->columns, row);
    }
    if (rest > 0) {
        put_run(out, rest, whole_rows);
    }
    fputs("\"/>\n", out);
    put_grid(out, layout->columns, layout->gathered_rows);
    fputs("</g>\n", out);
}

// Prints a pool's name and figures over its cells, which begin at x.
static void put_group_head(FILE *out, const struct wf_picture_pool *pool,
                           const struct wf_picture_count *count, const struct wf_picture_slot *slot,
                           uint32_t x, bool wide)
{
    char number[WF_NUMBER_BYTES];
    uint32_t y = slot->y + WF_PICTURE_GROUP_HEAD - 8;
    fprintf(out, "<text x=\"%u\" y=\"%u\" class=\"n\">", x, y);
    wf_xml_put(out, pool->name, 24);
    fprintf(out, "<tspan class=\"q\" dx=\"8\">%s GPU%s", wf_number_count(number, count->gpus),
            count->gpus == 1 ? "" : "s");
    if (wide && pool->price_nanousd_per_gpu_hour > 0) {
        fprintf(out, ", %s an hour each%s",
                wf_number_dollars(number, pool->price_nanousd_per_gpu_hour),
                pool->assumed ? " (assumed)" : "");
    }
    fprintf(out, "</tspan></text>\n<text x=\"%u\" y=\"%u\" class=\"q t e\">%s%s</text>\n",
            x + slot->columns * WF_PICTURE_CELL_PITCH, y,
            wf_number_percent(number, count->stranded_milli, count->gpus * INT64_C(1000)),
            wide ? " stranded" : "");
}

// Draws the cells of a pool, which begin at x; count says how many there are.
static void put_cells(FILE *out, const struct wf_picture_slot *slot,
                      const struct wf_picture_count *count, const struct wf_picture_gpu *gpus,
                      uint32_t x)
{
    fprintf(out, "<g transform=\"translate(%u %u) scale(.1)\">\n", x,
            slot->y + WF_PICTURE_GROUP_HEAD);
    for (enum part part = PART_USED; part < PARTS; part++) {
        put_part(out, gpus, count->gpus, slot->columns, part);
    }
    put_grid(out, slot->columns, slot->rows);
    fputs("</g>\n", out);
}

static void put_figures(FILE *out, const struct wf_picture *picture,
                        const struct wf_picture_layout *layout, uint32_t panel, uint32_t x)
{
    char text[WF_NUMBER_BYTES];
    struct wf_picture_count count = wf_picture_count(picture, panel, WF_PICTURE_POOLS_MAX);
    int64_t whole = count.gpus * INT64_C(1000);
    uint32_t y = layout->head + 26;
    fprintf(out, "<path class=\"r\" d=\"M%u %uh%u\"/>\n", x, layout->head - 4, layout->panel_width);
    fprintf(out, "<text x=\"%u\" y=\"%u\" class=\"p\">", x, y);
    wf_xml_put(out, picture->panels[panel].policy, 28);
    fprintf(out, "<tspan class=\"q\" dx=\"10\">at %u %% load</tspan></text>\n",
            picture->panels[panel].load_pct);

    const uint32_t second = x + FIGURE_WIDTH, third = second + FIGURE_WIDTH;
    y += 38;
    fprintf(out, "<text x=\"%u\" y=\"%u\" class=\"v\">%s</text>\n", x, y,
            wf_number_percent(text, count.used_milli, whole));
    put_line(out, x, y + 18, "q", "of all GPUs in use", 40);
    fprintf(out, "<text x=\"%u\" y=\"%u\" class=\"v t\">%s</text>\n", second, y,
            wf_number_percent(text, count.stranded_milli, whole));
    put_line(out, second, y + 18, "q", "stranded", 40);
    fprintf(out, "<text x=\"%u\" y=\"%u\" class=\"v t\">%s</text>\n", third, y,
            wf_number_dollars(text, count.stranded_nanousd_per_hour));
    put_line(out, third, y + 18, "q",
             count.unpriced  ? "an hour for nothing (not all prices known)"
             : count.assumed ? "an hour for nothing (some prices assumed)"
                             : "an hour for nothing",
             45);
}

static void put_panel(FILE *out, const struct wf_picture *picture,
                      const struct wf_picture_layout *layout, uint32_t panel,
                      const struct wf_picture_gpu *sorted)
{
    uint32_t x = WF_PICTURE_MARGIN + panel * (layout->panel_width + WF_PICTURE_PANEL_GAP);
    put_figures(out, picture, layout, panel, x);
    put_gathered(out, picture, layout, panel, x, layout->head + WF_PICTURE_PANEL_HEAD);
    for (uint32_t i = 0; i < layout->drawn; i++) {
        uint32_t pool = layout->order[i];
        uint32_t first = 0;
        while (first < picture->panels[panel].gpu_count && sorted[first].pool < pool) {
            first++;
        }
        const struct wf_picture_slot *slot = &layout->slots[pool];
        struct wf_picture_count count = wf_picture_count(picture, panel, pool);
        put_group_head(out, &picture->pools[pool], &count, slot, x + slot->x,
                       slot->columns == layout->columns);
        put_cells(out, slot, &count, sorted + first, x + slot->x);
    }
}

// The policy with more GPUs at work told against the other, in a sentence.
static void put_verdict(FILE *out, const struct wf_picture *picture, uint32_t y,
                        uint32_t glyphs_max)
{
    struct wf_picture_count counts[WF_PICTURE_PANELS_MAX];
    for (uint32_t panel = 0; panel < WF_PICTURE_PANELS_MAX; panel++) {
        counts[panel] = wf_picture_count(picture, panel, WF_PICTURE_POOLS_MAX);
    }
    uint32_t best = counts[0].used_milli > counts[1].used_milli ? 0 : 1;
    struct wf_difference difference = {
        .policy = picture->panels[best].policy,
        .against = picture->panels[1 - best].policy,
        .more_gpu_milli = counts[best].used_milli - counts[1 - best].used_milli,
        .more_nanousd_per_hour =
            counts[best].used_nanousd_per_hour - counts[1 - best].used_nanousd_per_hour,
    };
    for (uint32_t i = 0; i < picture->pool_count; i++) {
        struct wf_picture_count count = wf_picture_count(picture, best, i);
        difference.unpriced |= count.gpus > 0 && picture->pools[i].price_nanousd_per_gpu_hour == 0;
    }
    char text[WF_DIFFERENCE_BYTES];
    put_line(out, WF_PICTURE_MARGIN, y, "d", wf_difference_text(text, &difference), glyphs_max);
}

// Prints text in lines of at most glyphs_max, broken between words.
static uint32_t put_note(FILE *out, const char *text, uint32_t y, uint32_t glyphs_max)
{
    uint32_t lines = 0;
    char line[1024]; // of glyphs_max glyphs, however many bytes they take
    while (*text && lines < NOTE_LINES_MAX) {
        size_t take = strlen(text);
        if (take > glyphs_max && lines + 1 < NOTE_LINES_MAX) {
            take = glyphs_max;
            while (take > 0 && text[take] != ' ') {
                take--;
            }
            take = take ? take : glyphs_max;
            while (((unsigned char)text[take] & 0xc0) == 0x80) {
                take++; // not inside a glyph
            }
        }
        snprintf(line, sizeof line, "%.*s", (int)take, text);
        put_line(out, WF_PICTURE_MARGIN, y + lines * NOTE_LINE, "o", line, glyphs_max);
        lines++;
        text += take;
        text += strspn(text, " ");
    }
    return lines;
}

static void put_style(FILE *out)
{
    fputs("<style>\n"
          "text{font:13px system-ui,-apple-system,'Segoe UI',Roboto,'DejaVu Sans',sans-serif;"
          "fill:#1c2530}\n"
          ".h{font-size:23px;font-weight:600}.p{font-size:19px;font-weight:600}"
          ".v{font-size:26px;font-weight:600}.d{font-size:14px;font-weight:600}"
          ".n{font-weight:600}.q{font-size:12px;font-weight:400}.o{font-size:11px}"
          ".e{text-anchor:end}\n"
          ".q,.o,.w{fill:#5a6775}.b{fill:#fff}.u{fill:#9fb3c8}.f{fill:#bfe5cc}.s{fill:#d9480f}"
          ".t{fill:#c2410c}.g{fill:none;stroke:#fff;stroke-width:10}"
          ".r{fill:none;stroke:#d5dbe2}\n"
          "@media (prefers-color-scheme:dark){text{fill:#e6ebf0}.q,.o,.w{fill:#9aa7b5}"
          ".b{fill:#11161c}.u{fill:#40566d}.f{fill:#2c6b4a}.s{fill:#ff7b36}.t{fill:#ff8f54}"
          ".g{stroke:#11161c}.r{stroke:#2b343e}}\n"
          "</style>\n",
          out);
}

static void put_legend(FILE *out, uint32_t y)
{
    static const struct {
        uint32_t x;
        const char *class, *text;
    } entries[] = {
        {0, "u", "in use (how full: the share in use)"},
        {290, "f", "free and usable"},
        {440, "s",
         "stranded: free, but of no use to the requests expected (in part: to some of them)"},
    };
    for (uint32_t i = 0; i < WF_COUNT_OF(entries); i++) {
        uint32_t x = WF_PICTURE_MARGIN + entries[i].x;
        fprintf(out, "<path class=\"%s\" d=\"M%u %uh12v12h-12z\"/>\n", entries[i].class, x, y - 11);
        put_line(out, x + 19, y, "w", entries[i].text, 100);
    }
}

void wf_picture_draw(FILE *out, const struct wf_picture *picture,
                     struct wf_picture_gpu *const sorted[])
{
    struct wf_picture_layout laid, *layout = &laid;
    wf_picture_lay_out(picture, layout);
    uint32_t inner = layout->width - 2 * WF_PICTURE_MARGIN;
    uint32_t height = layout->cells_bottom + NOTE_LINES_MAX * NOTE_LINE + 18;
    fprintf(out,
            "<svg xmlns=\"http://www.w3.org/2000/svg\" width=\"%u\" height=\"%u\" "
            "viewBox=\"0 0 %u %u\" role=\"img\">\n<title>",
            layout->width, height, layout->width, height);
    wf_xml_put(out, picture->title, 200);
    fputs("</title>\n", out);
    put_style(out);
    fprintf(out, "<path class=\"b\" d=\"M0 0h%uv%uh-%uz\"/>\n", layout->width, height,
            layout->width);
    put_line(out, WF_PICTURE_MARGIN, 46, "h", picture->title, inner / 12);
    put_line(out, WF_PICTURE_MARGIN, 70, "w", picture->subtitle, inner / 6);
    if (picture->panel_count == 2) {
        put_verdict(out, picture, 96, inner / 7);
    }
    put_legend(out, layout->head - 22);
    for (uint32_t panel = 0; panel < picture->panel_count; panel++) {
        put_panel(out, picture, layout, panel, sorted[panel]);
    }
    put_note(out, picture->footnote, layout->cells_bottom + 14, GLYPHS_PER_LINE(inner));
    fputs("</svg>\n", out);
}
