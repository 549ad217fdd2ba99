// SPDX-License-Identifier: Apache-2.0
// A file of this machine, for whoever hears of it otherwise: a script of Slurm's or Kubernetes', or
// a person. While it is there, the machine is to go; empty, 30 s after it was last changed, or as
// {"action": "terminate", "time": "2017-09-18T08:22:00Z"} or {"seconds": 60} in it says.
#include <stdio.h>
#include <string.h>

#include <jansson.h>

#include "provider/notice/date.h"
#include "provider/notice/probe.h"

enum { LEAD_MS = 30000, SECONDS_MAX = 31 * 86400 };

static void ask(struct wf_probe *probe, struct wf_question *question_out)
{
    question_out->method = NULL;
    question_out->header_count = 0;
    snprintf(question_out->path, sizeof question_out->path, "%s", probe->file);
}

static enum wf_heard hear(struct wf_probe *probe, const struct wf_answer *answer,
                          struct wf_notice *notice_out)
{
    if (answer->status == 404) {
        *notice_out = (struct wf_notice){.kind = WF_NOTICE_NONE, .seen_ms = probe->now_ms};
        return WF_HEARD_NOTICE;
    }
    if (answer->status != 200) {
        return WF_HEARD_NOTHING;
    }
    json_t *tree = json_loadb(answer->body, answer->length, 0, NULL);
    const char *action = json_string_value(json_object_get(tree, "action"));
    const char *time = json_string_value(json_object_get(tree, "time"));
    const json_t *seconds = json_object_get(tree, "seconds");
    double lead_s = json_is_number(seconds) ? json_number_value(seconds) : -1;
    int64_t gone_ms = answer->changed_ms + LEAD_MS;
    if (lead_s >= 0 && lead_s <= (double)SECONDS_MAX) {
        gone_ms = answer->changed_ms + (int64_t)(lead_s * 1000);
    }
    if (time && !wf_date_read(time, &gone_ms)) {
        gone_ms = answer->changed_ms + LEAD_MS; // what cannot be read is no reason to wait
    }
    *notice_out = wf_notice_going(probe, gone_ms, action ? action : "notice file");
    json_decref(tree);
    return WF_HEARD_NOTICE;
}

const struct wf_provider wf_provider_file = {
    .name = "file",
    .address = NULL,
    .period_ms = 500,
    .ask = ask,
    .hear = hear,
};
