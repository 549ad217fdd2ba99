// SPDX-License-Identifier: Apache-2.0
// One line from whaleflux-slurm as values. Internal to the engine.
#pragma once

#include <stddef.h>

#include "base/error.h"
#include "engine/slurm/things.h"

#define WF_SLURM_LINE_MAX (1 << 20) // bytes, its end not counted

enum wf_slurm_line_kind {
    WF_SLURM_LINE_OTHER, // of a newer adapter, or of no use here
    WF_SLURM_LINE_HELLO,
    WF_SLURM_LINE_NODE,
    WF_SLURM_LINE_NODE_GONE,
    WF_SLURM_LINE_PARTITION,
    WF_SLURM_LINE_PARTITION_GONE,
    WF_SLURM_LINE_JOB,
    WF_SLURM_LINE_JOB_GONE,
    WF_SLURM_LINE_ACCOUNT,
    WF_SLURM_LINE_ACCOUNT_GONE, // or an association of a user
    WF_SLURM_LINE_QOS,
    WF_SLURM_LINE_QOS_GONE,
    WF_SLURM_LINE_RESERVATION,
    WF_SLURM_LINE_RESERVATION_GONE,
    WF_SLURM_LINE_LICENSE,
    WF_SLURM_LINE_LICENSE_GONE,
    WF_SLURM_LINE_SYNCED,
    WF_SLURM_LINE_DONE,
    WF_SLURM_LINE_REFUSED,
    WF_SLURM_LINE_TROUBLE,
    WF_SLURM_LINE_WELL,
    WF_SLURM_LINE_FREED,
};

// What else is told than things of Slurm.
struct wf_slurm_message {
    int64_t protocol; // of a hello
    const char *slurm, *cluster, *user;
    bool is_operator;
    const char *name; // of what is gone
    uint32_t id;      // likewise
    uint64_t request; // of done and refused
    const char *code, *what, *text;
    int64_t took_ms, behind_ms; // of synced
    uint64_t jobs;              // of freed
};

struct wf_slurm_line {
    enum wf_slurm_line_kind kind;
    // One of these, in the block, which the caller frees.
    struct wf_slurm_job *job;
    struct wf_slurm_node *node;
    struct wf_slurm_partition *partition;
    struct wf_slurm_account *account;
    struct wf_slurm_qos *qos;
    struct wf_slurm_reservation *reservation;
    struct wf_slurm_license *license;
    struct wf_slurm_message *message;
    void *block;
};

// text needs no zero at its end. Errors: WF_INVALID, WF_NOMEM; there is no block then.
enum wf_status wf_slurm_line_read(const char *text, size_t length, struct wf_slurm_line *line_out,
                                  struct wf_error *err) WF_MUST_USE;
