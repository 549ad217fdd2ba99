// SPDX-License-Identifier: GPL-3.0-or-later
// The connection to slurmrestd. There is one, as libslurm has one, and one thread that uses it.
#pragma once

#include <stdbool.h>
#include <stdint.h>
#include <sys/types.h>

#include <jansson.h>

#include "base/error.h"

#define WF_REST_OLDEST 45 // of the data parsers, v0.0.45: those before cannot do what is needed

// url: unix:/path, http://host:port or https://host[:port]; token_file NULL: SLURM_JWT of the
// environment, where it is set. Both are borrowed. Errors: WF_INVALID (the URL makes no sense),
// WF_IO (no token file).
enum wf_status wf_rest_open(const char *url, const char *token_file,
                            struct wf_error *err) WF_MUST_USE;
void wf_rest_close(void);

// Asks for a path such as "/slurm/nodes/"; the data parser is put in. change NULL: there
// is no body. Returns 0 and the answer, which the caller owns, or Slurm's error number;
// slurm_strerror then has the sentence.
int wf_rest_call(const char *method, const char *path, const json_t *change, json_t **answer_out);

// "0.0.45"; "" while slurmrestd was never reached.
const char *wf_rest_version(void);
// Whom Slurm takes us for: the token's user, else that of the process behind the Unix socket, else
// ourselves.
uid_t wf_rest_user(void);
