// SPDX-License-Identifier: Apache-2.0
// The published placement policies as pure functions of one node's state, in double precision and
// in the order of operations that the published results were made with (Weng et al., "Beware of
// Fragmentation", USENIX ATC 2023). They share nothing with the product's core, so that neither can
// hide the other's faults. Compile with -ffp-contract=off: scores are cut to integers and ties are
// many, so a fused multiply-add changes decisions.
#pragma once

#include <stdbool.h>
#include <stdint.h>

#define ORACLE_NODE_GPUS_MAX 8
#define ORACLE_GPU_MILLI 1000
#define ORACLE_ANY_MODEL UINT64_MAX

enum oracle_policy {
    ORACLE_RANDOM,
    ORACLE_DOTPROD,
    ORACLE_CLUSTERING,
    ORACLE_PACKING,
    ORACLE_BESTFIT,
    ORACLE_FGD,
    ORACLE_POLICIES,
};

// What is free on a node.
struct oracle_node {
    uint32_t cpu_milli;
    uint32_t memory_mib;
    uint16_t gpu_milli[ORACLE_NODE_GPUS_MAX];
    uint8_t gpus;
    uint8_t model;
    uint16_t kinds; // kinds of GPU pods on it: bit 0 fractional, bit k whole GPUs, k of them
};

struct oracle_pod {
    uint64_t models; // set of allowed models
    uint32_t cpu_milli;
    uint32_t memory_mib;
    uint32_t spelling;  // place of the model list's text among all texts of the trace, in byte
                        // order: "A|B" and "A|B|B" allow the same nodes but are two classes of
                        // tasks. All 0 where models alone tells the classes apart
    uint16_t gpu_milli; // of each GPU
    uint8_t gpus;
};

// A task class of the expected mix, and its share of all tasks.
struct oracle_class {
    struct oracle_pod pod;
    uint32_t count;
    double share;
};

struct oracle_mix {
    struct oracle_class *list; // most frequent first
    uint32_t count;
    uint32_t classes_seen; // before the rare ones were cut off
};

// Why the idle GPU share of a node is of use to a task class, or of none; the order is that of the
// sums, and so part of the result.
enum oracle_cause {
    ORACLE_LACKS_BOTH,
    ORACLE_LACKS_GPU,
    ORACLE_USABLE,
    ORACLE_LACKS_CPU,
    ORACLE_CPU_ONLY_FITS,
    ORACLE_CPU_ONLY_UNFIT,
    ORACLE_REFUSED,
    ORACLE_CAUSES,
};

// Expected idle GPU milli, by cause.
struct oracle_fragment {
    double milli[ORACLE_CAUSES];
};

// The policy's name as the published results spell it.
const char *oracle_policy_name(enum oracle_policy policy);

// The task classes that make up 95 % of the pods, with shares that add up to 1. The caller frees
// them with oracle_mix_finish.
void oracle_mix_init(struct oracle_mix *mix, const struct oracle_pod *pods, uint32_t pod_count);
void oracle_mix_finish(struct oracle_mix *mix);

bool oracle_fits(const struct oracle_node *node, const struct oracle_pod *pod);

// 0 to 100, more is better, and the GPUs to take (bit i: GPU i); -1 when the pod does not fit, and
// gpus_out is then untouched. mix is for ORACLE_FGD only. ORACLE_RANDOM has no score.
int32_t oracle_score(const struct oracle_mix *mix, enum oracle_policy policy,
                     const struct oracle_node *node, const struct oracle_pod *pod,
                     uint8_t *gpus_out);

// Takes the pod's share from the node; the pod must fit on just those GPUs.
void oracle_node_take(struct oracle_node *node, const struct oracle_pod *pod, uint8_t gpus);

struct oracle_fragment oracle_fragment(const struct oracle_mix *mix,
                                       const struct oracle_node *node);

// The part of a fragment that is of no use, and all of it (the idle share, but for rounding).
double oracle_fragment_lost(const struct oracle_fragment *fragment);
double oracle_fragment_idle(const struct oracle_fragment *fragment);
