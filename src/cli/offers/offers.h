// SPDX-License-Identifier: Apache-2.0
// What the verb offers prints: as a table with sentences, and as JSON.
#pragma once

#include <stdio.h>

#include "sim/offer/offer.h"

struct wf_offers_report {
    const struct wf_site *site;
    const struct wf_offer *offer;
    const char *policy;
    const char *history, *user, *name; // NULL: not told
    bool has_relative_times;           // they count from the history's beginning
};

void wf_offers_print(FILE *out, const struct wf_offers_report *report);
enum wf_status wf_offers_print_json(const struct wf_offers_report *report,
                                    struct wf_error *err) WF_MUST_USE;

// The words of both.

// What the job asks for: "2 tasks with 8 GPUs of H100 or A100 each, in queue research".
void wf_offers_tell_job(FILE *out, const void *report);
// How long it runs, and whence that is known.
void wf_offers_tell_run(FILE *out, const void *report);
// What it costs where it goes, and when it starts.
void wf_offers_tell_choice(FILE *out, const void *report);
// What its queues' budgets say.
void wf_offers_tell_budgets(FILE *out, const void *report);
// Whether it ends before its deadline, if it has one.
void wf_offers_tell_deadline(FILE *out, const void *report);

// Why a row is not the chosen one, in words; of the chosen how many tasks go there, if not all.
struct wf_offers_row {
    const struct wf_offers_report *report;
    const struct wf_quote_row *row;
};
void wf_offers_tell_why(FILE *out, const void *row);
// Where its price comes from, and whether it is paid anyway.
void wf_offers_tell_price(FILE *out, const void *row);

// "2.51" of dollars, three digits that count; "-" where nothing is known.
const char *wf_offers_usd(char *text, int64_t nanousd);
