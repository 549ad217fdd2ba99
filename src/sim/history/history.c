// SPDX-License-Identifier: Apache-2.0
#include "sim/history/history.h"

#include <stdarg.h>
#include <stdlib.h>
#include <string.h>

#include "base/assert.h"
#include "sim/history/reader.h"
#include "sim/history/text.h"
#include "site/journal_lines.h"

#define TEN_YEARS_MS INT64_C(315532800000)

enum {
    LINE_BYTES_MAX = 4194304, // a Kubernetes object has at most 1.5 MiB in its store
    LOOK_AHEAD = 8192,        // jobs of a stream that wait for an earlier one
    PROGRESS_EVERY = 4096,    // lines
};

void wf_history_complain(struct wf_history *history, uint64_t line, const char *format, ...)
{
    struct wf_history_summary *summary = &history->summary;
    if (summary->complaint_count == WF_HISTORY_COMPLAINTS) {
        return;
    }
    char *text = summary->complaints[summary->complaint_count++];
    int length =
        snprintf(text, WF_HISTORY_COMPLAINT_BYTES, "line %llu: ", (unsigned long long)line);
    va_list arguments;
    va_start(arguments, format);
    vsnprintf(text + length, WF_HISTORY_COMPLAINT_BYTES - (size_t)length, format, arguments);
    va_end(arguments);
}

// Counts a line as damaged, for the reason in err; a strict reader fails with it.
static enum wf_status leave_out(struct wf_history *history, uint64_t line, struct wf_error *err)
{
    history->summary.damaged++;
    wf_history_complain(history, line, "%s", err->text);
    if (history->config.strict) {
        return wf_error_prefix(err, WF_INVALID, "%s, line %llu: ", wf_lines_path(history->lines),
                               (unsigned long long)line);
    }
    return WF_OK;
}

enum wf_status wf_history_name(struct wf_history *history, const char *text, uint32_t *number_out,
                               struct wf_error *err)
{
    return wf_names_add(history->names, text, strlen(text), number_out, err);
}

enum wf_status wf_history_stem(struct wf_history *history, const char *text, uint32_t *number_out,
                               struct wf_error *err)
{
    return wf_names_add(history->names, text, wf_text_stem(text), number_out, err);
}

static void latest(struct wf_history_summary *summary, int64_t ms)
{
    if (ms != WF_TIME_UNKNOWN && (summary->last_ms == WF_TIME_UNKNOWN || ms > summary->last_ms)) {
        summary->last_ms = ms;
    }
}

// Puts times that cannot be into an order that can. The start is believed first: what ran then is
// what took up room then.
static void set_times_right(struct wf_history *history, struct wf_history_job *job)
{
    bool started = job->start_ms != WF_TIME_UNKNOWN;
    bool ended = job->end_ms != WF_TIME_UNKNOWN;
    bool jumped = false;
    if (started && job->start_ms < job->submit_ms) {
        wf_history_complain(history, job->line,
                            "the job started %lld s before it was submitted, taken as submitted "
                            "when it started",
                            (long long)((job->submit_ms - job->start_ms) / 1000));
        job->submit_ms = job->start_ms;
        jumped = true;
    }
    int64_t from = started ? job->start_ms : job->submit_ms;
    if (ended && job->end_ms < from) {
        wf_history_complain(history, job->line, "the job ended %lld s before it %s",
                            (long long)((from - job->end_ms) / 1000),
                            started ? "started, taken as a run of no time" : "was submitted");
        job->end_ms = from;
        jumped = true;
    }
    history->summary.clock_jumps += jumped;
    if (job->eligible_ms == WF_TIME_UNKNOWN || job->eligible_ms < job->submit_ms) {
        job->eligible_ms = job->submit_ms;
    }
    if (started && job->eligible_ms > job->start_ms) {
        job->eligible_ms = job->start_ms;
    } else if (!started && ended && job->eligible_ms > job->end_ms) {
        job->eligible_ms = job->end_ms;
    }
}

// Makes a job ready to be handed out and counts it.
static void settle(struct wf_history *history, struct wf_history_job *job)
{
    struct wf_history_summary *summary = &history->summary;
    WF_ASSERT(job->tasks >= 1 && job->tasks <= WF_JOB_TASKS_MAX);
    WF_ASSERT(job->submit_ms >= 0 && job->submit_ms <= WF_HISTORY_MS_MAX);
    set_times_right(history, job);
    job->request.models = WF_ANY_MODEL;
    if (history->reader->format != WF_HISTORY_JOURNAL) { // which alone knows places
        job->request.place = (struct wf_place){WF_ANYWHERE, WF_ANYWHERE, WF_ANYWHERE};
    }
    summary->never_started += job->start_ms == WF_TIME_UNKNOWN;
    summary->never_ended += job->start_ms != WF_TIME_UNKNOWN && job->end_ms == WF_TIME_UNKNOWN;
    if (summary->first_ms == WF_TIME_UNKNOWN || job->submit_ms < summary->first_ms) {
        summary->first_ms = job->submit_ms;
    }
    latest(summary, job->submit_ms);
    latest(summary, job->eligible_ms);
    latest(summary, job->start_ms);
    latest(summary, job->end_ms);
}

