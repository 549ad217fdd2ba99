// SPDX-License-Identifier: Apache-2.0
// What the core's numbers are called: models, labels, groups, zones, pools, nodes, queues and
// users. What a number means is in the journal, so it never changes. Internal to the desk.
#pragma once

#include "base/names.h"
#include "store/store.h"

#define WF_DIRECTORY_KINDS (WF_JOURNAL_JOB + 1)

struct wf_directory_entry {
    char *name;
    uint32_t number;
};

// Of labels several names may have one number; of all else a name has one and a number one name.
struct wf_directory_list {
    struct wf_directory_entry *entries;
    uint32_t count, capacity;
    uint32_t end; // one past the highest number
};

struct wf_directory {
    struct wf_directory_list lists[WF_DIRECTORY_KINDS];
};

// Errors: WF_NOMEM; WF_EXISTS: the name has another number already.
enum wf_status wf_directory_add(struct wf_directory *directory, enum wf_journal_named what,
                                uint32_t number, const char *name,
                                struct wf_error *err) WF_MUST_USE;
// WF_NONE: not known.
uint32_t wf_directory_find(const struct wf_directory *directory, enum wf_journal_named what,
                           const char *name);
// NULL: not known.
const char *wf_directory_name(const struct wf_directory *directory, enum wf_journal_named what,
                              uint32_t number);
// All of it as bytes, which the caller owns, and back. Errors: WF_NOMEM; WF_INVALID (these are not
// such bytes).
enum wf_status wf_directory_write(const struct wf_directory *directory, char **bytes_out,
                                  size_t *size_out, struct wf_error *err) WF_MUST_USE;
enum wf_status wf_directory_read(struct wf_directory *directory, const char *bytes, size_t size,
                                 struct wf_error *err) WF_MUST_USE;
void wf_directory_finish(struct wf_directory *directory);
