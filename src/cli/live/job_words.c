// SPDX-License-Identifier: Apache-2.0
#include "cli/live/job_words.h"

#include <stdio.h>
#include <string.h>

#include "base/number.h"
#include "cli/live/live.h"
#include "cli/live/words.h"

bool wf_job_is_over(const json_t *job)
{
    return wf_live_number(job, "ended_ms") > 0;
}

static void list_models(char *text, size_t size, const json_t *models)
{
    size_t used = 0;
    text[0] = '\0';
    for (size_t i = 0; i < json_array_size(models) && used < size; i++) {
        const char *model = json_string_value(json_array_get(models, i));
        used += (size_t)snprintf(text + used, size - used, "%s%s", i > 0 ? "|" : "",
                                 model ? model : "?");
    }
}

const char *wf_job_word_gpus(char *text, const json_t *job)
{
    char models[200];
    char count[WF_NUMBER_BYTES];
    char tasks[32] = "";
    int64_t gpus = wf_live_number(job, "gpus");
    int64_t milli = wf_live_number(job, "gpu_milli");
    if (gpus <= 0) {
        return memcpy(text, "-", 2);
    }
    if (wf_live_number(job, "tasks") > 1) {
        snprintf(tasks, sizeof tasks, "%lld x ", (long long)wf_live_number(job, "tasks"));
    }
    wf_number_thousandths(count, (uint64_t)(milli > 0 && milli < 1000 ? milli : gpus * 1000));
    list_models(models, sizeof models, json_object_get(job, "models"));
    snprintf(text, WF_JOB_WORD_BYTES, "%s%s%s%s", tasks, models, models[0] ? ":" : "", count);
    return text;
}

const char *wf_job_word_state(const char *state)
{
    static const char *const words[][2] = {
        {"waiting", "waits"},          {"held", "is held"}, {"running", "runs"},
        {"ending", "is ending"},       {"done", "is done"}, {"failed", "has failed"},
        {"cancelled", "is cancelled"}, {"lost", "is lost"},
    };
    for (size_t i = 0; i < WF_COUNT_OF(words); i++) {
        if (strcmp(state, words[i][0]) == 0) {
            return words[i][1];
        }
    }
    return state;
}

const char *wf_job_word_time(char *text, const json_t *job, int64_t now_ms)
{
    int64_t submitted_ms = wf_live_number(job, "submitted_ms");
    int64_t started_ms = wf_live_number(job, "started_ms");
    int64_t ended_ms = wf_live_number(job, "ended_ms");
    const char *state = wf_live_text(job, "state");
    char span[WF_WORD_BYTES];
    if (ended_ms > 0) {
        wf_word_span(span, started_ms > 0 ? ended_ms - started_ms : 0);
        snprintf(text, WF_JOB_WORD_BYTES, "%s%s", started_ms > 0 ? "ran " : "never ran",
                 started_ms > 0 ? span : "");
    } else if (strcmp(state, "running") == 0 || strcmp(state, "ending") == 0) {
        wf_word_span(span, started_ms > 0 ? now_ms - started_ms : 0);
        snprintf(text, WF_JOB_WORD_BYTES, "%s", span);
    } else {
        wf_word_span(span, now_ms - submitted_ms);
        snprintf(text, WF_JOB_WORD_BYTES, "waits %s", span);
    }
    return text;
}

const char *wf_job_word_end(char *text, const json_t *job)
{
    const json_t *end = json_object_get(job, "exit");
    const json_t *code = json_object_get(end, "code");
    const json_t *signal = json_object_get(end, "signal");
    const char *reason = wf_live_text(end, "reason");
    text[0] = '\0';
    if (!json_is_object(end)) {
        return text;
    }
    if (strcmp(reason, "exit") == 0 && json_is_integer(code)) {
        if (json_integer_value(code) != 0) {
            snprintf(text, WF_JOB_WORD_BYTES, "exit %lld", (long long)json_integer_value(code));
        }
    } else if (strcmp(reason, "signal") == 0 && json_is_integer(signal)) {
        snprintf(text, WF_JOB_WORD_BYTES, "signal %lld", (long long)json_integer_value(signal));
    } else {
        snprintf(text, WF_JOB_WORD_BYTES, "%s", reason);
    }
    return text;
}

const char *wf_job_word_why(char *text, const json_t *job)
{
    const char *reason = wf_live_text(json_object_get(job, "reason"), "text");
    if (wf_job_is_over(job)) {
        return wf_job_word_end(text, job)[0] ? text : "";
    }
    snprintf(text, WF_JOB_WORD_BYTES, "%s", reason);
    return text;
}

int wf_job_exit_status(const json_t *job)
{
    const json_t *end = json_object_get(job, "exit");
    const json_t *code = json_object_get(end, "code");
    const json_t *signal = json_object_get(end, "signal");
    if (json_is_integer(signal) && json_integer_value(signal) > 0) {
        return (int)(128 + json_integer_value(signal) % 128);
    }
    if (json_is_integer(code) && json_integer_value(code) >= 0) {
        // A job that was stopped and still left with 0 is not done.
        bool done = strcmp(wf_live_text(job, "state"), "done") == 0;
        int status = (int)(json_integer_value(code) & 255);
        return status != 0 || done ? status : 1;
    }
    return strcmp(wf_live_text(job, "state"), "done") == 0 ? 0 : 1;
}
