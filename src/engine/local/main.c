// SPDX-License-Identifier: Apache-2.0
// `whaleflux-supervisor supervise FOLDER CGROUP REASON`: for the local engine's own use.
#include <stdio.h>
#include <string.h>

#include "engine/engine.h"

int main(int argc, char **argv)
{
    if (argc != 5 || strcmp(argv[1], "supervise") != 0) {
        fprintf(stderr, "whaleflux-supervisor: for the use of `whaleflux serve`\n");
        return 2;
    }
    return wf_engine_supervise(argc - 2, argv + 2);
}
