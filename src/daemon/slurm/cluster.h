// SPDX-License-Identifier: Apache-2.0
// A Slurm cluster as a site: nodes with GPUs of one kind, partitions and features as labels, queues
// by partition and account. What the core has no word for is left out, and said. Internal to the
// daemon.
#pragma once

#include "daemon/list_price.h"
#include "daemon/slurm/sets.h"
#include "engine/engine.h"
#include "site/site.h"

#define WF_SLURM_NAME_BYTES 128
#define WF_SLURM_WHY_BYTES 256
#define WF_SLURM_TYPES_MAX WF_MODELS_MAX
#define WF_SLURM_PARTITIONS_MAX 128
#define WF_SLURM_ACCOUNTS_MAX 192 // queues of them; jobs of others are in their partition's queue

// GPUs that Slurm calls by one name.
struct wf_slurm_type {
    char name[WF_SLURM_NAME_BYTES]; // "": it gives them none
    uint32_t model;                 // with the site
    uint32_t node_gpus_max;
    uint32_t shards_per_gpu; // 0: none are shared
    bool uneven;             // its nodes have different numbers of shards for a GPU
    bool twin;               // another type is the same GPU for us
};

struct wf_slurm_room {
    char name[WF_SLURM_NAME_BYTES];
    bool labelled; // its label says which nodes are in it; else all are
    uint32_t cpus_min, cpus_max;
    uint32_t tier;  // as Slurm has it: the higher goes first
    uint32_t above; // how many of our partitions' tiers are lower, equal ones counted once
    bool closed;    // nothing starts there
};

// By the places of nodes in the site.
struct wf_slurm_door {
    bool closed, was_closed; // now; when somebody last asked
    char why[WF_SLURM_WHY_BYTES];
};

struct wf_slurm_cluster {
    struct wf_site site;
    struct wf_slurm_door *doors;
    struct wf_slurm_type types[WF_SLURM_TYPES_MAX];
    uint32_t type_count;
    struct wf_slurm_room rooms[WF_SLURM_PARTITIONS_MAX];
    uint32_t room_count;
    uint32_t nodes_down;   // that are in no site, and may come back
    bool described_queues; // queues are those of a description
    uint64_t signature;    // equal: the same cluster
    char note[512];        // what was left out, or ""
    bool out_of_memory;
};

struct wf_slurm_view {
    const struct wf_slurm_picture *picture;
    const char *const *partitions; // that are ours; NULL ends; NULL: all
    const struct wf_list_prices *prices;
    // Accounts that jobs are in: their names, NULL ends.
    const char *const *accounts;
    const struct wf_slurm_sets *sets; // NULL: none
    int64_t now_ms;
    // Whether a label of that name may be given out: there are few numbers, and they stay.
    bool (*label_fits)(void *context, const char *label);
    void *context;
};

// Changes when something does that matters to wf_slurm_cluster_init.
uint64_t wf_slurm_signature(const struct wf_slurm_view *view);

// The caller finishes it, also after a failure. Errors: WF_NOMEM.
enum wf_status wf_slurm_cluster_init(struct wf_slurm_cluster *cluster,
                                     const struct wf_slurm_view *view,
                                     struct wf_error *err) WF_MUST_USE;
void wf_slurm_cluster_finish(struct wf_slurm_cluster *cluster);

// NULL: none.
const struct wf_slurm_type *wf_slurm_find_type(const struct wf_slurm_cluster *cluster,
                                               const char *name);
const struct wf_slurm_room *wf_slurm_find_room(const struct wf_slurm_cluster *cluster,
                                               const char *partition);
const struct wf_site_node *wf_slurm_find_node(const struct wf_slurm_cluster *cluster,
                                              const char *name);
bool wf_slurm_has_label(const struct wf_slurm_cluster *cluster, const char *label);
// "partition:gpu"
void wf_slurm_room_label(const char *partition, char *label, size_t size);
bool wf_slurm_is_ours(const struct wf_slurm_view *view, const char *partition);

// cluster_queues.c: queues into the site; the queue of a job, "": the site's first.
void wf_slurm_add_queues(struct wf_slurm_cluster *cluster, const struct wf_slurm_view *view);
void wf_slurm_queue_of(const struct wf_slurm_cluster *cluster, const struct wf_slurm_job *job,
                       char *queue, size_t size);
// A name with only such characters as names of queues and jobs have.
void wf_slurm_plain_name(const char *text, char *name, size_t size);
