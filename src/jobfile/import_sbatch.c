// SPDX-License-Identifier: Apache-2.0
// A script, with the options of sbatch in its comments or without. The script itself is run as it
// is.
#include <ctype.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "jobfile/sbatch.h"
#include "jobfile/spelling.h"
#include "text/decimal.h"

enum { LIST_BYTES = 4096 };

// "1:30:00" and such, checked here so that the sentence names the line.
static enum wf_status take_times(struct wf_sbatch *sbatch)
{
    struct wf_import *import = sbatch->import;
    const char *time = wf_sbatch_value(sbatch, WF_SBATCH_TIME);
    int64_t ms = 0;
    if (time && !wf_sbatch_time(time, &ms)) {
        return wf_sbatch_fail(sbatch, WF_SBATCH_TIME,
                              "it must be a time such as '30', '2:00:00' or '1-12'");
    }
    if (ms > 0) {
        wf_import_set(import, "limit", json_integer(ms));
    }
    static const struct {
        enum wf_sbatch_taken option;
        const char *field;
    } clocks[] = {{WF_SBATCH_BEGIN, "begin"}, {WF_SBATCH_DEADLINE, "deadline"}};
    for (size_t i = 0; i < WF_COUNT_OF(clocks); i++) {
        const char *text = wf_sbatch_value(sbatch, clocks[i].option);
        if (text && !wf_sbatch_clock(text, import->config->now_ms, &ms)) {
            return wf_sbatch_fail(sbatch, clocks[i].option,
                                  "it must be a time such as '2026-08-23T10:00', '16:00' or "
                                  "'now+1hour'");
        }
        if (text && ms > 0) {
            wf_import_set(import, clocks[i].field, json_integer(ms));
        }
    }
    return WF_OK;
}

static enum wf_status take_array(struct wf_sbatch *sbatch)
{
    const char *text = wf_sbatch_value(sbatch, WF_SBATCH_ARRAY);
    struct wf_error err = {.status = WF_OK};
    struct wf_job_indices indices;
    if (!text) {
        return WF_OK;
    }
    if (wf_job_indices_read(text, sbatch->import->out->memory, &indices, &err) != WF_OK) {
        return wf_sbatch_fail(sbatch, WF_SBATCH_ARRAY, "%s", err.text);
    }
    wf_import_set_text(sbatch->import, "array", text);
    return WF_OK;
}

// "afterok:12:13": the type, then jobs.
static enum wf_status take_dependency(struct wf_sbatch *sbatch, char *item, json_t *list)
{
    static const struct {
        const char *type, *when;
    } types[] = {
        {"after", "start"}, {"afterany", "end"}, {"afterok", "success"}, {"afternotok", "failure"}};
    char *rest = NULL;
    const char *type = strtok_r(item, ":", &rest);
    const char *when = NULL;
    for (size_t i = 0; type && i < WF_COUNT_OF(types); i++) {
        when = strcmp(type, types[i].type) == 0 ? types[i].when : when;
    }
    if (!when) {
        return wf_sbatch_fail(sbatch, WF_SBATCH_DEPENDENCY,
                              "'%s' is not known here: after, afterany, afterok and afternotok are",
                              type ? type : "");
    }
    const char *job = strtok_r(NULL, ":", &rest);
    for (; job; job = strtok_r(NULL, ":", &rest)) {
        if (job[strspn(job, "0123456789")] != '\0') {
            return wf_sbatch_fail(
                sbatch, WF_SBATCH_DEPENDENCY,
                "'%s' is no number of a job; a part of an array, or minutes after "
                "a start, cannot be waited for",
                job);
        }
        json_array_append_new(list, json_pack("{ssss}", "job", job, "when", when));
    }
    return WF_OK;
}

