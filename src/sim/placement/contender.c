// SPDX-License-Identifier: Apache-2.0
#include "sim/placement/contender.h"

#include <string.h>

#include "base/nearest.h"

enum { POLICIES_SHOWN = 32 };

const char *wf_contender_policy_name(uint32_t index)
{
    return wf_policies[index] ? wf_policies[index]->name : NULL;
}

const char *wf_contender_policy_summary(uint32_t index)
{
    return wf_policies[index] ? wf_policies[index]->summary : NULL;
}

static enum wf_status fail_policy(const char *name, struct wf_error *err)
{
    const char *names[POLICIES_SHOWN];
    char known[256] = "";
    size_t length = 0;
    uint32_t count = 0;
    for (; count < POLICIES_SHOWN && wf_policies[count]; count++) {
        names[count] = wf_policies[count]->name;
        if (length < sizeof known) {
            length += (size_t)snprintf(known + length, sizeof known - length, "%s%s",
                                       count ? ", " : "", names[count]);
        }
    }
    uint32_t near = wf_nearest_name(name, names, count);
    if (near != UINT32_MAX) {
        return wf_fail(err, WF_NOTFOUND, "there is no policy '%s' (did you mean '%s'?)", name,
                       names[near]);
    }
    return wf_fail(err, WF_NOTFOUND, "there is no policy '%s' (known: %s)", name, known);
}

static bool is_named(const struct wf_contenders *contenders, const char *name)
{
    for (uint32_t i = 0; i < contenders->count; i++) {
        if (strcmp(contenders->list[i].name, name) == 0) {
            return true;
        }
    }
    return false;
}

static enum wf_status add(struct wf_contenders *contenders, const char *name, struct wf_error *err)
{
    static const char learned[] = ":learned";
    if (contenders->count == WF_CONTENDERS_MAX) {
        return wf_fail(err, WF_LIMIT, "more than %d policies at once, the limit WF_CONTENDERS_MAX",
                       WF_CONTENDERS_MAX);
    }
    struct wf_contender *contender = &contenders->list[contenders->count];
    snprintf(contender->name, sizeof contender->name, "%s", name);
    char policy[WF_CONTENDER_NAME_BYTES];
    snprintf(policy, sizeof policy, "%s", name);
    char *suffix = strchr(policy, ':');
    contender->learned = suffix != NULL;
    if (suffix && strcmp(suffix, learned) != 0) {
        return wf_fail(err, WF_INVALID, "in the policy '%s' only '%s' may follow the name", name,
                       learned);
    }
    if (suffix) {
        *suffix = '\0';
    }
    contender->policy = wf_policy_find(policy);
    if (!contender->policy) {
        return fail_policy(policy, err);
    }
    if (contender->learned && !contender->policy->uses_mix) {
        return wf_fail(err, WF_INVALID,
                       "the policy '%s' uses no demand forecast, so that '%s' "
                       "means nothing for it",
                       policy, learned);
    }
    contenders->count++;
    return WF_OK;
}

// Adds every policy that is not there yet.
static enum wf_status add_all(struct wf_contenders *contenders, struct wf_error *err)
{
    enum wf_status status = WF_OK;
    for (uint32_t i = 0; wf_policies[i] && status == WF_OK; i++) {
        if (!is_named(contenders, wf_policies[i]->name)) {
            status = add(contenders, wf_policies[i]->name, err);
        }
    }
    return status;
}

// Adds what one word of the list names; all says whether the word "all" came before it.
static enum wf_status add_word(struct wf_contenders *contenders, const char *word, bool *all,
                               struct wf_error *err)
{
    if (strcmp(word, "all") == 0) {
        *all = true;
        return add_all(contenders, err);
    }
    if (!is_named(contenders, word)) {
        return add(contenders, word, err);
    }
    return *all ? WF_OK : wf_fail(err, WF_EXISTS, "the policy '%s' is named twice", word);
}

enum wf_status wf_contenders_parse(const char *text, struct wf_contenders *contenders_out,
                                   struct wf_error *err)
{
    *contenders_out = (struct wf_contenders){0};
    enum wf_status status = WF_OK;
    bool all = false;
    for (const char *at = text; at && status == WF_OK;) {
        const char *comma = strchr(at, ',');
        size_t length = comma ? (size_t)(comma - at) : strlen(at);
        char name[WF_CONTENDER_NAME_BYTES];
        if (length == 0 || length >= sizeof name) {
            return wf_fail(err, WF_INVALID, "the list of policies has a name of %zu bytes", length);
        }
        memcpy(name, at, length);
        name[length] = '\0';
        status = add_word(contenders_out, name, &all, err);
        at = comma ? comma + 1 : NULL;
    }
    return status;
}
