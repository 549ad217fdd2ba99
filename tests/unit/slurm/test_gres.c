// SPDX-License-Identifier: GPL-3.0-or-later
#include "slurm/gres.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

static struct wf_gres only(const char *text)
{
    struct wf_gres gres;
    assert_true(wf_gres_next(&text, &gres));
    assert_string_equal(text, "");
    return gres;
}

static void check(const char *text, const char *name, const char *type, uint64_t count)
{
    struct wf_gres gres = only(text);
    assert_string_equal(gres.name, name);
    assert_string_equal(gres.type, type);
    assert_int_equal(gres.count, count);
}

static void every_spelling_is_read(void **state)
{
    (void)state;
    check("gpu", "gpu", "", 1);
    check("gpu:8", "gpu", "", 8);
    check("gpu:h100", "gpu", "h100", 1);
    check("gpu:h100:8(S:0-1)", "gpu", "h100", 8);
    check("gres:gpu:h100:2", "gpu", "h100", 2);
    check("gres/gpu=2", "gpu", "", 2);
    check("gres/gpu:mi300x=4", "gpu", "mi300x", 4);
    check("shard:64", "shard", "", 64);
    check("craynetwork:2K", "craynetwork", "", 2048);
    check("gpu:0", "gpu", "", 0);
    check("mem=100G", "mem", "", UINT64_C(100) << 30);
}

static void indices_are_told(void **state)
{
    (void)state;
    assert_string_equal(only("gpu:h100:3(IDX:0-1,5)").index, "0-1,5");
    assert_string_equal(only("gpu:2(IDX:N/A)").index, "");
    assert_string_equal(only("gpu:2(CNT:2)").index, "");
}

static void a_comma_within_parentheses_parts_nothing(void **state)
{
    (void)state;
    const char *text = "gpu:a100:2(IDX:0,2),shard:a100:3(0/8,3/8),,gpu:1";
    struct wf_gres gres;
    uint64_t counts[4] = {0};
    uint32_t found = 0;
    while (found < 4 && wf_gres_next(&text, &gres)) {
        counts[found++] = gres.count;
    }
    assert_int_equal(found, 3);
    assert_int_equal(counts[0] * 100 + counts[1] * 10 + counts[2], 231);
    assert_int_equal(gres.length, 5);
}

static void what_is_no_count_is_a_type(void **state)
{
    (void)state;
    check("gpu:99999999999999999999", "gpu", "99999999999999999999", 1);
    check("gpu:4X", "gpu", "4X", 1);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(every_spelling_is_read),
        cmocka_unit_test(indices_are_told),
        cmocka_unit_test(a_comma_within_parentheses_parts_nothing),
        cmocka_unit_test(what_is_no_count_is_a_type),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
