// SPDX-License-Identifier: Apache-2.0
#include "cli/json.h"
#include "cli/replay/explain_replay.h"
#include "sim/rerun/wait_story.h"

#define FOREVER INT64_MAX // WF_NEVER, as the core has it

struct maker {
    struct wf_json json;
    const struct wf_story *story;
    const struct wf_story_names *names;
};

static json_t *make_id(const struct maker *maker, wf_job_id job)
{
    char id[WF_HISTORY_ID_BYTES];
    return json_string(wf_story_job(maker->names, job, id));
}

// Seconds as in the history; null for a time that is not known or does not come.
static json_t *make_time(int64_t ms)
{
    return ms == FOREVER || ms == WF_TIME_UNKNOWN ? json_null() : json_real((double)ms / 1000);
}

static json_t *make_gpus(int64_t milli)
{
    return json_real((double)milli / 1000);
}

static json_t *make_usd(int64_t nanousd)
{
    return json_real((double)nanousd / 1e9);
}

static json_t *make_queue(const struct maker *maker, wf_queue_id queue)
{
    return json_string(wf_story_queue(maker->names->site, queue));
}

static json_t *make_limits(struct maker *maker)
{
    const struct wf_wait_explanation *wait = &maker->story->wait;
    json_t *list = json_array();
    for (uint32_t i = 0; i < wait->limit_count; i++) {
        json_t *limit = json_object();
        wf_json_set(&maker->json, limit, "queue", make_queue(maker, wait->limits[i].queue));
        wf_json_set(&maker->json, limit, "used_gpus", make_gpus(wait->limits[i].used_gpu_milli));
        wf_json_set(&maker->json, limit, "limit_gpus", make_gpus(wait->limits[i].limit_gpu_milli));
        wf_json_append(&maker->json, list, limit);
    }
    return list;
}

static const char *window_name(enum wf_budget_window window)
{
    static const char *const names[] = {"hour", "day", "month"};
    return names[window];
}

static json_t *make_budgets(struct maker *maker, enum wf_budget_action action)
{
    const struct wf_wait_explanation *wait = &maker->story->wait;
    json_t *list = json_array();
    for (uint32_t i = 0; i < wait->budget_count; i++) {
        const struct wf_wait_budget *budget = &wait->budgets[i];
        if (budget->action == action) {
            json_t *object = json_object();
            wf_json_set(&maker->json, object, "queue", make_queue(maker, budget->queue));
            wf_json_set(&maker->json, object, "window", json_string(window_name(budget->window)));
            wf_json_set(&maker->json, object, "usd", make_usd(budget->limit_nanousd));
            wf_json_set(&maker->json, object, "gone_usd", make_usd(budget->gone_nanousd));
            wf_json_set(&maker->json, object, "job_usd", make_usd(budget->cost_nanousd));
            wf_json_set(&maker->json, object, "ends", make_time(budget->ends_ms));
            wf_json_append(&maker->json, list, object);
        }
    }
    return list;
}

static json_t *make_others(struct maker *maker, const struct wf_wait_other *others, uint32_t count)
{
    json_t *list = json_array();
    for (uint32_t i = 0; i < count; i++) {
        json_t *other = json_object();
        wf_json_set(&maker->json, other, "job", make_id(maker, others[i].job));
        wf_json_set(&maker->json, other, "gpus", make_gpus(others[i].gpu_milli));
        wf_json_set(&maker->json, other, "rule", json_string(wf_ahead_rule_name(others[i].rule)));
        wf_json_set(&maker->json, other, "kept_start", make_time(others[i].start_ms));
        wf_json_append(&maker->json, list, other);
    }
    return list;
}

