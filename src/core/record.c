// SPDX-License-Identifier: Apache-2.0
#include "core/record.h"

#include "base/assert.h"
#include "base/hash.h"

enum wf_status wf_record_init(struct wf_record *record, struct wf_region *region, uint32_t max,
                              struct wf_error *err)
{
    *record = (struct wf_record){.max = max};
    record->list = wf_region_take(region, max, sizeof *record->list);
    return record->list ? WF_OK : wf_fail(err, WF_NOMEM, "no memory for %u decisions", max);
}

void wf_record_add(struct wf_record *record, struct wf_decision decision)
{
    WF_ASSERT(record->count < record->max);
    record->list[record->count++] = decision;
    uint64_t hash = wf_hash_add(record->hash, (uint64_t)decision.kind << 32 | decision.task);
    hash = wf_hash_add(hash, decision.job.number);
    hash = wf_hash_add(hash, (uint64_t)decision.gpus << 32 | decision.node.index);
    hash = wf_hash_add(hash, decision.gpu_milli);
    if (decision.kind == WF_DECISION_MOVE) {
        hash = wf_hash_add(hash, (uint64_t)decision.from_gpus << 32 | decision.from.index);
    }
    record->hash = hash;
}

void wf_record_undo(struct wf_record *record, uint32_t count, uint64_t hash)
{
    WF_ASSERT(count <= record->count);
    record->count = count;
    record->hash = hash;
}
