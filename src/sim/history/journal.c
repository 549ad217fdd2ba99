// SPDX-License-Identifier: Apache-2.0
// A journal of our own as a history. It holds what the core was told, not what it decided; so the
// events are stepped through a core as when the journal was made, and its decisions tell when each
// job started. The hashes in the journal show that they are the same decisions.
//
// A damaged line is final, since whatever follows would be told to a core that missed something.
// Only the last line may be cut short: it is left out, and counted as damaged.
#include <stdlib.h>
#include <string.h>

#include "core/discipline/discipline.h"
#include "core/schedule/schedule.h"
#include "sim/history/index.h"
#include "sim/history/live_jobs.h"
#include "sim/history/reader.h"
#include "sim/rerun/journal_core.h"

enum { USERS_MAX = 1 << 24 }; // numbers of users that may have names

struct state {
    struct wf_journal_parser parser;
    struct wf_journal_steps steps;
    struct wf_core *core;
    struct wf_live_jobs jobs;                            // that are not over yet
    char *models[WF_MODELS_MAX], *labels[WF_LABELS_MAX]; // as they are called; NULL: not told
    uint32_t queues[WF_QUEUES_MAX];                      // their names' numbers
    struct wf_index users;                               // likewise, by number
    bool torn;                                           // the last line that was read is not whole
};

static bool recognise(const char *line)
{
    return wf_journal_recognise(line);
}

static enum wf_status create(struct wf_history *history, void **state_out, struct wf_error *err)
{
    (void)history;
    *state_out = calloc(1, sizeof(struct state));
    return *state_out ? WF_OK : wf_fail(err, WF_NOMEM, "no memory to read a journal");
}

static void destroy(void *any)
{
    struct state *state = any;
    if (!state) {
        return;
    }
    for (uint32_t i = 0; i < WF_MODELS_MAX; i++) {
        free(state->models[i]);
    }
    for (uint32_t i = 0; i < WF_LABELS_MAX; i++) {
        free(state->labels[i]);
    }
    wf_live_jobs_finish(&state->jobs);
    wf_index_finish(&state->users);
    wf_core_destroy(state->core);
    free(state);
}

static enum wf_status take_name(struct wf_history *history, struct state *state,
                                const struct wf_journal_record *record, struct wf_error *err)
{
    uint64_t number = record->name.number;
    bool model = record->name.what == WF_JOURNAL_MODEL && number < WF_MODELS_MAX;
    bool label = record->name.what == WF_JOURNAL_LABEL && number < WF_LABELS_MAX;
    if (record->name.what == WF_JOURNAL_QUEUE && number < WF_QUEUES_MAX) {
        return wf_history_name(history, record->name.text, &state->queues[number], err);
    }
    if (record->name.what == WF_JOURNAL_USER && number < USERS_MAX) {
        uint32_t name = 0;
        enum wf_status status = wf_history_name(history, record->name.text, &name, err);
        return status == WF_OK ? wf_index_set(&state->users, (uint32_t)number, name, err) : status;
    }
    if (model || label) {
        char **place = model ? &state->models[number] : &state->labels[number];
        free(*place);
        *place = strdup(record->name.text);
        return *place ? WF_OK : wf_fail(err, WF_NOMEM, "no memory for a name");
    }
    return WF_OK;
}

// What the members of a set are called, and what stands between them in a list.
struct words {
    char *const *names;
    const char *kind;
    char between;
};

// Writes the names of a set's members, as a site finds them again.
static enum wf_status name_set(struct wf_history *history, uint64_t set, const struct words *words,
                               uint32_t *number_out, struct wf_error *err)
{
    char text[4096] = "";
    size_t length = 0;
    for (; set != 0 && length < sizeof text - 1; set &= set - 1) {
        uint32_t member = (uint32_t)__builtin_ctzll(set);
        char unnamed[32];
        snprintf(unnamed, sizeof unnamed, "%s-%u", words->kind, member);
        int added =
            snprintf(text + length, sizeof text - length, "%.*s%s", length > 0, &words->between,
                     words->names[member] ? words->names[member] : unnamed);
        length += added > 0 ? (size_t)added : 0;
    }
    return length < sizeof text
               ? wf_history_name(history, text, number_out, err)
               : wf_fail(err, WF_LIMIT, "the names of %ss are too long to be listed", words->kind);
}

