// SPDX-License-Identifier: Apache-2.0
// Does something in a copy of the whole process, and takes back what it found: what would be, if.
#pragma once

#include <stddef.h>

#include "base/error.h"

#define WF_TRIAL_BYTES_MAX 65536

// Runs in the copy; answer has room for the bytes asked for, all 0. Nothing else of what it does is
// seen outside: it may change what it likes, but must not print.
typedef void wf_trial_function(void *context, void *answer);

// Errors: WF_NOMEM, WF_IO: the process cannot be copied, or the copy stopped before its end.
enum wf_status wf_trial(wf_trial_function *function, void *context, void *answer_out,
                        size_t answer_bytes, struct wf_error *err) WF_MUST_USE;
