// SPDX-License-Identifier: Apache-2.0
// Names as numbers, given out in the order in which names are first met; number 0 is "".
#pragma once

#include <stdint.h>

#include "base/error.h"

struct wf_names;

// The caller owns *names_out. Errors: WF_NOMEM.
enum wf_status wf_names_create(struct wf_names **names_out, struct wf_error *err) WF_MUST_USE;
void wf_names_destroy(struct wf_names *names);

// Gives the number of the name's first length bytes, a new one if it is not known yet. Errors:
// WF_NOMEM; WF_LIMIT past 2^32 - 2 names.
enum wf_status wf_names_add(struct wf_names *names, const char *name, size_t length,
                            uint32_t *number_out, struct wf_error *err) WF_MUST_USE;

// Returns the number of a known name, or UINT32_MAX.
uint32_t wf_names_find(const struct wf_names *names, const char *name);

// Returns the name of a number below the count; borrowed while names lives.
const char *wf_names_text(const struct wf_names *names, uint32_t number);
uint32_t wf_names_count(const struct wf_names *names);
