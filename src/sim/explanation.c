// SPDX-License-Identifier: Apache-2.0
#include "sim/explanation.h"

#include <stdlib.h>
#include <string.h>

#include "core/explain.h"
#include "core/remedy.h"
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

static void print_request(FILE *out, const struct facts *facts, const char *run)
{
    const struct wf_request *request = &facts->job.request;
    char models[512];
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
    fprintf(out, "It asks for %.3g cores, %.4g GiB and ", request->cpu_milli / 1000.0,
            request->memory_mib / 1024.0);
    print_gpus(out, request);
    if (request->gpus > 0 && request->models != WF_ANY_MODEL) {
        fprintf(out, ", of the models %s",
                set_of_models(facts->trace, request->models, models, sizeof models));
    }
    fputs(".\n\n", out);
}

static void print_term(FILE *out, const struct wf_term_value *value)
{
    if (value->term == WF_TERM_SCORE) {
        fprintf(out, "  %12lld", (long long)value->value);
    } else {
        fprintf(out, "  %12.4f", (double)value->value * 1e-9);
    }
}

static void print_candidates(FILE *out, const struct facts *facts)
{
    const struct wf_explanation *explanation = &facts->explanation;
    if (explanation->at_random) {
        fprintf(out, "The policy draws one of the %u nodes (of %u) that have room.\n",
                explanation->nodes_fitting, explanation->nodes);
        return;
    }
    fprintf(out,
            "%u of %u nodes have room. The best, one for each kind and state, higher is better:"
            "\n\n  %-24s %-12s %7s %6s  %12s",
            explanation->nodes_fitting, explanation->nodes, "node", "GPUs", "cores", "alike",
            "total");
    const struct wf_terms *terms = &explanation->candidates[0].terms;
    bool split = terms->count > 1 || (terms->count == 1 && terms->list[0].term != WF_TERM_SCORE);
    for (uint32_t i = 0; split && i < terms->count; i++) {
        fprintf(out, "  %10s $", wf_term_name(terms->list[i].term));
    }
    fputs("\n", out);
    for (uint32_t i = 0; i < explanation->candidate_count; i++) {
        const struct wf_candidate *candidate = &explanation->candidates[i];
        const struct wf_trace_node *node = wf_replay_node(facts->replay, candidate->node);
        char name[WF_TRACE_NAME_BYTES_MAX + 16];
        char gpus[64];
        wf_replay_node_name(facts->replay, candidate->node, name, sizeof name);
        snprintf(gpus, sizeof gpus, "%u x %s", node->gpus,
                 node->gpus > 0 ? facts->trace->models[node->model] : "none");
        fprintf(out, "  %-24s %-12s %7.4g %6u  %12lld", name, gpus, node->cpu_milli / 1000.0,
                candidate->alike, (long long)candidate->score);
        for (uint32_t j = 0; split && j < candidate->terms.count; j++) {
            print_term(out, &candidate->terms.list[j]);
        }
        fputs("\n", out);
    }
    fputs(
        "\nalike: nodes of that kind in the same state. Among equals the run's own order decides.\n",
        out);
}

static void print_placed(FILE *out, const struct facts *facts)
{
    char name[WF_TRACE_NAME_BYTES_MAX + 16];
    fprintf(out, "It starts on %s",
            wf_replay_node_name(facts->replay, facts->decision.node, name, sizeof name));
    bool any = false;
    for (uint32_t gpu = 0; gpu < WF_NODE_GPUS_MAX; gpu++) {
        if (facts->decision.gpus & (UINT32_C(1) << gpu)) {
            fprintf(out, "%s%u", any ? ", " : ", GPU ", gpu);
            any = true;
        }
    }
    fputs(".\n", out);
    print_candidates(out, facts);
}

