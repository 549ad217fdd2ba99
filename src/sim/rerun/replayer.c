// SPDX-License-Identifier: Apache-2.0
#include "sim/rerun/replayer.h"

#include <stdio.h>
#include <string.h>

#include "base/nearest.h"

#define OURS (&wf_discipline_foresight)
enum { NAMES_MAX = 64 };

static enum wf_status not_found(const char *name, const char *what, const char *const *names,
                                uint32_t count, struct wf_error *err)
{
    uint32_t near = wf_nearest_name(name, names, count);
    if (near != UINT32_MAX) {
        return wf_fail(err, WF_NOTFOUND, "there is no %s '%.60s', did you mean '%s'?", what, name,
                       names[near]);
    }
    char all[400] = "";
    size_t length = 0;
    for (uint32_t i = 0; i < count && length < sizeof all - 1; i++) {
        int added =
            snprintf(all + length, sizeof all - length, "%s%s", i > 0 ? ", " : "", names[i]);
        length += added > 0 ? (size_t)added : 0;
    }
    return wf_fail(err, WF_NOTFOUND, "there is no %s '%.60s' (there are %s)", what, name, all);
}

static uint32_t placement_names(const char **names)
{
    uint32_t count = 0;
    for (uint32_t i = 0; wf_policies[i]; i++) {
        if (!wf_policies[i]->at_random) {
            names[count++] = wf_policies[i]->name;
        }
    }
    return count;
}

static enum wf_status find_placement(const char *name, const struct wf_policy **placement_out,
                                     struct wf_error *err)
{
    *placement_out = wf_policy_find(name);
    if (*placement_out && (*placement_out)->at_random) {
        return wf_fail(err, WF_INVALID, "'%s' places at random, which no queue can plan with",
                       name);
    }
    if (*placement_out) {
        return WF_OK;
    }
    const char *names[NAMES_MAX];
    return not_found(name, "placement policy", names, placement_names(names), err);
}

enum wf_status wf_replayer_parse(const char *name, struct wf_replayer *replayer_out,
                                 struct wf_error *err)
{
    char first[64];
    const char *slash = strchr(name, '/');
    int length = slash ? (int)(slash - name) : (int)strlen(name);
    if (snprintf(first, sizeof first, "%.*s", length, name) >= (int)sizeof first ||
        strlen(name) >= sizeof replayer_out->name) {
        return wf_fail(err, WF_NOTFOUND, "there is no policy with the long name '%.60s...'", name);
    }
    *replayer_out = (struct wf_replayer){.discipline = wf_discipline_find(first)};
    snprintf(replayer_out->name, sizeof replayer_out->name, "%s", name);
    if (replayer_out->discipline) {
        return find_placement(slash ? slash + 1 : replayer_out->discipline->placement,
                              &replayer_out->placement, err);
    }
    if (!slash && wf_policy_find(first)) {
        replayer_out->discipline = OURS;
        return find_placement(first, &replayer_out->placement, err);
    }
    const char *names[NAMES_MAX];
    uint32_t count = 0;
    for (; wf_disciplines[count]; count++) {
        names[count] = wf_disciplines[count]->name;
    }
    count += slash ? 0 : placement_names(names + count);
    return not_found(first, "policy", names, count, err);
}

static enum wf_status add(struct wf_replayers *replayers, const char *name, struct wf_error *err)
{
    if (replayers->count == WF_REPLAYERS_MAX) {
        return wf_fail(err, WF_LIMIT, "more than %d policies are named", WF_REPLAYERS_MAX);
    }
    struct wf_replayer *at = &replayers->list[replayers->count];
    enum wf_status status = wf_replayer_parse(name, at, err);
    if (status != WF_OK) {
        return status;
    }
    for (uint32_t i = 0; i < replayers->count; i++) {
        if (replayers->list[i].discipline == at->discipline &&
            replayers->list[i].placement == at->placement) {
            return wf_fail(err, WF_EXISTS, "'%s' and '%s' are the same policy",
                           replayers->list[i].name, at->name);
        }
    }
    replayers->count++;
    return WF_OK;
}

enum wf_status wf_replayers_parse(const char *names, struct wf_replayers *replayers_out,
                                  struct wf_error *err)
{
    *replayers_out = (struct wf_replayers){0};
    enum wf_status status = WF_OK;
    if (strcmp(names, "all") == 0) {
        for (uint32_t i = 0; wf_disciplines[i] && status == WF_OK; i++) {
            status = add(replayers_out, wf_disciplines[i]->name, err);
        }
        return status;
    }
    while (status == WF_OK) {
        char name[128];
        int length = (int)strcspn(names, ",");
        if (length == 0) {
            return wf_fail(err, WF_INVALID, "a list of policies has an empty name in it");
        }
        snprintf(name, sizeof name, "%.*s", length, names);
        status = add(replayers_out, name, err);
        names += length;
        if (*names == '\0') {
            break;
        }
        names++;
    }
    return status;
}
