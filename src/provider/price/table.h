// SPDX-License-Identifier: Apache-2.0
// What the importers of tables share. Internal to the provider.
#pragma once

#include "provider/price/importer.h"
#include "text/csv.h"

// Whether the first line of a text has a column of that very name.
bool wf_price_has_column(const char *head, const char *name);

// Reads how many GPUs a machine has. An empty field is 0; what is no number is left out, and false
// returned.
bool wf_price_gpus(struct wf_price_reading *reading, const struct wf_csv *csv,
                   const struct wf_csv_column *columns, uint32_t column, uint32_t *gpu_milli_out);

// Whether a name is that of something that is no GPU, though catalogues list it beside them.
bool wf_price_is_other_device(const char *name);
