// SPDX-License-Identifier: Apache-2.0
// What the parts of the store of prices share. Internal to the store.
#pragma once

#include <sqlite3.h>

#include "store/database_file.h"
#include "store/price_store.h"

enum wf_price_write {
    WF_PRICE_BEGIN,
    WF_PRICE_COMMIT,
    WF_PRICE_NEW_SOURCE,
    WF_PRICE_FIND_SOURCE,
    WF_PRICE_NEW_OFFER,
    WF_PRICE_FIND_OFFER,
    WF_PRICE_NEW_PRICE,
    WF_PRICE_NEW_RISK,
    WF_PRICE_WRITES,
};

struct wf_price_store {
    char *path;
    sqlite3 *connection;
    sqlite3_stmt *writes[WF_PRICE_WRITES]; // NULL where it is open for reading
};
