// SPDX-License-Identifier: Apache-2.0
// How a picture is written as SVG. Internal to the picture.
#pragma once

#include <stdio.h>

#include "cli/simulate/picture.h"

// Draws the picture, whose values are within their ranges. sorted holds the cells of each panel,
// grouped by pool index, in the order in which they are to be drawn. Write errors stay in out.
void wf_picture_draw(FILE *out, const struct wf_picture *picture,
                     struct wf_picture_gpu *const sorted[]);
