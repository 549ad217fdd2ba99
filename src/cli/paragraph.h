// SPDX-License-Identifier: Apache-2.0
// Sentences on a terminal, in lines that are broken between words.
#pragma once

#include <stdbool.h>
#include <stdint.h>
#include <stdio.h>

// Whether the space at that place of the text stands between a number and its unit, which belong
// into one line.
bool wf_paragraph_is_glue(const char *text, const char *space);

void wf_paragraph_print(FILE *out, const char *text, uint32_t width);

// Tells something in sentences on out.
typedef void wf_tell_function(FILE *out, const void *context);

// Returns what is told as text that the caller frees, or NULL: no memory.
char *wf_paragraph_told(wf_tell_function *tell, const void *context);

// Prints what is told, and nothing when that is nothing; without memory in one line.
void wf_paragraph_print_told(FILE *out, wf_tell_function *tell, const void *context,
                             uint32_t width);
