// SPDX-License-Identifier: Apache-2.0
#include "cli/clean.h"

#include <stdbool.h>
#include <string.h>

#include "base/assert.h"

#define REPLACEMENT 0xfffd
static const char replacement[] = "\xef\xbf\xbd";
static const char ellipsis[] = "…";

// Decodes one glyph and returns how many bytes it takes, or 0 when that is no UTF-8.
static uint32_t decode(const unsigned char *at, uint32_t *point_out)
{
    static const struct {
        unsigned char mask, lead;
        uint32_t lowest;
    } forms[] = {{0x80, 0, 0}, {0xe0, 0xc0, 0x80}, {0xf0, 0xe0, 0x800}, {0xf8, 0xf0, 0x10000}};
    for (uint32_t more = 0; more < WF_COUNT_OF(forms); more++) {
        if ((at[0] & forms[more].mask) != forms[more].lead) {
            continue;
        }
        uint32_t point = at[0] & (unsigned char)~forms[more].mask;
        for (uint32_t i = 1; i <= more; i++) {
            if ((at[i] & 0xc0) != 0x80) {
                return 0;
            }
            point = point << 6 | (at[i] & 0x3f);
        }
        bool surrogate = point >= 0xd800 && point <= 0xdfff;
        *point_out = point;
        return point < forms[more].lowest || point > 0x10ffff || surrogate ? 0 : more + 1;
    }
    return 0;
}

static bool is_refused(uint32_t point)
{
    return (point >= 0x202a && point <= 0x202e) || (point >= 0x2066 && point <= 0x2069) ||
           (point & 0xfffe) == 0xfffe;
}

uint32_t wf_clean_glyph(const char **at, char glyph[WF_GLYPH_BYTES])
{
    uint32_t point = 0;
    glyph[0] = '\0';
    if (!**at) {
        return 0;
    }
    uint32_t bytes = decode((const unsigned char *)*at, &point);
    if (bytes == 0 || is_refused(point)) {
        memcpy(glyph, replacement, sizeof replacement);
        *at += bytes > 0 ? bytes : 1;
        return REPLACEMENT;
    }
    if (point < 0x20 || (point >= 0x7f && point < 0xa0)) {
        memcpy(glyph, " ", 2);
        *at += bytes;
        return ' ';
    }
    memcpy(glyph, *at, bytes);
    glyph[bytes] = '\0';
    *at += bytes;
    return point;
}

uint32_t wf_clean_width(const char *text)
{
    char glyph[WF_GLYPH_BYTES];
    uint32_t width = 0;
    while (wf_clean_glyph(&text, glyph)) {
        width++;
    }
    return width;
}

const char *wf_clean_text(char *text, size_t size, const char *from, uint32_t glyphs_max)
{
    char glyph[WF_GLYPH_BYTES];
    size_t length = 0;
    size_t cut_at = 0; // where the ellipsis goes, if it must
    uint32_t glyphs = 0;
    WF_ASSERT(size >= sizeof ellipsis && glyphs_max > 0);
    while (wf_clean_glyph(&from, glyph)) {
        size_t bytes = strlen(glyph);
        if (glyphs == glyphs_max || length + bytes + 1 > size) {
            memcpy(text + cut_at, ellipsis, sizeof ellipsis);
            return text;
        }
        memcpy(text + length, glyph, bytes);
        glyphs++;
        length += bytes;
        if (glyphs < glyphs_max && length + sizeof ellipsis <= size) {
            cut_at = length;
        }
    }
    text[length] = '\0';
    return text;
}
