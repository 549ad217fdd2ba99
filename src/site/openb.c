// SPDX-License-Identifier: Apache-2.0
// A trace's table of nodes, so that a history of that trace has its site.
#include <string.h>

#include "base/assert.h"
#include "site/builder.h"
#include "text/csv.h"
#include "trace/trace_file.h"

static enum wf_status add_nodes(const struct wf_trace *trace, struct wf_site_builder *builder,
                                struct wf_error *err)
{
    enum wf_status status = WF_OK;
    for (uint32_t i = 0; i < trace->node_count && status == WF_OK; i++) {
        const struct wf_trace_node *node = &trace->nodes[i];
        struct wf_site_machine machine = {.name = node->name,
                                          .gpus = node->gpus,
                                          .cpu_milli = node->cpu_milli,
                                          .memory_mib = node->memory_mib};
        if (node->gpus > 0 && !wf_gpu_name_read(trace->models[node->model], &machine.gpu)) {
            char quoted[64];
            wf_csv_quote(trace->models[node->model], quoted, sizeof quoted);
            return wf_site_fail(builder, err, WF_INVALID, "'%s' is no name of a GPU model", quoted);
        }
        status = wf_site_add_machine(builder, &machine, err);
    }
    return status;
}

static enum wf_status read_nodes(const struct wf_source *source, struct wf_site_builder *builder,
                                 struct wf_error *err)
{
    struct wf_trace trace;
    enum wf_status status = wf_trace_read_nodes(source->path, &trace, err);
    if (status == WF_OK) {
        status = add_nodes(&trace, builder, err);
        wf_trace_finish(&trace);
    }
    return status;
}

static bool recognise(const struct wf_source *source)
{
    size_t first = strcspn(source->text, "\n");
    const char *column = strstr(source->text, "cpu_milli");
    return column && (size_t)(column - source->text) < first &&
           memchr(source->text, ',', first) != NULL;
}

const struct wf_site_format wf_site_openb = {
    .name = "a trace's table of nodes", .recognise = recognise, .read = read_nodes};
