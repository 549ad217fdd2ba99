// SPDX-License-Identifier: Apache-2.0
// A trace where none is at hand, made from published facts: which kinds of nodes a production
// cluster has, and which requests its users make, each with its count (facts_openb.c, with the
// source). What is lost against the real trace: memory is the usual one of each class, and which
// models a task names is spread evenly over the classes of its kind.
#pragma once

#include "base/error.h"
#include "trace/trace.h"

// The names of the traces that can be made, ending with NULL: "default", whose tasks run on every
// GPU model, and "gpuspec33", where a third of the GPU tasks names the models it runs on.
extern const char *const wf_facts_variants[];

// Makes the trace of that name: always the same one, nodes facts-node-0000 and on, tasks
// facts-task-0000 and on, times not known. The caller ends it with wf_trace_finish; after an error
// there is nothing to end. Errors: WF_NOTFOUND (the sentence lists the names), WF_NOMEM.
enum wf_status wf_facts_generate(const char *variant, struct wf_trace *trace_out,
                                 struct wf_error *err) WF_MUST_USE;
