// SPDX-License-Identifier: Apache-2.0
#include "sim/placement/explanation.h"

#include <stdlib.h>
#include <string.h>

#include "base/number.h"
#include "explain/explain_words.h"
#include "trace/trace_file.h"

// What the names given out to the printing functions need.
struct naming {
    const struct wf_replay *replay;
    char name[WF_TRACE_NAME_BYTES_MAX + 16]; // the last one given out
};

static bool read_number(const char *text, uint32_t *number_out)
{
    *number_out = 0;
    for (const char *at = text; *at; at++) {
        if (*at < '0' || *at > '9' || *number_out > UINT32_MAX / 10 - 1) {
            return false;
        }
        *number_out = *number_out * 10 + (uint32_t)(*at - '0');
    }
    return *number_out > 0;
}

enum wf_status wf_explanation_find(const struct wf_trace *trace, const struct wf_workload *workload,
                                   const char *name, uint32_t *position_out, struct wf_error *err)
{
    const char *mark = strrchr(name, '#');
    size_t length = mark ? (size_t)(mark - name) : strlen(name);
    uint32_t wanted = 1;
    if (mark && !read_number(mark + 1, &wanted)) {
        return wf_fail(err, WF_INVALID,
                       "in '%.80s' a number must follow the #: which arrival of "
                       "the task is meant",
                       name);
    }
    uint32_t task = 0;
    while (task < trace->task_count && (strncmp(trace->tasks[task].name, name, length) != 0 ||
                                        trace->tasks[task].name[length] != '\0')) {
        task++;
    }
    if (task == trace->task_count) {
        return wf_fail(err, WF_NOTFOUND,
                       "there is no task '%.80s' (the first is '%.80s', the last "
                       "'%.80s')",
                       name, trace->tasks[0].name, trace->tasks[trace->task_count - 1].name);
    }
    uint32_t met = 0;
    for (uint32_t i = 0; i < workload->arrival_count; i++) {
        met += workload->arrivals[i] == task;
        if (workload->arrivals[i] == task && met == wanted) {
            *position_out = i;
            return WF_OK;
        }
    }
    return wf_fail(err, WF_NOTFOUND, "'%.80s' arrives %u times in this run",
                   trace->tasks[task].name, met);
}

static const char *set_of_models(const struct wf_trace *trace, uint64_t models, char *text,
                                 size_t size)
{
    size_t length = 0;
    text[0] = '\0';
    for (uint32_t i = 0; i < trace->model_count && length < size; i++) {
        if (models & WF_MODEL_BIT(i)) {
            length += (size_t)snprintf(text + length, size - length, "%s%s", length ? ", " : "",
                                       trace->models[i]);
        }
    }
    return text;
}

const char *wf_explanation_task(const struct wf_explained *explained)
{
    const struct wf_workload *workload = wf_replay_workload(explained->replay);
    return wf_replay_trace(explained->replay)->tasks[workload->arrivals[explained->position]].name;
}

const char *wf_explanation_kind(const struct wf_replay *replay, uint32_t pool, char *text,
                                uint32_t size)
{
    char cores[WF_NUMBER_BYTES];
    const struct wf_trace_node *node = wf_replay_pool_node(replay, pool);
    wf_number_thousandths(cores, node->cpu_milli);
    if (node->gpus > 0) {
        snprintf(text, size, "%u x %s, %s cores", node->gpus,
                 wf_replay_trace(replay)->models[node->model], cores);
    } else {
        snprintf(text, size, "no GPU, %s cores", cores);
    }
    return text;
}

static void print_request(FILE *out, const struct wf_explained *explained, const char *run)
{
    const struct wf_trace *trace = wf_replay_trace(explained->replay);
    const struct wf_workload *workload = wf_replay_workload(explained->replay);
    const struct wf_request *request = &explained->job.request;
    char models[512];
    char text[3][WF_NUMBER_BYTES];
    fprintf(out, "%s is arrival %s of %s under %s; ", wf_explanation_task(explained),
            wf_number_count(text[0], explained->position + INT64_C(1)),
            wf_number_count(text[1], workload->arrival_count), run);
    if (workload->run_ms) {
        fputs("tasks leave when they are over.\n", out);
    } else {
        fprintf(
            out, "the tasks before it asked for %s of the GPUs.\n",
            wf_number_percent(text[2], explained->arrived_gpu_milli, workload->capacity_gpu_milli));
    }
    fputs("It asks for ", out);
    wf_words_cores(out, request->cpu_milli);
    fputs(", ", out);
    wf_words_memory(out, request->memory_mib);
    fputs(" of memory and ", out);
    if (request->gpus == 0) {
        fputs("no GPU", out);
    } else {
        wf_words_gpus(out, (uint64_t)request->gpus * request->gpu_milli);
    }
    if (request->gpus > 0 && request->models != WF_ANY_MODEL) {
        fprintf(out, ", of the model%s %s", (request->models & (request->models - 1)) ? "s" : "",
                set_of_models(trace, request->models, models, sizeof models));
    }
    fputs(".\n\n", out);
}

