// SPDX-License-Identifier: Apache-2.0
#include "ask.h"

#include "provider/notice/date.h"

static void dates_are_read(void **unused)
{
    (void)unused;
    static const struct {
        const char *text;
        int64_t ms;
    } dates[] = {
        {"1970-01-01T00:00:00Z", 0},
        {"2017-09-18T08:22:00Z", INT64_C(1505722920000)},
        {"2017-09-18T08:22:00.7342183Z", INT64_C(1505722920734)},
        {"2017-09-18T10:22:00+02:00", INT64_C(1505722920000)},
        {"2017-09-18T04:52:00-0330", INT64_C(1505722920000)},
        {"2000-02-29T23:59:60Z", INT64_C(951868800000)},
        {"Mon, 19 Sep 2016 18:29:47 GMT", INT64_C(1474309787000)},
        {"Thu, 01 Jan 2026 00:00:00 GMT", INT64_C(1767225600000)},
    };
    for (uint32_t i = 0; i < WF_COUNT_OF(dates); i++) {
        int64_t ms = -1;
        assert_true(wf_date_read(dates[i].text, &ms));
        assert_true(ms == dates[i].ms);
    }
}

static void what_is_no_date_is_refused(void **unused)
{
    (void)unused;
    static const char *const texts[] = {"",
                                        "soon",
                                        "2017-13-18T08:22:00Z",
                                        "2017-09-18T24:22:00Z",
                                        "2017-09-18T08:22:00Zulu",
                                        "2017-09-18T08:22:00+99:00",
                                        "1017-09-18T08:22:00Z",
                                        "Mon, 19 Spt 2016 18:29:47 GMT",
                                        "Mon, 16 Sep 20147 18:29:47 GMT"};
    for (uint32_t i = 0; i < WF_COUNT_OF(texts); i++) {
        int64_t ms;
        assert_false(wf_date_read(texts[i], &ms));
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(dates_are_read),
        cmocka_unit_test(what_is_no_date_is_refused),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
