// SPDX-License-Identifier: Apache-2.0
// Tables for people: columns of fixed width, which a line of dashes under the header tells, as
// sacct prints them without --parsable.
#pragma once

#include <stdbool.h>
#include <stdint.h>

#include "base/error.h"

#define WF_FIXED_COLUMNS_MAX 128

struct wf_fixed_width {
    uint32_t count; // 0: not known
    uint32_t begin[WF_FIXED_COLUMNS_MAX], width[WF_FIXED_COLUMNS_MAX];
};

// Whether the line is nothing but dashes and spaces.
bool wf_fixed_width_is_rule(const char *line);

// Takes the columns from such a line. Errors: WF_LIMIT (too many).
enum wf_status wf_fixed_width_learn(struct wf_fixed_width *fixed, const char *rule,
                                    struct wf_error *err) WF_MUST_USE;

// Makes fields with the separator between them of a line, in place and without the spaces around
// them. A line that stops early has fewer fields; what is behind the last column belongs to it.
void wf_fixed_width_cut(const struct wf_fixed_width *fixed, char separator, char *line);
