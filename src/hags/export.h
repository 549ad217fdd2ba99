// SPDX-License-Identifier: Apache-2.0
// The same change as files for those who manage Windows by other means: nothing is asked of any
// machine.
#pragma once

#include <stdbool.h>
#include <stdint.h>

#include "base/error.h"

struct wf_hags_file {
    const char *name; // "hags-off.reg"
    char *text;       // with the line ends of Windows
};

#define WF_HAGS_FILES_MAX 2

// kind: intune, gpo, reg or powershell. The caller frees the texts. Errors: WF_INVALID (there is no
// such kind), WF_NOMEM.
enum wf_status wf_hags_export(const char *kind, bool off,
                              struct wf_hags_file files_out[WF_HAGS_FILES_MAX], uint32_t *count_out,
                              struct wf_error *err) WF_MUST_USE;
