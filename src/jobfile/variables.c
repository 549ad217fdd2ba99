// SPDX-License-Identifier: Apache-2.0
#include "jobfile/variables.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/assert.h"

struct telling {
    const struct wf_job_document *document;
    const struct wf_job_facts *facts;
    void (*add)(void *context, const char *name, const char *value);
    void *context;
};

static void add_text(const struct telling *telling, const char *name, const char *value)
{
    telling->add(telling->context, name, value ? value : "");
}

static void add_number(const struct telling *telling, const char *name, uint64_t number)
{
    char text[24];
    snprintf(text, sizeof text, "%llu", (unsigned long long)number);
    telling->add(telling->context, name, text);
}

static uint32_t array_index(const struct telling *telling)
{
    return telling->document->indices[telling->facts->array_place];
}

static void tell_own(const struct telling *telling)
{
    const struct wf_job_document *document = telling->document;
    const struct wf_job_facts *facts = telling->facts;
    add_number(telling, "WHALEFLUX_JOB_ID", facts->id);
    add_text(telling, "WHALEFLUX_JOB_NAME", document->name);
    add_number(telling, "WHALEFLUX_ATTEMPT", facts->attempt);
    add_number(telling, "WHALEFLUX_TASK", facts->task);
    add_number(telling, "WHALEFLUX_TASKS", document->tasks);
    add_text(telling, "WHALEFLUX_QUEUE", facts->queue);
    add_text(telling, "WHALEFLUX_NODE", facts->nodes[facts->task]);
    add_number(telling, "WHALEFLUX_GPUS", document->gpus.gpus);
    if (facts->array_id > 0) {
        add_number(telling, "WHALEFLUX_ARRAY_ID", facts->array_id);
        add_number(telling, "WHALEFLUX_ARRAY_INDEX", array_index(telling));
        add_number(telling, "WHALEFLUX_ARRAY_COUNT", document->index_count);
    }
}

// The distance between an array's indices where it is the same everywhere, else 1, as Slurm tells
// it.
static uint32_t array_step(const struct wf_job_document *document)
{
    uint32_t step = document->index_count > 1 ? document->indices[1] - document->indices[0] : 1;
    for (uint32_t i = 1; i < document->index_count; i++) {
        if (document->indices[i] - document->indices[i - 1] != step) {
            return 1;
        }
    }
    return step;
}

// What the options told is in the document's environment already; this is what only a run knows.
static void tell_slurm(const struct telling *telling)
{
    const struct wf_job_document *document = telling->document;
    const struct wf_job_facts *facts = telling->facts;
    const char *node = facts->nodes[facts->task];
    add_number(telling, "SLURM_JOB_ID", facts->id);
    add_number(telling, "SLURM_JOBID", facts->id);
    add_text(telling, "SLURM_JOB_NAME", document->name);
    add_text(telling, "SLURM_JOB_USER", facts->user);
    add_text(telling, "SLURM_JOB_NODELIST", node);
    add_text(telling, "SLURM_NODELIST", node);
    add_text(telling, "SLURMD_NODENAME", node);
    add_text(telling, "SLURM_SUBMIT_HOST", node);
    add_text(telling, "SLURM_CLUSTER_NAME", "whaleflux");
    add_number(telling, "SLURM_NODEID", 0);
    add_number(telling, "SLURM_PROCID", facts->task);
    add_number(telling, "SLURM_LOCALID", facts->task);
    add_number(telling, "SLURM_RESTART_COUNT", facts->attempt > 0 ? facts->attempt - 1 : 0);
    if (facts->array_id > 0) {
        add_number(telling, "SLURM_ARRAY_JOB_ID", facts->array_id);
        add_number(telling, "SLURM_ARRAY_TASK_ID", array_index(telling));
        add_number(telling, "SLURM_ARRAY_TASK_COUNT", document->index_count);
        add_number(telling, "SLURM_ARRAY_TASK_MIN", document->indices[0]);
        add_number(telling, "SLURM_ARRAY_TASK_MAX", document->indices[document->index_count - 1]);
        add_number(telling, "SLURM_ARRAY_TASK_STEP", array_step(document));
    }
}

static void tell_skypilot(const struct telling *telling)
{
    const struct wf_job_document *document = telling->document;
    const struct wf_job_facts *facts = telling->facts;
    const char *const *nodes = facts->addresses ? facts->addresses : facts->nodes;
    char text[64];
    char *all = NULL;
    size_t bytes = 0;
    FILE *stream = open_memstream(&all, &bytes);
    for (uint32_t i = 0; stream && i < document->tasks; i++) {
        fprintf(stream, "%s%s", i > 0 ? "\n" : "", nodes[i]);
    }
    if (stream && fclose(stream) == 0) {
        add_text(telling, "SKYPILOT_NODE_IPS", all);
    }
    free(all);
    snprintf(text, sizeof text, "whaleflux-%llu", (unsigned long long)facts->id);
    add_text(telling, "SKYPILOT_TASK_ID", text);
    add_number(telling, "SKYPILOT_NODE_RANK", facts->task);
    add_number(telling, "SKYPILOT_NUM_NODES", document->tasks);
    add_number(telling, "SKYPILOT_NUM_GPUS_PER_NODE", document->gpus.gpus);
    add_text(telling, "SKYPILOT_USER", facts->user);
}

void wf_job_variables(const struct wf_job_document *document, const struct wf_job_facts *facts,
                      void (*add)(void *context, const char *name, const char *value),
                      void *context)
{
    struct telling telling = {document, facts, add, context};
    WF_ASSERT(facts->task < document->tasks);
    WF_ASSERT(facts->array_id == 0 || facts->array_place < document->index_count);
    tell_own(&telling);
    if (document->dialect == WF_DIALECT_SLURM) {
        tell_slurm(&telling);
    } else if (document->dialect == WF_DIALECT_SKYPILOT) {
        tell_skypilot(&telling);
    } else if (document->dialect == WF_DIALECT_KUBERNETES && facts->array_id > 0) {
        add_number(&telling, "JOB_COMPLETION_INDEX", array_index(&telling));
    }
}