static json_t *make_node_reasons(struct maker *maker)
{
    const struct wf_explanation *nodes = &maker->story->wait.nodes;
    json_t *list = json_array();
    for (uint32_t i = 0; i < nodes->ranked_count; i++) {
        const struct wf_blocker *blocker = &nodes->blockers[nodes->ranked[i]];
        json_t *reason = json_object();
        wf_json_set(&maker->json, reason, "reason", json_string(wf_reason_name(nodes->ranked[i])));
        wf_json_set(&maker->json, reason, "text", json_string(wf_reason_text(nodes->ranked[i])));
        wf_json_set(&maker->json, reason, "nodes", json_integer(blocker->nodes));
        wf_json_set(&maker->json, reason, "nodes_alone", json_integer(blocker->nodes_alone));
        wf_json_set(&maker->json, reason, "short_min", json_integer(blocker->short_min));
        wf_json_set(&maker->json, reason, "short_max", json_integer(blocker->short_max));
        wf_json_append(&maker->json, list, reason);
    }
    return list;
}

static void set_numbers(struct maker *maker, json_t *object, enum wf_wait_reason reason)
{
    const struct wf_wait_explanation *wait = &maker->story->wait;
    switch (reason) {
    case WF_WAIT_NEVER:
        wf_json_set(&maker->json, object, "tasks", json_integer(maker->story->spec.tasks));
        wf_json_set(&maker->json, object, "tasks_when_empty", json_integer(wait->tasks_slots));
        break;
    case WF_WAIT_BEGIN:
        wf_json_set(&maker->json, object, "begin", make_time(maker->story->spec.wait.begin_ms));
        break;
    case WF_WAIT_ARRAY:
        wf_json_set(&maker->json, object, "running", json_integer(wait->array_running));
        wf_json_set(&maker->json, object, "may", json_integer(maker->story->spec.wait.array_max));
        break;
    case WF_WAIT_QUEUE_LIMIT:
        wf_json_set(&maker->json, object, "limits", make_limits(maker));
        break;
    case WF_WAIT_LIMIT_KEPT:
        wf_json_set(&maker->json, object, "queue", make_queue(maker, wait->limit_kept_at));
        wf_json_set(&maker->json, object, "first", make_others(maker, &wait->limit_kept, 1));
        break;
    case WF_WAIT_BUDGET:
        wf_json_set(&maker->json, object, "budgets", make_budgets(maker, WF_BUDGET_HOLD));
        break;
    case WF_WAIT_LOWERED:
        wf_json_set(&maker->json, object, "budgets", make_budgets(maker, WF_BUDGET_LOWER));
        break;
    case WF_WAIT_ROOM:
        wf_json_set(&maker->json, object, "tasks", json_integer(maker->story->spec.tasks));
        wf_json_set(&maker->json, object, "tasks_now", json_integer(wait->nodes.tasks_now));
        wf_json_set(&maker->json, object, "nodes", json_integer(wait->nodes.nodes));
        wf_json_set(&maker->json, object, "nodes_fitting", json_integer(wait->nodes.nodes_fitting));
        wf_json_set(&maker->json, object, "node_reasons", make_node_reasons(maker));
        break;
    case WF_WAIT_KEPT:
        wf_json_set(&maker->json, object, "jobs", json_integer(wait->kept.jobs));
        wf_json_set(&maker->json, object, "gpus", make_gpus(wait->kept.gpu_milli));
        wf_json_set(&maker->json, object, "first",
                    make_others(maker, wait->kept.first, wait->kept.shown));
        break;
    case WF_WAIT_HELD:
    case WF_WAIT_DEPENDENCY:
    case WF_WAIT_AHEAD:
    case WF_WAIT_TURN:
    case WF_WAIT_WATCHED:
        break;
    }
}

static json_t *make_blockers(struct maker *maker)
{
    json_t *list = json_array();
    for (uint32_t i = 0; i < WF_WAIT_REASON_COUNT; i++) {
        enum wf_wait_reason reason = (enum wf_wait_reason)i;
        if (maker->story->wait.blockers & (UINT32_C(1) << i)) {
            json_t *object = json_object();
            wf_json_set(&maker->json, object, "reason", json_string(wf_wait_reason_name(reason)));
            wf_json_set(&maker->json, object, "text", json_string(wf_wait_reason_text(reason)));
            set_numbers(maker, object, reason);
            wf_json_append(&maker->json, list, object);
        }
    }
    return list;
}

