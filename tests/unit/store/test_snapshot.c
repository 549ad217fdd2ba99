// SPDX-License-Identifier: Apache-2.0
// A snapshot is refused with a sentence unless it fits in every respect. That a core made of one
// decides as before is in tests/property/test_snapshot.c.
#include "base/region.h"
#include "store/snapshot_file.h"
#include "unit/core/small_cluster.h"
#include "unit/scratch.h"

#include <fcntl.h>
#include <stdlib.h>
#include <sys/stat.h>
#include <unistd.h>

static char path[256], new_path[260];
static char *file; // as it was written
static size_t file_bytes;

static const struct wf_core_config config = {
    .limits = {.models = 2, .pools = 2, .nodes = 4, .jobs = 8, .placements = 8, .classes = 2},
    .policy = &wf_policy_cost_first,
};

static void put(const char *to, const char *bytes, size_t size)
{
    int out = open(to, O_WRONLY | O_CREAT | O_TRUNC, 0600);
    assert_true(out >= 0);
    assert_int_equal(write(out, bytes, size), size);
    close(out);
}

static enum wf_status take(const struct wf_core_config *with, struct wf_error *err)
{
    struct wf_snapshot snapshot = {.core = NULL};
    enum wf_status status = wf_snapshot_read(path, with, &snapshot, err);
    assert_int_equal(status == WF_OK, snapshot.core != NULL);
    if (status == WF_OK) {
        assert_int_equal(snapshot.mark.lines, 17);
        assert_int_equal(snapshot.notes_bytes, 11);
        assert_memory_equal(snapshot.notes, "eleven char", 11);
        small_node(snapshot.core, 1, 0, 8000, 4, 0);
        free(snapshot.notes);
    }
    wf_core_destroy(snapshot.core);
    return status;
}

static void refused(enum wf_status wanted, const char *why)
{
    struct wf_error err = {.text = ""};
    assert_int_equal(take(&config, &err), wanted);
    if (!strstr(err.text, why)) {
        fail_msg("'%s' does not say '%s'", err.text, why);
    }
}

static void make_file(void)
{
    struct wf_core *core = NULL;
    char notes[] = "eleven char";
    assert_int_equal(wf_core_create(&config, &core, NULL), WF_OK);
    small_step(core, &(struct wf_event){.kind = WF_EVENT_POOL, .pool = {{0}, {.model = 0}}});
    small_node(core, 0, 0, 8000, 4, 0);
    struct wf_snapshot snapshot = {
        .core = core, .mark.lines = 17, .notes = notes, .notes_bytes = sizeof notes - 1};
    assert_int_equal(wf_snapshot_write(path, &snapshot, NULL), WF_OK);
    assert_int_equal(wf_snapshot_keep(path, NULL), WF_OK);
    struct wf_error err;
    assert_int_equal(take(&config, &err), WF_EXISTS); // the core lies there
    assert_non_null(strstr(err.text, "cannot be had"));
    wf_core_destroy(core);
    struct stat about;
    assert_int_equal(stat(path, &about), 0);
    assert_int_equal(about.st_mode & 0777, 0600);
    file_bytes = (size_t)about.st_size;
    file = malloc(file_bytes);
    assert_non_null(file);
    int in = open(path, O_RDONLY);
    assert_int_equal(read(in, file, file_bytes), file_bytes);
    close(in);
}

static int begin(void **state)
{
    (void)scratch_begin(state);
    snprintf(path, sizeof path, "%s", scratch_write_text("core", ""));
    snprintf(new_path, sizeof new_path, "%s.new", path);
    make_file();
    return 0;
}

static int end(void **state)
{
    free(file);
    return scratch_end(state);
}

static void what_is_whole_is_taken_however_often(void **unused)
{
    (void)unused;
    put(path, file, file_bytes);
    assert_int_equal(take(&config, NULL), WF_OK);
    assert_int_equal(take(&config, NULL), WF_OK);
}

