// SPDX-License-Identifier: Apache-2.0
#include "daemon/http/throttle.h"

#include <netinet/in.h>

#include "base/hash.h"

// A table that never grows: each address has a few places where it may stand, and takes that of the
// one who failed longest ago. Who fails from thousands of addresses at once makes others' failures
// be forgotten, never somebody be refused who did not fail.
enum { SETS = 256, PLACES = 8 };

struct place {
    uint64_t number; // 0: nobody
    int64_t full_ms; // when the bucket is full again
};

struct wf_throttle {
    int64_t refill_ms;
    int64_t span_ms; // how long an empty bucket takes to fill
    struct place places[SETS][PLACES];
};

struct wf_throttle *wf_throttle_create(uint32_t attempts, uint32_t refill_ms)
{
    struct wf_throttle *throttle = calloc(1, sizeof *throttle);
    if (throttle) {
        throttle->refill_ms = refill_ms;
        throttle->span_ms = (int64_t)attempts * refill_ms;
    }
    return throttle;
}

void wf_throttle_destroy(struct wf_throttle *throttle)
{
    free(throttle);
}

uint64_t wf_throttle_address(const struct sockaddr *address)
{
    uint64_t bits = 0;
    if (address->sa_family == AF_INET) {
        struct sockaddr_in in;
        memcpy(&in, address, sizeof in);
        bits = in.sin_addr.s_addr;
    } else if (address->sa_family == AF_INET6) {
        struct sockaddr_in6 in6;
        memcpy(&in6, address, sizeof in6);
        const unsigned char *bytes = in6.sin6_addr.s6_addr;
        bool mapped = IN6_IS_ADDR_V4MAPPED(&in6.sin6_addr);
        for (int i = mapped ? 12 : 0; i < (mapped ? 16 : 8); i++) {
            bits = bits << 8 | bytes[i];
        }
    }
    return wf_hash_add(address->sa_family, bits) | 1;
}

uint64_t wf_throttle_user(uint32_t uid)
{
    return wf_hash_add(AF_UNIX, uid) | 1;
}

static const struct place *find(const struct wf_throttle *throttle, uint64_t number)
{
    const struct place *set = throttle->places[(number >> 8) % SETS];
    for (int i = 0; i < PLACES; i++) {
        if (set[i].number == number) {
            return &set[i];
        }
    }
    return NULL;
}

int64_t wf_throttle_wait_ms(const struct wf_throttle *throttle, uint64_t number, int64_t now_ms)
{
    const struct place *place = find(throttle, number);
    if (!place) {
        return 0;
    }
    int64_t wait_ms = place->full_ms - now_ms - (throttle->span_ms - throttle->refill_ms);
    return wait_ms > 0 ? wait_ms : 0;
}

void wf_throttle_failed(struct wf_throttle *throttle, uint64_t number, int64_t now_ms)
{
    struct place *set = throttle->places[(number >> 8) % SETS];
    struct place *place = &set[0];
    for (int i = 0; i < PLACES; i++) {
        if (set[i].number == number) {
            place = &set[i];
            break;
        }
        if (set[i].full_ms < place->full_ms) {
            place = &set[i];
        }
    }
    int64_t from_ms = place->number == number && place->full_ms > now_ms ? place->full_ms : now_ms;
    place->number = number;
    place->full_ms = from_ms + throttle->refill_ms;
}
