// SPDX-License-Identifier: Apache-2.0
// A document's tree into the struct: who takes which field. What fields say together is checked in
// document_check.c.
#include "jobfile/document.h"

#include <ctype.h>
#include <stdio.h>
#include <string.h>

#include "jobfile/document_check.h"
#include "jobfile/reader.h"
#include "jobfile/spelling.h"

static enum wf_status take_name(struct wf_job_reader *reader, const json_t *value)
{
    enum wf_status status = wf_job_read_name(reader, value, &reader->document->name);
    if (status != WF_OK) {
        return status;
    }
    const char *name = reader->document->name;
    if (name[strspn(name, "0123456789")] == '\0') {
        return wf_job_reader_fail(reader, WF_INVALID,
                                  "must not be a number, which would name another job");
    }
    return WF_OK;
}

static enum wf_status take_command(struct wf_job_reader *reader, const json_t *value)
{
    return wf_job_read_command(reader, value, &reader->document->command,
                               &reader->document->command_count);
}

// A script that does not say what runs it is one for the shell.
static enum wf_status take_script(struct wf_job_reader *reader, const json_t *value)
{
    static const char shell[] = "#!/bin/sh\n";
    const char *text = json_string_value(value);
    bool told = text && strncmp(text, "#!", 2) == 0;
    enum wf_status status =
        wf_job_read_text(reader, value, WF_JOB_SCRIPT_BYTES_MAX - (told ? 0 : strlen(shell)),
                         "WF_JOB_SCRIPT_BYTES_MAX", &text);
    if (status == WF_OK && text[0] == '\0') {
        return wf_job_reader_fail(reader, WF_INVALID, "is empty");
    }
    if (status == WF_OK && !told) {
        text = wf_job_memory_print(reader->document->memory, "%s%s", shell, text);
    }
    reader->document->script = text;
    return status == WF_OK && !text ? wf_job_reader_no_memory(reader) : status;
}

static enum wf_status take_arguments(struct wf_job_reader *reader, const json_t *value)
{
    if (!json_is_array(value)) {
        return wf_job_reader_fail(reader, WF_INVALID, "must be a list of texts");
    }
    return wf_job_read_command(reader, value, &reader->document->arguments,
                               &reader->document->argument_count);
}

static enum wf_status take_folder(struct wf_job_reader *reader, const json_t *value)
{
    return wf_job_read_path(reader, value, &reader->document->folder);
}

static enum wf_status take_environment(struct wf_job_reader *reader, const json_t *value)
{
    return wf_job_read_environment(reader, value, &reader->document->environment,
                                   &reader->document->environment_count);
}

static enum wf_status take_dialect(struct wf_job_reader *reader, const json_t *value)
{
#define WF_JOB_DIALECT_TEXT(name, text) text,
    static const char *const words[] = {WF_JOB_DIALECTS(WF_JOB_DIALECT_TEXT)};
#undef WF_JOB_DIALECT_TEXT
    uint32_t word = 0;
    enum wf_status status = wf_job_read_word(reader, value, words, WF_COUNT_OF(words), &word);
    reader->document->dialect = (enum wf_job_dialect)word;
    return status;
}

static enum wf_status take_tasks(struct wf_job_reader *reader, const json_t *value)
{
    int64_t number = 0;
    enum wf_status status = wf_job_read_number(
        reader, value, (struct wf_job_range){1, WF_JOB_TASKS_MAX, "WF_JOB_TASKS_MAX"}, &number);
    reader->document->tasks = (uint32_t)number;
    return status;
}

static enum wf_status take_gpus(struct wf_job_reader *reader, const json_t *value)
{
    struct wf_error err = {.status = WF_OK};
    enum wf_status status =
        wf_gpu_ask_read(value, reader->document->memory, &reader->document->gpus, &err);
    return status == WF_OK ? WF_OK : wf_job_reader_fail(reader, status, "%s", err.text);
}

static const char *const vendors[] = {"nvidia", "amd"}; // by enum wf_vendor

static enum wf_status take_vendor(struct wf_job_reader *reader, const json_t *value)
{
    uint32_t word = 0;
    enum wf_status status = wf_job_read_word(reader, value, vendors, WF_COUNT_OF(vendors), &word);
    reader->vendor_told = status == WF_OK;
    reader->vendor = (enum wf_vendor)word;
    return status;
}

