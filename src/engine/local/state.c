// SPDX-License-Identifier: Apache-2.0
#include "engine/local/state.h"

#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "engine/local/file.h"
#include "engine/local/sheet.h"

#define STATE_KIND "whaleflux-state-1"
#define REQUEST_KIND "whaleflux-request-1"
#define STATE_BYTES_MAX 65536

// X(name, field, least, most): the plain numbers of a state.
#define NUMBERS(X)                                                                                 \
    X("phase", run.phase, WF_RUN_INTENDED, WF_RUN_ENDED)                                           \
    X("end", run.end, WF_RUN_END_NONE, WF_RUN_END_UNKNOWN)                                         \
    X("task", run.task, 0, WF_RUN_TASKS_MAX)                                                       \
    X("exit_code", run.exit_code, -1, 255)                                                         \
    X("signal", run.signal, 0, 127)                                                                \
    X("started_ms", run.started_ms, 0, INT64_MAX)                                                  \
    X("ended_ms", run.ended_ms, 0, INT64_MAX)                                                      \
    X("cpu_ms", run.cpu_ms, 0, INT64_MAX)                                                          \
    X("memory_peak_bytes", run.memory_peak_bytes, 0, INT64_MAX)                                    \
    X("log_dropped_bytes", run.log_dropped_bytes, 0, INT64_MAX)                                    \
    X("supervisor_pid", supervisor.pid, 0, INT32_MAX)                                              \
    X("supervisor_start", supervisor.start, 0, INT64_MAX)

// X(name, field): the texts.
#define TEXTS(X)                                                                                   \
    X("id", run.id)                                                                                \
    X("detail", run.detail)                                                                        \
    X("warnings", run.warnings)                                                                    \
    X("boot", boot)                                                                                \
    X("token", token)                                                                              \
    X("cgroup", cgroup)

void wf_run_warn(struct wf_run *run, const char *format, ...)
{
    char sentence[300];
    va_list arguments;
    va_start(arguments, format);
    vsnprintf(sentence, sizeof sentence, format, arguments);
    va_end(arguments);
    size_t length = strlen(run->warnings);
    if (!strstr(run->warnings, sentence)) {
        snprintf(run->warnings + length, sizeof run->warnings - length, "%s%s",
                 length > 0 ? "; " : "", sentence);
    }
}

enum wf_status wf_state_write(int folder, const struct wf_run_state *state, enum wf_keep keep,
                              struct wf_error *err)
{
    struct wf_sheet sheet;
    wf_sheet_init(&sheet, STATE_KIND);
#define WRITE_TEXT(name, field) wf_sheet_add(&sheet, name, state->field);
#define WRITE_NUMBER(name, field, least, most)                                                     \
    wf_sheet_add_number(&sheet, name, (int64_t)state->field);
    TEXTS(WRITE_TEXT)
    NUMBERS(WRITE_NUMBER)
#undef WRITE_TEXT
#undef WRITE_NUMBER
    for (uint32_t i = 0; i < state->tasks; i++) {
        wf_sheet_add_number(&sheet, "leader_start", state->leaders[i].start);
        wf_sheet_add_number(&sheet, "leader", state->leaders[i].pid);
    }
    // For people; it is not read.
    wf_sheet_add(&sheet, "in_words", wf_run_phase_text(state->run.phase));
    enum wf_status status = wf_sheet_seal(&sheet, err);
    if (status == WF_OK) {
        status = wf_small_file_write(folder, WF_STATE_FILE, sheet.text, sheet.length, keep, err);
    }
    wf_sheet_finish(&sheet);
    return status;
}

static enum wf_status take_text(const char *name, const char *value, char *text, size_t bytes,
                                struct wf_error *err)
{
    size_t length = strlen(value);
    if (length >= bytes) {
        return wf_fail(err, WF_INVALID, "%s is too long", name);
    }
    memcpy(text, value, length + 1);
    return WF_OK;
}

static enum wf_status take_leader(struct wf_run_state *state, const char *name, const char *value,
                                  struct wf_error *err)
{
    int64_t number = 0;
    if (state->tasks == WF_RUN_TASKS_MAX) {
        return wf_fail(err, WF_INVALID, "it has too many leaders");
    }
    enum wf_status status = wf_sheet_number(name, value, 0, INT64_MAX, &number, err);
    if (strcmp(name, "leader_start") == 0) {
        state->leaders[state->tasks].start = number;
    } else {
        status = wf_sheet_number(name, value, 1, INT32_MAX, &number, err);
        state->leaders[state->tasks++].pid = (pid_t)number;
    }
    return status;
}

static enum wf_status take_number(struct wf_run_state *state, const char *name, const char *value,
                                  struct wf_error *err)
{
    int64_t number = 0;
    enum wf_status status;
#define TAKE_NUMBER(text, field, least, most)                                                      \
    if (strcmp(name, text) == 0) {                                                                 \
        status = wf_sheet_number(name, value, least, most, &number, err);                          \
        state->field = (__typeof__(state->field))number;                                           \
        return status;                                                                             \
    }
    NUMBERS(TAKE_NUMBER)
#undef TAKE_NUMBER
    return wf_fail(err, WF_INVALID, "it has an unknown line '%.40s'", name);
}

