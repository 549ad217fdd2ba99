// SPDX-License-Identifier: GPL-3.0-or-later
#include "slurm/open.h"

#include <stdlib.h>

#include "slurm/compat.h"

enum wf_status wf_slurm_open(const struct wf_slurm_place *place, struct wf_error *err)
{
    (void)err;
    if (place->conf != NULL) {
        setenv("SLURM_CONF", place->conf, 1);
    }
    // Else long lists of tasks come cut.
    setenv("SLURM_BITSTR_LEN", "0", 1);
    slurm_init(place->conf);
    return WF_OK;
}

void wf_slurm_close(void)
{
    slurm_fini();
}
