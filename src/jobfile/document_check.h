// SPDX-License-Identifier: Apache-2.0
// The parts of a document that are maps and lists of their own, and what fields say together.
#pragma once

#include "jobfile/reader.h"

// Takes memory and sets what holds where nothing is told. Errors: WF_NOMEM.
enum wf_status wf_job_document_begin(struct wf_job_document *document,
                                     struct wf_error *err) WF_MUST_USE;

// When all fields are read: what they say together, and the name where none was told.
enum wf_status wf_job_document_check(struct wf_job_reader *reader) WF_MUST_USE;

enum wf_status wf_job_take_variants(struct wf_job_reader *reader, const json_t *value) WF_MUST_USE;
enum wf_status wf_job_take_array(struct wf_job_reader *reader, const json_t *value) WF_MUST_USE;
enum wf_status wf_job_take_after(struct wf_job_reader *reader, const json_t *value) WF_MUST_USE;
