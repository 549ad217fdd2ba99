// SPDX-License-Identifier: Apache-2.0
// What the process of a supervisor begins with: whatever state a run was left in, it takes the run
// towards its end. Not begun: it is run. Begun by one that is dead: cleaned up after. Begun by one
// that lives, or ended: nothing.
#include <errno.h>
#include <fcntl.h>
#include <poll.h>
#include <signal.h>
#include <stdio.h>
#include <string.h>
#include <sys/file.h>
#include <sys/prctl.h>
#include <sys/signalfd.h>
#include <sys/stat.h>
#include <unistd.h>

#include "engine/engine.h"
#include "engine/local/supervisor.h"

// How long to wait for the lock: a killed supervisor's child holds it until it is killed, or until
// its exec.
#define LOCK_WAIT_MS 300

static bool lock(int folder)
{
    // Made by the engine, never here: a folder that is being forgotten must not get a new one.
    int file = openat(folder, WF_LOCK_FILE, O_RDWR | O_CLOEXEC);
    if (file < 0) {
        return false;
    }
    for (int waited = 0; flock(file, LOCK_EX | LOCK_NB) != 0; waited += 10) {
        if (errno != EWOULDBLOCK || waited >= LOCK_WAIT_MS) {
            close(file);
            return false;
        }
        (void)poll(NULL, 0, 10);
    }
    // The run may have been forgotten while we came here.
    struct stat about;
    if (fstat(file, &about) != 0 || about.st_nlink == 0) {
        close(file);
        return false;
    }
    return true; // the descriptor stays open for as long as we live
}

static int take_signals(void)
{
    sigset_t wanted;
    sigemptyset(&wanted);
    sigaddset(&wanted, SIGCHLD);
    sigaddset(&wanted, SIGUSR1);
    sigaddset(&wanted, SIGTERM);
    sigset_t all;
    sigfillset(&all);
    (void)sigprocmask(SIG_SETMASK, &all, NULL);
    (void)signal(SIGPIPE, SIG_IGN);
    (void)signal(SIGXFSZ, SIG_IGN);
    return signalfd(-1, &wanted, SFD_CLOEXEC | SFD_NONBLOCK);
}

static int supervise(struct wf_supervisor *supervisor)
{
    if (!lock(supervisor->folder)) {
        wf_supervisor_tell(supervisor, 'R', ""); // whoever has it does the work
        return 0;
    }
    struct wf_error err = {0};
    enum wf_status status = wf_state_read(supervisor->folder, &supervisor->state, &err);
    if (status == WF_NOTFOUND) {
        supervisor->state = (struct wf_run_state){0};
        return wf_supervisor_run(supervisor);
    }
    if (status != WF_OK) {
        wf_supervisor_tell(supervisor, 'E', err.text);
        return 1;
    }
    if (supervisor->state.run.phase == WF_RUN_ENDED) {
        (void)!wf_cgroup_remove(supervisor->state.cgroup);
        wf_supervisor_tell(supervisor, 'R', "");
        return 0;
    }
    return wf_supervisor_clean_up(supervisor);
}

int wf_engine_supervise(int argc, char **argv)
{
    if (argc != 3) {
        return 2;
    }
    static struct wf_supervisor supervisor;
    bool told = fcntl(WF_READY_DESCRIPTOR, F_SETFD, FD_CLOEXEC) == 0;
    supervisor.ready = told ? WF_READY_DESCRIPTOR : -1;
    (void)close_range(WF_READY_DESCRIPTOR + 1, ~0U, 0);
    supervisor.cgroup.folder = -1;
    supervisor.cgroup_parent = argv[1];
    supervisor.cgroup_reason = argv[2];
    supervisor.signals = take_signals();
    (void)prctl(PR_SET_NAME, "wf-supervisor", 0, 0, 0); // it was executed by a number
    // Whoever leaves its parents behind becomes our child, and so cannot leave the run.
    (void)prctl(PR_SET_CHILD_SUBREAPER, 1, 0, 0, 0);
    supervisor.folder = open(argv[0], O_RDONLY | O_DIRECTORY | O_CLOEXEC);
    if (supervisor.folder < 0 || supervisor.signals < 0) {
        wf_supervisor_tell(&supervisor, 'E', strerror(errno));
        return 1;
    }
    return supervise(&supervisor);
}
