// SPDX-License-Identifier: Apache-2.0
#include "cli/simulate/explain_json.h"

#include "cli/json.h"

enum { NAME_BYTES = 320 };

// NULL for a job that runs on every model.
static json_t *make_models(struct wf_json *json, const struct wf_trace *trace, uint64_t models)
{
    if (models == WF_ANY_MODEL) {
        return json_null();
    }
    json_t *list = json_array();
    for (uint32_t i = 0; i < trace->model_count; i++) {
        if (models & WF_MODEL_BIT(i)) {
            wf_json_append(json, list, json_string(trace->models[i]));
        }
    }
    return list;
}

static json_t *make_request(struct wf_json *json, const struct wf_explained *explained)
{
    const struct wf_request *request = &explained->job.request;
    json_t *object = json_object();
    wf_json_set(json, object, "cpu_milli", json_integer(request->cpu_milli));
    wf_json_set(json, object, "memory_mib", json_integer(request->memory_mib));
    wf_json_set(json, object, "gpus", json_integer(request->gpus));
    wf_json_set(json, object, "gpu_milli", json_integer(request->gpu_milli));
    wf_json_set(json, object, "models",
                make_models(json, wf_replay_trace(explained->replay), request->models));
    return object;
}

static json_t *make_candidate(struct wf_json *json, const struct wf_explained *explained,
                              const struct wf_candidate *candidate)
{
    char text[NAME_BYTES];
    json_t *object = json_object();
    json_t *terms = json_object();
    int64_t nanousd = 0;
    bool money = candidate->terms.count > 0;
    wf_replay_node_name(explained->replay, candidate->node, text, sizeof text);
    wf_json_set(json, object, "node", json_string(text));
    wf_explanation_kind(explained->replay, candidate->pool.index, text, sizeof text);
    wf_json_set(json, object, "kind", json_string(text));
    wf_json_set(json, object, "alike", json_integer(candidate->alike));
    wf_json_set(json, object, "score", json_integer(candidate->score));
    for (uint32_t i = 0; i < candidate->terms.count; i++) {
        const struct wf_term_value *term = &candidate->terms.list[i];
        if (term->term == WF_TERM_SCORE) {
            money = false;
            continue;
        }
        nanousd -= term->value;
        wf_json_set(json, terms, wf_term_name(term->term), json_real((double)-term->value / 1e9));
    }
    wf_json_set(json, object, "cost_usd_per_hour",
                money ? json_real((double)nanousd / 1e9) : json_null());
    wf_json_set(json, object, "terms_usd_per_hour", terms);
    return object;
}

static const char *unit_of(enum wf_reason reason)
{
    switch (reason) {
    case WF_REASON_CPU_SIZE:
    case WF_REASON_CPU_FREE:
        return "cpu_milli";
    case WF_REASON_MEMORY_SIZE:
    case WF_REASON_MEMORY_FREE:
        return "memory_mib";
    case WF_REASON_GPUS_SIZE:
    case WF_REASON_GPUS_FREE:
        return "gpus";
    case WF_REASON_SHARE_FREE:
        return "gpu_milli";
    case WF_REASON_MODEL:
    case WF_REASON_PLACE:
    case WF_REASON_LABELS:
    case WF_REASON_CLOSED:
        break;
    }
    return NULL;
}

static json_t *make_blocker(struct wf_json *json, const struct wf_explained *explained,
                            enum wf_reason reason)
{
    const struct wf_blocker *blocker = &explained->explanation.blockers[reason];
    json_t *object = json_object();
    wf_json_set(json, object, "reason", json_string(wf_reason_name(reason)));
    wf_json_set(json, object, "text", json_string(wf_reason_text(reason)));
    wf_json_set(json, object, "nodes", json_integer(blocker->nodes));
    wf_json_set(json, object, "nodes_alone", json_integer(blocker->nodes_alone));
    wf_json_set(json, object, "gpus_free_alone",
                json_integer((json_int_t)blocker->gpus_free_alone));
    wf_json_set(json, object, "gpu_free_milli_alone",
                json_integer((json_int_t)blocker->gpu_free_milli_alone));
    if (unit_of(reason)) {
        wf_json_set(json, object, "unit", json_string(unit_of(reason)));
        wf_json_set(json, object, "short_min", json_integer(blocker->short_min));
        wf_json_set(json, object, "short_max", json_integer(blocker->short_max));
    }
    if (reason == WF_REASON_MODEL) {
        const struct wf_trace *trace = wf_replay_trace(explained->replay);
        wf_json_set(json, object, "models", make_models(json, trace, blocker->set_alone));
    }
    return object;
}

static json_t *make_remedy(struct wf_json *json, const struct wf_explained *explained)
{
    const struct wf_remedy *remedy = &explained->remedy;
    if (!explained->has_remedy) {
        return json_null();
    }
    json_t *object = json_object();
    json_t *changes = json_array();
    wf_json_set(json, object, "found", json_boolean(remedy->found));
    wf_json_set(json, object, "exact", json_boolean(remedy->exact));
    wf_json_set(json, object, "size_ppm", json_integer((json_int_t)remedy->size_ppm));
    struct wf_change_part parts[WF_CHANGE_COUNT];
    uint32_t count = remedy->found ? wf_change_parts(&explained->job, &remedy->change, parts) : 0;
    for (uint32_t i = 0; i < count; i++) {
        json_t *change = json_object();
        wf_json_set(json, change, "kind", json_string(wf_change_name(parts[i].kind)));
        wf_json_set(json, change, "text", json_string(wf_change_text(parts[i].kind)));
        if (parts[i].kind == WF_CHANGE_MODELS) {
            const struct wf_trace *trace = wf_replay_trace(explained->replay);
            wf_json_set(json, change, "added",
                        make_models(json, trace, parts[i].to & ~parts[i].from));
        } else {
            wf_json_set(json, change, "from", json_integer((json_int_t)parts[i].from));
            wf_json_set(json, change, "to", json_integer((json_int_t)parts[i].to));
        }
        wf_json_set(json, change, "size_ppm", json_integer((json_int_t)parts[i].size_ppm));
        wf_json_append(json, changes, change);
    }
    wf_json_set(json, object, "changes", changes);
    return object;
}

