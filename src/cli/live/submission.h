// SPDX-License-Identifier: Apache-2.0
// From a document to a job: what it would cost, whether that is wanted, and the submission itself.
#pragma once

#include "cli/live/live.h"
#include "cli/live/wish.h"

// *answer_out is NULL, with WF_OK, where nothing was submitted: a dry run, or it was not wanted.
// The caller frees it.
enum wf_status wf_submission_make(struct wf_live *live, const struct wf_wish *wish,
                                  const char *document, struct whaleflux_answer **answer_out,
                                  struct wf_error *err) WF_MUST_USE;

// Asks on the terminal; no answer, or a signal instead of one, is a no.
bool wf_submission_asks(const char *question);
