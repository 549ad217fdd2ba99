// SPDX-License-Identifier: GPL-3.0-or-later
#include "slurm/look_site.h"

#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "base/assert.h"
#include "slurm/account_line.h"
#include "slurm/line.h"
#include "slurm/look.h"

static const char *own_name(char *space, size_t size)
{
    static _Thread_local struct passwd entry;
    struct passwd *found = NULL;

    return getpwuid_r(wf_slurm_user(), &entry, space, size, &found) == 0 && found != NULL
               ? entry.pw_name
               : "";
}

json_t *wf_hello_line(const struct wf_adapter *adapter)
{
    char space[4096];
    json_t *line = wf_line_create("hello");

    wf_line_number(line, "protocol", 1);
    wf_line_text(line, "adapter", WF_VERSION);
    json_object_set_new(line, "slurm", json_string(adapter->version));
    wf_line_text(line, "cluster", adapter->cluster);
    wf_line_text(line, "user", own_name(space, sizeof(space)));
    json_object_set_new(line, "operator", json_boolean(adapter->is_operator));
    return line;
}

static assoc_mgr_info_msg_t *load_accounts(struct wf_adapter *adapter, uint32_t flags,
                                           int *errnum_out)
{
    assoc_mgr_info_request_msg_t request = {.flags = flags};
    assoc_mgr_info_msg_t *found = NULL;

    wf_call_begin(adapter);
    *errnum_out = wf_call_end(adapter, slurm_load_assoc_mgr_info(&request, &found));
    return *errnum_out == 0 ? found : NULL;
}

// Whether Slurm lets our account do all that mode decide needs: root and SlurmUser always, else
// whom accounting names an administrator. An operator may not write an admin_comment, nor drain a
// node.
static bool ask_rights(struct wf_adapter *adapter, const slurm_conf_t *conf)
{
    char space[4096];
    const uid_t uid = wf_slurm_user();
    bool found = uid == 0 || uid == conf->slurm_user_id;
    int errnum;

    if (found || !adapter->has_accounting) {
        return found;
    }
    assoc_mgr_info_msg_t *known = load_accounts(adapter, ASSOC_MGR_INFO_FLAG_USERS, &errnum);
    if (known == NULL) {
        return false;
    }
    const char *const name = own_name(space, sizeof(space));
    if (known->user_list != NULL) {
        wf_list_iterator every = slurm_list_iterator_create(known->user_list);
        const slurmdb_user_rec_t *user;
        while ((user = slurm_list_next(every)) != NULL) {
            if (user->name != NULL && strcmp(user->name, name) == 0) {
                found = user->admin_level >= SLURMDB_ADMIN_SUPER_USER;
            }
        }
        slurm_list_iterator_destroy(every);
    }
    slurm_free_assoc_mgr_info_msg(known);
    return found;
}

int wf_look_site(struct wf_adapter *adapter)
{
    slurm_conf_t *conf = NULL;

    wf_call_begin(adapter);
    const int errnum =
        wf_call_end(adapter, slurm_load_ctl_conf(adapter->updated[WF_LOOK_SITE], &conf));
    if (errnum != 0) {
        return errnum;
    }
    adapter->updated[WF_LOOK_SITE] = conf->last_update;
    snprintf(adapter->version, sizeof(adapter->version), "%s", conf->version ? conf->version : "");
    snprintf(adapter->cluster, sizeof(adapter->cluster), "%s",
             conf->cluster_name ? conf->cluster_name : "");
    adapter->jobs_max = conf->max_job_cnt;
    adapter->has_accounting = conf->accounting_storage_type != NULL &&
                              strstr(conf->accounting_storage_type, "slurmdbd") != NULL;
    adapter->is_operator = ask_rights(adapter, conf);
    wf_slurm_free_conf(conf);
    if (!adapter->site_known) {
        wf_adapter_tell(adapter, wf_hello_line(adapter));
    }
    adapter->site_known = true;
    return 0;
}

