// SPDX-License-Identifier: Apache-2.0
#include "core/event_fields.h"

#include <stddef.h>

#include "base/compat.h"

// Names of members stand in brackets nowhere, and a pointer's size is what is meant.
// NOLINTBEGIN(bugprone-macro-parentheses,bugprone-sizeof-expression)
#define PLACED(where, member, kind)                                                                \
    .at = offsetof(where, member), .size = sizeof(((where *)0)->member), .type = WF_FIELD_##kind
#define FIELD(title, member, kind) {.name = title, PLACED(struct wf_event, member, kind)}
#define FIELD_ALWAYS(title, member, kind)                                                          \
    {.name = title, PLACED(struct wf_event, member, kind), .always = true}
#define FIELD_USUAL(title, member, kind, value)                                                    \
    {.name = title, PLACED(struct wf_event, member, kind), .usual = (value)}
#define FIELD_WORDS(title, member, list)                                                           \
    {.name = title, PLACED(struct wf_event, member, WORD), .words = (list)}
#define FORM(title, list) {.name = title, .fields = (list), .count = WF_COUNT_OF(list)}

static const char *const vendors[] = {[WF_VENDOR_NVIDIA] = "nvidia", [WF_VENDOR_AMD] = "amd", NULL};
static const char *const withins[] = {[WF_WITHIN_ANY] = "any",
                                      [WF_WITHIN_ZONE] = "zone",
                                      [WF_WITHIN_POOL] = "pool",
                                      [WF_WITHIN_GROUP] = "group",
                                      NULL};
static const char *const actions[] = {
    [WF_BUDGET_ADMIT] = "admit", [WF_BUDGET_HOLD] = "hold", [WF_BUDGET_LOWER] = "lower", NULL};
const char *const wf_event_after_words[] = {[WF_AFTER_END] = "end",
                                            [WF_AFTER_SUCCESS] = "success",
                                            [WF_AFTER_FAILURE] = "failure",
                                            [WF_AFTER_START] = "start",
                                            NULL};

const struct wf_field wf_event_time = FIELD_ALWAYS("time", time_ms, SIGNED);
const struct wf_field wf_event_more = FIELD("more", more, YES);

static const struct wf_field pool[] = {
    FIELD_ALWAYS("pool", pool.id.index, NUMBER),
    FIELD("site", pool.spec.place.site, NUMBER),
    FIELD("region", pool.spec.place.region, NUMBER),
    FIELD("zone", pool.spec.place.zone, NUMBER),
    FIELD_ALWAYS("model", pool.spec.model, NUMBER),
    FIELD_WORDS("vendor", pool.spec.vendor, vendors),
    FIELD("slices", pool.spec.slices, NUMBER),
    FIELD("rent_by_use", pool.spec.rent_by_use, YES),
    FIELD("speed_permille", pool.spec.speed_permille, NUMBER),
    FIELD("price_nanousd_per_gpu_hour", pool.spec.price_nanousd_per_gpu_hour, SIGNED),
};

static const struct wf_field node_up[] = {
    FIELD_ALWAYS("node", node_up.id.index, NUMBER),
    FIELD_ALWAYS("pool", node_up.spec.pool.index, NUMBER),
    FIELD("cpu_milli", node_up.spec.cpu_milli, NUMBER),
    FIELD("memory_mib", node_up.spec.memory_mib, NUMBER),
    FIELD("gpus", node_up.spec.gpus, NUMBER),
    FIELD("group", node_up.spec.group, NUMBER),
    FIELD("labels", node_up.spec.labels, SET),
};

static const struct wf_field node_down[] = {
    FIELD_ALWAYS("node", node_down.id.index, NUMBER),
};

static const struct wf_field node_drain[] = {
    FIELD_ALWAYS("node", node_drain.id.index, NUMBER),
    FIELD("closed", node_drain.closed, YES),
};

static const struct wf_field node_notice[] = {
    FIELD_ALWAYS("node", node_notice.id.index, NUMBER),
    FIELD_ALWAYS("gone_ms", node_notice.gone_ms, SIGNED),
    FIELD("shun_ms", node_notice.shun_ms, SIGNED),
};

#define REQUEST(request)                                                                           \
    FIELD("cpu_milli", request.cpu_milli, NUMBER),                                                 \
        FIELD("memory_mib", request.memory_mib, NUMBER), FIELD("gpus", request.gpus, NUMBER),      \
        FIELD("gpu_milli", request.gpu_milli, NUMBER),                                             \
        FIELD_USUAL("models", request.models, SET, WF_ANY_MODEL),                                  \
        FIELD("labels", request.labels, SET),                                                      \
        FIELD_USUAL("site", request.place.site, NUMBER, WF_ANYWHERE),                              \
        FIELD_USUAL("region", request.place.region, NUMBER, WF_ANYWHERE),                          \
        FIELD_USUAL("zone", request.place.zone, NUMBER, WF_ANYWHERE),                              \
        FIELD("apart", request.apart, YES)

