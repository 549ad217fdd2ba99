// SPDX-License-Identifier: Apache-2.0
// Keeps the core's books of work that others asked for in line with what its engine tells. The
// engine is the truth about what runs. A run that the core has otherwise, or not at all, is
// crooked: all such runs leave the core's books at once and are found again, each with as much of
// what it has as is left, so that those who changed places do not stand in each other's way. What
// finds no place at all is held in the core, so that nobody starts it a second time. Runs that were
// decided and have not begun stand back: they get what is left on their nodes, or are decided anew.
#include <stdio.h>
#include <string.h>

#include "base/assert.h"
#include "core/schedule/schedule.h"
#include "daemon/desk/foreign_parts.h"

// What a run has on a node, or what the core has of it there.
struct sum {
    int64_t cpu_milli, memory_mib, gpu_milli;
    uint32_t gpu_set;
};

const struct wf_ticket *wf_desk_foreign_ticket(const struct wf_desk *desk,
                                               const struct wf_book_job *job)
{
    uint32_t slot = wf_cluster_find_job(wf_core_cluster(desk->world.core), (wf_job_id){job->id});
    return slot == WF_NONE ? NULL : &wf_core_schedule(desk->world.core)->backlog.tickets[slot];
}

bool wf_desk_foreign_runs_in_core(const struct wf_desk *desk, const struct wf_book_job *job)
{
    const struct wf_ticket *ticket = job->in_core ? wf_desk_foreign_ticket(desk, job) : NULL;
    return ticket && ticket->phase == WF_PHASE_RUNNING;
}

static void step(struct wf_desk *desk, struct wf_event *event)
{
    // What the core was asked before, so that it can take this.
    enum wf_status status = wf_desk_step(desk, event, NULL);
    WF_ASSERT(status == WF_OK);
}

void wf_desk_foreign_again(struct wf_desk *desk, struct wf_book_job *job)
{
    struct wf_event event = {.kind = WF_EVENT_JOB_END, .job_end = {.id = {job->id}, .again = true}};
    if (wf_desk_foreign_runs_in_core(desk, job)) {
        step(desk, &event);
    }
}

void wf_desk_foreign_settle_hold(struct wf_desk *desk, struct wf_book_job *job)
{
    const struct wf_ticket *ticket = job->in_core ? wf_desk_foreign_ticket(desk, job) : NULL;
    bool runs = job->run && job->run->started_ms > 0;
    bool held = job->work->held || job->work->held_here || job->work->is_odd || runs;
    if (ticket && ticket->phase != WF_PHASE_RUNNING && ticket->spec.wait.held != held) {
        struct wf_event event = {.kind = WF_EVENT_JOB_HOLD, .job_hold = {{job->id}, held}};
        step(desk, &event);
    }
}

static bool same_request(const struct wf_request *a, const struct wf_request *b)
{
    return a->cpu_milli == b->cpu_milli && a->memory_mib == b->memory_mib && a->gpus == b->gpus &&
           a->gpu_milli == b->gpu_milli && a->models == b->models && a->labels == b->labels &&
           a->apart == b->apart;
}

// But for what was learned of how long it runs.
static bool same_wish(const struct wf_job_spec *a, const struct wf_job_spec *b)
{
    const struct wf_wait_spec *one = &a->wait, *other = &b->wait;
    return same_request(&a->request, &b->request) && a->tasks == b->tasks &&
           one->queue.index == other->queue.index && one->priority == other->priority &&
           one->preemptible == other->preemptible && one->within == other->within &&
           one->array == other->array && one->array_max == other->array_max &&
           one->begin_ms == other->begin_ms && one->deadline_ms == other->deadline_ms &&
           one->limit_ms == other->limit_ms && one->overruns == other->overruns &&
           one->checkpoint_ms == other->checkpoint_ms;
}

// Errors: the core's.
static enum wf_status change(struct wf_desk *desk, struct wf_book_job *job,
                             const struct wf_job_spec *spec, struct wf_error *err)
{
    struct wf_event event = {.kind = WF_EVENT_JOB_CHANGE, .job_change = *spec};
    event.job_change.wait.held = wf_desk_foreign_ticket(desk, job)->spec.wait.held;
    event.job_change.wait.after = NULL;
    event.job_change.wait.after_count = 0;
    enum wf_status status = wf_desk_step(desk, &event, err);
    if (status == WF_OK) {
        job->tasks = spec->tasks;
        job->request = spec->request;
        job->queue = spec->wait.queue.index;
    }
    return status;
}