static enum wf_status take_dependencies(struct wf_sbatch *sbatch)
{
    const char *text = wf_sbatch_value(sbatch, WF_SBATCH_DEPENDENCY);
    char list[LIST_BYTES];
    if (!text) {
        return WF_OK;
    }
    if (strchr(text, '?')) {
        return wf_sbatch_fail(sbatch, WF_SBATCH_DEPENDENCY,
                              "a job waits for all it names; '?' would wait for any of them");
    }
    json_t *after = json_array();
    enum wf_status status = WF_OK;
    char *rest = NULL;
    snprintf(list, sizeof list, "%s", text);
    for (char *item = strtok_r(list, ",", &rest); item && status == WF_OK;
         item = strtok_r(NULL, ",", &rest)) {
        status = take_dependency(sbatch, item, after);
    }
    if (status != WF_OK || json_array_size(after) == 0) {
        json_decref(after);
        return status;
    }
    wf_import_set(sbatch->import, "after", after);
    return WF_OK;
}

// "USR1", "B:USR1@300": a signal so many seconds before the limit.
static enum wf_status take_signal(struct wf_sbatch *sbatch)
{
    const char *text = wf_sbatch_value(sbatch, WF_SBATCH_SIGNAL);
    char name[32] = "";
    uint32_t number;
    int64_t seconds = 60;
    if (!text) {
        return WF_OK;
    }
    const char *colon = strrchr(text, ':'); // B: and R: choose processes; all of them are told
    const char *start = colon ? colon + 1 : text;
    const char *at = strchr(start, '@');
    size_t length = at ? (size_t)(at - start) : strlen(start);
    snprintf(name, sizeof name, "%.*s", (int)length, start);
    if (!wf_job_signal_read(name, &number) ||
        (at && wf_decimal_read(at + 1, 0, 65535, &seconds) != WF_DECIMAL_READ)) {
        return wf_sbatch_fail(sbatch, WF_SBATCH_SIGNAL,
                              "it must be a signal and seconds, such as 'B:USR1@300'");
    }
    if (seconds * 1000 > WF_JOB_GRACE_MS_MAX) {
        return wf_sbatch_fail(sbatch, WF_SBATCH_SIGNAL, "a job may take an hour over it at most");
    }
    wf_sbatch_note(sbatch, WF_SBATCH_SIGNAL,
                   "all processes of the job are told, before it is stopped for whatever reason");
    wf_import_set(sbatch->import, "checkpoint",
                  json_pack("{sssI}", "signal", wf_job_signal_name(number), "time",
                            (json_int_t)seconds * 1000));
    return WF_OK;
}

// One variable of the submitter's; a shell's functions and such are left out.
static bool take_variable(struct wf_import *import, const char *text)
{
    const char *equals = strchr(text, '=');
    size_t length = equals ? (size_t)(equals - text) : 0;
    bool plain = length > 0 && !isdigit((unsigned char)text[0]);
    for (size_t i = 0; i < length; i++) {
        plain = plain && (isalnum((unsigned char)text[i]) || text[i] == '_');
    }
    const char *name = plain ? wf_job_memory_copy(import->out->memory, text, length) : NULL;
    json_t *value = plain ? json_string(equals + 1) : NULL;
    if (name && value) {
        import->no_memory =
            json_object_set(import->environment, name, value) != 0 || import->no_memory;
    }
    json_decref(value);
    return name && value;
}

static void take_all_variables(struct wf_import *import)
{
    wf_job_texts environment = import->config->environment;
    uint32_t left_out = 0;
    for (uint32_t i = 0; environment && environment[i]; i++) {
        left_out += !take_variable(import, environment[i]);
    }
    if (left_out > 0) {
        wf_import_note(import,
                       "--export=ALL: %u of the submitter's variables cannot be in a job "
                       "document (functions of the shell, no UTF-8)",
                       left_out);
    }
}

// The value of one of the submitter's variables.
static const char *find_variable(const struct wf_import *import, const char *name)
{
    wf_job_texts environment = import->config->environment;
    size_t length = strlen(name);
    for (uint32_t i = 0; environment && environment[i]; i++) {
        if (strncmp(environment[i], name, length) == 0 && environment[i][length] == '=') {
            return environment[i];
        }
    }
    return NULL;
}