static enum wf_status take_cpus(struct wf_job_reader *reader, const json_t *value)
{
    int64_t milli = 0;
    enum wf_status status = wf_job_read_milli(
        reader, value, (struct wf_job_range){1, WF_CPU_MILLI_MAX, "WF_CPU_MILLI_MAX"}, &milli);
    reader->document->cpu_milli = (uint32_t)milli;
    return status;
}

static enum wf_status take_memory(struct wf_job_reader *reader, const json_t *value)
{
    const int64_t mib = 1048576;
    int64_t bytes = 0;
    enum wf_status status = wf_job_read_bytes(
        reader, value, (struct wf_job_range){1, WF_MEMORY_MIB_MAX * mib, "WF_MEMORY_MIB_MAX"},
        &bytes);
    reader->document->memory_mib = (uint32_t)((bytes + mib - 1) / mib);
    return status;
}

static enum wf_status take_labels(struct wf_job_reader *reader, const json_t *value)
{
    static const struct wf_job_list_limits limits = {
        .count_max = WF_JOB_LABELS_MAX,
        .count_limit = "WF_JOB_LABELS_MAX",
        .item_bytes_max = WF_JOB_NAME_BYTES_MAX,
        .item_limit = "WF_JOB_NAME_BYTES_MAX",
        .bytes_max = WF_JOB_VARIABLES_BYTES_MAX,
        .bytes_limit = "WF_JOB_VARIABLES_BYTES_MAX",
    };
    return wf_job_read_list(reader, value, &limits, &reader->document->labels,
                            &reader->document->label_count);
}

static enum wf_status take_within(struct wf_job_reader *reader, const json_t *value)
{
    static const char *const words[] = {"any", "zone", "pool", "group"}; // by enum wf_within
    uint32_t word = 0;
    enum wf_status status = wf_job_read_word(reader, value, words, WF_COUNT_OF(words), &word);
    reader->document->within = (enum wf_within)word;
    return status;
}

static enum wf_status take_queue(struct wf_job_reader *reader, const json_t *value)
{
    return wf_job_read_name(reader, value, &reader->document->queue);
}

static enum wf_status take_priority(struct wf_job_reader *reader, const json_t *value)
{
    int64_t number = 0;
    enum wf_status status = wf_job_read_number(
        reader, value,
        (struct wf_job_range){-WF_JOB_PRIORITY_MAX, WF_JOB_PRIORITY_MAX, "WF_JOB_PRIORITY_MAX"},
        &number);
    reader->document->priority = (int32_t)number;
    return status;
}

static enum wf_status take_hold(struct wf_job_reader *reader, const json_t *value)
{
    return wf_job_read_flag(reader, value, &reader->document->hold);
}

static enum wf_status take_apart(struct wf_job_reader *reader, const json_t *value)
{
    return wf_job_read_flag(reader, value, &reader->document->apart);
}

static enum wf_status take_preemptible(struct wf_job_reader *reader, const json_t *value)
{
    return wf_job_read_flag(reader, value, &reader->document->preemptible);
}

static enum wf_status take_replaceable(struct wf_job_reader *reader, const json_t *value)
{
    return wf_job_read_flag(reader, value, &reader->document->replaceable);
}

static enum wf_status take_limit(struct wf_job_reader *reader, const json_t *value)
{
    return wf_job_read_span(reader, value,
                            (struct wf_job_range){1, WF_JOB_SPAN_MS_MAX, "WF_JOB_SPAN_MS_MAX"},
                            &reader->document->limit_ms);
}

static enum wf_status take_expect(struct wf_job_reader *reader, const json_t *value)
{
    return wf_job_read_span(reader, value,
                            (struct wf_job_range){1, WF_JOB_SPAN_MS_MAX, "WF_JOB_SPAN_MS_MAX"},
                            &reader->document->expect_ms);
}

static enum wf_status take_begin(struct wf_job_reader *reader, const json_t *value)
{
    return wf_job_read_time(reader, value, &reader->document->begin_ms);
}

static enum wf_status take_deadline(struct wf_job_reader *reader, const json_t *value)
{
    return wf_job_read_time(reader, value, &reader->document->deadline_ms);
}

static enum wf_status take_lost(struct wf_job_reader *reader, const json_t *value)
{
    return wf_job_read_flag(reader, value, &reader->document->requeue_lost);
}

static enum wf_status take_failed(struct wf_job_reader *reader, const json_t *value)
{
    return wf_job_read_flag(reader, value, &reader->document->requeue_failed);
}

