// SPDX-License-Identifier: GPL-3.0-or-later
#include "slurm/gres.h"

#include <stdio.h>
#include <string.h>

const char *wf_gres_bare(const char *text)
{
    if (strncmp(text, "gres:", 5) == 0 || strncmp(text, "gres/", 5) == 0) {
        return text + 5;
    }
    return text;
}

// Commas also stand within brackets and parentheses: "gpu:2(IDX:0,2)".
static size_t entry_length(const char *text)
{
    size_t depth = 0, i = 0;

    for (; text[i] != '\0'; i++) {
        if (text[i] == '(' || text[i] == '[') {
            depth++;
        } else if ((text[i] == ')' || text[i] == ']') && depth > 0) {
            depth--;
        } else if (text[i] == ',' && depth == 0) {
            break;
        }
    }
    return i;
}

static void copy(char *to, size_t size, const char *from, size_t length)
{
    if (length > size - 1) {
        length = size - 1;
    }
    memcpy(to, from, length);
    to[length] = '\0';
}

// Whether all of the word is a count.
static bool read_count(const char *word, size_t length, uint64_t *count_out)
{
    uint64_t count = 0;
    size_t i = 0;

    for (; i < length && word[i] >= '0' && word[i] <= '9'; i++) {
        if (count > UINT64_MAX / 10 - 1) {
            return false;
        }
        count = count * 10 + (uint64_t)(word[i] - '0');
    }
    if (i == 0) {
        return false;
    }
    if (i + 1 == length) {
        const char *const units = "KMGT", *const unit = strchr(units, word[i] & ~0x20);
        const unsigned shift = unit == NULL ? 0 : 10 * (unsigned)(unit - units + 1);
        if (unit == NULL || *unit == '\0' || count > UINT64_MAX >> shift) {
            return false;
        }
        count <<= shift;
        i++;
    }
    *count_out = count;
    return i == length;
}

static void read_index(const char *text, size_t length, struct wf_gres *gres)
{
    static const char mark[] = "(IDX:";
    const char *const end = text + length;

    for (const char *at = text; at + sizeof(mark) - 1 < end; at++) {
        if (memcmp(at, mark, sizeof(mark) - 1) != 0) {
            continue;
        }
        at += sizeof(mark) - 1;
        const char *const close = memchr(at, ')', (size_t)(end - at));
        copy(gres->index, sizeof(gres->index), at, (size_t)((close ? close : end) - at));
        if (strcmp(gres->index, "N/A") == 0) {
            gres->index[0] = '\0';
        }
        return;
    }
}

bool wf_gres_next(const char **text, struct wf_gres *gres)
{
    const char *at = *text;

    while (*at == ',') {
        at++;
    }
    if (*at == '\0') {
        return false;
    }
    *gres = (struct wf_gres){.count = 1, .text = at, .length = entry_length(at)};
    *text = at + gres->length;

    at = wf_gres_bare(at);
    if (at > *text) {
        at = *text;
    }
    const size_t length = (size_t)(*text - at);
    size_t words = 0; // the part before any parenthesis
    while (words < length && at[words] != '(') {
        words++;
    }
    read_index(at + words, length - words, gres);

    size_t word = 0;
    for (size_t start = 0, part = 0; start <= words; start += word + 1, part++) {
        word = 0;
        while (start + word < words && at[start + word] != ':' && at[start + word] != '=') {
            word++;
        }
        if (part == 0) {
            copy(gres->name, sizeof(gres->name), at, word);
        } else if (!read_count(at + start, word, &gres->count) && gres->type[0] == '\0') {
            copy(gres->type, sizeof(gres->type), at + start, word);
        }
    }
    return true;
}
