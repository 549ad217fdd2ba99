// SPDX-License-Identifier: Apache-2.0
#include "explain/wait_remedy.h"

#include <stdlib.h>

#include "core/discipline/discipline.h"
#include "core/explain/remedy.h"
#include "core/schedule/schedule.h"
#include "explain/trial.h"

enum {
    ATTEMPTS_MAX = 48,
    QUEUES_TRIED = 8,
    LIMITS_MAX = 256, // lengths of time until start times that are kept
    RELEASE_PPM = 100000,
    PRIORITY_PPM = 500000,
    QUEUE_PPM = 300000,
    REQUESTS = WF_CHANGE_COUNT + 2, // one kind alone, all of them, all of them in kept room
    REQUEST_ALL = WF_CHANGE_COUNT,
    REQUEST_UNKEPT,
};
#define MINUTE_MS INT64_C(60000)
#define DOLLAR INT64_C(1000000000)

// The least changes of the request after which there is room now.
struct requests {
    struct wf_remedy list[REQUESTS];
};

struct search {
    const struct wf_wait_driver *driver;
    const struct wf_schedule *schedule;
    const struct wf_wait_explanation *explanation;
    const struct wf_discipline *discipline;
    struct requests requests;
    struct wf_wait_remedy attempts[ATTEMPTS_MAX];
    uint32_t count;
    uint32_t trials;
    int64_t limits[LIMITS_MAX]; // that a job may ask for to be gone before a kept start, ascending
    uint32_t limit_count;
};

struct trial {
    const struct wf_wait_driver *driver;
    const struct wf_wait_remedy *remedy;
    int64_t now_ms;
    int64_t cycle_ms;
};

static void try_in_copy(void *context, void *answer)
{
    const struct trial *trial = context;
    bool *starts = answer;
    struct wf_error err;
    const struct wf_wait_remedy *remedy = trial->remedy;
    const struct wf_wait_driver *driver = trial->driver;
    struct wf_event event = {.time_ms = trial->now_ms, .kind = WF_EVENT_TIME};
    if (remedy->changes_job) {
        event.kind = WF_EVENT_JOB_CHANGE;
        event.job_change = remedy->after;
    }
    enum wf_status status = driver->change(driver->context, &event, &err);
    for (uint32_t i = 0; i < remedy->queue_count && status == WF_OK; i++) {
        event = (struct wf_event){.time_ms = trial->now_ms, .kind = WF_EVENT_QUEUE};
        event.queue.id = remedy->queues[i].id;
        event.queue.spec = remedy->queues[i].after;
        status = driver->change(driver->context, &event, &err);
    }
    if (status == WF_OK && trial->cycle_ms > 0) {
        status = driver->advance(driver->context, trial->now_ms + trial->cycle_ms, &err);
    }
    *starts =
        status == WF_OK && driver->has_started(driver->context, remedy->before.id, trial->now_ms);
}

enum wf_status wf_wait_remedy_try(const struct wf_wait_driver *driver,
                                  const struct wf_wait_remedy *remedy, int64_t now_ms,
                                  const struct wf_discipline *discipline, bool *starts_out,
                                  struct wf_error *err)
{
    struct trial trial = {driver, remedy, now_ms, discipline->cycle_ms};
    return wf_trial(try_in_copy, &trial, starts_out, sizeof *starts_out, err);
}

// Looks for changes of the request in a copy, where the room that is kept for this very job, and in
// the end that for all others, is given back.
static void find_requests(void *context, void *answer)
{
    const struct search *search = context;
    struct requests *requests = answer;
    const struct wf_ticket *ticket = search->explanation->ticket;
    const struct wf_core *core = search->driver->core;
    struct wf_future *future = search->schedule->future;
    struct wf_error err;
    struct wf_remedy_scratch *scratch;
    uint32_t nodes = wf_core_cluster(core)->nodes_end;
    if (ticket->reservation != WF_NONE) {
        wf_future_cancel(future, ticket->reservation);
    }
    wf_future_settle(future);
    if (wf_remedy_scratch_create(nodes, &scratch, &err) != WF_OK) {
        return;
    }
    for (uint32_t i = 0; i < REQUESTS; i++) {
        for (uint32_t node = 0; i == REQUEST_UNKEPT && node < nodes; node++) {
            wf_future_lift(future, node);
        }
        uint32_t kinds = i < WF_CHANGE_COUNT ? UINT32_C(1) << i : WF_CHANGE_ALL;
        if (wf_remedy_find(core, &ticket->spec, kinds, scratch, &requests->list[i], &err) !=
            WF_OK) {
            requests->list[i].found = false;
        }
    }
}

