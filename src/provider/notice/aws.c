// SPDX-License-Identifier: Apache-2.0
// AWS: a token first, then the instance action (404 until there is one, as a rule two minutes
// before), then the rebalance recommendation, which says that the risk is up and no more.
#include <stdio.h>
#include <string.h>

#include <jansson.h>

#include "provider/notice/date.h"
#include "provider/notice/probe.h"

enum { TOKEN_S = 21600, TOKEN_SPARE_MS = 60000, TIMEOUT_MS = 2000, LEAD_MS = 120000 };
enum step { ACTION, REBALANCE };

static bool has_token(const struct wf_probe *probe)
{
    return probe->token[0] != '\0' && probe->now_ms < probe->token_until_ms;
}

static void ask(struct wf_probe *probe, struct wf_question *question_out)
{
    static const char *const paths[] = {[ACTION] = "/latest/meta-data/spot/instance-action",
                                        [REBALANCE] =
                                            "/latest/meta-data/events/recommendations/rebalance"};
    struct wf_question *question = question_out;
    question->timeout_ms = TIMEOUT_MS;
    question->header_count = 1;
    if (!has_token(probe)) {
        question->method = "PUT";
        snprintf(question->path, sizeof question->path, "/latest/api/token");
        snprintf(question->headers[0], sizeof question->headers[0],
                 "X-aws-ec2-metadata-token-ttl-seconds: %d", TOKEN_S);
        return;
    }
    question->method = "GET";
    snprintf(question->path, sizeof question->path, "%s", paths[probe->step]);
    snprintf(question->headers[0], sizeof question->headers[0], "X-aws-ec2-metadata-token: %s",
             probe->token);
}

static enum wf_heard give_up(struct wf_probe *probe)
{
    probe->step = ACTION;
    probe->token_renewed = false;
    return WF_HEARD_NOTHING;
}

static enum wf_heard take_token(struct wf_probe *probe, const struct wf_answer *answer)
{
    size_t length = strspn(answer->body, "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz"
                                         "0123456789+/=_-.~:");
    if (answer->status != 200 || length == 0 || length != answer->length ||
        length >= sizeof probe->token) {
        return give_up(probe);
    }
    memcpy(probe->token, answer->body, length + 1);
    probe->token_until_ms = probe->now_ms + INT64_C(1000) * TOKEN_S - TOKEN_SPARE_MS;
    return WF_HEARD_MORE;
}

// {"action": "terminate", "time": "2017-09-18T08:22:00Z"}
static bool read_action(const struct wf_probe *probe, const struct wf_answer *answer,
                        struct wf_notice *notice_out)
{
    json_t *tree = json_loadb(answer->body, answer->length, 0, NULL);
    const char *action = json_string_value(json_object_get(tree, "action"));
    const char *time = json_string_value(json_object_get(tree, "time"));
    int64_t gone_ms = 0;
    bool good = action && action[0] != '\0';
    if (good) {
        // One that hibernates does so at once, and one without a good time is taken at its word.
        if (!time || !wf_date_read(time, &gone_ms)) {
            bool at_once = strcmp(action, "hibernate") == 0;
            gone_ms = probe->noted.kind == WF_NOTICE_GOING
                          ? probe->noted.gone_ms
                          : probe->now_ms + (at_once ? 0 : LEAD_MS);
        }
        *notice_out = wf_notice_going(probe, gone_ms, action);
    }
    json_decref(tree);
    return good;
}

static enum wf_heard take_action(struct wf_probe *probe, const struct wf_answer *answer,
                                 struct wf_notice *notice_out)
{
    if (answer->status == 404) {
        probe->noted = (struct wf_notice){0};
        probe->step = REBALANCE;
        return WF_HEARD_MORE;
    }
    if (answer->status != 200 || !read_action(probe, answer, notice_out)) {
        return give_up(probe);
    }
    probe->noted = *notice_out;
    probe->token_renewed = false;
    return WF_HEARD_NOTICE;
}

static enum wf_heard take_rebalance(struct wf_probe *probe, const struct wf_answer *answer,
                                    struct wf_notice *notice_out)
{
    if (answer->status != 200 && answer->status != 404) {
        return give_up(probe);
    }
    (void)give_up(probe); // the round is over
    *notice_out = (struct wf_notice){.kind = WF_NOTICE_NONE, .seen_ms = probe->now_ms};
    if (answer->status == 200) {
        notice_out->kind = WF_NOTICE_ADVICE;
        snprintf(notice_out->what, sizeof notice_out->what, "rebalance");
    }
    return WF_HEARD_NOTICE;
}

static enum wf_heard hear(struct wf_probe *probe, const struct wf_answer *answer,
                          struct wf_notice *notice_out)
{
    if (!has_token(probe)) {
        return take_token(probe, answer);
    }
    if (answer->status == 401) {
        // The token is over, whatever was said of it. Once in a round, or two could play this
        // forever.
        probe->token[0] = '\0';
        bool again = !probe->token_renewed;
        probe->token_renewed = true;
        return again ? WF_HEARD_MORE : give_up(probe);
    }
    return probe->step == ACTION ? take_action(probe, answer, notice_out)
                                 : take_rebalance(probe, answer, notice_out);
}

const struct wf_provider wf_provider_aws = {
    .name = "aws",
    .address = "http://169.254.169.254",
    .period_ms = 5000, // as AWS advises
    .ask = ask,
    .hear = hear,
};
