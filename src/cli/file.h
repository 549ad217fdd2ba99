// SPDX-License-Identifier: Apache-2.0
// Small files that are written whole or not at all, and told apart by what is in them.
#pragma once

#include <stdint.h>

#include "base/error.h"

// Writes the text to a new file beside path and renames it: what stood there stays until the new
// text is complete. Errors: WF_IO.
enum wf_status wf_file_write(const char *path, const char *text, struct wf_error *err) WF_MUST_USE;

// Makes a folder and those above it. Errors: WF_IO.
enum wf_status wf_file_make_folder(const char *path, struct wf_error *err) WF_MUST_USE;

// Sums up what is in a file: equal contents, equal numbers. Errors: WF_IO.
enum wf_status wf_file_digest(const char *path, uint64_t *digest_out,
                              struct wf_error *err) WF_MUST_USE;
