// SPDX-License-Identifier: Apache-2.0
// What a watch knows of its Windows hosts: what they were at the last look, since when, and what
// changed. A look gives new hosts from those before it; a file keeps them over a restart.
#pragma once

#include <stdbool.h>
#include <stdint.h>

#include <jansson.h>

#include "hags/verdict.h"

struct wf_hags_host {
    uint64_t id; // of its watch; stays while the host is in the inventory
    char *name, *address, *reason;
    enum wf_hags_state state;
    enum wf_hags_state previous; // before this state; WF_HAGS_UNKNOWN: there was none
    int64_t since_ms;            // the first look that found the state
    // What it told when it answered last; it may be of an earlier look than the state is.
    int64_t seen_ms; // 0: it never did, and nothing below is known
    enum wf_hags_value configured;
    enum wf_hags_effect effect;
    int64_t effect_since_ms; // it started with this at work, so far as is known
    char os[24];
    uint32_t build;
    int64_t boot_ms;
    int64_t timeouts_in_30_days, timeouts_since_boot; // of drivers; -1: not known
    int64_t timeouts_noted;    // in 30 days, at the last look before another thing was at work; -1
    int64_t timeouts_recorded; // in the 30 days before the first write from here; -1
    enum wf_hags_value prior;  // before that write; WF_HAGS_UNREAD: there was none
    int64_t written_ms;        // 0: not known, or never
};

struct wf_hags_hosts {
    struct wf_hags_host *hosts; // by id
    uint32_t count;
    uint64_t last_id;
    int64_t looked_ms; // when the look ended; 0: there was none
};

struct wf_hags_hosts *wf_hags_hosts_create(void); // of nobody; NULL without memory
void wf_hags_hosts_destroy(struct wf_hags_hosts *hosts);

// Takes what `hags status --json` printed at now_ms. before may be NULL. The caller owns
// *hosts_out. Errors: WF_INVALID (it is no such text), WF_NOMEM.
enum wf_status wf_hags_hosts_take(const char *text, size_t length,
                                  const struct wf_hags_hosts *before, int64_t now_ms,
                                  struct wf_hags_hosts **hosts_out,
                                  struct wf_error *err) WF_MUST_USE;

// Reads and writes the file that keeps them; written whole and synced, or not at all. Errors of
// load: WF_NOTFOUND, WF_IO, WF_INVALID, WF_NOMEM; of save: WF_IO, WF_NOMEM.
enum wf_status wf_hags_hosts_load(const char *path, struct wf_hags_hosts **hosts_out,
                                  struct wf_error *err) WF_MUST_USE;
enum wf_status wf_hags_hosts_save(const struct wf_hags_hosts *hosts, const char *path,
                                  struct wf_error *err) WF_MUST_USE;

// Driver time-outs in the 30 days before the change to what is at work now; -1: not known, or
// nothing was ever changed.
int64_t wf_hags_host_timeouts_before(const struct wf_hags_host *host);
// Whether the last 30 days can be held against those: they lie wholly after the change, and it is
// still what was wanted.
bool wf_hags_host_is_comparable(const struct wf_hags_host *host);

// A host as the API tells it; NULL without memory.
json_t *wf_hags_host_json(const struct wf_hags_host *host);
