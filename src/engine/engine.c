// SPDX-License-Identifier: Apache-2.0
#include "engine/engine.h"

#include <stddef.h>

const struct wf_engine_kind *const wf_engine_kinds[] = {
    &wf_engine_local,
    &wf_engine_slurm,
    NULL,
};
