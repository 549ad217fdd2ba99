// SPDX-License-Identifier: Apache-2.0
// Slurm's accounting as `sacct --parsable2` prints it: a header, then one line for each job, each
// run of a requeued job and each step. Slurm keeps no order that could be relied on, so all jobs
// are kept and put together by their ids.
#include <stdlib.h>
#include <string.h>

#include "sim/history/fixed_width.h"
#include "sim/history/index.h"
#include "sim/history/reader.h"
#include "sim/history/sacct.h"
#include "sim/history/text.h"

enum { LIST_MAX = 100000 }; // elements of one array that waits; Slurm's own default is 1,001

// Between the fields of a line of fixed width.
#define FIXED_SEPARATOR '\x1f'

// A component of a heterogeneous job ("123+0").
struct component {
    uint32_t base; // name of the whole job
    uint32_t job;  // its index
};

struct state {
    struct wf_table table;
    struct wf_fixed_width fixed; // of a table for people
    char *header;                // of one, until the line under it has come
    char first_column[32];       // of the header, to know it again
    struct wf_index index;       // jobs by their ids
    int64_t *run_submit_ms;      // by job: submission of the run that it shows, the last one so far
    uint32_t run_capacity;
    struct component *components;
    uint32_t component_count, component_capacity;
    struct wf_index array_limits; // how many may run at once, by the array's name
    bool has_limits;
};

// The columns stand in the header with whatever separator sacct was asked for.
static char find_separator(const char *header)
{
    while ((*header | 0x20) >= 'a' && (*header | 0x20) <= 'z') {
        header++;
    }
    if (*header == '\0') {
        return '|';
    }
    return *header;
}

static bool recognise(const char *line)
{
    char separator = find_separator(line);
    for (const char *at = line; *at;) {
        const char *end = strchr(at, separator);
        size_t length = end ? (size_t)(end - at) : strlen(at);
        if ((length == 5 && wf_text_begins(at, "JobID")) ||
            (length == 8 && wf_text_begins(at, "JobIDRaw"))) {
            return true;
        }
        at += length + (end != NULL);
    }
    return false;
}

static enum wf_status create(struct wf_history *history, void **state_out, struct wf_error *err)
{
    (void)history;
    struct state *state = calloc(1, sizeof *state);
    if (!state) {
        return wf_fail(err, WF_NOMEM, "no memory to read a table");
    }
    wf_sacct_table_init(&state->table);
    *state_out = state;
    return WF_OK;
}

static void destroy(void *any)
{
    struct state *state = any;
    if (state) {
        wf_index_finish(&state->index);
        wf_index_finish(&state->array_limits);
        free(state->run_submit_ms);
        free(state->components);
        free(state->header);
        free(state);
    }
}

static enum wf_status take_header(struct state *state, char *line, struct wf_error *err)
{
    struct wf_table *table = &state->table;
    table->separator = FIXED_SEPARATOR;
    if (state->fixed.count == 0) {
        table->separator = find_separator(line);
    }
    enum wf_status status = wf_table_head(table, line, err);
    if (status != WF_OK) {
        return status;
    }
    snprintf(state->first_column, sizeof state->first_column, "%s", table->fields[0]);
    bool has_id = wf_table_has(table, WF_SACCT_ID) || wf_table_has(table, WF_SACCT_RAW_ID);
    if (!has_id || !wf_table_has(table, WF_SACCT_SUBMIT)) {
        return wf_fail(err, WF_NOTFOUND, "the header lacks %s", has_id ? "Submit" : "JobID");
    }
    return WF_OK;
}

// Takes the header of a table of fixed width, which only the line under it makes readable, or that
// line.
static enum wf_status take_fixed_header(struct state *state, const char *line, struct wf_error *err)
{
    if (!state->header) {
        state->header = strdup(line);
        return state->header ? WF_OK : wf_fail(err, WF_NOMEM, "no memory to read a table");
    }
    if (!wf_fixed_width_is_rule(line)) {
        return wf_fail(err, WF_NOTFOUND,
                       "spaces are between the columns, and no line of dashes is under the header: "
                       "sacct --parsable2 makes a better file");
    }
    enum wf_status status = wf_fixed_width_learn(&state->fixed, line, err);
    if (status == WF_OK) {
        wf_fixed_width_cut(&state->fixed, FIXED_SEPARATOR, state->header);
        status = take_header(state, state->header, err);
    }
    return status;
}

// Whether the header stands here once more, as where several files were joined.
static bool is_header(const struct state *state, const char *line)
{
    size_t length = strlen(state->first_column);
    return wf_text_begins(line, state->first_column) &&
           (line[length] == state->table.separator || line[length] == '\0') && recognise(line);
}

