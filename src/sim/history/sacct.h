// SPDX-License-Identifier: Apache-2.0
// One line of sacct as a job: what its columns say, without regard to other lines.
#pragma once

#include "sim/history/reader.h"
#include "sim/history/slurm_value.h"
#include "sim/history/table.h"

enum wf_sacct_column {
    WF_SACCT_ID,
    WF_SACCT_RAW_ID,
    WF_SACCT_JOB_NAME,
    WF_SACCT_USER,
    WF_SACCT_ACCOUNT,
    WF_SACCT_PARTITION,
    WF_SACCT_SUBMIT,
    WF_SACCT_ELIGIBLE,
    WF_SACCT_START,
    WF_SACCT_END,
    WF_SACCT_ELAPSED,
    WF_SACCT_ELAPSED_RAW,
    WF_SACCT_LIMIT,
    WF_SACCT_LIMIT_RAW,
    WF_SACCT_DEADLINE,
    WF_SACCT_STATE,
    WF_SACCT_EXIT_CODE,
    WF_SACCT_ASKED_TRES,
    WF_SACCT_GIVEN_TRES,
    WF_SACCT_ASKED_GRES,
    WF_SACCT_GIVEN_GRES,
    WF_SACCT_ASKED_CPUS,
    WF_SACCT_GIVEN_CPUS,
    WF_SACCT_CPUS,
    WF_SACCT_ASKED_MEMORY,
    WF_SACCT_NODES,
    WF_SACCT_GIVEN_NODES,
    WF_SACCT_ASKED_NODES,
    WF_SACCT_NODE_LIST,
    WF_SACCT_CONSTRAINTS,
    WF_SACCT_PRIORITY,
    WF_SACCT_RESTARTS,
    WF_SACCT_AFTER,
    WF_SACCT_COLUMNS,
};

void wf_sacct_table_init(struct wf_table *table_out);

// Fills a job, but for its id and array, from the table's current line. Errors: WF_INVALID,
// WF_NOMEM.
enum wf_status wf_sacct_job(struct wf_history *history, const struct wf_table *table,
                            struct wf_history_job *job_out, struct wf_error *err) WF_MUST_USE;

// Fills the tasks of a job, what each asks for, and its GPU models. nodes is how many are taken
// where the line does not tell. Errors: WF_INVALID, WF_NOMEM.
enum wf_status wf_sacct_request(struct wf_history *history, const struct wf_table *table,
                                int64_t nodes, struct wf_history_job *job,
                                struct wf_error *err) WF_MUST_USE;
