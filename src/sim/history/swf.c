// SPDX-License-Identifier: Apache-2.0
// The Standard Workload Format of the Parallel Workloads Archive (Feitelson, version 2.2): comments
// that begin with ';', then 18 numbers in a line, -1 for what is not known. Logs are sorted by
// submission, so this reader streams.
#include <stdlib.h>
#include <string.h>

#include "sim/history/reader.h"
#include "sim/history/text.h"

enum field {
    NUMBER,
    SUBMIT,
    WAIT,
    RUN,
    USED_PROCESSORS,
    USED_CPU_TIME,
    USED_MEMORY,
    ASKED_PROCESSORS,
    ASKED_TIME,
    ASKED_MEMORY,
    STATUS,
    USER,
    GROUP,
    PROGRAM,
    QUEUE,
    PARTITION,
    PRECEDING,
    THINK_TIME,
    FIELDS,
};

// How a job ended, as field STATUS says. A job that ran in parts has a line for the whole of it
// and one for each part.
enum { FAILED = 0, COMPLETED = 1, PART = 2, LAST_PART = 3, LAST_PART_FAILED = 4, CANCELLED = 5 };

enum { REMEMBERED_MAX = 1 << 27 }; // ids below are remembered, one bit each, to count repetitions

static const int64_t number_max = INT64_C(1000000000000);
static const int64_t seconds_max = INT64_C(10000000000);

struct state {
    int64_t begin_ms;   // what times count from
    uint8_t *ids;       // one bit for each id that was there
    uint32_t ids_bytes; // there is room for
};

static bool is_blank(char letter)
{
    return letter == ' ' || letter == '\t';
}

// Reads one line of numbers; returns how many there are, or UINT32_MAX when something is none.
static uint32_t take_numbers(const char *line, int64_t numbers[FIELDS])
{
    uint32_t count = 0;
    for (const char *at = line;; count++) {
        while (is_blank(*at)) {
            at++;
        }
        if (*at == '\0') {
            return count;
        }
        bool negative = *at == '-';
        at += negative;
        int64_t milli;
        if (!wf_text_decimal(&at, &milli) || (*at != '\0' && !is_blank(*at))) {
            return UINT32_MAX;
        }
        if (count < FIELDS) {
            numbers[count] = negative ? -1 : (milli + 999) / 1000;
        }
    }
}

static bool recognise(const char *line)
{
    int64_t numbers[FIELDS];
    return line[0] == ';' || take_numbers(line, numbers) == FIELDS;
}

static enum wf_status create(struct wf_history *history, void **state_out, struct wf_error *err)
{
    (void)history;
    *state_out = calloc(1, sizeof(struct state));
    return *state_out ? WF_OK : wf_fail(err, WF_NOMEM, "no memory to read a log");
}

static void destroy(void *any)
{
    struct state *state = any;
    if (state) {
        free(state->ids);
        free(state);
    }
}

// "; UnixStartTime: 820454400" says what second 0 is.
static void take_comment(const struct wf_history *history, struct state *state, const char *line)
{
    static const char key[] = "UnixStartTime:";
    while (*line == ';' || is_blank(*line)) {
        line++;
    }
    if (!wf_text_begins(line, key) || history->summary.lines > 0) {
        return;
    }
    line += sizeof key - 1;
    while (is_blank(*line)) {
        line++;
    }
    int64_t seconds;
    if (wf_text_digits(&line, WF_HISTORY_MS_MAX / 1000, &seconds)) {
        state->begin_ms = seconds * 1000;
    }
}

