// SPDX-License-Identifier: Apache-2.0
#include "engine/local/process.h"

#include <setjmp.h>
#include <signal.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include <poll.h>
#include <stdlib.h>
#include <string.h>
#include <sys/prctl.h>
#include <sys/wait.h>
#include <unistd.h>

// A name that looks like the end of the field it stands in, and more fields after it.
#define ODD_NAME "a) R 1 2 (b"
#define WAIT_MS 10000

static pid_t fork_sleeper(const char *name)
{
    pid_t pid = fork();
    if (pid == 0) {
        (void)prctl(PR_SET_NAME, name, 0, 0, 0);
        (void)raise(SIGSTOP); // tells that it has its name
        for (;;) {
            (void)poll(NULL, 0, 1000);
        }
    }
    siginfo_t info;
    assert_int_equal(waitid(P_PID, (id_t)pid, &info, WSTOPPED), 0);
    assert_int_equal(kill(pid, SIGCONT), 0);
    return pid;
}

// Waits until as many are chosen as are to be there: on a busy machine that takes its time.
static void await_chosen(const struct wf_process_choice *choice, int count)
{
    for (int waited = 0; waited < WAIT_MS; waited += 5) {
        if (wf_processes_signal(choice, 0) == count) {
            return;
        }
        (void)poll(NULL, 0, 5);
    }
    assert_int_equal(wf_processes_signal(choice, 0), count);
}

static void end(pid_t pid)
{
    assert_int_equal(kill(pid, SIGKILL), 0);
    assert_int_equal(waitpid(pid, NULL, 0), pid);
}

static void a_process_is_known_by_its_number_and_its_start(void **state)
{
    (void)state;
    pid_t pid = fork_sleeper(ODD_NAME);
    struct wf_process process;
    assert_true(wf_process_find(pid, &process));
    assert_int_equal(process.pid, pid);
    int descriptor = wf_process_open(&process);
    assert_true(descriptor >= 0);
    close(descriptor);
    process.start++;
    assert_int_equal(wf_process_open(&process), -1);
    end(pid);
    assert_false(wf_process_find(pid, &process));
}

static void a_zombie_is_there_but_cannot_be_opened(void **state)
{
    (void)state;
    pid_t pid = fork_sleeper("zombie");
    assert_int_equal(kill(pid, SIGKILL), 0);
    siginfo_t info;
    assert_int_equal(waitid(P_PID, (id_t)pid, &info, WEXITED | WNOWAIT), 0);
    struct wf_process process;
    assert_true(wf_process_find(pid, &process));
    assert_int_equal(wf_process_open(&process), -1);
    assert_int_equal(waitpid(pid, NULL, 0), pid);
}

static void descendants_are_found_and_nobody_else(void **state)
{
    (void)state;
    pid_t other = fork_sleeper("other");
    pid_t child = fork();
    if (child == 0) {
        (void)fork_sleeper("grandchild");
        for (;;) {
            (void)poll(NULL, 0, 1000);
        }
    }
    const struct wf_process_choice choice = {.ancestor = child};
    await_chosen(&choice, 1);
    assert_true(wf_processes_memory(&choice) > 0);
    assert_int_equal(wf_processes_signal(&choice, SIGKILL), 1);
    end(child);
    end(other);
}

static void a_users_processes_are_counted(void **state)
{
    (void)state;
    const uint32_t nobody = 4294901; // a number that no system gives out
    if (geteuid() != 0) {
        assert_true(wf_processes_of(geteuid()) >= 1);
        return;
    }
    assert_int_equal(wf_processes_of(nobody), 0);
    pid_t pid = fork();
    if (pid == 0) {
        (void)!setuid(nobody);
        (void)raise(SIGSTOP);
        _exit(0);
    }
    siginfo_t info;
    assert_int_equal(waitid(P_PID, (id_t)pid, &info, WSTOPPED), 0);
    assert_int_equal(wf_processes_of(nobody), 1);
    end(pid);
}

static void a_token_is_found_anywhere_in_an_environment(void **state)
{
    (void)state;
    // Behind so much that it lies across two pieces that are read.
    for (size_t before = 4050; before < 4110; before += 7) {
        pid_t pid = fork();
        if (pid == 0) {
            char *filler = calloc(1, before + 1);
            memset(filler, 'f', before);
            filler[1] = '=';
            char token[] = "T=0123456789abcdef0123456789abcdef";
            char name[] = "sleep";
            char time[] = "1000";
            char *const environment[] = {filler, token, NULL};
            char *const arguments[] = {name, time, NULL};
            (void)execve("/bin/sleep", arguments, environment);
            _exit(127);
        }
        const struct wf_process_choice choice = {.token = "0123456789abcdef0123456789abcdef"};
        const struct wf_process_choice none = {.token = "0123456789abcdef0123456789abcdeX"};
        await_chosen(&choice, 1);
        assert_int_equal(wf_processes_signal(&none, 0), 0);
        end(pid);
    }
}

static void a_session_counts_only_while_its_leader_is_the_one_meant(void **state)
{
    (void)state;
    pid_t leader = fork();
    if (leader == 0) {
        (void)setsid();
        (void)fork_sleeper("member");
        for (;;) {
            (void)poll(NULL, 0, 1000);
        }
    }
    struct wf_process process;
    assert_true(wf_process_find(leader, &process));
    struct wf_process_choice choice = {.leaders = &process, .leader_count = 1};
    await_chosen(&choice, 2);
    process.start++;
    assert_int_equal(wf_processes_signal(&choice, 0), 0);
    process.start--;
    assert_int_equal(wf_processes_signal(&choice, SIGKILL), 2);
    assert_int_equal(waitpid(leader, NULL, 0), leader);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(a_process_is_known_by_its_number_and_its_start),
        cmocka_unit_test(a_zombie_is_there_but_cannot_be_opened),
        cmocka_unit_test(descendants_are_found_and_nobody_else),
        cmocka_unit_test(a_users_processes_are_counted),
        cmocka_unit_test(a_token_is_found_anywhere_in_an_environment),
        cmocka_unit_test(a_session_counts_only_while_its_leader_is_the_one_meant),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
