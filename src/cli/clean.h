// SPDX-License-Identifier: Apache-2.0
// Text that others wrote (users, job names, files), made harmless before it reaches a terminal, a
// page or JSON: what is no UTF-8 becomes U+FFFD, and so do characters that turn the direction of
// text, which can make a line read as what it is not; control characters become spaces.
#pragma once

#include <stddef.h>
#include <stdint.h>

#define WF_GLYPH_BYTES 5

// Copies the next glyph at *at into glyph (with its final zero), moves *at behind it and returns
// its code point; 0 at the end of the text.
uint32_t wf_clean_glyph(const char **at, char glyph[WF_GLYPH_BYTES]);

// Copies at most glyphs_max glyphs of from into text, as many as fit, and returns text. What is cut
// ends in "…", which is one of them. size must be at least 4.
const char *wf_clean_text(char *text, size_t size, const char *from, uint32_t glyphs_max);

// How many glyphs the text has: columns on a terminal, but for wide ones.
uint32_t wf_clean_width(const char *text);
