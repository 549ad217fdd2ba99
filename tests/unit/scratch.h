// SPDX-License-Identifier: Apache-2.0
// A folder for the files of one test program, and ways to fill them.
#pragma once

#include <stdbool.h>
#include <stddef.h>

// Makes the folder; ends the program where that fails. Removed by scratch_finish.
void scratch_init(void);
void scratch_finish(void);
// The same as the fixtures of a group of tests.
int scratch_begin(void **state);
int scratch_end(void **state);

// Writes a file of the folder and returns its path, valid until the next call.
const char *scratch_write(const char *name, const void *content, size_t length);
const char *scratch_write_text(const char *name, const char *text);

// The same, gzipped; keep less than all to have it truncated: 1.0 keeps everything.
const char *scratch_write_gzip(const char *name, const char *text, double keep);

// Writes lines (each "lines" times) after a head: tables that are too long to be spelled out.
const char *scratch_write_repeated(const char *name, const char *head, const char *line,
                                   size_t times);
