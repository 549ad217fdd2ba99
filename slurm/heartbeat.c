// SPDX-License-Identifier: GPL-3.0-or-later
#include "slurm/heartbeat.h"

#include <errno.h>
#include <inttypes.h>
#include <limits.h>
#include <stdbool.h>
#include <stdio.h>
#include <string.h>
#include <sys/stat.h>
#include <time.h>
#include <unistd.h>

void wf_heartbeat_write(const char *path, uid_t user, const char *partitions)
{
    static bool complained;
    char beside[PATH_MAX];
    FILE *out;
    bool done = false;

    snprintf(beside, sizeof(beside), "%s.new", path);
    out = fopen(beside, "we");
    if (out != NULL) {
        done = fchmod(fileno(out), 0644) == 0 &&
               fprintf(out, "%" PRId64 " %u %s\n", (int64_t)time(NULL), (unsigned)user,
                       partitions) > 0;
        done = fclose(out) == 0 && done && rename(beside, path) == 0;
    }
    if (!done && !complained) {
        fprintf(stderr, "whaleflux-slurm: the heartbeat file %s cannot be written: %s\n", path,
                strerror(errno));
    }
    complained = !done;
}

void wf_heartbeat_remove(const char *path)
{
    if (unlink(path) != 0 && errno != ENOENT) {
        fprintf(stderr, "whaleflux-slurm: the heartbeat file %s cannot be removed: %s\n", path,
                strerror(errno));
    }
}
