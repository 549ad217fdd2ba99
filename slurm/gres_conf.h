// SPDX-License-Identifier: GPL-3.0-or-later
// gres.conf, as far as it says which variables a job's GPUs are told by.
#pragma once

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

struct wf_gres_conf {
    uint32_t lines;          // that declare GPUs
    uint32_t lines_plain;    // of them without flags of a vendor and without AutoDetect
    bool nvidia, amd, other; // vendors by type or flag
    bool detects;            // AutoDetect is on somewhere
    char plain_example[128]; // the first such line, cut
};

// Never fails: what it cannot read it passes over.
void wf_gres_conf_read(const char *text, size_t length, struct wf_gres_conf *conf);
