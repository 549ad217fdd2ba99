// SPDX-License-Identifier: Apache-2.0
// A writer is killed at random moments: what it was told is on the disk is there, and of what it
// was not told, all or nothing.
#include <setjmp.h>
#include <signal.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>
#include <sys/wait.h>
#include <unistd.h>

#include <cmocka.h>

#include "base/random.h"
#include "unit/scratch.h"
#include "unit/store/made_database.h"

enum { KILLS = 200, BATCHES_MAX = 8, STEPS_LOGGED = 20, CUTS = 60, LOG_BYTES = 4 << 20 };

// Goes on after so many steps until it is killed, and tells of each step that was written.
static void write_on(uint64_t steps, int told)
{
    struct wf_batch *batch = wf_batch_create();
    struct wf_database *db = made_database_open();
    for (;;) {
        made_batch(batch, ++steps);
        if (wf_database_write(db, batch, NULL) != WF_OK ||
            write(told, &steps, sizeof steps) != sizeof steps) {
            _exit(1);
        }
    }
}

// Lets a child write until it has told of some batches, and then a while. Returns the last step
// that it told of, or steps.
static uint64_t kill_a_writer(struct wf_random *random, uint64_t steps)
{
    int ends[2], about;
    assert_int_equal(pipe(ends), 0);
    pid_t child = fork();
    if (child == 0) {
        close(ends[0]);
        write_on(steps, ends[1]);
    }
    close(ends[1]);
    uint64_t told = steps;
    for (uint64_t wanted = wf_random_below(random, BATCHES_MAX); wanted > 0; wanted--) {
        assert_int_equal(read(ends[0], &told, sizeof told), sizeof told);
    }
    usleep((useconds_t)wf_random_below(random, 8000));
    assert_int_equal(kill(child, SIGKILL), 0);
    while (read(ends[0], &told, sizeof told) == sizeof told) {
    }
    close(ends[0]);
    assert_int_equal(waitpid(child, &about, 0), child);
    assert_true(WIFSIGNALED(about));
    return told;
}

static void what_was_told_is_there_after_each_kill(void **state)
{
    (void)state;
    struct wf_random random;
    wf_random_init(&random, 4);
    made_database_path();
    uint64_t steps = 0;
    for (uint32_t i = 0; i < KILLS; i++) {
        uint64_t told = kill_a_writer(&random, steps);
        uint64_t found = made_database_steps();
        if (found != told && found != told + 1) {
            fail_msg("%llu batches were told to be written, %llu are there",
                     (unsigned long long)told, (unsigned long long)found);
        }
        steps = found;
    }
    assert_true(steps > KILLS);
}

// Lets a child write some steps and go without closing the database, few enough to be all in the
// log.
static void leave_a_log(void)
{
    int about;
    pid_t child = fork();
    if (child == 0) {
        struct wf_batch *batch = wf_batch_create();
        struct wf_database *db = made_database_open();
        for (uint64_t number = 1; number <= STEPS_LOGGED; number++) {
            made_batch(batch, number);
            (void)!wf_database_write(db, batch, NULL);
        }
        _exit(0);
    }
    assert_int_equal(waitpid(child, &about, 0), child);
    assert_int_equal(about, 0);
}

static size_t slurp(const char *path, char *content, size_t size)
{
    FILE *file = fopen(path, "rb");
    if (!file) {
        fail_msg("%s cannot be opened", path);
        return 0;
    }
    size_t length = fread(content, 1, size, file);
    fclose(file);
    return length;
}

// As after a power cut that took the end of the log: what is left of it is whole steps.
static void a_log_that_was_cut_holds_whole_batches(void **state)
{
    (void)state;
    static char file[LOG_BYTES], log[LOG_BYTES];
    struct wf_random random;
    wf_random_init(&random, 5);
    char path[512], log_path[520];
    snprintf(path, sizeof path, "%s", made_database_path());
    snprintf(log_path, sizeof log_path, "%s-wal", path);
    wf_database_close(made_database_open());
    leave_a_log();
    size_t file_bytes = slurp(path, file, sizeof file);
    size_t log_bytes = slurp(log_path, log, sizeof log);
    assert_true(log_bytes > 10000 && log_bytes < sizeof log);
    uint64_t steps_max = 0, steps_min = UINT64_MAX;
    for (uint32_t i = 0; i < CUTS; i++) {
        made_database_path();
        scratch_write("db", file, file_bytes);
        scratch_write("db-wal", log, log_bytes - wf_random_below(&random, log_bytes * 3 / 4));
        uint64_t steps = made_database_steps();
        steps_max = steps > steps_max ? steps : steps_max;
        steps_min = steps < steps_min ? steps : steps_min;
    }
    assert_true(steps_min < steps_max);
    assert_true(steps_max <= STEPS_LOGGED);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(what_was_told_is_there_after_each_kill),
        cmocka_unit_test(a_log_that_was_cut_holds_whole_batches),
    };
    scratch_init();
    int failed = cmocka_run_group_tests(tests, NULL, NULL);
    scratch_finish();
    return failed;
}
