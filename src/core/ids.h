// SPDX-License-Identifier: Apache-2.0
// The ids of the core's nouns: small numbers given out at the door, a type for each, so that one
// is not taken for another.
#pragma once

#include <stdint.h>

typedef struct {
    uint32_t index;
} wf_pool_id;
typedef struct {
    uint32_t index;
} wf_node_id;
typedef struct {
    uint64_t number;
} wf_job_id;
typedef struct {
    uint32_t index;
} wf_queue_id;

#define WF_NONE UINT32_MAX // "no such pool, node, place" in an index