static int compare_limits(const void *left, const void *right)
{
    int64_t a = *(const int64_t *)left, b = *(const int64_t *)right;
    return (a > b) - (a < b);
}

// A job that is gone before a start time that is kept may use the room until then. Whole minutes,
// because that is how limits are told and asked for.
static void list_limits(struct search *search)
{
    const struct wf_future *future = search->schedule->future;
    const struct wf_ticket *ticket = search->explanation->ticket;
    int64_t asked_ms = ticket->spec.wait.limit_ms;
    for (uint32_t i = wf_future_first(future); i != WF_NONE && search->limit_count < LIMITS_MAX;
         i = wf_future_next(future, i)) {
        int64_t limit_ms = wf_future_start_ms(future, i) - search->explanation->now_ms;
        limit_ms -= limit_ms % MINUTE_MS;
        if (i != ticket->reservation && limit_ms >= MINUTE_MS &&
            (asked_ms == 0 || limit_ms < asked_ms)) {
            search->limits[search->limit_count++] = limit_ms;
        }
    }
    qsort(search->limits, search->limit_count, sizeof search->limits[0], compare_limits);
}

static uint64_t part_ppm(int64_t part, int64_t whole)
{
    if (part <= 0) {
        return 0;
    }
    wf_int128 ppm =
        ((wf_int128)part * WF_PPM + (whole > 0 ? whole : part) - 1) / (whole > 0 ? whole : part);
    return ppm < INT64_MAX ? (uint64_t)ppm : INT64_MAX;
}

// The queue as it would have to be, on the list of those that change.
static struct wf_queue_spec *queue_to_change(struct wf_wait_remedy *remedy, wf_queue_id id,
                                             const struct wf_queue_spec *spec)
{
    for (uint32_t i = 0; i < remedy->queue_count; i++) {
        if (remedy->queues[i].id.index == id.index) {
            return &remedy->queues[i].after;
        }
    }
    struct wf_wait_remedy_queue *queue = &remedy->queues[remedy->queue_count++];
    *queue = (struct wf_wait_remedy_queue){id, *spec, *spec};
    return &queue->after;
}

static int64_t rounded_up(int64_t value, int64_t unit)
{
    return (value + unit - 1) / unit * unit;
}

// Makes limits and budgets as large as the changed job needs them, in whole GPUs and dollars, with
// so much more for those who would take it first.
static void raise_queues(const struct search *search, struct wf_wait_remedy *remedy,
                         int64_t more_milli)
{
    const struct wf_job_spec *job = &remedy->after;
    int64_t gpu_milli = wf_job_gpu_milli(job);
    struct wf_queue_bid bid = search->explanation->bid;
    if (bid.gpu_milli > 0) {
        bid.nanousd_per_hour =
            (int64_t)((wf_int128)bid.nanousd_per_hour * gpu_milli / bid.gpu_milli + 1);
    }
    bid.gpu_milli = gpu_milli;
    struct wf_queue_view view;
    for (wf_queue_id at = job->wait.queue;
         at.index != WF_NONE && wf_queues_view(search->schedule->queues, at, &view);
         at = view.spec.parent) {
        int64_t limit = view.spec.limit_gpu_milli;
        if (limit > 0 && gpu_milli > 0 && view.used_gpu_milli + gpu_milli > limit) {
            int64_t wanted = rounded_up(view.used_gpu_milli + gpu_milli + more_milli, WF_GPU_MILLI);
            queue_to_change(remedy, at, &view.spec)->limit_gpu_milli = wanted;
            remedy->kinds |= WF_WAIT_CHANGE_BIT(QUEUE_LIMIT);
            remedy->size_ppm += part_ppm(wanted - limit, limit);
        }
        for (uint32_t window = 0; window < WF_WINDOWS; window++) {
            const struct wf_budget *budget = &view.spec.budgets[window];
            struct wf_queue_budget_view stands =
                wf_queues_budget(search->schedule->queues, at, (enum wf_budget_window)window, bid);
            if (budget->action != WF_BUDGET_HOLD || !stands.is_passed) {
                continue;
            }
            int64_t wanted = rounded_up(wf_money_nanousd(stands.taken + stands.cost), DOLLAR);
            queue_to_change(remedy, at, &view.spec)->budgets[window].limit_nanousd = wanted;
            remedy->kinds |= WF_WAIT_CHANGE_BIT(BUDGET);
            remedy->size_ppm += part_ppm(wanted - budget->limit_nanousd, budget->limit_nanousd);
        }
    }
}

