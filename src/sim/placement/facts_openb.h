// SPDX-License-Identifier: Apache-2.0
// The published counts that sim/placement/facts.c makes traces from. Internal to the generator and
// its test.
#pragma once

#include <stdbool.h>
#include <stdint.h>

struct wf_facts_node {
    const char *model;
    uint32_t cpu_milli;
    uint32_t memory_mib;
    uint16_t nodes; // that are alike in the rest
    uint8_t gpus;
};

struct wf_facts_class {
    uint16_t tasks;
    uint8_t gpus;
    uint16_t gpu_milli; // of each GPU; 0 when gpus is 0
    uint32_t cpu_milli;
    uint32_t memory_mib;
};

struct wf_facts_models {
    uint16_t tasks;
    uint8_t gpus;       // the kind of task: this many GPUs,
    bool share;         // or a share of one
    const char *models; // joined with '|'
};

extern const struct wf_facts_node wf_facts_nodes[];
extern const unsigned wf_facts_node_kinds;
extern const struct wf_facts_class wf_facts_classes[];
extern const unsigned wf_facts_class_count;
extern const struct wf_facts_models wf_facts_gpuspec33[];
extern const unsigned wf_facts_gpuspec33_count;
extern const char wf_facts_source[];
