// SPDX-License-Identifier: Apache-2.0
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include "forecast/checkpoint.h"

#define MINUTE_MS INT64_C(60000)
#define HOUR_MS (60 * MINUTE_MS)

static void it_is_what_young_and_daly_say(void **unused)
{
    (void)unused;
    // sqrt(2 W / hazard), a checkpoint taking a minute: at one an hour 10.95 min, at 0.09 36.5.
    assert_in_range(wf_checkpoint_interval_ms(MINUTE_MS, 1), 657000, 658000);
    assert_in_range(wf_checkpoint_interval_ms(MINUTE_MS, 0.09), 36 * MINUTE_MS, 37 * MINUTE_MS);
}

static void it_falls_with_the_hazard_and_grows_with_what_saving_takes(void **unused)
{
    (void)unused;
    int64_t before_ms = WF_CHECKPOINT_INTERVAL_MS_MAX;
    for (uint32_t i = 0; i < 400; i++) {
        int64_t now_ms = wf_checkpoint_interval_ms(30000, i * 0.05);
        assert_true(now_ms <= before_ms && now_ms >= 2 * MINUTE_MS);
        before_ms = now_ms;
    }
    assert_int_equal(wf_checkpoint_interval_ms(30000, 0), WF_CHECKPOINT_INTERVAL_MS_MAX);
    before_ms = 0;
    for (int64_t save_ms = 0; save_ms < HOUR_MS; save_ms += MINUTE_MS / 2) {
        int64_t now_ms = wf_checkpoint_interval_ms(save_ms, 0.5);
        assert_true(now_ms >= before_ms && now_ms >= MINUTE_MS && now_ms <= 6 * HOUR_MS);
        before_ms = now_ms;
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(it_is_what_young_and_daly_say),
        cmocka_unit_test(it_falls_with_the_hazard_and_grows_with_what_saving_takes),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
