// SPDX-License-Identifier: Apache-2.0
// What the importers of JSON share. Internal to the provider.
#pragma once

#include <jansson.h>

#include "provider/price/importer.h"

typedef enum wf_status wf_price_record_fn(void *context, struct wf_price_reading *reading,
                                          uint64_t line, const json_t *record,
                                          struct wf_error *err);

// Calls fn for each record of the list that stands below one of the keys, or is the document. A
// record may be a text that holds JSON in turn. Errors: those of fn, WF_INVALID (no JSON), WF_IO,
// WF_LIMIT, WF_NOMEM.
enum wf_status wf_price_each_record(struct wf_price_reading *reading, const char *const *keys,
                                    wf_price_record_fn *fn, void *context,
                                    struct wf_error *err) WF_MUST_USE;

// The text of a field; "" where there is none.
const char *wf_price_text(const json_t *object, const char *field);

// A date of a field; where there is none, or no such date, the price is left out and false
// returned.
bool wf_price_date(struct wf_price_reading *reading, uint64_t line, const json_t *object,
                   const char *field, int64_t *ms_out) WF_MUST_USE;

// Whether a text holds a word, whatever its capitals.
bool wf_price_holds(const char *text, const char *word);

// Whether a key stands in the beginning of a file: "\"PriceList\"" and then a colon.
bool wf_price_has_key(const char *head, const char *key);
