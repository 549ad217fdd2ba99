// SPDX-License-Identifier: Apache-2.0
// The table of submissions, waits and run times that was made from the openb trace.
#include <stdlib.h>
#include <string.h>

#include "sim/history/index.h"
#include "sim/history/reader.h"
#include "sim/history/table.h"
#include "sim/history/text.h"

enum column { SUBMIT, JOB, WAIT, RUN, CPU, MEMORY, GPUS, GPU_MILLI, QOS, PHASE, COLUMNS };

static const char *const columns[] = {
    "submit_s",   "job",     "observed_wait_s", "run_s", "cpu_milli",
    "memory_mib", "num_gpu", "gpu_milli",       "qos",   "phase",
};

static const int64_t seconds_max = INT64_C(10000000000);

struct state {
    struct wf_table table;
    struct wf_index index; // jobs by their names
};

static bool recognise(const char *line)
{
    return strstr(line, "submit_s") && strstr(line, "num_gpu") && strchr(line, ',');
}

static enum wf_status create(struct wf_history *history, void **state_out, struct wf_error *err)
{
    (void)history;
    struct state *state = calloc(1, sizeof *state);
    if (!state) {
        return wf_fail(err, WF_NOMEM, "no memory to read a table");
    }
    state->table.columns = columns;
    state->table.column_count = COLUMNS;
    state->table.separator = ',';
    *state_out = state;
    return WF_OK;
}

static void destroy(void *any)
{
    struct state *state = any;
    if (state) {
        wf_index_finish(&state->index);
        free(state);
    }
}

static enum wf_status take_header(struct wf_table *table, char *line, struct wf_error *err)
{
    enum wf_status status = wf_table_head(table, line, err);
    for (uint32_t column = 0; column < COLUMNS && status == WF_OK; column++) {
        if (column != WAIT && column != QOS && column != PHASE && !wf_table_has(table, column)) {
            status = wf_fail(err, WF_NOTFOUND, "the header lacks %s", columns[column]);
        }
    }
    return status;
}

// A number of seconds as milliseconds; unknown where the field is empty.
static enum wf_status take_seconds(const struct wf_table *table, uint32_t column, int64_t *ms_out,
                                   struct wf_error *err)
{
    *ms_out = WF_TIME_UNKNOWN;
    if (wf_table_text(table, column)[0] == '\0') {
        return WF_OK;
    }
    int64_t seconds = 0;
    enum wf_status status = wf_table_whole(table, column, seconds_max, &seconds, err);
    *ms_out = seconds * 1000;
    return status;
}

static enum wf_status take_times(const struct wf_table *table, struct wf_history_job *job,
                                 struct wf_error *err)
{
    int64_t wait = WF_TIME_UNKNOWN;
    int64_t run = WF_TIME_UNKNOWN;
    enum wf_status status = take_seconds(table, SUBMIT, &job->submit_ms, err);
    if (status == WF_OK && job->submit_ms == WF_TIME_UNKNOWN) {
        return wf_fail(err, WF_INVALID, "submit_s is empty");
    }
    status = status == WF_OK ? take_seconds(table, WAIT, &wait, err) : status;
    status = status == WF_OK ? take_seconds(table, RUN, &run, err) : status;
    if (status != WF_OK) {
        return status;
    }
    job->eligible_ms = job->submit_ms;
    job->start_ms = wait == WF_TIME_UNKNOWN ? WF_TIME_UNKNOWN : job->submit_ms + wait;
    job->end_ms = WF_TIME_UNKNOWN;
    if (wait != WF_TIME_UNKNOWN && run != WF_TIME_UNKNOWN) {
        job->end_ms = job->start_ms + run;
    }
    return WF_OK;
}

static enum wf_status take_request(const struct wf_table *table, struct wf_request *request,
                                   struct wf_error *err)
{
    static const struct {
        enum column column;
        int64_t max;
    } numbers[] = {{CPU, WF_CPU_MILLI_MAX},
                   {MEMORY, WF_MEMORY_MIB_MAX},
                   {GPUS, UINT8_MAX},
                   {GPU_MILLI, WF_GPU_MILLI}};
    int64_t values[4] = {0};
    for (uint32_t i = 0; i < WF_COUNT_OF(numbers); i++) {
        enum wf_status status =
            wf_table_whole(table, numbers[i].column, numbers[i].max, &values[i], err);
        if (status != WF_OK) {
            return status;
        }
    }
    *request = (struct wf_request){
        .cpu_milli = (uint32_t)values[0],
        .memory_mib = (uint32_t)values[1],
        .gpus = (uint8_t)values[2],
        .gpu_milli = (uint16_t)(values[2] > 0 ? values[3] : 0),
    };
    if (request->gpus > 0 && request->gpu_milli == 0) {
        return wf_fail(err, WF_INVALID, "the job asks for %u GPUs with a share of 0",
                       request->gpus);
    }
    if (request->gpus > 1 && request->gpu_milli != WF_GPU_MILLI) {
        return wf_fail(err, WF_INVALID, "the job asks for a share of each of %u GPUs",
                       request->gpus);
    }
    return WF_OK;
}

static enum wf_history_end find_end(const char *phase, bool ended)
{
    if (wf_text_same(phase, "Failed")) {
        return WF_ENDED_FAILED;
    }
    return ended ? WF_ENDED_WELL : WF_ENDED_NOT_YET;
}

// Gives the job its names; one that is not the first with its name is counted.
static enum wf_status take_names(struct wf_history *history, struct state *state,
                                 struct wf_history_job *job, struct wf_error *err)
{
    const char *id = wf_table_text(&state->table, JOB);
    if (id[0] == '\0') {
        return wf_fail(err, WF_INVALID, "the job has no name");
    }
    enum wf_status status = wf_history_name(history, id, &job->id, err);
    if (status == WF_OK) {
        status = wf_history_name(history, wf_table_text(&state->table, QOS), &job->queue, err);
    }
    if (status == WF_OK && wf_index_find(&state->index, job->id) != UINT32_MAX) {
        history->summary.repeated++;
        wf_history_complain(history, job->line, "a job of this name was there before");
    }
    return status == WF_OK ? wf_index_set(&state->index, job->id, 0, err) : status;
}

static enum wf_status take(struct wf_history *history, void *any, char *line, struct wf_error *err)
{
    struct state *state = any;
    struct wf_table *table = &state->table;
    if (table->header_fields == 0) {
        history->summary.lines--;
        return take_header(table, line, err);
    }
    struct wf_history_job job = {.line = history->line, .tasks = 1};
    enum wf_status status = wf_table_split(table, line, UINT32_MAX, err);
    status = status == WF_OK ? take_times(table, &job, err) : status;
    status = status == WF_OK ? take_request(table, &job.request, err) : status;
    status = status == WF_OK ? take_names(history, state, &job, err) : status;
    if (status != WF_OK) {
        return status;
    }
    job.end = find_end(wf_table_text(table, PHASE), job.end_ms != WF_TIME_UNKNOWN);
    return wf_history_put(history, &job, NULL, err);
}

const struct wf_history_reader wf_history_reader_openb = {
    .name = "openb table",
    .format = WF_HISTORY_OPENB,
    .recognise = recognise,
    .create = create,
    .destroy = destroy,
    .take = take,
};
