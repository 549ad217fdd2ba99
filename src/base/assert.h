// SPDX-License-Identifier: Apache-2.0
// Assertions are for bugs only and stay on in release builds: a scheduler that goes on after a
// broken invariant spends other people's money. Bad input is never an assertion, it is a status.
#pragma once

#include "base/compat.h"

WF_NORETURN void wf_assert_failed(const char *expression, const char *file, int line);

#define WF_ASSERT(expression)                                                                      \
    ((expression) ? (void)0 : wf_assert_failed(#expression, __FILE__, __LINE__))