// NULL where it did not start.
static json_t *make_placement(struct wf_json *json, const struct wf_explained *explained)
{
    const struct wf_decision *decision = &explained->decision;
    char text[NAME_BYTES];
    if (decision->kind != WF_DECISION_PLACE) {
        return json_null();
    }
    json_t *object = json_object();
    json_t *gpus = json_array();
    wf_replay_node_name(explained->replay, decision->node, text, sizeof text);
    wf_json_set(json, object, "node", json_string(text));
    for (uint32_t gpu = 0; gpu < WF_NODE_GPUS_MAX; gpu++) {
        if (decision->gpus & (UINT32_C(1) << gpu)) {
            wf_json_append(json, gpus, json_integer(gpu));
        }
    }
    wf_json_set(json, object, "gpus", gpus);
    return object;
}

// NULL where no task was moved to make room.
static json_t *make_move(struct wf_json *json, const struct wf_explained *explained)
{
    const struct wf_decision *move = &explained->move;
    char text[NAME_BYTES];
    if (!wf_explanation_mover(explained)) {
        return json_null();
    }
    json_t *object = json_object();
    wf_json_set(json, object, "task", json_string(wf_explanation_mover(explained)));
    wf_json_set(json, object, "arrival", json_integer((json_int_t)move->job.number + 1));
    wf_replay_node_name(explained->replay, move->from, text, sizeof text);
    wf_json_set(json, object, "from", json_string(text));
    wf_replay_node_name(explained->replay, move->node, text, sizeof text);
    wf_json_set(json, object, "to", json_string(text));
    return object;
}

static void set_explanation(struct wf_json *json, json_t *root,
                            const struct wf_explained *explained)
{
    static const char *const verdicts[] = {
        [WF_VERDICT_STARTS] = "starts",
        [WF_VERDICT_PART] = "part",
        [WF_VERDICT_WAITS] = "waits",
        [WF_VERDICT_NEVER] = "never",
    };
    const struct wf_explanation *explanation = &explained->explanation;
    json_t *candidates = json_array();
    json_t *blockers = json_array();
    wf_json_set(json, root, "verdict", json_string(verdicts[explanation->verdict]));
    wf_json_set(json, root, "nodes", json_integer(explanation->nodes));
    wf_json_set(json, root, "nodes_fitting", json_integer(explanation->nodes_fitting));
    wf_json_set(json, root, "tasks", json_integer(explained->job.tasks));
    wf_json_set(json, root, "tasks_now", json_integer(explanation->tasks_now));
    wf_json_set(json, root, "tasks_when_empty", json_integer(explanation->tasks_empty));
    wf_json_set(json, root, "at_random", json_boolean(explanation->at_random));
    for (uint32_t i = 0; i < explanation->candidate_count; i++) {
        wf_json_append(json, candidates,
                       make_candidate(json, explained, &explanation->candidates[i]));
    }
    wf_json_set(json, root, "candidates", candidates);
    wf_json_set(json, root, "next_best_kind",
                explanation->has_rival ? make_candidate(json, explained, &explanation->rival)
                                       : json_null());
    for (uint32_t i = 0; i < explanation->ranked_count; i++) {
        wf_json_append(json, blockers, make_blocker(json, explained, explanation->ranked[i]));
    }
    wf_json_set(json, root, "blockers", blockers);
}

enum wf_status wf_explain_print_json(const struct wf_explained *explained, const char *policy,
                                     uint64_t seed, struct wf_error *err)
{
    const struct wf_workload *workload = wf_replay_workload(explained->replay);
    double capacity = (double)workload->capacity_gpu_milli;
    struct wf_json json = {.failed = false};
    json_t *root = json_object();
    wf_json_set(&json, root, "task", json_string(wf_explanation_task(explained)));
    wf_json_set(&json, root, "policy", json_string(policy));
    wf_json_set(&json, root, "seed", json_integer((json_int_t)seed));
    wf_json_set(&json, root, "arrival", json_integer((json_int_t)explained->position + 1));
    wf_json_set(&json, root, "arrivals", json_integer(workload->arrival_count));
    wf_json_set(&json, root, "arrived_pct",
                workload->run_ms
                    ? json_null()
                    : json_real(100 * (double)explained->arrived_gpu_milli / capacity));
    wf_json_set(&json, root, "request", make_request(&json, explained));
    set_explanation(&json, root, explained);
    wf_json_set(&json, root, "placement", make_placement(&json, explained));
    wf_json_set(&json, root, "move", make_move(&json, explained));
    wf_json_set(&json, root, "remedy", make_remedy(&json, explained));
    return wf_json_print(&json, root, err);
}
