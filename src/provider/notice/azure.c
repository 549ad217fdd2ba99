// SPDX-License-Identifier: Apache-2.0
// Azure: scheduled events. An event is about machines by name, and all machines of a set hear of
// it, so the machine asks for its own name first. An event that is in the list no more, and the
// machine is still there: it was cancelled.
#include <stdio.h>
#include <string.h>
#include <strings.h>

#include <jansson.h>

#include "provider/notice/date.h"
#include "provider/notice/probe.h"

enum {
    TIMEOUT_MS = 2000,
    FIRST_TIMEOUT_MS = 150000, // the first question switches the service on, which takes its time
    LEAD_MS = 30000,
};
enum step { NAME, FIRST, EVENTS };

static void ask(struct wf_probe *probe, struct wf_question *question_out)
{
    static const char *const paths[] = {
        [NAME] = "/metadata/instance/compute/name?api-version=2021-02-01&format=text",
        [FIRST] = "/metadata/scheduledevents?api-version=2020-07-01",
        [EVENTS] = "/metadata/scheduledevents?api-version=2020-07-01"};
    question_out->method = "GET";
    snprintf(question_out->path, sizeof question_out->path, "%s", paths[probe->step]);
    question_out->header_count = 1;
    snprintf(question_out->headers[0], sizeof question_out->headers[0], "Metadata: true");
    question_out->timeout_ms = probe->step == FIRST ? FIRST_TIMEOUT_MS : TIMEOUT_MS;
}

static enum wf_heard take_name(struct wf_probe *probe, const struct wf_answer *answer)
{
    // Without a name every event is taken as one about this machine: too many are better than one
    // too few.
    bool good = answer->status == 200 && answer->length < sizeof probe->self &&
                memchr(answer->body, '\0', answer->length) == NULL;
    snprintf(probe->self, sizeof probe->self, "%s", good ? answer->body : "");
    probe->step = FIRST;
    return WF_HEARD_MORE;
}

static bool is_about_us(const struct wf_probe *probe, const json_t *event)
{
    const json_t *resources = json_object_get(event, "Resources");
    bool ours = probe->self[0] == '\0' || json_array_size(resources) == 0;
    for (size_t i = 0; i < json_array_size(resources); i++) {
        const char *name = json_string_value(json_array_get(resources, i));
        ours = ours || (name && strcasecmp(name, probe->self) == 0);
    }
    return ours;
}

// When an event takes the machine away; 0: it does not.
static int64_t read_event(const struct wf_probe *probe, const json_t *event)
{
    const char *type = json_string_value(json_object_get(event, "EventType"));
    const char *state = json_string_value(json_object_get(event, "EventStatus"));
    const char *not_before = json_string_value(json_object_get(event, "NotBefore"));
    int64_t gone_ms = 0;
    bool takes = type && (strcmp(type, "Preempt") == 0 || strcmp(type, "Terminate") == 0);
    if (!takes || !is_about_us(probe, event) || (state && strcmp(state, "Canceled") == 0)) {
        return 0;
    }
    if (not_before && wf_date_read(not_before, &gone_ms)) {
        return gone_ms > 0 ? gone_ms : 1;
    }
    // One that has started says no time any more.
    bool started = state && strcmp(state, "Started") == 0;
    if (probe->noted.kind == WF_NOTICE_GOING) {
        return probe->noted.gone_ms;
    }
    return probe->now_ms + (started ? 0 : LEAD_MS);
}

// The soonest of all that take the machine away.
static bool read_events(const struct wf_probe *probe, const struct wf_answer *answer,
                        struct wf_notice *notice_out)
{
    json_t *tree = json_loadb(answer->body, answer->length, 0, NULL);
    const json_t *events = json_object_get(tree, "Events");
    bool good = json_is_array(events);
    *notice_out = (struct wf_notice){.kind = WF_NOTICE_NONE, .seen_ms = probe->now_ms};
    for (size_t i = 0; i < json_array_size(events); i++) {
        const json_t *event = json_array_get(events, i);
        int64_t gone_ms = read_event(probe, event);
        bool sooner = notice_out->kind == WF_NOTICE_NONE || gone_ms < notice_out->gone_ms;
        if (gone_ms > 0 && sooner) {
            *notice_out = wf_notice_going(probe, gone_ms,
                                          json_string_value(json_object_get(event, "EventType")));
        }
    }
    json_decref(tree);
    return good;
}

static enum wf_heard hear(struct wf_probe *probe, const struct wf_answer *answer,
                          struct wf_notice *notice_out)
{
    if (probe->step == NAME) {
        return take_name(probe, answer);
    }
    if (answer->status == 404) {
        *notice_out = (struct wf_notice){.kind = WF_NOTICE_NONE, .seen_ms = probe->now_ms};
    } else if (answer->status != 200 || !read_events(probe, answer, notice_out)) {
        probe->step = probe->self[0] == '\0' ? NAME : probe->step;
        return WF_HEARD_NOTHING;
    }
    probe->noted = *notice_out;
    probe->step = probe->self[0] == '\0' ? NAME : EVENTS;
    return WF_HEARD_NOTICE;
}

const struct wf_provider wf_provider_azure = {
    .name = "azure",
    .address = "http://169.254.169.254",
    .period_ms = 1000,
    .ask = ask,
    .hear = hear,
};
