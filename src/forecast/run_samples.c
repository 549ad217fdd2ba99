// SPDX-License-Identifier: Apache-2.0
#include "forecast/run_samples.h"

#include <assert.h>
#include <stdlib.h>
#include <string.h>

#include "base/assert.h"
#include "base/hash.h"

#define NONE UINT32_MAX

static_assert(WF_LOG_GRID_BUCKETS <= UINT8_MAX + 1, "a bucket fits into a byte");
static_assert(WF_RUN_SAMPLES <= 64, "a bit for each run");

struct wf_run_sample_table {
    struct wf_run_samples *entries;
    uint32_t *first; // by place: head of the chain of entries whose kind falls there
    uint32_t count, kinds_max;
    uint32_t places; // a power of two
    uint32_t oldest, newest;
};

enum wf_status wf_run_sample_table_create(uint32_t kinds_max,
                                          struct wf_run_sample_table **table_out,
                                          struct wf_error *err)
{
    WF_ASSERT(kinds_max > 0 && kinds_max <= UINT32_MAX / 4);
    struct wf_run_sample_table *table = calloc(1, sizeof *table);
    uint32_t places = 1;
    while (places < kinds_max) {
        places *= 2;
    }
    if (table) {
        *table = (struct wf_run_sample_table){
            .entries = calloc(kinds_max, sizeof *table->entries),
            .first = malloc(places * sizeof *table->first),
            .kinds_max = kinds_max,
            .places = places,
            .oldest = NONE,
            .newest = NONE,
        };
    }
    if (!table || !table->entries || !table->first) {
        wf_run_sample_table_destroy(table);
        return wf_fail(err, WF_NOMEM, "no memory for the run times of %u kinds of jobs", kinds_max);
    }
    memset(table->first, 0xff, places * sizeof *table->first); // NONE
    *table_out = table;
    return WF_OK;
}

void wf_run_sample_table_destroy(struct wf_run_sample_table *table)
{
    if (table) {
        free(table->entries);
        free(table->first);
        free(table);
    }
}

uint32_t wf_run_sample_table_count(const struct wf_run_sample_table *table)
{
    return table->count;
}

static uint32_t *place_of(const struct wf_run_sample_table *table, uint64_t kind)
{
    return &table->first[wf_hash_mix(kind) & (table->places - 1)];
}

static uint32_t find(const struct wf_run_sample_table *table, uint64_t kind)
{
    uint32_t at = *place_of(table, kind);
    while (at != NONE && table->entries[at].kind != kind) {
        at = table->entries[at].chain;
    }
    return at;
}

const struct wf_run_samples *wf_run_samples_find(const struct wf_run_sample_table *table,
                                                 uint64_t kind)
{
    uint32_t at = find(table, kind);
    return at == NONE ? NULL : &table->entries[at];
}

static void take_from_ages(struct wf_run_sample_table *table, uint32_t at)
{
    const struct wf_run_samples *entry = &table->entries[at];
    *(entry->older == NONE ? &table->oldest : &table->entries[entry->older].newer) = entry->newer;
    *(entry->newer == NONE ? &table->newest : &table->entries[entry->newer].older) = entry->older;
}

static void put_as_newest(struct wf_run_sample_table *table, uint32_t at)
{
    table->entries[at].older = table->newest;
    table->entries[at].newer = NONE;
    *(table->newest == NONE ? &table->oldest : &table->entries[table->newest].newer) = at;
    table->newest = at;
}

static void take_from_chain(struct wf_run_sample_table *table, uint32_t at)
{
    uint32_t *link = place_of(table, table->entries[at].kind);
    while (*link != at) {
        link = &table->entries[*link].chain;
    }
    *link = table->entries[at].chain;
}

// A kind that is not held yet, in place of the oldest when the table is full.
static uint32_t make(struct wf_run_sample_table *table, uint64_t kind)
{
    uint32_t at = table->count;
    if (at < table->kinds_max) {
        table->count++;
    } else {
        at = table->oldest;
        take_from_chain(table, at);
        take_from_ages(table, at);
    }
    uint32_t *place = place_of(table, kind);
    table->entries[at] = (struct wf_run_samples){.kind = kind, .chain = *place};
    *place = at;
    return at;
}

struct wf_run_samples *wf_run_samples_add(struct wf_run_sample_table *table, uint64_t kind,
                                          uint32_t bucket, bool cut)
{
    WF_ASSERT(bucket < WF_LOG_GRID_BUCKETS);
    uint32_t at = find(table, kind);
    if (at == NONE) {
        at = make(table, kind);
    } else {
        take_from_ages(table, at);
    }
    put_as_newest(table, at);
    struct wf_run_samples *entry = &table->entries[at];
    entry->newest = (uint8_t)((entry->newest + 1) % WF_RUN_SAMPLES);
    entry->count = (uint8_t)(entry->count + (entry->count < WF_RUN_SAMPLES));
    entry->bucket[entry->newest] = (uint8_t)bucket;
    uint64_t bit = UINT64_C(1) << entry->newest;
    entry->cut = cut ? entry->cut | bit : entry->cut & ~bit;
    return entry;
}
