// SPDX-License-Identifier: Apache-2.0
// For whom the machine is looked at. Users and groups are always those of this machine, also where
// another root is looked at.
#include <grp.h>
#include <pwd.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "base/error.h"
#include "telemetry/facts.h"

static void find_self_groups(struct wf_identity *identity)
{
    gid_t groups[WF_IDENTITY_GROUPS_MAX];
    int count = getgroups(WF_IDENTITY_GROUPS_MAX, groups);
    for (int i = 0; i < count; i++) {
        identity->groups[identity->group_count++] = groups[i];
    }
}

static void find_groups(struct wf_identity *identity)
{
    gid_t groups[WF_IDENTITY_GROUPS_MAX];
    int count = WF_IDENTITY_GROUPS_MAX;
    // More than fit are cut: the first ones count, and the answer then errs to "may not".
    if (getgrouplist(identity->name, identity->group, groups, &count) < 0) {
        count = WF_IDENTITY_GROUPS_MAX;
    }
    for (int i = 0; i < count; i++) {
        identity->groups[identity->group_count++] = groups[i];
    }
}

enum wf_status wf_identity_find(const char *user, struct wf_identity *identity,
                                struct wf_error *err)
{
    struct passwd entry;
    struct passwd *found = NULL;
    char texts[4096];
    uint64_t number = geteuid();
    *identity = (struct wf_identity){0};
    bool numbered = !user || wf_text_number(user, &number);
    if (numbered && number >= UINT32_MAX) {
        return wf_fail(err, WF_NOTFOUND, "there is no user '%.60s'", user);
    }
    if (numbered) {
        (void)getpwuid_r((uid_t)number, &entry, texts, sizeof texts, &found);
    } else {
        (void)getpwnam_r(user, &entry, texts, sizeof texts, &found);
    }
    if (!found && !numbered) {
        return wf_fail(err, WF_NOTFOUND, "there is no user '%.60s'", user);
    }
    identity->user = found ? found->pw_uid : (uint32_t)number;
    identity->self = identity->user == geteuid();
    identity->group = found ? found->pw_gid : identity->self ? getegid() : identity->user;
    if (found) {
        wf_text_copy(identity->name, sizeof identity->name, found->pw_name);
    } else {
        snprintf(identity->name, sizeof identity->name, "%u", identity->user);
    }
    if (identity->self) {
        find_self_groups(identity);
    } else if (found) {
        find_groups(identity);
    }
    return WF_OK;
}

const char *wf_identity_home(const struct wf_identity *identity, char home[WF_HOME_BYTES])
{
    struct passwd entry;
    struct passwd *found = NULL;
    char texts[4096];
    const char *own = identity->self ? getenv("HOME") : NULL;
    (void)getpwuid_r(identity->user, &entry, texts, sizeof texts, &found);
    if (!own || !own[0]) {
        own = found ? found->pw_dir : "";
    }
    // A name that does not fit or does not start at the root is no place to keep anything.
    bool good = own[0] == '/' && strlen(own) < WF_HOME_BYTES;
    snprintf(home, WF_HOME_BYTES, "%s", good ? own : "");
    return home;
}
