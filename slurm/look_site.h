// SPDX-License-Identifier: GPL-3.0-or-later
// The looks at what hardly changes: the site's settings, accounts, and how slurmctld is.
// Each returns 0 or Slurm's error number.
#pragma once

#include "slurm/adapter.h"

int wf_look_site(struct wf_adapter *adapter);
int wf_look_accounts(struct wf_adapter *adapter);
int wf_look_health(struct wf_adapter *adapter);

json_t *wf_hello_line(const struct wf_adapter *adapter);