static json_t *make_ahead(struct maker *maker)
{
    const struct wf_wait_ahead *ahead = &maker->story->wait.ahead;
    json_t *object = json_object();
    json_t *rules = json_array();
    wf_json_set(&maker->json, object, "jobs", json_integer(ahead->jobs_all));
    wf_json_set(&maker->json, object, "gpus", make_gpus(ahead->gpu_milli_all));
    for (uint32_t i = 0; i < WF_AHEAD_RULE_COUNT; i++) {
        if (ahead->jobs[i] > 0) {
            json_t *rule = json_object();
            wf_json_set(&maker->json, rule, "rule",
                        json_string(wf_ahead_rule_name((enum wf_ahead_rule)i)));
            wf_json_set(&maker->json, rule, "text",
                        json_string(wf_ahead_rule_text((enum wf_ahead_rule)i)));
            wf_json_set(&maker->json, rule, "jobs", json_integer(ahead->jobs[i]));
            wf_json_set(&maker->json, rule, "gpus", make_gpus(ahead->gpu_milli[i]));
            wf_json_append(&maker->json, rules, rule);
        }
    }
    wf_json_set(&maker->json, object, "rules", rules);
    wf_json_set(&maker->json, object, "first", make_others(maker, ahead->first, ahead->shown));
    return object;
}

// null without one.
static json_t *make_deadline(struct maker *maker)
{
    const struct wf_story *story = maker->story;
    if (story->spec.wait.deadline_ms == 0) {
        return json_null();
    }
    json_t *object = json_object();
    wf_json_set(&maker->json, object, "at", make_time(story->spec.wait.deadline_ms));
    wf_json_set(&maker->json, object, "latest_start", make_time(story->wait.latest_ms));
    wf_json_set(&maker->json, object, "forward_from", make_time(story->wait.forward_ms));
    return object;
}

static json_t *make_start(struct maker *maker)
{
    const struct wf_story *story = maker->story;
    json_t *object = json_object();
    wf_json_set(&maker->json, object, "expected",
                make_time(story->looked_ms + story->start.middle_ms));
    wf_json_set(&maker->json, object, "from", make_time(story->looked_ms + story->start.low_ms));
    wf_json_set(&maker->json, object, "to", make_time(story->looked_ms + story->start.high_ms));
    wf_json_set(&maker->json, object, "certainty_pct", json_integer(80));
    wf_json_set(&maker->json, object, "kept", make_time(story->wait.kept_start_ms));
    wf_json_set(&maker->json, object, "plain_estimate",
                make_time(story->looked_ms + story->plain_estimate_ms));
    return object;
}

static void append_change(struct maker *maker, json_t *changes, const char *kind, const char *text,
                          json_t *from, json_t *to)
{
    json_t *change = json_object();
    wf_json_set(&maker->json, change, "kind", json_string(kind));
    wf_json_set(&maker->json, change, "text", json_string(text));
    wf_json_set(&maker->json, change, "from", from);
    wf_json_set(&maker->json, change, "to", to);
    wf_json_append(&maker->json, changes, change);
}

static void append_wait_change(struct maker *maker, json_t *changes, enum wf_wait_change_kind kind)
{
    const struct wf_wait_remedy *remedy = &maker->story->remedy;
    const struct wf_wait_spec *before = &remedy->before.wait, *after = &remedy->after.wait;
    const char *name = wf_wait_change_name(kind), *text = wf_wait_change_text(kind);
    switch (kind) {
    case WF_WAIT_CHANGE_RELEASE:
        append_change(maker, changes, name, text, json_true(), json_false());
        break;
    case WF_WAIT_CHANGE_BEGIN:
        append_change(maker, changes, name, text, make_time(before->begin_ms), json_null());
        break;
    case WF_WAIT_CHANGE_ARRAY_MAX:
        append_change(maker, changes, name, text, json_integer(before->array_max),
                      json_integer(after->array_max));
        break;
    case WF_WAIT_CHANGE_LIMIT:
        append_change(maker, changes, name, text,
                      before->limit_ms > 0 ? make_time(before->limit_ms) : json_null(),
                      make_time(after->limit_ms));
        break;
    case WF_WAIT_CHANGE_PRIORITY:
        append_change(maker, changes, name, text, json_integer(before->priority),
                      json_integer(after->priority));
        break;
    case WF_WAIT_CHANGE_QUEUE:
        append_change(maker, changes, name, text, make_queue(maker, before->queue),
                      make_queue(maker, after->queue));
        break;
    case WF_WAIT_CHANGE_QUEUE_LIMIT:
    case WF_WAIT_CHANGE_BUDGET:
        break; // told with their queues
    }
}

