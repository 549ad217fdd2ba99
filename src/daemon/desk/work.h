// SPDX-License-Identifier: Apache-2.0
// What the book has of work that others asked for, beside job and run. Internal to the desk.
#pragma once

#include <stdbool.h>
#include <stdint.h>

// The usual one falls through between its cases, which clang tells again and again.
#define HASH_FUNCTION HASH_FNV
#include <uthash.h>

#include "core/types.h"

struct wf_book_job;

// What a run of work that others asked for has on one node.
struct wf_book_place {
    uint32_t node;    // WF_NONE: one that is not known here
    uint32_t gpu_set; // of fewer GPUs than it has where they are not known
    uint32_t cpu_milli, memory_mib;
    uint16_t gpu_milli; // share of each, as its pool serves it
    uint8_t gpus;
};

struct wf_book_work {
    char *key;
    struct wf_book_job *job;
    struct wf_job_spec wanted; // as it was told last; its held is not looked at
    uint64_t facts;            // hash of its document
    char why[96];              // what keeps it from starting, by others' word
    uint64_t round;            // of looks in which it was told
    uint32_t restarts;         // of the run that was told last,
    bool knows_restarts;       // if one was
    bool held;                 // by others
    bool held_here;
    bool is_odd;           // the core cannot decide about it
    bool end_failed;       // the engine was told to end it, and could not
    uint32_t failures;     // starts one after the other that came to nothing
    int64_t not_before_ms; // it is not started again before
    int64_t retry_ms;
    UT_hash_handle hh;
};