// What somebody has to allow before anything else can help.
static void lift_gates(const struct search *search, struct wf_wait_remedy *remedy)
{
    struct wf_wait_spec *wait = &remedy->after.wait;
    uint32_t blockers = search->explanation->blockers;
    if (blockers & WF_WAIT_BIT(HELD)) {
        wait->held = false;
        remedy->kinds |= WF_WAIT_CHANGE_BIT(RELEASE);
        remedy->size_ppm += RELEASE_PPM;
    }
    if (blockers & WF_WAIT_BIT(BEGIN)) {
        wait->begin_ms = 0;
        remedy->kinds |= WF_WAIT_CHANGE_BIT(BEGIN);
        remedy->size_ppm += RELEASE_PPM;
    }
    if (blockers & WF_WAIT_BIT(ARRAY)) {
        wait->array_max = search->explanation->array_running + 1;
        remedy->kinds |= WF_WAIT_CHANGE_BIT(ARRAY_MAX);
        remedy->size_ppm += part_ppm(wait->array_max - (int64_t)remedy->before.wait.array_max,
                                     remedy->before.wait.array_max);
    }
}

static struct wf_wait_remedy nothing(const struct search *search)
{
    const struct wf_job_spec *job = &search->explanation->ticket->spec;
    return (struct wf_wait_remedy){.before = *job, .after = *job};
}

static void set_request(struct wf_wait_remedy *remedy, const struct wf_change *change)
{
    struct wf_wait_spec wait = remedy->after.wait;
    remedy->change = *change;
    remedy->after = wf_change_apply(&remedy->before, change);
    remedy->after.wait = wait;
    remedy->size_ppm += wf_change_ppm(&remedy->before, change);
}

static void set_limit(struct wf_wait_remedy *remedy, int64_t limit_ms)
{
    int64_t asked_ms = remedy->before.wait.limit_ms;
    remedy->after.wait.limit_ms = limit_ms;
    remedy->kinds |= WF_WAIT_CHANGE_BIT(LIMIT);
    remedy->size_ppm += asked_ms > 0 ? part_ppm(asked_ms - limit_ms, asked_ms) : WF_PPM;
}

// Above all that wait.
static void set_priority(const struct search *search, struct wf_wait_remedy *remedy)
{
    const struct wf_backlog *backlog = &search->schedule->backlog;
    int32_t priority = remedy->before.wait.priority;
    for (uint32_t i = 0; i < backlog->used_count; i++) {
        int32_t other = backlog->lanes[backlog->used[i]].priority;
        priority = other > priority ? other : priority;
    }
    remedy->after.wait.priority = priority < INT32_MAX ? priority + 1 : priority;
    remedy->kinds |= WF_WAIT_CHANGE_BIT(PRIORITY);
    remedy->size_ppm += PRIORITY_PPM;
}

static void set_queue(struct wf_wait_remedy *remedy, uint32_t queue)
{
    remedy->after.wait.queue.index = queue;
    remedy->kinds |= WF_WAIT_CHANGE_BIT(QUEUE);
    remedy->size_ppm += QUEUE_PPM;
}

static uint32_t kinds_of(const struct wf_wait_remedy *remedy)
{
    return (uint32_t)__builtin_popcount(remedy->kinds) +
           (uint32_t)__builtin_popcount(wf_change_kinds(&remedy->change));
}

