// SPDX-License-Identifier: Apache-2.0
#include "cli/svg.h"

#include "cli/xml.h"

enum { GLYPH_TENTHS = 66 }; // of a pixel, of the small text in a wide font

void wf_svg_open(const struct wf_svg *svg, const char *label)
{
    fprintf(svg->out, "<svg class=\"%s\" viewBox=\"0 0 %d %d\" role=\"img\" aria-label=\"",
            svg->wide ? "wide" : "narrow", svg->width, svg->height);
    wf_xml_put(svg->out, label, WF_XML_WHOLE);
    fputs("\">\n", svg->out);
}

void wf_svg_close(const struct wf_svg *svg)
{
    fputs("</svg>\n", svg->out);
}

void wf_svg_text(const struct wf_svg *svg, int x, int y, const char *class, const char *text)
{
    fprintf(svg->out, "<text x=\"%d\" y=\"%d\" class=\"%s\">", x, y, class);
    wf_xml_put(svg->out, text, WF_XML_WHOLE);
    fputs("</text>\n", svg->out);
}

void wf_svg_line(const struct wf_svg *svg, int x1, int y1, int x2, int y2, const char *class)
{
    fprintf(svg->out, "<path class=\"%s\" d=\"M%d %dL%d %d\"/>\n", class, x1, y1, x2, y2);
}

void wf_svg_box(const struct wf_svg *svg, int x, int y, int width, int height, const char *class)
{
    fprintf(svg->out, "<rect class=\"%s\" x=\"%d\" y=\"%d\" width=\"%d\" height=\"%d\"/>\n", class,
            x, y, width, height);
}

uint32_t wf_svg_glyphs(int width)
{
    return width > GLYPH_TENTHS ? (uint32_t)(width * 10 / GLYPH_TENTHS) : 1;
}
