// SPDX-License-Identifier: GPL-3.0-or-later
#include "slurm/request.h"

#include <stdlib.h>
#include <string.h>

#include "base/assert.h"
#include "base/utf8.h"
#include "slurm/mark.h"

enum need { JOB = 1, NODES = 2, NODE = 4, TEXT = 8, SIGNAL = 16, TASK = 32 };

static const struct {
    const char *word;
    unsigned needs;
    enum wf_slurm_mode mode;
} kinds[] = {
    [WF_DO_MODE] = {"mode", 0, WF_OBSERVE},
    [WF_DO_ALIVE] = {"alive", 0, WF_OBSERVE},
    [WF_DO_START] = {"start", JOB | NODES | TASK, WF_DECIDE},
    [WF_DO_LEAVE] = {"leave", JOB | TASK, WF_DECIDE},
    [WF_DO_HOLD] = {"hold", JOB | TASK, WF_DECIDE},
    [WF_DO_ADVISE] = {"advise", JOB | TEXT, WF_ADVISE},
    [WF_DO_SIGNAL] = {"signal", JOB | SIGNAL, WF_DECIDE},
    [WF_DO_REQUEUE] = {"requeue", JOB, WF_DECIDE},
    [WF_DO_CANCEL] = {"cancel", JOB | TASK, WF_DECIDE},
    [WF_DO_DRAIN] = {"drain", NODE, WF_DECIDE},
    [WF_DO_RESUME] = {"resume", NODE, WF_DECIDE},
    [WF_DO_POWER_UP] = {"power_up", NODE, WF_DECIDE},
    [WF_DO_POWER_DOWN] = {"power_down", NODE, WF_DECIDE},
};

const char *wf_request_word(enum wf_do what)
{
    return kinds[what].word;
}

enum wf_slurm_mode wf_request_mode(enum wf_do what)
{
    return kinds[what].mode;
}

// Names go into Slurm's lists, where these would be read as more than a name.
static bool is_name(const json_t *value)
{
    const char *const name = json_string_value(value);

    return name != NULL && name[0] != '\0' && strpbrk(name, ",[] ;\t") == NULL &&
           json_string_length(value) < 256 && strlen(name) == json_string_length(value) &&
           wf_utf8_is_plain(name, strlen(name));
}

static bool are_names(const json_t *array)
{
    size_t i;
    const json_t *value;

    for (i = 0; (value = json_array_get(array, i)) != NULL; i++) {
        if (!is_name(value)) {
            return false;
        }
    }
    return json_is_array(array);
}

static bool read_integer(const json_t *line, const char *key, int64_t least, int64_t most,
                         int64_t *out)
{
    const json_t *const value = json_object_get(line, key);

    if (!json_is_integer(value)) {
        return false;
    }
    *out = json_integer_value(value);
    return *out >= least && *out <= most;
}

static enum wf_status read_mode(struct wf_request *request, struct wf_error *err)
{
    static const char *const words[] = {"observe", "advise", "decide"};
    const char *const word = json_string_value(json_object_get(request->line, "mode"));

    for (size_t i = 0; word != NULL && i < WF_COUNT_OF(words); i++) {
        if (strcmp(word, words[i]) != 0) {
            continue;
        }
        request->mode = (enum wf_slurm_mode)i;
        request->partitions = json_object_get(request->line, "partitions");
        if (request->partitions != NULL && !are_names(request->partitions)) {
            return wf_fail(err, WF_INVALID, "'partitions' is no list of names");
        }
        if (json_object_get(request->line, "silence_ms") == NULL) {
            request->silence_ms = 60000;
        } else if (!read_integer(request->line, "silence_ms", 1000, 86400000,
                                 &request->silence_ms)) {
            return wf_fail(err, WF_INVALID, "'silence_ms' is no number from 1000 to 86400000");
        }
        return WF_OK;
    }
    return wf_fail(err, WF_INVALID, "'mode' is none of observe, advise, decide");
}

static enum wf_status read_nodes(struct wf_request *request, struct wf_error *err)
{
    request->nodes = json_object_get(request->line, "nodes");
    if (!are_names(request->nodes) || json_array_size(request->nodes) == 0) {
        return wf_fail(err, WF_INVALID, "'nodes' is no list of names of nodes");
    }
    request->decision = json_string_value(json_object_get(request->line, "decision"));
    if (request->decision == NULL || !wf_mark_is_decision(request->decision)) {
        return wf_fail(err, WF_INVALID,
                       "'decision' is no word of at most 48 letters, digits, '-', '_' and '.'");
    }
    request->anyway = json_is_true(json_object_get(request->line, "anyway"));
    return WF_OK;
}

