// SPDX-License-Identifier: Apache-2.0
// Dates as metadata servers write them. Internal to the provider.
#pragma once

#include <stdbool.h>
#include <stdint.h>

// "2017-09-18T08:22:00Z", also with a fraction of a second or an offset, or
// "Mon, 19 Sep 2016 18:29:47 GMT", as milliseconds since 1970. False: it is neither.
bool wf_date_read(const char *text, int64_t *ms_out);