static enum wf_status take_requeue_at_most(struct wf_job_reader *reader, const json_t *value)
{
    int64_t number = 0;
    enum wf_status status = wf_job_read_number(
        reader, value, (struct wf_job_range){0, WF_JOB_REQUEUE_MAX, "WF_JOB_REQUEUE_MAX"}, &number);
    reader->document->requeue_at_most = (uint32_t)number;
    return status;
}

// A map, or false: not at all.
static enum wf_status take_requeue(struct wf_job_reader *reader, const json_t *value)
{
    static const struct wf_job_field fields[] = {
        {"lost", take_lost}, {"failed", take_failed}, {"at_most", take_requeue_at_most}};
    if (json_is_false(value)) {
        reader->document->requeue_lost = false;
        return WF_OK;
    }
    return wf_job_read_map(reader, value, fields, WF_COUNT_OF(fields));
}

static enum wf_status take_signal(struct wf_job_reader *reader, const json_t *value)
{
    char number[24];
    const char *text = json_string_value(value);
    snprintf(number, sizeof number, "%lld", (long long)json_integer_value(value));
    if ((!text && !json_is_integer(value)) ||
        !wf_job_signal_read(text ? text : number, &reader->document->checkpoint_signal)) {
        return wf_job_reader_fail(reader, WF_INVALID,
                                  "must be a signal that a job can be told, such as 'USR1'");
    }
    return WF_OK;
}

static enum wf_status take_grace(struct wf_job_reader *reader, const json_t *value, uint32_t *out)
{
    int64_t ms = 0;
    enum wf_status status = wf_job_read_span(
        reader, value, (struct wf_job_range){0, WF_JOB_GRACE_MS_MAX, "WF_JOB_GRACE_MS_MAX"}, &ms);
    *out = (uint32_t)ms;
    return status;
}

static enum wf_status take_checkpoint_time(struct wf_job_reader *reader, const json_t *value)
{
    return take_grace(reader, value, &reader->document->checkpoint_ms);
}

static enum wf_status take_every(struct wf_job_reader *reader, const json_t *value)
{
    const char *text = json_string_value(value);
    reader->document->checkpoint_auto = text && strcmp(text, "auto") == 0;
    if (reader->document->checkpoint_auto) {
        return WF_OK;
    }
    return wf_job_read_span(reader, value,
                            (struct wf_job_range){1, WF_JOB_SPAN_MS_MAX, "WF_JOB_SPAN_MS_MAX"},
                            &reader->document->checkpoint_every_ms);
}

static enum wf_status take_prompt(struct wf_job_reader *reader, const json_t *value)
{
    reader->prompt_told = true;
    return wf_job_read_flag(reader, value, &reader->document->checkpoint_prompt);
}

static enum wf_status take_checkpoint(struct wf_job_reader *reader, const json_t *value)
{
    static const struct wf_job_field fields[] = {{"signal", take_signal},
                                                 {"time", take_checkpoint_time},
                                                 {"every", take_every},
                                                 {"prompt", take_prompt}};
    return wf_job_read_map(reader, value, fields, WF_COUNT_OF(fields));
}

static enum wf_status take_stop(struct wf_job_reader *reader, const json_t *value)
{
    return take_grace(reader, value, &reader->document->stop_ms);
}

static enum wf_status take_log_size(struct wf_job_reader *reader, const json_t *value)
{
    int64_t bytes = 0;
    enum wf_status status = wf_job_read_bytes(
        reader, value,
        (struct wf_job_range){WF_JOB_LOG_BYTES_MIN, WF_JOB_LOG_BYTES_MAX, "WF_JOB_LOG_BYTES_MAX"},
        &bytes);
    reader->document->log_bytes = (uint64_t)bytes;
    return status;
}

static enum wf_status take_log_files(struct wf_job_reader *reader, const json_t *value)
{
    int64_t number = 0;
    enum wf_status status = wf_job_read_number(
        reader, value, (struct wf_job_range){1, WF_JOB_LOG_FILES_MAX, "WF_JOB_LOG_FILES_MAX"},
        &number);
    reader->document->log_files = (uint32_t)number;
    return status;
}

static enum wf_status take_logs(struct wf_job_reader *reader, const json_t *value)
{
    static const struct wf_job_field fields[] = {{"size", take_log_size},
                                                 {"files", take_log_files}};
    return wf_job_read_map(reader, value, fields, WF_COUNT_OF(fields));
}

