// SPDX-License-Identifier: Apache-2.0
// A database in the scratch folder, and batches that can be told from one another.
#pragma once

#include "store/store.h"

// Removes what the test before left. Returns the path.
const char *made_database_path(void);

struct wf_database *made_database_open(void);

// Fills the batch with what belongs to step number (from 1): three lines of the journal (before the
// first the head), a job, a run, a stretch of the ledger, a row of the feed and one of the audit.
void made_batch(struct wf_batch *batch, uint64_t number);

// Opens the database and checks that it holds exactly whole steps up to some number, which it
// returns, and nothing else.
uint64_t made_database_steps(void);
