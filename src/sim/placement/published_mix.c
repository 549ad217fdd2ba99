// SPDX-License-Identifier: Apache-2.0
#include "sim/placement/published_mix.h"

#include <stdlib.h>
#include <string.h>

enum { KEPT_PERCENT = 95 };

struct request_class {
    uint32_t cpu_milli;
    uint32_t count;
    uint64_t models;
    uint16_t gpu_milli;
    uint16_t model_list;
    uint8_t gpus;
    char *joined; // the list of models where the trace keeps none, else NULL
    const char *list;
};

#define COMPARE(a, b) (((a) > (b)) - ((a) < (b)))

// Larger first in everything.
static int compare_requests(const struct request_class *a, const struct request_class *b)
{
    int order = COMPARE(b->cpu_milli, a->cpu_milli);
    order = order ? order : COMPARE(b->gpu_milli, a->gpu_milli);
    return order ? order : COMPARE(b->gpus, a->gpus);
}

static int compare_keys(const void *left, const void *right)
{
    const struct request_class *a = left;
    const struct request_class *b = right;
    int order = compare_requests(a, b);
    order = order ? order : COMPARE(b->model_list, a->model_list);
    return order ? order : COMPARE(b->models, a->models);
}

static int compare_popularity(const void *left, const void *right)
{
    const struct request_class *a = left;
    const struct request_class *b = right;
    int order = COMPARE(b->count, a->count);
    order = order ? order : compare_requests(a, b);
    return order ? order : strcmp(b->list, a->list);
}

// Writes the list of models of a task whose trace kept none: its models joined with '|'.
static enum wf_status join_models(const struct wf_trace *trace, struct request_class *class,
                                  struct wf_error *err)
{
    size_t size = 1;
    bool any = class->models == WF_ANY_MODEL;
    for (uint32_t i = 0; i < trace->model_count; i++) {
        size += strlen(trace->models[i]) + 1;
    }
    class->joined = calloc(1, size);
    if (!class->joined) {
        return wf_fail(err, WF_NOMEM, "no memory for the demand forecast");
    }
    size_t length = 0;
    for (uint32_t i = 0; i < trace->model_count && !any; i++) {
        if (class->models & WF_MODEL_BIT(i)) {
            length += (size_t)snprintf(class->joined + length, size - length, "%s%s",
                                       length ? "|" : "", trace->models[i]);
        }
    }
    class->list = class->joined;
    return WF_OK;
}

static enum wf_status name_lists(const struct wf_trace *trace, struct request_class *classes,
                                 uint32_t count, struct wf_error *err)
{
    enum wf_status status = WF_OK;
    for (uint32_t i = 0; i < count && status == WF_OK; i++) {
        if (classes[i].model_list > 0) {
            classes[i].list = trace->model_lists[classes[i].model_list];
        } else {
            status = join_models(trace, &classes[i], err);
        }
    }
    return status;
}

// Makes one class of equal neighbours; returns how many there are.
static uint32_t count_classes(struct request_class *classes, uint32_t count)
{
    uint32_t distinct = 0;
    qsort(classes, count, sizeof *classes, compare_keys);
    for (uint32_t i = 0; i < count; i++) {
        if (distinct > 0 && compare_keys(&classes[distinct - 1], &classes[i]) == 0) {
            classes[distinct - 1].count++;
        } else {
            classes[distinct++] = classes[i];
        }
    }
    return distinct;
}

static void keep(const struct request_class *classes, uint32_t distinct, uint32_t tasks,
                 struct wf_published_mix *mix)
{
    uint64_t kept = 0;
    uint32_t divisor = tasks / WF_MIX_TOTAL_MAX + 1;
    mix->distinct = distinct;
    mix->count = 0;
    for (uint32_t i = 0; i < distinct && mix->count < WF_MIX_CLASSES_MAX; i++) {
        if (kept * 100 >= (uint64_t)tasks * KEPT_PERCENT) {
            break;
        }
        kept += classes[i].count;
        mix->classes[mix->count++] = (struct wf_mix_class){
            .cpu_milli = classes[i].cpu_milli,
            .gpus = classes[i].gpus,
            .gpu_milli = classes[i].gpu_milli,
            .models = classes[i].models,
            .count = classes[i].count / divisor,
        };
    }
}

enum wf_status wf_published_mix_make(const struct wf_trace *trace, struct wf_published_mix *mix_out,
                                     struct wf_error *err)
{
    *mix_out = (struct wf_published_mix){0};
    struct request_class *classes = calloc(trace->task_count + 1, sizeof *classes);
    if (!classes) {
        return wf_fail(err, WF_NOMEM, "no memory for the demand forecast");
    }
    for (uint32_t i = 0; i < trace->task_count; i++) {
        const struct wf_trace_task *task = &trace->tasks[i];
        classes[i] = (struct request_class){
            .cpu_milli = task->cpu_milli,
            .count = 1,
            .models = task->models,
            .gpu_milli = task->gpu_milli,
            .model_list = task->model_list,
            .gpus = task->gpus,
        };
    }
    uint32_t distinct = count_classes(classes, trace->task_count);
    enum wf_status status = name_lists(trace, classes, distinct, err);
    if (status == WF_OK) {
        qsort(classes, distinct, sizeof *classes, compare_popularity);
        keep(classes, distinct, trace->task_count, mix_out);
    }
    for (uint32_t i = 0; i < distinct; i++) {
        free(classes[i].joined);
    }
    free(classes);
    return status;
}