static enum wf_status add_component(struct state *state, uint32_t base, uint32_t job,
                                    struct wf_error *err)
{
    if (state->component_count == state->component_capacity) {
        size_t capacity = (size_t)state->component_capacity * 2 + 64;
        struct component *grown = realloc(state->components, capacity * sizeof *grown);
        if (!grown) {
            return wf_fail(err, WF_NOMEM, "no memory for heterogeneous jobs");
        }
        state->components = grown;
        state->component_capacity = (uint32_t)capacity;
    }
    state->components[state->component_count++] = (struct component){base, job};
    return WF_OK;
}

static enum wf_status put_new(struct wf_history *history, struct state *state,
                              const struct wf_history_job *job, uint32_t *index_out,
                              struct wf_error *err)
{
    enum wf_status status = wf_history_put(history, job, index_out, err);
    if (status != WF_OK) {
        return status;
    }
    if (*index_out >= state->run_capacity) {
        size_t capacity = (size_t)*index_out / 2 * 3 + 256;
        int64_t *grown = realloc(state->run_submit_ms, capacity * sizeof *grown);
        if (!grown) {
            return wf_fail(err, WF_NOMEM, "no memory for more than %u jobs", *index_out);
        }
        state->run_submit_ms = grown;
        state->run_capacity = (uint32_t)capacity;
    }
    state->run_submit_ms[*index_out] = job->submit_ms;
    return wf_index_set(&state->index, job->id, *index_out, err);
}

static int64_t ran_ms(const struct wf_history_job *run)
{
    bool ran = run->start_ms != WF_TIME_UNKNOWN && run->end_ms != WF_TIME_UNKNOWN;
    return ran && run->end_ms > run->start_ms ? run->end_ms - run->start_ms : 0;
}

// Joins another run of a job, or the same run told again, with what is known of the job.
static void join(struct wf_history *history, struct state *state, uint32_t index,
                 const struct wf_history_job *run)
{
    struct wf_history_job *known = &history->shelf.jobs[index];
    struct wf_history_job joined = *known;
    int64_t *run_submit_ms = &state->run_submit_ms[index];
    bool same_run = run->submit_ms == *run_submit_ms || run->submit_ms == known->submit_ms;
    bool shown = same_run ? run->submit_ms == *run_submit_ms &&
                                (run->end != WF_ENDED_NOT_YET || known->end == WF_ENDED_NOT_YET)
                          : run->submit_ms > *run_submit_ms;
    uint32_t restarts = known->restarts + !same_run;
    int64_t lost_ms = same_run ? 0 : ran_ms(shown ? known : run);
    if (shown) {
        joined = *run;
        joined.line = known->line;
        *run_submit_ms = run->submit_ms;
    }
    joined.lost_ms = known->lost_ms + lost_ms;
    joined.restarts = run->restarts > restarts ? run->restarts : restarts;
    joined.submit_ms = known->submit_ms < run->submit_ms ? known->submit_ms : run->submit_ms;
    joined.eligible_ms = known->submit_ms <= run->submit_ms ? known->eligible_ms : run->eligible_ms;
    *known = joined;
    history->summary.repeated += same_run;
}

// Adds a job, or joins it with what is known of it. index_out tells a new one's index; UINT32_MAX
// of one that was joined.
static enum wf_status put(struct wf_history *history, struct state *state,
                          const struct wf_history_job *job, uint32_t *index_out,
                          struct wf_error *err)
{
    uint32_t index = wf_index_find(&state->index, job->id);
    *index_out = UINT32_MAX;
    if (index != UINT32_MAX && history->shelf.jobs[index].user == job->user) {
        join(history, state, index, job);
        return WF_OK;
    }
    if (index != UINT32_MAX) {
        history->summary.repeated++;
        wf_history_complain(history, job->line,
                            "another user's job of the same number stands in line %llu",
                            (unsigned long long)history->shelf.jobs[index].line);
    }
    return put_new(history, state, job, index_out, err);
}

// How many elements a list has ("5-9,12%2]"). Slurm cuts long ones ("1,3,...").
static int64_t count_list(const char *list, bool *cut_out)
{
    struct wf_slurm_range range;
    int64_t count = 0;
    while (wf_slurm_range_next(&list, &range)) {
        count += (range.last - range.first) / range.by + 1;
    }
    *cut_out = *list != ']' && *list != '%'; // behind % stands how many may run at once
    return count;
}

