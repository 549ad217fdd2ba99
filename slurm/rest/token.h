// SPDX-License-Identifier: GPL-3.0-or-later
// Slurm's tokens (scontrol token): JSON web tokens that say for whom they are.
#pragma once

#include <stdbool.h>
#include <stddef.h>

// Reads the first line of a file, with or without "SLURM_JWT=" before it. False where there is
// none, or it has characters that no token has.
bool wf_token_read(const char *path, char *token_out, size_t size);
// The user that the token names ("sun"); nothing of it is verified. False where it names none.
bool wf_token_user(const char *token, char *name_out, size_t size);
