// SPDX-License-Identifier: Apache-2.0
// Pieces of inline SVG that plots are made of. Lengths are pixels of the plot's own width; paths
// are drawn in tenths of them, so that all coordinates are integers and no locale can turn a point
// into a comma. Text is escaped.
#pragma once

#include <stdbool.h>
#include <stdint.h>
#include <stdio.h>

#define WF_SVG_WIDE 880
#define WF_SVG_NARROW 380

// One drawing of a plot: where it goes, how large it is, and the area between the axes.
struct wf_svg {
    FILE *out;
    bool wide;
    int width, height;
    int left, right, top, bottom; // edges of the area
};

// Opens the drawing; label says what it shows for those who cannot see it.
void wf_svg_open(const struct wf_svg *svg, const char *label);
void wf_svg_close(const struct wf_svg *svg);

// Text at a place; class names its style and whether x is its start, middle or end.
void wf_svg_text(const struct wf_svg *svg, int x, int y, const char *class, const char *text);
void wf_svg_line(const struct wf_svg *svg, int x1, int y1, int x2, int y2, const char *class);
void wf_svg_box(const struct wf_svg *svg, int x, int y, int width, int height, const char *class);

// About how many glyphs of small text have room in a width.
uint32_t wf_svg_glyphs(int width);
