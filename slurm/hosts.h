// SPDX-License-Identifier: GPL-3.0-or-later
// Slurm's lists of nodes, "n[1-3],login".
#pragma once

#include <stdbool.h>
#include <stdint.h>

#include <jansson.h>

// An array of names; empty for NULL and "".
json_t *wf_hosts_names(const char *list);

// Sorted and packed, each once; to be freed by the caller. NULL for none.
char *wf_hosts_pack(const json_t *names);
char *wf_hosts_sorted(const char *list);

uint32_t wf_hosts_count(const char *list);
bool wf_hosts_same(const char *list, const char *other);
// Whether list has every one of others (NULL: yes), any one of others (NULL: no).
bool wf_hosts_have_all(const char *list, const char *others);
bool wf_hosts_have_any(const char *list, const char *others);
