// SPDX-License-Identifier: Apache-2.0
// One GPU model, many spellings: "NVIDIA-A100-SXM4-80GB" (a node's label), "a100_80gb" (Slurm),
// "A100-80GB" (a price list). Each is read into one short name, and every comparison of models
// goes through here.
//
// The rule: words are split at whatever is neither letter nor digit, and written in capitals.
// Makers, brands, sockets and kinds of memory are left out (NVIDIA, Tesla, Instinct, SXM4, OAM,
// HBM3, ...). The memory's size is kept for A100 and V100 alone, which are sold with two sizes at
// two prices; PCIE and NVL are kept for the models that are sold on SXM boards, too. "RTX A6000" is
// A6000. A part of a GPU ("1g.10gb") is told apart from its model. What is not known is kept as it
// is.
#pragma once

#include <stdbool.h>
#include <stdint.h>

#include "base/compat.h"
#include "core/types.h"

#define WF_GPU_NAME_BYTES 64

struct wf_gpu_name {
    char text[WF_GPU_NAME_BYTES]; // the short name: "H100", "A100-PCIE-80GB", "V100-32GB"
    char base[WF_GPU_NAME_BYTES]; // without board and memory: "H100", "A100", "V100"
    uint16_t memory_gib;          // 0: not told, or no matter
    uint8_t board;                // enum wf_gpu_board
    uint8_t vendor;               // enum wf_vendor, guessed from the name
    uint8_t part_units;           // "3g.20gb" is 3 units of a GPU; 0: a whole GPU
    uint16_t part_gib;
};

enum wf_gpu_board { WF_BOARD_ANY, WF_BOARD_PCIE, WF_BOARD_NVL };

enum wf_gpu_match {
    WF_GPU_DIFFERS,
    WF_GPU_MAY_BE, // the same where one of them does not tell board or memory
    WF_GPU_IS,
};

// Returns false when the text has no letter or digit, or is too long for a short name.
bool wf_gpu_name_read(const char *text, struct wf_gpu_name *name_out) WF_MUST_USE;

enum wf_gpu_match wf_gpu_name_match(const struct wf_gpu_name *a, const struct wf_gpu_name *b);

// Whether this is a GPU that is known by name, so that a node's feature "h100" can be told from
// its feature "infiniband".
bool wf_gpu_name_known(const struct wf_gpu_name *name);

// How many units a GPU of the model has that parts are cut from: 7, or 4 for A30.
unsigned wf_gpu_units(const struct wf_gpu_name *name);
