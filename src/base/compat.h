// SPDX-License-Identifier: Apache-2.0
// The few spellings that differ between the compilers we accept (gcc 12 and later, clang 14 and
// later, gnu17). Nothing else in the tree uses an attribute by its compiler name.
#pragma once

#define WF_MUST_USE __attribute__((warn_unused_result))
#define WF_PRINTF(format_index, first_index)                                                       \
    __attribute__((format(printf, format_index, first_index)))
#define WF_NORETURN __attribute__((noreturn))
#define WF_CLEANUP(function) __attribute__((cleanup(function)))

// A product of two 64-bit numbers, exact.
__extension__ typedef __int128 wf_int128;

#define WF_COUNT_OF(array) (sizeof(array) / sizeof((array)[0]))
