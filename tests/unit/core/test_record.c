// SPDX-License-Identifier: Apache-2.0
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include "core/record.h"
#include "unit/core/small_region.h"

static struct wf_decision some(void)
{
    return (struct wf_decision){
        .kind = WF_DECISION_PLACE,
        .job = {3},
        .task = 1,
        .node = {2},
        .gpus = 3,
        .gpu_milli = 1000,
        .from = {WF_NONE},
    };
}

static uint64_t hash_of(struct wf_decision decision)
{
    struct wf_record record;
    assert_int_equal(wf_record_init(&record, small_region(), 1, NULL), WF_OK);
    wf_record_add(&record, decision);
    uint64_t hash = record.hash;
    return hash;
}

static void every_part_of_a_decision_is_in_the_hash(void **unused)
{
    (void)unused;
    struct wf_decision changed[7];
    for (uint32_t i = 0; i < 7; i++) {
        changed[i] = some();
    }
    changed[0].kind = WF_DECISION_END;
    changed[1].job.number = 4;
    changed[2].task = 0;
    changed[3].node.index = 1;
    changed[4].gpus = 5;
    changed[5].gpu_milli = 999;
    for (uint32_t i = 0; i < 6; i++) {
        assert_true(hash_of(changed[i]) != hash_of(some()));
    }
    assert_true(hash_of(changed[6]) == hash_of(some()));
    changed[0].kind = WF_DECISION_MOVE;
    changed[1] = changed[0];
    changed[1].from_gpus = 1;
    assert_true(hash_of(changed[1]) != hash_of(changed[0]));
}

static void the_order_counts_and_the_past_stays(void **unused)
{
    (void)unused;
    struct wf_record a, b;
    assert_int_equal(wf_record_init(&a, small_region(), 2, NULL), WF_OK);
    assert_int_equal(wf_record_init(&b, small_region(), 2, NULL), WF_OK);
    struct wf_decision other = some();
    other.job.number = 9;
    wf_record_add(&a, some());
    wf_record_add(&a, other);
    wf_record_add(&b, other);
    wf_record_add(&b, some());
    assert_true(a.hash != b.hash);
    uint64_t hash = a.hash;
    a.count = 0; // the next step
    assert_true(a.hash == hash);
    wf_record_add(&a, some());
    assert_true(a.hash != hash);
}

static void what_is_undone_was_never_there(void **unused)
{
    (void)unused;
    struct wf_record record;
    assert_int_equal(wf_record_init(&record, small_region(), 2, NULL), WF_OK);
    wf_record_add(&record, some());
    uint64_t hash = record.hash;
    wf_record_add(&record, some());
    wf_record_undo(&record, 1, hash);
    assert_int_equal(record.count, 1);
    assert_true(record.hash == hash_of(some()));
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(every_part_of_a_decision_is_in_the_hash),
        cmocka_unit_test(the_order_counts_and_the_past_stays),
        cmocka_unit_test(what_is_undone_was_never_there),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