static enum wf_status name_number(struct wf_history *history, uint64_t number, uint32_t *name_out,
                                  struct wf_error *err)
{
    char text[24] = "";
    snprintf(text, sizeof text, "%llu", (unsigned long long)number);
    return wf_history_name(history, number > 0 ? text : "", name_out, err);
}

// Writes what a job waits for, in the words of wf_history_job.after.
static enum wf_status name_after(struct wf_history *history, const struct wf_wait_spec *wait,
                                 uint32_t *name_out, struct wf_error *err)
{
    static const char *const words[] = {[WF_AFTER_END] = "end",
                                        [WF_AFTER_SUCCESS] = "ok",
                                        [WF_AFTER_FAILURE] = "fail",
                                        [WF_AFTER_START] = "start"};
    char text[WF_JOB_AFTER_MAX * 32] = "";
    size_t length = 0;
    for (uint32_t i = 0; i < wait->after_count && i < WF_JOB_AFTER_MAX; i++) {
        length += (size_t)snprintf(text + length, sizeof text - length, "%s%s:%llu",
                                   i > 0 ? " " : "", words[wait->after[i].after],
                                   (unsigned long long)wait->after[i].job.number);
    }
    return wf_history_name(history, text, name_out, err);
}

static enum wf_status fill_names(struct wf_history *history, struct state *state,
                                 const struct wf_job_spec *spec, struct wf_history_job *job,
                                 struct wf_error *err)
{
    const struct wf_limits *limits = &state->parser.maker.core.limits;
    const struct wf_request *request = &spec->request;
    uint64_t known = limits->models < 64 ? WF_MODEL_BIT(limits->models) - 1 : UINT64_MAX;
    uint64_t models =
        request->gpus > 0 && request->models != WF_ANY_MODEL ? request->models & known : 0;
    const struct words model_words = {state->models, "model", '|'};
    const struct words label_words = {state->labels, "label", '&'};
    enum wf_status status = name_set(history, models, &model_words, &job->models, err);
    if (status == WF_OK) {
        status = name_set(history, request->labels, &label_words, &job->labels, err);
    }
    job->user = wf_index_find(&state->users, spec->wait.user);
    if (status == WF_OK && job->user == UINT32_MAX) {
        status = name_number(history, spec->wait.user, &job->user, err);
    }
    status = status == WF_OK ? name_number(history, spec->wait.array, &job->array, err) : status;
    if (status == WF_OK && spec->id.number >= WF_HISTORY_ID_NUMBER) {
        status = name_number(history, spec->id.number, &job->id, err);
    } else {
        job->id = (uint32_t)spec->id.number | WF_HISTORY_ID_NUMBER;
    }
    if (status == WF_OK) {
        status = name_after(history, &spec->wait, &job->after, err);
    }
    job->queue = state->queues[spec->wait.queue.index % WF_QUEUES_MAX];
    return status;
}

// Fills what a job asks for.
static enum wf_status fill_job(struct wf_history *history, struct state *state,
                               const struct wf_job_spec *spec, struct wf_history_job *job,
                               struct wf_error *err)
{
    job->limit_ms = spec->wait.limit_ms > 0 ? spec->wait.limit_ms : 0;
    job->deadline_ms = spec->wait.deadline_ms;
    job->priority = spec->wait.priority;
    job->tasks = spec->tasks;
    job->array_max = spec->wait.array_max;
    job->within = spec->wait.within;
    job->request = spec->request;
    job->request.models = 0;
    job->request.labels = 0;
    if (job->eligible_ms < spec->wait.begin_ms) {
        job->eligible_ms = spec->wait.begin_ms;
    }
    return fill_names(history, state, spec, job, err);
}

