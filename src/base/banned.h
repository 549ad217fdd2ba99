// SPDX-License-Identifier: Apache-2.0
// Calls that no source of this project may use. The build includes this file before everything
// else, so it cannot be forgotten; the compiler then stops at a name that tells what to use.
// The headers come first, because their own declarations must not meet the macros.
#pragma once

#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>

#undef alloca
#undef strcpy
#undef strncpy
#undef strcat
#undef strncat
#undef sprintf
#undef vsprintf

// No bound at all, or one that leaves the result without its final zero.
#define strcpy(...) strcpy_is_banned_use_memcpy_or_snprintf
#define strncpy(...) strncpy_is_banned_use_memcpy_or_snprintf
#define strcat(...) strcat_is_banned_use_snprintf
#define strncat(...) strncat_is_banned_use_snprintf
#define sprintf(...) sprintf_is_banned_use_snprintf
#define vsprintf(...) vsprintf_is_banned_use_vsnprintf
#define gets(...) gets_is_banned_use_fgets
#define alloca(...) alloca_is_banned_use_a_fixed_array_or_malloc

// Cannot tell a wrong number from zero.
#define atoi(...) atoi_is_banned_use_strtol
#define atol(...) atol_is_banned_use_strtol

// Hidden state, shared by all threads and callers.
#define strtok(...) strtok_is_banned_use_strtok_r
#define localtime(...) localtime_is_banned_use_localtime_r
#define gmtime(...) gmtime_is_banned_use_gmtime_r
#define rand(...) rand_is_banned_use_wf_random
