// SPDX-License-Identifier: Apache-2.0
// A file system that really fills up: a small one in memory, in a mount namespace of our own, which
// root may make, and others where the system lets them.
#include <fcntl.h>
#include <linux/sched.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>
#include <sys/mount.h>
#include <sys/syscall.h>
#include <unistd.h>

#include <cmocka.h>

#include "unit/scratch.h"
#include "unit/store/made_database.h"

enum { ROUNDS = 5 };

static char folder[512];

// Fills what is left of the disk with something else, or gives it back.
static void fill_disk(bool full)
{
    static const char zeros[4096];
    char path[560];
    snprintf(path, sizeof path, "%s/other", folder);
    if (!full) {
        assert_int_equal(unlink(path), 0);
        return;
    }
    int file = open(path, O_WRONLY | O_CREAT, 0600);
    assert_true(file >= 0);
    while (write(file, zeros, sizeof zeros) > 0) {
    }
    close(file);
}

static struct wf_database *opened(void)
{
    char path[560];
    struct wf_error err = {.text = ""};
    struct wf_database *db = NULL;
    snprintf(path, sizeof path, "%s/db", folder);
    if (wf_database_open(path, &db, &err) != WF_OK) {
        fail_msg("%s", err.text);
    }
    return db;
}

// Writes until nothing goes any more. Returns how far it came.
static uint64_t write_until_full(struct wf_database *db, struct wf_batch *batch, uint64_t number)
{
    struct wf_error err = {.text = ""};
    enum wf_status status = WF_OK;
    while (status == WF_OK) {
        made_batch(batch, ++number);
        status = wf_database_write(db, batch, &err);
    }
    assert_int_equal(status, WF_IO);
    if (!strstr(err.text, " cannot be written: the disk is full")) {
        fail_msg("'%s' does not say that the disk is full", err.text);
    }
    return number - 1;
}

static void a_full_disk_refuses_and_recovers(void **state)
{
    (void)state;
    struct wf_error err;
    struct wf_database_last last;
    struct wf_batch *batch = wf_batch_create();
    struct wf_database *db = opened();
    uint64_t number = 0;
    for (uint32_t round = 0; round < ROUNDS; round++) {
        fill_disk(true);
        number = write_until_full(db, batch, number);
        assert_int_equal(wf_database_probe(db, &err), WF_IO);
        if (round % 2 == 1) { // started again while it is full
            wf_database_close(db);
            db = opened();
        }
        assert_int_equal(wf_database_last(db, &last, &err), WF_OK);
        assert_int_equal(last.job, number);
        assert_int_equal(last.journal_lines, number > 0 ? 4 + 3 * number : 0);
        fill_disk(false);
        if (wf_database_probe(db, &err) != WF_OK) {
            fail_msg("%s", err.text);
        }
        made_batch(batch, ++number);
        assert_int_equal(wf_database_write(db, batch, &err), WF_OK);
    }
    wf_database_close(db);
    wf_batch_destroy(batch);
}

static void a_new_file_finds_no_room(void **state)
{
    (void)state;
    char path[560];
    struct wf_error err;
    struct wf_database *db;
    fill_disk(true);
    snprintf(path, sizeof path, "%s/another", folder);
    assert_int_equal(wf_database_open(path, &db, &err), WF_IO);
    assert_non_null(strstr(err.text, "the disk is full"));
    fill_disk(false);
    if (wf_database_open(path, &db, &err) != WF_OK) {
        fail_msg("%s", err.text);
    }
    wf_database_close(db);
}

static bool mount_small_disk(void)
{
    int what = geteuid() == 0 ? CLONE_NEWNS : CLONE_NEWNS | CLONE_NEWUSER;
    return syscall(SYS_unshare, what) == 0 &&
           mount("none", "/", NULL, MS_REC | MS_PRIVATE, NULL) == 0 &&
           mount("small", folder, "tmpfs", 0, "size=24m") == 0;
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(a_full_disk_refuses_and_recovers),
        cmocka_unit_test(a_new_file_finds_no_room),
    };
    scratch_init();
    snprintf(folder, sizeof folder, "%s", scratch_write_text("disk", ""));
    *strrchr(folder, '/') = '\0';
    int failed = 0;
    if (mount_small_disk()) {
        failed = cmocka_run_group_tests(tests, NULL, NULL);
        umount2(folder, MNT_DETACH);
    } else {
        printf("1..0 # SKIP no file system can be mounted here\n");
    }
    scratch_finish();
    return failed;
}
