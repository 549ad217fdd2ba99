// SPDX-License-Identifier: Apache-2.0
// Any bytes as a list of outages: no crash, no leak, changes in the order of time and of nodes that
// the site has, and an error has its sentence.
#include <stdint.h>
#include <stdio.h>
#include <sys/syscall.h>
#include <unistd.h>

#include "base/assert.h"
#include "sim/rerun/outages.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    static char first[] = "n1", second[] = "n2";
    static struct wf_site_node nodes[] = {{.name = first}, {.name = second}, {.name = second}};
    const struct wf_site site = {.nodes = nodes, .node_count = 3};
    int file = (int)syscall(SYS_memfd_create, "events", 0);
    WF_ASSERT(file >= 0 && write(file, data, size) == (ssize_t)size);
    char path[32];
    snprintf(path, sizeof path, "/proc/self/fd/%d", file);
    struct wf_outages outages;
    struct wf_error err = {.text = ""};
    if (wf_outages_read(path, &site, &outages, &err) == WF_OK) {
        for (uint32_t i = 0; i < outages.count; i++) {
            WF_ASSERT(outages.list[i].node < site.node_count);
            WF_ASSERT(i == 0 || outages.list[i].at_ms >= outages.list[i - 1].at_ms);
        }
        wf_outages_finish(&outages);
    } else {
        WF_ASSERT(err.text[0] != '\0' && outages.count == 0);
    }
    close(file);
    return 0;
}
