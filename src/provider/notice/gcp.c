// SPDX-License-Identifier: Apache-2.0
// Google Cloud: one word, TRUE or FALSE, whether the machine is being preempted. The server holds
// an answer back until it is another one, so that nothing is lost by asking seldom. It says no
// time: 30 s after it was said is what is documented.
#include <stdio.h>
#include <string.h>

#include "provider/notice/probe.h"

enum { WAIT_S = 60, TIMEOUT_MS = 2000, LEAD_MS = 30000 };

static void ask(struct wf_probe *probe, struct wf_question *question_out)
{
    static const char path[] = "/computeMetadata/v1/instance/preempted";
    question_out->method = "GET";
    question_out->header_count = 1;
    snprintf(question_out->headers[0], sizeof question_out->headers[0], "Metadata-Flavor: Google");
    if (probe->etag[0] == '\0') {
        snprintf(question_out->path, sizeof question_out->path, "%s", path);
        question_out->timeout_ms = TIMEOUT_MS;
        return;
    }
    snprintf(question_out->path, sizeof question_out->path,
             "%s?wait_for_change=true&timeout_sec=%d&last_etag=%s", path, WAIT_S, probe->etag);
    question_out->timeout_ms = WAIT_S * 1000 + TIMEOUT_MS;
}

// One that has nothing but what an address may have.
static void note_etag(struct wf_probe *probe, const char *etag)
{
    size_t length =
        strspn(etag, "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789-_");
    // An answer that is another one did take its time, or came when it was to come.
    probe->at_once = probe->etag[0] != '\0' && strcmp(probe->etag, etag) != 0;
    bool good = length < sizeof probe->etag && etag[length] == '\0';
    snprintf(probe->etag, sizeof probe->etag, "%s", good ? etag : "");
}

static bool says(const struct wf_answer *answer, const char *word)
{
    size_t length = strlen(word);
    return answer->length >= length && strncmp(answer->body, word, length) == 0 &&
           strspn(answer->body + length, " \r\n") == answer->length - length;
}

static enum wf_heard hear(struct wf_probe *probe, const struct wf_answer *answer,
                          struct wf_notice *notice_out)
{
    bool yes = says(answer, "TRUE"), no = says(answer, "FALSE");
    probe->at_once = false;
    if (answer->status == 404 || (answer->status == 200 && no)) {
        probe->noted = (struct wf_notice){.kind = WF_NOTICE_NONE, .seen_ms = probe->now_ms};
    } else if (answer->status == 200 && yes) {
        if (probe->noted.kind != WF_NOTICE_GOING) {
            probe->noted = wf_notice_going(probe, probe->now_ms + LEAD_MS, "preempted");
        }
    } else {
        probe->etag[0] = '\0';
        return WF_HEARD_NOTHING;
    }
    note_etag(probe, answer->status == 200 ? answer->etag : "");
    *notice_out = probe->noted;
    return WF_HEARD_NOTICE;
}

const struct wf_provider wf_provider_gcp = {
    .name = "gcp",
    .address = "http://169.254.169.254", // so that no name is looked up
    .period_ms = 1000,
    .ask = ask,
    .hear = hear,
};
