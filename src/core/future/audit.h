// SPDX-License-Identifier: Apache-2.0
// Whether what is planned holds, worked out anew from the placements and bookings, moment by
// moment, by other code than plans. For tests: it looks at everything. Internal to the core.
#pragma once

#include "core/future/timeline.h"

// Checks that no booking which is not broken lacks anything at any time, that each node holds just
// what it must, and that what is free, held and placed is together what the node has. Errors:
// WF_INVALID with the first that is wrong.
enum wf_status wf_timeline_audit(const struct wf_timeline *timeline,
                                 struct wf_error *err) WF_MUST_USE;
