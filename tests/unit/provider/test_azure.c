// SPDX-License-Identifier: Apache-2.0
#include "ask.h"

#define NAME "/metadata/instance/compute/name?api-version=2021-02-01&format=text"
#define EVENTS "/metadata/scheduledevents?api-version=2020-07-01"
#define NONE "{\"DocumentIncarnation\":1,\"Events\":[]}"
#define EVENT(type, who, status, when)                                                             \
    "{\"EventId\":\"602d9444-d2cd-49c7-8624-8643e7171297\",\"EventType\":\"" type                  \
    "\",\"ResourceType\":\"VirtualMachine\",\"Resources\":[\"" who "\"],\"EventStatus\":\"" status \
    "\",\"NotBefore\":\"" when "\"}"
#define EVENTS_OF(events) "{\"DocumentIncarnation\":2,\"Events\":[" events "]}"
#define AT "Mon, 18 Sep 2017 08:20:30 GMT"

static struct wf_probe probe;
static struct wf_notice notice;

static enum wf_heard told(const char *path, int32_t status, const char *body)
{
    return answer_to(&wf_provider_azure, &probe, path,
                     (struct wf_answer){.status = status, .body = body}, &notice);
}

static void begin(void)
{
    probe = (struct wf_probe){.now_ms = NOW_MS};
    assert_int_equal(told(NAME, 200, "vm-7"), WF_HEARD_MORE);
    struct wf_question question = {0};
    wf_provider_azure.ask(&probe, &question);
    assert_true(question.timeout_ms > 120000); // the first may take minutes
    assert_int_equal(told(EVENTS, 200, NONE), WF_HEARD_NOTICE);
    assert_int_equal(notice.kind, WF_NOTICE_NONE);
}

static void a_preemption_of_this_machine_is_a_notice(void **unused)
{
    (void)unused;
    begin();
    assert_int_equal(told(EVENTS, 200, EVENTS_OF(EVENT("Preempt", "VM-7", "Scheduled", AT))),
                     WF_HEARD_NOTICE);
    assert_int_equal(notice.kind, WF_NOTICE_GOING);
    assert_true(notice.gone_ms == NOW_MS + 30000);
    assert_string_equal(notice.what, "Preempt");
    // Once it has begun it says no time any more.
    assert_int_equal(told(EVENTS, 200, EVENTS_OF(EVENT("Preempt", "vm-7", "Started", ""))),
                     WF_HEARD_NOTICE);
    assert_true(notice.gone_ms == NOW_MS + 30000);
    assert_int_equal(told(EVENTS, 200, NONE), WF_HEARD_NOTICE);
    assert_int_equal(notice.kind, WF_NOTICE_NONE);
}

static void what_is_about_others_or_else_is_none(void **unused)
{
    (void)unused;
    begin();
    static const char *const bodies[] = {
        EVENTS_OF(EVENT("Preempt", "vm-8", "Scheduled", AT)),
        EVENTS_OF(EVENT("Reboot", "vm-7", "Scheduled", AT)),
        EVENTS_OF(EVENT("Freeze", "vm-7", "Scheduled", AT)),
        EVENTS_OF(EVENT("Preempt", "vm-7", "Canceled", AT)),
        EVENTS_OF("{}, 7, null, [\"vm-7\"]"),
    };
    for (uint32_t i = 0; i < WF_COUNT_OF(bodies); i++) {
        assert_int_equal(told(EVENTS, 200, bodies[i]), WF_HEARD_NOTICE);
        assert_int_equal(notice.kind, WF_NOTICE_NONE);
    }
}

static void of_several_the_soonest_counts(void **unused)
{
    (void)unused;
    begin();
    assert_int_equal(
        told(EVENTS, 200,
             EVENTS_OF(EVENT("Terminate", "vm-7", "Scheduled", "2017-09-18T08:25:00Z") "," EVENT(
                 "Preempt", "vm-7", "Scheduled", AT))),
        WF_HEARD_NOTICE);
    assert_string_equal(notice.what, "Preempt");
}

static void without_a_name_every_event_is_ours(void **unused)
{
    (void)unused;
    probe = (struct wf_probe){.now_ms = NOW_MS};
    assert_int_equal(told(NAME, 503, ""), WF_HEARD_MORE);
    assert_int_equal(told(EVENTS, 200, EVENTS_OF(EVENT("Preempt", "vm-8", "Scheduled", AT))),
                     WF_HEARD_NOTICE);
    assert_int_equal(notice.kind, WF_NOTICE_GOING);
    // And it asks for the name again.
    assert_int_equal(told(NAME, 200, "vm-7"), WF_HEARD_MORE);
}

static void what_is_no_answer_changes_nothing(void **unused)
{
    (void)unused;
    begin();
    static const char *const bodies[] = {"", "[]", "{}", "{\"Events\": 7}", "{\"Events\": [{"};
    for (uint32_t i = 0; i < WF_COUNT_OF(bodies); i++) {
        assert_int_equal(told(EVENTS, 200, bodies[i]), WF_HEARD_NOTHING);
    }
    assert_int_equal(told(EVENTS, 429, ""), WF_HEARD_NOTHING);
    assert_int_equal(told(EVENTS, 404, ""), WF_HEARD_NOTICE);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(a_preemption_of_this_machine_is_a_notice),
        cmocka_unit_test(what_is_about_others_or_else_is_none),
        cmocka_unit_test(of_several_the_soonest_counts),
        cmocka_unit_test(without_a_name_every_event_is_ours),
        cmocka_unit_test(what_is_no_answer_changes_nothing),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