void wf_desk_foreign_settle_wish(struct wf_desk *desk, struct wf_book_job *job)
{
    const struct wf_ticket *ticket = job->in_core ? wf_desk_foreign_ticket(desk, job) : NULL;
    struct wf_book_work *work = job->work;
    if (!ticket || ticket->phase == WF_PHASE_RUNNING) {
        return;
    }
    struct wf_job_spec spec = work->wanted;
    spec.wait.begin_ms =
        work->not_before_ms > spec.wait.begin_ms ? work->not_before_ms : spec.wait.begin_ms;
    struct wf_error why;
    if (!same_wish(&spec, &ticket->spec) && change(desk, job, &spec, &why) != WF_OK) {
        work->is_odd = true; // what the core cannot take is not its to start
        snprintf(work->why, sizeof work->why, "%.*s", (int)sizeof work->why - 1, why.text);
    }
}

static void add(struct sum *sum, int64_t sign, const struct wf_book_place *place)
{
    sum->cpu_milli += sign * (int64_t)place->cpu_milli;
    sum->memory_mib += sign * (int64_t)place->memory_mib;
    sum->gpu_milli += sign * (int64_t)place->gpus * place->gpu_milli;
}

// What the core has of the job on a node.
static struct sum sum_in_core(const struct wf_desk *desk, const struct wf_book_job *job,
                              uint32_t node, uint32_t *count)
{
    const struct wf_cluster *cluster = wf_core_cluster(desk->world.core);
    uint32_t slot = wf_cluster_find_job(cluster, (wf_job_id){job->id});
    struct sum sum = {0};
    uint32_t at = slot == WF_NONE ? WF_NONE : cluster->jobs[slot].first_placement;
    for (; at != WF_NONE; at = cluster->placements[at].next_of_job) {
        const struct wf_placement *placement = &cluster->placements[at];
        if (placement->node == node) {
            sum.cpu_milli += placement->cpu_milli;
            sum.memory_mib += placement->memory_mib;
            sum.gpu_milli += (int64_t)placement->gpus * placement->gpu_milli;
            sum.gpu_set |= placement->gpu_set;
            (*count)++;
        }
    }
    return sum;
}

static bool knows_gpus(const struct wf_book_place *place)
{
    return (uint32_t)__builtin_popcount(place->gpu_set) >= place->gpus;
}

static uint32_t count_in_core(const struct wf_desk *desk, const struct wf_book_job *job)
{
    const struct wf_cluster *cluster = wf_core_cluster(desk->world.core);
    uint32_t slot = wf_cluster_find_job(cluster, (wf_job_id){job->id});
    uint32_t count = 0;
    uint32_t at = slot == WF_NONE ? WF_NONE : cluster->jobs[slot].first_placement;
    for (; at != WF_NONE; at = cluster->placements[at].next_of_job) {
        count++;
    }
    return count;
}

bool wf_desk_foreign_is_straight(const struct wf_desk *desk, const struct wf_book_run *run)
{
    uint32_t count = 0;
    for (uint32_t i = 0; i < run->place_count; i++) {
        const struct wf_book_place *place = &run->places[i];
        struct sum sum = sum_in_core(desk, run->job, place->node, &count);
        bool gpus = !knows_gpus(place) || sum.gpu_set == place->gpu_set;
        add(&sum, -1, place);
        if (sum.cpu_milli != 0 || sum.memory_mib != 0 || sum.gpu_milli != 0 || !gpus) {
            return false;
        }
    }
    return run->place_count > 0 && count == count_in_core(desk, run->job);
}

// Whether the core has it running by its own decision, which nobody has carried out yet.
static bool is_plan(const struct wf_desk *desk, const struct wf_book_run *run)
{
    return run && run->started_ms == 0 && run->job->run == run &&
           wf_desk_foreign_runs_in_core(desk, run->job);
}

