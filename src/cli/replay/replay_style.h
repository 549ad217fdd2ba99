// SPDX-License-Identifier: Apache-2.0
// How the page of a replay looks.
#pragma once

#include <stdio.h>

// Prints CSS, to stand between <style> and </style>: light and dark as the reader prefers, for
// screens of any width and for paper.
void wf_replay_put_style(FILE *out);
