// SPDX-License-Identifier: Apache-2.0
// The store of prices: what machines with GPUs cost, by whose word and from when on. Rows are only
// ever added, so that what held last month can be looked up again and last month priced again.
//
// It is an SQLite file of its own, apart from the daemon's database: prices are imported and read
// by people and by cron jobs where no daemon runs, several daemons may share one store, and what
// one command writes must not wait for the daemon's only writer.
#pragma once

#include <stdbool.h>
#include <stdint.h>

#include "base/error.h"

// X(NAME, word): how a machine is bought.
#define WF_PRICE_KINDS(X)                                                                          \
    X(ON_DEMAND, "on-demand")                                                                      \
    X(SPOT, "spot")

enum wf_price_kind {
#define WF_PRICE_KIND_ENUM(name, word) WF_PRICE_##name,
    WF_PRICE_KINDS(WF_PRICE_KIND_ENUM)
#undef WF_PRICE_KIND_ENUM
};
#define WF_PRICE_KIND_COUNT 2

const char *wf_price_kind_word(enum wf_price_kind kind);

// All text is borrowed from whoever fills the row in; what a reader is given lives as long as the
// call. "" where nothing is told, never NULL.
struct wf_price_row {
    // What is sold. Where a contract leaves region, zone or instance empty, it is about all.
    const char *provider; // "aws"; for owned machines whatever they are called
    const char *region;
    const char *zone;
    const char *instance;
    const char *model;  // short name (gpu/gpu_name.h)
    uint32_t gpu_milli; // thousandths of a GPU of one instance
    enum wf_price_kind kind;

    int64_t nanousd_per_hour; // of one instance, above 0
    int64_t from_ms;          // it holds from then on
    int64_t until_ms;         // and no longer from then on; 0: without end
    int64_t seen_ms;          // when its source last said so
    bool own;                 // a contract or owned hardware: wins over every list
    const char *source;       // who says so
};

// How often spot machines of a kind were taken back, as somebody published it: of those that ran in
// a month, from low to high thousandths.
struct wf_risk_row {
    const char *provider;
    const char *region;
    const char *instance;
    uint32_t low_permille, high_permille; // high 1000: "more than low"
    int64_t from_ms;
    const char *source;
};

struct wf_price_store;

// Opens a store; for_writing makes it where there is none (mode 0600: contracts are nobody else's
// business). Errors: WF_NOTFOUND (there is none, for reading), WF_IO, WF_INVALID (no store of ours,
// damaged, of a newer version), WF_NOMEM.
enum wf_status wf_price_store_open(const char *path, bool for_writing,
                                   struct wf_price_store **store_out,
                                   struct wf_error *err) WF_MUST_USE;
void wf_price_store_close(struct wf_price_store *store); // NULL is fine

// Whether a file is a store of prices.
bool wf_price_store_is(const char *path);

// Rows are added between begin and commit, all or none of them; close or undo gives up what was not
// committed. *added_out is false where the store knows that very row already. Errors: as above.
enum wf_status wf_price_store_begin(struct wf_price_store *store, struct wf_error *err) WF_MUST_USE;
enum wf_status wf_price_store_add(struct wf_price_store *store, const struct wf_price_row *row,
                                  int64_t now_ms, bool *added_out,
                                  struct wf_error *err) WF_MUST_USE;
enum wf_status wf_price_store_add_risk(struct wf_price_store *store, const struct wf_risk_row *row,
                                       bool *added_out, struct wf_error *err) WF_MUST_USE;
enum wf_status wf_price_store_commit(struct wf_price_store *store,
                                     struct wf_error *err) WF_MUST_USE;
void wf_price_store_undo(struct wf_price_store *store);

// fn gets rows one by one, returns false when it has seen enough, and must not call the store.
typedef bool wf_price_row_fn(void *context, const struct wf_price_row *row);

// What held at a time: of each thing sold, each kind and each source of the row that wins, one's
// own first, then what holds from the latest time on. In the order of providers, models, regions.
enum wf_status wf_price_store_at(struct wf_price_store *store, int64_t at_ms, wf_price_row_fn *fn,
                                 void *context, struct wf_error *err) WF_MUST_USE;

// Every row there is, in that order, and of one thing from the first to the last.
enum wf_status wf_price_store_all(struct wf_price_store *store, wf_price_row_fn *fn, void *context,
                                  struct wf_error *err) WF_MUST_USE;

// The newest row of each kind of machine by then.
typedef bool wf_risk_row_fn(void *context, const struct wf_risk_row *row);
enum wf_status wf_price_store_risks(struct wf_price_store *store, int64_t at_ms, wf_risk_row_fn *fn,
                                    void *context, struct wf_error *err) WF_MUST_USE;

// What each source has told: how many rows, from when on the first and the last of them hold, when
// it last said anything and how many rows it told of each kind.
struct wf_price_source {
    const char *source;
    bool own;
    uint64_t rows[WF_PRICE_KIND_COUNT];
    int64_t first_ms, last_ms, seen_ms, imported_ms;
};
typedef bool wf_price_source_fn(void *context, const struct wf_price_source *source);
enum wf_status wf_price_store_sources(struct wf_price_store *store, wf_price_source_fn *fn,
                                      void *context, struct wf_error *err) WF_MUST_USE;
