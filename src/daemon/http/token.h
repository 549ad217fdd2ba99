// SPDX-License-Identifier: Apache-2.0
// Secrets that stand for somebody: 256 random bits as text. Only their SHA-256 is kept, so whoever
// reads the database cannot use them; with so many bits a fast hash is enough.
#pragma once

#include "base/error.h"

#define WF_TOKEN_PREFIX "wf_"
#define WF_TOKEN_BYTES 47      // "wf_" and 43 characters of base64url, and the final zero
#define WF_TOKEN_HASH_BYTES 65 // hexadecimal, and the final zero

// Makes a new one. Errors: WF_IO, when there is no randomness to be had.
enum wf_status wf_token_make(char *secret_out, struct wf_error *err) WF_MUST_USE;

// Prints the hash of a secret, as it is kept.
void wf_token_hash(const char *secret, char *hash_out);
