// SPDX-License-Identifier: GPL-3.0-or-later
// Values in slurmrestd's answers. What is not there, or of another kind, reads as none: an answer
// is never trusted to be whole.
#pragma once

#include <stdbool.h>
#include <stdint.h>
#include <time.h>

#include <jansson.h>

// By its path, "maximums/time"; NULL: there is none.
const json_t *wf_rest_at(const json_t *object, const char *path);

// NULL where there is none or it is empty.
const char *wf_rest_text(const json_t *object, const char *path);

// A plain number, or Slurm's {"set","infinite","number"}: none where it is not set. What is
// infinite, or larger than that, is most.
uint64_t wf_rest_number(const json_t *object, const char *path, uint64_t none, uint64_t most);
// The same with NO_VAL or NO_VAL16 for none, INFINITE or INFINITE16 for infinite.
uint32_t wf_rest_number32(const json_t *object, const char *path);
uint16_t wf_rest_number16(const json_t *object, const char *path);
// 0 where there is none.
uint32_t wf_rest_count(const json_t *object, const char *path);
time_t wf_rest_time(const json_t *object, const char *path);
bool wf_rest_flag(const json_t *object, const char *path);

// Whether an array of words has that one.
bool wf_rest_has(const json_t *words, const char *word);

// Puts an array of texts together, "a,b"; a text is taken as it is. made owns what had to be put
// together. NULL where there is none.
const char *wf_rest_joined(const json_t *object, const char *path, json_t *made);
