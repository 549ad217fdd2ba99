// SPDX-License-Identifier: Apache-2.0
// A daemon in a process of its own, spoken to by lines over a socket instead of HTTP, so that it
// can be killed: the desk, the database, the loop and the local engine as they are.
#pragma once

#include <stdbool.h>
#include <stdint.h>
#include <sys/types.h>

struct served {
    char data[64];
    pid_t daemon; // 0: none
    int socket;   // -1: none
};

// What this program does as the engine's supervisor; to be called first in main. Does not return
// where it is one.
void served_supervise(int argc, char **argv);

void served_make(struct served *served);
// Starts a daemon and waits until it is up. Returns how many milliseconds that took.
int64_t served_start(struct served *served);
void served_kill(struct served *served);      // SIGKILL, and waits for it
void served_terminate(struct served *served); // SIGTERM, and waits for a clean end

// Submits a document. Returns its id once it is on the disk, 0 when the daemon went meanwhile.
uint64_t served_submit(struct served *served, const char *json);
// The same without waiting for the answer; served_answer takes the next one.
bool served_send(struct served *served, const char *json);
uint64_t served_answer(struct served *served);

// Kills one supervisor of the data folder, chosen by chance; returns whether there was one.
bool served_kill_supervisor(const struct served *served, uint64_t chance);
// Processes that have the data folder in their command or their environment (SERVED), zombies left
// out.
uint32_t served_processes(const struct served *served);
// Kills the work that runs, and waits until its supervisors have gone, too.
void served_kill_work(const struct served *served);
// Memory of the daemon, KiB.
long served_memory_kib(const struct served *served);
void served_clear(struct served *served);
