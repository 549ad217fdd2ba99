// SPDX-License-Identifier: GPL-3.0-or-later
#include "slurm/hosts.h"

#include <stdlib.h>
#include <string.h>

#include "base/assert.h"
#include "slurm/compat.h"
#include "slurm/line.h"

static wf_hostlist open_list(const char *list)
{
    wf_hostlist hosts = slurm_hostlist_create(list != NULL ? list : "");

    // Slurm gives none for a list that it cannot read.
    if (hosts == NULL) {
        hosts = slurm_hostlist_create("");
    }
    WF_ASSERT(hosts != NULL);
    return hosts;
}

json_t *wf_hosts_names(const char *list)
{
    wf_hostlist hosts = open_list(list);
    json_t *names = json_array();
    char *name;

    WF_ASSERT(names != NULL);
    while ((name = slurm_hostlist_shift(hosts)) != NULL) {
        WF_ASSERT(json_array_append_new(names, wf_line_string(name, strlen(name))) == 0);
        free(name);
    }
    slurm_hostlist_destroy(hosts);
    return names;
}

static char *print_sorted(wf_hostlist hosts)
{
    slurm_hostlist_uniq(hosts);
    if (slurm_hostlist_count(hosts) == 0) {
        return NULL;
    }
    for (size_t size = 1024;; size *= 4) {
        char *text = malloc(size);
        WF_ASSERT(text != NULL);
        if (slurm_hostlist_ranged_string(hosts, size, text) >= 0) {
            return text;
        }
        free(text);
    }
}

char *wf_hosts_pack(const json_t *names)
{
    wf_hostlist hosts = open_list(NULL);
    size_t i;
    const json_t *name;

    for (i = 0; (name = json_array_get(names, i)) != NULL; i++) {
        slurm_hostlist_push_host(hosts, json_string_value(name));
    }
    char *text = print_sorted(hosts);
    slurm_hostlist_destroy(hosts);
    return text;
}

char *wf_hosts_sorted(const char *list)
{
    wf_hostlist hosts = open_list(list);
    char *text = print_sorted(hosts);

    slurm_hostlist_destroy(hosts);
    return text;
}

uint32_t wf_hosts_count(const char *list)
{
    wf_hostlist hosts = open_list(list);
    const int count = slurm_hostlist_count(hosts);

    slurm_hostlist_destroy(hosts);
    return count > 0 ? (uint32_t)count : 0;
}

bool wf_hosts_same(const char *list, const char *other)
{
    char *const one = wf_hosts_sorted(list), *const two = wf_hosts_sorted(other);
    const bool same = one == NULL || two == NULL ? one == two : strcmp(one, two) == 0;

    free(one);
    free(two);
    return same;
}

static bool have(const char *list, const char *others, bool all)
{
    wf_hostlist hosts = open_list(list), wanted = open_list(others);
    bool found = all;
    char *name;

    while (found == all && (name = slurm_hostlist_shift(wanted)) != NULL) {
        found = slurm_hostlist_find(hosts, name) >= 0;
        free(name);
    }
    slurm_hostlist_destroy(hosts);
    slurm_hostlist_destroy(wanted);
    return found;
}

bool wf_hosts_have_all(const char *list, const char *others)
{
    return have(list, others, true);
}

bool wf_hosts_have_any(const char *list, const char *others)
{
    return have(list, others, false);
}
