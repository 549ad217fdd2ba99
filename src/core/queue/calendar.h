// SPDX-License-Identifier: Apache-2.0
// The hours, days and months of UTC in which budgets are counted, from Unix milliseconds by
// integers alone: the Gregorian calendar, carried on before 1582, without leap seconds. Internal to
// the core.
#pragma once

#include "core/queue_spec.h"

// The window that holds the moment at_ms: from its first millisecond to the first of the next one.
// at_ms must be within WF_TIME_MS_MAX of 1970, before or after.
int64_t wf_calendar_start_ms(enum wf_budget_window window, int64_t at_ms);
int64_t wf_calendar_end_ms(enum wf_budget_window window, int64_t at_ms);