// Keeps how many of an array may run at once, for all of its elements: "5-9,12%2]".
static enum wf_status take_limit(struct state *state, const char *list, uint32_t array,
                                 struct wf_error *err)
{
    const char *at = list + strcspn(list, "%]");
    int64_t limit = 0;
    bool told = *at == '%';
    at += told;
    if (!told || !wf_text_digits(&at, UINT16_MAX, &limit) || limit == 0) {
        return WF_OK;
    }
    state->has_limits = true;
    return wf_index_set(&state->array_limits, array, (uint32_t)limit, err);
}

// Adds one job for each element of an array that still waits: "123_[5-9,12%2]".
static enum wf_status put_list(struct wf_history *history, struct state *state,
                               struct wf_history_job *job, const char *id,
                               const struct wf_slurm_id *parts, struct wf_error *err)
{
    const char *list = id + parts->list_begin;
    struct wf_slurm_range range;
    bool cut;
    int64_t count = count_list(list, &cut);
    enum wf_status limited = take_limit(state, list, job->array, err);
    if (limited != WF_OK) {
        return limited;
    }
    if (count == 0) {
        return wf_fail(err, WF_INVALID, "the list of the array's elements cannot be read");
    }
    if (count > LIST_MAX) {
        return wf_fail(err, WF_INVALID, "the array has more than %d elements that wait", LIST_MAX);
    }
    history->summary.assumed += cut; // that there are no more
    while (wf_slurm_range_next(&list, &range)) {
        for (int64_t i = range.first; i <= range.last; i += range.by) {
            char text[64];
            uint32_t index;
            snprintf(text, sizeof text, "%.*s_%lld", (int)parts->base_length, id, (long long)i);
            enum wf_status status = wf_history_name(history, text, &job->id, err);
            status = status == WF_OK ? put(history, state, job, &index, err) : status;
            if (status != WF_OK) {
                return status;
            }
        }
    }
    return WF_OK;
}

// Takes from a step what its job did not tell. The batch step knows its own node only.
static enum wf_status take_step(struct wf_history *history, struct state *state, char *id,
                                const struct wf_slurm_id *parts, struct wf_error *err)
{
    bool batch = wf_text_begins(id + parts->job_length, ".batch");
    history->summary.skipped++;
    id[parts->job_length] = '\0';
    uint32_t name = wf_names_find(history->names, id);
    uint32_t index = name == UINT32_MAX ? UINT32_MAX : wf_index_find(&state->index, name);
    if (index == UINT32_MAX) {
        return WF_OK;
    }
    struct wf_history_job *job = &history->shelf.jobs[index];
    const struct wf_request *request = &job->request;
    if (request->cpu_milli > 0 || request->gpus > 0 || request->memory_mib > 0 ||
        (batch && job->tasks > 1)) {
        return WF_OK;
    }
    struct wf_history_job filled = *job;
    enum wf_status status = wf_sacct_request(history, &state->table, job->tasks, &filled, err);
    if (status == WF_OK) {
        *job = filled;
    }
    return status;
}

// Takes what the job waits for, where a column tells.
static enum wf_status take_after(struct wf_history *history, const struct state *state,
                                 const char *id, const struct wf_slurm_id *parts,
                                 struct wf_history_job *job, struct wf_error *err)
{
    char after[WF_SLURM_AFTER_BYTES];
    const char *text = wf_table_text(&state->table, WF_SACCT_AFTER);
    const char *element = parts->array && parts->list_begin == 0 ? id + parts->base_length : "";
    history->summary.assumed += !wf_slurm_after(text, element, after);
    return wf_history_name(history, after, &job->after, err);
}

// Takes the line of a job that is no step. id belongs to the line.
static enum wf_status take_job(struct wf_history *history, struct state *state, const char *id,
                               const struct wf_slurm_id *parts, struct wf_error *err)
{
    struct wf_history_job job;
    uint32_t base = 0;
    uint32_t index = UINT32_MAX;
    enum wf_status status = wf_sacct_job(history, &state->table, &job, err);
    if (status == WF_OK && (parts->array || parts->heterogeneous)) {
        status = wf_names_add(history->names, id, parts->base_length, &base, err);
    }
    if (status != WF_OK) {
        return status;
    }
    job.array = parts->array ? base : 0;
    status = take_after(history, state, id, parts, &job, err);
    if (status != WF_OK) {
        return status;
    }
    if (parts->list_begin > 0) {
        return put_list(history, state, &job, id, parts, err);
    }
    status = wf_history_name(history, id, &job.id, err);
    status = status == WF_OK ? put(history, state, &job, &index, err) : status;
    if (status == WF_OK && parts->heterogeneous && index != UINT32_MAX) {
        status = add_component(state, base, index, err);
    }
    return status;
}

