// SPDX-License-Identifier: Apache-2.0
#include "base/assert.h"

#include <stdio.h>
#include <stdlib.h>

void wf_assert_failed(const char *expression, const char *file, int line)
{
    fprintf(stderr, "whaleflux: bug: '%s' does not hold at %s:%d\n", expression, file, line);
    abort();
}