enum wf_status wf_history_put(struct wf_history *history, const struct wf_history_job *job,
                              uint32_t *index_out, struct wf_error *err)
{
    struct wf_history_job settled = *job;
    if (history->reader->streams) {
        settle(history, &settled);
        return wf_shelf_push(&history->shelf, &settled, err);
    }
    uint32_t most = history->config.jobs_max ? history->config.jobs_max : WF_HISTORY_JOBS_MAX;
    enum wf_status status = wf_shelf_add(&history->shelf, job, most, err);
    if (status == WF_OK && index_out) {
        *index_out = history->shelf.count - 1;
    }
    return status;
}

// Says where reading stopped for good.
static enum wf_status fail_here(const struct wf_history *history, enum wf_status status,
                                struct wf_error *err)
{
    return wf_error_prefix(err, status, "%s, line %llu: ", wf_lines_path(history->lines),
                           (unsigned long long)wf_lines_number(history->lines));
}

static enum wf_status take_line(struct wf_history *history, char *line, size_t length,
                                struct wf_error *err)
{
    struct wf_error reason = {.text = ""};
    enum wf_status status = WF_OK;
    history->line = wf_lines_number(history->lines);
    history->summary.lines++;
    if (history->config.progress && history->summary.lines % PROGRESS_EVERY == 0) {
        history->config.progress(history->config.context, history->summary.lines);
    }
    if (memchr(line, '\0', length)) {
        status = wf_fail(&reason, WF_INVALID, "the line holds a zero byte, it is no text");
    } else {
        status = history->reader->take(history, history->state, line, &reason);
    }
    if (status == WF_INVALID) {
        status = leave_out(history, history->line, &reason);
    } else if (status != WF_OK) {
        status = fail_here(history, status, &reason);
    }
    if (status != WF_OK && err) {
        *err = reason;
    }
    return status;
}

// Reads the next line; sets read_to_the_end where there is none.
static enum wf_status read_line(struct wf_history *history, struct wf_error *err)
{
    char *line;
    size_t length = 0;
    enum wf_status status = wf_lines_next(history->lines, &line, &length, err);
    if (status != WF_OK) {
        return fail_here(history, status, err);
    }
    if (line) {
        return take_line(history, line, length, err);
    }
    history->read_to_the_end = true;
    struct wf_error reason = {.text = ""};
    if (history->reader->end) {
        status = history->reader->end(history, history->state, &reason);
    }
    if (status == WF_INVALID) {
        status = leave_out(history, history->line, &reason);
    }
    if (status != WF_OK && err) {
        *err = reason;
    }
    return status;
}

static enum wf_status next_kept(struct wf_history *history, struct wf_history_job *job_out,
                                bool *more_out, struct wf_error *err)
{
    struct wf_shelf *shelf = &history->shelf;
    if (!shelf->order) {
        enum wf_status status = WF_OK;
        while (status == WF_OK && !history->read_to_the_end) {
            status = read_line(history, err);
        }
        for (uint32_t i = 0; status == WF_OK && i < shelf->count; i++) {
            if (shelf->jobs[i].tasks > 0) {
                settle(history, &shelf->jobs[i]);
            }
        }
        status = status == WF_OK ? wf_shelf_arrange(shelf, err) : status;
        if (status != WF_OK) {
            return status;
        }
    }
    const struct wf_history_job *job = wf_shelf_next(shelf);
    *more_out = job != NULL;
    if (job) {
        *job_out = *job;
    }
    return WF_OK;
}

// A job that should have been handed out before another is too late.
static enum wf_status refuse_late(struct wf_history *history, const struct wf_history_job *job,
                                  struct wf_error *err)
{
    struct wf_error reason = {.text = ""};
    wf_fail(&reason, WF_INVALID,
            "submitted %lld s before the job of line %llu, and more than %d jobs out of order: "
            "sort the file by submission",
            (long long)((history->passed_ms - job->submit_ms) / 1000),
            (unsigned long long)history->passed_line, LOOK_AHEAD);
    enum wf_status status = leave_out(history, job->line, &reason);
    if (status != WF_OK && err) {
        *err = reason;
    }
    return status;
}