// "ALL", "NONE", "A,B=1", "ALL,B=1"; without it, all.
static enum wf_status take_export(struct wf_sbatch *sbatch)
{
    struct wf_import *import = sbatch->import;
    const char *text = wf_sbatch_value(sbatch, WF_SBATCH_EXPORT);
    char list[LIST_BYTES];
    char *rest = NULL;
    snprintf(list, sizeof list, "%s", text ? text : "ALL");
    if (text && strlen(text) >= sizeof list) {
        return wf_sbatch_fail(sbatch, WF_SBATCH_EXPORT, "the list is too long");
    }
    for (char *item = strtok_r(list, ",", &rest); item; item = strtok_r(NULL, ",", &rest)) {
        const char *found = strchr(item, '=') ? item : find_variable(import, item);
        if (strcmp(item, "ALL") == 0) {
            take_all_variables(import);
        } else if (strcmp(item, "NONE") != 0 && strcmp(item, "NIL") != 0 &&
                   (!found || !take_variable(import, found))) {
            wf_sbatch_note(sbatch, WF_SBATCH_EXPORT, "there is no variable '%s'", item);
        }
    }
    return WF_OK;
}

static enum wf_status take_priority(struct wf_sbatch *sbatch)
{
    const char *nice = wf_sbatch_value(sbatch, WF_SBATCH_NICE);
    const char *text = wf_sbatch_value(sbatch, WF_SBATCH_PRIORITY);
    int64_t number = 100; // what --nice alone means
    bool minus = nice && nice[0] == '-';
    if (nice && nice[0] &&
        wf_decimal_read(nice + minus, 0, WF_JOB_PRIORITY_MAX, &number) != WF_DECIMAL_READ) {
        return wf_sbatch_fail(sbatch, WF_SBATCH_NICE, "it must be a whole number");
    }
    number = nice ? (minus ? number : -number) : 0;
    if (text && strcmp(text, "TOP") != 0 &&
        wf_decimal_read(text, 0, WF_JOB_PRIORITY_MAX, &number) != WF_DECIMAL_READ) {
        return wf_sbatch_fail(sbatch, WF_SBATCH_PRIORITY, "it must be a whole number");
    }
    if (nice || text) {
        wf_import_set(sbatch->import, "priority", json_integer(number));
    }
    return WF_OK;
}

static enum wf_status take_folder(struct wf_sbatch *sbatch)
{
    struct wf_import *import = sbatch->import;
    const char *folder = wf_sbatch_value(sbatch, WF_SBATCH_CHDIR);
    const char *input = wf_sbatch_value(sbatch, WF_SBATCH_INPUT);
    wf_import_variable(import, "SLURM_SUBMIT_DIR", import->config->folder);
    if (input && strcmp(input, "/dev/null") != 0 && strcmp(input, "none") != 0) {
        return wf_sbatch_fail(sbatch, WF_SBATCH_INPUT,
                              "a job's input is empty: read the file in the script");
    }
    const char *path = folder ? wf_import_path(import, folder) : import->config->folder;
    if (!path) {
        return wf_sbatch_fail(sbatch, WF_SBATCH_CHDIR, "there is no home that '~' could mean");
    }
    wf_import_set_text(import, "folder", path);
    return WF_OK;
}

static void take_name(struct wf_sbatch *sbatch)
{
    const char *name = wf_sbatch_value(sbatch, WF_SBATCH_JOB_NAME);
    const char *shown = sbatch->import->config->shown;
    const char *slash = strrchr(shown, '/');
    if (name) {
        char where[48];
        snprintf(where, sizeof where, "line %u: --job-name",
                 sbatch->option[WF_SBATCH_JOB_NAME].line);
        wf_import_name(sbatch->import, where, name);
    } else {
        wf_import_name(sbatch->import, "the file's name", slash ? slash + 1 : shown);
    }
}

