// SPDX-License-Identifier: Apache-2.0
// Every event comes back from its line as it went in, byte for byte, and no line with one letter
// changed crashes the reader or comes back as something that cannot be written.
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include "base/random.h"
#include "core/event_text.h"

enum { EVENTS = 60000 };

static struct wf_dependency after[WF_JOB_AFTER_MAX];
static struct wf_mix_class classes[WF_MIX_CLASSES_MAX];
static struct wf_random stream;

static bool one_in(uint64_t chances)
{
    return wf_random_below(&stream, chances) == 0;
}

// Small numbers, large ones, and the ends of what a field can hold.
static uint64_t any(uint64_t max)
{
    switch (wf_random_below(&stream, 5)) {
    case 0:
        return 0;
    case 1:
        return max;
    case 2:
        return max - wf_random_below(&stream, 2);
    case 3:
        return wf_random_next(&stream) & max;
    default:
        return wf_random_below(&stream, 100) & max;
    }
}

#define SOME(member) ((member) = (__typeof__(member))any((__typeof__(member))-1))
#define WORD(member, last) ((member) = (__typeof__(member))wf_random_below(&stream, (last) + 1))
#define YES(member) ((member) = one_in(2))
static void some_signed(int64_t *member)
{
    *member = (int64_t)any(UINT64_MAX);
}

static void fill_place(struct wf_place *place)
{
    SOME(place->site);
    SOME(place->region);
    SOME(place->zone);
}

static void fill_request(struct wf_request *request)
{
    SOME(request->cpu_milli);
    SOME(request->memory_mib);
    SOME(request->gpus);
    SOME(request->gpu_milli);
    SOME(request->models);
    SOME(request->labels);
    fill_place(&request->place);
    YES(request->apart);
}

static void fill_wait(struct wf_wait_spec *wait)
{
    SOME(wait->queue.index);
    SOME(wait->user);
    wait->priority = (int32_t)any(UINT32_MAX);
    YES(wait->held);
    YES(wait->preemptible);
    YES(wait->replaceable);
    WORD(wait->within, WF_WITHIN_GROUP);
    SOME(wait->array);
    SOME(wait->array_max);
    some_signed(&wait->begin_ms);
    some_signed(&wait->deadline_ms);
    some_signed(&wait->limit_ms);
    YES(wait->overruns);
    some_signed(&wait->checkpoint_ms);
    for (uint32_t i = 0; i < WF_RUN_TIME_POINTS && one_in(2); i++) {
        some_signed(&wait->run.ms[i]);
    }
    wait->after_count = one_in(3) ? (uint32_t)wf_random_below(&stream, WF_JOB_AFTER_MAX + 1) : 0;
    for (uint32_t i = 0; i < wait->after_count; i++) {
        SOME(after[i].job.number);
        WORD(after[i].after, WF_AFTER_START);
    }
    wait->after = wait->after_count > 0 ? after : NULL;
}

static void fill_job(struct wf_job_spec *job)
{
    SOME(job->id.number);
    SOME(job->tasks);
    YES(job->gang);
    SOME(job->run_minutes);
    YES(job->movable);
    some_signed(&job->move_cost_nanousd);
    fill_request(&job->request);
    fill_wait(&job->wait);
}

static void fill_pool(struct wf_event *event)
{
    struct wf_pool_spec *spec = &event->pool.spec;
    SOME(event->pool.id.index);
    fill_place(&spec->place);
    SOME(spec->model);
    WORD(spec->vendor, WF_VENDOR_AMD);
    SOME(spec->slices);
    YES(spec->rent_by_use);
    SOME(spec->speed_permille);
    some_signed(&spec->price_nanousd_per_gpu_hour);
}

static void fill_node(struct wf_event *event)
{
    struct wf_node_spec *spec = &event->node_up.spec;
    SOME(event->node_up.id.index);
    SOME(spec->pool.index);
    SOME(spec->cpu_milli);
    SOME(spec->memory_mib);
    SOME(spec->gpus);
    SOME(spec->group);
    SOME(spec->labels);
}

static void fill_queue(struct wf_event *event)
{
    struct wf_queue_spec *spec = &event->queue.spec;
    SOME(event->queue.id.index);
    SOME(spec->parent.index);
    SOME(spec->weight);
    some_signed(&spec->guarantee_gpu_milli);
    some_signed(&spec->limit_gpu_milli);
    for (uint32_t i = 0; i < WF_WINDOWS; i++) {
        some_signed(&spec->budgets[i].limit_nanousd);
        WORD(spec->budgets[i].action, WF_BUDGET_LOWER);
    }
}

static void fill_mix(struct wf_event *event)
{
    event->mix.count = (uint32_t)wf_random_below(&stream, one_in(50) ? WF_MIX_CLASSES_MAX + 1 : 5);
    event->mix.classes = event->mix.count > 0 ? classes : NULL;
    memset(classes, 0, sizeof classes);
    for (uint32_t i = 0; i < event->mix.count; i++) {
        SOME(classes[i].cpu_milli);
        SOME(classes[i].gpus);
        SOME(classes[i].gpu_milli);
        SOME(classes[i].models);
        SOME(classes[i].count);
    }
}

