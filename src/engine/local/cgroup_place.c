// SPDX-License-Identifier: Apache-2.0
// Where on this machine groups may be made.
#include <errno.h>
#include <fcntl.h>
#include <linux/magic.h>
#include <stdio.h>
#include <string.h>
#include <sys/stat.h>
#include <sys/vfs.h>
#include <sys/xattr.h>
#include <unistd.h>

#include "engine/local/cgroup.h"
#include "engine/local/file.h"

// The leaf into which we move ourselves: a group with processes of its own can hand no controllers
// to groups below it.
#define OWN_LEAF "daemon"

static bool is_cgroup2(const char *path)
{
    struct statfs about;
    return statfs(path, &about) == 0 && about.f_type == CGROUP2_SUPER_MAGIC;
}

// Finds where version 2 is mounted: alone on /sys/fs/cgroup, or beside version 1 anywhere. A mount
// that another one hides, as in some containers, is still listed.
static bool find_mount(char *mount, size_t bytes)
{
    FILE *file = fopen("/proc/self/mountinfo", "re");
    if (!file) {
        return false;
    }
    char line[4096];
    bool found = false;
    while (!found && fgets(line, sizeof line, file)) {
        char point[WF_CGROUP_BYTES];
        // id, parent, device, root, mount point; the kind comes after the dash
        found = strstr(line, " - cgroup2 ") && sscanf(line, "%*s %*s %*s %*s %767s", point) == 1 &&
                is_cgroup2(point) && snprintf(mount, bytes, "%s", point) < (int)bytes;
    }
    fclose(file);
    return found;
}

// Our own group below the mount, "" for its root.
static bool find_own(char *own, size_t bytes)
{
    FILE *file = fopen("/proc/self/cgroup", "re");
    if (!file) {
        return false;
    }
    char line[4096];
    bool found = false;
    while (!found && fgets(line, sizeof line, file)) {
        line[strcspn(line, "\n")] = '\0';
        if (strncmp(line, "0::/", 4) == 0) {
            found =
                snprintf(own, bytes, "%s", strcmp(line + 3, "/") == 0 ? "" : line + 3) < (int)bytes;
        }
    }
    fclose(file);
    return found;
}

// systemd marks what it has given away.
static bool is_delegated(const char *path)
{
    char value[8] = "";
    return (getxattr(path, "user.delegate", value, sizeof value - 1) > 0 ||
            getxattr(path, "trusted.delegate", value, sizeof value - 1) > 0) &&
           value[0] == '1';
}

// Whether what looks like the root is a group of the machine's, as containers have it.
static bool is_inner(const char *path)
{
    char type[WF_CGROUP_BYTES + 32];
    snprintf(type, sizeof type, "%s/cgroup.type", path);
    return access(type, F_OK) == 0;
}

static void move_to_leaf(const char *base)
{
    char path[WF_CGROUP_BYTES + 32];
    snprintf(path, sizeof path, "%s/" OWN_LEAF, base);
    if (mkdir(path, 0755) == 0 || errno == EEXIST) {
        snprintf(path, sizeof path, "%s/" OWN_LEAF "/cgroup.procs", base);
        (void)!wf_line_write(AT_FDCWD, path, "0");
    }
}

static bool find_base(char *base, size_t bytes, char reason[256])
{
    char mount[WF_CGROUP_BYTES];
    char own[WF_CGROUP_BYTES];
    if (!find_mount(mount, sizeof mount) || !find_own(own, sizeof own)) {
        snprintf(reason, 256, "this machine has no cgroups of version 2");
        return false;
    }
    if (snprintf(base, bytes, "%s%s", mount, own) >= (int)bytes) {
        snprintf(reason, 256, "the path of our own cgroup is too long");
        return false;
    }
    char *leaf = strrchr(base, '/');
    if (leaf && strcmp(leaf, "/" OWN_LEAF) == 0) { // put there by systemd, or moved before
        *leaf = '\0';
        if (is_delegated(base)) {
            return true;
        }
        *leaf = '/';
    }
    // Root needs no gift, and systemd cannot start a service anew in a group that runs have groups
    // below, unless it has a leaf for it (DelegateSubgroup=daemon).
    if (geteuid() == 0) {
        snprintf(base, bytes, "%s", mount);
        if (own[0] == '\0' && is_inner(base)) {
            move_to_leaf(base);
        }
        return true;
    }
    if (is_delegated(base)) {
        move_to_leaf(base);
        return true;
    }
    snprintf(reason, 256, "this user was given no cgroup (systemd gives one with Delegate=yes)");
    return false;
}

bool wf_cgroup_find_parent(const char *wish, const char *name, char path[WF_CGROUP_BYTES],
                           char reason[256])
{
    char base[WF_CGROUP_BYTES];
    path[0] = '\0';
    reason[0] = '\0';
    if (wish && strcmp(wish, "none") == 0) {
        snprintf(reason, 256, "switched off");
        return false;
    }
    if (wish) {
        snprintf(base, sizeof base, "%s", wish);
    } else if (!find_base(base, sizeof base, reason)) {
        return false;
    }
    if (!is_cgroup2(base)) {
        snprintf(reason, 256, "%.200s is no cgroup of version 2", base);
        return false;
    }
    int length = snprintf(path, WF_CGROUP_BYTES, "%s/%s", base, name);
    if (length >= WF_CGROUP_BYTES - WF_RUN_ID_MAX - 2) {
        snprintf(reason, 256, "the path of the cgroup is too long");
    } else if (mkdir(path, 0755) != 0 && errno != EEXIST) {
        snprintf(reason, 256, "%.150s cannot be made: %s", path, strerror(errno));
    }
    if (reason[0] != '\0') {
        path[0] = '\0';
    }
    return reason[0] == '\0';
}
