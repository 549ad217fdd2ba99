// SPDX-License-Identifier: Apache-2.0
// What stands in the file of a snapshot: the head, the notes, then blocks of the region that are
// not all zeros, in runs, and the check of all that followed the head. As the machine keeps its
// numbers: only the same build reads it. Internal to the store and its tests.
#pragma once

#include "store/snapshot.h"

#define WF_SNAPSHOT_MAGIC "WFCORE1\n"
#define WF_SNAPSHOT_BUILD_BYTES 32
#define WF_SNAPSHOT_BLOCK_BYTES 4096
#define WF_SNAPSHOT_NUMBERS 16 // of a config
#define WF_SNAPSHOT_NAME_BYTES 64

struct wf_snapshot_config {
    uint64_t numbers[WF_SNAPSHOT_NUMBERS];
    char policy[WF_SNAPSHOT_NAME_BYTES], discipline[WF_SNAPSHOT_NAME_BYTES];
};

struct wf_snapshot_head {
    char magic[8];
    uint64_t bytes; // of this struct
    uint64_t build_bytes;
    uint8_t build[WF_SNAPSHOT_BUILD_BYTES];
    struct wf_snapshot_config config;
    uint64_t address, used; // of the region
    struct wf_snapshot_mark mark;
    uint64_t notes_bytes; // they end with zeros up to a whole number of 8 bytes
    uint64_t check;       // of all before
};

// Blocks that follow in the file. The last run has no blocks, and first is the check.
struct wf_snapshot_run {
    uint64_t first, count;
};

// What the linker called this build of the program; *bytes_out is 0 where it did not.
void wf_snapshot_build(uint8_t build[WF_SNAPSHOT_BUILD_BYTES], uint64_t *bytes_out);
struct wf_snapshot_config wf_snapshot_config_of(const struct wf_core_config *config);
uint64_t wf_snapshot_head_check(const struct wf_snapshot_head *head);

// Adds bytes to a check, a multiple of 8 of them.
uint64_t wf_snapshot_check_add(uint64_t check, const void *bytes, size_t size);

// PATH.new. Errors: WF_LIMIT.
#define WF_SNAPSHOT_PATH_BYTES 4200
enum wf_status wf_snapshot_new_path(const char *path, char new_path[WF_SNAPSHOT_PATH_BYTES],
                                    struct wf_error *err) WF_MUST_USE;
enum wf_status wf_snapshot_fail(const char *path, const char *what, struct wf_error *err);
