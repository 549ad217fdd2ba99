// SPDX-License-Identifier: Apache-2.0
// The certificate that the server shows: found in a folder, or made there at the first start.
#pragma once

#include <stdint.h>

#include "base/error.h"

#define WF_FINGERPRINT_BYTES 96 // "AB:CD:..." of a SHA-256, and the final zero

struct wf_certificate {
    char *certificate; // PEM
    char *key;         // PEM
    char fingerprint[WF_FINGERPRINT_BYTES];
};

// Reads folder/cert.pem and folder/key.pem; where neither is there, or our own is within a month of
// its end at now_ms, makes a self-signed pair (ECDSA on P-256, ten years, for localhost, this
// host's name, and address unless that is NULL) and keeps it there, the key readable to us only.
// Errors: WF_IO, WF_NOMEM; WF_INVALID, when the two are damaged, do not belong together or have run
// out.
enum wf_status wf_certificate_load(const char *folder, const char *address, int64_t now_ms,
                                   struct wf_certificate *certificate_out,
                                   struct wf_error *err) WF_MUST_USE;
void wf_certificate_finish(struct wf_certificate *certificate);
