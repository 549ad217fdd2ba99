// SPDX-License-Identifier: Apache-2.0
// How a fallible function tells what went wrong: a status for the program, one sentence for the
// person. The sentence names the thing and where it stands, and has no full stop at its end.
#pragma once

#include "base/compat.h"

// X(name, text): every status a function may return.
#define WF_STATUSES(X)                                                                             \
    X(OK, "success")                                                                               \
    X(NOMEM, "out of memory")                                                                      \
    X(INVALID, "invalid input")                                                                    \
    X(NOTFOUND, "not found")                                                                       \
    X(EXISTS, "exists already")                                                                    \
    X(LIMIT, "limit reached")                                                                      \
    X(IO, "input or output failed")                                                                \
    X(UNFIT, "something that is needed is missing")

enum wf_status {
#define WF_STATUS_ENUM(name, text) WF_##name,
    WF_STATUSES(WF_STATUS_ENUM)
#undef WF_STATUS_ENUM
};

struct wf_error {
    enum wf_status status;
    char text[508];
};

// Returns the fixed text of a status; never NULL.
const char *wf_status_text(enum wf_status status);

// Fills err (which may be NULL) with status and the printed sentence, and returns status, so that
// failing is one line: `return wf_fail(err, WF_INVALID, "queue '%s' has no limit", name);`
// A sentence longer than the buffer is cut. status must not be WF_OK.
enum wf_status wf_fail(struct wf_error *err, enum wf_status status, const char *format, ...)
    WF_PRINTF(3, 4);

// Puts the printed words before the sentence that err holds already ("nodes.csv: line 3: ...").
// Returns err's status. err may be NULL, then status is returned unchanged.
enum wf_status wf_error_prefix(struct wf_error *err, enum wf_status status, const char *format, ...)
    WF_PRINTF(3, 4);
