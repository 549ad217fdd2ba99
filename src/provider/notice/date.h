// SPDX-License-Identifier: Apache-2.0
// Dates as metadata servers write them. Internal to the provider.
#pragma once

#include <stdbool.h>
#include <stdint.h>

// A moment as wf_moment_read takes it, or a date of HTTP, "Mon, 19 Sep 2016 18:29:47 GMT", in
// milliseconds since 1970. False: it is neither.
bool wf_date_read(const char *text, int64_t *ms_out);
