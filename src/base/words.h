// SPDX-License-Identifier: Apache-2.0
// Tables of words, X(code, name, text) for each entry of an enum in its order: from each come two
// functions, for the name that programs read and the text for people.
#pragma once

#include <stdint.h>

struct wf_words {
    const char *name, *text;
};

#define WF_WORDS_ROW(code, name, text) {name, text},
#define WF_WORDS_COUNT(words) ((uint32_t)(sizeof(words) / sizeof((words)[0])))

// Defines wf_reason_name and wf_reason_text for WF_WORDS_OF(reason, enum wf_reason, WF_REASONS).
// Neither returns NULL, whatever the number.
#define WF_WORDS_OF(noun, type, TABLE)                                                             \
    static const struct wf_words noun##_words[] = {TABLE(WF_WORDS_ROW)};                           \
    const char *wf_##noun##_name(type entry)                                                       \
    {                                                                                              \
        return (uint32_t)entry < WF_WORDS_COUNT(noun##_words) ? noun##_words[entry].name           \
                                                              : "unknown";                         \
    }                                                                                              \
    const char *wf_##noun##_text(type entry)                                                       \
    {                                                                                              \
        return (uint32_t)entry < WF_WORDS_COUNT(noun##_words) ? noun##_words[entry].text           \
                                                              : "is not known";                    \
    }                                                                                              \
    _Static_assert(WF_WORDS_COUNT(noun##_words) > 0, "a table of words has rows")
