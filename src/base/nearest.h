// SPDX-License-Identifier: Apache-2.0
// "Did you mean": the name of a list that differs least from what somebody wrote.
#pragma once

#include <stdint.h>

// Returns the index of the name that takes the fewest changes (a letter more, less or another one,
// two neighbours swapped) to become text (the first of several; capitals count as small letters),
// or UINT32_MAX when none is near enough to be meant: more than a third of the text would have to
// change.
uint32_t wf_nearest_name(const char *text, const char *const *names, uint32_t count);
