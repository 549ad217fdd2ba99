// SPDX-License-Identifier: GPL-3.0-or-later
#include "slurm/open.h"

#include "slurm/rest/http.h"

enum wf_status wf_slurm_open(const struct wf_slurm_place *place, struct wf_error *err)
{
    return place->rest != NULL
               ? wf_rest_open(place->rest, place->token_file, err)
               : wf_fail(err, WF_INVALID, "--rest URL is missing (--help tells more)");
}

void wf_slurm_close(void)
{
    wf_rest_close();
}
