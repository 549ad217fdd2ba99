// SPDX-License-Identifier: Apache-2.0
// A self-signed certificate.
#pragma once

#include <stdint.h>

#include "base/error.h"

#define WF_CERTIFICATE_MAKER "WhaleFlux self-signed"

// Makes a certificate for localhost, this host's name and address (a name or a number; NULL: none),
// which holds from now_s for ten years. *key is the key to use, or NULL and then becomes a new one,
// of ECDSA on P-256. Both are PEM, the caller's to free. Errors: WF_INVALID, WF_NOMEM, WF_IO.
enum wf_status wf_certificate_make(const char *address, int64_t now_s, char **key,
                                   char **certificate_out, struct wf_error *err) WF_MUST_USE;