static void tell_qos(struct wf_adapter *adapter, wf_list list)
{
    char key[16];

    wf_told_begin(adapter->told, "qos");
    if (list != NULL) {
        wf_list_iterator every = slurm_list_iterator_create(list);
        const slurmdb_qos_rec_t *qos;
        while ((qos = slurm_list_next(every)) != NULL) {
            snprintf(key, sizeof(key), "%" PRIu32, qos->id);
            wf_look_tell(adapter, "qos", key, wf_qos_line(qos));
        }
        slurm_list_iterator_destroy(every);
    }
    wf_look_ended(adapter, "qos");
}

static void tell_associations(struct wf_adapter *adapter, wf_list list, wf_list qos)
{
    char key[16];

    wf_told_begin(adapter->told, "association");
    if (list != NULL) {
        wf_list_iterator every = slurm_list_iterator_create(list);
        const slurmdb_assoc_rec_t *association;
        while ((association = slurm_list_next(every)) != NULL) {
            snprintf(key, sizeof(key), "%" PRIu32, association->id);
            wf_look_tell(adapter, "association", key, wf_association_line(association, qos));
        }
        slurm_list_iterator_destroy(every);
    }
    wf_look_ended(adapter, "association");
}

int wf_look_accounts(struct wf_adapter *adapter)
{
    int errnum = 0;

    if (!adapter->has_accounting) {
        return 0;
    }
    assoc_mgr_info_msg_t *found =
        load_accounts(adapter, ASSOC_MGR_INFO_FLAG_ASSOC | ASSOC_MGR_INFO_FLAG_QOS, &errnum);
    if (found == NULL) {
        return errnum;
    }
    tell_qos(adapter, found->qos_list);
    tell_associations(adapter, found->assoc_list, found->qos_list);
    slurm_free_assoc_mgr_info_msg(found);
    return 0;
}

// Two looks in a row that find something waiting for slurmdbd, the second no less than the first,
// mean that it is away.
static void judge_accounting(struct wf_adapter *adapter, uint32_t queue)
{
    char text[200];

    if (queue > 0 && adapter->dbd_queue > 0 && queue >= adapter->dbd_queue) {
        snprintf(text, sizeof(text),
                 "slurmdbd does not take what slurmctld has for it (%" PRIu32
                 " messages wait): accounting and limits may be behind",
                 queue);
        wf_adapter_trouble(adapter, WF_TROUBLE_SLURMDBD, text);
    } else if (queue == 0) {
        wf_adapter_well(adapter, WF_TROUBLE_SLURMDBD);
    }
    adapter->dbd_queue = queue;
}

int wf_look_health(struct wf_adapter *adapter)
{
    stats_info_request_msg_t request = {.command_id = STAT_COMMAND_GET};
    stats_info_response_msg_t *found = NULL;
    const time_t before = time(NULL);
    char text[200];

    wf_call_begin(adapter);
    const int errnum = wf_call_end(adapter, slurm_get_statistics(&found, &request));
    if (errnum != 0) {
        return errnum;
    }
    const time_t after = time(NULL);
    const int64_t off = found->req_time < before - 2  ? found->req_time - before
                        : found->req_time > after + 2 ? found->req_time - after
                                                      : 0;
    adapter->clock_off_s = off;
    if (off != 0) {
        snprintf(text, sizeof(text),
                 "slurmctld's clock is %" PRId64 " s %s ours: times and limits are off by that",
                 off < 0 ? -off : off, off < 0 ? "behind" : "ahead of");
        wf_adapter_trouble(adapter, WF_TROUBLE_CLOCK, text);
    } else {
        wf_adapter_well(adapter, WF_TROUBLE_CLOCK);
    }
    if (adapter->has_accounting) {
        judge_accounting(adapter, found->dbd_agent_queue_size);
    }
    slurm_free_stats_response_msg(found);
    return 0;
}
