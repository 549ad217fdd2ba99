// SPDX-License-Identifier: Apache-2.0
#include "ask.h"

static struct wf_notice notice;

static enum wf_heard told(int32_t status, const char *body)
{
    static struct wf_probe probe = {.now_ms = NOW_MS, .file = "/run/notice"};
    return answer_to(
        &wf_provider_file, &probe, "/run/notice",
        (struct wf_answer){.status = status, .body = body, .changed_ms = NOW_MS - 1000}, &notice);
}

static void a_file_that_is_there_is_a_notice(void **unused)
{
    (void)unused;
    static const struct {
        const char *body;
        int64_t gone_ms;
    } files[] = {
        {"", NOW_MS + 29000},
        {"not JSON", NOW_MS + 29000},
        {"{\"seconds\": 90}", NOW_MS + 89000},
        {"{\"seconds\": 0.5}", NOW_MS - 500},
        {"{\"seconds\": -1}", NOW_MS + 29000},
        {"{\"seconds\": 1e300}", NOW_MS + 29000},
        {"{\"time\": \"2017-09-18T08:22:00Z\"}", NOW_MS + 120000},
        {"{\"time\": \"soon\"}", NOW_MS + 29000},
    };
    for (uint32_t i = 0; i < WF_COUNT_OF(files); i++) {
        assert_int_equal(told(200, files[i].body), WF_HEARD_NOTICE);
        assert_int_equal(notice.kind, WF_NOTICE_GOING);
        assert_true(notice.gone_ms == files[i].gone_ms);
    }
    assert_int_equal(told(200, "{\"action\": \"say \\\"x\\\"\\n\"}"), WF_HEARD_NOTICE);
    assert_string_equal(notice.what, "say ?x??");
    assert_int_equal(told(404, ""), WF_HEARD_NOTICE);
    assert_int_equal(notice.kind, WF_NOTICE_NONE);
    assert_int_equal(told(0, ""), WF_HEARD_NOTHING);
}

static void providers_are_found_by_name(void **unused)
{
    (void)unused;
    assert_ptr_equal(wf_provider_find("aws"), &wf_provider_aws);
    assert_ptr_equal(wf_provider_find("file"), &wf_provider_file);
    assert_null(wf_provider_find("none"));
    assert_null(wf_provider_find(""));
    for (uint32_t i = 0; wf_providers[i]; i++) {
        assert_ptr_equal(wf_provider_find(wf_provider_name(wf_providers[i])), wf_providers[i]);
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(a_file_that_is_there_is_a_notice),
        cmocka_unit_test(providers_are_found_by_name),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