// Puts an attempt where it belongs in the order of size.
static void insert(struct search *search, struct wf_wait_remedy *remedy)
{
    if (search->count == ATTEMPTS_MAX) {
        return;
    }
    remedy->changes_job =
        (remedy->kinds & ~(WF_WAIT_CHANGE_BIT(QUEUE_LIMIT) | WF_WAIT_CHANGE_BIT(BUDGET))) != 0 ||
        wf_change_kinds(&remedy->change) != 0;
    remedy->is_needed = remedy->changes_job || remedy->queue_count > 0;
    uint32_t at = search->count++;
    for (; at > 0; at--) {
        const struct wf_wait_remedy *before = &search->attempts[at - 1];
        uint32_t kinds = kinds_of(remedy), others = kinds_of(before);
        if (others < kinds || (others == kinds && before->size_ppm <= remedy->size_ppm)) {
            break;
        }
        search->attempts[at] = *before;
    }
    search->attempts[at] = *remedy;
}

// The same with what somebody has to allow, and with what limits and budgets need.
static void add(struct search *search, struct wf_wait_remedy *remedy, bool raise)
{
    lift_gates(search, remedy);
    if (raise) {
        raise_queues(search, remedy, 0);
    }
    insert(search, remedy);
}

static enum wf_status try_one(struct search *search, const struct wf_wait_remedy *remedy,
                              bool *starts_out, struct wf_error *err)
{
    search->trials++;
    return wf_wait_remedy_try(search->driver, remedy, search->explanation->now_ms,
                              search->discipline, starts_out, err);
}

static enum wf_status try_limit(struct search *search, uint32_t at, bool *starts_out,
                                struct wf_error *err)
{
    struct wf_wait_remedy remedy = nothing(search);
    set_limit(&remedy, search->limits[at]);
    lift_gates(search, &remedy);
    raise_queues(search, &remedy, 0);
    remedy.changes_job = true;
    return try_one(search, &remedy, starts_out, err);
}

// The longest limit with which the job starts, if any: with a shorter one it starts, too.
static enum wf_status add_limits(struct search *search, struct wf_error *err)
{
    bool starts = false;
    enum wf_status status = WF_OK;
    if (search->limit_count > 0) {
        status = try_limit(search, 0, &starts, err);
    }
    if (status != WF_OK || !starts) {
        return status;
    }
    uint32_t low = 1, high = search->limit_count; // all below low start, none from high on
    while (low < high && status == WF_OK) {
        uint32_t middle = low + (high - low) / 2;
        status = try_limit(search, middle, &starts, err);
        low = starts ? middle + 1 : low;
        high = starts ? high : middle;
    }
    struct wf_wait_remedy remedy = nothing(search);
    set_limit(&remedy, search->limits[low - 1]);
    add(search, &remedy, true);
    return status;
}

// The fewest steps of one kind after which the job fits under the limits of its queues.
static void add_smaller(struct search *search, enum wf_change_kind kind)
{
    const struct wf_job_spec *job = &search->explanation->ticket->spec;
    int64_t room_milli = INT64_MAX;
    for (uint32_t i = 0; i < search->explanation->limit_count; i++) {
        const struct wf_wait_limit *limit = &search->explanation->limits[i];
        int64_t left = limit->limit_gpu_milli - limit->used_gpu_milli;
        room_milli = left < room_milli ? left : room_milli;
    }
    struct wf_change change = {.steps = {0}};
    uint32_t max = wf_change_steps_max(job, kind);
    uint32_t at_least =
        search->requests.list[kind].found ? search->requests.list[kind].change.steps[kind] : 0;
    for (change.steps[kind] = at_least > 1 ? at_least : 1; change.steps[kind] <= max;
         change.steps[kind]++) {
        struct wf_job_spec smaller = wf_change_apply(job, &change);
        if (wf_job_gpu_milli(&smaller) <= room_milli) {
            struct wf_wait_remedy remedy = nothing(search);
            set_request(&remedy, &change);
            add(search, &remedy, false);
            return;
        }
    }
}

