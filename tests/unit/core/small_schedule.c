// SPDX-License-Identifier: Apache-2.0
#include "small_schedule.h"

#include <stdio.h>

#include "core/policy/policy.h"

struct wf_core_config small_config(const char *discipline)
{
    return (struct wf_core_config){
        .limits = {.models = 4,
                   .pools = 4,
                   .nodes = 16,
                   .jobs = SMALL_JOBS,
                   .placements = 256,
                   .classes = 8,
                   .queues = SMALL_QUEUES,
                   .lanes = SMALL_LANES,
                   .reservations = SMALL_RESERVATIONS},
        .policy = wf_policy_find("best-fit"),
        .discipline = wf_discipline_find(discipline),
    };
}

struct wf_decisions small_step(struct wf_core *core, const struct wf_event *event)
{
    struct wf_decisions decisions;
    struct wf_error err = {.text = ""};
    enum wf_status status = wf_core_step(core, event, &decisions, &err);
    assert_string_equal(err.text, "");
    assert_int_equal(status, WF_OK);
    return decisions;
}

void small_refused(struct wf_core *core, const struct wf_event *event, enum wf_status status)
{
    struct wf_decisions before, after;
    struct wf_error err = {.text = ""};
    struct wf_event past = {.kind = WF_EVENT_TIME, .time_ms = INT64_MIN};
    assert_int_equal(wf_core_step(core, &past, &before, NULL), WF_INVALID);
    assert_int_equal(wf_core_step(core, event, &after, &err), status);
    assert_true(err.text[0] != '\0');
    assert_int_equal(after.count, 0);
    assert_true(after.hash == before.hash);
    assert_true(after.wake_ms == before.wake_ms);
}

void small_pool(struct wf_core *core, uint32_t pool)
{
    struct wf_pool_spec spec = {
        .place = {0, 0, (uint16_t)pool},
        .model = (uint8_t)pool,
        .price_nanousd_per_gpu_hour = USD * (pool + 1),
    };
    small_step(core, &(struct wf_event){.kind = WF_EVENT_POOL, .pool = {{pool}, spec}});
}

struct wf_decisions small_queue(struct wf_core *core, int64_t at_ms, uint32_t id, uint32_t parent,
                                struct wf_queue_spec spec)
{
    spec.parent.index = parent;
    return small_step(
        core, &(struct wf_event){.time_ms = at_ms, .kind = WF_EVENT_QUEUE, .queue = {{id}, spec}});
}

struct wf_core *small_core(const struct wf_core_config *config)
{
    struct wf_core *core;
    assert_int_equal(wf_core_create(config, &core, NULL), WF_OK);
    small_pool(core, 0);
    small_pool(core, 1);
    small_queue(core, 0, 0, WF_NONE, (struct wf_queue_spec){0});
    return core;
}

struct wf_decisions small_node(struct wf_core *core, int64_t at_ms, uint32_t id, uint32_t pool,
                               uint8_t gpus)
{
    struct wf_node_spec spec = {
        .pool = {pool},
        .cpu_milli = 64000,
        .memory_mib = 65536,
        .gpus = gpus,
        .group = (uint16_t)(id / 2),
    };
    return small_step(
        core,
        &(struct wf_event){.time_ms = at_ms, .kind = WF_EVENT_NODE_UP, .node_up = {{id}, spec}});
}

struct wf_decisions small_node_down(struct wf_core *core, int64_t at_ms, uint32_t id)
{
    return small_step(core, &(struct wf_event){
                                .time_ms = at_ms, .kind = WF_EVENT_NODE_DOWN, .node_down = {{id}}});
}

struct wf_decisions small_drain(struct wf_core *core, int64_t at_ms, uint32_t id, bool closed)
{
    return small_step(core, &(struct wf_event){.time_ms = at_ms,
                                               .kind = WF_EVENT_NODE_DRAIN,
                                               .node_drain = {{id}, closed}});
}