static enum wf_status take(struct wf_history *history, void *any, char *line, struct wf_error *err)
{
    struct state *state = any;
    struct wf_table *table = &state->table;
    bool fixed = state->header || (table->header_fields == 0 && find_separator(line) == ' ');
    if (fixed && (table->header_fields == 0 || wf_fixed_width_is_rule(line))) {
        history->summary.lines--;
        return table->header_fields == 0 ? take_fixed_header(state, line, err) : WF_OK;
    }
    if (fixed) {
        wf_fixed_width_cut(&state->fixed, FIXED_SEPARATOR, line);
    }
    if (table->header_fields == 0 || is_header(state, line)) {
        history->summary.lines--;
        return take_header(state, line, err);
    }
    enum wf_status status = wf_table_split(table, line, WF_SACCT_JOB_NAME, err);
    if (status != WF_OK) {
        return status;
    }
    enum wf_sacct_column column = wf_table_has(table, WF_SACCT_ID) ? WF_SACCT_ID : WF_SACCT_RAW_ID;
    char *id = table->fields[table->field_of[column]];
    struct wf_slurm_id parts;
    if (!wf_slurm_id_parse(id, &parts)) {
        return wf_table_fail(table, column, "no job's number", err);
    }
    return parts.step ? take_step(history, state, id, &parts, err)
                      : take_job(history, state, id, &parts, err);
}

static int compare_components(const void *left, const void *right)
{
    const struct component *a = left;
    const struct component *b = right;
    if (a->base != b->base) {
        return a->base < b->base ? -1 : 1;
    }
    return (a->job > b->job) - (a->job < b->job);
}

static bool alike(const struct wf_history_job *job, const struct wf_history_job *other)
{
    const struct wf_request *a = &job->request;
    const struct wf_request *b = &other->request;
    return a->cpu_milli == b->cpu_milli && a->memory_mib == b->memory_mib && a->gpus == b->gpus &&
           a->gpu_milli == b->gpu_milli && job->models == other->models &&
           job->labels == other->labels && job->start_ms == other->start_ms;
}

// Makes one job of components that are alike; counts those that stay apart.
static void unite(struct wf_history *history, const struct component *components, uint32_t count)
{
    struct wf_history_job *jobs = history->shelf.jobs;
    struct wf_history_job *whole = &jobs[components[0].job];
    uint64_t tasks = whole->tasks;
    bool same = true;
    for (uint32_t i = 1; i < count; i++) {
        same = same && alike(whole, &jobs[components[i].job]);
        tasks += jobs[components[i].job].tasks;
    }
    if (!same || tasks > WF_JOB_TASKS_MAX) {
        history->summary.heterogeneous += count;
        return;
    }
    for (uint32_t i = 1; i < count; i++) {
        struct wf_history_job *part = &jobs[components[i].job];
        whole->submit_ms = part->submit_ms < whole->submit_ms ? part->submit_ms : whole->submit_ms;
        whole->end_ms = part->end_ms > whole->end_ms ? part->end_ms : whole->end_ms;
        part->tasks = 0;
    }
    whole->tasks = (uint32_t)tasks;
    whole->id = components[0].base;
}

// Only the line of those that wait tells how many of an array may run at once.
static void spread_limits(struct wf_history *history, const struct state *state)
{
    for (uint32_t i = 0; i < history->shelf.count && state->has_limits; i++) {
        struct wf_history_job *job = &history->shelf.jobs[i];
        uint32_t limit =
            job->array > 0 ? wf_index_find(&state->array_limits, job->array) : UINT32_MAX;
        job->array_max = limit != UINT32_MAX ? limit : 0;
    }
}

static enum wf_status end(struct wf_history *history, void *any, struct wf_error *err)
{
    (void)err;
    struct state *state = any;
    spread_limits(history, state);
    struct component *components = state->components;
    if (state->component_count > 0) {
        qsort(components, state->component_count, sizeof *components, compare_components);
    }
    for (uint32_t from = 0, to; from < state->component_count; from = to) {
        for (to = from + 1; to < state->component_count; to++) {
            if (components[to].base != components[from].base) {
                break;
            }
        }
        unite(history, components + from, to - from);
    }
    return WF_OK;
}

const struct wf_history_reader wf_history_reader_sacct = {
    .name = "Slurm accounting",
    .format = WF_HISTORY_SACCT,
    .recognise = recognise,
    .create = create,
    .destroy = destroy,
    .take = take,
    .end = end,
};
