// SPDX-License-Identifier: Apache-2.0
#include "engine/local/launch.h"

#include <errno.h>
#include <fcntl.h>
#include <grp.h>
#include <linux/sched.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/prctl.h>
#include <sys/resource.h>
#include <sys/stat.h>
#include <sys/syscall.h>
#include <sys/wait.h>
#include <unistd.h>

#include "engine/local/file.h"

// X(NAME, sentence): where a child can fail; the sentence goes on with the name of the error.
#define STEPS(X)                                                                                   \
    X(CGROUP, "its cgroup cannot be entered")                                                      \
    X(OUTPUT, "its output cannot be led away")                                                     \
    X(GROUPS, "its groups cannot be set")                                                          \
    X(USER, "its user cannot be set")                                                              \
    X(LIMITS, "its limits cannot be set")                                                          \
    X(FOLDER, "its folder cannot be entered")                                                      \
    X(COMMAND, "its command cannot be executed")

enum step {
#define STEP_ENUM(name, text) STEP_##name,
    STEPS(STEP_ENUM)
#undef STEP_ENUM
};

struct failure {
    enum step step;
    int why;
};

static const char *step_text(enum step step)
{
    switch (step) {
#define STEP_CASE(name, text)                                                                      \
    case STEP_##name:                                                                              \
        return text;
        STEPS(STEP_CASE)
#undef STEP_CASE
    }
    return "it failed";
}

// Into the group from its first instruction on, where the kernel can: entering a group afterwards
// waits for all processors, which takes milliseconds.
static pid_t fork_into(const struct wf_cgroup *cgroup, bool *inside_out)
{
    *inside_out = false;
    if (cgroup->folder >= 0) {
        struct clone_args arguments = {
            .flags = CLONE_INTO_CGROUP, .exit_signal = SIGCHLD, .cgroup = (uint64_t)cgroup->folder};
        pid_t pid = (pid_t)syscall(SYS_clone3, &arguments, sizeof arguments);
        if (pid >= 0) {
            *inside_out = true;
            return pid;
        }
    }
    return fork();
}

static void fail(int report, enum step step)
{
    struct failure failure = {step, errno};
    (void)!wf_write_all(report, &failure, sizeof failure);
    _exit(127);
}

// The order matters: groups while still root, then the user, then what binds the new one.
static void become_user(const struct wf_run_spec *spec, int report)
{
    if (spec->switch_user) {
        gid_t groups[WF_RUN_GROUPS_MAX];
        for (uint32_t i = 0; i < spec->group_count; i++) {
            groups[i] = spec->groups[i];
        }
        if (setgroups(spec->group_count, groups) != 0 ||
            setresgid(spec->group, spec->group, spec->group) != 0) {
            fail(report, STEP_GROUPS);
        }
        if (setresuid(spec->user, spec->user, spec->user) != 0) {
            fail(report, STEP_USER);
        }
    }
    if (spec->no_new_privileges && prctl(PR_SET_NO_NEW_PRIVS, 1, 0, 0, 0) != 0) {
        fail(report, STEP_USER);
    }
}

// A limit that is lower already stays.
static void lower(__rlimit_resource_t what, uint64_t most, int report)
{
    struct rlimit now;
    if (most == 0 || getrlimit(what, &now) != 0 || now.rlim_cur <= most) {
        return;
    }
    now.rlim_cur = most;
    now.rlim_max = now.rlim_max < most ? now.rlim_max : most;
    if (setrlimit(what, &now) != 0) {
        fail(report, STEP_LIMITS);
    }
}

static void limit_self(const struct wf_launch *launch, int report)
{
    lower(RLIMIT_DATA, launch->data_limit_bytes, report);
    lower(RLIMIT_NPROC, launch->process_limit, report);
    if (launch->spec->nice > 0) {
        errno = 0;
        if (nice(launch->spec->nice) == -1 && errno != 0) {
            fail(report, STEP_LIMITS);
        }
    }
    (void)umask((mode_t)launch->spec->file_mask);
}

