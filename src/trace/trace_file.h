// SPDX-License-Identifier: Apache-2.0
// Reads a trace from two tables, plain or gzipped (text/csv.h): the nodes of a cluster and the
// tasks (pods) that were offered to it, as Alibaba's cluster-trace-gpu-v2023 writes them.
//
//   nodes: sn, cpu_milli, memory_mib, gpu, model
//   pods:  name, cpu_milli, memory_mib, num_gpu, gpu_milli, and if they are there gpu_spec
//          (acceptable models joined with '|'; empty: any), creation_time, scheduled_time,
//          deletion_time (seconds)
//
// Other columns are skipped. gpu_milli is the share of each GPU: 0 without GPUs, 1 to 1000 of one
// GPU, 1000 of several. A model that no node has is refused, as it is most likely misspelt.
#pragma once

#include "trace/trace.h"

#define WF_TRACE_NAME_BYTES_MAX 255   // of a node, a task, a model
#define WF_TRACE_MODEL_LISTS_MAX 4096 // distinct lists of models

// Fills *trace_out, which the caller finishes. On an error it is left empty. Errors: WF_IO,
// WF_INVALID, WF_EXISTS (a name is there twice), WF_NOTFOUND (unknown model), WF_LIMIT, WF_NOMEM.
enum wf_status wf_trace_read(const char *nodes_path, const char *pods_path,
                             struct wf_trace *trace_out, struct wf_error *err) WF_MUST_USE;

// The same of the nodes alone: a cluster without tasks.
enum wf_status wf_trace_read_nodes(const char *nodes_path, struct wf_trace *trace_out,
                                   struct wf_error *err) WF_MUST_USE;
