// SPDX-License-Identifier: Apache-2.0
// What outsiders tell: what their machines cost (price/), and that a machine of theirs is to be
// taken away (notice/). Nothing is asked unless somebody named the provider: no network is touched
// to find one out.
#pragma once

#include <stdbool.h>
#include <stdint.h>

#include "base/error.h"
#include "store/store.h"

typedef struct uv_loop_s uv_loop_t;

// Prices, read from the files that catalogues and the command lines of clouds give, and from a file
// of one's own contracts and machines. A format is one file with one `const struct
// wf_price_importer`, in the list of price/importers.c.

// Prices of a GPU-hour outside of these are taken for mistakes: a price by the month, or in cents.
#define WF_PRICE_ABSURD_LOW_NANOUSD INT64_C(1000000)        // $0.001
#define WF_PRICE_ABSURD_HIGH_NANOUSD INT64_C(1000000000000) // $1,000
#define WF_PRICE_GPUS_MAX 1024                              // of one machine
#define WF_PRICE_NOT_TOLD (-1)

struct wf_price_import {
    const char *path;     // plain or gzipped
    const char *provider; // whose prices these are, where the file does not tell; or NULL
    // When the file was fetched, in milliseconds since 1970, or WF_PRICE_NOT_TOLD. It is when
    // prices of a file without dates begin to hold, and until when others were seen to hold.
    int64_t as_of_ms;

    // Called for each price and each published risk. What they return ends the import.
    enum wf_status (*take)(void *context, const struct wf_price_row *row, struct wf_error *err);
    enum wf_status (*take_risk)(void *context, const struct wf_risk_row *row, struct wf_error *err);
    // Called with a sentence for each price that is there and cannot be used.
    void (*leave_out)(void *context, const char *sentence);
    void *context;
};

// What a file came to.
struct wf_price_imported {
    const char *format; // its name; NULL: not recognised
    uint64_t taken;     // prices and risks
    uint64_t left_out;  // there, and cannot be used: each had its sentence
    uint64_t other;     // no price of a machine with GPUs that is rented by the hour
};

// Reads a file in whichever format it is. A file of one's own prices must be right as a whole; in a
// list of a thousand prices by others one that is wrong is left out. Errors: WF_IO, WF_INVALID (not
// recognised, broken, or there is no price in it), WF_LIMIT, WF_NOMEM, or what a callback returned.
enum wf_status wf_price_import(const struct wf_price_import *import,
                               struct wf_price_imported *imported_out,
                               struct wf_error *err) WF_MUST_USE;

// The formats there are, one by one from 0: its name and, for people, where it comes from. Returns
// false past the last.
bool wf_price_format(unsigned number, const char **name_out, const char **from_out);

// Notices, as the metadata servers of clouds say them, or a file. A watch lives in a libuv loop,
// asks again and again, and tells what changed: a notice, another time, or that it stands no more.
// It never waits.

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
