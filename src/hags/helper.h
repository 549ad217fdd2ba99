// SPDX-License-Identifier: Apache-2.0
// The Windows program, as it was built with this one.
#pragma once

#include <stddef.h>

// Returns its bytes, or NULL where no compiler for Windows was there when this was built.
const void *wf_hags_helper(size_t *length_out);