// What nobody who runs has of a node in the core, whatever is planned or kept there for later.
static void find_free(const struct wf_desk *desk, uint32_t node, struct sum *free_out,
                      uint32_t gpu_milli[WF_NODE_GPUS_MAX])
{
    const struct wf_cluster *cluster = wf_core_cluster(desk->world.core);
    const struct wf_node_spec *spec = &cluster->nodes[node].spec;
    *free_out = (struct sum){.cpu_milli = spec->cpu_milli, .memory_mib = spec->memory_mib};
    for (uint32_t i = 0; i < WF_NODE_GPUS_MAX; i++) {
        gpu_milli[i] = i < spec->gpus ? WF_GPU_MILLI : 0;
    }
    for (uint32_t at = cluster->nodes[node].first_placement; at != WF_NONE;
         at = cluster->placements[at].next_on_node) {
        const struct wf_placement *placement = &cluster->placements[at];
        uint64_t id = cluster->jobs[placement->job].id.number;
        const struct wf_book_job *job = wf_book_find(&desk->world.book, id);
        if (job && is_plan(desk, job->run)) {
            continue;
        }
        free_out->cpu_milli -= placement->cpu_milli;
        free_out->memory_mib -= placement->memory_mib;
        for (uint32_t rest = placement->gpu_set; rest; rest &= rest - 1) {
            gpu_milli[__builtin_ctz(rest)] -= placement->gpu_milli;
        }
    }
}

// Whether the core could have more of what the run has on a node than it has.
static bool could_have_more(const struct wf_desk *desk, const struct wf_book_run *run,
                            const struct wf_book_place *place)
{
    const struct wf_cluster *cluster = wf_core_cluster(desk->world.core);
    if (place->node == WF_NONE || !cluster->nodes[place->node].up) {
        return false;
    }
    struct sum left;
    uint32_t gpu_milli[WF_NODE_GPUS_MAX], count = 0;
    find_free(desk, place->node, &left, gpu_milli);
    struct sum has = sum_in_core(desk, run->job, place->node, &count);
    bool more = count == 0 || (left.cpu_milli > 0 && has.cpu_milli < place->cpu_milli) ||
                (left.memory_mib > 0 && has.memory_mib < place->memory_mib);
    bool lacks = has.gpu_milli < (int64_t)place->gpus * place->gpu_milli;
    for (uint32_t gpu = 0; gpu < WF_NODE_GPUS_MAX && lacks && !more; gpu++) {
        bool wanted = !knows_gpus(place) || (place->gpu_set >> gpu & 1) != 0;
        more = wanted && (has.gpu_set >> gpu & 1) == 0 && gpu_milli[gpu] >= place->gpu_milli;
    }
    return more;
}

static bool is_to_be_told(const struct wf_desk *desk, const struct wf_book_run *run)
{
    const struct wf_book_job *job = run->job;
    bool may = run->is_crooked && job->run == run && job->in_core && run->started_ms > 0;
    bool told = may && run->is_fresh;
    for (uint32_t i = 0; i < run->place_count && may && !told; i++) {
        told = could_have_more(desk, run, &run->places[i]);
    }
    return told;
}

// A place for each task at least, and time for what the core finds of it.
static void find_tasks(struct wf_desk *desk, struct wf_book_run *run)
{
    struct wf_book_job *job = run->job;
    const struct wf_ticket *ticket = wf_desk_foreign_ticket(desk, job);
    if (run->place_count > ticket->spec.tasks) {
        struct wf_job_spec spec = ticket->spec;
        spec.tasks = run->place_count < WF_JOB_TASKS_MAX ? run->place_count : WF_JOB_TASKS_MAX;
        (void)!change(desk, job, &spec, NULL); // else fewer are found
    }
    int64_t now_ms = wf_desk_now_ms(desk);
    for (uint32_t i = 0; i < run->place_count; i++) {
        const struct wf_book_place *place = &run->places[i];
        struct wf_event event = {
            .kind = WF_EVENT_TASK_FOUND,
            .task_found = {.job = {job->id},
                           .task = i,
                           .node = {place->node},
                           .gpus = place->gpu_set,
                           .request = {.cpu_milli = place->cpu_milli,
                                       .memory_mib = place->memory_mib,
                                       .gpus = place->gpus,
                                       .gpu_milli = place->gpu_milli,
                                       .models = WF_ANY_MODEL,
                                       .place = {WF_ANYWHERE, WF_ANYWHERE, WF_ANYWHERE}},
                           .started_ms = run->started_ms < now_ms ? run->started_ms : now_ms,
                           .anyway = true}};
        // What the core cannot take stays crooked.
        (void)!wf_desk_step(desk, &event, NULL);
    }
}

static void say_crooked(struct wf_desk *desk, struct wf_book_run *run)
{
    char why[256];
    bool known = wf_desk_foreign_runs_in_core(desk, run->job);
    snprintf(why, sizeof why, "it runs on %.120s, %s", run->nodes ? run->nodes : "?",
             known ? "which has less free than it uses by what is known here"
                   : "of which nothing is known here");
    if (!run->is_said) {
        wf_desk_tell_job(desk, run->job, "crooked", why);
        run->is_said = true;
    }
}

