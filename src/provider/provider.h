// SPDX-License-Identifier: Apache-2.0
// What outsiders tell of this machine: that it is to be taken away, as the metadata servers of
// clouds say it, or a file. Nothing is asked unless somebody named the provider: no network is
// touched to find one out.
//
// A watch lives in a libuv loop, asks again and again, and tells what changed: a notice, another
// time, or that it stands no more. It never waits.
#pragma once

#include <stdbool.h>
#include <stdint.h>

#include "base/error.h"

typedef struct uv_loop_s uv_loop_t;

#define WF_NOTICE_WORD_BYTES 64

enum wf_notice_kind {
    WF_NOTICE_NONE,   // nothing stands; what was told before is withdrawn
    WF_NOTICE_ADVICE, // it is more likely than usual to be taken; nobody says when, or that it is
    WF_NOTICE_GOING,  // it is to be taken
};

struct wf_notice {
    enum wf_notice_kind kind;
    int64_t gone_ms; // GOING: when, by the wall clock; may be over. 0 for all others
    int64_t seen_ms; // when it was heard
    char what[WF_NOTICE_WORD_BYTES]; // the provider's own word: "terminate", "Preempt"
};

struct wf_provider;

extern const struct wf_provider wf_provider_aws;       // instance metadata, version 2
extern const struct wf_provider wf_provider_gcp;       // metadata server, long poll
extern const struct wf_provider wf_provider_azure;     // scheduled events
extern const struct wf_provider wf_provider_file;      // a file of this machine
extern const struct wf_provider *const wf_providers[]; // ends with NULL

// NULL: there is none of that name.
const struct wf_provider *wf_provider_find(const char *name);
const char *wf_provider_name(const struct wf_provider *provider);

struct wf_watch_config {
    const struct wf_provider *provider;
    const char *where;  // "http://HOST[:PORT]" in place of the usual address, or the file's path
    uint32_t period_ms; // 0: the provider's own
    uv_loop_t *loop;    // borrowed, like what follows
    int64_t (*now_ms)(void *context); // the wall clock
    // Something changed. The first answer is told in any case, also that nothing stands.
    void (*hear)(void *context, const struct wf_notice *notice);
    // It answers no more, or again (""): a sentence for people. NULL: nobody wants to know.
    void (*trouble)(void *context, const char *text);
    void *context;
};

struct wf_watch;

struct wf_watch_counts {
    uint64_t asked, failed; // questions, and those without a good answer
    uint64_t notices;       // told, without those that were withdrawn
};

// Begins at once. Errors: WF_INVALID (no such address, no path), WF_NOMEM.
enum wf_status wf_watch_open(const struct wf_watch_config *config, struct wf_watch **watch_out,
                             struct wf_error *err) WF_MUST_USE;
struct wf_watch_counts wf_watch_count(const struct wf_watch *watch);
// Stops; its handles are closed when the loop has run on. Afterwards wf_watch_destroy frees it.
void wf_watch_close(struct wf_watch *watch);
void wf_watch_destroy(struct wf_watch *watch); // NULL is allowed
