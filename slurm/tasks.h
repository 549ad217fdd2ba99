// SPDX-License-Identifier: GPL-3.0-or-later
// The tasks of a waiting array as Slurm writes them: "1-9:2,12%4".
#pragma once

#include <stdbool.h>
#include <stdint.h>

// Returns them as plain ranges ("1,3,5,7,9,12"), to be freed by the caller, NULL where it cannot be
// read. count_out may be NULL.
char *wf_tasks_plain(const char *text, uint64_t *count_out);

// Whether plain ranges name the task.
bool wf_tasks_have(const char *plain, uint32_t task);
