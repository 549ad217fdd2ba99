// SPDX-License-Identifier: Apache-2.0
// The verb that people do not use: the local engine executes this program again under it, one
// process for one run (docs/adr/0005 has why).
#include <stdlib.h>

#include "cli/commands.h"
#include "engine/engine.h"

static enum wf_status supervise(int argc, char **argv, struct wf_error *err)
{
    if (argc != 4) {
        return wf_fail(err, WF_INVALID, "supervise is for the engine's own use");
    }
    exit(wf_engine_supervise(argc - 1, argv + 1));
}

const struct wf_command wf_command_supervise = {
    .name = "supervise",
    .usage = "FOLDER CGROUP REASON",
    .summary = "looks after one run; the local engine's own use",
    .more = "",
    .run = supervise,
    .hidden = true,
};
