// SPDX-License-Identifier: Apache-2.0
#include <setjmp.h>
#include <signal.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include "engine/slurm/wish.h"

static void a_comment_asks_for_a_signal_and_time(void **unused)
{
    (void)unused;
    static const struct {
        const char *comment;
        struct wf_slurm_checkpoint wish;
    } comments[] = {
        {"", {0}},
        {"my experiment", {0}},
        {"whaleflux:checkpoint=USR1@20", {SIGUSR1, false, 20000}},
        {"mine whaleflux:checkpoint=B:SIGUSR2@5 whaleflux: expected start", {SIGUSR2, true, 5000}},
        {"whaleflux:checkpoint=10", {10, false, WF_SLURM_SAVE_MS}},
        {"whaleflux:checkpoint=b:term@0,other", {SIGTERM, true, 0}},
        {"whaleflux:checkpoint=", {0}},
        {"whaleflux:checkpoint=KILL9@4", {0}},
        {"whaleflux:checkpoint=USR1@", {0}},
        {"whaleflux:checkpoint=USR1@99999999999999999999", {0}},
        {"whaleflux:checkpoint=USR1@20x", {0}},
        {"whaleflux:checkpoint=0@20", {0}},
        {"whaleflux:checkpoint=65@20", {0}},
    };
    for (uint32_t i = 0; i < sizeof comments / sizeof comments[0]; i++) {
        struct wf_slurm_checkpoint wish = wf_slurm_read_checkpoint(comments[i].comment);
        const struct wf_slurm_checkpoint *wanted = &comments[i].wish;
        if (wish.signal != wanted->signal || wish.to_batch != wanted->to_batch ||
            wish.save_ms != wanted->save_ms) {
            fail_msg("'%s': %u, %d, %lld ms", comments[i].comment, wish.signal, wish.to_batch,
                     (long long)wish.save_ms);
        }
    }
}

static int64_t gone_ms(const char *reason, bool drain, int64_t reason_ms)
{
    const struct wf_slurm_node node = {
        .name = "n1", .reason = reason, .drain = drain, .reason_ms = reason_ms};
    return wf_slurm_gone_ms(&node);
}

static void a_reason_says_when_a_node_goes(void **unused)
{
    (void)unused;
    assert_int_equal(gone_ms("reclaim", true, 1000000), 1030000);
    assert_int_equal(gone_ms("Reclaim: 120s by the cloud", true, 1000000), 1120000);
    assert_int_equal(gone_ms("reclaim 2m", true, 1000000), 1120000);
    assert_int_equal(gone_ms("reclaim 0s", true, 1000000), 1000000);
    assert_int_equal(gone_ms("reclaim 2026-11-23T08:22:00Z", true, 1000000), 1795422120000);
    assert_int_equal(gone_ms("reclaim 7 of 9", true, 1000000), 1030000);
    assert_int_equal(gone_ms("reclaim", true, 0), 1); // nobody knows since when: now
    assert_int_equal(gone_ms("reclaim", false, 1000000), 0);
    assert_int_equal(gone_ms("reclaimed disk", true, 1000000), 0);
    assert_int_equal(gone_ms("fan", true, 1000000), 0);
    assert_int_equal(gone_ms("", true, 1000000), 0);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(a_comment_asks_for_a_signal_and_time),
        cmocka_unit_test(a_reason_says_when_a_node_goes),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
