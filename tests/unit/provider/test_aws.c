// SPDX-License-Identifier: Apache-2.0
#include "ask.h"

#define TOKEN "/latest/api/token"
#define ACTION "/latest/meta-data/spot/instance-action"
#define REBALANCE "/latest/meta-data/events/recommendations/rebalance"

static struct wf_probe probe;
static struct wf_notice notice;

static enum wf_heard told(const char *path, int32_t status, const char *body)
{
    return answer_to(&wf_provider_aws, &probe, path,
                     (struct wf_answer){.status = status, .body = body}, &notice);
}

static void begin(void)
{
    probe = (struct wf_probe){.now_ms = NOW_MS};
    assert_int_equal(told(TOKEN, 200, "AQAEAGx=="), WF_HEARD_MORE);
}

static void a_notice_is_one_with_its_time(void **unused)
{
    (void)unused;
    begin();
    assert_int_equal(told(ACTION, 404, ""), WF_HEARD_MORE);
    assert_int_equal(told(REBALANCE, 404, ""), WF_HEARD_NOTICE);
    assert_int_equal(notice.kind, WF_NOTICE_NONE);
    assert_int_equal(
        told(ACTION, 200, "{\"action\": \"terminate\", \"time\": \"2017-09-18T08:22:00Z\"}"),
        WF_HEARD_NOTICE);
    assert_int_equal(notice.kind, WF_NOTICE_GOING);
    assert_true(notice.gone_ms == NOW_MS + 120000);
    assert_string_equal(notice.what, "terminate");
    // It is withdrawn.
    assert_int_equal(told(ACTION, 404, ""), WF_HEARD_MORE);
    assert_int_equal(told(REBALANCE, 404, ""), WF_HEARD_NOTICE);
    assert_int_equal(notice.kind, WF_NOTICE_NONE);
}

static void a_recommendation_is_advice(void **unused)
{
    (void)unused;
    begin();
    assert_int_equal(told(ACTION, 404, ""), WF_HEARD_MORE);
    assert_int_equal(told(REBALANCE, 200, "{\"noticeTime\": \"2017-09-18T08:22:00Z\"}"),
                     WF_HEARD_NOTICE);
    assert_int_equal(notice.kind, WF_NOTICE_ADVICE);
    assert_true(notice.gone_ms == 0);
}

static void a_token_that_is_over_is_renewed_once_a_round(void **unused)
{
    (void)unused;
    begin();
    assert_int_equal(told(ACTION, 401, ""), WF_HEARD_MORE);
    assert_int_equal(told(TOKEN, 200, "second"), WF_HEARD_MORE);
    struct wf_question question = {0};
    wf_provider_aws.ask(&probe, &question);
    assert_string_equal(question.headers[0], "X-aws-ec2-metadata-token: second");
    assert_int_equal(told(ACTION, 401, ""), WF_HEARD_NOTHING); // and no sooner than usual
    assert_int_equal(told(TOKEN, 200, "third"), WF_HEARD_MORE);
    assert_int_equal(told(ACTION, 404, ""), WF_HEARD_MORE);
    assert_int_equal(told(REBALANCE, 404, ""), WF_HEARD_NOTICE);
    // By the clock it is renewed before it is over.
    probe.now_ms += 21600 * 1000 - 60000;
    assert_int_equal(told(TOKEN, 200, "fourth"), WF_HEARD_MORE);
}

static void what_is_no_answer_changes_nothing(void **unused)
{
    (void)unused;
    probe = (struct wf_probe){.now_ms = NOW_MS};
    assert_int_equal(told(TOKEN, 0, ""), WF_HEARD_NOTHING);
    assert_int_equal(told(TOKEN, 403, "no"), WF_HEARD_NOTHING);
    assert_int_equal(told(TOKEN, 200, ""), WF_HEARD_NOTHING);
    assert_int_equal(told(TOKEN, 200, "two\r\nlines: of a head"), WF_HEARD_NOTHING);
    begin();
    static const char *const bodies[] = {"", "{", "[]", "{\"action\": 7}", "{\"action\": \"\"}"};
    for (uint32_t i = 0; i < WF_COUNT_OF(bodies); i++) {
        assert_int_equal(told(ACTION, 200, bodies[i]), WF_HEARD_NOTHING);
    }
    assert_int_equal(told(ACTION, 503, ""), WF_HEARD_NOTHING);
    assert_int_equal(told(ACTION, 404, ""), WF_HEARD_MORE);
    assert_int_equal(told(REBALANCE, 500, ""), WF_HEARD_NOTHING);
}

static void a_time_that_cannot_be_read_is_as_usual(void **unused)
{
    (void)unused;
    begin();
    assert_int_equal(told(ACTION, 200, "{\"action\": \"stop\", \"time\": \"soon\"}"),
                     WF_HEARD_NOTICE);
    assert_true(notice.gone_ms == NOW_MS + 120000);
    probe.now_ms += 5000;
    assert_int_equal(told(ACTION, 200, "{\"action\": \"stop\"}"), WF_HEARD_NOTICE);
    assert_true(notice.gone_ms == NOW_MS + 120000); // the same as before
    begin();
    assert_int_equal(told(ACTION, 200, "{\"action\": \"hibernate\"}"), WF_HEARD_NOTICE);
    assert_true(notice.gone_ms == NOW_MS);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(a_notice_is_one_with_its_time),
        cmocka_unit_test(a_recommendation_is_advice),
        cmocka_unit_test(a_token_that_is_over_is_renewed_once_a_round),
        cmocka_unit_test(what_is_no_answer_changes_nothing),
        cmocka_unit_test(a_time_that_cannot_be_read_is_as_usual),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
