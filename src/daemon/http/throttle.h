// SPDX-License-Identifier: Apache-2.0
// How often somebody may show a token that is none: a bucket of attempts for each address, which
// fills up again with time.
#pragma once

#include <stdbool.h>
#include <stdint.h>
#include <sys/socket.h>

struct wf_throttle;

// The number of an address. An IPv6 network of 64 bits counts as one address, since whoever has one
// has all of it.
uint64_t wf_throttle_address(const struct sockaddr *address);

// The number of a user of this machine.
uint64_t wf_throttle_user(uint32_t uid);

// Each number may fail attempts times, and once more for each refill_ms. Returns NULL when out of
// memory.
struct wf_throttle *wf_throttle_create(uint32_t attempts, uint32_t refill_ms);
void wf_throttle_destroy(struct wf_throttle *throttle);

// Returns in how many milliseconds the next attempt is allowed; 0: now.
int64_t wf_throttle_wait_ms(const struct wf_throttle *throttle, uint64_t number, int64_t now_ms);

// An attempt failed.
void wf_throttle_failed(struct wf_throttle *throttle, uint64_t number, int64_t now_ms);
