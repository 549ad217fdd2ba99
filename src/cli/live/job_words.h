// SPDX-License-Identifier: Apache-2.0
// A job of an answer in a few words. Each prints into text (WF_JOB_WORD_BYTES) and returns it.
#pragma once

#include <jansson.h>
#include <stdbool.h>
#include <stdint.h>

#define WF_JOB_WORD_BYTES 512

// "H100:8", "2 x H100|A100:8", "0.5", "-" for none
const char *wf_job_word_gpus(char *text, const json_t *job);

// "is done", "has failed", "runs"
const char *wf_job_word_state(const char *state);

// How long it has waited, runs, or ran.
const char *wf_job_word_time(char *text, const json_t *job, int64_t now_ms);

// "exit 1", "signal 9", "time limit"; "" where it did not end or all is well.
const char *wf_job_word_end(char *text, const json_t *job);

// Why it waits, or how it ended; "".
const char *wf_job_word_why(char *text, const json_t *job);

bool wf_job_is_over(const json_t *job);

// As a shell would: its exit code, 128 and the signal, 0 to 255; 1 where it never ran to an end.
int wf_job_exit_status(const json_t *job);