static void append_queue_changes(struct maker *maker, json_t *changes)
{
    const struct wf_wait_remedy *remedy = &maker->story->remedy;
    for (uint32_t i = 0; i < remedy->queue_count; i++) {
        const struct wf_wait_remedy_queue *queue = &remedy->queues[i];
        const char *text = wf_story_queue(maker->names->site, queue->id);
        if (queue->after.limit_gpu_milli != queue->before.limit_gpu_milli) {
            append_change(maker, changes, wf_wait_change_name(WF_WAIT_CHANGE_QUEUE_LIMIT), text,
                          make_gpus(queue->before.limit_gpu_milli),
                          make_gpus(queue->after.limit_gpu_milli));
        }
        for (uint32_t window = 0; window < WF_WINDOWS; window++) {
            int64_t before = queue->before.budgets[window].limit_nanousd;
            int64_t after = queue->after.budgets[window].limit_nanousd;
            if (before != after) {
                append_change(maker, changes, wf_wait_change_name(WF_WAIT_CHANGE_BUDGET), text,
                              make_usd(before), make_usd(after));
            }
        }
    }
}

static json_t *make_remedy(struct maker *maker)
{
    const struct wf_wait_remedy *remedy = &maker->story->remedy;
    json_t *object = json_object();
    json_t *changes = json_array();
    struct wf_change_part parts[WF_CHANGE_COUNT];
    uint32_t count = remedy->found ? wf_change_parts(&remedy->before, &remedy->change, parts) : 0;
    for (uint32_t i = 0; i < count; i++) {
        append_change(maker, changes, wf_change_name(parts[i].kind), wf_change_text(parts[i].kind),
                      json_integer((json_int_t)parts[i].from),
                      json_integer((json_int_t)parts[i].to));
    }
    for (uint32_t kind = 0; remedy->found && kind < WF_WAIT_CHANGE_COUNT; kind++) {
        if (remedy->kinds & (UINT32_C(1) << kind)) {
            append_wait_change(maker, changes, (enum wf_wait_change_kind)kind);
        }
    }
    append_queue_changes(maker, changes);
    wf_json_set(&maker->json, object, "found", json_boolean(remedy->found));
    wf_json_set(&maker->json, object, "needed", json_boolean(remedy->is_needed));
    wf_json_set(&maker->json, object, "size_ppm", json_integer((json_int_t)remedy->size_ppm));
    wf_json_set(&maker->json, object, "tried", json_integer(remedy->trials));
    wf_json_set(&maker->json, object, "changes", changes);
    return object;
}

static json_t *make_candidate(struct maker *maker, const struct wf_candidate *candidate)
{
    const struct wf_site *site = maker->names->site;
    json_t *object = json_object();
    json_t *terms = json_object();
    wf_json_set(&maker->json, object, "node", json_string(site->nodes[candidate->node.index].name));
    wf_json_set(&maker->json, object, "pool", json_string(site->pools[candidate->pool.index].name));
    wf_json_set(&maker->json, object, "alike", json_integer(candidate->alike));
    wf_json_set(&maker->json, object, "score", json_integer(candidate->score));
    for (uint32_t i = 0; i < candidate->terms.count; i++) {
        const struct wf_term_value *term = &candidate->terms.list[i];
        if (term->term != WF_TERM_SCORE) {
            wf_json_set(&maker->json, terms, wf_term_name(term->term),
                        json_real((double)-term->value / 1e9));
        }
    }
    wf_json_set(&maker->json, object, "terms_usd_per_hour", terms);
    return object;
}

