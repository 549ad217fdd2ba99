// SPDX-License-Identifier: Apache-2.0
// What must survive. All that other folders may see of this one.
#pragma once

#include "store/batch.h"
#include "store/database.h"
#include "store/journal.h"
#include "store/journal_text.h"
#include "store/losses.h"
#include "store/price_store.h"
#include "store/rows.h"
#include "store/snapshot.h"
