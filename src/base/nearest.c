// SPDX-License-Identifier: Apache-2.0
#include "base/nearest.h"

#include <ctype.h>
#include <string.h>

enum { LENGTH_MAX = 64 };

// Levenshtein's distance, one row at a time.
static uint32_t distance(const char *left, const char *right)
{
    uint32_t row[LENGTH_MAX + 1];
    uint32_t right_length = (uint32_t)strlen(right);
    for (uint32_t i = 0; i <= right_length; i++) {
        row[i] = i;
    }
    for (uint32_t i = 0; left[i]; i++) {
        uint32_t diagonal = row[0];
        row[0] = i + 1;
        for (uint32_t j = 0; j < right_length; j++) {
            uint32_t replaced =
                diagonal + (tolower((unsigned char)left[i]) != tolower((unsigned char)right[j]));
            uint32_t shifted = (row[j] < row[j + 1] ? row[j] : row[j + 1]) + 1;
            diagonal = row[j + 1];
            row[j + 1] = replaced < shifted ? replaced : shifted;
        }
    }
    return row[right_length];
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