// How much is too little on the node that lacks least.
static void print_shortage(FILE *out, enum wf_reason reason, uint32_t least)
{
    const struct {
        enum wf_reason reason;
        double unit;
        const char *name;
    } units[] = {
        {WF_REASON_CPU_SIZE, 1000, "cores"},      {WF_REASON_CPU_FREE, 1000, "cores"},
        {WF_REASON_MEMORY_SIZE, 1024, "GiB"},     {WF_REASON_MEMORY_FREE, 1024, "GiB"},
        {WF_REASON_GPUS_SIZE, 1, "GPUs"},         {WF_REASON_GPUS_FREE, 1, "GPUs"},
        {WF_REASON_SHARE_FREE, 1000, "of a GPU"},
    };
    for (uint32_t i = 0; i < WF_COUNT_OF(units); i++) {
        if (units[i].reason == reason) {
            bool one_gpu = units[i].unit == 1 && least == 1;
            fprintf(out, ": the nearest lacks %.4g %s", least / units[i].unit,
                    one_gpu ? "GPU" : units[i].name);
        }
    }
}

static void print_blockers(FILE *out, const struct facts *facts)
{
    const struct wf_explanation *explanation = &facts->explanation;
    fprintf(out,
            "What stands in the way, on %u nodes (a node can have several reasons):\n\n"
            "  %7s  %10s  %15s  %s\n",
            explanation->nodes, "nodes", "only this", "free GPUs there", "the node");
    for (uint32_t i = 0; i < explanation->ranked_count; i++) {
        enum wf_reason reason = explanation->ranked[i];
        const struct wf_blocker *blocker = &explanation->blockers[reason];
        fprintf(out, "  %7u  %10u  %15.2f  %s", blocker->nodes, blocker->nodes_alone,
                (double)blocker->gpu_free_milli_alone / WF_GPU_MILLI, wf_reason_text(reason));
        if (blocker->nodes_alone > 0) {
            print_shortage(out, reason, blocker->short_min);
        }
        if (blocker->nodes_alone > 0 && reason == WF_REASON_MODEL) {
            char models[512];
            fprintf(out, ": %s",
                    set_of_models(facts->trace, blocker->set_alone, models, sizeof models));
        }
        fputs("\n", out);
    }
}

static void print_remedy(FILE *out, const struct facts *facts)
{
    const struct wf_request *before = &facts->job.request;
    const struct wf_request *after = &facts->remedy.job.request;
    if (!facts->remedy.found) {
        fputs("\nNo change of what it asks for would let it start now.\n", out);
        return;
    }
    const char *and = "\nThe smallest change that would let it start now: it asks for ";
    if (after->cpu_milli != before->cpu_milli) {
        fprintf(out, "%s%.6g cores instead of %.6g", and, after->cpu_milli / 1000.0,
                before->cpu_milli / 1000.0);
        and = ", and ";
    }
    if (after->memory_mib != before->memory_mib) {
        fprintf(out, "%s%.6g GiB instead of %.6g", and, after->memory_mib / 1024.0,
                before->memory_mib / 1024.0);
        and = ", and ";
    }
    if (after->gpus != before->gpus || after->gpu_milli != before->gpu_milli) {
        fputs(and, out);
        print_gpus(out, after);
        fputs(" instead of ", out);
        print_gpus(out, before);
        and = ", and ";
    }
    if (facts->remedy.change.models_added) {
        char models[512];
        fprintf(
            out, "%sthe models %s too", and,
            set_of_models(facts->trace, facts->remedy.change.models_added, models, sizeof models));
    }
    fputs(".\n", out);
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

static void print_all(FILE *out, const struct facts *facts, const char *run)
{
    print_request(out, facts, run);
    if (facts->decision.kind == WF_DECISION_PLACE) {
        print_placed(out, facts);
        return;
    }
    fputs(facts->explanation.verdict == WF_VERDICT_NEVER
              ? "It does not start, and would not even if every node were empty.\n"
              : "It does not start: no node has room for it now.\n",
          out);
    print_blockers(out, facts);
    print_remedy(out, facts);
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
    while (status == WF_OK && wf_replay_position(replay) < position) {
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
        facts.decision = decisions.list[0];
        print_all(out, &facts, run);
    }
    return status;
}