static bool shares_node(const struct wf_book_run *a, const struct wf_book_run *b)
{
    for (uint32_t i = 0; i < a->place_count; i++) {
        for (uint32_t k = 0; k < b->place_count; k++) {
            if (a->places[i].node == b->places[k].node) {
                return true;
            }
        }
    }
    return false;
}

// Plans on nodes where runs are found anew.
static void mark_plans(struct wf_desk *desk)
{
    for (struct wf_book_run *plan = desk->world.book.runs; plan; plan = plan->next) {
        bool marked = false;
        for (const struct wf_book_run *run = desk->world.book.runs;
             run && !marked && is_plan(desk, plan); run = run->next) {
            marked = run->is_fresh && run->started_ms > 0 && shares_node(plan, run);
        }
        plan->is_fresh = plan->is_fresh || marked;
    }
}

// Puts a plan that was lifted back on its nodes, on whatever GPUs are left there. Returns whether
// all of it has room.
static bool find_plan(struct wf_desk *desk, struct wf_book_run *plan)
{
    const struct wf_book_job *job = plan->job;
    const struct wf_request request = wf_desk_foreign_ticket(desk, job)->spec.request;
    struct sum wanted = {.cpu_milli = 0}, got = {.cpu_milli = 0};
    for (uint32_t i = 0; i < plan->place_count; i++) {
        add(&wanted, 1, &plan->places[i]);
    }
    for (uint32_t task = 0; task < job->tasks; task++) {
        struct wf_event event = {.kind = WF_EVENT_TASK_FOUND,
                                 .task_found = {.job = {job->id},
                                                .task = task,
                                                .node = {plan->task_nodes[task]},
                                                .request = request,
                                                .anyway = true}};
        (void)!wf_desk_step(desk, &event, NULL);
    }
    wf_desk_foreign_read_places(desk, plan);
    for (uint32_t i = 0; i < plan->place_count; i++) {
        add(&got, 1, &plan->places[i]);
    }
    return got.cpu_milli == wanted.cpu_milli && got.memory_mib == wanted.memory_mib &&
           got.gpu_milli == wanted.gpu_milli;
}

static void give_up_plan(struct wf_desk *desk, struct wf_book_run *plan)
{
    struct wf_book_job *job = plan->job;
    bool may_come = plan->phase == WF_BOOK_STARTED;
    if (may_come && job->old) {
        return; // there is nobody to tell of two
    }
    wf_desk_tell_job(desk, job, "preempted", "others run where it was to start");
    if (may_come) {
        job->old = plan;
        job->run = NULL;
        wf_desk_stop_run(desk, plan, WF_RUN_STOP_WITHDRAWN);
    } else {
        wf_desk_drop_run(desk, plan, WF_RUN_END_PREEMPTED);
    }
    wf_desk_foreign_again(desk, job);
    wf_desk_foreign_settle_wish(desk, job);
    wf_desk_foreign_settle_hold(desk, job);
}

static void find_runs(struct wf_desk *desk)
{
    for (struct wf_book_run *run = desk->world.book.runs; run; run = run->next) {
        if (run->is_fresh && run->started_ms > 0) {
            find_tasks(desk, run);
            run->is_fresh = false;
            run->is_crooked = !wf_desk_foreign_is_straight(desk, run);
        }
        if (run->is_crooked && run->job->run == run && run->job->in_core) {
            say_crooked(desk, run);
        }
        if (run->job->run == run) {
            wf_desk_foreign_settle_hold(desk, run->job);
        }
    }
}

void wf_desk_foreign_straighten(struct wf_desk *desk)
{
    // Lifted first, all of them: who is lifted is fresh from here on.
    for (struct wf_book_run *run = desk->world.book.runs; run; run = run->next) {
        run->is_fresh = is_to_be_told(desk, run);
    }
    mark_plans(desk);
    for (struct wf_book_run *run = desk->world.book.runs; run; run = run->next) {
        if (run->is_fresh) {
            wf_desk_foreign_again(desk, run->job);
        }
    }
    find_runs(desk);
    for (struct wf_book_run *run = desk->world.book.runs, *next; run; run = next) {
        next = run->next;
        bool lifted = run->is_fresh;
        run->is_fresh = false;
        if (lifted && !find_plan(desk, run)) {
            give_up_plan(desk, run);
        }
    }
}
