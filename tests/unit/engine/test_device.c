// SPDX-License-Identifier: Apache-2.0
// The program is run here by a few lines of our own; the integration test has the kernel run it.
#include "engine/local/device.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include <linux/bpf.h>

static bool allows(const struct wf_device_rule *rules, uint32_t count, char type, uint32_t major,
                   uint32_t minor)
{
    struct bpf_insn program[WF_DEVICE_PROGRAM_MAX];
    uint32_t length = wf_device_program(rules, count, program);
    // What is done with the file stands above the type.
    const uint32_t context[3] = {(BPF_DEVCG_ACC_READ << 16) |
                                     (type == 'c' ? BPF_DEVCG_DEV_CHAR : BPF_DEVCG_DEV_BLOCK),
                                 major, minor};
    int64_t reg[5] = {0};
    for (uint32_t at = 0; at < length; at++) {
        const struct bpf_insn *step = &program[at];
        switch (step->code) {
        case BPF_LDX | BPF_MEM | BPF_W:
            assert_int_equal(step->src_reg, BPF_REG_1);
            reg[step->dst_reg] = context[step->off / 4];
            break;
        case BPF_ALU | BPF_AND | BPF_K:
            reg[step->dst_reg] &= step->imm;
            break;
        case BPF_ALU64 | BPF_MOV | BPF_K:
            reg[step->dst_reg] = step->imm;
            break;
        case BPF_JMP | BPF_JNE | BPF_K:
            at += reg[step->dst_reg] != step->imm ? (uint32_t)step->off : 0;
            break;
        case BPF_JMP | BPF_EXIT:
            return reg[0] != 0;
        default:
            fail_msg("instruction %u has the code %u", at, step->code);
        }
    }
    fail_msg("the program runs past its end");
    return false;
}

static void the_first_rule_that_matches_decides(void **state)
{
    (void)state;
    const struct wf_device_rule rules[] = {
        {195, 0, 'c', true}, {195, -1, 'c', false}, {8, 1, 'b', false}, {-1, 7, 'c', false}};
    assert_true(allows(rules, 4, 'c', 195, 0));
    assert_false(allows(rules, 4, 'c', 195, 1));
    assert_false(allows(rules, 4, 'c', 195, 7));
    assert_false(allows(rules, 4, 'c', 1, 7));
    assert_true(allows(rules, 4, 'c', 1, 8));
    assert_false(allows(rules, 4, 'b', 8, 1));
    assert_true(allows(rules, 4, 'b', 195, 1));
    assert_true(allows(rules, 4, 'b', 8, 2));
}

static void a_last_rule_for_all_makes_a_list_of_what_is_allowed(void **state)
{
    (void)state;
    const struct wf_device_rule rules[] = {
        {1, 3, 'c', true}, {-1, -1, 'c', false}, {-1, -1, 'b', false}};
    assert_true(allows(rules, 3, 'c', 1, 3));
    assert_false(allows(rules, 3, 'c', 1, 4));
    assert_false(allows(rules, 3, 'b', 1, 3));
}

static void as_many_rules_as_are_allowed_fit(void **state)
{
    (void)state;
    struct wf_device_rule rules[WF_RUN_DEVICE_RULES_MAX];
    for (int32_t i = 0; i < WF_RUN_DEVICE_RULES_MAX; i++) {
        rules[i] = (struct wf_device_rule){i, i, 'c', false};
    }
    assert_false(allows(rules, WF_RUN_DEVICE_RULES_MAX, 'c', 63, 63));
    assert_true(allows(rules, WF_RUN_DEVICE_RULES_MAX, 'c', 63, 62));
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(the_first_rule_that_matches_decides),
        cmocka_unit_test(a_last_rule_for_all_makes_a_list_of_what_is_allowed),
        cmocka_unit_test(as_many_rules_as_are_allowed_fit),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
