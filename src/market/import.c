// SPDX-License-Identifier: Apache-2.0
#include "market/import.h"

#include "provider/provider.h"
#include "store/store.h"

#define DAY_MS INT64_C(86400000)

struct importing {
    const struct wf_market_import *import;
    struct wf_market_imported *count;
    struct wf_price_store *store;
    char first[560]; // what was left out first
};

static void count_row(struct importing *importing, bool added)
{
    importing->count->added += added;
    importing->count->known += !added;
}

// The store is opened, and made, for the first price alone: a file that is refused leaves nothing.
static enum wf_status open_store(struct importing *importing, struct wf_error *err)
{
    if (importing->store) {
        return WF_OK;
    }
    enum wf_status status =
        wf_price_store_open(importing->import->store, true, &importing->store, err);
    return status == WF_OK ? wf_price_store_begin(importing->store, err) : status;
}

static enum wf_status take(void *context, const struct wf_price_row *row, struct wf_error *err)
{
    struct importing *importing = context;
    bool added = false;
    enum wf_status status = open_store(importing, err);
    if (status == WF_OK) {
        status = wf_price_store_add(importing->store, row, importing->import->now_ms, &added, err);
    }
    if (status == WF_OK) {
        count_row(importing, added);
    }
    return status;
}

static enum wf_status take_risk(void *context, const struct wf_risk_row *row, struct wf_error *err)
{
    struct importing *importing = context;
    bool added = false;
    enum wf_status status = open_store(importing, err);
    if (status == WF_OK) {
        status = wf_price_store_add_risk(importing->store, row, &added, err);
    }
    if (status == WF_OK) {
        count_row(importing, added);
    }
    return status;
}

static void leave_out(void *context, const char *sentence)
{
    struct importing *importing = context;
    if (importing->count->left_out++ == 0) {
        snprintf(importing->first, sizeof importing->first, "%s", sentence);
    }
    importing->import->leave_out(importing->import->context, sentence);
}

static enum wf_status import_file(struct importing *importing, struct wf_error *err)
{
    const struct wf_market_import *import = importing->import;
    struct wf_price_imported imported;
    const struct wf_price_import reading = {
        .path = import->file,
        .provider = import->provider,
        .as_of_ms = import->as_of_ms,
        .take = take,
        .take_risk = take_risk,
        .leave_out = leave_out,
        .context = importing,
    };
    enum wf_status status = wf_price_import(&reading, &imported, err);
    importing->count->format = imported.format;
    importing->count->other = imported.other;
    if (status == WF_OK && imported.taken == 0) {
        status = wf_fail(err, WF_INVALID, "no price of %.120s can be used: %s", import->file,
                         importing->first);
    }
    return status;
}

enum wf_status wf_market_import(const struct wf_market_import *import,
                                struct wf_market_imported *imported_out, struct wf_error *err)
{
    struct importing importing = {.import = import, .count = imported_out};
    *imported_out = (struct wf_market_imported){0};
    if (import->as_of_ms > import->now_ms + DAY_MS) {
        return wf_fail(err, WF_INVALID, "the prices cannot be of a time to come");
    }
    enum wf_status status = import_file(&importing, err);
    if (status == WF_OK) {
        status = wf_price_store_commit(importing.store, err);
    }
    wf_price_store_close(importing.store); // what is not committed is given up
    return status;
}
