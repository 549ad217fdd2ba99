// SPDX-License-Identifier: Apache-2.0
#include "engine/local/program.h"

#include <errno.h>
#include <fcntl.h>
#include <limits.h>
#include <stdio.h>
#include <string.h>
#include <unistd.h>

#include "engine/local/supervisor.h"

// Seen from the folder of this very program: where it is built, and where it is installed.
static const char *const places[] = {
    "whaleflux-supervisor",
    "../libexec/whaleflux/whaleflux-supervisor",
};

static int open_one(const char *path)
{
    return access(path, X_OK) == 0 ? open(path, O_PATH | O_CLOEXEC) : -1;
}

static int open_beside(void)
{
    char folder[PATH_MAX];
    ssize_t length = readlink("/proc/self/exe", folder, sizeof folder - 1);
    folder[length > 0 ? length : 0] = '\0';
    char *slash = strrchr(folder, '/');
    if (!slash) {
        return -1;
    }
    slash[1] = '\0';
    int found = -1;
    for (size_t i = 0; found < 0 && i < WF_COUNT_OF(places); i++) {
        char path[PATH_MAX + 64];
        snprintf(path, sizeof path, "%s%s", folder, places[i]);
        found = open_one(path);
    }
    return found;
}

int wf_program_open(const char *wish, struct wf_error *err)
{
    int found = wish ? open_one(wish) : open_beside();
    if (found < 0 && !wish) {
        found = open_one("/proc/self/exe");
    }
    if (found < 0) {
        (void)!wf_fail(err, WF_NOTFOUND, "the supervisors' program %s cannot be opened: %s",
                       wish ? wish : "/proc/self/exe", strerror(errno));
        return -1;
    }
    // Out of the way of those descriptors that a supervisor begins with.
    int moved = fcntl(found, F_DUPFD_CLOEXEC, WF_READY_DESCRIPTOR + 1);
    close(found);
    if (moved < 0) {
        (void)!wf_fail(err, WF_IO, "no descriptor for the supervisors' program: %s",
                       strerror(errno));
    }
    return moved;
}

void wf_program_path(int program, char path[WF_PROGRAM_PATH_BYTES])
{
    snprintf(path, WF_PROGRAM_PATH_BYTES, "/proc/self/fd/%d", program);
}