// Kinds with little more than an id. The union is as if it was all zero before.
static void fill_small(struct wf_event *event)
{
    if (event->kind == WF_EVENT_NODE_DOWN || event->kind == WF_EVENT_NODE_DRAIN) {
        SOME(event->node_down.id.index);
        event->node_drain.closed = event->kind == WF_EVENT_NODE_DRAIN && one_in(2);
    } else if (event->kind == WF_EVENT_MOVES) {
        SOME(event->moves.allowed);
        some_signed(&event->moves.cost_max_nanousd);
        some_signed(&event->moves.value_nanousd_per_gpu_hour);
    } else {
        SOME(event->job_saved.id.number);
        event->job_end.failed = event->kind == WF_EVENT_JOB_END && one_in(2);
        event->job_end.again = event->kind == WF_EVENT_JOB_END && one_in(2);
        event->job_hold.held |= event->kind == WF_EVENT_JOB_HOLD && one_in(2);
    }
}

// Fills an event whose padding is zero, as the reader's is.
static void fill(struct wf_event *event)
{
    memset(event, 0, sizeof *event);
    some_signed(&event->time_ms);
    event->more = one_in(2);
    WORD(event->kind, WF_EVENT_WATCH);
    switch (event->kind) {
    case WF_EVENT_POOL:
        fill_pool(event);
        break;
    case WF_EVENT_NODE_UP:
        fill_node(event);
        break;
    case WF_EVENT_JOB_SUBMIT:
        fill_job(&event->job_submit);
        break;
    case WF_EVENT_JOB_CHANGE:
        fill_job(&event->job_change);
        event->job_change.wait.after = NULL; // stays as it was
        event->job_change.wait.after_count = 0;
        break;
    case WF_EVENT_TASK_FOUND:
        SOME(event->task_found.job.number);
        SOME(event->task_found.task);
        SOME(event->task_found.node.index);
        SOME(event->task_found.gpus);
        fill_request(&event->task_found.request);
        some_signed(&event->task_found.started_ms);
        event->task_found.anyway = one_in(2);
        break;
    case WF_EVENT_MIX:
        fill_mix(event);
        break;
    case WF_EVENT_QUEUE:
        fill_queue(event);
        break;
    case WF_EVENT_TIME:
        break;
    case WF_EVENT_NODE_NOTICE:
        SOME(event->node_notice.id.index);
        some_signed(&event->node_notice.gone_ms);
        some_signed(&event->node_notice.shun_ms);
        break;
    case WF_EVENT_WATCH:
        event->watch.watches = one_in(2);
        break;
    case WF_EVENT_NODE_DOWN:
    case WF_EVENT_NODE_DRAIN:
    case WF_EVENT_JOB_END:
    case WF_EVENT_MOVES:
    case WF_EVENT_JOB_HOLD:
    case WF_EVENT_JOB_SAVED:
        fill_small(event);
        break;
    }
}

static void same(const struct wf_event *event, const struct wf_event *read, const char *line)
{
    struct wf_event copy = *read;
    if (event->kind == WF_EVENT_MIX && event->mix.count > 0) {
        assert_memory_equal(read->mix.classes, classes, event->mix.count * sizeof *classes);
        copy.mix.classes = classes;
    }
    uint32_t count = event->kind == WF_EVENT_JOB_SUBMIT ? event->job_submit.wait.after_count : 0;
    for (uint32_t i = 0; i < count; i++) {
        const struct wf_dependency *other = &read->job_submit.wait.after[i];
        assert_true(after[i].job.number == other->job.number && after[i].after == other->after);
    }
    if (count > 0) {
        copy.job_submit.wait.after = after;
    }
    if (memcmp(event, &copy, sizeof copy) != 0) {
        fail_msg("not the same again: %s", line);
    }
}

static void every_event_comes_back_as_it_was(void **state)
{
    (void)state;
    static char line[WF_EVENT_TEXT_BYTES];
    static struct wf_event_lists lists;
    wf_random_init(&stream, 1);
    for (uint32_t i = 0; i < EVENTS; i++) {
        struct wf_event event, read;
        struct wf_error err = {.text = ""};
        size_t length = 0;
        fill(&event);
        if (wf_event_write(&event, line, &length, &err) != WF_OK ||
            wf_event_read(line, length, &lists, &read, &err) != WF_OK) {
            fail_msg("event %u, '%s': %s", i, line, err.text);
        }
        assert_int_equal(strlen(line), length);
        assert_null(strchr(line, '\n'));
        same(&event, &read, line);
    }
}

static void a_changed_letter_is_refused_or_understood(void **state)
{
    (void)state;
    static char line[WF_EVENT_TEXT_BYTES], again[WF_EVENT_TEXT_BYTES];
    static struct wf_event_lists lists;
    uint32_t refused = 0, taken = 0;
    wf_random_init(&stream, 2);
    for (uint32_t i = 0; i < EVENTS; i++) {
        struct wf_event event, read;
        struct wf_error err = {.text = ""};
        size_t length = 0;
        fill(&event);
        assert_int_equal(wf_event_write(&event, line, &length, &err), WF_OK);
        line[wf_random_below(&stream, length)] = (char)(' ' + wf_random_below(&stream, 95));
        if (wf_event_read(line, length, &lists, &read, &err) != WF_OK) {
            assert_true(err.text[0] != '\0');
            refused++;
            continue;
        }
        assert_int_equal(wf_event_write(&read, again, &length, &err), WF_OK);
        taken++;
    }
    assert_true(refused > EVENTS / 10 && taken > EVENTS / 100);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(every_event_comes_back_as_it_was),
        cmocka_unit_test(a_changed_letter_is_refused_or_understood),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
