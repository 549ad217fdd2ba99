// SPDX-License-Identifier: Apache-2.0
// The formats that a description may have.
#pragma once

#include <stdbool.h>

#include "text/source.h"

struct wf_site_builder;

// A kind of description. recognise looks at the text alone; where several would, the first in the
// list reads.
struct wf_site_format {
    const char *name; // as sentences call it
    bool (*recognise)(const struct wf_source *source);
    enum wf_status (*read)(const struct wf_source *source, struct wf_site_builder *builder,
                           struct wf_error *err);
};

extern const struct wf_site_format wf_site_kubernetes;  // kubectl get nodes -o json
extern const struct wf_site_format wf_site_slurm_nodes; // scontrol show node
extern const struct wf_site_format wf_site_slurm_conf;  // slurm.conf
extern const struct wf_site_format wf_site_openb;       // a trace's table of nodes
extern const struct wf_site_format wf_site_yaml;        // our own
