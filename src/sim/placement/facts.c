// SPDX-License-Identifier: Apache-2.0
#include "sim/placement/facts.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/assert.h"
#include "sim/placement/facts_openb.h"

enum variant { DEFAULT, GPUSPEC33, VARIANTS };

const char *const wf_facts_variants[] = {
    [DEFAULT] = "default",
    [GPUSPEC33] = "gpuspec33",
    [VARIANTS] = NULL,
};

#define NAME_BYTES 24 // "facts-task-" and up to ten digits
#define ORIGIN_BYTES 256
#define MODEL_SETS_MAX 32 // model sets of one kind of task, "any" included

// The model sets that one kind of task may name, and how many tasks got which so far.
struct dealing {
    struct {
        uint64_t models;
        uint32_t tasks, dealt;
    } sets[MODEL_SETS_MAX];
    uint32_t count;
    uint32_t tasks, dealt;
};

static char *numbered_name(const char *noun, uint32_t number)
{
    char *name = malloc(NAME_BYTES);
    if (name) {
        snprintf(name, NAME_BYTES, "facts-%s-%04u", noun, number);
    }
    return name;
}

// Returns the number of the model, or the count of models if there is none of that name.
static uint32_t find_model(const struct wf_trace *trace, const char *name, size_t length)
{
    uint32_t model = 0;
    while (model < trace->model_count && (strncmp(trace->models[model], name, length) != 0 ||
                                          trace->models[model][length] != '\0')) {
        model++;
    }
    return model;
}

// The table of nodes is sorted by model, so the models are numbered in the order of their names.
static bool name_models(struct wf_trace *trace)
{
    for (unsigned i = 0; i < wf_facts_node_kinds; i++) {
        const char *model = wf_facts_nodes[i].model;
        if (find_model(trace, model, strlen(model)) < trace->model_count) {
            continue;
        }
        trace->models[trace->model_count] = strdup(model);
        if (!trace->models[trace->model_count]) {
            return false;
        }
        trace->model_count++;
    }
    return true;
}

static bool make_nodes(struct wf_trace *trace)
{
    uint32_t total = 0;
    for (unsigned i = 0; i < wf_facts_node_kinds; i++) {
        total += wf_facts_nodes[i].nodes;
    }
    WF_ASSERT(total > 0);
    trace->nodes = calloc(total, sizeof *trace->nodes);
    if (!trace->nodes) {
        return false;
    }
    for (unsigned i = 0; i < wf_facts_node_kinds; i++) {
        const struct wf_facts_node *kind = &wf_facts_nodes[i];
        for (uint32_t k = 0; k < kind->nodes; k++) {
            struct wf_trace_node *node = &trace->nodes[trace->node_count];
            *node = (struct wf_trace_node){
                .name = numbered_name("node", trace->node_count),
                .cpu_milli = kind->cpu_milli,
                .memory_mib = kind->memory_mib,
                .gpus = kind->gpus,
                .model = (uint8_t)find_model(trace, kind->model, strlen(kind->model)),
            };
            if (!node->name) {
                return false;
            }
            trace->node_count++;
        }
    }
    return true;
}

static bool make_tasks(struct wf_trace *trace)
{
    uint32_t total = 0;
    for (unsigned i = 0; i < wf_facts_class_count; i++) {
        total += wf_facts_classes[i].tasks;
    }
    WF_ASSERT(total > 0);
    trace->tasks = calloc(total, sizeof *trace->tasks);
    if (!trace->tasks) {
        return false;
    }
    for (unsigned i = 0; i < wf_facts_class_count; i++) {
        const struct wf_facts_class *class = &wf_facts_classes[i];
        for (uint32_t k = 0; k < class->tasks; k++) {
            struct wf_trace_task *task = &trace->tasks[trace->task_count];
            *task = (struct wf_trace_task){
                .name = numbered_name("task", trace->task_count),
                .cpu_milli = class->cpu_milli,
                .memory_mib = class->memory_mib,
                .gpus = class->gpus,
                .gpu_milli = class->gpu_milli,
                .models = WF_ANY_MODEL,
                .submit_s = -1,
                .start_s = -1,
                .end_s = -1,
            };
            if (!task->name) {
                return false;
            }
            trace->task_count++;
        }
    }
    return true;
}

