// SPDX-License-Identifier: Apache-2.0
// Bytes that claim to be text.
#pragma once

#include <stdbool.h>
#include <stddef.h>

// Whether all of it is UTF-8 as it should be: no overlong forms, no surrogates, nothing past
// U+10FFFF.
bool wf_utf8_is_text(const char *text, size_t length);

// Whether it is UTF-8 without control characters (nor line ends, nor U+0080 to U+009F).
bool wf_utf8_is_plain(const char *text, size_t length);