static json_t *make_run(struct maker *maker)
{
    const struct wf_story_run *run = &maker->story->run;
    json_t *object = json_object();
    json_t *nodes = json_array();
    json_t *candidates = json_array();
    for (uint32_t i = 0; i < run->nodes_shown; i++) {
        wf_json_append(&maker->json, nodes,
                       json_string(maker->names->site->nodes[run->nodes[i].index].name));
    }
    for (uint32_t i = 0; i < run->nodes_then.candidate_count; i++) {
        wf_json_append(&maker->json, candidates,
                       make_candidate(maker, &run->nodes_then.candidates[i]));
    }
    wf_json_set(&maker->json, object, "nodes", nodes);
    wf_json_set(&maker->json, object, "tasks", json_integer(run->nodes_all));
    wf_json_set(&maker->json, object, "believed_end", make_time(run->believed_end_ms));
    wf_json_set(&maker->json, object, "limit_end", make_time(run->limit_end_ms));
    bool known = run->high_end_ms > 0;
    wf_json_set(&maker->json, object, "end_from", known ? make_time(run->low_end_ms) : json_null());
    wf_json_set(&maker->json, object, "end_to", known ? make_time(run->high_end_ms) : json_null());
    wf_json_set(&maker->json, object, "candidates", candidates);
    return object;
}

static json_t *make_steps(struct maker *maker)
{
    static const char *const events[] = {
        [WF_STORY_BEGAN_TO_WAIT] = "waits",
        [WF_STORY_STARTED] = "started",
        [WF_STORY_STOPPED] = "stopped",
        [WF_STORY_ENDED] = "ended",
    };
    json_t *list = json_array();
    for (uint32_t i = 0; i < maker->story->steps_shown; i++) {
        const struct wf_story_step *step = &maker->story->steps[i];
        json_t *object = json_object();
        wf_json_set(&maker->json, object, "time", make_time(step->at_ms));
        wf_json_set(&maker->json, object, "event", json_string(events[step->event]));
        if (step->event == WF_STORY_BEGAN_TO_WAIT) {
            wf_json_set(&maker->json, object, "reason",
                        json_string(wf_wait_reason_name(step->reason)));
            wf_json_set(&maker->json, object, "ahead", json_integer(step->ahead));
            wf_json_set(&maker->json, object, "kept_start", make_time(step->kept_start_ms));
        }
        wf_json_append(&maker->json, list, object);
    }
    return list;
}

enum wf_status wf_explain_replay_print_json(const struct wf_story *story,
                                            const struct wf_story_names *names,
                                            struct wf_error *err)
{
    static const char *const states[] = {
        [WF_STORY_TO_COME] = "to come",
        [WF_STORY_WAITS] = "waits",
        [WF_STORY_RUNS] = "runs",
        [WF_STORY_OVER] = "over",
        [WF_STORY_IMPOSSIBLE] = "impossible",
    };
    struct maker maker = {.story = story, .names = names};
    json_t *root = json_object();
    bool waits = story->state == WF_STORY_WAITS;
    wf_json_set(&maker.json, root, "job", make_id(&maker, (wf_job_id){story->job}));
    wf_json_set(&maker.json, root, "policy", json_string(names->run));
    wf_json_set(&maker.json, root, "time", make_time(story->asked_ms));
    wf_json_set(&maker.json, root, "state", json_string(states[story->state]));
    wf_json_set(&maker.json, root, "eligible", make_time(story->eligible_ms));
    wf_json_set(&maker.json, root, "started", make_time(story->start_ms));
    wf_json_set(&maker.json, root, "ended", make_time(story->end_ms));
    wf_json_set(&maker.json, root, "blockers", waits ? make_blockers(&maker) : json_array());
    wf_json_set(&maker.json, root, "ahead", waits ? make_ahead(&maker) : json_null());
    wf_json_set(&maker.json, root, "deadline", waits ? make_deadline(&maker) : json_null());
    wf_json_set(&maker.json, root, "start", waits ? make_start(&maker) : json_null());
    wf_json_set(&maker.json, root, "remedy", waits ? make_remedy(&maker) : json_null());
    wf_json_set(&maker.json, root, "run",
                story->state == WF_STORY_RUNS ? make_run(&maker) : json_null());
    wf_json_set(&maker.json, root, "steps", make_steps(&maker));
    wf_json_set(&maker.json, root, "steps_left_out",
                json_integer(story->steps_all - story->steps_shown));
    return wf_json_print(&maker.json, root, err);
}