static enum wf_status read_text(struct wf_request *request, const char *key, bool needed,
                                struct wf_error *err)
{
    const json_t *const text = json_object_get(request->line, key);

    request->text = json_string_value(text);
    if (request->text == NULL && !needed) {
        return WF_OK;
    }
    if (request->text == NULL || json_string_length(text) > 1000 ||
        !wf_utf8_is_plain(request->text, json_string_length(text))) {
        return wf_fail(err, WF_INVALID, "'%s' is no text of at most 1000 bytes in one line", key);
    }
    return WF_OK;
}

static enum wf_status read_job(struct wf_request *request, unsigned needs, struct wf_error *err)
{
    int64_t number;

    if (!read_integer(request->line, "job", 1, UINT32_MAX - 2, &number)) {
        return wf_fail(err, WF_INVALID, "'job' is no number of a job");
    }
    request->job = (uint32_t)number;
    if ((needs & TASK) != 0 && json_object_get(request->line, "task") != NULL) {
        if (!read_integer(request->line, "task", 0, UINT32_MAX - 3, &number)) {
            return wf_fail(err, WF_INVALID, "'task' is no number of a task");
        }
        request->task = (uint32_t)number;
    }
    if ((needs & SIGNAL) != 0) {
        const char *const to = json_string_value(json_object_get(request->line, "to"));
        if (!read_integer(request->line, "signal", 1, 64, &number)) {
            return wf_fail(err, WF_INVALID, "'signal' is no number from 1 to 64");
        }
        request->signal = (int)number;
        request->to_batch = to != NULL && strcmp(to, "batch") == 0;
        request->to_steps = to != NULL && strcmp(to, "steps") == 0;
    }
    return WF_OK;
}

static enum wf_status read_members(struct wf_request *request, struct wf_error *err)
{
    const unsigned needs = kinds[request->what].needs;
    enum wf_status status = WF_OK;

    if (request->what == WF_DO_MODE) {
        return read_mode(request, err);
    }
    if (request->what == WF_DO_ALIVE) {
        return WF_OK;
    }
    if (request->number == 0) {
        return wf_fail(err, WF_INVALID, "'request' is no number above 0");
    }
    if ((needs & JOB) != 0) {
        status = read_job(request, needs, err);
    }
    if (status == WF_OK && (needs & NODES) != 0) {
        status = read_nodes(request, err);
    }
    if (status == WF_OK && (needs & TEXT) != 0) {
        status = read_text(request, "text", true, err);
    }
    if (status == WF_OK && (needs & NODE) != 0) {
        if (!is_name(json_object_get(request->line, "node"))) {
            return wf_fail(err, WF_INVALID, "'node' is no name of a node");
        }
        request->node = json_string_value(json_object_get(request->line, "node"));
        status = read_text(request, "reason", false, err);
    }
    return status;
}

enum wf_status wf_request_read(const char *text, size_t length, struct wf_request **request_out,
                               int64_t *number_out, const char **code_out, struct wf_error *err)
{
    json_error_t why;
    struct wf_request *const request = calloc(1, sizeof(*request));

    WF_ASSERT(request != NULL);
    *request_out = NULL;
    *number_out = 0;
    *code_out = "malformed";
    request->task = WF_NO_TASK;
    request->line = json_loadb(text, length, JSON_REJECT_DUPLICATES, &why);
    if (!json_is_object(request->line)) {
        wf_request_destroy(request);
        return wf_fail(err, WF_INVALID, "the line is no JSON object: %s",
                       why.text[0] != '\0' ? why.text : "something else");
    }
    if (read_integer(request->line, "request", 1, INT64_MAX, number_out)) {
        request->number = *number_out;
    } else {
        *number_out = 0;
    }

    const char *const word = json_string_value(json_object_get(request->line, "do"));
    for (size_t i = 0; word != NULL && i < WF_COUNT_OF(kinds); i++) {
        if (strcmp(word, kinds[i].word) != 0) {
            continue;
        }
        request->what = (enum wf_do)i;
        const enum wf_status status = read_members(request, err);
        if (status != WF_OK) {
            wf_error_prefix(err, status, "%s: ", word);
            wf_request_destroy(request);
            return status;
        }
        *request_out = request;
        return WF_OK;
    }
    if (word != NULL) {
        *code_out = "unknown";
    }
    wf_fail(err, WF_INVALID, "this adapter does not know how to do '%.40s'",
            word != NULL ? word : "");
    wf_request_destroy(request);
    return WF_INVALID;
}

void wf_request_destroy(struct wf_request *request)
{
    if (request == NULL) {
        return;
    }
    json_decref(request->line);
    free(request);
}
