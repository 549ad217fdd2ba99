// SPDX-License-Identifier: Apache-2.0
#include "sim/explanation.h"

#include <stdlib.h>
#include <string.h>

#include "sim/explain_text.h"
#include "sim/trace_file.h"

// Everything that is said about one arrival.
struct facts {
    const struct wf_replay *replay;
    const struct wf_trace *trace;
    const struct wf_workload *workload;
    uint32_t position;
    struct wf_job_spec job;
    struct wf_explanation explanation;
    struct wf_remedy remedy;
    struct wf_decision decision;
    struct wf_decision move; // of another task, which made room; kind PLACE: there was none
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

static void print_gpus(FILE *out, const struct wf_request *request)
{
    if (request->gpus == 0) {
        fputs("no GPU", out);
    } else if (request->gpu_milli < WF_GPU_MILLI) {
        fprintf(out, "%.3g of one GPU", request->gpu_milli / 1000.0);
    } else {
        fprintf(out, "%u whole GPU%s", request->gpus, request->gpus > 1 ? "s" : "");
    }
}

static void print_wants(FILE *out, const struct facts *facts)
{
    const struct wf_request *request = &facts->job.request;
    char models[512];
    fprintf(out, "It asks for %.3g cores, %.4g GiB and ", request->cpu_milli / 1000.0,
            request->memory_mib / 1024.0);
    print_gpus(out, request);
    if (request->gpus > 0 && request->models != WF_ANY_MODEL) {
        fprintf(out, ", of the model%s %s", (request->models & (request->models - 1)) ? "s" : "",
                set_of_models(facts->trace, request->models, models, sizeof models));
    }
    fputs(".\n\n", out);
}

static void print_request(FILE *out, const struct facts *facts, const char *run)
{
    if (facts->workload->run_ms) {
        fprintf(out, "%s is arrival %u of %u under %s; tasks leave when they are over.\n",
                facts->trace->tasks[facts->workload->arrivals[facts->position]].name,
                facts->position + 1, facts->workload->arrival_count, run);
        print_wants(out, facts);
        return;
    }
    int64_t arrived = 0;
    for (uint32_t i = 0; i < facts->position; i++) {
        const struct wf_trace_task *task = &facts->trace->tasks[facts->workload->arrivals[i]];
        arrived += (int64_t)task->gpus * task->gpu_milli;
    }
    fprintf(out,
            "%s is arrival %u of %u under %s; so far tasks have asked for %.1f %% of the GPUs.\n",
            facts->trace->tasks[facts->workload->arrivals[facts->position]].name,
            facts->position + 1, facts->workload->arrival_count, run,
            100.0 * (double)arrived / (double)facts->workload->capacity_gpu_milli);
    print_wants(out, facts);
}

static const char *node_name(void *context, uint32_t node)
{
    struct facts *facts = context;
    return wf_replay_node_name(facts->replay, (wf_node_id){node}, facts->name, sizeof facts->name);
}

static const char *pool_name(void *context, uint32_t pool)
{
    struct facts *facts = context;
    const struct wf_trace_node *node = wf_replay_pool_node(facts->replay, pool);
    snprintf(facts->name, sizeof facts->name, "%u x %s, %.4g cores", node->gpus,
             node->gpus > 0 ? facts->trace->models[node->model] : "no GPU",
             node->cpu_milli / 1000.0);
    return facts->name;
}

static const char *model_name(void *context, uint32_t model)
{
    const struct facts *facts = context;
    return model < facts->trace->model_count ? facts->trace->models[model] : NULL;
}

static enum wf_status find_remedy(struct facts *facts, struct wf_error *err)
{
    const struct wf_core *core = wf_replay_core(facts->replay);
    struct wf_remedy_scratch *scratch = NULL;
    enum wf_status status = wf_remedy_scratch_create(facts->workload->node_count, &scratch, err);
    if (status == WF_OK) {
        status = wf_remedy_find(core, &facts->job, WF_CHANGE_ALL, scratch, &facts->remedy, err);
    }
    wf_remedy_scratch_destroy(scratch);
    return status;
}

// On which node and GPUs it started: of equal nodes and at random the explanation names but one.
static void print_decision(FILE *out, const struct facts *facts)
{
    char name[WF_TRACE_NAME_BYTES_MAX + 16];
    fputs("\n", out);
    fprintf(out, "In this run it starts on %s",
            wf_replay_node_name(facts->replay, facts->decision.node, name, sizeof name));
    bool any = false;
    for (uint32_t gpu = 0; gpu < WF_NODE_GPUS_MAX; gpu++) {
        if (facts->decision.gpus & (UINT32_C(1) << gpu)) {
            fprintf(out, "%s%u", any ? ", " : ", GPU ", gpu);
            any = true;
        }
    }
    fputs(".\n", out);
}

static void print_move(FILE *out, struct facts *facts)
{
    char from[WF_TRACE_NAME_BYTES_MAX + 16];
    uint32_t mover = facts->workload->arrivals[facts->move.job.number];
    fprintf(out, "It had to be given room: %s moved away from %s", facts->trace->tasks[mover].name,
            wf_replay_node_name(facts->replay, facts->move.from, from, sizeof from));
    fprintf(out, " to %s. Before that:\n\n",
            wf_replay_node_name(facts->replay, facts->move.node, from, sizeof from));
}

static void print_all(FILE *out, struct facts *facts, const char *run)
{
    const struct wf_explain_names names = {
        .node = node_name,
        .pool = pool_name,
        .model = model_name,
        .context = facts,
    };
    print_request(out, facts, run);
    if (facts->move.kind == WF_DECISION_MOVE) {
        print_move(out, facts);
    }
    wf_explain_print(out, &facts->job, &facts->explanation, &names);
    if (facts->decision.kind == WF_DECISION_PLACE) {
        print_decision(out, facts);
    } else {
        wf_remedy_print(out, &facts->job, &facts->remedy, &names);
    }
}

enum wf_status wf_explanation_print(struct wf_replay *replay, uint32_t position, const char *run,
                                    FILE *out, struct wf_error *err)
{
    struct facts facts = {
        .replay = replay,
        .trace = wf_replay_trace(replay),
        .workload = wf_replay_workload(replay),
        .position = position,
        .job = wf_replay_job(replay, position),
    };
    const struct wf_core *core = wf_replay_core(replay);
    struct wf_decisions decisions = {0};
    enum wf_status status = WF_OK;
    while (status == WF_OK &&
           (wf_replay_position(replay) < position || !wf_replay_offers_next(replay))) {
        status = wf_replay_step(replay, &decisions, err);
    }
    if (status == WF_OK) {
        status = wf_explain(core, &facts.job, &facts.explanation, err);
    }
    if (status == WF_OK && facts.explanation.verdict != WF_VERDICT_STARTS) {
        status = find_remedy(&facts, err);
    }
    if (status == WF_OK) {
        status = wf_replay_step(replay, &decisions, err);
    }
    if (status == WF_OK) {
        facts.decision = decisions.list[decisions.count - 1];
        facts.move = decisions.list[0];
        print_all(out, &facts, run);
    }
    return status;
}
