// SPDX-License-Identifier: Apache-2.0
#include "base/utf8.h"

#include <stdint.h>

// How many bytes the character that begins with this one has; 0: none begins so.
static size_t bytes_of(unsigned char first)
{
    if (first < 0x80) {
        return 1;
    }
    if (first >= 0xc2 && first < 0xe0) {
        return 2;
    }
    if (first >= 0xe0 && first < 0xf0) {
        return 3;
    }
    return first >= 0xf0 && first < 0xf5 ? 4 : 0;
}

// Reads one character and returns its bytes, 0 where there is none.
static size_t read_character(const char *text, size_t length, uint32_t *character_out)
{
    static const uint32_t smallest[] = {0, 0, 0x80, 0x800, 0x10000};
    unsigned char first = (unsigned char)*text;
    size_t bytes = bytes_of(first);
    uint32_t character = bytes > 1 ? first & (0x7fU >> bytes) : first;

    if (bytes == 0 || bytes > length) {
        return 0;
    }
    for (size_t i = 1; i < bytes; i++) {
        if (((unsigned char)text[i] & 0xc0) != 0x80) {
            return 0;
        }
        character = (character << 6) | ((unsigned char)text[i] & 0x3f);
    }
    if (character < smallest[bytes] || character > 0x10ffff ||
        (character >= 0xd800 && character < 0xe000)) {
        return 0;
    }
    *character_out = character;
    return bytes;
}

static bool check(const char *text, size_t length, bool plain)
{
    while (length > 0) {
        uint32_t character = 0;
        size_t bytes = read_character(text, length, &character);

        if (bytes == 0 ||
            (plain && (character < 0x20 || (character >= 0x7f && character < 0xa0)))) {
            return false;
        }
        text += bytes;
        length -= bytes;
    }
    return true;
}

bool wf_utf8_is_text(const char *text, size_t length)
{
    return check(text, length, false);
}

bool wf_utf8_is_plain(const char *text, size_t length)
{
    return check(text, length, true);
}
