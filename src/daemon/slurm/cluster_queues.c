// SPDX-License-Identifier: Apache-2.0
// Queues of a Slurm cluster: one for each partition and account ("gpu.bio"), which share as Slurm's
// accounts do. Slurm's shares hold over all partitions, so there is no level of partitions above;
// an account's part of its parent's part, and so on, is its weight.
#include <ctype.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "daemon/slurm/cluster.h"

#define OTHERS "other-partitions" // of running jobs that are not ours to decide

enum {
    DEPTH_MAX = 16,        // accounts above an account
    WEIGHT_WHOLE = 100000, // of an account that has all there is
};

struct search {
    const char *name, *parent;
    const struct wf_slurm_account *found;
    uint64_t shares; // of all with that parent
};

static void find(void *context, const struct wf_slurm_account *account)
{
    struct search *search = context;
    if (search->name && strcmp(account->name, search->name) == 0) {
        search->found = account;
    }
    if (search->parent && strcmp(account->parent, search->parent) == 0) {
        search->shares += account->shares;
    }
}

static void set_share(const struct wf_slurm_picture *picture, const char *name,
                      struct wf_queue_spec *spec)
{
    uint64_t weight = WEIGHT_WHOLE;
    for (int depth = 0; depth < DEPTH_MAX; depth++) {
        struct search self = {.name = name};
        wf_slurm_picture_accounts(picture, find, &self);
        if (!self.found) {
            break;
        }
        int64_t limit = (int64_t)self.found->gpus_max * WF_GPU_MILLI;
        if (limit > 0 && (spec->limit_gpu_milli == 0 || limit < spec->limit_gpu_milli)) {
            spec->limit_gpu_milli = limit;
        }
        struct search siblings = {.parent = self.found->parent};
        wf_slurm_picture_accounts(picture, find, &siblings);
        if (siblings.shares > 0) {
            weight = weight * self.found->shares / siblings.shares;
        }
        name = self.found->parent;
    }
    spec->weight = weight > 0 ? (uint32_t)weight : 1;
}

void wf_slurm_plain_name(const char *text, char *name, size_t size)
{
    size_t length = 0;
    for (; *text && length + 1 < size && length < WF_SLURM_NAME_BYTES - 1; text++) {
        bool good = isalnum((unsigned char)*text) || strchr("_-.", *text);
        name[length++] = *(good ? text : "_");
    }
    name[length] = '\0';
    if (!isalnum((unsigned char)name[0])) {
        name[0] = length > 0 ? '_' : '\0';
    }
}

static bool has_queue(const struct wf_slurm_cluster *cluster, const char *name)
{
    for (uint32_t i = 0; i < cluster->site.queue_count; i++) {
        if (strcmp(cluster->site.queues[i].name, name) == 0) {
            return true;
        }
    }
    return false;
}

static void name_queue(const char *partition, const char *account, char *name, size_t size)
{
    char text[2 * WF_SLURM_NAME_BYTES];
    snprintf(text, sizeof text, account[0] ? "%.60s.%.60s" : "%.60s", partition, account);
    wf_slurm_plain_name(text, name, size);
}

static void add_queue(struct wf_slurm_cluster *cluster, const struct wf_slurm_picture *picture,
                      const char *partition, const char *account)
{
    char name[WF_SLURM_NAME_BYTES];
    struct wf_queue_spec spec = {.parent = {WF_NONE}, .weight = WEIGHT_WHOLE};
    name_queue(partition, account, name, sizeof name);
    if (name[0] == '\0' || has_queue(cluster, name)) {
        return;
    }
    if (account[0]) {
        set_share(picture, account, &spec);
    }
    struct wf_site_queue *made = &cluster->site.queues[cluster->site.queue_count];
    made->name = strdup(name);
    made->spec = spec;
    cluster->site.queue_count += made->name != NULL;
    cluster->out_of_memory = cluster->out_of_memory || !made->name;
}

static void add_described(struct wf_slurm_cluster *cluster, const struct wf_site *described)
{
    struct wf_site *site = &cluster->site;
    site->queues = calloc(described->queue_count, sizeof *site->queues);
    cluster->out_of_memory = cluster->out_of_memory || !site->queues;
    for (uint32_t i = 0; i < described->queue_count && site->queues; i++) {
        site->queues[i].name = strdup(described->queues[i].name);
        site->queues[i].spec = described->queues[i].spec;
        cluster->out_of_memory = cluster->out_of_memory || !site->queues[i].name;
        site->queue_count++;
    }
    cluster->described_queues = true;
}

void wf_slurm_add_queues(struct wf_slurm_cluster *cluster, const struct wf_slurm_view *view)
{
    const struct wf_site *described = &view->prices->described;
    if (described->queue_count > 0) {
        add_described(cluster, described);
        return;
    }
    uint32_t accounts = 0;
    while (view->accounts && view->accounts[accounts]) {
        accounts++;
    }
    cluster->site.queues = calloc((size_t)cluster->room_count + 1 + WF_SLURM_ACCOUNTS_MAX,
                                  sizeof *cluster->site.queues);
    cluster->out_of_memory = cluster->out_of_memory || !cluster->site.queues;
    for (uint32_t i = 0; i < cluster->room_count && cluster->site.queues; i++) {
        add_queue(cluster, view->picture, cluster->rooms[i].name, "");
    }
    if (view->partitions && cluster->site.queues) {
        add_queue(cluster, view->picture, OTHERS, "");
    }
    uint32_t most = cluster->room_count + WF_SLURM_ACCOUNTS_MAX;
    for (uint32_t i = 0; i < accounts && cluster->site.queues; i++) {
        for (uint32_t j = 0; j < cluster->room_count; j++) {
            if (cluster->site.queue_count < most) {
                add_queue(cluster, view->picture, cluster->rooms[j].name, view->accounts[i]);
            }
        }
    }
}

void wf_slurm_queue_of(const struct wf_slurm_cluster *cluster, const struct wf_slurm_job *job,
                       char *queue, size_t size)
{
    char partition[WF_SLURM_NAME_BYTES], account[WF_SLURM_NAME_BYTES];
    name_queue(job->partition, job->account, queue, size);
    wf_slurm_plain_name(job->partition, partition, sizeof partition);
    wf_slurm_plain_name(job->account, account, sizeof account);
    const char *const tries[] = {queue, cluster->described_queues ? account : "", partition,
                                 OTHERS};
    for (uint32_t i = 0; i < WF_COUNT_OF(tries); i++) {
        if (tries[i][0] && has_queue(cluster, tries[i])) {
            if (i > 0) {
                snprintf(queue, size, "%s", tries[i]);
            }
            return;
        }
    }
    queue[0] = '\0';
}
