// SPDX-License-Identifier: Apache-2.0
// Machines of Google Cloud with GPUs, as its documents on machine types have them. The N1 machines
// take GPUs in any number; here each GPU gets the 8 cores of an n1-highmem, so that there is one
// price and it is said whose.
#include "provider/price/gcp.h"

const struct wf_gcp_machine wf_gcp_machines[] = {
    {"a2-highgpu-1g", "A2", "A100", 1, 12, 85},
    {"a2-highgpu-2g", "A2", "A100", 2, 24, 170},
    {"a2-highgpu-4g", "A2", "A100", 4, 48, 340},
    {"a2-highgpu-8g", "A2", "A100", 8, 96, 680},
    {"a2-megagpu-16g", "A2", "A100", 16, 96, 1360},
    {"a2-ultragpu-1g", "A2", "A100-80GB", 1, 12, 170},
    {"a2-ultragpu-2g", "A2", "A100-80GB", 2, 24, 340},
    {"a2-ultragpu-4g", "A2", "A100-80GB", 4, 48, 680},
    {"a2-ultragpu-8g", "A2", "A100-80GB", 8, 96, 1360},
    {"a3-highgpu-1g", "A3", "H100", 1, 26, 234},
    {"a3-highgpu-2g", "A3", "H100", 2, 52, 468},
    {"a3-highgpu-4g", "A3", "H100", 4, 104, 936},
    {"a3-highgpu-8g", "A3", "H100", 8, 208, 1872},
    {"a3-megagpu-8g", "A3Plus", "H100-MEGA", 8, 208, 1872},
    {"a3-ultragpu-8g", "A3Ultra", "H200", 8, 224, 2952},
    {"a4-highgpu-8g", "A4", "B200", 8, 224, 3968},
    {"g2-standard-4", "G2", "L4", 1, 4, 16},
    {"g2-standard-8", "G2", "L4", 1, 8, 32},
    {"g2-standard-12", "G2", "L4", 1, 12, 48},
    {"g2-standard-16", "G2", "L4", 1, 16, 64},
    {"g2-standard-24", "G2", "L4", 2, 24, 96},
    {"g2-standard-32", "G2", "L4", 1, 32, 128},
    {"g2-standard-48", "G2", "L4", 4, 48, 192},
    {"g2-standard-96", "G2", "L4", 8, 96, 384},
    {"n1-highmem-8", "N1", "T4", 1, 8, 52},
    {"n1-highmem-16", "N1", "T4", 2, 16, 104},
    {"n1-highmem-32", "N1", "T4", 4, 32, 208},
    {"n1-highmem-8", "N1", "P4", 1, 8, 52},
    {"n1-highmem-16", "N1", "P4", 2, 16, 104},
    {"n1-highmem-32", "N1", "P4", 4, 32, 208},
    {"n1-highmem-8", "N1", "P100", 1, 8, 52},
    {"n1-highmem-16", "N1", "P100", 2, 16, 104},
    {"n1-highmem-32", "N1", "P100", 4, 32, 208},
    {"n1-highmem-8", "N1", "V100", 1, 8, 52},
    {"n1-highmem-16", "N1", "V100", 2, 16, 104},
    {"n1-highmem-32", "N1", "V100", 4, 32, 208},
    {"n1-highmem-64", "N1", "V100", 8, 64, 416},
};
const uint32_t wf_gcp_machine_count = WF_COUNT_OF(wf_gcp_machines);
