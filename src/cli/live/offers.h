// SPDX-License-Identifier: Apache-2.0
// What a job would cost, where: the daemon's answer to a submission that is only a question.
#pragma once

#include <jansson.h>
#include <stdbool.h>
#include <stdio.h>

#include "base/error.h"

// Whether any of it costs money.
bool wf_offers_cost(const json_t *answer);

// A row for each pool, with the chosen one ticked and the reason for each other.
enum wf_status wf_live_offers_print(FILE *out, const json_t *answer,
                                    struct wf_error *err) WF_MUST_USE;