// Counts a job whose id came before.
static enum wf_status remember(struct wf_history *history, struct state *state, int64_t id,
                               struct wf_error *err)
{
    if (id >= REMEMBERED_MAX) {
        return WF_OK;
    }
    uint32_t place = (uint32_t)(id / 8);
    uint8_t bit = (uint8_t)(1U << (id % 8));
    if (place >= state->ids_bytes) {
        uint32_t bytes = place + place / 2 + 1024;
        uint8_t *ids = realloc(state->ids, bytes);
        if (!ids) {
            return wf_fail(err, WF_NOMEM, "no memory to remember job %lld", (long long)id);
        }
        memset(ids + state->ids_bytes, 0, bytes - state->ids_bytes);
        state->ids = ids;
        state->ids_bytes = bytes;
    }
    if (state->ids[place] & bit) {
        history->summary.repeated++;
        wf_history_complain(history, history->line, "job %lld was there before", (long long)id);
    }
    state->ids[place] |= bit;
    return WF_OK;
}

// Turns processors into tasks: one each as far as a job may have so many tasks, otherwise as few
// for each task as do, rounded up.
static enum wf_status take_request(const struct wf_history *history, const int64_t *numbers,
                                   bool started, struct wf_history_job *job, struct wf_error *err)
{
    int64_t asked = numbers[ASKED_PROCESSORS];
    int64_t used = numbers[USED_PROCESSORS];
    int64_t processors = (started && used > 0) || asked <= 0 ? used : asked;
    bool gpus = history->config.processors_are_gpus;
    int64_t most = gpus ? UINT8_MAX : WF_CPU_MILLI_MAX / 1000;
    if (processors <= 0) {
        return wf_fail(err, WF_INVALID, "the job asks for no processors");
    }
    int64_t each = (processors + WF_JOB_TASKS_MAX - 1) / WF_JOB_TASKS_MAX;
    if (each > most) {
        return wf_fail(err, WF_INVALID, "%lld processors are more than %lld tasks can have",
                       (long long)processors, (long long)WF_JOB_TASKS_MAX);
    }
    int64_t memory_kib = numbers[ASKED_MEMORY] > 0 ? numbers[ASKED_MEMORY] : numbers[USED_MEMORY];
    int64_t memory_mib = memory_kib > 0 ? (memory_kib * each + 1023) / 1024 : 0;
    int64_t cores = gpus ? each * history->config.cores_per_gpu : each;
    if (memory_mib > WF_MEMORY_MIB_MAX || cores > WF_CPU_MILLI_MAX / 1000) {
        return wf_fail(err, WF_INVALID, "a task asks for %lld cores and %lld MiB", (long long)cores,
                       (long long)memory_mib);
    }
    job->tasks = (uint32_t)((processors + each - 1) / each);
    job->request = (struct wf_request){
        .cpu_milli = (uint32_t)cores * 1000,
        .memory_mib = (uint32_t)memory_mib,
        .gpus = (uint8_t)(gpus ? each : 0),
        .gpu_milli = gpus ? WF_GPU_MILLI : 0,
    };
    return WF_OK;
}

static enum wf_history_end find_end(int64_t status, bool ended)
{
    switch (status) {
    case FAILED:
        return WF_ENDED_FAILED;
    case CANCELLED:
        return WF_ENDED_CANCELLED;
    default:
        return ended ? WF_ENDED_WELL : WF_ENDED_NOT_YET;
    }
}

// Fills the times. Returns whether the job started.
static bool take_times(struct wf_history *history, const int64_t *numbers, int64_t begin_ms,
                       struct wf_history_job *job)
{
    int64_t wait = numbers[WAIT];
    int64_t run = numbers[RUN];
    bool started = numbers[STATUS] != CANCELLED || run > 0;
    job->submit_ms = begin_ms + numbers[SUBMIT] * 1000;
    job->eligible_ms = job->submit_ms;
    job->start_ms = WF_TIME_UNKNOWN;
    job->end_ms = WF_TIME_UNKNOWN;
    if (started) {
        history->summary.assumed += wait < 0; // that it did not wait
        job->start_ms = job->submit_ms + (wait > 0 ? wait : 0) * 1000;
        job->end_ms = run < 0 ? WF_TIME_UNKNOWN : job->start_ms + run * 1000;
    } else if (wait >= 0) {
        job->end_ms = job->submit_ms + wait * 1000;
    }
    job->limit_ms = numbers[ASKED_TIME] > 0 ? numbers[ASKED_TIME] * 1000 : 0;
    return started;
}

