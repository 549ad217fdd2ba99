// SPDX-License-Identifier: Apache-2.0
// The parts of the verb prices, and where the store is, which offers asks, too.
#pragma once

#include <limits.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "base/error.h"

// Where the store of prices is: what an option says, else WHALEFLUX_PRICES, else
// ~/.local/share/whaleflux/prices.db (below XDG_DATA_HOME where that is set). Errors: WF_INVALID.
enum wf_status wf_prices_path(const char *told, char path[PATH_MAX],
                              struct wf_error *err) WF_MUST_USE;

struct wf_prices {
    char store[PATH_MAX];
    const char *gpu, *provider, *region; // NULL: any
    int64_t as_of_ms;                    // -1: not told
    int64_t now_ms;
    bool json;
};

enum wf_status wf_prices_import(const struct wf_prices *prices, char **files, int count,
                                struct wf_error *err) WF_MUST_USE;
// What each source told, and how long ago.
enum wf_status wf_prices_list(const struct wf_prices *prices, struct wf_error *err) WF_MUST_USE;
// Every row of what is asked for, from the first to the last.
enum wf_status wf_prices_show(const struct wf_prices *prices, struct wf_error *err) WF_MUST_USE;