static void reset_signals(void)
{
    for (int signal_number = 1; signal_number < NSIG; signal_number++) {
        (void)signal(signal_number, SIG_DFL);
    }
    sigset_t none;
    sigemptyset(&none);
    (void)sigprocmask(SIG_SETMASK, &none, NULL);
}

WF_NORETURN static void run_child(const struct wf_launch *launch, bool inside, char **environment,
                                  const int pipe_ends[2], int report)
{
    const struct wf_run_spec *spec = launch->spec;
    (void)setsid();
    if (launch->cgroup->folder >= 0 && !inside &&
        !wf_line_write(launch->cgroup->folder, "cgroup.procs", "0")) {
        fail(report, STEP_CGROUP);
    }
    // Programs reopen /dev/stderr by its path, so the pipe must belong to who runs them.
    if ((spec->switch_user && fchown(pipe_ends[1], spec->user, spec->group) != 0) ||
        dup2(pipe_ends[1], STDOUT_FILENO) < 0 || dup2(pipe_ends[1], STDERR_FILENO) < 0) {
        fail(report, STEP_OUTPUT);
    }
    limit_self(launch, report);
    become_user(spec, report);
    // As the user: what only root may enter is not a user's folder.
    if (chdir(spec->folder) != 0) {
        fail(report, STEP_FOLDER);
    }
    reset_signals();
    environ = environment; // its PATH finds the command
    (void)execvp(spec->arguments[0], (char *const *)(uintptr_t)spec->arguments);
    fail(report, STEP_COMMAND);
    _exit(127);
}

static enum wf_status await_exec(const struct wf_run_spec *spec, pid_t pid, int report,
                                 struct wf_error *err)
{
    struct failure failure;
    ssize_t got;
    do {
        got = read(report, &failure, sizeof failure);
    } while (got < 0 && errno == EINTR);
    if (got == 0) {
        return WF_OK; // closed by exec
    }
    (void)waitpid(pid, NULL, 0);
    if (got != (ssize_t)sizeof failure) {
        return wf_fail(err, WF_IO, "it was killed before its command ran");
    }
    if (failure.step == STEP_COMMAND) {
        return wf_fail(err, WF_INVALID, "its command '%.100s' cannot be executed: %s",
                       spec->arguments[0], strerror(failure.why));
    }
    if (failure.step == STEP_FOLDER) {
        return wf_fail(err, WF_INVALID, "its folder %.100s cannot be entered: %s", spec->folder,
                       strerror(failure.why));
    }
    return wf_fail(err, WF_INVALID, "%s: %s", step_text(failure.step), strerror(failure.why));
}

enum wf_status wf_launch_task(const struct wf_launch *launch, uint32_t task,
                              struct wf_process *leader_out, int *output_out, struct wf_error *err)
{
    char **environment = wf_environment_make(launch, task);
    int output[2] = {-1, -1};
    int report[2] = {-1, -1};
    pid_t pid = -1;
    bool inside = false;
    enum wf_status status = WF_OK;
    if (environment && pipe2(output, O_CLOEXEC) == 0 && pipe2(report, O_CLOEXEC) == 0) {
        pid = fork_into(launch->cgroup, &inside);
    }
    if (pid == 0) {
        run_child(launch, inside, environment, output, report[1]);
    }
    if (pid < 0) {
        status = wf_fail(err, WF_IO, "no process can be made: %s", strerror(errno));
    }
    wf_environment_free(environment);
    if (report[1] >= 0) {
        close(report[1]);
    }
    if (output[1] >= 0) {
        close(output[1]);
    }
    if (status == WF_OK) {
        // Not waited for yet, so it is there, be it as a zombie.
        (void)wf_process_find(pid, leader_out);
        status = await_exec(launch->spec, pid, report[0], err);
    }
    if (report[0] >= 0) {
        close(report[0]);
    }
    if (status == WF_OK) {
        (void)fcntl(output[0], F_SETFL, O_NONBLOCK);
        *output_out = output[0];
    } else if (output[0] >= 0) {
        close(output[0]);
    }
    return status;
}