// Leaves other than the job's own, those with the most of their guarantee unused first.
static void add_queues(struct search *search)
{
    uint32_t chosen[QUEUES_TRIED];
    int64_t unused[QUEUES_TRIED];
    uint32_t count = 0;
    struct wf_queue_view view;
    uint32_t own = search->explanation->ticket->spec.wait.queue.index;
    for (uint32_t i = 0; wf_queues_view(search->schedule->queues, (wf_queue_id){i}, &view); i++) {
        if (view.children > 0 || i == own) {
            continue;
        }
        int64_t left = view.spec.guarantee_gpu_milli - view.used_gpu_milli;
        uint32_t at = count < QUEUES_TRIED ? count : QUEUES_TRIED;
        for (; at > 0 && left > unused[at - 1]; at--) {
            if (at < QUEUES_TRIED) {
                chosen[at] = chosen[at - 1];
                unused[at] = unused[at - 1];
            }
        }
        if (at < QUEUES_TRIED) {
            chosen[at] = i;
            unused[at] = left;
            count += count < QUEUES_TRIED;
        }
    }
    for (uint32_t i = 0; i < count; i++) {
        struct wf_wait_remedy remedy = nothing(search);
        set_queue(&remedy, chosen[i]);
        add(search, &remedy, false);
    }
}

static void add_requests(struct search *search)
{
    for (uint32_t i = 0; i < REQUEST_UNKEPT; i++) {
        const struct wf_remedy *request = &search->requests.list[i];
        if (!request->found || request->kinds == 0) {
            continue;
        }
        struct wf_wait_remedy remedy = nothing(search);
        set_request(&remedy, &request->change);
        add(search, &remedy, true);
        if (search->explanation->ahead.jobs_all > 0) {
            remedy = nothing(search);
            set_request(&remedy, &request->change);
            set_priority(search, &remedy);
            add(search, &remedy, true);
        }
    }
    const struct wf_remedy *unkept = &search->requests.list[REQUEST_UNKEPT];
    if (unkept->found && search->limit_count > 0) {
        struct wf_wait_remedy remedy = nothing(search);
        set_request(&remedy, &unkept->change);
        set_limit(&remedy, search->limits[0]);
        add(search, &remedy, true);
    }
}

static enum wf_status list_attempts(struct search *search, struct wf_error *err)
{
    struct wf_wait_remedy remedy = nothing(search);
    add(search, &remedy, true);
    if (search->explanation->limit_count > 0) {
        add_smaller(search, WF_CHANGE_TASKS);
        add_smaller(search, WF_CHANGE_GPUS);
        remedy = nothing(search);
        lift_gates(search, &remedy);
        raise_queues(search, &remedy, search->explanation->ahead.gpu_milli_all);
        insert(search, &remedy);
    }
    add_queues(search);
    if (search->explanation->ahead.jobs_all > 0) {
        remedy = nothing(search);
        set_priority(search, &remedy);
        add(search, &remedy, true);
    }
    add_requests(search);
    return add_limits(search, err);
}

static enum wf_status try_all(struct search *search, struct wf_wait_remedy *out,
                              struct wf_error *err)
{
    for (uint32_t i = 0; i < search->count; i++) {
        bool starts = false;
        enum wf_status status = try_one(search, &search->attempts[i], &starts, err);
        if (status != WF_OK) {
            return status;
        }
        if (starts) {
            *out = search->attempts[i];
            out->found = true;
            break;
        }
    }
    out->trials = search->trials;
    return WF_OK;
}

enum wf_status wf_wait_remedy_find(const struct wf_wait_driver *driver,
                                   const struct wf_wait_explanation *explanation,
                                   const struct wf_discipline *discipline,
                                   struct wf_wait_remedy *out, struct wf_error *err)
{
    struct search *search = calloc(1, sizeof *search);
    if (!search) {
        return wf_fail(err, WF_NOMEM, "no memory to look for a change that helps");
    }
    search->driver = driver;
    search->schedule = wf_core_schedule(driver->core);
    search->explanation = explanation;
    search->discipline = discipline;
    *out = nothing(search);
    enum wf_status status = WF_OK;
    // Nobody but those it waits for can lift that.
    if ((explanation->blockers & WF_WAIT_BIT(DEPENDENCY)) == 0) {
        status = wf_trial(find_requests, search, &search->requests, sizeof search->requests, err);
        list_limits(search);
        status = status == WF_OK ? list_attempts(search, err) : status;
        status = status == WF_OK ? try_all(search, out, err) : status;
    }
    free(search);
    return status;
}