// A job but for whom it waits for.
#define JOB(job)                                                                                   \
    FIELD_ALWAYS("job", job.id.number, NUMBER), FIELD_ALWAYS("tasks", job.tasks, NUMBER),          \
        FIELD("gang", job.gang, YES), REQUEST(job.request),                                        \
        FIELD("queue", job.wait.queue.index, NUMBER), FIELD("user", job.wait.user, NUMBER),        \
        FIELD("priority", job.wait.priority, SIGNED), FIELD("held", job.wait.held, YES),           \
        FIELD("preemptible", job.wait.preemptible, YES),                                           \
        FIELD("replaceable", job.wait.replaceable, YES),                                           \
        FIELD_WORDS("within", job.wait.within, withins), FIELD("array", job.wait.array, NUMBER),   \
        FIELD("array_max", job.wait.array_max, NUMBER),                                            \
        FIELD("begin_ms", job.wait.begin_ms, SIGNED),                                              \
        FIELD("deadline_ms", job.wait.deadline_ms, SIGNED),                                        \
        FIELD("limit_ms", job.wait.limit_ms, SIGNED), FIELD("overruns", job.wait.overruns, YES),   \
        FIELD("checkpoint_ms", job.wait.checkpoint_ms, SIGNED),                                    \
        FIELD("run_ms", job.wait.run, RUN), FIELD("run_minutes", job.run_minutes, NUMBER),         \
        FIELD("movable", job.movable, YES),                                                        \
        FIELD("move_cost_nanousd", job.move_cost_nanousd, SIGNED)

static const struct wf_field job_submit[] = {
    JOB(job_submit),
    FIELD("after", job_submit.wait.after, AFTER),
};

// Whom it waits for stays as it was.
static const struct wf_field job_change[] = {
    JOB(job_change),
};

static const struct wf_field job_end[] = {
    FIELD_ALWAYS("job", job_end.id.number, NUMBER),
    FIELD("failed", job_end.failed, YES),
    FIELD("again", job_end.again, YES),
};

static const struct wf_field task_found[] = {
    FIELD_ALWAYS("job", task_found.job.number, NUMBER),
    FIELD_ALWAYS("task", task_found.task, NUMBER),
    FIELD_ALWAYS("node", task_found.node.index, NUMBER),
    FIELD("gpu_set", task_found.gpus, SET),
    REQUEST(task_found.request),
    FIELD("started_ms", task_found.started_ms, SIGNED),
    FIELD("anyway", task_found.anyway, YES),
};

static const struct wf_field mix[] = {
    FIELD("class", mix.classes, CLASS),
};

static const struct wf_field moves[] = {
    FIELD_ALWAYS("allowed", moves.allowed, NUMBER),
    FIELD("cost_max_nanousd", moves.cost_max_nanousd, SIGNED),
    FIELD("value_nanousd_per_gpu_hour", moves.value_nanousd_per_gpu_hour, SIGNED),
};

#define BUDGET(title, window)                                                                      \
    FIELD(title "_budget_nanousd", queue.spec.budgets[window].limit_nanousd, SIGNED),              \
        FIELD_WORDS(title "_budget_action", queue.spec.budgets[window].action, actions)

static const struct wf_field queue[] = {
    FIELD_ALWAYS("queue", queue.id.index, NUMBER),
    FIELD_USUAL("parent", queue.spec.parent.index, NUMBER, WF_NONE),
    FIELD("weight", queue.spec.weight, NUMBER),
    FIELD("guarantee_gpu_milli", queue.spec.guarantee_gpu_milli, SIGNED),
    FIELD("limit_gpu_milli", queue.spec.limit_gpu_milli, SIGNED),
    BUDGET("hour", WF_WINDOW_HOUR),
    BUDGET("day", WF_WINDOW_DAY),
    BUDGET("month", WF_WINDOW_MONTH),
};

static const struct wf_field job_hold[] = {
    FIELD_ALWAYS("job", job_hold.id.number, NUMBER),
    FIELD_ALWAYS("held", job_hold.held, YES),
};

static const struct wf_field job_saved[] = {
    FIELD_ALWAYS("job", job_saved.id.number, NUMBER),
};

static const struct wf_field watch[] = {
    FIELD_ALWAYS("watches", watch.watches, YES),
};

const struct wf_form wf_event_forms[] = {
    [WF_EVENT_POOL] = FORM("pool", pool),
    [WF_EVENT_NODE_UP] = FORM("node-up", node_up),
    [WF_EVENT_NODE_DOWN] = FORM("node-down", node_down),
    [WF_EVENT_NODE_DRAIN] = FORM("node-drain", node_drain),
    [WF_EVENT_JOB_SUBMIT] = FORM("submit", job_submit),
    [WF_EVENT_JOB_END] = FORM("end", job_end),
    [WF_EVENT_TASK_FOUND] = FORM("found", task_found),
    [WF_EVENT_MIX] = FORM("mix", mix),
    [WF_EVENT_MOVES] = FORM("moves", moves),
    [WF_EVENT_TIME] = {.name = "wake"},
    [WF_EVENT_QUEUE] = FORM("queue", queue),
    [WF_EVENT_JOB_HOLD] = FORM("hold", job_hold),
    [WF_EVENT_JOB_SAVED] = FORM("saved", job_saved),
    [WF_EVENT_JOB_CHANGE] = FORM("change", job_change),
    [WF_EVENT_NODE_NOTICE] = FORM("node-notice", node_notice),
    [WF_EVENT_WATCH] = FORM("watch", watch),
};
const uint32_t wf_event_form_count = WF_COUNT_OF(wf_event_forms);

#define IN_CLASS(title, member, kind, ...)                                                         \
    {.name = title, PLACED(struct wf_mix_class, member, kind), __VA_ARGS__}

static const struct wf_field mix_class[] = {
    IN_CLASS("count", count, NUMBER, .always = true),
    IN_CLASS("cpu_milli", cpu_milli, NUMBER, .usual = 0),
    IN_CLASS("gpus", gpus, NUMBER, .usual = 0),
    IN_CLASS("gpu_milli", gpu_milli, NUMBER, .usual = 0),
    IN_CLASS("models", models, SET, .usual = WF_ANY_MODEL),
};
const struct wf_form wf_event_class = FORM("a class", mix_class);
// NOLINTEND(bugprone-macro-parentheses,bugprone-sizeof-expression)