// Returns the set of the models named, joined with '|'.
static uint64_t parse_models(const struct wf_trace *trace, const char *names)
{
    uint64_t models = 0;
    while (*names) {
        size_t length = strcspn(names, "|");
        uint32_t model = find_model(trace, names, length);
        WF_ASSERT(model < trace->model_count);
        models |= WF_MODEL_BIT(model);
        names += length;
        names += *names == '|';
    }
    return models;
}

static bool is_of_kind(const struct wf_trace_task *task, uint32_t gpus, bool share)
{
    return task->gpus == gpus && (task->gpu_milli < WF_GPU_MILLI) == share;
}

// Gives each task of the kind the set that lags most behind its part of the tasks dealt so far.
// That spreads the sets evenly over the classes, without chance, and ends at the exact counts.
static void deal_models(struct wf_trace *trace, struct dealing *dealing, uint32_t gpus, bool share)
{
    for (uint32_t i = 0; i < trace->task_count; i++) {
        struct wf_trace_task *task = &trace->tasks[i];
        if (!is_of_kind(task, gpus, share)) {
            continue;
        }
        dealing->dealt++;
        uint32_t chosen = 0;
        int64_t lag_most = INT64_MIN;
        for (uint32_t s = 0; s < dealing->count; s++) {
            int64_t due = (int64_t)dealing->sets[s].tasks * dealing->dealt;
            int64_t lag = due - (int64_t)dealing->sets[s].dealt * dealing->tasks;
            if (lag > lag_most) {
                lag_most = lag;
                chosen = s;
            }
        }
        dealing->sets[chosen].dealt++;
        task->models = dealing->sets[chosen].models;
    }
}

static void name_models_of_kind(struct wf_trace *trace, uint32_t gpus, bool share)
{
    struct dealing dealing = {.count = 1};
    for (uint32_t i = 0; i < trace->task_count; i++) {
        dealing.tasks += is_of_kind(&trace->tasks[i], gpus, share);
    }
    dealing.sets[0].models = WF_ANY_MODEL;
    dealing.sets[0].tasks = dealing.tasks;
    for (unsigned i = 0; i < wf_facts_gpuspec33_count; i++) {
        const struct wf_facts_models *fact = &wf_facts_gpuspec33[i];
        if (fact->gpus == gpus && fact->share == share) {
            WF_ASSERT(dealing.count < MODEL_SETS_MAX);
            WF_ASSERT(fact->tasks <= dealing.sets[0].tasks);
            dealing.sets[dealing.count].models = parse_models(trace, fact->models);
            dealing.sets[dealing.count].tasks = fact->tasks;
            dealing.sets[0].tasks -= fact->tasks;
            dealing.count++;
        }
    }
    deal_models(trace, &dealing, gpus, share);
}

static bool describe(struct wf_trace *trace, const char *variant)
{
    trace->origin = malloc(ORIGIN_BYTES);
    if (!trace->origin) {
        return false;
    }
    snprintf(trace->origin, ORIGIN_BYTES,
             "generated '%s': node mix and request mix as counted in %s; not the trace itself",
             variant, wf_facts_source);
    return true;
}

enum wf_status wf_facts_generate(const char *variant, struct wf_trace *trace_out,
                                 struct wf_error *err)
{
    uint32_t found = 0;
    while (found < VARIANTS && strcmp(wf_facts_variants[found], variant) != 0) {
        found++;
    }
    if (found == VARIANTS) {
        return wf_fail(err, WF_NOTFOUND,
                       "there are no facts named '%s', only 'default' and 'gpuspec33'", variant);
    }
    memset(trace_out, 0, sizeof *trace_out);
    if (!name_models(trace_out) || !make_nodes(trace_out) || !make_tasks(trace_out) ||
        !describe(trace_out, variant)) {
        wf_trace_finish(trace_out);
        return wf_fail(err, WF_NOMEM, "no memory for the trace '%s'", variant);
    }
    if (found == GPUSPEC33) {
        for (uint32_t gpus = 1; gpus <= WF_NODE_GPUS_MAX; gpus++) {
            name_models_of_kind(trace_out, gpus, false);
        }
        name_models_of_kind(trace_out, 1, true);
    }
    return WF_OK;
}
