// SPDX-License-Identifier: Apache-2.0
// Long options from a table (getopt_long underneath), with sentences that suggest what was meant,
// and strict readers for what options carry.
#pragma once

#include <stdbool.h>
#include <stdint.h>

#include "base/error.h"

#define WF_OPTIONS_MAX 32

struct wf_option {
    const char *name;     // without its dashes
    const char *argument; // what it carries, for the help page; NULL: nothing
    const char *help;
};

// Which options there are and what to do with one: value is NULL when it carries nothing.
struct wf_option_reader {
    const struct wf_option *options; // ends with an option without a name
    enum wf_status (*take)(void *context, const char *name, const char *value,
                           struct wf_error *err);
    void *context;
};

// Goes through argv[1] and on. Words that are no options are moved to the end of argv, from
// *words_out on. Errors: WF_INVALID, or whatever take returns.
enum wf_status wf_options_parse(const struct wf_option_reader *reader, int argc, char **argv,
                                int *words_out, struct wf_error *err) WF_MUST_USE;

// Reads a whole number of digits only, from min to max. what names it in the sentence.
enum wf_status wf_option_number(const char *what, const char *text, uint64_t min, uint64_t max,
                                uint64_t *number_out, struct wf_error *err) WF_MUST_USE;

// Reads "42" or "42-51".
enum wf_status wf_option_seeds(const char *text, uint64_t *first_out, uint64_t *last_out,
                               struct wf_error *err) WF_MUST_USE;

// Reads a decimal number like 1.3 into thousandths; at most three places.
enum wf_status wf_option_thousandths(const char *what, const char *text, uint32_t max,
                                     uint32_t *number_out, struct wf_error *err) WF_MUST_USE;
