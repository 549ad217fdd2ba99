// SPDX-License-Identifier: Apache-2.0
// How Slurm spells what jobs ask for, how they end and what they are called.
#pragma once

#include <stdbool.h>
#include <stdint.h>

#include "sim/history/history.h"

enum { WF_SLURM_MODELS_BYTES = 256 };

// What a whole job asks for, or was given. -1: not told.
struct wf_slurm_amount {
    int64_t cpus;
    int64_t memory_mib;
    int64_t nodes;
    int64_t gpus;
    int64_t shards;    // of GPUs
    int64_t mps_milli; // GPU share by NVIDIA's MPS, whose unit is a hundredth of a GPU
    char models[WF_SLURM_MODELS_BYTES]; // of GPUs, with '|' between
};

// Nothing is told.
void wf_slurm_amount_init(struct wf_slurm_amount *amount);

// "billing=8,cpu=8,gres/gpu:h100=4,gres/gpu=4,mem=64G,node=1": totals of the job.
bool wf_slurm_tres(const char *text, struct wf_slurm_amount *amount_out);

// "gpu:h100:4", "gpu:4", "gres:gpu:a100:8(S:0-1)", "shard:10": for each node.
bool wf_slurm_gres(const char *text, int64_t nodes, struct wf_slurm_amount *amount_out);

// "4G", "4Gc" (for each CPU), "16Gn" (for each node), "4000M", "0"; what there is no number of CPUs
// or nodes for counts once.
bool wf_slurm_memory(const char *text, int64_t cpus, int64_t nodes, int64_t *mib_out);

// "COMPLETED", "CANCELLED by 1000", "TIMEOUT", "CA+", ... Returns false for a state that is not
// known.
bool wf_slurm_state(const char *text, enum wf_history_end *end_out);

// The parts of "123", "123_4", "123_[5-9%2]", "123+0", "123.batch", "123_4.0", "123+0.extern".
struct wf_slurm_id {
    uint32_t base_length; // of "123"
    uint32_t job_length;  // of all without the step: "123_4", "123+0"
    uint32_t list_begin;  // where the list in brackets begins; 0: there is none
    bool array, heterogeneous, step;
};
bool wf_slurm_id_parse(const char *text, struct wf_slurm_id *id_out);

// The next range of "5-9:2,11%3]" at *at, and moves it on. Returns false at its end.
struct wf_slurm_range {
    int64_t first, last, by;
};
bool wf_slurm_range_next(const char **at, struct wf_slurm_range *range_out);

// What a job waits for ("afterok:12:13_*,afterany:14(unfulfilled)") in the words of
// wf_history_job.after; element is "_7" of an array's element, else "". Returns false when
// something was left out: a choice between several, what is no job, or what is too long.
enum { WF_SLURM_AFTER_BYTES = 2048 };
bool wf_slurm_after(const char *text, const char *element, char after_out[WF_SLURM_AFTER_BYTES]);
