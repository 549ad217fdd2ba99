// SPDX-License-Identifier: Apache-2.0
#include "cli/live/explain_live.h"

#include <stdio.h>
#include <string.h>

#include "cli/clean.h"
#include "cli/live/job_words.h"
#include "cli/live/words.h"
#include "cli/paragraph.h"

enum { WIDTH = 100, LINE_BYTES = 4096 };

bool wf_explain_live_knows(struct wf_live *live, const char *job)
{
    struct wf_error err;
    bool knows = wf_live_open(live, &err) == WF_OK &&
                 whaleflux_get(live->daemon, job, NULL, NULL) == WHALEFLUX_OK;
    wf_exit_set(-1); // it was only a question
    if (!knows) {
        wf_live_close(live);
    }
    return knows;
}

// Who it is and how it stands.
static void print_job(const json_t *job)
{
    char name[WF_JOB_WORD_BYTES];
    char user[WF_JOB_WORD_BYTES];
    char queue[WF_JOB_WORD_BYTES];
    char age[WF_WORD_BYTES];
    char utc[WF_WORD_BYTES];
    char money[WF_WORD_BYTES];
    int64_t cost = wf_live_number(job, "cost_nanousd");
    printf("Job %lld (%s) of %s in queue %s %s; submitted %s (%s)%s%s.\n",
           (long long)wf_live_number(job, "id"),
           wf_clean_text(name, sizeof name, wf_live_text(job, "name"), 60),
           wf_clean_text(user, sizeof user, wf_live_text(job, "user"), 40),
           wf_clean_text(queue, sizeof queue, wf_live_text(job, "queue"), 60),
           wf_job_word_state(wf_live_text(job, "state")),
           wf_word_age(age, wf_live_number(job, "submitted_ms"), wf_word_now_ms()),
           wf_word_utc(utc, wf_live_number(job, "submitted_ms")), cost > 0 ? "; it has cost " : "",
           cost > 0 ? wf_word_usd(money, cost) : "");
}

// What begins with spaces is laid out already.
static void print_lines(const char *text)
{
    while (*text) {
        char line[LINE_BYTES];
        char clean[LINE_BYTES];
        size_t length = strcspn(text, "\n");
        snprintf(line, sizeof line, "%.*s", (int)length, text);
        wf_clean_text(clean, sizeof clean, line, LINE_BYTES / 4);
        if (line[0] == ' ') {
            puts(clean);
        } else {
            wf_paragraph_print(stdout, clean, WIDTH);
        }
        text += length + (text[length] == '\n');
    }
}

static enum wf_status print(struct wf_live *live, const char *job, const json_t *story,
                            struct wf_error *err)
{
    struct whaleflux_error why;
    struct whaleflux_answer *answer;
    if (live->json) {
        return wf_live_print(story, err);
    }
    if (whaleflux_get(live->daemon, job, &answer, &why) != WHALEFLUX_OK) {
        return wf_live_fail(&why, err);
    }
    print_job(wf_live_tree(answer));
    print_lines(wf_live_text(story, "text"));
    const json_t *warnings = json_object_get(wf_live_tree(answer), "warnings");
    for (size_t i = 0; i < json_array_size(warnings); i++) {
        const char *warning = json_string_value(json_array_get(warnings, i));
        print_lines(warning ? warning : "");
    }
    whaleflux_answer_free(answer);
    return WF_OK;
}

enum wf_status wf_explain_live(struct wf_live *live, const char *job, struct wf_error *err)
{
    struct whaleflux_error why;
    struct whaleflux_answer *answer;
    if (!live->daemon) {
        enum wf_status status = wf_live_open(live, err);
        if (status != WF_OK) {
            return status;
        }
    }
    if (whaleflux_explain(live->daemon, job, &answer, &why) != WHALEFLUX_OK) {
        return wf_live_fail(&why, err);
    }
    enum wf_status status = print(live, job, wf_live_tree(answer), err);
    whaleflux_answer_free(answer);
    return status;
}
