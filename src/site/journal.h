// SPDX-License-Identifier: Apache-2.0
// A journal of our own as a description of machines and queues: those that it tells the core of.
#pragma once

#include "site/site.h"

// Tells whether a file begins as a journal does, or is a database; false also where it cannot be
// read. Errors: WF_NOMEM.
enum wf_status wf_site_find_journal(const char *path, bool *found_out,
                                    struct wf_error *err) WF_MUST_USE;

// Nodes that went away meanwhile are kept; what was told several times counts as told last. What
// the journal does not name is called "node-17". The caller finishes *site_out. Errors: as
// wf_site_read.
enum wf_status wf_site_of_journal(const char *path, struct wf_site *site_out,
                                  struct wf_error *err) WF_MUST_USE;
