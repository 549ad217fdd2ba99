// SPDX-License-Identifier: Apache-2.0
// Kubernetes quantities: "96", "95500m", "1056Gi", "64G", "12e6".
#pragma once

#include <stdbool.h>
#include <stdint.h>

#include "base/compat.h"

// Reads a quantity that is not negative, in thousandths, rounded down. Returns false when it is
// none, or more than 2^62 thousandths.
bool wf_quantity_read(const char *text, int64_t *milli_out) WF_MUST_USE;
