// SPDX-License-Identifier: Apache-2.0
#include "cli/paragraph.h"

#include <stdlib.h>
#include <string.h>

#include "base/compat.h"

static uint32_t glyphs_of(const char *text, size_t length)
{
    uint32_t glyphs = 0;
    for (size_t i = 0; i < length; i++) {
        glyphs += ((unsigned char)text[i] & 0xc0) != 0x80;
    }
    return glyphs;
}

bool wf_paragraph_is_glue(const char *text, const char *space)
{
    static const char *const units[] = {"%", "s", "min", "h", "d", "GPU", "GPUs"};
    size_t length = strcspn(space + 1, " .,;:)");
    bool unit = false;
    for (uint32_t i = 0; i < WF_COUNT_OF(units); i++) {
        unit = unit || (strlen(units[i]) == length && strncmp(space + 1, units[i], length) == 0);
    }
    return unit && space > text && space[-1] >= '0' && space[-1] <= '9';
}

// Length of the word at the beginning of rest, a part of the text, with what belongs to it.
static size_t word_length(const char *text, const char *rest)
{
    size_t length = strcspn(rest, " ");
    while (rest[length] && wf_paragraph_is_glue(text, rest + length)) {
        length += 1 + strcspn(rest + length + 1, " ");
    }
    return length;
}

void wf_paragraph_print(FILE *out, const char *text, uint32_t width)
{
    uint32_t column = 0;
    const char *whole = text;
    while (*text) {
        size_t length = word_length(whole, text);
        uint32_t glyphs = glyphs_of(text, length);
        if (column > 0 && column + 1 + glyphs > width) {
            fputc('\n', out);
            column = 0;
        }
        fprintf(out, "%s%.*s", column > 0 ? " " : "", (int)length, text);
        column += glyphs + (column > 0);
        text += length;
        text += strspn(text, " ");
    }
    fputc('\n', out);
}

char *wf_paragraph_told(wf_tell_function *tell, const void *context)
{
    char *text = NULL;
    size_t size = 0;
    FILE *out = open_memstream(&text, &size);
    if (!out) {
        return NULL;
    }
    tell(out, context);
    bool failed = ferror(out) != 0;
    failed = fclose(out) != 0 || failed;
    if (failed) {
        free(text);
        return NULL;
    }
    return text;
}

void wf_paragraph_print_told(FILE *out, wf_tell_function *tell, const void *context, uint32_t width)
{
    char *text = wf_paragraph_told(tell, context);
    if (text && *text) {
        wf_paragraph_print(out, text, width);
    } else if (!text) {
        tell(out, context);
        fputc('\n', out);
    }
    free(text);
}
