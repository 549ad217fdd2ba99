// SPDX-License-Identifier: Apache-2.0
// Hosts as JSON: as `hags status` prints them, and as the file of a watch keeps them.
#pragma once

#include "daemon/hags/hosts.h"

// kept: the file of a watch; else what was printed, which knows nothing of before. The caller owns
// *hosts_out. Errors: WF_INVALID, WF_NOMEM.
enum wf_status wf_hags_hosts_parse(const char *text, size_t length, bool kept,
                                   struct wf_hags_hosts **hosts_out,
                                   struct wf_error *err) WF_MUST_USE;
