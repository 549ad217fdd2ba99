// SPDX-License-Identifier: Apache-2.0
#include "trace/trace.h"

#include <stdlib.h>

void wf_trace_finish(struct wf_trace *trace)
{
    if (!trace) {
        return;
    }
    for (uint32_t i = 0; i < trace->node_count; i++) {
        free(trace->nodes[i].name);
    }
    for (uint32_t i = 0; i < trace->task_count; i++) {
        free(trace->tasks[i].name);
    }
    for (uint32_t i = 0; i < trace->model_count; i++) {
        free(trace->models[i]);
    }
    for (uint32_t i = 0; i < trace->model_list_count; i++) {
        free(trace->model_lists[i]);
    }
    free(trace->nodes);
    free(trace->tasks);
    free(trace->model_lists);
    free(trace->origin);
    *trace = (struct wf_trace){0};
}