struct wf_core *small_site(const char *discipline, uint32_t nodes)
{
    struct wf_core_config config = small_config(discipline);
    struct wf_core *core = small_core(&config);
    for (uint32_t i = 0; i < nodes; i++) {
        small_node(core, 0, i, 0, 4);
    }
    return core;
}

struct wf_job_spec small_job(uint64_t id, uint32_t tasks, uint8_t gpus, int64_t limit_ms)
{
    return (struct wf_job_spec){
        .id = {id},
        .tasks = tasks,
        .gang = true,
        .request = {.cpu_milli = 1000,
                    .gpus = gpus,
                    .gpu_milli = gpus > 0 ? WF_GPU_MILLI : 0,
                    .models = WF_ANY_MODEL,
                    .place = {WF_ANYWHERE, WF_ANYWHERE, WF_ANYWHERE}},
        .wait = {.limit_ms = limit_ms},
    };
}

struct wf_event small_submission(int64_t at_ms, struct wf_job_spec job)
{
    return (struct wf_event){.time_ms = at_ms, .kind = WF_EVENT_JOB_SUBMIT, .job_submit = job};
}

struct wf_decisions small_submit(struct wf_core *core, int64_t at_ms, struct wf_job_spec job)
{
    struct wf_event event = small_submission(at_ms, job);
    return small_step(core, &event);
}

struct wf_event small_ending(int64_t at_ms, uint64_t id, bool failed)
{
    return (struct wf_event){
        .time_ms = at_ms, .kind = WF_EVENT_JOB_END, .job_end = {.id = {id}, .failed = failed}};
}

struct wf_decisions small_end(struct wf_core *core, int64_t at_ms, uint64_t id)
{
    struct wf_event event = small_ending(at_ms, id, false);
    return small_step(core, &event);
}

struct wf_decisions small_fail(struct wf_core *core, int64_t at_ms, uint64_t id)
{
    struct wf_event event = small_ending(at_ms, id, true);
    return small_step(core, &event);
}

struct wf_decisions small_hold(struct wf_core *core, int64_t at_ms, uint64_t id, bool held)
{
    return small_step(
        core,
        &(struct wf_event){.time_ms = at_ms, .kind = WF_EVENT_JOB_HOLD, .job_hold = {{id}, held}});
}

struct wf_decisions small_tick(struct wf_core *core, int64_t at_ms)
{
    return small_step(core, &(struct wf_event){.time_ms = at_ms, .kind = WF_EVENT_TIME});
}

const char *small_text(struct wf_decisions decisions)
{
    static const char letters[] = {
        [WF_DECISION_PLACE] = 'p',  [WF_DECISION_REFUSE] = 'f',  [WF_DECISION_END] = 'e',
        [WF_DECISION_LOST] = 'l',   [WF_DECISION_MOVE] = 'm',    [WF_DECISION_WAIT] = 'w',
        [WF_DECISION_REJECT] = 'r', [WF_DECISION_PREEMPT] = 'x', [WF_DECISION_TIMEOUT] = 't',
    };
    static char text[2048];
    size_t used = 0;
    text[0] = '\0';
    for (uint32_t i = 0; i < decisions.count && used + 64 < sizeof text; i++) {
        const struct wf_decision *decision = &decisions.list[i];
        used += (size_t)snprintf(text + used, sizeof text - used, "%s%c%llu", i > 0 ? " " : "",
                                 letters[decision->kind], (unsigned long long)decision->job.number);
        if (decision->node.index != WF_NONE) {
            used += (size_t)snprintf(text + used, sizeof text - used, "@%u", decision->node.index);
        }
    }
    return text;
}

struct wf_queue_view small_view(const struct wf_core *core, uint32_t queue)
{
    struct wf_queue_view view;
    assert_true(wf_queues_view(wf_core_schedule(core)->queues, (wf_queue_id){queue}, &view));
    return view;
}
