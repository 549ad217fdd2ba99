// SPDX-License-Identifier: Apache-2.0
// One GPU of this machine as its driver describes it, and one reading of what it does. The same for
// both vendors: what a vendor does not tell stays empty, and the readings say which values they
// have.
#pragma once

#include <stdbool.h>
#include <stdint.h>

#include "core/types.h"

#define WF_GPU_SLICES_SEEN_MAX 16 // MIG has at most 7 devices on one GPU, an MI300X 8 partitions
#define WF_GPU_PROCESSES_MAX 64   // of one reading; process_total tells how many there were
#define WF_DEVICE_FILES_MAX 6
#define WF_PCI_BYTES 16  // "0000:1a:00.0"
#define WF_UUID_BYTES 64 // "GPU-..." or "MIG-...", as the vendor's own variables take it

// May this user work with the device file? `open` is what the kernel answered, else it is what
// owner, group and mode say.
enum wf_file_access {
    WF_FILE_MISSING,
    WF_FILE_DENIED,
    WF_FILE_OPEN,
};

struct wf_device_file {
    char path[64]; // as a job sees it: "/dev/nvidia0"
    enum wf_file_access access;
    bool device; // a character device, so that the numbers below mean something
    uint32_t major_number;
    uint32_t minor_number;
    uint32_t group; // who may, beside the owner
};

// A part of a GPU that the driver hands out like a GPU: a MIG device, a partition of an MI300.
struct wf_gpu_slice {
    char uuid[WF_UUID_BYTES]; // "" where the driver has none: then it is chosen by number
    char profile[32];         // "1g.10gb", "CPX 3"
    uint64_t memory_bytes;
    uint32_t compute_units;    // streaming multiprocessors or compute units; 0: not known
    uint32_t number;           // among all the vendor's devices, for when there is no UUID
    uint32_t instance;         // MIG: the GPU instance; AMD: the partition's number
    uint32_t compute_instance; // MIG only
    uint32_t file_count;
    struct wf_device_file files[2]; // beside those of the GPU
};

enum wf_compute_mode {
    WF_COMPUTE_SHARED,     // any number of processes
    WF_COMPUTE_EXCLUSIVE,  // one process
    WF_COMPUTE_PROHIBITED, // none
};

// How well a share of a GPU is kept: hard is kept by hardware or kernel, soft by a library that a
// job can get around, none by nobody.
enum wf_enforcement {
    WF_ENFORCE_NONE,
    WF_ENFORCE_SOFT,
    WF_ENFORCE_HARD,
};

enum wf_tristate {
    WF_UNKNOWN, // the device cannot do it, or does not say
    WF_OFF,
    WF_ON,
};

struct wf_gpu {
    enum wf_vendor vendor;
    uint32_t index;  // in the vendor's own order
    uint32_t number; // the same, but every slice of those before it counts
    bool usable;
    char why_not[192];        // one sentence when it is not usable
    char model[32];           // "H100", "MI300X"
    char name[96];            // as the driver writes it
    char architecture[16];    // "sm_90", "gfx942"
    char uuid[WF_UUID_BYTES]; // "" where the driver has none
    char pci[WF_PCI_BYTES];
    char driver[64]; // the kernel driver's version
    uint64_t memory_bytes;
    int32_t numa_node; // -1: the machine has one only, or does not say
    enum wf_compute_mode compute_mode;
    enum wf_tristate ecc;
    enum wf_tristate mig;
    char partitioning[16]; // AMD: "SPX", "CPX"; "" where there is none
    uint32_t slice_count;
    struct wf_gpu_slice slices[WF_GPU_SLICES_SEEN_MAX];
    uint32_t file_count;
    struct wf_device_file files[WF_DEVICE_FILES_MAX];
    enum wf_enforcement enforcement; // of a share of its memory
    char enforced_by[48];            // "MIG", "partitions", "dmem cgroup", "MPS", "nothing"
    char dmem_region[64];            // what the dmem controller calls its memory; "": not counted
};

// Which values of a reading the driver told.
enum {
    WF_READ_BUSY = 1 << 0,
    WF_READ_MEMORY = 1 << 1,
    WF_READ_POWER = 1 << 2,
    WF_READ_POWER_LIMIT = 1 << 3,
    WF_READ_ENERGY = 1 << 4,
    WF_READ_TEMPERATURE = 1 << 5,
    WF_READ_MEMORY_TEMPERATURE = 1 << 6,
    WF_READ_THROTTLE = 1 << 7,
    WF_READ_PROCESSES = 1 << 8,
    WF_READ_ERRORS = 1 << 9,
};

// Why its clocks are lower than they could be.
enum {
    WF_THROTTLE_IDLE = 1 << 0,      // nothing to do: no reason to worry
    WF_THROTTLE_POWER_CAP = 1 << 1, // a limit of power or current
    WF_THROTTLE_HEAT = 1 << 2,
    WF_THROTTLE_POWER_BRAKE = 1 << 3,   // the machine's power supply asks for it
    WF_THROTTLE_CLOCK_SETTING = 1 << 4, // somebody set the clocks
    WF_THROTTLE_OTHER = 1 << 5,
};

struct wf_gpu_process {
    uint32_t pid;          // as the driver counts them: of the machine, not of a container
    uint32_t instance;     // MIG: the GPU instance; UINT32_MAX: the whole GPU
    uint64_t memory_bytes; // UINT64_MAX: not told
};

struct wf_gpu_reading {
    uint32_t known;        // set of WF_READ_...
    uint32_t throttle;     // set of WF_THROTTLE_...
    int64_t taken_ms;      // on the clock that never jumps (CLOCK_BOOTTIME)
    uint32_t busy_percent; // share of time that any kernel ran: says nothing of efficiency
    uint32_t power_mw;
    uint32_t power_limit_mw;
    int32_t temperature_c;
    int32_t memory_temperature_c;
    uint64_t energy_mj; // since the driver was loaded: only differences mean something
    uint64_t memory_used_bytes;
    uint64_t memory_errors; // that could not be corrected, over the GPU's life
    uint32_t process_total;
    uint32_t process_count;
    struct wf_gpu_process processes[WF_GPU_PROCESSES_MAX];
    char trouble[128]; // the first thing the driver refused with an error, or ""
};
