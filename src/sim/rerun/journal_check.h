// SPDX-License-Identifier: Apache-2.0
// Whether a journal holds what it says: its events, stepped through a core made as its head says,
// must be taken by it and give the hashes that stand in it.
#pragma once

#include <stdbool.h>
#include <stdint.h>

#include "base/error.h"

struct wf_journal_check {
    char program[64], policy[64], discipline[64], driver[256]; // as its head says, cut to fit
    uint64_t events, decisions;
    uint64_t hash;             // of all decisions
    uint64_t hashes;           // that stand in the journal, each of them right
    uint64_t unhashed;         // events behind the last of them
    uint64_t torn_bytes;       // of a last line that was cut short
    int64_t first_ms, last_ms; // of the events, 0 without any
};

// Errors: WF_IO; WF_INVALID (no journal, damage, an event that the core refuses, another hash);
// WF_NOTFOUND (a policy or discipline of another program); WF_NOMEM. Sentences name the line.
enum wf_status wf_journal_check(const char *path, struct wf_journal_check *check_out,
                                struct wf_error *err) WF_MUST_USE;