static void a_file_half_written_is_beside_the_last_whole_one(void **unused)
{
    (void)unused;
    put(path, file, file_bytes);
    put(new_path, file, file_bytes / 2);
    assert_int_equal(take(&config, NULL), WF_OK);
    unlink(new_path);
}

static void there_may_be_none(void **unused)
{
    (void)unused;
    unlink(path);
    refused(WF_NOTFOUND, "there is no snapshot");
}

static void what_is_cut_short_is_refused(void **unused)
{
    (void)unused;
    for (size_t size = 0; size < file_bytes; size += 1 + size / 7) {
        put(path, file, size);
        refused(WF_INVALID, "is cut short");
    }
    put(path, file, file_bytes - 1);
    refused(WF_INVALID, "is cut short");
}

static void what_is_damaged_is_refused(void **unused)
{
    (void)unused;
    for (size_t at = 0; at < file_bytes; at += at < 600 ? 1 : 251) {
        file[at] ^= 0x40;
        put(path, file, file_bytes);
        file[at] ^= 0x40;
        struct wf_error err = {.text = ""};
        if (take(&config, &err) == WF_OK || err.text[0] == '\0') {
            fail_msg("byte %zu of %zu is of no matter", at, file_bytes);
        }
    }
}

// The head as somebody else might have written it, sealed as it should be.
static void put_head(const struct wf_snapshot_head *head)
{
    struct wf_snapshot_head sealed = *head;
    sealed.check = wf_snapshot_head_check(&sealed);
    char *copy = malloc(file_bytes);
    assert_non_null(copy);
    memcpy(copy, file, file_bytes);
    memcpy(copy, &sealed, sizeof sealed);
    put(path, copy, file_bytes);
    free(copy);
}

static void a_head_that_does_not_fit_is_refused(void **unused)
{
    (void)unused;
    struct wf_snapshot_head head;
    memcpy(&head, file, sizeof head);
    put_head(&head);
    assert_int_equal(take(&config, NULL), WF_OK);
    struct wf_snapshot_head other = head;
    other.build[3] ^= 1;
    put_head(&other);
    refused(WF_INVALID, "another build");
    other = head;
    other.magic[6]++;
    put_head(&other);
    refused(WF_INVALID, "no snapshot that this program knows");
    other = head;
    other.address = 4096;
    put_head(&other);
    refused(WF_INVALID, "no region");
    other = head;
    other.used = UINT64_C(1) << 60;
    put_head(&other);
    refused(WF_INVALID, "no region");
    other = head;
    other.used /= 2; // its blocks do not fit any more
    put_head(&other);
    refused(WF_INVALID, "damaged");
    other = head;
    other.notes_bytes = UINT64_C(1) << 40;
    put_head(&other);
    refused(WF_INVALID, "too many notes");
}

static void another_config_is_refused(void **unused)
{
    (void)unused;
    put(path, file, file_bytes);
    struct wf_core_config others[] = {config, config, config, config, config};
    others[0].limits.jobs++;
    others[1].policy = &wf_policy_best_fit;
    others[2].seed = 3;
    others[3].plain = true;
    others[4].limits.moves = true;
    for (uint32_t i = 0; i < WF_COUNT_OF(others); i++) {
        struct wf_error err = {.text = ""};
        assert_int_equal(take(&others[i], &err), WF_INVALID);
        assert_non_null(strstr(err.text, "other limits or another policy"));
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(what_is_whole_is_taken_however_often),
        cmocka_unit_test(a_file_half_written_is_beside_the_last_whole_one),
        cmocka_unit_test(there_may_be_none),
        cmocka_unit_test(what_is_cut_short_is_refused),
        cmocka_unit_test(what_is_damaged_is_refused),
        cmocka_unit_test(a_head_that_does_not_fit_is_refused),
        cmocka_unit_test(another_config_is_refused),
    };
    return cmocka_run_group_tests_name("snapshot", tests, begin, end);
}