static const char *node_name(void *context, uint32_t node)
{
    struct naming *naming = context;
    return wf_replay_node_name(naming->replay, (wf_node_id){node}, naming->name,
                               sizeof naming->name);
}

static const char *pool_name(void *context, uint32_t pool)
{
    struct naming *naming = context;
    return wf_explanation_kind(naming->replay, pool, naming->name, sizeof naming->name);
}

static const char *model_name(void *context, uint32_t model)
{
    const struct naming *naming = context;
    const struct wf_trace *trace = wf_replay_trace(naming->replay);
    return model < trace->model_count ? trace->models[model] : NULL;
}

// On which node and GPUs it started: of equal nodes and at random the explanation names but one.
static void print_decision(FILE *out, const struct wf_explained *explained)
{
    char name[WF_TRACE_NAME_BYTES_MAX + 16];
    const struct wf_decision *decision = &explained->decision;
    fputs("\n", out);
    fprintf(out, "In this run it starts on %s",
            wf_replay_node_name(explained->replay, decision->node, name, sizeof name));
    bool any = false;
    for (uint32_t gpu = 0; gpu < WF_NODE_GPUS_MAX; gpu++) {
        if (decision->gpus & (UINT32_C(1) << gpu)) {
            fprintf(out, "%s%u", any ? ", " : ", GPU ", gpu);
            any = true;
        }
    }
    fputs(".\n", out);
}

const char *wf_explanation_mover(const struct wf_explained *explained)
{
    const struct wf_workload *workload = wf_replay_workload(explained->replay);
    uint64_t position = explained->move.job.number;
    return explained->move.kind == WF_DECISION_MOVE
               ? wf_replay_trace(explained->replay)->tasks[workload->arrivals[position]].name
               : NULL;
}

static void print_move(FILE *out, const struct wf_explained *explained)
{
    char name[WF_TRACE_NAME_BYTES_MAX + 16];
    const struct wf_decision *move = &explained->move;
    fprintf(out, "It had to be given room: %s moved away from %s", wf_explanation_mover(explained),
            wf_replay_node_name(explained->replay, move->from, name, sizeof name));
    fprintf(out, " to %s. Before that:\n\n",
            wf_replay_node_name(explained->replay, move->node, name, sizeof name));
}

void wf_explanation_print(const struct wf_explained *explained, const char *run, FILE *out)
{
    struct naming naming = {.replay = explained->replay};
    const struct wf_explain_names names = {
        .job = wf_explanation_task(explained),
        .node = node_name,
        .pool = pool_name,
        .model = model_name,
        .context = &naming,
    };
    print_request(out, explained, run);
    if (explained->move.kind == WF_DECISION_MOVE) {
        print_move(out, explained);
    }
    wf_explain_print(out, &explained->job, &explained->explanation, &names);
    if (explained->decision.kind == WF_DECISION_PLACE) {
        print_decision(out, explained);
    } else {
        fputs("\n", out);
        wf_remedy_print(out, &explained->job, &explained->remedy, &names);
    }
}

static enum wf_status find_remedy(struct wf_explained *explained, struct wf_error *err)
{
    const struct wf_core *core = wf_replay_core(explained->replay);
    uint32_t nodes = wf_replay_workload(explained->replay)->node_count;
    struct wf_remedy_scratch *scratch = NULL;
    enum wf_status status = wf_remedy_scratch_create(nodes, &scratch, err);
    if (status == WF_OK) {
        status =
            wf_remedy_find(core, &explained->job, WF_CHANGE_ALL, scratch, &explained->remedy, err);
    }
    wf_remedy_scratch_destroy(scratch);
    explained->has_remedy = true;
    return status;
}

enum wf_status wf_explanation_make(struct wf_replay *replay, uint32_t position,
                                   struct wf_explained *explained_out, struct wf_error *err)
{
    const struct wf_trace *trace = wf_replay_trace(replay);
    const struct wf_workload *workload = wf_replay_workload(replay);
    *explained_out = (struct wf_explained){
        .replay = replay,
        .position = position,
        .job = wf_replay_job(replay, position),
    };
    struct wf_decisions decisions = {0};
    enum wf_status status = WF_OK;
    while (status == WF_OK &&
           (wf_replay_position(replay) < position || !wf_replay_offers_next(replay))) {
        if (wf_replay_offers_next(replay)) {
            const struct wf_trace_task *task =
                &trace->tasks[workload->arrivals[wf_replay_position(replay)]];
            explained_out->arrived_gpu_milli += (int64_t)task->gpus * task->gpu_milli;
        }
        status = wf_replay_step(replay, &decisions, err);
    }
    if (status == WF_OK) {
        status = wf_explain(wf_replay_core(replay), &explained_out->job,
                            &explained_out->explanation, err);
    }
    if (status == WF_OK && explained_out->explanation.verdict != WF_VERDICT_STARTS) {
        status = find_remedy(explained_out, err);
    }
    if (status == WF_OK) {
        status = wf_replay_step(replay, &decisions, err);
    }
    if (status == WF_OK) {
        explained_out->decision = decisions.list[decisions.count - 1];
        explained_out->move = decisions.list[0];
    }
    return status;
}
