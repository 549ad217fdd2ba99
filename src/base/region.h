// SPDX-License-Identifier: Apache-2.0
// Memory that is taken piece by piece and given back all at once: one range of addresses, of which
// as much is backed as was taken. A region can be made anew at the address it had, also by another
// process, so that a copy of its bytes is whole: pointers into it lead where they led.
#pragma once

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "base/error.h"

struct wf_region; // lies at the beginning of its own range

// Takes a range of addresses, but no memory yet. The caller owns *region_out. Errors: WF_NOMEM.
enum wf_status wf_region_create(struct wf_region **region_out, struct wf_error *err) WF_MUST_USE;

// The same at the address that another region had, with so much of it taken and filled with zeros,
// but for what the region knows of itself. Errors: WF_EXISTS (something else lies there),
// WF_INVALID (no region was ever there), WF_NOMEM.
enum wf_status wf_region_create_at(uint64_t address, uint64_t used, struct wf_region **region_out,
                                   struct wf_error *err) WF_MUST_USE;

void wf_region_destroy(struct wf_region *region); // NULL is fine

// Returns count pieces of size bytes, filled with zeros, apart from all others by whole cache
// lines; or NULL, and the region is never whole again: so who takes many looks once, at the end.
void *wf_region_take(struct wf_region *region, size_t count, size_t size);
bool wf_region_is_whole(const struct wf_region *region);

// How much of it is taken, from the first byte of the region on.
uint64_t wf_region_used(const struct wf_region *region);

// What was taken, with the gaps between, without what the region knows of itself. The address
// sanitizer lets all of it be touched from then on.
struct wf_region_bytes {
    char *first;
    uint64_t size;
};
struct wf_region_bytes wf_region_bytes(const struct wf_region *region);

// Returns what was taken first. Something must have been.
void *wf_region_first(struct wf_region *region);
