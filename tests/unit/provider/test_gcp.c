// SPDX-License-Identifier: Apache-2.0
#include "ask.h"

#define PATH "/computeMetadata/v1/instance/preempted"
#define WAITS PATH "?wait_for_change=true&timeout_sec=60&last_etag="

static struct wf_probe probe;
static struct wf_notice notice;

static enum wf_heard told(const char *path, int32_t status, const char *body, const char *etag)
{
    return answer_to(&wf_provider_gcp, &probe, path,
                     (struct wf_answer){.status = status, .body = body, .etag = etag}, &notice);
}

static void it_waits_for_the_word_to_change(void **unused)
{
    (void)unused;
    probe = (struct wf_probe){.now_ms = NOW_MS};
    assert_int_equal(told(PATH, 200, "FALSE\n", "a1"), WF_HEARD_NOTICE);
    assert_int_equal(notice.kind, WF_NOTICE_NONE);
    assert_int_equal(told(WAITS "a1", 200, "FALSE", "a1"), WF_HEARD_NOTICE);
    assert_false(probe.at_once); // one that does not hold answers back is not asked without end
    probe.now_ms += 1000;
    assert_int_equal(told(WAITS "a1", 200, "TRUE", "b2"), WF_HEARD_NOTICE);
    assert_int_equal(notice.kind, WF_NOTICE_GOING);
    assert_true(notice.gone_ms == NOW_MS + 31000);
    assert_true(probe.at_once);
    probe.now_ms += 9000;
    assert_int_equal(told(WAITS "b2", 200, "TRUE", "b2"), WF_HEARD_NOTICE);
    assert_true(notice.gone_ms == NOW_MS + 31000); // as it was first heard
    assert_int_equal(told(WAITS "b2", 200, "FALSE", "c3"), WF_HEARD_NOTICE);
    assert_int_equal(notice.kind, WF_NOTICE_NONE);
}

static void what_is_no_answer_changes_nothing(void **unused)
{
    (void)unused;
    probe = (struct wf_probe){.now_ms = NOW_MS};
    assert_int_equal(told(PATH, 200, "", ""), WF_HEARD_NOTHING);
    assert_int_equal(told(PATH, 200, "TRUE or FALSE", ""), WF_HEARD_NOTHING);
    assert_int_equal(told(PATH, 0, "TRUE", ""), WF_HEARD_NOTHING);
    assert_int_equal(told(PATH, 503, "TRUE", ""), WF_HEARD_NOTHING);
    assert_int_equal(told(PATH, 404, "", ""), WF_HEARD_NOTICE);
    assert_int_equal(notice.kind, WF_NOTICE_NONE);
    // An etag that would break the address is none.
    assert_int_equal(told(PATH, 200, "FALSE", "a&b"), WF_HEARD_NOTICE);
    assert_int_equal(told(PATH, 200, "FALSE", "ab"), WF_HEARD_NOTICE);
    // After a bad answer it asks without waiting for a change.
    assert_int_equal(told(WAITS "ab", 500, "", ""), WF_HEARD_NOTHING);
    assert_int_equal(told(PATH, 200, "TRUE", "x"), WF_HEARD_NOTICE);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(it_waits_for_the_word_to_change),
        cmocka_unit_test(what_is_no_answer_changes_nothing),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
