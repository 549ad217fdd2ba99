// SPDX-License-Identifier: Apache-2.0
// Names of nodes in short, as Slurm writes them: "gpu[001-016,020],login1", "rack[1-2]node[1-4]".
#pragma once

#include "site/builder.h"

typedef enum wf_status wf_hostlist_take(void *context, const char *name, struct wf_error *err);

// Calls take for each name, in order, until that fails. Errors: what take returns, unchanged;
// WF_INVALID (no such list), WF_LIMIT (more than WF_SITE_NODES_MAX names).
enum wf_status wf_hostlist_read(const struct wf_site_builder *builder, const char *text,
                                wf_hostlist_take *take, void *context,
                                struct wf_error *err) WF_MUST_USE;