static enum wf_status next_streamed(struct wf_history *history, struct wf_history_job *job_out,
                                    bool *more_out, struct wf_error *err)
{
    *more_out = false;
    for (;;) {
        enum wf_status status = WF_OK;
        while (status == WF_OK && !history->read_to_the_end && history->shelf.count < LOOK_AHEAD) {
            status = read_line(history, err);
        }
        if (status != WF_OK || history->shelf.count == 0) {
            return status;
        }
        wf_shelf_pop(&history->shelf, job_out);
        if (job_out->submit_ms >= history->passed_ms) {
            history->passed_ms = job_out->submit_ms;
            history->passed_line = job_out->line;
            *more_out = true;
            return WF_OK;
        }
        status = refuse_late(history, job_out, err);
        if (status != WF_OK) {
            return status;
        }
    }
}

enum wf_status wf_history_next(struct wf_history *history, struct wf_history_job *job_out,
                               bool *more_out, struct wf_error *err)
{
    *more_out = false;
    enum wf_status status = history->reader->streams
                                ? next_streamed(history, job_out, more_out, err)
                                : next_kept(history, job_out, more_out, err);
    history->summary.jobs += *more_out;
    return status;
}

static const struct wf_history_reader *find_reader(enum wf_history_format format, const char *line)
{
    for (uint32_t i = 0; i < wf_history_reader_count; i++) {
        const struct wf_history_reader *reader = wf_history_readers[i];
        if (format == WF_HISTORY_GUESS ? reader->recognise(line) : reader->format == format) {
            return reader;
        }
    }
    return NULL;
}

// Learns from the first line what the file is, and reads it.
static enum wf_status begin(struct wf_history *history, struct wf_error *err)
{
    char *line;
    size_t length = 0;
    enum wf_status status = wf_lines_next(history->lines, &line, &length, err);
    if (status != WF_OK) {
        return fail_here(history, status, err);
    }
    if (!line) {
        return wf_fail(err, WF_INVALID, "%s is empty", wf_lines_path(history->lines));
    }
    history->reader = find_reader(history->config.format, line);
    if (!history->reader) {
        char quoted[48];
        wf_lines_quote(line, quoted, sizeof quoted);
        return wf_fail(err, WF_INVALID,
                       "%s is no history of jobs that can be read: its first line, '%s', is "
                       "neither the header of sacct --parsable2 nor of the Standard Workload "
                       "Format, no pod, no table with submit_s and no journal",
                       wf_lines_path(history->lines), quoted);
    }
    history->summary.format = history->reader->name;
    history->summary.kind = history->reader->format;
    if (history->reader->create) {
        status = history->reader->create(history, &history->state, err);
    }
    return status == WF_OK ? take_line(history, line, length, err) : status;
}

enum wf_status wf_history_open(const struct wf_history_config *config,
                               struct wf_history **history_out, struct wf_error *err)
{
    struct wf_history *history = calloc(1, sizeof *history);
    if (!history) {
        return wf_fail(err, WF_NOMEM, "no memory to read %s", config->path);
    }
    history->config = *config;
    history->passed_ms = INT64_MIN;
    history->summary.first_ms = WF_TIME_UNKNOWN;
    history->summary.last_ms = WF_TIME_UNKNOWN;
    enum wf_status status =
        wf_journal_lines_open(config->path, LINE_BYTES_MAX, &history->lines, err);
    if (status == WF_OK) {
        status = wf_names_create(&history->names, err);
    }
    if (status == WF_OK) {
        status = begin(history, err);
    }
    if (status != WF_OK) {
        wf_history_close(history);
        return status;
    }
    *history_out = history;
    return WF_OK;
}

void wf_history_close(struct wf_history *history)
{
    if (!history) {
        return;
    }
    if (history->reader && history->reader->destroy) {
        history->reader->destroy(history->state);
    }
    wf_shelf_finish(&history->shelf);
    wf_names_destroy(history->names);
    wf_lines_close(history->lines);
    free(history);
}

const struct wf_names *wf_history_names(const struct wf_history *history)
{
    return history->names;
}

bool wf_history_has_relative_times(const struct wf_history_summary *summary)
{
    return summary->kind == WF_HISTORY_OPENB ||
           (summary->kind == WF_HISTORY_JOURNAL && summary->first_ms < TEN_YEARS_MS);
}

const struct wf_history_summary *wf_history_summary(const struct wf_history *history)
{
    return &history->summary;
}

const char *wf_history_id_text(const struct wf_history *history, uint32_t id,
                               char text[WF_HISTORY_ID_BYTES])
{
    if (id & WF_HISTORY_ID_NUMBER) {
        snprintf(text, WF_HISTORY_ID_BYTES, "%u", id & ~WF_HISTORY_ID_NUMBER);
        return text;
    }
    return wf_names_text(history->names, id);
}

uint32_t wf_history_id_find(const struct wf_history *history, const char *text)
{
    int64_t number;
    if (history->reader->numbers && wf_text_whole(text, INT32_MAX, &number)) {
        return (uint32_t)number | WF_HISTORY_ID_NUMBER;
    }
    return wf_names_find(history->names, text);
}
