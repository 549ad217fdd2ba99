// SPDX-License-Identifier: Apache-2.0
#include "base/nearest.h"

#include <ctype.h>
#include <stdbool.h>
#include <string.h>

enum { LENGTH_MAX = 64 };

static bool same_letter(char a, char b)
{
    return tolower((unsigned char)a) == tolower((unsigned char)b);
}

static uint32_t smaller(uint32_t a, uint32_t b)
{
    return a < b ? a : b;
}

// Levenshtein's distance with swapped neighbours as one change, from three rows of its table.
static uint32_t distance(const char *left, const char *right)
{
    uint32_t rows[3][LENGTH_MAX + 1];
    uint32_t right_length = (uint32_t)strlen(right);
    for (uint32_t j = 0; j <= right_length; j++) {
        rows[0][j] = j;
    }
    uint32_t i = 0;
    for (; left[i]; i++) {
        const uint32_t *before = rows[(i + 2) % 3];
        const uint32_t *above = rows[i % 3];
        uint32_t *row = rows[(i + 1) % 3];
        row[0] = i + 1;
        for (uint32_t j = 0; j < right_length; j++) {
            uint32_t changes = above[j] + !same_letter(left[i], right[j]);
            changes = smaller(changes, smaller(row[j], above[j + 1]) + 1);
            if (i > 0 && j > 0 && same_letter(left[i], right[j - 1]) &&
                same_letter(left[i - 1], right[j])) {
                changes = smaller(changes, before[j - 1] + 1);
            }
            row[j + 1] = changes;
        }
    }
    return rows[i % 3][right_length];
}

uint32_t wf_nearest_name(const char *text, const char *const *names, uint32_t count)
{
    size_t length = strlen(text);
    uint32_t best = UINT32_MAX;
    uint32_t least = (uint32_t)(length < 3 ? 1 : (length + 2) / 3) + 1;
    if (length > LENGTH_MAX) {
        return UINT32_MAX;
    }
    for (uint32_t i = 0; i < count; i++) {
        if (strlen(names[i]) > LENGTH_MAX) {
            continue;
        }
        uint32_t changes = distance(text, names[i]);
        if (changes < least) {
            least = changes;
            best = i;
        }
    }
    return best;
}
