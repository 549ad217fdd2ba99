// SPDX-License-Identifier: Apache-2.0
#include <fcntl.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>
#include <unistd.h>

#include <cmocka.h>

#include "hags/record.h"
#include "unit/scratch.h"

static char folder[512];

static int begin(void **state)
{
    (void)state;
    scratch_init();
    // The record makes its folder.
    snprintf(folder, sizeof folder, "%s", scratch_write_text("mark", ""));
    memcpy(strrchr(folder, '/'), "/a/b", sizeof "/a/b");
    return 0;
}

static struct wf_hags_record *open_record(bool write)
{
    struct wf_hags_record *record;
    struct wf_error err = {.text = ""};
    if (wf_hags_record_open(folder, write ? WF_HAGS_RECORD_SET : WF_HAGS_RECORD_READ, &record,
                            &err) != WF_OK) {
        fail_msg("%s", err.text);
    }
    return record;
}

static void append(const char *text)
{
    char path[600];
    snprintf(path, sizeof path, "%s/hags.jsonl", folder);
    FILE *file = fopen(path, "a");
    assert_non_null(file);
    fputs(text, file);
    fclose(file);
}

static void what_was_kept_is_there_again(void **state)
{
    (void)state;
    struct wf_error err;
    struct wf_hags_record *record = open_record(true);
    struct wf_hags_entry *entry = wf_hags_record_find(record, "ws-1", "10.0.0.1:22");
    assert_int_equal(entry->past.prior, WF_HAGS_UNREAD);
    assert_int_equal(entry->timeouts_before, -1);
    entry->past = (struct wf_hags_past){WF_HAGS_ABSENT, WF_HAGS_OFF, WF_HAGS_EFFECT_ON, 1234, true};
    entry->drained = true;
    entry->timeouts_before = 5;
    snprintf(entry->helper, sizeof entry->helper, "whaleflux-1.exe");
    assert_int_equal(wf_hags_record_keep(record, entry, true, &err), WF_OK);
    entry->reboot_boot_ms = 77;
    assert_int_equal(wf_hags_record_keep(record, entry, false, &err), WF_OK);
    wf_hags_record_close(record);

    append("{\"host\":\"ws-1\",\"addr"); // what a crash leaves
    record = open_record(true);
    entry = wf_hags_record_find(record, "ws-1", "10.0.0.1:22");
    assert_int_equal(entry->past.prior, WF_HAGS_ABSENT);
    assert_int_equal(entry->past.wish, WF_HAGS_OFF);
    assert_int_equal(entry->past.effect, WF_HAGS_EFFECT_ON);
    assert_int_equal(entry->past.written_ms, 1234);
    assert_true(entry->past.verified && entry->drained);
    assert_int_equal(entry->reboot_boot_ms, 77);
    assert_int_equal(entry->timeouts_before, 5);
    assert_string_equal(entry->helper, "whaleflux-1.exe");
    // The same name elsewhere is another machine.
    assert_int_equal(wf_hags_record_find(record, "ws-1", "10.0.0.2:22")->past.prior,
                     WF_HAGS_UNREAD);
    wf_hags_record_close(record);
}

static void only_one_may_write(void **state)
{
    (void)state;
    struct wf_hags_record *second;
    struct wf_error err;
    struct wf_hags_record *record = open_record(true);
    assert_int_equal(wf_hags_record_open(folder, WF_HAGS_RECORD_SET, &second, &err), WF_EXISTS);
    assert_false(wf_hags_record_is_brief(folder));
    second = open_record(false);
    struct wf_hags_entry *entry = wf_hags_record_find(second, "ws-9", "x");
    assert_int_equal(wf_hags_record_keep(second, entry, true, &err), WF_OK); // and writes nothing
    wf_hags_record_close(second);
    wf_hags_record_close(record);
    wf_hags_record_close(NULL);
}

static void a_look_is_soon_over(void **state)
{
    (void)state;
    struct wf_hags_record *look;
    struct wf_hags_record *second;
    struct wf_error err;
    wf_hags_record_close(open_record(true)); // whose mark stays behind
    assert_int_equal(wf_hags_record_open(folder, WF_HAGS_RECORD_LOOK, &look, &err), WF_OK);
    assert_int_equal(wf_hags_record_open(folder, WF_HAGS_RECORD_SET, &second, &err), WF_EXISTS);
    assert_true(wf_hags_record_is_brief(folder));
    wf_hags_record_close(look);
    assert_false(wf_hags_record_is_brief("/nonexistent"));
}

static void a_foreign_line_is_refused(void **state)
{
    (void)state;
    struct wf_hags_record *record;
    struct wf_error err;
    append("{\"host\":3}\n");
    assert_int_equal(wf_hags_record_open(folder, WF_HAGS_RECORD_READ, &record, &err), WF_INVALID);
    assert_non_null(strstr(err.text, "is no record"));
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(what_was_kept_is_there_again),
        cmocka_unit_test(only_one_may_write),
        cmocka_unit_test(a_look_is_soon_over),
        cmocka_unit_test(a_foreign_line_is_refused),
    };
    return cmocka_run_group_tests(tests, begin, scratch_end);
}