static void take_rest(struct wf_sbatch *sbatch)
{
    struct wf_import *import = sbatch->import;
    const char *partition = wf_sbatch_value(sbatch, WF_SBATCH_PARTITION);
    bool no_requeue = wf_sbatch_value(sbatch, WF_SBATCH_NO_REQUEUE) != NULL;
    if (partition && strchr(partition, ',')) {
        wf_sbatch_note(sbatch, WF_SBATCH_PARTITION,
                       "a job goes to one queue; it goes to the default one");
    } else if (partition) {
        char where[48];
        snprintf(where, sizeof where, "line %u: --partition",
                 sbatch->option[WF_SBATCH_PARTITION].line);
        wf_import_queue(import, where, partition);
    }
    if (wf_sbatch_value(sbatch, WF_SBATCH_HOLD)) {
        wf_import_set(import, "hold", json_true());
    }
    if (no_requeue && !wf_sbatch_value(sbatch, WF_SBATCH_REQUEUE)) {
        wf_import_set(import, "requeue", json_pack("{sb}", "lost", 0));
    }
}

// Whether a line calls the command: as a word of its own.
static bool calls(const char *line, const char *end, const char *command)
{
    size_t length = strlen(command);
    for (const char *at = line; at + length <= end; at++) {
        bool begins = at == line || strchr(" \t(;|&`", at[-1]);
        bool ends = at + length == end || strchr(" \t\r)`", at[length]);
        if (begins && ends && strncmp(at, command, length) == 0) {
            return true;
        }
    }
    return false;
}

// srun and its like are commands of the script; where they are missing, the script fails there.
static void note_commands(struct wf_import *import, const char *script)
{
    static const char *const commands[] = {"srun", "scontrol", "sbcast", "squeue", "sbatch"};
    uint32_t number = 0;
    for (const char *line = script; *line;) {
        const char *end = line + strcspn(line, "\n");
        bool comment = line[strspn(line, " \t")] == '#';
        number++;
        for (size_t i = 0; !comment && i < WF_COUNT_OF(commands); i++) {
            if (calls(line, end, commands[i])) {
                wf_import_note(import,
                               "line %u: the script calls %s, which is Slurm's: the line works "
                               "only where such a command is in PATH",
                               number, commands[i]);
            }
        }
        line = *end ? end + 1 : end;
    }
}

static enum wf_status take_options(struct wf_sbatch *sbatch)
{
    static enum wf_status (*const takers[])(struct wf_sbatch *) = {
        take_export, take_folder,       wf_sbatch_resources, take_times,
        take_array,  take_dependencies, take_signal,         take_priority};
    enum wf_status status = WF_OK;
    for (size_t i = 0; i < WF_COUNT_OF(takers) && status == WF_OK; i++) {
        status = takers[i](sbatch);
    }
    take_rest(sbatch);
    wf_import_set_text(sbatch->import, "dialect", "slurm");
    return status;
}

enum wf_status wf_import_script(struct wf_import *import, const char *text)
{
    struct wf_sbatch sbatch = {.import = import};
    enum wf_status status = wf_sbatch_scan(&sbatch, text);
    if (status != WF_OK) {
        return status;
    }
    import->out->format = sbatch.directives > 0 ? WF_JOB_FORMAT_SBATCH : WF_JOB_FORMAT_SCRIPT;
    json_t *script = json_string(text);
    if (!script) {
        return wf_import_fail(import, "the script is not in UTF-8");
    }
    wf_import_set(import, "script", script);
    json_t *arguments = json_array();
    for (uint32_t i = 0; import->config->arguments && import->config->arguments[i]; i++) {
        import->no_memory =
            json_array_append_new(arguments, json_string(import->config->arguments[i])) != 0 ||
            import->no_memory;
    }
    wf_import_set(import, "arguments", arguments);
    take_name(&sbatch);
    if (sbatch.directives > 0) {
        note_commands(import, text);
        return take_options(&sbatch);
    }
    return WF_OK;
}
