// SPDX-License-Identifier: Apache-2.0
#include "base/region.h"

#include <errno.h>
#include <string.h>
#include <sys/mman.h>

#include "base/assert.h"

#ifdef __SANITIZE_ADDRESS__
#define WF_REGION_SANITIZED 1
#elif defined(__has_feature)
#if __has_feature(address_sanitizer)
#define WF_REGION_SANITIZED 1
#endif
#endif
#ifdef WF_REGION_SANITIZED
#include <sanitizer/asan_interface.h>
#else
#define WF_REGION_SANITIZED 0
#define ASAN_POISON_MEMORY_REGION(at, size) ((void)(at), (void)(size))
#define ASAN_UNPOISON_MEMORY_REGION(at, size) ((void)(at), (void)(size))
#endif

// Regions lie where neither the loader nor the heap nor the address sanitizer's own tables are, on
// x86-64 and on ARM with 48 bits of addresses: from 32 TiB to 80 TiB. Where none of the places is
// free, a region lies anywhere.
#define FIRST_PLACE (UINT64_C(1) << 45)
#define PLACES 192
#define PLACE_BYTES (UINT64_C(1) << 38) // 256 GiB, of addresses only
#define RANGE_BYTES_MIN (UINT64_C(1) << 20)
#define LINE_BYTES 64
#define GROW_BYTES (UINT64_C(1) << 20)

struct wf_region {
    uint64_t range;  // bytes of addresses
    uint64_t backed; // of them may be used,
    uint64_t used;   // and so many are
    bool is_short;   // something could not be taken
};

static uint64_t round_up(uint64_t value, uint64_t to)
{
    return (value + to - 1) / to * to;
}

static const uint64_t head_bytes =
    (sizeof(struct wf_region) + LINE_BYTES - 1) / LINE_BYTES * LINE_BYTES;

// Not backed: such a range counts nowhere as memory.
static void *reserve(uint64_t address, uint64_t bytes, int more_flags)
{
    void *hint = (void *)(uintptr_t)address; // NOLINT(performance-no-int-to-ptr)
    void *range = mmap(hint, bytes, PROT_NONE, MAP_PRIVATE | MAP_ANONYMOUS | more_flags, -1, 0);
    if (range == MAP_FAILED) {
        return NULL;
    }
    if (address != 0 && range != hint) { // a kernel that takes the address for a wish
        munmap(range, bytes);
        errno = EEXIST;
        return NULL;
    }
    return range;
}

// Makes the first bytes of the range usable.
static bool back(void *range, uint64_t from, uint64_t to)
{
    return mprotect((char *)range + from, to - from, PROT_READ | PROT_WRITE) == 0;
}

static enum wf_status begin(void *range, uint64_t bytes, uint64_t used,
                            struct wf_region **region_out, struct wf_error *err)
{
    uint64_t backed = round_up(used, GROW_BYTES);
    if (backed > bytes || !back(range, 0, backed)) {
        munmap(range, bytes);
        return wf_fail(err, WF_NOMEM, "no memory for a region of %llu bytes",
                       (unsigned long long)used);
    }
    struct wf_region *region = range;
    *region = (struct wf_region){.range = bytes, .backed = backed, .used = used};
    *region_out = region;
    return WF_OK;
}

enum wf_status wf_region_create(struct wf_region **region_out, struct wf_error *err)
{
    void *range = NULL;
    for (uint64_t i = 0; i < PLACES && !range; i++) {
        range = reserve(FIRST_PLACE + i * PLACE_BYTES, PLACE_BYTES, MAP_FIXED_NOREPLACE);
        if (!range && errno != EEXIST) {
            break; // so many addresses are not to be had, here or elsewhere
        }
    }
    // Under a limit on addresses others need some, too, so it is halves that are tried.
    uint64_t bytes = PLACE_BYTES;
    while (!range && bytes > RANGE_BYTES_MIN) {
        range = reserve(0, bytes, 0);
        bytes = range ? bytes : bytes / 2;
    }
    if (!range) {
        return wf_fail(err, WF_NOMEM, "no memory: no range of addresses is free");
    }
    return begin(range, bytes, head_bytes, region_out, err);
}

enum wf_status wf_region_create_at(uint64_t address, uint64_t used, struct wf_region **region_out,
                                   struct wf_error *err)
{
    if (address < FIRST_PLACE || (address - FIRST_PLACE) % PLACE_BYTES != 0 ||
        (address - FIRST_PLACE) / PLACE_BYTES >= PLACES || used < head_bytes ||
        used > PLACE_BYTES) {
        return wf_fail(err, WF_INVALID, "no region of %llu bytes is ever at %#llx",
                       (unsigned long long)used, (unsigned long long)address);
    }
    void *range = reserve(address, PLACE_BYTES, MAP_FIXED_NOREPLACE);
    if (!range) {
        return wf_fail(err, errno == EEXIST ? WF_EXISTS : WF_NOMEM,
                       "the addresses from %#llx on cannot be had: %s", (unsigned long long)address,
                       strerror(errno));
    }
    return begin(range, PLACE_BYTES, used, region_out, err);
}

void wf_region_destroy(struct wf_region *region)
{
    if (region) {
        uint64_t range = region->range;
        ASAN_UNPOISON_MEMORY_REGION(region, region->backed);
        munmap(region, range);
    }
}

void *wf_region_take(struct wf_region *region, size_t count, size_t size)
{
    uint64_t bytes, end;
    // Under the address sanitizer a line that nobody may touch follows each piece.
    if (__builtin_mul_overflow(count, size, &bytes) ||
        bytes > region->range - region->used - (uint64_t)2 * LINE_BYTES) {
        region->is_short = true;
        return NULL;
    }
    end = round_up(region->used + bytes, LINE_BYTES) + (WF_REGION_SANITIZED ? LINE_BYTES : 0);
    if (end > region->backed) {
        uint64_t backed = round_up(end, GROW_BYTES);
        backed = backed < region->range ? backed : region->range;
        if (end > backed || !back(region, region->backed, backed)) {
            region->is_short = true;
            return NULL;
        }
        region->backed = backed;
    }
    char *piece = (char *)region + region->used;
    region->used = end;
    ASAN_POISON_MEMORY_REGION(piece + bytes, (size_t)((char *)region + end - (piece + bytes)));
    return piece;
}

bool wf_region_is_whole(const struct wf_region *region)
{
    return !region->is_short;
}

uint64_t wf_region_used(const struct wf_region *region)
{
    return region->used;
}

struct wf_region_bytes wf_region_bytes(const struct wf_region *region)
{
    ASAN_UNPOISON_MEMORY_REGION(region, region->used);
    return (struct wf_region_bytes){(char *)region + head_bytes, region->used - head_bytes};
}

void *wf_region_first(struct wf_region *region)
{
    WF_ASSERT(region->used > head_bytes);
    return (char *)region + head_bytes;
}
