// SPDX-License-Identifier: Apache-2.0
// Small files of a run's folder, each replaced as a whole. Names are seen from the folder's
// descriptor, so that no path can be too long.
#pragma once

#include <stdbool.h>
#include <stddef.h>

#include "base/error.h"

enum wf_keep {
    WF_KEEP_LATER,   // when the kernel gets to it; a process that is killed loses nothing
    WF_KEEP_DURABLY, // the disk has it, and the folder's entry for it, before this returns
    // The same for a file that is not there yet, in one commit of the disk's journal instead of
    // two: it is not renamed into place. Killed in the middle, an empty file is left. At most a
    // page.
    WF_KEEP_FIRST,
};

enum wf_status wf_small_file_write(int folder, const char *name, const char *text, size_t length,
                                   enum wf_keep keep, struct wf_error *err) WF_MUST_USE;

// Reads a whole file of at most max bytes; *text_out is freed by the caller. No such file:
// WF_NOTFOUND.
enum wf_status wf_small_file_read(int folder, const char *name, size_t max, char **text_out,
                                  size_t *length_out, struct wf_error *err) WF_MUST_USE;

// Has the disk take a file of the folder, or a folder ("." is this one), as it is.
enum wf_status wf_small_file_sync(int folder, const char *name, struct wf_error *err) WF_MUST_USE;

// Writes all of it, however often that is interrupted. False leaves errno.
bool wf_write_all(int descriptor, const void *bytes, size_t length);

// For the one-line files of cgroups and the like: reads into text (bytes long), always ended by a
// zero. Returns the length, or -1 with errno.
int wf_line_read(int folder, const char *name, char *text, size_t bytes);
bool wf_line_write(int folder, const char *name, const char *text);