static enum wf_status submit(struct wf_history *history, struct state *state,
                             const struct wf_event *event, struct wf_error *err)
{
    struct wf_history_job job = {
        .submit_ms = event->time_ms,
        .eligible_ms = event->time_ms,
        .start_ms = WF_TIME_UNKNOWN,
        .end_ms = WF_TIME_UNKNOWN,
        .end = WF_ENDED_NOT_YET,
        .line = history->line,
    };
    enum wf_status status = fill_job(history, state, &event->job_submit, &job, err);
    uint32_t index = 0;
    status = status == WF_OK ? wf_history_put(history, &job, &index, err) : status;
    return status == WF_OK ? wf_live_jobs_add(&state->jobs, event->job_submit.id.number, index, err)
                           : status;
}

static struct wf_live_job *find(struct state *state, wf_job_id id)
{
    return wf_live_jobs_find(&state->jobs, id.number);
}

static void finish(struct wf_history *history, struct state *state, struct wf_live_job *live,
                   int64_t now_ms, enum wf_history_end end)
{
    struct wf_history_job *job = &history->shelf.jobs[live->index];
    job->end_ms = now_ms;
    job->end = live->running ? end : WF_ENDED_CANCELLED;
    wf_live_jobs_remove(&state->jobs, live);
}

// Returns since when nothing but room, shares and budgets kept a job waiting: not its hold, nor
// what it waited for. WF_TIME_UNKNOWN of a core without queues.
static int64_t ready_ms_of(const struct wf_core *core, wf_job_id id)
{
    const struct wf_schedule *schedule = wf_core_schedule(core);
    uint32_t slot = schedule ? wf_cluster_find_job(wf_core_cluster(core), id) : WF_NONE;
    return slot == WF_NONE ? WF_TIME_UNKNOWN : schedule->backlog.tickets[slot].ready_ms;
}

static void start(struct wf_history *history, const struct state *state, struct wf_live_job *live,
                  int64_t now_ms)
{
    struct wf_history_job *job = &history->shelf.jobs[live->index];
    int64_t ready_ms = ready_ms_of(state->core, (wf_job_id){live->number});
    if (live->running) {
        return;
    }
    if (job->restarts == 0 && ready_ms > job->eligible_ms && ready_ms <= now_ms) {
        job->eligible_ms = ready_ms;
    }
    job->start_ms = now_ms;
    live->running = true;
}

// Its work is lost. With queues it waits again, without it is over.
static void lose(struct wf_history *history, struct state *state, struct wf_live_job *live,
                 int64_t now_ms)
{
    struct wf_history_job *job = &history->shelf.jobs[live->index];
    if (live->running && state->parser.maker.discipline[0]) {
        live->running = false;
        job->start_ms = WF_TIME_UNKNOWN;
        job->restarts++;
    } else if (live->running) {
        finish(history, state, live, now_ms, WF_ENDED_NODE_FAIL);
    }
}

// What the event itself says of a job.
static void follow_event(struct wf_history *history, struct state *state,
                         const struct wf_event *event)
{
    struct wf_live_job *live = NULL;
    if (event->kind == WF_EVENT_JOB_END) {
        live = find(state, event->job_end.id);
        if (live && event->job_end.again) {
            lose(history, state, live, event->time_ms);
        } else if (live) {
            finish(history, state, live, event->time_ms,
                   event->job_end.failed ? WF_ENDED_FAILED : WF_ENDED_WELL);
        }
    } else if (event->kind == WF_EVENT_TASK_FOUND) {
        live = find(state, event->task_found.job);
        if (live) {
            start(history, state, live, event->time_ms);
        }
    } else if (event->kind == WF_EVENT_JOB_HOLD && !event->job_hold.held) {
        live = find(state, event->job_hold.id);
        if (live && history->shelf.jobs[live->index].eligible_ms < event->time_ms) {
            history->shelf.jobs[live->index].eligible_ms = event->time_ms;
        }
    }
}

static void follow(struct wf_history *history, struct state *state,
                   const struct wf_decision *decision, int64_t now_ms)
{
    struct wf_live_job *live = find(state, decision->job);
    if (!live) {
        return;
    }
    switch (decision->kind) {
    case WF_DECISION_PLACE:
        start(history, state, live, now_ms);
        break;
    case WF_DECISION_LOST:
    case WF_DECISION_PREEMPT:
        lose(history, state, live, now_ms);
        break;
    case WF_DECISION_TIMEOUT:
        finish(history, state, live, now_ms, WF_ENDED_TIMEOUT);
        break;
    case WF_DECISION_REJECT:
        finish(history, state, live, now_ms, WF_ENDED_CANCELLED);
        break;
    case WF_DECISION_REFUSE:
    case WF_DECISION_END:
    case WF_DECISION_MOVE:
    case WF_DECISION_WAIT:
        break;
    }
}

