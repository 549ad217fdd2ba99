// SPDX-License-Identifier: Apache-2.0
#include "cli/xml.h"

#include "cli/clean.h"

static const char *entity_of(uint32_t point, const char *glyph)
{
    switch (point) {
    case '&':
        return "&amp;";
    case '<':
        return "&lt;";
    case '>':
        return "&gt;";
    case '"':
        return "&quot;";
    case '\'':
        return "&#39;";
    default:
        return glyph;
    }
}

void wf_xml_put(FILE *out, const char *text, uint32_t glyphs_max)
{
    char glyph[WF_GLYPH_BYTES];
    uint32_t point;
    for (uint32_t glyphs = 0; (point = wf_clean_glyph(&text, glyph)) != 0; glyphs++) {
        if (glyphs == glyphs_max) {
            fputs("…", out);
            return;
        }
        fputs(entity_of(point, glyph), out);
    }
}
