// SPDX-License-Identifier: Apache-2.0
// Any bytes as what the kernel or a driver tells of a machine: no crash, no text past its field.
// The first byte chooses the reader.
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#include "base/assert.h"
#include "telemetry/amd.h"
#include "telemetry/facts.h"
#include "telemetry/nvidia.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

static void read_text(uint8_t reader, const char *text)
{
    struct wf_amd_node node = {0};
    uint64_t number;
    uint32_t minor;
    char field[16];
    char pci[WF_PCI_BYTES];
    switch (reader % 7) {
    case 0:
        if (wf_amd_node_parse(text, &node)) {
            WF_ASSERT(strlen(wf_amd_pci(&node, pci)) == strlen("0000:00:00.0"));
            wf_amd_target_text(node.target, field, sizeof field);
        }
        break;
    case 1:
        (void)wf_cgroup_path_of(text, field, sizeof field);
        WF_ASSERT(strlen(field) < sizeof field);
        break;
    case 2:
        wf_os_name_of(text, field, sizeof field);
        WF_ASSERT(strlen(field) < sizeof field);
        break;
    case 3:
        (void)wf_controllers_of(text);
        (void)wf_text_cpu_count(text);
        break;
    case 4:
        WF_ASSERT(!wf_nvidia_capability_minor(text, &minor) || minor < 1048576);
        break;
    case 5:
        (void)wf_text_property(text, "ue:", &number);
        (void)wf_text_number(text, &number);
        break;
    default:
        wf_model_short(field, sizeof field, text);
        WF_ASSERT(strlen(field) < sizeof field);
        break;
    }
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    if (size == 0) {
        return 0;
    }
    if (data[0] >= 128) {
        struct wf_amd_metrics metrics;
        // A copy of its own, so that a read past its end is seen.
        uint8_t *table = malloc(size);
        WF_ASSERT(table);
        memcpy(table, data + 1, size - 1);
        if (!wf_amd_metrics_parse(table, size - 1, &metrics)) {
            WF_ASSERT(!metrics.has_energy && !metrics.has_throttle);
        }
        free(table);
        return 0;
    }
    char *text = malloc(size);
    WF_ASSERT(text);
    memcpy(text, data + 1, size - 1);
    text[size - 1] = '\0';
    read_text(data[0], text);
    free(text);
    return 0;
}
