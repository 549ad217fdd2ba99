// SPDX-License-Identifier: Apache-2.0
#include "daemon/api/parts.h"

static json_t *code_and_text(const char *code, const char *text)
{
    if (!code || !*code) {
        return NULL;
    }
    json_t *reason = wf_api_object();
    wf_api_set(reason, "code", wf_api_text(code));
    wf_api_set(reason, "text", wf_api_text(text));
    return reason;
}

json_t *wf_api_end(const struct wf_run_row *run)
{
    if (!run->end || !*run->end) {
        return NULL;
    }
    json_t *end = wf_api_object();
    wf_api_set(end, "reason", wf_api_text(run->end));
    wf_api_set(end, "code", run->exit_code >= 0 ? wf_api_number(run->exit_code) : NULL);
    wf_api_set(end, "signal", run->signal > 0 ? wf_api_number(run->signal) : NULL);
    wf_api_set(end, "detail", wf_api_text(run->detail));
    return end;
}

static json_t *list_models(const struct wf_gpu_ask *ask)
{
    json_t *models = wf_api_list();
    for (uint32_t i = 0; i < ask->choice_count; i++) {
        if (*ask->choices[i].model) {
            wf_api_add(models, wf_api_text(ask->choices[i].model));
        }
    }
    return models;
}

static json_t *list_after(const struct wf_job_document *document)
{
    json_t *after = wf_api_list();
    for (uint32_t i = 0; i < document->after_count; i++) {
        const struct wf_job_after *other = &document->after[i];
        wf_api_add(after, other->number > 0 ? wf_api_number((int64_t)other->number)
                                            : wf_api_text(other->name));
    }
    return after;
}

// What it asked for.
static void add_request(json_t *job, const struct wf_job_row *row)
{
    struct wf_job_document document = {0};
    struct wf_error err;
    enum wf_status status =
        row->document ? wf_job_document_parse(row->document, strlen(row->document), &document, &err)
                      : WF_INVALID;
    bool told = status == WF_OK;
    wf_api_set(job, "tasks", told ? wf_api_number(document.tasks) : NULL);
    wf_api_set(job, "gpus", told ? wf_api_number(document.gpus.gpus) : NULL);
    wf_api_set(job, "gpu_milli", told ? wf_api_number(document.gpus.gpu_milli) : NULL);
    wf_api_set(job, "models", told ? list_models(&document.gpus) : wf_api_list());
    wf_api_set(job, "cpu_milli", told ? wf_api_number(document.cpu_milli) : NULL);
    wf_api_set(job, "memory_mib", told ? wf_api_number(document.memory_mib) : NULL);
    wf_api_set(job, "priority", told ? wf_api_number(document.priority) : NULL);
    wf_api_set(job, "limit_ms", told ? wf_api_time(document.limit_ms) : NULL);
    wf_api_set(job, "after", told ? list_after(&document) : wf_api_list());
    wf_job_document_finish(&document);
}

// Where and how it runs or ran last.
static void add_run(json_t *job, const struct wf_job_row *row, const struct wf_job_live *live)
{
    const struct wf_run_row *run = &row->run;
    bool ran = run->attempt > 0;
    const char *node = live && live->node ? live->node : ran ? run->node : NULL;
    uint64_t set = live && live->node ? live->gpu_set : run->gpu_set;
    wf_api_set(job, "node", node && *node ? wf_api_text(node) : NULL);
    wf_api_set(job, "gpu_set", node && *node ? wf_api_number((int64_t)set) : NULL);
    wf_api_set(
        job, "attempt",
        wf_api_number(live && live->attempt > row->attempts ? live->attempt : row->attempts));
    wf_api_set(job, "exit", ran ? wf_api_end(run) : NULL);
    wf_api_set(job, "cost_nanousd", wf_api_number(live ? live->cost_nanousd : row->cost_nanousd));
    wf_api_set(job, "gpu_seconds",
               wf_api_number((int64_t)((live ? live->gpu_ms : row->gpu_ms) / 1000)));
    wf_api_set(job, "cpu_ms", wf_api_number((int64_t)row->cpu_ms));
    wf_api_set(job, "memory_peak_bytes", wf_api_number((int64_t)row->memory_peak_bytes));
}

// Of taking it in, and of its last run.
static void add_warnings(json_t *job, const struct wf_job_row *row)
{
    json_t *warnings = wf_api_parse(row->warnings);
    wf_api_set(job, "warnings", json_is_array(warnings) ? warnings : wf_api_list());
    if (!json_is_array(warnings)) {
        json_decref(warnings);
    }
    if (row->run.attempt > 0 && row->run.warnings && row->run.warnings[0]) {
        wf_api_add(json_object_get(job, "warnings"), wf_api_text(row->run.warnings));
    }
}

static void add_names(json_t *job, const struct wf_job_row *row)
{
    wf_api_set(job, "id", wf_api_number((int64_t)row->id));
    wf_api_set(job, "engine", row->engine && *row->engine ? wf_api_text(row->engine) : NULL);
    wf_api_set(job, "key", row->key && *row->key ? wf_api_text(row->key) : NULL);
    wf_api_set(job, "name", wf_api_text(row->name));
    wf_api_set(job, "user", wf_api_text(row->user));
    wf_api_set(job, "queue", wf_api_text(row->queue));
}

json_t *wf_api_job(struct wf_api *api, const struct wf_job_row *row)
{
    struct wf_job_live live;
    bool is_live = wf_desk_live(api->desk, row->id, &live);
    bool told = is_live && live.reason_code && *live.reason_code;
    json_t *job = wf_api_object();
    add_names(job, row);
    wf_api_set(job, "state", wf_api_text(wf_job_state_word(is_live ? live.state : row->state)));
    wf_api_set(job, "reason",
               told      ? code_and_text(live.reason_code, live.reason)
               : is_live ? NULL
                         : code_and_text(row->reason_code, row->reason));
    wf_api_set(job, "array", row->array > 0 ? wf_api_number((int64_t)row->array) : NULL);
    wf_api_set(job, "submitted_ms", wf_api_time(row->submitted_ms));
    wf_api_set(job, "started_ms",
               wf_api_time(row->started_ms > 0 ? row->started_ms
                           : is_live           ? live.started_ms
                                               : 0));
    wf_api_set(job, "ended_ms", wf_api_time(row->ended_ms));
    wf_api_set(job, "kept_start_ms", wf_api_time(is_live ? live.kept_start_ms : 0));
    wf_api_set(job, "sharing", is_live && live.shares ? wf_api_sharing(&live.sharing) : NULL);
    add_request(job, row);
    add_run(job, row, is_live ? &live : NULL);
    add_warnings(job, row);
    return job;
}
