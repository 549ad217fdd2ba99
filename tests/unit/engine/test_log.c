// SPDX-License-Identifier: Apache-2.0
// What a task wrote, in parts: written, rotated, and read again from any offset.
#include "engine/local/log.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

static char path[32];
static int folder = -1;

static int make(void **state)
{
    (void)state;
    snprintf(path, sizeof path, "/tmp/whaleflux-log-XXXXXX");
    folder = mkdtemp(path) ? open(path, O_RDONLY | O_DIRECTORY | O_CLOEXEC) : -1;
    return folder >= 0 ? 0 : -1;
}

static int clear(void **state)
{
    (void)state;
    char command[64];
    close(folder);
    snprintf(command, sizeof command, "rm -rf '%s'", path);
    return system(command); // NOLINT(bugprone-command-processor): a folder of our own
}

static bool is_there(uint64_t start)
{
    char name[WF_LOG_NAME_BYTES];
    struct stat about;
    wf_log_name(0, start, name);
    return fstatat(folder, name, &about, 0) == 0;
}

static struct wf_log_piece read_at(uint64_t offset, char *bytes, uint32_t bytes_max)
{
    struct wf_log_piece piece = {.offset = offset, .bytes = bytes, .bytes_max = bytes_max};
    struct wf_error err = {0};
    assert_int_equal(wf_log_read(folder, &piece, &err), WF_OK);
    return piece;
}

static void parts_are_full_before_the_next_begins(void **state)
{
    (void)state;
    struct wf_log log;
    wf_log_open(&log, folder, 0, 10, 3);
    wf_log_write(&log, "0123456789abcdefghijABCDEFGHIJ", 30);
    assert_true(is_there(0) && is_there(10) && is_there(20) && !is_there(30));
    wf_log_write(&log, "x", 1);
    assert_true(!is_there(0) && is_there(10) && is_there(20) && is_there(30));
    wf_log_close(&log);
    assert_int_equal(log.dropped_bytes, 0);
}

static void reading_goes_on_across_parts(void **state)
{
    (void)state;
    static const char text[] = "one two three four five six seven eight nine ten";
    struct wf_log log;
    wf_log_open(&log, folder, 0, 7, 100);
    char found[sizeof text] = "";
    uint64_t offset = 0;
    for (size_t i = 0; i < sizeof text - 1; i += 5) {
        size_t length = sizeof text - 1 - i < 5 ? sizeof text - 1 - i : 5;
        wf_log_write(&log, text + i, length);
        for (;;) {
            struct wf_log_piece piece = read_at(offset, found + offset, 3);
            assert_int_equal(piece.offset, offset);
            assert_int_equal(piece.first, 0);
            assert_int_equal(piece.end, i + length);
            if (piece.length == 0) {
                break;
            }
            offset += piece.length;
        }
        assert_int_equal(offset, i + length);
    }
    wf_log_close(&log);
    assert_string_equal(found, text);
}

static void what_is_gone_is_stepped_over_and_said(void **state)
{
    (void)state;
    struct wf_log log;
    wf_log_open(&log, folder, 0, 4, 2);
    wf_log_write(&log, "aaaabbbbccccdd", 14);
    wf_log_close(&log);
    char found[16];
    struct wf_log_piece piece = read_at(1, found, sizeof found);
    assert_int_equal(piece.offset, 8);
    assert_int_equal(piece.first, 8);
    assert_int_equal(piece.end, 14);
    assert_int_equal(piece.length, 4);
    assert_memory_equal(found, "cccc", 4);
    piece = read_at(13, found, sizeof found);
    assert_int_equal(piece.length, 1);
    piece = read_at(100, found, sizeof found);
    assert_int_equal(piece.offset, 100);
    assert_int_equal(piece.length, 0);
    struct wf_error err = {0};
    piece.offset = UINT64_MAX;
    assert_int_equal(wf_log_read(folder, &piece, &err), WF_INVALID);
}

static void other_files_are_no_parts(void **state)
{
    (void)state;
    static const char *const names[] = {"task1.000000000000.log", "task0.5.log",
                                        "task0.000000000003.logs", "task0.log", "state"};
    for (size_t i = 0; i < WF_COUNT_OF(names); i++) {
        close(openat(folder, names[i], O_WRONLY | O_CREAT | O_CLOEXEC, 0600));
    }
    struct wf_log_piece piece = read_at(0, NULL, 0);
    assert_int_equal(piece.end, 0);
    struct wf_log log;
    wf_log_open(&log, folder, 0, 0, 1);
    wf_log_write(&log, "abc", 3);
    wf_log_close(&log);
    piece = read_at(2, NULL, 0);
    assert_int_equal(piece.end, 3);
    assert_int_equal(piece.first, 0);
    assert_int_equal(piece.length, 0);
}

static void a_log_goes_on_when_the_disk_takes_it_again(void **state)
{
    (void)state;
    struct wf_log log;
    wf_log_open(&log, -1, 0, 10, 3); // nothing can be opened there
    wf_log_write(&log, "lost", 4);
    assert_int_equal(log.dropped_bytes, 4);
    log.folder = folder;
    wf_log_write(&log, "kept", 4);
    wf_log_close(&log);
    assert_int_equal(log.dropped_bytes, 4);
    char found[8];
    assert_int_equal(read_at(0, found, sizeof found).length, 4);
    assert_memory_equal(found, "kept", 4);
}

int main(void)
{
#define TEST(name) cmocka_unit_test_setup_teardown(name, make, clear)
    const struct CMUnitTest tests[] = {
        TEST(parts_are_full_before_the_next_begins),      TEST(reading_goes_on_across_parts),
        TEST(what_is_gone_is_stepped_over_and_said),      TEST(other_files_are_no_parts),
        TEST(a_log_goes_on_when_the_disk_takes_it_again),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
