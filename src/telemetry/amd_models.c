// SPDX-License-Identifier: Apache-2.0
// Models of AMD's GPUs by PCI device number. Source: the device numbers are those of the PCI ID
// database (pci-ids.ucw.cz) and of libdrm's amdgpu.ids; only those are listed whose number stands
// for one model. A number that is not here takes its name from the board, or from its architecture.
#include "telemetry/amd.h"

static const struct {
    uint32_t device_id;
    const char *model;
} models[] = {
    {0x66a1, "MI60"},   {0x738c, "MI100"},  {0x7408, "MI250X"}, {0x740c, "MI250"},
    {0x740f, "MI210"},  {0x74a0, "MI300A"}, {0x74a1, "MI300X"}, {0x74a2, "MI308X"},
    {0x74a5, "MI325X"}, {0x74b5, "MI300X"}, {0x74b9, "MI325X"}, {0x75a0, "MI350X"},
    {0x75a3, "MI355X"}, {0x75b0, "MI350X"}, {0x75b3, "MI355X"},
};

const char *wf_amd_model(uint32_t device_id)
{
    for (uint32_t i = 0; i < WF_COUNT_OF(models); i++) {
        if (models[i].device_id == device_id) {
            return models[i].model;
        }
    }
    return NULL;
}
