// SPDX-License-Identifier: Apache-2.0
#include "engine/local/process.h"

#include <ctype.h>
#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <inttypes.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/pidfd.h>
#include <sys/stat.h>
#include <unistd.h>

#include "engine/local/file.h"

struct seen {
    struct wf_process process;
    pid_t parent;
    pid_t session;
    uint32_t threads;
    bool zombie;
    bool chosen;
};

bool wf_process_can_open(void)
{
    int own = pidfd_open(getpid(), 0);
    bool good = own >= 0 && pidfd_send_signal(own, 0, NULL, 0) == 0;
    if (own >= 0) {
        close(own);
    }
    return good;
}

void wf_boot_read(char boot[WF_BOOT_BYTES])
{
    (void)wf_line_read(AT_FDCWD, "/proc/sys/kernel/random/boot_id", boot, WF_BOOT_BYTES);
    boot[strcspn(boot, "\n")] = '\0';
}

// The name, second in the line, may contain anything: what follows its last parenthesis is read.
static bool look(pid_t pid, struct seen *seen_out)
{
    char path[32];
    char line[1024];
    snprintf(path, sizeof path, "/proc/%ld/stat", (long)pid);
    if (wf_line_read(AT_FDCWD, path, line, sizeof line) <= 0) {
        return false;
    }
    char *at = strrchr(line, ')');
    if (!at || at[1] != ' ') {
        return false;
    }
    char *save = NULL;
    int64_t field[23] = {0};
    char state = at[2];
    uint32_t number = 3;
    for (char *word = strtok_r(at + 1, " ", &save); word && number <= 22;
         word = strtok_r(NULL, " ", &save)) {
        field[number++] = strtoll(word, NULL, 10);
    }
    if (number <= 22) {
        return false;
    }
    *seen_out = (struct seen){.process = {pid, field[22]},
                              .parent = (pid_t)field[4],
                              .session = (pid_t)field[6],
                              .threads = (uint32_t)field[20],
                              .zombie = state == 'Z' || state == 'X'};
    return true;
}

bool wf_process_find(pid_t pid, struct wf_process *process_out)
{
    struct seen seen;
    if (pid <= 0 || !look(pid, &seen)) {
        return false;
    }
    *process_out = seen.process;
    return true;
}

int wf_process_open(const struct wf_process *process)
{
    int descriptor = process->pid > 0 ? pidfd_open(process->pid, 0) : -1;
    struct seen seen;
    // Looked at after it was opened: from here on the number cannot change hands.
    if (descriptor >= 0 &&
        (!look(process->pid, &seen) || seen.zombie || seen.process.start != process->start)) {
        close(descriptor);
        descriptor = -1;
    }
    return descriptor;
}

static struct seen *look_at_all(uint32_t *count_out)
{
    DIR *folder = opendir("/proc");
    uint32_t count = 0;
    uint32_t capacity = 256;
    struct seen *all = folder ? malloc(capacity * sizeof *all) : NULL;
    for (struct dirent *entry; all && (entry = readdir(folder));) {
        if (!isdigit((unsigned char)entry->d_name[0])) {
            continue;
        }
        if (count == capacity) {
            capacity *= 2;
            struct seen *more = realloc(all, capacity * sizeof *all);
            if (!more) {
                free(all);
                all = NULL;
                break;
            }
            all = more;
        }
        count += look((pid_t)strtol(entry->d_name, NULL, 10), &all[count]);
    }
    if (folder) {
        closedir(folder);
    }
    *count_out = count;
    return all;
}

static void choose_descendants(struct seen *all, uint32_t count, pid_t ancestor)
{
    bool more = true;
    while (more) {
        more = false;
        for (uint32_t i = 0; i < count; i++) {
            bool child = all[i].parent == ancestor;
            for (uint32_t j = 0; !child && !all[i].chosen && j < count; j++) {
                child = all[j].chosen && all[j].process.pid == all[i].parent;
            }
            if (child && !all[i].chosen) {
                all[i].chosen = true;
                more = true;
            }
        }
    }
}

