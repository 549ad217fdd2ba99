// SPDX-License-Identifier: Apache-2.0
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>
#include <sys/resource.h>
#include <sys/wait.h>
#include <unistd.h>

#include <cmocka.h>

#include "base/region.h"

static struct wf_region *make(void)
{
    struct wf_region *region = NULL;
    assert_int_equal(wf_region_create(&region, NULL), WF_OK);
    return region;
}

static bool is_zero(const uint8_t *bytes, size_t count)
{
    for (size_t i = 0; i < count; i++) {
        if (bytes[i] != 0) {
            return false;
        }
    }
    return true;
}

static void pieces_are_of_zeros_and_lie_apart(void **unused)
{
    (void)unused;
    struct wf_region *region = make();
    uint8_t *before = NULL;
    for (size_t size = 1; size < 3000000; size = size * 3 + 1) {
        uint8_t *piece = wf_region_take(region, size, 3);
        assert_non_null(piece);
        assert_true((uintptr_t)piece % 64 == 0);
        assert_true(is_zero(piece, 3 * size));
        memset(piece, 0xa5, 3 * size);
        assert_true(!before || before[0] == 0xa5);
        before = piece;
    }
    assert_true(wf_region_is_whole(region));
    assert_true(wf_region_used(region) > 3000000);
    wf_region_destroy(region);
    wf_region_destroy(NULL);
}

static void a_piece_of_nothing_is_a_piece(void **unused)
{
    (void)unused;
    struct wf_region *region = make();
    assert_non_null(wf_region_take(region, 0, 8));
    assert_true(wf_region_is_whole(region));
    wf_region_destroy(region);
}

static void what_cannot_be_had_leaves_a_mark(void **unused)
{
    (void)unused;
    struct wf_region *region = make();
    assert_non_null(wf_region_take(region, 1, 8));
    assert_null(wf_region_take(region, SIZE_MAX, 2));
    assert_false(wf_region_is_whole(region));
    assert_non_null(wf_region_take(region, 1, 8));
    assert_false(wf_region_is_whole(region));
    wf_region_destroy(region);
    region = make();
    assert_null(wf_region_take(region, SIZE_MAX / 2, 1));
    assert_false(wf_region_is_whole(region));
    wf_region_destroy(region);
}

static void a_region_comes_back_at_its_address(void **unused)
{
    (void)unused;
    struct wf_region *region = make(), *other = make(), *again = NULL;
    assert_ptr_not_equal(region, other);
    uint64_t *piece = wf_region_take(region, 1000, sizeof *piece);
    assert_ptr_equal(wf_region_first(region), piece);
    piece[999] = 7;
    uint64_t used = wf_region_used(region), address = (uintptr_t)region;
    struct wf_error err;
    assert_int_equal(wf_region_create_at(address, used, &again, &err), WF_EXISTS);
    assert_non_null(strstr(err.text, "cannot be had"));
    wf_region_destroy(region);
    assert_int_equal(wf_region_create_at(address, used, &again, &err), WF_OK);
    assert_int_equal((uintptr_t)again, address);
    assert_int_equal(wf_region_used(again), used);
    assert_ptr_equal(wf_region_first(again), piece);
    assert_true(is_zero((uint8_t *)piece, 1000 * sizeof *piece));
    uint8_t *next = wf_region_take(again, 1, 8);
    assert_true(next >= (uint8_t *)(piece + 1000));
    wf_region_destroy(again);
    wf_region_destroy(other);
}

static void no_region_is_where_none_ever_was(void **unused)
{
    (void)unused;
    const struct {
        uint64_t address, used;
    } never[] = {
        {0, 4096},
        {4096, 4096},
        {(UINT64_C(1) << 45) + 4096, 4096},
        {(UINT64_C(1) << 45) - (UINT64_C(1) << 38), 4096},
        {UINT64_C(1) << 47, 4096},
        {UINT64_C(1) << 63, 4096},
        {UINT64_MAX, UINT64_MAX},
        {UINT64_C(1) << 45, 0},
        {UINT64_C(1) << 45, (UINT64_C(1) << 38) + 1},
    };
    for (size_t i = 0; i < WF_COUNT_OF(never); i++) {
        struct wf_region *region = NULL;
        assert_int_equal(wf_region_create_at(never[i].address, never[i].used, &region, NULL),
                         WF_INVALID);
        assert_null(region);
    }
}

static bool is_sanitized(void)
{
#ifdef __SANITIZE_ADDRESS__
    return true;
#elif defined(__has_feature)
    return __has_feature(address_sanitizer);
#else
    return false;
#endif
}

// Its addresses are limited: a smaller range is taken, anywhere.
static void under_a_limit_there_is_a_region_all_the_same(void **unused)
{
    (void)unused;
    pid_t child = fork();
    if (child == 0) {
        struct rlimit limit = {UINT64_C(1) << 33, UINT64_C(1) << 33};
        struct wf_region *region = NULL;
        // Under the address sanitizer the program has more than that already.
        bool limited = setrlimit(RLIMIT_AS, &limit) == 0;
        bool good = limited && (wf_region_create(&region, NULL) == WF_OK);
        _exit(good && wf_region_take(region, 1, 65536) ? 0 : 1);
    }
    int status = 0;
    assert_int_equal(waitpid(child, &status, 0), child);
    if (!is_sanitized()) {
        assert_int_equal(status, 0);
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(pieces_are_of_zeros_and_lie_apart),
        cmocka_unit_test(a_piece_of_nothing_is_a_piece),
        cmocka_unit_test(what_cannot_be_had_leaves_a_mark),
        cmocka_unit_test(a_region_comes_back_at_its_address),
        cmocka_unit_test(no_region_is_where_none_ever_was),
        cmocka_unit_test(under_a_limit_there_is_a_region_all_the_same),
    };
    return cmocka_run_group_tests_name("region", tests, NULL, NULL);
}
