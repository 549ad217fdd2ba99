// SPDX-License-Identifier: Apache-2.0
// What this machine is: its own parts, who asks, and its GPUs.
#pragma once

#include "telemetry/gpu.h"

#define WF_MACHINE_GPUS_MAX 32 // seen; what one node may offer to work is WF_NODE_GPUS_MAX
#define WF_SOURCES_MAX 4
#define WF_IDENTITY_GROUPS_MAX 64

// For whom the machine is looked at.
struct wf_identity {
    char name[64];
    uint32_t user;
    uint32_t group;
    uint32_t group_count;
    uint32_t groups[WF_IDENTITY_GROUPS_MAX];
    bool self; // the user of this process: the kernel itself can be asked
};

enum wf_cgroup_version {
    WF_CGROUP_NONE,
    WF_CGROUP_V1,     // controllers are bound to the old hierarchies
    WF_CGROUP_HYBRID, // a v2 tree without the controllers that v1 holds
    WF_CGROUP_V2,
};

// Controllers that matter here, as a set.
enum {
    WF_CONTROLLER_CPU = 1 << 0,
    WF_CONTROLLER_MEMORY = 1 << 1,
    WF_CONTROLLER_PIDS = 1 << 2,
    WF_CONTROLLER_CPUSET = 1 << 3,
    WF_CONTROLLER_IO = 1 << 4,
    WF_CONTROLLER_DMEM = 1 << 5,
};

struct wf_cgroup {
    enum wf_cgroup_version version;
    uint32_t controllers; // that the cgroup of this process may hand on
    bool delegated;       // the identity may make cgroups below its own
    char path[256];       // own cgroup in the v2 tree, "/" at its root
};

// Limits of the kernel and of this process; 0: not known. UINT64_MAX: no limit.
struct wf_kernel_limits {
    uint64_t files_hard;     // open files of one process
    uint64_t locked_memory;  // bytes; what pinned host memory and RDMA need
    uint64_t processes_hard; // of one user
    uint64_t pid_max;
    uint64_t map_count; // memory maps of one process
    bool may_load_bpf;  // device programs can be attached to cgroups
};

enum wf_source_state {
    WF_SOURCE_ABSENT, // nothing of its kind in this machine
    WF_SOURCE_READY,
    WF_SOURCE_FAILED, // there is something, but it does not answer
};

struct wf_source_report {
    const char *name; // "nvidia", "amd", "pci"
    enum wf_source_state state;
    char why[256];  // one sentence, when not ready
    char file[256]; // the library that answers, where it is one
};

struct wf_machine {
    char hostname[65];
    char system[96]; // "Debian GNU/Linux 12 (bookworm)"
    char kernel[96];
    char boot_id[37];
    uint32_t cores; // that this process may use
    uint64_t memory_bytes;
    struct wf_identity identity;
    struct wf_cgroup cgroup;
    struct wf_kernel_limits limits;
    bool systemd;
    enum wf_tristate clock_synchronised;
    char data_folder[256]; // where WhaleFlux keeps its state, for this identity; "": no home
    enum wf_file_access data_access;
    uint64_t data_free_bytes;
    char mps_folder[64]; // where NVIDIA's MPS is spoken to; "": its daemon does not run
    uint32_t source_count;
    struct wf_source_report sources[WF_SOURCES_MAX];
    uint32_t gpu_count;
    uint32_t gpus_left_out; // past WF_MACHINE_GPUS_MAX
    struct wf_gpu gpus[WF_MACHINE_GPUS_MAX];
};