static enum wf_status take(struct wf_run_state *state, const char *name, const char *value,
                           struct wf_error *err)
{
#define TAKE_TEXT(text, field)                                                                     \
    if (strcmp(name, text) == 0) {                                                                 \
        return take_text(name, value, state->field, sizeof state->field, err);                     \
    }
    TEXTS(TAKE_TEXT)
#undef TAKE_TEXT
    if (strcmp(name, "in_words") == 0) {
        return WF_OK;
    }
    if (strncmp(name, "leader", 6) == 0) {
        return take_leader(state, name, value, err);
    }
    return take_number(state, name, value, err);
}

enum wf_status wf_state_parse(char *text, size_t length, struct wf_run_state *state_out,
                              struct wf_error *err)
{
    *state_out = (struct wf_run_state){0};
    struct wf_sheet_reader reader;
    enum wf_status status = wf_sheet_open(&reader, text, length, STATE_KIND, err);
    const char *value;
    for (const char *name; status == WF_OK && (name = wf_sheet_next(&reader, &value));) {
        status = take(state_out, name, value, err);
    }
    return status == WF_OK ? WF_OK : wf_error_prefix(err, status, "state: ");
}

enum wf_status wf_state_read(int folder, struct wf_run_state *state_out, struct wf_error *err)
{
    char *text = NULL;
    size_t length = 0;
    enum wf_status status =
        wf_small_file_read(folder, WF_STATE_FILE, STATE_BYTES_MAX, &text, &length, err);
    if (status == WF_OK) {
        status = length == 0 ? wf_fail(err, WF_NOTFOUND, "state: nothing is in it yet")
                             : wf_state_parse(text, length, state_out, err);
        free(text);
    }
    return status;
}

enum wf_status wf_run_request_write(int folder, const struct wf_run_request *request,
                                    struct wf_error *err)
{
    struct wf_sheet sheet;
    wf_sheet_init(&sheet, REQUEST_KIND);
    wf_sheet_add_number(&sheet, "stop", request->stop);
    wf_sheet_add_number(&sheet, "why", request->why);
    wf_sheet_add_number(&sheet, "grace_ms", request->grace_ms);
    wf_sheet_add_number(&sheet, "paused", request->paused);
    if (request->checkpoints > 0) {
        wf_sheet_add_number(&sheet, "checkpoints", request->checkpoints);
    }
    enum wf_status status = wf_sheet_seal(&sheet, err);
    if (status == WF_OK) {
        // Not durable: when the machine stops, so does the run.
        status = wf_small_file_write(folder, WF_REQUEST_FILE, sheet.text, sheet.length,
                                     WF_KEEP_LATER, err);
    }
    wf_sheet_finish(&sheet);
    return status;
}

static enum wf_status take_request(struct wf_run_request *request, const char *name,
                                   const char *value, struct wf_error *err)
{
    int64_t number = 0;
    enum wf_status status = wf_sheet_number(name, value, 0, UINT32_MAX, &number, err);
    if (status != WF_OK) {
        return status;
    }
    if (strcmp(name, "stop") == 0) {
        request->stop = number != 0;
    } else if (strcmp(name, "why") == 0 && number <= WF_RUN_STOP_CANCELLED) {
        request->why = (enum wf_run_stop)number;
    } else if (strcmp(name, "grace_ms") == 0) {
        request->grace_ms = (uint32_t)number;
    } else if (strcmp(name, "paused") == 0) {
        request->paused = number != 0;
    } else if (strcmp(name, "checkpoints") == 0) {
        request->checkpoints = (uint32_t)number;
    } else {
        return wf_fail(err, WF_INVALID, "it has a wrong line '%.40s'", name);
    }
    return WF_OK;
}

enum wf_status wf_run_request_parse(char *text, size_t length, struct wf_run_request *request_out,
                                    struct wf_error *err)
{
    *request_out = (struct wf_run_request){0};
    struct wf_sheet_reader reader;
    enum wf_status status = wf_sheet_open(&reader, text, length, REQUEST_KIND, err);
    const char *value;
    for (const char *name; status == WF_OK && (name = wf_sheet_next(&reader, &value));) {
        status = take_request(request_out, name, value, err);
    }
    return status == WF_OK ? WF_OK : wf_error_prefix(err, status, "request: ");
}

enum wf_status wf_run_request_read(int folder, struct wf_run_request *request_out,
                                   struct wf_error *err)
{
    *request_out = (struct wf_run_request){0};
    char *text = NULL;
    size_t length = 0;
    enum wf_status status = wf_small_file_read(folder, WF_REQUEST_FILE, 4096, &text, &length, err);
    if (status == WF_NOTFOUND) {
        return WF_OK;
    }
    if (status == WF_OK) {
        status = wf_run_request_parse(text, length, request_out, err);
        free(text);
    }
    return status;
}
