// SPDX-License-Identifier: Apache-2.0
// The machines an organisation has, what they cost and how its queues share them, read from what
// is at hand: a small YAML file, `scontrol show node`, slurm.conf, kubectl's list of nodes, a
// trace's table of nodes or a journal of our own. Which of them a file is, its content tells. Plain
// or gzipped.
#pragma once

#include "base/error.h"
#include "core/types.h"

#define WF_SITE_NODES_MAX 262144 // nodes of one description

struct wf_site_pool {
    char *name;
    char *price_source; // who says so and as of when, or how it was reckoned; never NULL
    struct wf_pool_spec spec;
};

struct wf_site_node {
    char *name;
    struct wf_node_spec spec;
};

struct wf_site_queue {
    char *name; // path with '/' between levels
    struct wf_queue_spec spec;
};

// Labels that the same nodes carry share one number, so that WF_LABELS_MAX counts sets of nodes.
struct wf_site_label {
    char *name;
    uint32_t number;
};

// Numbers in specs are places in these arrays. Everything is owned by the site.
struct wf_site {
    struct wf_site_pool *pools;
    struct wf_site_node *nodes;
    struct wf_site_queue *queues; // parents before children; none: one queue for all
    uint32_t pool_count, node_count, queue_count;
    char *models[WF_MODELS_MAX]; // short names (gpu/gpu_name.h)
    uint32_t model_count;
    struct wf_site_label *labels; // sorted by name
    uint32_t label_count;         // of names; numbers are below label_numbers
    uint32_t label_numbers;
    uint32_t labels_dropped; // names past WF_LABELS_MAX sets: those of the fewest nodes
    char **groups, **zones;  // node groups, "" for nodes that are in none; zones, each as
                             // site/region/zone, what is not told left out: "local", "local/eu"
    uint32_t group_count, zone_count;
    char *origin; // one line for people
};

struct wf_site_config {
    const char *path;
    // Prices by GPU model for pools that the description does not price, YAML, CSV or a store of
    // prices; NULL: the program's own table alone (site/price_table.h).
    const char *prices_path;
};

// The caller finishes *site_out. Errors: WF_IO, WF_INVALID, WF_EXISTS (a name is there twice),
// WF_NOTFOUND (a queue's parent), WF_LIMIT, WF_NOMEM.
enum wf_status wf_site_read(const struct wf_site_config *config, struct wf_site *site_out,
                            struct wf_error *err) WF_MUST_USE;
void wf_site_finish(struct wf_site *site);

// Turns names as a history spells them ("H100|A100", "nvlink&rack1") into sets. A name of a model
// means the site's model of that very name; if there is none, all that may be it ("V100" means
// V100-16GB and V100-32GB). No name means any model, or no label. A model that the site has not is
// refused with the nearest it has; a label that no node carries likewise. Errors: WF_NOTFOUND.
enum wf_status wf_site_models(const struct wf_site *site, const char *names, uint64_t *models_out,
                              struct wf_error *err) WF_MUST_USE;
enum wf_status wf_site_labels(const struct wf_site *site, const char *names, uint64_t *labels_out,
                              struct wf_error *err) WF_MUST_USE;
