// SPDX-License-Identifier: GPL-3.0-or-later
// What the daemon was told last of each thing, so that it is told only of changes: a hash of each
// line, nothing else.
#pragma once

#include <stdbool.h>
#include <stdint.h>

#include <jansson.h>

struct wf_told;

struct wf_told *wf_told_create(void);
void wf_told_destroy(struct wf_told *told);
void wf_told_forget(struct wf_told *told); // a new daemon was told nothing

// Whether the line differs from the one that was told of the thing before. group ("node") and key
// ("n1") name the thing; it counts as seen in its group's present round.
bool wf_told_is_news(struct wf_told *told, const char *group, const char *key, const json_t *line);

// Begins a round of the group; at its end calls gone for each thing that was not seen in it, and
// forgets it.
void wf_told_begin(struct wf_told *told, const char *group);
void wf_told_end(struct wf_told *told, const char *group,
                 void (*gone)(void *context, const char *group, const char *key), void *context);