static enum wf_status take_event(struct wf_history *history, struct state *state,
                                 const struct wf_journal_record *record, struct wf_error *err)
{
    const struct wf_event *event = &record->event;
    struct wf_decisions decisions;
    if (event->time_ms < 0 || event->time_ms > WF_HISTORY_MS_MAX) {
        return wf_fail(err, WF_INVALID, "%lld ms is no time of a history",
                       (long long)event->time_ms);
    }
    enum wf_status status = wf_journal_step(&state->steps, state->core, record, &decisions, err);
    struct wf_live_job *changed =
        event->kind == WF_EVENT_JOB_CHANGE ? find(state, event->job_change.id) : NULL;
    if (status == WF_OK && event->kind == WF_EVENT_JOB_SUBMIT) {
        status = submit(history, state, event, err);
    } else if (status == WF_OK && changed) {
        struct wf_history_job *job = &history->shelf.jobs[changed->index];
        uint32_t after = job->after; // stays
        status = fill_job(history, state, &event->job_change, job, err);
        job->after = after;
    }
    if (status != WF_OK) {
        return status;
    }
    follow_event(history, state, event);
    for (uint32_t i = 0; i < decisions.count; i++) {
        follow(history, state, &decisions.list[i], event->time_ms);
    }
    return WF_OK;
}

// The head is whole: makes the core, and tells who schedules.
static enum wf_status begin(struct wf_history *history, struct state *state, struct wf_error *err)
{
    const struct wf_journal_maker *maker = &state->parser.maker;
    if (maker->discipline[0]) {
        snprintf(history->summary.policy, sizeof history->summary.policy, "%s/%s",
                 maker->discipline, maker->policy);
    }
    return wf_journal_core_create(maker, &state->core, err);
}

static enum wf_status take_record(struct wf_history *history, struct state *state,
                                  const struct wf_journal_record *record, struct wf_error *err)
{
    struct wf_decisions none;
    switch (record->kind) {
    case WF_JOURNAL_HEAD:
        history->summary.lines--;
        return state->parser.has_maker ? begin(history, state, err) : WF_OK;
    case WF_JOURNAL_NAME:
        history->summary.skipped++;
        return take_name(history, state, record, err);
    case WF_JOURNAL_HASH:
        history->summary.skipped++;
        return wf_journal_step(&state->steps, state->core, record, &none, err);
    case WF_JOURNAL_EVENT:
        history->summary.skipped += record->event.kind != WF_EVENT_JOB_SUBMIT;
        return take_event(history, state, record, err);
    }
    return WF_OK;
}

static enum wf_status take(struct wf_history *history, void *any, char *line, struct wf_error *err)
{
    struct state *state = any;
    struct wf_journal_record record;
    size_t length = strlen(line);
    if (state->torn) {
        return wf_fail(err, WF_IO, "the line before this one is damaged");
    }
    state->torn = !wf_journal_unseal(line, &length, history->line);
    if (state->torn) {
        return WF_OK;
    }
    enum wf_status status =
        wf_journal_parse(&state->parser, line, length, history->line, &record, err);
    status = status == WF_OK ? take_record(history, state, &record, err) : status;
    if (status == WF_INVALID && err) {
        err->status = WF_IO; // nothing after it can be believed
    }
    return status == WF_INVALID ? WF_IO : status;
}

static enum wf_status end(struct wf_history *history, void *any, struct wf_error *err)
{
    const struct state *state = any;
    (void)history;
    if (state->torn) {
        return wf_fail(err, WF_INVALID, "the last line was cut short");
    }
    return WF_OK;
}

const struct wf_history_reader wf_history_reader_journal = {
    .name = "journal",
    .format = WF_HISTORY_JOURNAL,
    .numbers = true,
    .recognise = recognise,
    .create = create,
    .destroy = destroy,
    .take = take,
    .end = end,
};