// A number that is known becomes the name that it spells.
static enum wf_status take_name(struct wf_history *history, int64_t number, uint32_t *name_out,
                                struct wf_error *err)
{
    char text[24] = "";
    if (number >= 0) {
        snprintf(text, sizeof text, "%lld", (long long)number);
    }
    return wf_history_name(history, text, name_out, err);
}

static enum wf_status check(const int64_t *numbers, int64_t begin_ms, struct wf_error *err)
{
    if (numbers[NUMBER] < 0 || numbers[NUMBER] > INT32_MAX) {
        return wf_fail(err, WF_INVALID, "the job's number is not one from 0 to %d", INT32_MAX);
    }
    if (numbers[SUBMIT] < 0) {
        return wf_fail(err, WF_INVALID, "it is not known when the job was submitted");
    }
    for (uint32_t field = 0; field < FIELDS; field++) {
        bool time = field == SUBMIT || field == WAIT || field == RUN || field == ASKED_TIME;
        if (numbers[field] > (time ? seconds_max : number_max)) {
            return wf_fail(err, WF_INVALID, "number %u of the line is absurd", field + 1);
        }
    }
    if (begin_ms + (numbers[SUBMIT] + seconds_max) * 1000 > WF_HISTORY_MS_MAX) {
        return wf_fail(err, WF_INVALID, "the job was submitted after the year 9600");
    }
    return WF_OK;
}

static enum wf_status take_job(struct wf_history *history, struct state *state,
                               const int64_t *numbers, struct wf_error *err)
{
    struct wf_history_job job = {
        .line = history->line,
        .id = (uint32_t)numbers[NUMBER] | WF_HISTORY_ID_NUMBER,
    };
    bool started = take_times(history, numbers, state->begin_ms, &job);
    enum wf_status status = take_request(history, numbers, started, &job, err);
    status = status == WF_OK ? take_name(history, numbers[USER], &job.user, err) : status;
    status = status == WF_OK ? take_name(history, numbers[PROGRAM], &job.name, err) : status;
    status = status == WF_OK ? take_name(history, numbers[QUEUE], &job.queue, err) : status;
    if (status == WF_OK && numbers[PRECEDING] >= 0) {
        char text[32];
        snprintf(text, sizeof text, "end:%lld", (long long)numbers[PRECEDING]);
        status = wf_history_name(history, text, &job.after, err);
    }
    status = status == WF_OK ? remember(history, state, numbers[NUMBER], err) : status;
    job.end = find_end(numbers[STATUS], job.end_ms != WF_TIME_UNKNOWN);
    return status == WF_OK ? wf_history_put(history, &job, NULL, err) : status;
}

static enum wf_status take(struct wf_history *history, void *any, char *line, struct wf_error *err)
{
    struct state *state = any;
    if (line[0] == ';') {
        history->summary.lines--;
        take_comment(history, state, line);
        return WF_OK;
    }
    int64_t numbers[FIELDS];
    uint32_t count = take_numbers(line, numbers);
    if (count == UINT32_MAX) {
        return wf_fail(err, WF_INVALID, "the line holds something that is no number");
    }
    if (count != FIELDS) {
        return wf_fail(err, WF_INVALID, "the line has %u numbers instead of %d", count, FIELDS);
    }
    if (numbers[STATUS] == PART || numbers[STATUS] == LAST_PART ||
        numbers[STATUS] == LAST_PART_FAILED) {
        history->summary.skipped++;
        return WF_OK;
    }
    enum wf_status status = check(numbers, state->begin_ms, err);
    return status == WF_OK ? take_job(history, state, numbers, err) : status;
}

const struct wf_history_reader wf_history_reader_swf = {
    .name = "Standard Workload Format",
    .format = WF_HISTORY_SWF,
    .streams = true,
    .numbers = true,
    .recognise = recognise,
    .create = create,
    .destroy = destroy,
    .take = take,
};
