// SPDX-License-Identifier: Apache-2.0
// Every limit of the core in one place. The first group is fixed when the program is compiled; the
// second, struct wf_limits, is chosen when a core is created: that is when its memory is taken, and
// the last time. A fact past a limit is refused with WF_LIMIT and the limit's name.
#pragma once

#include <stdbool.h>
#include <stdint.h>

#define WF_GPU_MILLI 1000                            // shares a whole GPU has
#define WF_NODE_GPUS_MAX 16                          // GPUs in one node
#define WF_SLICES_MAX 31                             // slices of one GPU: more would round too far
#define WF_MODELS_MAX 64                             // GPU models, both vendors together
#define WF_LABELS_MAX 64                             // distinct node labels
#define WF_CPU_MILLI_MAX 4000000                     // CPU of one node, thousandths of a core
#define WF_MEMORY_MIB_MAX 1073741824                 // memory of one node: one PiB
#define WF_JOB_TASKS_MAX 4096                        // tasks of one job
#define WF_POOLS_MAX 4096                            // pools
#define WF_NODES_MAX 4194304                         // nodes
#define WF_CLASSES_MAX 65536                         // request classes with kept scores
#define WF_MIX_CLASSES_MAX 256                       // request classes in the demand forecast
#define WF_QUEUES_MAX 4096                           // queues in the tree
#define WF_QUEUE_DEPTH_MAX 8                         // queues from a leaf to its root, both counted
#define WF_QUEUE_WEIGHT_MAX 1000000                  // a queue's fair share against its siblings'
#define WF_JOB_AFTER_MAX 64                          // jobs that one job waits for
#define WF_PRICE_NANOUSD_MAX INT64_C(10000000000000) // of one GPU-hour: 10,000 dollars

// What one job may cost in an hour: all its GPUs at the highest price.
#define WF_STINT_NANOUSD_MAX (WF_PRICE_NANOUSD_MAX * WF_JOB_TASKS_MAX * WF_NODE_GPUS_MAX)

#define WF_HALF_LIFE_MS_MIN 60000                // of use in fair share: a minute
#define WF_HALF_LIFE_MS_MAX INT64_C(31622400000) // likewise: 366 days
#define WF_TIME_MS_MAX INT64_C(253402300799999)  // the end of the year 9999; as long before 1970

// Sum of the counts in the forecast: milli-GPU times counts times a million stays inside 63 bits.
#define WF_MIX_TOTAL_MAX 1048576

// What an engine takes for one run; the core itself does not look at these.
#define WF_RUN_ID_MAX 100          // characters of a run's id
#define WF_RUN_TASKS_MAX 64        // tasks of one job on one machine
#define WF_RUN_DEVICE_RULES_MAX 64 // rules about device files
#define WF_RUN_GROUPS_MAX 1024     // supplementary groups of its user
#define WF_RUN_GPU_MEMORY_MAX 32   // GPUs whose memory is limited
#define WF_RUN_SPEC_MAX 4194304    // bytes of a spec as it is written down: command, variables, all

struct wf_limits {
    uint32_t models;       // GPU models are numbered below this: 1 to WF_MODELS_MAX
    uint32_t pools;        // 1 to WF_POOLS_MAX
    uint32_t nodes;        // 1 to WF_NODES_MAX
    uint32_t jobs;         // jobs placed at the same time
    uint32_t placements;   // tasks placed at the same time, over all jobs
    uint32_t classes;      // distinct requests, but for models and place, whose scores are kept at
                           // the same time, 1 to WF_CLASSES_MAX; a further one takes the place of
                           // the longest unasked
    bool moves;            // running tasks may be moved: takes 48 bytes more for each of jobs
    uint32_t queues;       // 0: nothing waits, a task that finds no node is refused; else up to
                           // WF_QUEUES_MAX, and jobs counts those that wait, too
    uint32_t lanes;        // groups of waiting jobs that are alike (core/schedule/backlog.h)
    uint32_t reservations; // start times that are kept for waiting jobs at the same time
};