// Environments can be long: read piece by piece, each joined to the end of the one before.
static bool environment_contains(pid_t pid, const char *token)
{
    char path[32];
    snprintf(path, sizeof path, "/proc/%ld/environ", (long)pid);
    int file = open(path, O_RDONLY | O_CLOEXEC);
    if (file < 0) {
        return false;
    }
    size_t length = strlen(token);
    char piece[4096 + 64];
    size_t kept = 0;
    bool found = false;
    for (ssize_t got; !found && (got = read(file, piece + kept, 4096)) > 0;) {
        size_t all = kept + (size_t)got;
        found = memmem(piece, all, token, length) != NULL;
        kept = all < length ? all : length - 1;
        memmove(piece, piece + all - kept, kept);
    }
    close(file);
    return found;
}

static bool is_led(const struct seen *seen, const struct seen *all, uint32_t count,
                   const struct wf_process_choice *choice)
{
    for (uint32_t i = 0; i < choice->leader_count; i++) {
        if (seen->session != choice->leaders[i].pid) {
            continue;
        }
        for (uint32_t j = 0; j < count; j++) {
            if (all[j].process.pid == choice->leaders[i].pid &&
                all[j].process.start == choice->leaders[i].start) {
                return true;
            }
        }
    }
    return false;
}

static struct seen *choose(const struct wf_process_choice *choice, uint32_t *count_out)
{
    struct seen *all = look_at_all(count_out);
    if (!all) {
        return NULL;
    }
    if (choice->ancestor > 0) {
        choose_descendants(all, *count_out, choice->ancestor);
    }
    for (uint32_t i = 0; i < *count_out; i++) {
        struct seen *seen = &all[i];
        // Kernel threads, process 1 and we ourselves are never meant.
        if (seen->zombie || seen->process.pid <= 2 || seen->process.pid == getpid()) {
            seen->chosen = false;
        } else if (!seen->chosen) {
            seen->chosen =
                is_led(seen, all, *count_out, choice) ||
                (choice->token && environment_contains(seen->process.pid, choice->token));
        }
    }
    return all;
}

int wf_processes_signal(const struct wf_process_choice *choice, int signal)
{
    uint32_t count = 0;
    struct seen *all = choose(choice, &count);
    if (!all) {
        return -1;
    }
    int chosen = 0;
    for (uint32_t i = 0; i < count; i++) {
        if (!all[i].chosen) {
            continue;
        }
        int descriptor = wf_process_open(&all[i].process);
        if (descriptor >= 0) {
            chosen++;
            if (signal != 0) {
                (void)pidfd_send_signal(descriptor, signal, NULL, 0);
            }
            close(descriptor);
        }
    }
    free(all);
    return chosen;
}

uint64_t wf_processes_of(uint32_t user)
{
    uint32_t count = 0;
    struct seen *all = look_at_all(&count);
    uint64_t threads = 0;
    for (uint32_t i = 0; all && i < count; i++) {
        char path[32];
        struct stat about;
        snprintf(path, sizeof path, "/proc/%ld", (long)all[i].process.pid);
        if (stat(path, &about) == 0 && about.st_uid == user) {
            threads += all[i].threads;
        }
    }
    free(all);
    return threads;
}

uint64_t wf_process_memory(pid_t pid)
{
    char path[32];
    char line[256];
    snprintf(path, sizeof path, "/proc/%ld/statm", (long)pid);
    uint64_t resident = 0;
    uint64_t shared = 0;
    if (wf_line_read(AT_FDCWD, path, line, sizeof line) > 0) {
        char *at = line;
        (void)strtoull(at, &at, 10);
        resident = strtoull(at, &at, 10);
        shared = strtoull(at, &at, 10);
    }
    return resident > shared ? (resident - shared) * (uint64_t)sysconf(_SC_PAGESIZE) : 0;
}

uint64_t wf_processes_memory(const struct wf_process_choice *choice)
{
    uint32_t count = 0;
    struct seen *all = choose(choice, &count);
    uint64_t bytes = 0;
    for (uint32_t i = 0; all && i < count; i++) {
        bytes += all[i].chosen ? wf_process_memory(all[i].process.pid) : 0;
    }
    free(all);
    return bytes;
}
