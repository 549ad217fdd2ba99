// SPDX-License-Identifier: Apache-2.0
#include "base/error.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include <signal.h>
#include <stdio.h>
#include <string.h>
#include <sys/resource.h>
#include <sys/wait.h>
#include <unistd.h>

static void every_status_has_a_text_of_its_own(void **state)
{
    (void)state;
#define ENTRY(name, text) {WF_##name, text},
    static const struct {
        enum wf_status status;
        const char *text;
    } all[] = {WF_STATUSES(ENTRY)};
#undef ENTRY
    for (size_t i = 0; i < WF_COUNT_OF(all); i++) {
        assert_string_equal(wf_status_text(all[i].status), all[i].text);
        for (size_t j = 0; j < i; j++) {
            assert_string_not_equal(all[i].text, all[j].text);
        }
    }
}

static void a_number_that_is_no_status_has_a_text(void **state)
{
    (void)state;
    // NOLINTNEXTLINE(clang-analyzer-optin.core.EnumCastOutOfRange): the very case under test
    assert_string_equal(wf_status_text((enum wf_status)99), "unknown status");
}

static void failing_fills_the_error_and_returns_the_status(void **state)
{
    (void)state;
    struct wf_error err = {.status = WF_OK};
    assert_int_equal(wf_fail(&err, WF_LIMIT, "queue '%s': %d jobs", "batch", 7), WF_LIMIT);
    assert_int_equal(err.status, WF_LIMIT);
    assert_string_equal(err.text, "queue 'batch': 7 jobs");
}

static void failing_without_an_error_returns_the_status(void **state)
{
    (void)state;
    assert_int_equal(wf_fail(NULL, WF_IO, "lost"), WF_IO);
    assert_int_equal(wf_error_prefix(NULL, WF_IO, "file: "), WF_IO);
}

static void a_long_sentence_is_cut(void **state)
{
    (void)state;
    struct wf_error err;
    char longer[sizeof err.text + 10];
    memset(longer, 'x', sizeof longer);
    longer[sizeof longer - 1] = '\0';
    assert_int_equal(wf_fail(&err, WF_INVALID, "%s", longer), WF_INVALID);
    assert_int_equal(strlen(err.text), sizeof err.text - 1);
}

static void a_prefix_goes_before_the_sentence(void **state)
{
    (void)state;
    struct wf_error err;
    enum wf_status status = wf_fail(&err, WF_INVALID, "no number");
    status = wf_error_prefix(&err, status, "line %d: ", 3);
    status = wf_error_prefix(&err, status, "%s: ", "nodes.csv");
    assert_int_equal(status, WF_INVALID);
    assert_string_equal(err.text, "nodes.csv: line 3: no number");
}

static void a_prefix_that_leaves_no_room_cuts_the_sentence(void **state)
{
    (void)state;
    struct wf_error err;
    char wide[sizeof err.text];
    memset(wide, 'p', sizeof wide);
    for (size_t room = 0; room < 3; room++) {
        wide[sizeof wide - 1 - room] = '\0';
        enum wf_status status = wf_fail(&err, WF_INVALID, "end");
        assert_int_equal(wf_error_prefix(&err, status, "%s", wide), WF_INVALID);
        assert_int_equal(strlen(err.text), sizeof err.text - 1);
        assert_memory_equal(err.text + sizeof err.text - 1 - room, "end", room);
    }
}

// A success that is passed to wf_fail is a bug of the caller: it stops the program.
static void failing_with_success_aborts(void **state)
{
    (void)state;
    fflush(NULL);
    pid_t child = fork();
    assert_true(child >= 0);
    if (child == 0) {
        struct rlimit no_core_file = {0, 0};
        setrlimit(RLIMIT_CORE, &no_core_file);
        signal(SIGABRT, SIG_DFL);
        close(STDERR_FILENO);
        (void)wf_fail(NULL, WF_OK, "never");
        _exit(0);
    }
    int how = 0;
    assert_int_equal(waitpid(child, &how, 0), child);
    assert_true(WIFSIGNALED(how) && WTERMSIG(how) == SIGABRT);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(every_status_has_a_text_of_its_own),
        cmocka_unit_test(a_number_that_is_no_status_has_a_text),
        cmocka_unit_test(failing_fills_the_error_and_returns_the_status),
        cmocka_unit_test(failing_without_an_error_returns_the_status),
        cmocka_unit_test(a_long_sentence_is_cut),
        cmocka_unit_test(a_prefix_goes_before_the_sentence),
        cmocka_unit_test(a_prefix_that_leaves_no_room_cuts_the_sentence),
        cmocka_unit_test(failing_with_success_aborts),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
