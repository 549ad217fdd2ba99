// SPDX-License-Identifier: Apache-2.0
// After a supervisor that was killed: its run's processes are ended, then the run has an end too.
#include <poll.h>
#include <signal.h>
#include <stdio.h>
#include <string.h>
#include <unistd.h>

#include "engine/local/supervisor.h"

// A process that is in the middle of an exec shows no environment for an instant, so one look that
// finds nobody is not enough.
#define QUIET_ROUNDS 3

// The group ends whoever is in it. Outside of one, or for those that left it, the processes are
// known by the token in their environment and by the sessions of the leaders.
static void end_processes(struct wf_supervisor *supervisor)
{
    struct wf_run_state *state = &supervisor->state;
    struct wf_process_choice choice = {.token = state->token[0] != '\0' ? state->token : NULL,
                                       .leaders = state->leaders,
                                       .leader_count = state->tasks};
    (void)wf_cgroup_open(state->cgroup, &supervisor->cgroup);
    int quiet = 0;
    for (int round = 0; quiet < QUIET_ROUNDS; round++) {
        (void)wf_cgroup_kill(&supervisor->cgroup);
        (void)wf_processes_signal(&choice, SIGSTOP);
        int left = wf_processes_signal(&choice, SIGKILL);
        quiet = left > 0 || wf_cgroup_is_populated(&supervisor->cgroup) ? 0 : quiet + 1;
        if (quiet < QUIET_ROUNDS) {
            (void)poll(NULL, 0, round < 20 ? 10 : 100);
        }
    }
}

int wf_supervisor_clean_up(struct wf_supervisor *supervisor)
{
    struct wf_run_state *state = &supervisor->state;
    struct wf_run *run = &state->run;
    char boot[WF_BOOT_BYTES];
    wf_boot_read(boot);
    if (strcmp(boot, state->boot) == 0) {
        // An engine that opens meanwhile follows us instead of starting another one.
        (void)wf_process_find(getpid(), &state->supervisor);
        (void)!wf_state_write(supervisor->folder, state, WF_KEEP_LATER, NULL);
        end_processes(supervisor);
        wf_cgroup_usage(&supervisor->cgroup, run);
    } else {
        supervisor->cgroup.folder = -1;
    }
    // Finishing: its tasks had ended by themselves, and how is known.
    if (run->phase != WF_RUN_FINISHING) {
        bool restarted = strcmp(boot, state->boot) != 0;
        run->end = restarted ? WF_RUN_END_RESTARTED : WF_RUN_END_UNKNOWN;
        run->exit_code = -1;
        snprintf(run->detail, sizeof run->detail,
                 restarted ? "the machine was started anew while it ran"
                           : "its supervisor was killed, then what was left of the run");
    }
    wf_supervisor_write_end(supervisor);
    wf_supervisor_tell(supervisor, 'R', "");
    return 0;
}
