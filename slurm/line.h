// SPDX-License-Identifier: GPL-3.0-or-later
// Lines for the daemon, member by member. A member that has no value is left out, as the protocol
// allows: most members of most jobs have none.
#pragma once

#include <stdbool.h>
#include <stdint.h>
#include <time.h>

#include <jansson.h>

#include "base/error.h"

// Ends the process where there is no memory: the adapter keeps nothing that is lost by that.
json_t *wf_line_create(const char *is);

// Bytes that are no UTF-8 become "?": Slurm takes any bytes as a job's name.
void wf_line_text(json_t *line, const char *key, const char *text);
void wf_line_number(json_t *line, const char *key, int64_t number);
void wf_line_flag(json_t *line, const char *key, bool flag);
// Takes the value over; NULL and what is empty are left out.
void wf_line_value(json_t *line, const char *key, json_t *value);
// A point in time, as milliseconds.
void wf_line_time(json_t *line, const char *key, time_t time);
// The names between commas (NULL: none) as an array.
void wf_line_names(json_t *line, const char *key, const char *names);

json_t *wf_line_string(const char *text, size_t length);

// {"is":"refused"}: number 0 where the line had none, errnum 0 where it was not Slurm that refused.
json_t *wf_line_refused(int64_t number, const char *code, int errnum, const char *text);
json_t *wf_line_done(int64_t number);