static enum wf_status take_nice(struct wf_job_reader *reader, const json_t *value)
{
    int64_t number = 0;
    enum wf_status status =
        wf_job_read_number(reader, value, (struct wf_job_range){0, 19, NULL}, &number);
    reader->document->nice = (int32_t)number;
    return status;
}

// Octal digits in a text, as people write it.
static enum wf_status take_umask(struct wf_job_reader *reader, const json_t *value)
{
    const char *text = json_string_value(value);
    uint32_t mask = 0;
    size_t length = text ? strlen(text) : 0;
    if (length == 0 || length > 4 || strspn(text, "01234567") != length ||
        (length == 4 && text[0] != '0')) {
        return wf_job_reader_fail(reader, WF_INVALID,
                                  "must be a text of octal digits such as '022'");
    }
    for (; *text; text++) {
        mask = mask * 8 + (uint32_t)(*text - '0');
    }
    reader->document->file_mask = mask;
    return WF_OK;
}

// In documents and here: each takes a part that has a file of its own.
static const struct wf_job_field fields[] = {
    {"name", take_name},
    {"command", take_command},
    {"script", take_script},
    {"arguments", take_arguments},
    {"folder", take_folder},
    {"environment", take_environment},
    {"dialect", take_dialect},
    {"variants", wf_job_take_variants},
    {"tasks", take_tasks},
    {"gpus", take_gpus},
    {"vendor", take_vendor},
    {"cpus", take_cpus},
    {"memory", take_memory},
    {"labels", take_labels},
    {"within", take_within},
    {"apart", take_apart},
    {"queue", take_queue},
    {"priority", take_priority},
    {"hold", take_hold},
    {"preemptible", take_preemptible},
    {"replaceable", take_replaceable},
    {"limit", take_limit},
    {"expect", take_expect},
    {"begin", take_begin},
    {"deadline", take_deadline},
    {"array", wf_job_take_array},
    {"after", wf_job_take_after},
    {"requeue", take_requeue},
    {"checkpoint", take_checkpoint},
    {"stop", take_stop},
    {"logs", take_logs},
    {"nice", take_nice},
    {"umask", take_umask},
};

enum wf_status wf_job_document_read(const json_t *tree, struct wf_job_document *document_out,
                                    struct wf_error *err)
{
    struct wf_job_reader reader = {.document = document_out, .err = err};
    enum wf_status status = wf_job_document_begin(document_out, err);
    if (status != WF_OK) {
        return status;
    }
    status = wf_job_read_map(&reader, tree, fields, WF_COUNT_OF(fields));
    return status == WF_OK ? wf_job_document_check(&reader) : status;
}

enum wf_status wf_job_document_parse(const char *text, size_t length,
                                     struct wf_job_document *document_out, struct wf_error *err)
{
    json_error_t problem;
    *document_out = (struct wf_job_document){.memory = NULL};
    if (length > WF_JOB_TEXT_BYTES_MAX) {
        return wf_fail(err, WF_LIMIT,
                       "the document is %zu bytes long, more than %d, the limit "
                       "WF_JOB_TEXT_BYTES_MAX",
                       length, WF_JOB_TEXT_BYTES_MAX);
    }
    json_t *tree = json_loadb(text, length, JSON_REJECT_DUPLICATES, &problem);
    if (!tree) {
        if (json_error_code(&problem) == json_error_out_of_memory) {
            return wf_job_memory_fail(err);
        }
        return wf_fail(err, WF_INVALID, "line %d, column %d: this is no JSON: %s", problem.line,
                       problem.column, problem.text);
    }
    enum wf_status status = wf_job_document_read(tree, document_out, err);
    json_decref(tree);
    return status;
}

void wf_job_document_finish(struct wf_job_document *document)
{
    if (document) {
        wf_job_memory_destroy(document->memory);
        *document = (struct wf_job_document){.memory = NULL};
    }
}

void wf_job_document_field(const struct wf_error *err, char *field_out, size_t size)
{
    size_t length = 0;
    while (isalnum((unsigned char)err->text[length]) ||
           (err->text[length] && strchr("_-.[]/?", err->text[length]))) {
        length++;
    }
    bool found = length > 0 && strncmp(err->text + length, ": ", 2) == 0;
    snprintf(field_out, size, "%.*s", found ? (int)length : 0, err->text);
}
