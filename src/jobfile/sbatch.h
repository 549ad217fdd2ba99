// SPDX-License-Identifier: Apache-2.0
// The options of an #SBATCH script, and how their values are written.
#pragma once

#include "jobfile/import_build.h"

// X(NAME): options whose values make the job.
#define WF_SBATCH_TAKEN(X)                                                                         \
    X(ARRAY)                                                                                       \
    X(BEGIN)                                                                                       \
    X(CHDIR)                                                                                       \
    X(CONSTRAINT)                                                                                  \
    X(CPUS_PER_GPU)                                                                                \
    X(CPUS_PER_TASK)                                                                               \
    X(DEADLINE)                                                                                    \
    X(DEPENDENCY)                                                                                  \
    X(EXPORT)                                                                                      \
    X(GPUS)                                                                                        \
    X(GPUS_PER_NODE)                                                                               \
    X(GPUS_PER_TASK)                                                                               \
    X(GRES)                                                                                        \
    X(HOLD)                                                                                        \
    X(INPUT)                                                                                       \
    X(JOB_NAME)                                                                                    \
    X(MEM)                                                                                         \
    X(MEM_PER_CPU)                                                                                 \
    X(MEM_PER_GPU)                                                                                 \
    X(MINCPUS)                                                                                     \
    X(NICE)                                                                                        \
    X(NODES)                                                                                       \
    X(NO_REQUEUE)                                                                                  \
    X(NTASKS)                                                                                      \
    X(NTASKS_PER_GPU)                                                                              \
    X(NTASKS_PER_NODE)                                                                             \
    X(PARTITION)                                                                                   \
    X(PRIORITY)                                                                                    \
    X(REQUEUE)                                                                                     \
    X(SIGNAL)                                                                                      \
    X(TIME)                                                                                        \
    X(TRES_PER_TASK)

enum wf_sbatch_taken {
#define WF_SBATCH_ENUM(name) WF_SBATCH_##name,
    WF_SBATCH_TAKEN(WF_SBATCH_ENUM)
#undef WF_SBATCH_ENUM
        WF_SBATCH_COUNT
};

struct wf_sbatch {
    struct wf_import *import;
    uint32_t line; // being read
    struct {
        const char *text; // NULL: not told; "" where there is no value
        uint32_t line;
    } option[WF_SBATCH_COUNT];
    uint32_t directives;
};

// Reads the options of all lines "#SBATCH ..." before the first command; a later one wins over an
// earlier. Notes what does not apply, refuses what cannot be kept.
enum wf_status wf_sbatch_scan(struct wf_sbatch *sbatch, const char *script) WF_MUST_USE;

// The value of an option; NULL where it is not told.
const char *wf_sbatch_value(const struct wf_sbatch *sbatch, enum wf_sbatch_taken option);

// Says what is wrong with an option's value, or notes something of it, with its line.
enum wf_status wf_sbatch_fail(struct wf_sbatch *sbatch, enum wf_sbatch_taken option,
                              const char *format, ...) WF_PRINTF(3, 4);
void wf_sbatch_note(struct wf_sbatch *sbatch, enum wf_sbatch_taken option, const char *format, ...)
    WF_PRINTF(3, 4);

// What the GPU options, constraints and numbers of tasks come to, on one node.
enum wf_status wf_sbatch_resources(struct wf_sbatch *sbatch) WF_MUST_USE;

// "90", "90:00", "1:30:00", "1-12", "1-12:30:00" in milliseconds; 0 for no limit ("UNLIMITED",
// "0").
bool wf_sbatch_time(const char *text, int64_t *ms_out) WF_MUST_USE;
// "4000", "4G", "512M" in MiB.
bool wf_sbatch_size(const char *text, int64_t *mib_out) WF_MUST_USE;
// "now+1hour", "2026-08-23T10:00", "16:00", "midnight", in milliseconds since 1970; times of day
// are those of the machine.
bool wf_sbatch_clock(const char *text, int64_t now_ms, int64_t *ms_out) WF_MUST_USE;
