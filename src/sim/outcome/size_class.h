// SPDX-License-Identifier: Apache-2.0
// Jobs by how many GPUs they ask for, all tasks together. The borders are those of machines: a part
// of a GPU or one, less than a machine of eight, one such machine, a few of them, and gangs that
// only a large cluster has room for. Jobs without GPUs stand apart: they wait for other things.
#pragma once

#include <stdint.h>

enum wf_size_class {
    WF_SIZE_NO_GPU,
    WF_SIZE_ONE,  // up to one GPU
    WF_SIZE_FEW,  // more than one, fewer than 8
    WF_SIZE_NODE, // 8
    WF_SIZE_TENS, // more than 8, fewer than 32
    WF_SIZE_MANY, // 32 to 127
    WF_SIZE_HUGE, // 128 or more
    WF_SIZE_CLASSES,
};

enum wf_size_class wf_size_class_of(uint32_t gpu_milli);

// For people: "2 to 7 GPUs", and short: "2-7".
const char *wf_size_class_text(enum wf_size_class size);
const char *wf_size_class_short(enum wf_size_class size);

// For programs: "2_to_7_gpus".
const char *wf_size_class_key(enum wf_size_class size);
