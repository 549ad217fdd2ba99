// SPDX-License-Identifier: Apache-2.0
// Every limit of a job document in one place. What is past one is refused with WF_LIMIT and the
// limit's name. Those of the core (core/limits.h) hold as well.
#pragma once

#include <stdint.h>

#include "core/limits.h"

#define WF_JOB_TEXT_BYTES_MAX 1048576                // a document, a file that is imported: 1 MiB
#define WF_JOB_SCRIPT_BYTES_MAX 262144               // a script
#define WF_JOB_NAME_BYTES_MAX 128                    // a job's name, a queue's, a label
#define WF_JOB_PATH_BYTES_MAX 4095                   // a folder, without the zero at its end
#define WF_JOB_ARGUMENTS_MAX 4096                    // words of a command
#define WF_JOB_ARGUMENT_BYTES_MAX 131071             // one word, one variable: what Linux takes
#define WF_JOB_COMMAND_BYTES_MAX 262144              // all words of a command, with their zeros
#define WF_JOB_VARIABLES_MAX 4096                    // variables in an environment
#define WF_JOB_VARIABLES_BYTES_MAX 262144            // all of them, with their zeros
#define WF_JOB_GPU_CHOICES_MAX 32                    // models that a job may run on
#define WF_JOB_ARRAY_MAX 10000                       // jobs of an array
#define WF_JOB_ARRAY_INDEX_MAX 4000000               // the highest index of one
#define WF_JOB_LABELS_MAX 64                         // labels a node must carry
#define WF_JOB_PRIORITY_MAX 1000000000               // and as far below zero
#define WF_JOB_REQUEUE_MAX 1000                      // attempts after the first
#define WF_JOB_SPAN_MS_MAX INT64_C(31622400000)      // limit, expected run: 366 days
#define WF_JOB_GRACE_MS_MAX INT64_C(3600000)         // to save its work, to stop: an hour
#define WF_JOB_LOG_BYTES_MAX INT64_C(1099511627776)  // one log of a task: a TiB
#define WF_JOB_LOG_BYTES_MIN INT64_C(4096)           // likewise, at least
#define WF_JOB_LOG_FILES_MAX 100                     // logs of a task that are kept
#define WF_JOB_GPU_MEMORY_MIB_MAX UINT32_C(16777216) // of one GPU: 16 TiB
