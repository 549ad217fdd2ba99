// SPDX-License-Identifier: Apache-2.0
// Processes by more than their number: a number is used again, a number with its start time is not,
// until the machine starts anew. Nothing is signalled that was not looked at first, through a
// descriptor that cannot come to mean another process meanwhile.
#pragma once

#include <stdbool.h>
#include <stdint.h>
#include <sys/types.h>

#define WF_BOOT_BYTES 40

struct wf_process {
    pid_t pid;
    int64_t start; // clock ticks since the machine started
};

// Whether the kernel has pidfds and lets us use them: some containers' filters do not.
bool wf_process_can_open(void);

// Fills the machine's boot id, or "" where the kernel does not tell.
void wf_boot_read(char boot[WF_BOOT_BYTES]);

// Fills in when a process started; false when there is none of that number. A zombie counts.
bool wf_process_find(pid_t pid, struct wf_process *process_out);

// Returns a descriptor (a pidfd, readable once the process has ended), or -1 when that process is
// no more, zombies included.
int wf_process_open(const struct wf_process *process);

// Which processes are meant. Zombies are none.
struct wf_process_choice {
    pid_t ancestor;                   // all that descend from it, itself excepted; 0: not chosen so
    const char *token;                // or all whose environment contains this
    const struct wf_process *leaders; // or all in the sessions of these, as long as they live
    uint32_t leader_count;
};

// Sends a signal to each (0: none) and returns how many there were; -1 where /proc cannot be read.
int wf_processes_signal(const struct wf_process_choice *choice, int signal);

// How many threads a user has, as RLIMIT_NPROC counts them.
uint64_t wf_processes_of(uint32_t user);

// What they have in memory for themselves alone (shared pages are not counted).
uint64_t wf_processes_memory(const struct wf_process_choice *choice);

// The same for one process.
uint64_t wf_process_memory(pid_t pid);
