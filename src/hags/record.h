// SPDX-License-Identifier: Apache-2.0
// What was done to which machine, on disk before it is done: a file of JSON lines, one for each
// step, each synced. Whoever was interrupted reads it and goes on; a torn last line is left out.
#pragma once

#include "hags/verdict.h"

#define WF_HAGS_HELPER_NAME_BYTES 48

struct wf_hags_entry {
    char *name, *address;
    struct wf_hags_past past;
    char helper[WF_HAGS_HELPER_NAME_BYTES]; // lies on the machine; "": nothing does
    int64_t reboot_boot_ms;                 // it was told to restart when it had started then
    bool drained;                           // its work was moved away and may come back
    int64_t timeouts_before;                // of drivers in the 30 days before the first write; -1
};

struct wf_hags_record;

// What it is opened for: only to read it; to look at machines, and to set them. Only one at a time
// may have it for the last two.
enum wf_hags_access { WF_HAGS_RECORD_READ, WF_HAGS_RECORD_LOOK, WF_HAGS_RECORD_SET };

// Opens hags.jsonl in the folder, which is made if it is not there, unless it is only read. The
// caller owns *record_out. Errors: WF_IO, WF_EXISTS (somebody else has it), WF_INVALID (a line that
// is none of ours), WF_NOMEM.
enum wf_status wf_hags_record_open(const char *folder, enum wf_hags_access access,
                                   struct wf_hags_record **record_out,
                                   struct wf_error *err) WF_MUST_USE;

// Whether whoever has it will soon be done: it is no run that sets machines.
bool wf_hags_record_is_brief(const char *folder);
void wf_hags_record_close(struct wf_hags_record *record);

// The entry of a machine: a new one, all empty, where nothing was done to it. NULL without memory.
// Borrowed while the record is open.
struct wf_hags_entry *wf_hags_record_find(struct wf_hags_record *record, const char *name,
                                          const char *address);

// Writes what the entry holds now; with sync it is on the disk when this returns, without it is
// safe from the end of this program, but not of the machine. Nothing is written to a record that is
// only read. Errors: WF_IO, WF_NOMEM.
enum wf_status wf_hags_record_keep(struct wf_hags_record *record, const struct wf_hags_entry *entry,
                                   bool sync, struct wf_error *err) WF_MUST_USE;
