// SPDX-License-Identifier: Apache-2.0
#include "cli/replay/explain_replay.h"

#include <stdio.h>
#include <string.h>

#include "cli/options.h"
#include "cli/replay/replay_again.h"
#include "sim/history/text.h"
#include "sim/rerun/wait_story.h"

#define SPAN_MAX INT64_C(1000000000000) // seconds of any one unit: no sum comes near the end

bool wf_explain_read_span(const char *text, int64_t *ms_out)
{
    static const struct {
        char letter;
        int64_t seconds;
    } units[] = {{'w', 604800}, {'d', 86400}, {'h', 3600}, {'m', 60}, {'s', 1}};
    int64_t seconds = 0;
    uint32_t unit = 0;
    while (*text != '\0') {
        int64_t number;
        if (!wf_text_digits(&text, SPAN_MAX, &number)) {
            return false;
        }
        while (unit < WF_COUNT_OF(units) && units[unit].letter != *text) {
            unit++;
        }
        if (unit == WF_COUNT_OF(units) || number > SPAN_MAX / units[unit].seconds) {
            return false;
        }
        seconds += number * units[unit++].seconds;
        text++;
    }
    *ms_out = seconds * 1000;
    return unit > 0;
}

static enum wf_status find_job(const struct wf_replay_again *inputs, const char *text,
                               uint32_t *job_out, struct wf_error *err)
{
    uint32_t id = wf_history_id_find(inputs->history, text);
    for (uint32_t i = 0; i < inputs->jobs.count; i++) {
        if (inputs->jobs.list[i].id == id) {
            *job_out = i;
            return WF_OK;
        }
    }
    char first[WF_HISTORY_ID_BYTES], last[WF_HISTORY_ID_BYTES];
    return wf_fail(
        err, WF_NOTFOUND,
        "there is no job '%.60s' in the replay (the first is %.60s, the last %.60s)", text,
        wf_history_id_text(inputs->history, inputs->jobs.list[0].id, first),
        wf_history_id_text(inputs->history, inputs->jobs.list[inputs->jobs.count - 1].id, last));
}

enum wf_status wf_explain_read_at(const char *text, int64_t begin_ms, int64_t *ms_out,
                                  struct wf_error *err)
{
    int64_t span_ms;
    if (wf_text_time(text, ms_out)) {
        return WF_OK;
    }
    if (!wf_explain_read_span(text, &span_ms)) {
        return wf_fail(err, WF_INVALID,
                       "--at '%.40s' is neither a time like 2026-05-01T08:00:00 nor one like 3d4h "
                       "after the first submission",
                       text);
    }
    *ms_out = begin_ms + span_ms;
    return WF_OK;
}

static enum wf_status choose(const struct wf_replay_again *inputs, const char *policy,
                             struct wf_replayer *who_out, struct wf_error *err)
{
    *who_out = inputs->replayers.list[inputs->replayers.count - 1];
    return policy ? wf_replayer_parse(policy, who_out, err) : WF_OK;
}

static enum wf_status tell(const struct wf_replay_again *inputs,
                           const struct wf_explain_question *question, struct wf_error *err)
{
    struct wf_replayer who;
    uint32_t job = 0;
    int64_t asked_ms = 0;
    enum wf_status status = choose(inputs, question->policy, &who, err);
    status = status == WF_OK ? find_job(inputs, question->task, &job, err) : status;
    if (status == WF_OK && question->time) {
        int64_t begin_ms = inputs->has_relative_times ? 0 : inputs->jobs.told[0].submit_ms;
        status = wf_explain_read_at(question->time, begin_ms, &asked_ms, err);
    } else if (status == WF_OK) {
        asked_ms = inputs->jobs.list[job].arrival_ms;
    }
    if (status != WF_OK) {
        return status;
    }
    struct wf_rerun_config config = {
        .jobs = &inputs->jobs,
        .site = &inputs->site,
        .discipline = who.discipline,
        .placement = who.placement,
        .name = who.name,
        .start_delay_ms = inputs->start_delay_ms,
        .outages = inputs->has_outages ? &inputs->outages : NULL,
        .preemptible = inputs->preempt,
        .moves = inputs->moves,
        .plain = inputs->plain,
    };
    const struct wf_story_names names = {
        .history = inputs->history,
        .jobs = &inputs->jobs,
        .site = &inputs->site,
        .run = who.name,
        .is_relative = inputs->has_relative_times,
    };
    static struct wf_story story; // large, and there is one at a time
    status = wf_story_make(&config, job, asked_ms, &story, err);
    if (status == WF_OK && question->json) {
        return wf_explain_replay_print_json(&story, &names, err);
    }
    if (status == WF_OK) {
        wf_story_print(&story, &names, stdout);
        if (!question->time) {
            printf("\nThis is how it stood when the job was submitted; --at asks for another "
                   "time.\n");
        }
    }
    return status;
}

enum wf_status wf_explain_replay(const struct wf_explain_question *question,
                                 struct wf_last_run *last, struct wf_error *err)
{
    if (question->seed) {
        return wf_fail(
            err, WF_INVALID,
            "--seed is for a simulation; the last run was a replay, which draws nothing");
    }
    struct wf_replay_again inputs;
    enum wf_status status = wf_replay_again_read(last->word_count, last->words, &inputs, err);
    status = status == WF_OK ? tell(&inputs, question, err) : status;
    wf_replay_again_finish(&inputs);
    return status;
}
