// SPDX-License-Identifier: Apache-2.0
// Any bytes as a description of a cluster, in whichever format they are recognised as, or as a
// file of prices: no crash, no leak, an error has its sentence, and a site keeps its limits. The
// first byte chooses.
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/syscall.h>
#include <unistd.h>

#include "base/assert.h"
#include "site/site.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

static const char cluster[] = "pools: [{gpu: H100, gpus_per_node: 8, nodes: 2, labels: [a]}]\n";

// A file in memory, by a path.
struct memory_file {
    int descriptor;
    char path[32];
};

static struct memory_file open_file(const void *content, size_t size)
{
    struct memory_file file = {.descriptor = (int)syscall(SYS_memfd_create, "site", 0)};
    WF_ASSERT(file.descriptor >= 0);
    WF_ASSERT(write(file.descriptor, content, size) == (ssize_t)size);
    snprintf(file.path, sizeof file.path, "/proc/self/fd/%d", file.descriptor);
    return file;
}

static void check_node(const struct wf_site *site, const struct wf_site_node *node)
{
    WF_ASSERT(node->name[0] != '\0');
    WF_ASSERT(node->spec.pool.index < site->pool_count);
    WF_ASSERT(node->spec.gpus <= WF_NODE_GPUS_MAX);
    WF_ASSERT(node->spec.cpu_milli <= WF_CPU_MILLI_MAX);
    WF_ASSERT(node->spec.memory_mib <= WF_MEMORY_MIB_MAX);
    WF_ASSERT(node->spec.group < site->group_count);
    WF_ASSERT(site->label_numbers == 64 || node->spec.labels >> site->label_numbers == 0);
}

static void check(const struct wf_site *site)
{
    struct wf_error err = {0};
    uint64_t set;
    WF_ASSERT(site->node_count > 0 && site->node_count <= WF_SITE_NODES_MAX);
    WF_ASSERT(site->pool_count > 0 && site->pool_count <= WF_POOLS_MAX);
    WF_ASSERT(site->label_numbers <= WF_LABELS_MAX);
    for (uint32_t i = 0; i < site->node_count; i++) {
        check_node(site, &site->nodes[i]);
    }
    for (uint32_t i = 0; i < site->pool_count; i++) {
        const struct wf_pool_spec *spec = &site->pools[i].spec;
        WF_ASSERT(site->pools[i].price_source && site->pools[i].price_source[0]);
        WF_ASSERT(spec->price_nanousd_per_gpu_hour >= 0 &&
                  spec->price_nanousd_per_gpu_hour <= WF_PRICE_NANOUSD_MAX);
        WF_ASSERT(spec->model < site->model_count || site->model_count == 0);
        WF_ASSERT(spec->slices <= WF_SLICES_MAX && spec->place.zone < site->zone_count);
    }
    for (uint32_t i = 0; i < site->queue_count; i++) {
        uint32_t parent = site->queues[i].spec.parent.index;
        WF_ASSERT(parent == WF_NONE || parent < i);
    }
    for (uint32_t i = 0; i < site->model_count; i++) {
        WF_ASSERT(wf_site_models(site, site->models[i], &set, &err) == WF_OK);
        WF_ASSERT(set == WF_MODEL_BIT(i));
    }
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    if (size == 0) {
        return 0;
    }
    struct memory_file any = open_file(data + 1, size - 1);
    struct memory_file known = open_file(cluster, sizeof cluster - 1);
    bool prices = data[0] % 4 == 0;
    struct wf_site_config config = {prices ? known.path : any.path, prices ? any.path : NULL};
    struct wf_site site;
    struct wf_error err = {0};
    enum wf_status status = wf_site_read(&config, &site, &err);
    if (status == WF_OK) {
        check(&site);
    }
    WF_ASSERT(status == WF_OK || (err.status == status && err.text[0] != '\0'));
    wf_site_finish(&site);
    close(any.descriptor);
    close(known.descriptor);
    return 0;
}
